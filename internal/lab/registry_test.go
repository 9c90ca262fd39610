package lab_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

// clock is a clock that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2025, 10, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}
func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// get asks and returns status, headers and the decompressed body; err is the transport's or the body's.
func get(t *testing.T, c *http.Client, url string, header ...string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	return res, string(body), err
}

func good(t *testing.T, o lab.Options) (*lab.Registry, *lab.Release) {
	t.Helper()
	g := lab.NewRegistry(o)
	t.Cleanup(g.Close)
	r := lab.NewDraft(lab.NewSigstore()).Release()
	g.Add(r)
	return g, r
}

func TestRegistryServesTheRealShapes(t *testing.T) {
	t.Parallel()
	g, r := good(t, lab.Options{TLS: true})
	const notFound = `{"error":"Not found"}`
	for _, row := range []struct {
		name, path string
		status     int
		mime, body string
	}{
		{"packument, as npm escapes it", "/@acme%2fdemo", 200, "application/json", string(r.Packument)},
		{"packument, upper case", "/@acme%2Fdemo", 200, "application/json", string(r.Packument)},
		{"packument, plain slash", "/@acme/demo", 200, "application/json", string(r.Packument)},
		{"packument, everything escaped", "/%40acme%2Fdemo?x=1", 200, "application/json", string(r.Packument)},
		{"manifest", "/@acme%2fdemo/1.0.0", 200, "application/json", string(r.Manifest)},
		{"manifest by dist-tag", "/@acme%2fdemo/latest", 200, "application/json", string(lab.JSON(lab.Get(r.Packument, "/versions/1.0.0")))},
		{"earlier version, known from the packument", "/@acme%2fdemo/0.9.0", 200, "application/json", string(lab.JSON(lab.Get(r.Packument, "/versions/0.9.0")))},
		{"unknown version", "/@acme%2fdemo/9.9.9", 404, "application/json", `"version not found: 9.9.9"`},
		{"unknown package", "/nobody", 404, "application/json", notFound},
		{"unknown package's version", "/nobody/1.0.0", 404, "application/json", notFound},
		{"dist-tags", "/-/package/@acme%2fdemo/dist-tags", 200, "application/json", `{"latest":"1.0.0"}`},
		{"keys", "/-/npm/v1/keys", 200, "application/json", string(r.KeysAPI)},
		{"attestations", "/-/npm/v1/attestations/@acme%2fdemo@1.0.0", 200, "application/json", string(r.Attestations)},
		{"no attestations", "/-/npm/v1/attestations/@acme%2fdemo@0.9.0", 404, "application/json", notFound},
		{"tarball", "/@acme/demo/-/demo-1.0.0.tgz", 200, "application/octet-stream", string(r.Tarball)},
		{"no tarball", "/@acme/demo/-/demo-0.9.0.tgz", 404, "application/json", notFound},
		{"nothing", "/", 404, "application/json", notFound},
	} {
		res, body, err := get(t, g.Client(), lab.PublicRegistry+row.path)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if res.StatusCode != row.status || body != row.body || res.Header.Get("Content-Type") != row.mime {
			t.Errorf("%s: got %d %s %.80q, want %d %s %.80q", row.name, res.StatusCode, res.Header.Get("Content-Type"), body, row.status, row.mime, row.body)
		}
		if res.ProtoMajor != 2 {
			t.Errorf("%s: got %s, want HTTP/2", row.name, res.Proto)
		}
	}
	if got, want := g.Counts()["/@acme/demo"], 4; got != want {
		t.Errorf("requests for the packument: got %d, want %d", got, want)
	}
}

func TestAbbreviatedPackumentHasNoTimeAndNoUser(t *testing.T) {
	t.Parallel()
	g, _ := good(t, lab.Options{})
	res, body, err := get(t, g.Client(), g.URL+"/@acme%2fdemo", "Accept", "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*")
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); got != "application/vnd.npm.install-v1+json" {
		t.Errorf("type: got %q", got)
	}
	var p map[string]any
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	if p["time"] != nil || p["modified"] == nil || strings.Contains(body, "_npmUser") || !strings.Contains(body, "integrity") {
		t.Errorf("got %s", body)
	}
}

