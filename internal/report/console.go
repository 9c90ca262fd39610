package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ConsoleOptions says how [WriteConsole] may write. The zero value is plain text
// for 100 columns.
type ConsoleOptions struct {
	Color bool // ANSI colours; for a terminal only
	Width int  // columns to wrap at; 0 is 100, negative is never
}

// compactFrom is the number of packages from which the console shows only what
// is wrong with each.
const compactFrom = 4

// WriteConsole writes r for a person at a terminal or in a job's log. No line of
// it is a command to the runner, and no control character comes from r.
func WriteConsole(w io.Writer, r *Report, o ConsoleOptions) error {
	if o.Width == 0 {
		o.Width = 100
	}
	c := &console{w: bufio.NewWriter(w), o: o}
	if r.Problem != "" {
		c.put(c.paint(red, "✗ "), 2, sentence(r.Problem))
	}
	compact := len(r.Packages) >= compactFrom
	for i := range r.Packages {
		if i > 0 && !compact {
			c.put("", 0, "")
		}
		c.release(&r.Packages[i], compact)
	}
	for _, note := range r.Notes {
		c.put("note: ", 6, note)
	}
	switch len(r.Packages) {
	case 0:
		c.put(c.paint(r.Status.colour(), r.Status.mark())+" ", 2, r.headline()+".")
	case 1:
	default:
		c.put(c.paint(r.Status.colour(), r.Status.mark())+" ", 2, r.headline()+": "+r.tally()+".")
	}
	if err := c.w.Flush(); err != nil {
		return fmt.Errorf("write console: %w", err)
	}
	return nil
}

// Plain is text of any origin as one line that is no command to the runner and
// has no control characters, cut to 4000 characters: for progress and errors.
func Plain(text string) string { return quietLine(clip(text, 4000)) }

type console struct {
	w    *bufio.Writer
	o    ConsoleOptions
	told told
}

func (c *console) release(p *Package, compact bool) {
	c.put(c.paint(p.Status.colour(), p.Status.mark())+" ", 2, p.spec()+" "+p.Status.claim()+c.unlessShort(compact, p))
	width := 0
	for _, check := range p.Checks {
		width = max(width, min(utf8.RuneCountInString(flat(check.ID)), 24))
	}
	for i := range p.Checks {
		if check := &p.Checks[i]; !compact || check.Status == Fail || check.against() && !p.unfinished() {
			c.check(check, width)
		}
	}
	if compact && p.Status == Verified {
		return
	}
	for _, left := range p.LeftoverTokens {
		c.put("    left   ", 11, strings.TrimSpace(left.Name+" ("+left.ID+") "+left.place()))
	}
	for _, note := range p.Notes {
		c.put("  note: ", 8, note)
	}
	if !compact {
		c.facts(p)
	}
}

// unlessShort is the rest of the headline; a verified release among many needs none.
func (c *console) unlessShort(compact bool, p *Package) string {
	if compact && p.Status == Verified {
		return ""
	}
	return ". " + p.verdict()
}

func (c *console) check(check *Check, width int) {
	id := quietLine(clip(check.ID, 40))
	lead := "  " + c.paint(check.colour(), check.mark()) + " " + id + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(id))) + "  "
	switch check.Status {
	case Pass:
		c.put(lead, width+6, strings.TrimSuffix(check.Title+": "+check.Detail, ": "))
		return
	case Skip: // the title is a claim, and nothing was claimed
		c.put(lead, width+6, "skipped: "+check.Detail)
		return
	case Fail:
	default:
		c.put(lead, width+6, "undecided: "+check.Detail)
		c.causes(check)
		return
	}
	c.put(lead, width+6, check.Title)
	for _, part := range check.findings() {
		c.put(strings.Repeat(" ", width+6), width+6, part)
	}
	c.causes(check)
	if len(check.Causes) == 0 && check.Docs != "" {
		c.put("    read   ", 11, check.Docs)
	}
}

