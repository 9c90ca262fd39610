package workflow

import "slices"

// scriptOrBin reads the words after pnpm, yarn or bun that are no command of
// theirs: a script of package.json, else a program of a dependency.
func (a *analysis) scriptOrBin(c command, words []word) ([]word, string, bool) {
	if len(words) == 0 || a.follow(c, words[0].text, words[1:]) {
		return nil, "", true
	}
	switch words[0].text {
	case "npm", "pnpm", "yarn", "bun", "publish":
		return nil, "", true
	}
	return words, "", false
}

// runScript reads npm run SCRIPT and pnpm run SCRIPT.
func (a *analysis) runScript(c command, args []word, valued []string, dashes bool) {
	i := skipFlags(args, valued...)
	if i >= len(args) {
		return
	}
	if w, ok := flag(args[:i], "-w", "--workspace"); ok {
		c.dir, c.lost = a.workspace(w)
	}
	extra := args[i+1:]
	if dashes { // npm hands over what follows -- alone
		j := slices.IndexFunc(extra, func(w word) bool { return w.text == "--" })
		if j < 0 {
			if w, ok := flag(extra, "-w", "--workspace"); ok {
				c.dir, c.lost = a.workspace(w)
			}
			extra = nil
		} else {
			extra = extra[j+1:]
		}
	}
	a.follow(c, args[i].text, extra)
}

// follow reads a script of package.json, one level deep, with the arguments it
// is given. It tells whether there is one of that name.
func (a *analysis) follow(c command, name string, extra []word) bool {
	dir, known := a.dir(c)
	if a.script != nil || !known {
		return false
	}
	p := a.r.repo.Package(dir)
	if p == nil {
		return false
	}
	i := slices.IndexFunc(p.Scripts, func(s Script) bool { return s.Name == name })
	if i < 0 {
		return false
	}
	text := p.Scripts[i].Command
	for _, w := range extra {
		text += " " + w.text
	}
	in := *a
	in.script = &p.Scripts[i]
	in.env = slices.Concat(a.env, c.env)
	in.base = folder{path: dir}
	in.pos = func(int) Pos { return a.pos(c.offset) }
	in.run(text, "")
	return true
}
