package report

import (
	"maps"
	"slices"
	"strings"
)

// cards shows each check that speaks against the release with what is known of
// why and the mend: failed required ones, undecided ones, then warnings.
func (p *page) cards(k *Package) {
	for _, group := range []func(*Check) bool{
		func(c *Check) bool { return c.required() && c.Status == Fail },
		func(c *Check) bool { return c.required() && c.Status != Fail && !k.unfinished() },
		func(c *Check) bool { return !c.required() },
	} {
		for i := range k.Checks {
			if c := &k.Checks[i]; c.against() && group(c) {
				p.card(c)
			}
			if p.cut {
				return
			}
		}
	}
	if len(k.LeftoverTokens) > 0 {
		p.wrap("<table>\n<tr><th>Credential left</th><th>Where</th><th>What it is</th></tr>\n", "</table>\n\n", func() {
			for i := range k.LeftoverTokens {
				l := &k.LeftoverTokens[i]
				p.add("<tr><td>" + code(l.Name) + "</td><td>" + optionalCode(l.place()) + "</td><td>" + code(l.ID) + "</td></tr>\n")
			}
		})
	}
}

func (p *page) card(c *Check) {
	p.add("<h4>" + c.picture() + " " + code(c.ID) + " " + prose(c.Title) + "</h4>\n" + findings(c) + "\n")
	var again []string
	for i := range c.Causes {
		cause := &c.Causes[i]
		known, mended := p.told.cause(cause)
		if known {
			again = append(again, code(cause.ID))
			continue
		}
		at := ""
		if cause.place() != "" {
			at = " at " + code(cause.place())
		}
		piece := "<p><b>Why</b>" + at + ": " + prose(sentence(cause.Detail)) + more(cause.Docs) + "</p>\n"
		switch {
		case mended && cause.Fix != "":
			piece += "<p><b>Mend</b>: as above.</p>\n"
		case cause.Fix != "":
			piece += "<p><b>Mend</b>: " + prose(sentence(cause.Fix)) + "</p>\n"
		}
		if cause.Snippet != "" && !mended {
			piece += "\n" + fence("", flatLines(clip(cause.Snippet, 8000)))
		} else {
			piece += "\n"
		}
		p.add(piece)
		if p.cut {
			return
		}
	}
	if len(again) > 0 {
		p.add("<p><b>Why</b>: as above, " + strings.Join(again, ", ") + "</p>\n\n")
	}
}

// findings is what a check found, a list where that is several things.
func findings(c *Check) string {
	parts := c.findings()
	if len(parts) == 1 {
		return "<p>" + prose(sentence(c.Detail)) + more(c.Docs) + "</p>\n"
	}
	var b strings.Builder
	for _, part := range parts[:min(len(parts), 50)] {
		b.WriteString("<li>" + prose(part) + "</li>\n")
	}
	return "<ul>\n" + b.String() + "</ul>\n<p>" + more(c.Docs) + "</p>\n"
}

// details is the evidence: table of checks, source card, waiting, chain of custody.
func (p *page) details(k *Package, picture bool) {
	p.checks(k)
	if picture {
		p.add(chain(k))
	}
	p.source(k)
	p.waited(k)
	p.evidence(k)
	p.notes(k.Notes)
}

func (p *page) checks(k *Package) {
	if len(k.Checks) == 0 {
		return
	}
	p.wrap("<table>\n<tr><th></th><th>Check</th><th>Claim</th><th>Found</th></tr>\n", "</table>\n\n", func() {
		for i := range k.Checks {
			c := &k.Checks[i]
			id := code(c.ID)
			if address := safeURL(c.Docs); address != "" {
				id = link(address, c.ID)
			}
			if !c.required() {
				id += " <sub>advisory</sub>"
			}
			p.add("<tr><td>" + c.picture() + "</td><td>" + id + "</td><td>" + prose(c.Title) + "</td><td>" + prose(c.Detail) + "</td></tr>\n")
		}
	})
}

func (p *page) source(k *Package) {
	facts := k.facts()
	if len(facts) == 0 {
		return
	}
	p.wrap("<table>\n", "</table>\n\n", func() {
		for _, f := range facts {
			p.add("<tr><th align=\"left\">" + f.label + "</th><td>" + link(f.address, f.text) + "</td></tr>\n")
		}
	})
}

func (p *page) waited(k *Package) {
	if k.Waited == nil || len(k.Waited.Surfaces) == 0 {
		return
	}
	p.wrap("<table>\n<tr><th>Served by npm</th><th>After</th></tr>\n", "</table>\n\n", func() {
		for i := range k.Waited.Surfaces {
			s := &k.Waited.Surfaces[i]
			mark := "✅ "
			if !s.Ready {
				mark = "⏳ "
			}
			p.add("<tr><td>" + mark + prose(s.Surface) + "</td><td>" + prose(s.words()) + "</td></tr>\n")
		}
		p.add("<tr><td>all</td><td>" + seconds(k.Waited.Seconds) + "</td></tr>\n")
	})
}

func (p *page) evidence(k *Package) {
	if len(k.Evidence) == 0 {
		return
	}
	p.wrap("<details><summary>Saved evidence and its digests</summary>\n<table>\n", "</table>\n</details>\n\n", func() {
		for _, name := range slices.Sorted(maps.Keys(k.Evidence)) {
			p.add("<tr><td>" + code(name) + "</td><td>" + code(k.Evidence[name]) + "</td></tr>\n")
		}
	})
	if a := k.Archive; a != nil {
		p.add("<p>All of it in one file: " + code(a.File) + ", " + code(a.Digest) + "</p>\n\n")
	}
}

// more is a link to read on, or nothing.
func more(docs string) string {
	if address := safeURL(docs); address != "" {
		return ` <a href="` + strings.ReplaceAll(address, "&", "&amp;") + `">Read more</a>`
	}
	return ""
}

func optionalCode(text string) string {
	if text == "" {
		return ""
	}
	return code(text)
}
