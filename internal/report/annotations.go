package report

import (
	"fmt"
	"strings"
)

// Annotation is one message for the place of a failure, as data for the runner's
// ::error and ::warning commands. File is relative to the workspace, Line counts
// from 1; both are empty where no place is known. Message may have several lines.
type Annotation struct {
	Level   string // "error" or "warning"
	File    string
	Line    int
	Title   string
	Message string
}

// maxAnnotations is how many of a level the runner shows in one step.
const maxAnnotations = 10

// Annotations returns at most one annotation for each failing check: an error for
// a required one, a warning for an advisory one. Required checks that are
// undecided have theirs where none failed. A release that is not verified and has
// no error yet, as one that is pending, has one for itself; with warnOnTimeout,
// pending is a warning. At most ten of a level are returned, errors first; what is
// left out is counted in the last.
func (r *Report) Annotations(warnOnTimeout bool) []Annotation {
	var errors, warnings []Annotation
	put := func(a Annotation) {
		if a.Level == "error" {
			errors = append(errors, a)
		} else {
			warnings = append(warnings, a)
		}
	}
	if r.Problem != "" {
		put(annotation("error", "verify-npm-release", r.Problem))
	}
	for i := range r.Packages {
		p := &r.Packages[i]
		failed := false
		for j := range p.Checks {
			failed = failed || p.Checks[j].required() && p.Checks[j].Status == Fail
		}
		said := false
		for j := range p.Checks {
			if c := &p.Checks[j]; c.Status == Fail || c.against() && !failed && !p.unfinished() {
				put(c.annotation(p))
				said = said || c.required()
			}
		}
		if p.Status == Verified || said {
			continue
		}
		level := "error"
		if p.Status == Pending && warnOnTimeout {
			level = "warning"
		}
		headline := p.spec() + " " + p.Status.claim()
		put(annotation(level, headline, headline+". "+p.verdict()))
	}
	return append(capped(errors), capped(warnings)...)
}

func capped(list []Annotation) []Annotation {
	if len(list) <= maxAnnotations {
		return list
	}
	more := len(list) - maxAnnotations
	list = list[:maxAnnotations]
	last := &list[maxAnnotations-1]
	last.Message += fmt.Sprintf("\n\n%d more like this are in the job summary.", more)
	return list
}

// annotation starts the message with what failed: the job's log shows the message
// without its title.
func (c *Check) annotation(p *Package) Annotation {
	level := "warning"
	if c.required() {
		level = "error"
	}
	say := []string{p.spec() + ": " + c.ID + ": " + sentence(c.Title)}
	if c.Detail != "" {
		say = append(say, sentence(c.Detail))
	}
	file, line := "", 0
	for i := range c.Causes {
		cause := &c.Causes[i]
		if file == "" {
			file, line = cause.File, cause.Line
		}
		say = append(say, "", sentence(cause.ID+": "+cause.Detail))
		if cause.Fix != "" {
			say = append(say, "Mend: "+sentence(cause.Fix))
		}
		if cause.Snippet != "" {
			say = append(say, cause.Snippet)
		}
	}
	if c.Docs != "" {
		say = append(say, "Read "+c.Docs)
	}
	a := annotation(level, p.spec()+": "+c.ID, strings.Join(say, "\n"))
	a.File, a.Line = Plain(file), max(line, 0)
	return a
}

func annotation(level, title, message string) Annotation {
	lines := flatLines(clip(message, 3800))
	for i := range lines {
		lines[i] = quietLine(lines[i])
	}
	return Annotation{Level: level, Title: Plain(clip(title, 200)), Message: strings.Join(lines, "\n")}
}