func TestSurfacesBecomeReadyOnTheirOwn(t *testing.T) {
	t.Parallel()
	c := newClock()
	g := lab.NewRegistry(lab.Options{Now: c.now})
	t.Cleanup(g.Close)
	start := c.now()
	r := lab.NewDraft(lab.NewSigstore()).Release()
	g.AddWhen(r, lab.Ready{
		lab.SurfaceTarball:      start.Add(1 * time.Minute),
		lab.SurfaceManifest:     start.Add(2 * time.Minute),
		lab.SurfaceAttestations: start.Add(3 * time.Minute),
		lab.SurfacePackument:    start.Add(4 * time.Minute),
		lab.SurfaceDistTag:      start.Add(5 * time.Minute),
	})
	paths := []string{
		"/@acme/demo/-/demo-1.0.0.tgz", "/@acme%2fdemo/1.0.0", "/-/npm/v1/attestations/@acme%2fdemo@1.0.0",
		"/@acme%2fdemo", "/-/package/@acme%2fdemo/dist-tags",
	}
	for minute := range 6 {
		for i, path := range paths {
			res, body, err := get(t, g.Client(), g.URL+path)
			if err != nil {
				t.Fatal(err)
			}
			isReady := res.StatusCode == 200
			switch i {
			case 3:
				isReady = strings.Contains(body, `"1.0.0":{`)
			case 4:
				isReady = body == `{"latest":"1.0.0"}`
			}
			if want := minute > i; isReady != want {
				t.Errorf("minute %d, %s: got ready %v, want %v", minute, path, isReady, want)
			}
		}
		c.advance(time.Minute)
	}
}

func TestEdgeKeepsA404ForFiveMinutesPerURL(t *testing.T) {
	t.Parallel()
	c := newClock()
	g := lab.NewRegistry(lab.Options{Now: c.now, Edge: true})
	t.Cleanup(g.Close)
	g.AddWhen(lab.NewDraft(lab.NewSigstore()).Release(), lab.ReadyAt(c.now().Add(time.Minute)))
	status := func(query string) (int, string) {
		res, _, err := get(t, g.Client(), g.URL+"/@acme%2fdemo/1.0.0"+query)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header.Get("Cf-Cache-Status") + " " + res.Header.Get("Age")
	}
	for _, row := range []struct {
		after  time.Duration
		query  string
		status int
		cache  string
	}{
		{0, "", 404, "MISS "},
		{2 * time.Minute, "", 404, "HIT 120"},
		{0, "?fresh=1", 200, "MISS "},
		{0, "?write=true", 200, "DYNAMIC "},
		{179 * time.Second, "", 404, "HIT 299"},
		{time.Second, "", 200, "MISS "},
	} {
		c.advance(row.after)
		if got, cache := status(row.query); got != row.status || cache != row.cache {
			t.Errorf("%v later, %q: got %d %q, want %d %q", row.after, row.query, got, cache, row.status, row.cache)
		}
	}
}

func TestRegistryRecordsWhatArrives(t *testing.T) {
	t.Parallel()
	g, _ := good(t, lab.Options{})
	if _, _, err := get(t, g.Client(), g.URL+"/@acme%2fdemo/1.0.0?n=7", "Authorization", "Bearer canary"); err != nil {
		t.Fatal(err)
	}
	r := g.Requests()[0]
	if r.Path != "/@acme%2fdemo/1.0.0" || r.Query != "n=7" || r.Surface != lab.SurfaceManifest || r.Header.Get("Authorization") != "Bearer canary" {
		t.Errorf("got %+v", r)
	}
	if got, want := g.Count(lab.SurfaceManifest), 1; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}
