package report

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// MaxJSON bounds what [ReadJSON] takes, in bytes.
const MaxJSON = 128 << 20

// WriteJSON writes r in schema 1, indented, one trailing newline. Characters
// that do not print, and the "##[" that the Actions runner would take for a
// command, are written as \u escapes: the text may be shown in a job's log.
func WriteJSON(w io.Writer, r *Report) error {
	var buf bytes.Buffer
	enc := stdjson.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r.withLists()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if _, err := w.Write(quietJSON(buf.Bytes())); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// ReadJSON reads what [WriteJSON] wrote: exactly one object of schema 1, keys
// exact, none twice, none unknown, every status and level one of those defined
// here. It decides nothing.
func ReadJSON(rd io.Reader) (*Report, error) {
	raw, err := io.ReadAll(io.LimitReader(rd, MaxJSON+1))
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if len(raw) > MaxJSON {
		return nil, fmt.Errorf("read report: more than %d bytes", MaxJSON)
	}
	var r Report
	if err := json.Unmarshal(raw, &r, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("read report: got schema %d, want %d", r.Schema, Schema)
	}
	if err := r.checkWords(); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	return &r, nil
}

func (r *Report) checkWords() error {
	if !r.Status.known() {
		return fmt.Errorf("status %q is none of the four", clip(string(r.Status), 40))
	}
	for i, p := range r.Packages {
		if !p.Status.known() {
			return fmt.Errorf("packages[%d]: status %q is none of the four", i, clip(string(p.Status), 40))
		}
		for j, c := range p.Checks {
			switch c.Status {
			case Pass, Fail, Skip, Unknown:
			default:
				return fmt.Errorf("packages[%d].checks[%d]: status %q is none of the four", i, j, clip(string(c.Status), 40))
			}
			if c.Level != Required && c.Level != Advisory {
				return fmt.Errorf("packages[%d].checks[%d]: level %q is neither required nor advisory", i, j, clip(string(c.Level), 40))
			}
		}
	}
	return nil
}

func (s Status) known() bool {
	return s == Verified || s == NotVerified || s == Pending || s == Error
}

// withLists is r with [] instead of null where the schema has a list.
func (r *Report) withLists() *Report {
	out := *r
	out.Packages = make([]Package, len(r.Packages))
	for i, p := range r.Packages {
		if p.Checks == nil {
			p.Checks = []Check{}
		}
		if p.Waited != nil && p.Waited.Surfaces == nil {
			p.Waited = &Waited{Seconds: p.Waited.Seconds, Surfaces: []Surface{}}
		}
		out.Packages[i] = p
	}
	return &out
}

// quietJSON rewrites JSON text without changing its value. Outside of strings
// neither what it escapes nor "##[" can occur.
func quietJSON(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/16)
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		switch {
		case c == '\n' || c == ' ':
			out = append(out, byte(c))
		case c == '[' && bytes.HasSuffix(out, []byte("##")):
			out = append(out, `\u005b`...)
		case hidden(c):
			for _, u := range utf16Units(c) {
				out = fmt.Appendf(out, `\u%04x`, u)
			}
		default:
			out = append(out, text[i:i+n]...)
		}
		i += n
	}
	return out
}
