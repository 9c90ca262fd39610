package lab_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

func TestFaultsHappenToTheAttemptsTheyName(t *testing.T) {
	t.Parallel()
	g, _ := good(t, lab.Options{})
	g.Fault(
		lab.Fault{Surface: lab.SurfaceManifest, From: 2, To: 3, Kind: lab.FaultStatus, Status: 503},
		lab.Fault{Path: "/@acme/demo", Kind: lab.FaultHTML},
	)
	for i, want := range []int{200, 503, 503, 200} {
		res, _, err := get(t, g.Client(), g.URL+"/@acme%2fdemo/1.0.0")
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want {
			t.Errorf("attempt %d: got %d, want %d", i+1, res.StatusCode, want)
		}
	}
	for i, want := range []string{"text/html; charset=UTF-8", "application/json"} {
		res, _, err := get(t, g.Client(), g.URL+"/@acme/demo")
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Content-Type"); got != want {
			t.Errorf("packument, attempt %d: got %q, want %q", i+1, got, want)
		}
	}
	g.ClearFaults()
	if got, want := (lab.Fault{Surface: lab.SurfaceKeys, Kind: lab.FaultStatus, Status: 429, RetryAfter: "1", From: 1, To: 2}).String(),
		"keys status 429 1, attempts 1 to 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEveryFaultDoesWhatItSays(t *testing.T) {
	t.Parallel()
	c := newClock()
	reset := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
	cut := func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
	for _, row := range []struct {
		fault lab.Fault
		ok    func(res *http.Response, body string, r *lab.Release, err error) bool
	}{
		{lab.Fault{Kind: lab.FaultLatency, Delay: 30 * time.Millisecond}, func(_ *http.Response, body string, r *lab.Release, _ error) bool {
			return body == string(r.Packument)
		}},
		{lab.Fault{Kind: lab.FaultStatus, Status: 404}, func(res *http.Response, body string, _ *lab.Release, _ error) bool {
			return res.StatusCode == 404 && body == `{"error":"Not found"}`
		}},
		{lab.Fault{Kind: lab.FaultStatus, Status: 429, RetryAfter: "7"}, func(res *http.Response, _ string, _ *lab.Release, _ error) bool {
			return res.StatusCode == 429 && res.Header.Get("Retry-After") == "7"
		}},
		{lab.Fault{Kind: lab.FaultStatus, Status: 503, RetryDate: time.Minute}, func(res *http.Response, _ string, _ *lab.Release, _ error) bool {
			at, err := http.ParseTime(res.Header.Get("Retry-After"))
			return res.StatusCode == 503 && err == nil && at.Equal(c.now().Add(time.Minute))
		}},
		{lab.Fault{Kind: lab.FaultStale}, func(_ *http.Response, body string, r *lab.Release, _ error) bool {
			return body == string(r.Before)
		}},
		{lab.Fault{Kind: lab.FaultHTML}, func(res *http.Response, body string, _ *lab.Release, _ error) bool {
			return res.StatusCode == 200 && strings.HasPrefix(body, "<!doctype")
		}},
		{lab.Fault{Kind: lab.FaultEmpty}, func(res *http.Response, body string, _ *lab.Release, err error) bool {
			return res.StatusCode == 200 && body == "" && err == nil
		}},
		{lab.Fault{Kind: lab.FaultBody, Body: "null"}, func(res *http.Response, body string, _ *lab.Release, err error) bool {
			return res.StatusCode == 200 && body == "null" && err == nil
		}},
		{lab.Fault{Kind: lab.FaultCut}, func(_ *http.Response, body string, _ *lab.Release, err error) bool { return cut(err) }},
		{lab.Fault{Kind: lab.FaultTooLong}, func(_ *http.Response, body string, r *lab.Release, err error) bool {
			return cut(err) && body == string(r.Packument)
		}},
		{lab.Fault{Kind: lab.FaultCutShort}, func(_ *http.Response, body string, r *lab.Release, err error) bool {
			return err == nil && len(body) == len(r.Packument)/2
		}},
		{lab.Fault{Kind: lab.FaultTrickle, Delay: time.Microsecond}, func(_ *http.Response, body string, r *lab.Release, _ error) bool {
			return body == string(r.Packument)
		}},
		{lab.Fault{Kind: lab.FaultReset}, func(_ *http.Response, _ string, _ *lab.Release, err error) bool { return reset(err) }},
		{lab.Fault{Kind: lab.FaultHang}, func(_ *http.Response, _ string, _ *lab.Release, err error) bool {
			return errors.Is(err, context.DeadlineExceeded)
		}},
		{lab.Fault{Kind: lab.FaultSlowLoris, Delay: time.Millisecond}, func(_ *http.Response, _ string, _ *lab.Release, err error) bool {
			return errors.Is(err, context.DeadlineExceeded)
		}},
		{lab.Fault{Kind: lab.FaultRedirectLoop, To: -1}, func(_ *http.Response, _ string, _ *lab.Release, err error) bool {
			return err != nil && strings.Contains(err.Error(), "10 redirects")
		}},
		{lab.Fault{Kind: lab.FaultRedirect, Location: "/@acme/demo/1.0.0"}, func(_ *http.Response, body string, r *lab.Release, _ error) bool {
			return body == string(r.Manifest)
		}},
		{lab.Fault{Kind: lab.FaultGzipBomb}, func(_ *http.Response, body string, _ *lab.Release, _ error) bool {
			return len(body) == 8<<20 && strings.TrimSpace(body) == "{"
		}},
		{lab.Fault{Kind: lab.FaultEndless}, func(_ *http.Response, body string, _ *lab.Release, _ error) bool { return len(body) == 8<<20 }},
		{lab.Fault{Kind: lab.FaultSkew, Delay: -time.Hour}, func(res *http.Response, body string, r *lab.Release, _ error) bool {
			at, err := http.ParseTime(res.Header.Get("Date"))
			return err == nil && at.Equal(c.now().Add(-time.Hour)) && body == string(r.Packument)
		}},
	} {
		t.Run(row.fault.String(), func(t *testing.T) {
			t.Parallel()
			g, r := good(t, lab.Options{Now: c.now})
			g.Fault(row.fault)
			client := g.Client()
			client.Timeout = 10 * time.Second
			if row.fault.Kind == lab.FaultHang || row.fault.Kind == lab.FaultSlowLoris {
				client.Timeout = 100 * time.Millisecond
			}
			res, body, err := get(t, client, g.URL+"/@acme/demo", "X-Test", "1")
			if (res == nil && err == nil) || !row.ok(res, body, r, err) {
				t.Errorf("got %v, %.100q, %v", res, body, err)
			}
		})
	}
}

