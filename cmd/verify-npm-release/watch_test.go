package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"verify-npm-release/internal/actions"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// answer is what the registry says of one surface of pkg@1.0.0, so many seconds
// after the last one; "" is ready.
type answer struct {
	after   time.Duration
	pkg     string
	surface string
	says    string
}

func (a answer) progress() evidence.Progress {
	s := evidence.Surface{Asked: true, Ready: a.says == ""}
	if a.says != "" {
		s.Err = errors.New(a.says)
	}
	return evidence.Progress{Release: npm.Spec{Name: a.pkg, Version: "1.0.0"}, Surface: a.surface, State: s}
}

// told runs a watch over answers on a fast clock and returns what it wrote.
func told(t *testing.T, total int, set func(*watch, *bytes.Buffer), answers []answer, done ...report.Package) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(&out, &plan.Plan{Releases: make([]plan.Release, total)}, nil)
		if set != nil {
			set(w, &out)
		}
		stop := w.start()
		for _, a := range answers {
			time.Sleep(a.after)
			synctest.Wait()
			w.note(a.progress())
		}
		for _, p := range done {
			w.finish(p)
		}
		stop()
	})
	return out.String()
}

func TestNothingToWaitForIsSilent(t *testing.T) {
	t.Parallel()
	got := told(t, 1, nil, []answer{{0, "a", "manifest", ""}, {0, "a", "tarball", ""}, {2 * time.Minute, "a", "attestations", ""}})
	if got != "" {
		t.Errorf("got %q, want silence", got)
	}
}

func TestALineOnChangeAndAHeartbeat(t *testing.T) {
	t.Parallel()
	got := told(t, 1, nil, []answer{
		{0, "a", "manifest", "status 404"}, {time.Second, "a", "manifest", "status 404"}, {69 * time.Second, "a", "manifest", ""},
		{0, "a", "tarball", ""}, {0, "a", "attestations", "status 404"}, {25 * time.Second, "a", "attestations", ""},
	})
	want := `[    0s] a@1.0.0: manifest status 404
[   30s] waiting for a@1.0.0: manifest status 404
[  1m0s] waiting for a@1.0.0: manifest status 404
[ 1m10s] a@1.0.0: manifest ready
[ 1m10s] a@1.0.0: tarball ready
[ 1m10s] a@1.0.0: attestations status 404
[ 1m30s] waiting for a@1.0.0: attestations status 404
[ 1m35s] a@1.0.0: attestations ready
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestInActionsTheWaitIsAGroup(t *testing.T) {
	t.Parallel()
	got := told(t, 1, func(w *watch, out *bytes.Buffer) {
		w.runner = actions.New(out, func(string) string { return "" })
	}, []answer{{0, "a", "manifest", "status 404\n::error::x"}, {time.Second, "a", "manifest", ""}})
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "::group::") || lines[3] != "::endgroup::" {
		t.Errorf("got %q, want a group around two lines", lines)
	}
	for _, line := range lines[1:3] {
		if strings.HasPrefix(line, "::") {
			t.Errorf("%q is a command", line)
		}
	}
}

// A terminal has one line, written over, and clean when waiting ends.
func TestOnATerminalOneLineUpdates(t *testing.T) {
	t.Parallel()
	got := told(t, 1, func(w *watch, _ *bytes.Buffer) { w.live = true }, []answer{
		{0, "a", "manifest", strings.Repeat("long ", 50)}, {3500 * time.Millisecond, "a", "manifest", ""},
	})
	if strings.Contains(got, "\n") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("got %q, want one line that ends clean", got)
	}
	updates := strings.Split(strings.Trim(got, "\r\x1b[K"), "\r\x1b[K")
	if len(updates) != 3 || !strings.HasPrefix(updates[2], "[    3s] waiting for a@1.0.0: manifest long") {
		t.Errorf("got %q, want an update every second", updates)
	}
	for _, u := range updates {
		if n := len([]rune(u)); n > 100 {
			t.Errorf("%d columns, want at most 100", n)
		}
	}
}

func TestManyReleasesAreTotalled(t *testing.T) {
	t.Parallel()
	var answers []answer
	for i := range 30 {
		answers = append(answers, answer{0, fmt.Sprintf("p%02d", i), "manifest", "status 404"})
	}
	answers = append(answers, answer{31 * time.Second, "p07", "manifest", ""})
	got := told(t, 30, nil, answers)
	want := "[   30s] 0 of 30 done; waiting for p00@1.0.0: manifest status 404; p01@1.0.0: manifest status 404; p02@1.0.0: manifest status 404; and 27 more\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// One that waits does not keep the others' outcome from being told.
func TestOutcomesAreToldAsTheyCome(t *testing.T) {
	t.Parallel()
	got := told(t, 2, nil, []answer{{0, "a", "manifest", "status 404"}, {0, "b", "manifest", ""}},
		report.Package{Name: "b", Version: "1.0.0", Checks: []report.Check{{ID: "served", Status: report.Pass, Level: report.Required}}})
	if want := "b@1.0.0: verified, 1 of 2 done"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q in it", got, want)
	}
}
