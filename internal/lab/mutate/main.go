// Command mutate breaks the conditions of packages one at a time and asks whether a test notices.
//
//	go run ./internal/lab/mutate [-v] [-workers 2] [-also PACKAGES] [-only REGEXP] [-sample N] PACKAGE...
//
// All mutants are compiled into one test binary for each package, behind a switch that an environment variable sets, so
// that a mutant costs no build. Each test is run alone first, to learn which mutants it comes across and how long it takes; a
// mutant then meets only the tests that come across it, the quick ones first. The broken code exists only in an overlay of
// the build (go help build, -overlay). A mutant is killed when a test fails, panics or does not end; one that survives its
// own package is tried against the quick tests of the packages of -also. What survives all is printed with its place, and
// with the reason that survivors.txt has for it. Exit code 1 below 95 %, for a survivor without a reason, and after a whole
// run for a reason without a survivor.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	variable = "VERIFY_NPM_RELEASE_MUTANT"
	tracing  = "VERIFY_NPM_RELEASE_MUTANT_TRACE"
	wanted   = 95                                                         // per cent
	patience = 20 * time.Second                                           // beside twenty times what a test takes without a mutant
	quick    = "^Test(Attacks|EveryValueOfEveryDocument|UnusualAndGood)$" // of -also
)

func main() {
	verbose := flag.Bool("v", false, "print every mutant")
	workers := flag.Int("workers", 2, "mutants at a time")
	also := flag.String("also", "./internal/lab/attack", "packages whose tests are tried on survivors")
	only := flag.String("only", "", "regular expression on file:line: what")
	sample := flag.Int("sample", 1, "try one mutant in so many")
	flag.Parse()
	if err := run(flag.Args(), strings.Split(*also, ","), *only, *sample, *workers, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(packages, also []string, only string, sample, workers int, verbose bool) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	overlay := map[string]map[string]string{"Replace": {}}
	var mutants []mutant
	for _, p := range packages {
		if mutants, err = plant(p, work, overlay["Replace"], mutants); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	list := filepath.Join(work, "overlay.json")
	if err := os.WriteFile(list, raw, 0o600); err != nil {
		return err
	}
	suites := map[string]suite{}
	for _, p := range append(packages[:len(packages):len(packages)], also...) {
		if p == "" || suites[p].binary != "" {
			continue
		}
		s := suite{dir: p, binary: filepath.Join(work, fmt.Sprintf("%d.test", len(suites)))}
		build := exec.Command("go", "test", "-vet=off", "-c", "-overlay", list, "-o", s.binary, p)
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the tests of %s: %w\n%s", p, err, out)
		}
		which := "^(Test|Fuzz|Example)"
		if !slices.Contains(packages, p) {
			which = quick
		}
		if err := s.learn(work, which); err != nil {
			return fmt.Errorf("the tests of %s without a mutant: %w", p, err)
		}
		suites[p] = s
	}

	known, err := explain()
	if err != nil {
		return err
	}
	fmt.Printf("%d mutants\n", len(mutants))
	unexplained := 0
	var wg sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, workers)
	killed, total := map[string]int{}, map[string]int{}
	for _, m := range mutants {
		if m.id%sample != 0 || !pattern.MatchString(m.String()) {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			by := ""
			for _, p := range append([]string{m.pkg}, also...) {
				if by = suites[p].kills(m.id); by != "" {
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total[m.pkg]++
			switch {
			case by == "":
				reason := known.take(m)
				if reason == "" {
					unexplained++
					reason = "NOBODY KNOWS WHY: " + m.place()
				}
				fmt.Printf("SURVIVED %s (%s)\n", m, reason)
			default:
				killed[m.pkg]++
				if verbose {
					fmt.Println("killed by", by, m)
				}
			}
		})
	}
	wg.Wait()
	low := false
	for _, p := range packages {
		if total[p] == 0 {
			continue
		}
		fmt.Printf("%s: %d of %d mutants killed, %.1f %%\n", p, killed[p], total[p], 100*float64(killed[p])/float64(total[p]))
		low = low || killed[p]*100 < total[p]*wanted
	}
	var left []string
	if sample == 1 && only == "" {
		left = known.left(packages)
	}
	for _, place := range left {
		fmt.Println("KILLED, though survivors.txt lists it:", place)
	}
	switch {
	case low:
		return fmt.Errorf("below %d %%", wanted)
	case unexplained > 0 || len(left) > 0:
		return fmt.Errorf("%d survivors without a reason, %d reasons without a survivor", unexplained, len(left))
	}
	return nil
}

// plant writes the package with all its mutants into work and lists the files in the overlay.
func plant(dir, work string, overlay map[string]string, mutants []mutant) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	name := ""
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		p := &planter{pkg: dir, file: filepath.Base(file), source: source, next: len(mutants) + 1}
		broken, err := p.plant()
		if err != nil {
			return nil, err
		}
		name = p.name
		mutants = append(mutants, p.mutants...)
		if err := put(file, broken, work, overlay); err != nil {
			return nil, err
		}
	}
	if name == "" {
		return nil, fmt.Errorf("no Go files in %s", dir)
	}
	return mutants, put(filepath.Join(dir, "mutant_switch.go"), fmt.Appendf(nil, switchSource, name, variable, tracing), work, overlay)
}

func put(file string, source []byte, work string, overlay map[string]string) error {
	formatted, err := format.Source(source)
	if err != nil {
		return fmt.Errorf("%s with its mutants: %w\n%s", file, err, source)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	out := filepath.Join(work, fmt.Sprintf("%d.go", len(overlay)))
	overlay[path] = out
	return os.WriteFile(out, formatted, 0o600)
}

const switchSource = `package %s

import (
	"os"
	"strconv"
	"sync"
)

var (
	mutantOn      = func() int { n, _ := strconv.Atoi(os.Getenv(%q)); return n }()
	mutantTrace   = os.Getenv(%q)
	mutantReached sync.Map
)

func mutant(id int) bool {
	if mutantTrace != "" {
		if _, old := mutantReached.LoadOrStore(id, true); !old {
			if f, err := os.OpenFile(mutantTrace, os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
				f.WriteString(strconv.Itoa(id) + "\n")
				f.Close()
			}
		}
	}
	return id == mutantOn
}

func mutantError(id int, err error) error {
	if mutant(id) {
		return nil
	}
	return err
}
`
