package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// survivors.txt lists the mutants that are known to survive: one a line, as [mutant.place] has it, as often as the same
// words are a mutant of the same function, under a line "# reason".
//
//go:embed survivors.txt
var survivors string

// explanations are the reasons by place; one is used up by each mutant that survives there.
type explanations map[string][]string

func explain() (explanations, error) {
	known := explanations{}
	reason := ""
	for n, line := range strings.Split(survivors, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case line[0] == '#':
			reason = strings.TrimSpace(line[1:])
		case reason == "":
			return nil, fmt.Errorf("survivors.txt:%d: no reason stands above it", n+1)
		default:
			known[line] = append(known[line], reason)
		}
	}
	return known, nil
}

// take returns why a mutant survives, or "".
func (e explanations) take(m mutant) string {
	reasons := e[m.place()]
	if len(reasons) == 0 {
		return ""
	}
	e[m.place()] = reasons[1:]
	return reasons[0]
}

// left are the places of packages whose mutants were killed after all.
func (e explanations) left(packages []string) []string {
	var out []string
	for _, place := range slices.Sorted(maps.Keys(e)) {
		for range e[place] {
			if slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(place, strings.TrimPrefix(p, "./")+"/") }) {
				out = append(out, place)
			}
		}
	}
	return out
}
