package workflow

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// LogLine is a line of a log, credentials redacted, 500 bytes at most.
type LogLine struct {
	Pos
	Level string // "silly", "verbose", "http", "notice", "error", …
	Text  string // without number and level
	OIDC  OIDC   // for lines about OIDC
}

// Log is one npm debug log of a publish. Files named are those of the folder
// read; texts come from outside and are redacted and bounded.
type Log struct {
	File    string
	Started time.Time // from the file's name; zero when it has none
	// Foreign says why the log seems to be of another job; "" when it does not.
	Foreign string
	NPM     string // version, "11.19.1"
	Node    string // version, "20.20.2"
	Command string // "publish" or "stage publish"
	Args    []string
	Cwd     string
	Exit    int // -1 when the log does not say
	// Releases are the packages in the order they were sent; npm publish with
	// workspaces has several.
	Releases []*LogRelease
	// ErrorCode is npm's, such as E404; Errors are the lines of level error and
	// belong to the last release.
	ErrorCode string
	Errors    []LogLine
	Truncated bool // more than is read, or cut off
}

// Published says whether npm ended well and the registry took every release;
// a dry run sends none.
func (l *Log) Published() bool {
	for _, r := range l.Releases {
		if r.Sent.Status/100 != 2 {
			return false
		}
	}
	return l.Exit == 0 && len(l.Releases) > 0
}

// LogRelease is what a log says of one package.
type LogRelease struct {
	Name, Version string // "" where the log does not say
	Line          int
	OIDC          []LogLine
	Exchange      Fetch // POST …/oidc/token/exchange
	Visibility    Fetch // GET …/visibility
	Sent          Fetch // PUT of the package, or POST to /-/stage
	Registry      string
	Tag           string
	Access        string
	Signed        bool // a provenance statement was signed
	LogURL        string
	LogIndex      int64 // in the transparency log; 0 when not said
	Processing    bool  // the registry said that it is still being processed
	Staged        bool
	Notices       []LogLine // what npm and the registry said while sending
}

// Outcome gives what became of OIDC: the last of the lines that say whether a
// token was had, and whether provenance was switched on after it.
func (r *LogRelease) Outcome() (outcome OIDC, provenance OIDC) {
	for _, l := range r.OIDC {
		switch l.OIDC {
		case OIDCProvenance, OIDCProvenanceFailed, OIDCProvenanceSkip:
			provenance = l.OIDC
		default:
			outcome = l.OIDC
		}
	}
	return outcome, provenance
}

// Fetch is an HTTP request in a log. The zero Fetch was not made.
type Fetch struct {
	Pos
	Status int
	URL    string // query and user left out
}

// Limits of one log. npm stops a file at 50,000 events.
const (
	maxLogBytes = 32 << 20
	maxLogLine  = 16 << 10
	maxLogLines = 400_000
	maxLogKept  = 200 // lines kept of each sort
	maxReleases = 1000
)