func (c *console) causes(check *Check) {
	for i := range check.Causes {
		cause := &check.Causes[i]
		known, mended := c.told.cause(cause)
		if known {
			c.put("    why    ", 11, cause.ID+", as above")
			continue
		}
		c.put("    why    ", 11, cause.ID+": "+cause.Detail)
		if at := cause.place(); at != "" {
			c.put("    where  ", 11, at)
		}
		if mended {
			c.put("    mend   ", 11, "as above")
			continue
		}
		if cause.Fix != "" {
			c.put("    mend   ", 11, cause.Fix)
		}
		if cause.Snippet != "" {
			for _, line := range flatLines(clip(cause.Snippet, 8000)) {
				c.raw("           | " + line)
			}
		}
		if cause.Docs != "" {
			c.put("    read   ", 11, cause.Docs)
		}
	}
}

func (c *console) facts(p *Package) {
	facts := p.facts()
	if w := p.Waited; w != nil && w.Seconds > 0 {
		var each []string
		for _, s := range w.Surfaces {
			each = append(each, s.Surface+" "+s.words())
		}
		facts = append(facts, fact{label: "waited", text: strings.TrimSuffix(seconds(w.Seconds)+": "+strings.Join(each, ", "), ": ")})
	}
	if len(facts) > 0 {
		c.put("", 0, "")
	}
	for _, f := range facts {
		c.put(fmt.Sprintf("  %-12s  ", f.label), 16, f.text)
		if f.address != "" && f.address != f.text {
			c.put(strings.Repeat(" ", 16), 16, f.address)
		}
	}
}

// put writes text of any origin behind a lead of ours, wrapped at spaces; the
// lines after the first hang by that many columns.
func (c *console) put(lead string, hang int, text string) {
	line, used, start := lead, hang, len(lead)
	for i, word := range strings.Fields(flat(clip(text, 4000))) {
		n := utf8.RuneCountInString(word)
		if i > 0 && c.o.Width > 0 && used+1+n > c.o.Width {
			c.raw(line[:start] + quietLine(line[start:]))
			line, used, start = strings.Repeat(" ", hang), hang, hang
		} else if i > 0 {
			line += " "
			used++
		}
		line += word
		used += n
	}
	c.raw(line[:start] + quietLine(line[start:]))
}

// raw writes one line that holds nothing unescaped but what this file added.
func (c *console) raw(line string) {
	_, _ = c.w.WriteString(strings.TrimRight(strings.ReplaceAll(line, "##[", "## ["), " ") + "\n")
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	grey   = "90"
)

func (c *console) paint(colour, text string) string {
	if !c.o.Color {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (s Status) mark() string {
	switch s {
	case Verified:
		return "✓"
	case Pending:
		return "…"
	case Error:
		return "!"
	}
	return "✗"
}

func (s Status) colour() string {
	switch s {
	case Verified:
		return green
	case Pending, Error:
		return yellow
	}
	return red
}

func (c *Check) mark() string {
	switch {
	case c.Status == Pass:
		return "✓"
	case c.Status == Skip:
		return "-"
	case c.Status != Fail:
		return "?"
	case c.required():
		return "✗"
	}
	return "!"
}

func (c *Check) colour() string {
	switch {
	case c.Status == Pass:
		return green
	case c.Status == Skip:
		return grey
	case c.against() && c.required():
		return red
	}
	return yellow
}

// words says how long a surface took, or what was seen last.
func (s *Surface) words() string {
	switch {
	case s.Ready:
		return seconds(s.Seconds)
	case s.Last != "":
		return "not ready after " + seconds(s.Seconds) + ", last seen: " + s.Last
	}
	return "not ready after " + seconds(s.Seconds)
}

// seconds is a duration for reading: "0.4 s", "42 s", "12 min 5 s".
func seconds(s float64) string {
	switch {
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	}
	return fmt.Sprintf("%d min %d s", int64(s)/60, int64(s)%60)
}