func TestFaultsOverTLS(t *testing.T) {
	t.Parallel()
	for _, kind := range []lab.FaultKind{lab.FaultReset, lab.FaultTLS, lab.FaultHang, lab.FaultSlowLoris, lab.FaultCut, lab.FaultTooLong} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			g, r := good(t, lab.Options{TLS: true})
			// Two, as a transport may ask again by itself when a connection breaks.
			g.Fault(lab.Fault{Kind: kind, From: 1, To: 2})
			client := g.Client()
			client.Timeout = 200 * time.Millisecond
			failed := 0
			for range 6 {
				if _, body, err := get(t, client, g.URL+"/@acme/demo"); err == nil && body == string(r.Packument) {
					break
				}
				failed++
			}
			if failed == 0 || failed == 6 {
				t.Errorf("got %d of 6 failed, want some", failed)
			}
		})
	}
}

func TestOldDocumentsAreOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	g, r := good(t, lab.Options{})
	g.Fault(lab.Fault{Kind: lab.FaultOld})
	for _, row := range []struct{ path, want string }{
		{"/@acme%2fdemo", string(r.Before)},
		{"/-/package/@acme%2fdemo/dist-tags", `{"latest":"0.9.0"}`},
		{"/-/npm/v1/attestations/@acme%2fdemo@1.0.0", `{"attestations":[]}`},
	} {
		if _, body, err := get(t, g.Client(), g.URL+row.path); err != nil || body != row.want {
			t.Errorf("%s: got %.80q, %v, want %.80q", row.path, body, err, row.want)
		}
	}
	if _, body, _ := get(t, g.Client(), g.URL+"/@acme%2fdemo/1.0.0"); lab.Text([]byte(body), "/version") != "0.9.0" {
		t.Errorf("manifest: got %.80q", body)
	}
}

func TestRandomFaultsAreSeededAndPass(t *testing.T) {
	t.Parallel()
	a, b := lab.RandomFaults(7, 40, true), lab.RandomFaults(7, 40, true)
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("fault %d: got %v and %v from one seed", i, a[i], b[i])
		}
	}
	g, r := good(t, lab.Options{TLS: true})
	g.Fault(a...)
	client := g.Client()
	client.Timeout = time.Second
	for attempt := 1; ; attempt++ {
		_, body, err := get(t, client, g.URL+"/@acme%2fdemo/1.0.0")
		if attempt > 3*40 {
			t.Fatalf("still failing: %v", err)
		}
		if err == nil && body == string(r.Manifest) && attempt > 40 {
			break
		}
	}
}

func TestFaultsBeforeAnyHandler(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	repository := s.TUF(lab.PublicRegistry, lab.KeysJSON(s.NPM))
	server := lab.Serve(lab.Faulty(repository,
		lab.Fault{Path: "/timestamp.json", Kind: lab.FaultStatus, Status: 503},
		lab.Fault{Path: "/timestamp.json", From: 2, Kind: lab.FaultCut},
		lab.Fault{Path: "/timestamp.json", From: 3, Kind: lab.FaultLatency, Delay: time.Millisecond},
	), false)
	t.Cleanup(server.Close)
	url := server.URL + "/timestamp.json"
	if res, _, err := get(t, server.Client(), url); err != nil || res.StatusCode != 503 {
		t.Errorf("got %v, %v", res, err)
	}
	if _, _, err := get(t, server.Client(), url); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
	for range 2 {
		if _, body, err := get(t, server.Client(), url); err != nil || body != string(repository.Files()["timestamp.json"]) {
			t.Errorf("got %q, %v", body, err)
		}
	}
}
