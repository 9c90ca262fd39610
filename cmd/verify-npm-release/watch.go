package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"verify-npm-release/internal/actions"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// heartbeat is how long a waiting run stays silent.
const heartbeat = 30 * time.Second

// fewLines is the number of releases up to which every change is a line of its
// own; of more, the heartbeat tells.
const fewLines = 20

// watch tells a person what a run waits for: a line when something changes and
// one every heartbeat; on a terminal one line that is written over. A run that
// has nothing to wait for says nothing.
type watch struct {
	out     io.Writer
	runner  *actions.Runner
	live    bool // out is a terminal
	total   int
	begin   time.Time
	mu      sync.Mutex
	state   map[string]map[string]string // release → surface → what was seen last
	done    int
	opened  bool
	printed bool
}

func newWatch(out io.Writer, p *plan.Plan, runner *actions.Runner) *watch {
	return &watch{
		out: out, runner: runner, live: runner == nil && isTerminal(out), total: len(p.Releases),
		begin: time.Now(), state: map[string]map[string]string{},
	}
}

// start begins the heartbeat; the function it returns ends it.
func (w *watch) start() (stop func()) {
	ticker := time.NewTicker(heartbeat)
	if w.live {
		ticker.Reset(time.Second)
	}
	quit := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				w.mu.Lock()
				if w.opened {
					w.line(w.missing())
				}
				w.mu.Unlock()
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.live && w.printed {
			fmt.Fprint(w.out, "\r\x1b[K")
		}
		if w.opened && w.runner != nil {
			w.runner.EndGroup()
		}
	}
}

// note takes one answer; it is a line only where it differs from the last.
func (w *watch) note(p evidence.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	spec := p.Release.String()
	if w.state[spec] == nil {
		w.state[spec] = map[string]string{}
	}
	was, seen := w.state[spec][p.Surface]
	now := "ready"
	if !p.State.Ready {
		now = p.State.Reason()
	}
	w.state[spec][p.Surface] = now
	if was == now || (!seen && p.State.Ready && !w.opened) {
		return
	}
	if !w.opened && !p.State.Pending() {
		return
	}
	if !w.opened {
		w.opened = true
		if w.runner != nil {
			w.runner.Group("Waiting for npm to serve the release")
		}
	}
	if w.live || w.total > fewLines {
		return
	}
	w.line(fmt.Sprintf("%s: %s %s", spec, p.Surface, now))
}

// finish says what came of a release among several that needs no more waiting.
func (w *watch) finish(p report.Package) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done++
	spec := npm.Spec{Name: p.Name, Version: p.Version}.String()
	delete(w.state, spec)
	if !w.opened || w.live || w.total == 1 || w.total > fewLines {
		return
	}
	r := report.Report{Packages: []report.Package{p}}
	r.Decide()
	w.line(fmt.Sprintf("%s: %s, %d of %d done", spec, r.Status, w.done, w.total))
}

// missing says what is still waited for, the first three releases by name.
func (w *watch) missing() string {
	var text []string
	for _, spec := range slices.Sorted(maps.Keys(w.state)) {
		for _, name := range evidence.SurfaceNames {
			if s, ok := w.state[spec][name]; ok && s != "ready" {
				text = append(text, fmt.Sprintf("%s: %s %s", spec, name, s))
				break
			}
		}
	}
	line := "verifying"
	if n := len(text); n > 3 {
		line = fmt.Sprintf("waiting for %s; and %d more", strings.Join(text[:3], "; "), n-3)
	} else if n > 0 {
		line = "waiting for " + strings.Join(text, "; ")
	}
	if w.total > 1 {
		line = fmt.Sprintf("%d of %d done; %s", w.done, w.total, line)
	}
	return line
}

func (w *watch) line(text string) {
	w.printed = true
	text = fmt.Sprintf("[%6s] %s", time.Since(w.begin).Round(time.Second), report.Plain(text))
	if w.live {
		if r := []rune(text); len(r) > 100 {
			text = string(r[:99]) + "…"
		}
		fmt.Fprintf(w.out, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(w.out, text)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// wantsColor follows no-color.org, and colours only terminals.
func wantsColor(w io.Writer, getenv func(string) string) bool {
	return isTerminal(w) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}
