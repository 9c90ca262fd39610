package report

import (
	"fmt"
	"strings"
)

// MaxSummary bounds what [Summary] returns, in bytes. The runner drops a summary
// over 1 MiB whole.
const MaxSummary = 900 << 10

const cutSentence = "\n<p>This summary was cut to fit; the report file has everything.</p>\n"

// How many packages a summary shows in full, each under its heading; with more,
// each is folded away.
const openSections = 10

// Summary returns r as the Markdown of a GitHub job summary, failures first, at
// most [MaxSummary] bytes. It is made of HTML blocks, in which Markdown means
// nothing, and of fenced code blocks; text from outside appears in it only
// through the escapes of this package.
func Summary(r *Report) string {
	p := &page{room: MaxSummary - len(cutSentence)}
	if len(r.Packages) == 1 {
		p.one(r)
	} else {
		p.many(r)
	}
	p.notes(r.Notes)
	p.selfCheck(r)
	p.badges(r)
	if p.cut || p.dropped {
		p.b.WriteString(cutSentence)
	}
	return p.b.String()
}

// page is Markdown with an upper bound. Once a piece does not fit, nothing
// further is added but the ends of what was begun.
type page struct {
	b       strings.Builder
	room    int
	cut     bool // nothing more fits here
	dropped bool // something did not fit earlier

	told told // causes and mends that the page has
}

// told is what a rendering has said already: causes of several checks or
// packages, and mends of several places, are written out once.
type told map[string]bool

// cause says whether the cause, as it stands, and its mend were told before.
func (t *told) cause(c *Cause) (cause, mend bool) {
	if *t == nil {
		*t = told{}
	}
	mended := c.ID + "\x00" + c.Fix + "\x00" + c.Snippet
	whole := mended + "\x00" + c.Detail + "\x00" + c.place()
	cause, mend = (*t)[whole], (*t)[mended]
	(*t)[whole], (*t)[mended] = true, true
	return cause, mend
}

func (p *page) add(piece string) {
	if p.cut || len(piece) > p.room {
		p.cut = true
		return
	}
	p.room -= len(piece)
	p.b.WriteString(piece)
}

// wrap adds begin, body and end, or nothing where begin and end do not fit.
func (p *page) wrap(begin, end string, body func()) {
	if p.cut || len(begin)+len(end) > p.room {
		p.cut = true
		return
	}
	p.room -= len(begin) + len(end)
	p.b.WriteString(begin)
	body()
	p.b.WriteString(end)
}

// within lets body add at most n bytes; what is left is there for the rest.
func (p *page) within(n int, body func()) {
	if p.cut {
		return
	}
	spare := p.room - min(max(n, 0), p.room)
	p.room -= spare
	body()
	p.dropped = p.dropped || p.cut
	p.cut = false
	p.room += spare
}

func (p *page) one(r *Report) {
	k := &r.Packages[0]
	p.add("<h2>" + k.Status.picture() + " " + code(k.spec()) + " " + k.Status.claim() + "</h2>\n\n")
	p.problem(r)
	p.within(p.room-(32<<10), func() {
		p.add("<p>" + prose(k.verdict()) + "</p>\n\n")
		p.cards(k)
		p.details(k, true)
	})
}

func (p *page) many(r *Report) {
	p.add("<h2>" + r.Status.picture() + " " + r.headline() + "</h2>\n\n")
	if len(r.Packages) > 0 {
		p.add("<p>" + r.tally() + "</p>\n\n")
	}
	p.problem(r)
	order := failuresFirst(r)
	p.within(400<<10, func() {
		for _, k := range order {
			if p.cut || k.Status == Verified {
				break
			}
			p.add("<h3>" + k.Status.picture() + " " + code(k.spec()) + " " + k.Status.claim() + "</h3>\n<p>" + prose(k.verdict()) + "</p>\n\n")
			p.cards(k)
		}
	})
	p.within(200<<10, func() { p.index(r) })
	p.within(p.room-(32<<10), func() { p.sections(order) })
}

// sections shows each package in full, folded away where there are many.
func (p *page) sections(list []*Package) {
	for _, k := range list {
		if p.cut {
			return
		}
		title := k.Status.picture() + " " + code(k.spec()) + " " + k.Status.claim()
		if len(list) > openSections {
			p.wrap("<details><summary>"+title+"</summary>\n\n", "</details>\n\n", func() { p.details(k, false) })
		} else {
			p.add("<h3>" + title + "</h3>\n\n")
			p.details(k, true)
		}
	}
}