var (
	logLine     = regexp.MustCompile(`^[0-9]+ ([a-z]+) ?(.*)$`)
	logFetch    = regexp.MustCompile(`^fetch (GET|POST|PUT) (?:([0-9]{3}) (\S+)|(\S+) ([0-9]{3}))`)
	logPackage  = regexp.MustCompile(`^(?:package:|📦)\s+(@?[^@\s]+)@(\S+)$`)
	logSending  = regexp.MustCompile(`^(?:Publishing|Staging) to (\S+) with tag (.+?) and (\S+) access`)
	logProvURL  = regexp.MustCompile(`published to transparency log: (https://\S+?logIndex=([0-9]{1,18}))$`)
	logFileTime = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2}T)([0-9]{2})_([0-9]{2})_([0-9]{2})_([0-9]{3})Z`)
)

// ParseLog reads a debug log; nil when it is not that of npm publish or npm
// stage publish.
func ParseLog(name string, r io.Reader) *Log {
	l := &Log{File: name, Exit: -1, Started: logTime(name)}
	in := bufio.NewReaderSize(io.LimitReader(r, maxLogBytes), maxLogLine)
	for line := 1; ; line++ {
		text, prefix, err := in.ReadLine()
		if err != nil {
			l.Truncated = l.Truncated || err != io.EOF
			break
		}
		for prefix && err == nil { // the rest of an overlong line
			_, prefix, err = in.ReadLine()
		}
		if line > maxLogLines {
			l.Truncated = true
			break
		}
		if m := logLine.FindSubmatch(text); m != nil {
			l.line(line, string(m[1]), string(m[2]))
		}
	}
	if l.Command == "" {
		return nil
	}
	if l.Exit < 0 {
		l.Truncated = true
	}
	return l
}

func logTime(name string) time.Time {
	m := logFileTime.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}
	}
	t, _ := time.Parse("2006-01-02T15:04:05.000", m[1]+m[2]+":"+m[3]+":"+m[4]+"."+m[5])
	return t
}

// release gives the package being sent, and makes one where npm did not name it.
func (l *Log) release(line int) *LogRelease {
	if len(l.Releases) == 0 {
		l.Releases = append(l.Releases, &LogRelease{Line: line})
	}
	return l.Releases[len(l.Releases)-1]
}

func (l *Log) line(n int, level, text string) {
	at := Pos{l.File, n}
	switch level {
	case "info":
		if v, ok := strings.CutPrefix(text, "using npm@"); ok {
			l.NPM = clean(v, 60)
		} else if v, ok := strings.CutPrefix(text, "using node@v"); ok {
			l.Node = clean(v, 60)
		}
	case "verbose", "silly":
		l.verbose(at, level, text)
	case "http":
		l.fetch(at, text)
	case "notice":
		l.notice(at, text)
	case "error":
		if code, ok := strings.CutPrefix(text, "code "); ok && l.ErrorCode == "" {
			l.ErrorCode = clean(code, 60)
		} else if strings.HasPrefix(text, "A complete log of this run") || text == "" {
			return
		}
		if len(l.Errors) < maxLogKept {
			l.Errors = append(l.Errors, LogLine{Pos: at, Level: level, Text: clean(text, 500)})
		}
	}
}

func (l *Log) verbose(at Pos, level, text string) {
	key, rest, _ := strings.Cut(text, " ")
	switch key {
	case "title":
		// A script of package.json may change the title; the first is npm's own.
		if c, ok := strings.CutPrefix(rest, "npm "); ok && l.Command == "" {
			if c = strings.TrimSpace(c); c == "stage publish" || strings.HasPrefix(c, "stage publish ") {
				l.Command = "stage publish"
			} else if c == "publish" || strings.HasPrefix(c, "publish ") {
				l.Command = "publish"
			}
		}
	case "argv":
		if l.Args == nil {
			l.Args = argv(rest)
		}
	case "cwd":
		l.Cwd = clean(rest, 500)
	case "exit":
		if code, err := strconv.Atoi(strings.TrimSpace(rest)); err == nil && code >= 0 {
			l.Exit = code
		}
	case "oidc":
		if r := l.release(at.Line); len(r.OIDC) < maxLogKept {
			r.OIDC = append(r.OIDC, LogLine{Pos: at, Level: level, Text: clean(rest, 500), OIDC: oidcOf(rest)})
		}
	}
}

// argv reads the quoted words of the argv line. npm leaves the values of flags
// it does not know in place, so the word after a key of credentials is dropped.
func argv(text string) []string {
	words := []string{}
	drop := false
	for text = strings.TrimSpace(text); strings.HasPrefix(text, `"`) && len(words) < maxLogKept; text = strings.TrimSpace(text) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			break
		}
		text = text[len(quoted):]
		w, err := strconv.Unquote(quoted)
		if err != nil {
			break
		}
		secret := credentialFlag.MatchString(w)
		switch {
		case drop && !strings.HasPrefix(w, "--"):
			w = "****"
		case secret && strings.Contains(w, "="):
			w = w[:strings.IndexByte(w, '=')] + "=****"
		}
		drop = secret && !strings.Contains(w, "=")
		words = append(words, clean(w, 300))
	}
	return words
}

var credentialFlag = regexp.MustCompile(`(?i)^--.*(_auth|_authToken|_password|token|otp|password)(=|$)`)

func (l *Log) fetch(at Pos, text string) {
	m := logFetch.FindStringSubmatch(text)
	if m == nil {
		return
	}
	f := Fetch{Pos: at, URL: m[3] + m[4]}
	f.Status, _ = strconv.Atoi(m[2] + m[5])
	f.URL, _, _ = strings.Cut(f.URL, "?")
	f.URL = clean(f.URL, 300)
	switch {
	case m[1] == "POST" && strings.Contains(f.URL, "/-/npm/v1/oidc/token/exchange/package/"):
		l.release(at.Line).Exchange = f
	case m[1] == "GET" && strings.Contains(f.URL, "/-/package/") && strings.HasSuffix(f.URL, "/visibility"):
		l.release(at.Line).Visibility = f
	case m[1] == "PUT", m[1] == "POST" && strings.Contains(f.URL, "/-/stage/package/"):
		l.release(at.Line).Sent = f
	}
}

func (l *Log) notice(at Pos, text string) {
	if m := logPackage.FindStringSubmatch(text); m != nil {
		if len(l.Releases) < maxReleases {
			l.Releases = append(l.Releases, &LogRelease{Name: clean(m[1], 300), Version: clean(m[2], 100), Line: at.Line})
		}
		return
	}
	text = strings.TrimPrefix(text, "publish ")
	if m := logSending.FindStringSubmatch(text); m != nil {
		r := l.release(at.Line)
		r.Registry, r.Tag, r.Access = clean(m[1], 300), clean(m[2], 100), clean(m[3], 20)
		return
	}
	expired := strings.Contains(text, "Access token expired or revoked")
	if len(l.Releases) == 0 && !expired {
		return
	}
	r := l.release(at.Line)
	if m := logProvURL.FindStringSubmatch(text); m != nil {
		r.LogURL = clean(m[1], 300)
		r.LogIndex, _ = strconv.ParseInt(m[2], 10, 64)
		return
	}
	switch {
	case strings.HasPrefix(text, "Signed provenance statement"):
		r.Signed = true
	case strings.Contains(text, "is being processed"):
		r.Processing = true
	case strings.Contains(text, "has been staged with tag"):
		r.Staged = true
	case text == "" || r.Registry == "" && !expired:
		return // npm's listing of the tarball: file names say nothing about a failure
	}
	if len(r.Notices) < maxLogKept {
		r.Notices = append(r.Notices, LogLine{Pos: at, Level: "notice", Text: clean(text, 500)})
	}
}
