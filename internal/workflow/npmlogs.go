package workflow

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// LogOptions tell the logs of this job from those of others.
type LogOptions struct {
	// After is when this job began: a log that began earlier is foreign. Zero: no
	// log is.
	After time.Time
	// Workspace is the folder the job works in: a log of a command run elsewhere
	// is foreign. "": no log is. Links are compared as written.
	Workspace string
}

// maxLogFiles bounds the logs opened, the newest first; npm keeps ten.
const maxLogFiles = 50

// ReadLogs reads the publish logs in npm's log folder, the newest first. Logs
// of other commands are left out; logs that are not read are listed. The error
// says that the folder itself cannot be listed.
func ReadLogs(dir string, o LogOptions) ([]*Log, []Unread, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open npm's log folder: %w", err)
	}
	defer root.Close()
	r := &reader{root: root, repo: &Repository{}}
	list, err := r.list(".", maxEntries)
	if err != nil {
		return nil, nil, fmt.Errorf("list npm's log folder: %w", err)
	}
	var names []string
	for _, e := range list {
		if strings.HasSuffix(e.Name(), "-debug-0.log") {
			names = append(names, e.Name())
		}
	}
	// The names begin with the time of their start, so they sort by it.
	slices.Sort(names)
	slices.Reverse(names)
	var logs []*Log
	for i, name := range names {
		if i == maxLogFiles {
			r.unread(Pos{File: name}, "more than %d logs; this one and older ones are not read", maxLogFiles)
			break
		}
		l, err := readLog(root, name)
		if err != nil {
			r.unread(Pos{File: name}, "not read: %v", reason(err))
			continue
		}
		if l != nil {
			l.foreign(o)
			logs = append(logs, l)
		}
	}
	return logs, r.repo.Unread, nil
}

func readLog(root *os.Root, name string) (*Log, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("not a regular file")
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ParseLog(name, f), nil
}

// foreign notes why a log seems to be of another job.
func (l *Log) foreign(o LogOptions) {
	if !o.After.IsZero() && !l.Started.IsZero() && l.Started.Before(o.After) {
		l.Foreign = "it began at " + l.Started.Format(time.RFC3339) + ", before this job"
		return
	}
	if o.Workspace == "" || l.Cwd == "" {
		return
	}
	rel, err := filepath.Rel(filepath.Clean(o.Workspace), filepath.Clean(l.Cwd))
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		l.Foreign = "its command ran in " + l.Cwd + ", outside this job's folder"
	}
}

// ReadOutput finds what npm, lerna and pnpm say about OIDC and publishing in
// the output of a step. Lerna has npm's words; pnpm has its own.
func ReadOutput(file, text string) []LogLine {
	var found []LogLine
	if len(text) > maxLogBytes {
		text = text[:maxLogBytes]
	}
	line := 0
	for l := range strings.Lines(text) {
		line++
		if len(l) > maxLogLine {
			l = l[:maxLogLine]
		}
		if len(found) == maxLogKept {
			break
		}
		if o, words := outputOf(l); words != "" {
			found = append(found, LogLine{Pos: Pos{file, line}, Text: clean(words, 500), OIDC: o})
		}
	}
	return found
}

// pnpmWords are words of other tools, which npm's own do not cover.
var pnpmWords = []struct {
	words   string
	outcome OIDC
}{
	{"Skipped OIDC: ", OIDCSkipped},
	{"Skipped setting provenance: ", OIDCProvenanceSkip},
	{"ERR_PNPM_AUTH_TOKEN_EXCHANGE", OIDCExchangeRefused},
	{"No NPM_TOKEN found, but OIDC is available - using npm trusted publishing", OIDCOther},
}

func outputOf(line string) (OIDC, string) {
	for _, w := range pnpmWords {
		if i := strings.Index(line, w.words); i >= 0 {
			return w.outcome, line[i:]
		}
	}
	if _, rest, ok := strings.Cut(line, " oidc "); ok {
		return oidcOf(strings.TrimSpace(rest)), rest
	}
	return OIDCSilent, ""
}