// failuresFirst is the packages with the worst first, else in their order.
func failuresFirst(r *Report) []*Package {
	list := make([]*Package, 0, len(r.Packages))
	for w := NotVerified.weight(); w >= Verified.weight(); w-- {
		for i := range r.Packages {
			if r.Packages[i].Status.weight() == w {
				list = append(list, &r.Packages[i])
			}
		}
	}
	return list
}

// index is the table of all packages, in the report's order.
func (p *page) index(r *Report) {
	if len(r.Packages) == 0 {
		return
	}
	shown := 0
	p.wrap("<table>\n<tr><th></th><th>Release</th><th>Trust level</th><th>Waited</th><th>Speaks against it</th></tr>\n", "</table>\n\n", func() {
		for i := range r.Packages {
			k := &r.Packages[i]
			trust, waited := "", ""
			if k.Trust != nil {
				trust = prose(k.Trust.Level)
			}
			if k.Waited != nil {
				waited = seconds(k.Waited.Seconds)
			}
			var against []string
			for _, c := range k.Checks {
				if c.against() {
					against = append(against, code(c.ID))
				}
			}
			p.add("<tr><td>" + k.Status.picture() + "</td><td>" + link(npmPage(k.Name, k.Version), k.spec()) + "</td><td>" + trust +
				"</td><td>" + waited + "</td><td>" + strings.Join(against, " ") + "</td></tr>\n")
			if p.cut {
				return
			}
			shown++
		}
	})
	if left := len(r.Packages) - shown; left > 0 {
		p.cut, p.dropped = false, true
		p.add(fmt.Sprintf("<p>%d more releases are not in this table.</p>\n\n", left))
	}
}

func (p *page) problem(r *Report) {
	if r.Problem != "" {
		p.add("<p>❌ " + prose(sentence(r.Problem)) + "</p>\n\n")
	}
}

func (p *page) notes(notes []string) {
	if len(notes) == 0 {
		return
	}
	p.wrap("<ul>\n", "</ul>\n\n", func() {
		for _, n := range notes {
			p.add("<li>" + prose(n) + "</li>\n")
		}
	})
}

// selfCheck says how a reader gets the same answer elsewhere. Names that a shell
// would not take as one word are left out.
func (p *page) selfCheck(r *Report) {
	var specs []string
	for _, k := range r.Packages {
		if len(specs) == openSections {
			break
		}
		if len(k.Name) > maxName || len(k.Version) > maxName {
			continue
		}
		if s := k.spec(); plainSpec.MatchString(s) {
			specs = append(specs, s)
		}
	}
	if len(specs) == 0 {
		return
	}
	ours, npms := "", ""
	if r.Registry != "" && strings.TrimSuffix(r.Registry, "/") != publicRegistry {
		if !plainRegistry.MatchString(r.Registry) {
			return
		}
		ours, npms = " --registry-url "+r.Registry, " --registry "+r.Registry
	}
	all := strings.Join(specs, " ")
	p.add("<h3>How to check this yourself</h3>\n\n" + fence("sh", []string{
		"# the same checks, on any machine",
		"verify-npm-release" + ours + " " + all,
		"",
		"# with npm alone, in an empty folder",
		"npm init --yes",
		"npm install --ignore-scripts" + npms + " " + all,
		"npm audit signatures" + npms,
	}) + "<p>npm verifies signatures and attestations; it does not compare them with a repository, a commit or a run.</p>\n\n")
}

const publicRegistry = "https://registry.npmjs.org"

// badges shows each badge as it looks and as it is copied.
func (p *page) badges(r *Report) {
	var list []string
	for _, k := range r.Packages {
		if len(list) == openSections {
			break
		}
		if b := Badge(k); b != "" {
			list = append(list, b)
		}
	}
	if len(list) > 0 {
		p.add("<h3>Badge for the README</h3>\n\n" + strings.Join(list, "\n") + "\n\n" + fence("markdown", list))
	}
}

func (s Status) picture() string {
	switch s {
	case Verified:
		return "✅"
	case Pending:
		return "⏳"
	case Error:
		return "⚠️"
	}
	return "❌"
}

func (c *Check) picture() string {
	switch {
	case c.Status == Pass:
		return "✅"
	case c.Status == Skip:
		return "➖"
	case c.Status != Fail && c.required():
		return "❔"
	case c.Status != Fail:
		return "❓"
	case c.required():
		return "❌"
	}
	return "⚠️"
}
