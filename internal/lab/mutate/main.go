// Command mutate breaks the conditions of packages one at a time and asks whether a test notices.
//
//	go run ./internal/lab/mutate [-v] [-workers 2] [-also PACKAGES] [-only REGEXP] PACKAGE...
//
// All mutants are compiled into one test binary for each package, behind a switch that an environment variable sets, so
// that a mutant costs one run of the tests and no build. The broken code exists only in an overlay of the build
// (go help build, -overlay). A mutant is killed when the tests of its package fail, panic or do not end; one that survives
// them is tried against the packages of -also. What survives all is printed with its place. Exit code 1 below 95 %.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	variable = "VERIFY_NPM_RELEASE_MUTANT"
	wanted   = 95 // per cent
	patience = 3 * time.Minute
)

func main() {
	verbose := flag.Bool("v", false, "print every mutant")
	workers := flag.Int("workers", 2, "mutants at a time")
	also := flag.String("also", "./internal/check,./internal/lab/attack", "packages whose tests are tried on survivors")
	only := flag.String("only", "", "regular expression on file:line: what")
	flag.Parse()
	if err := run(flag.Args(), strings.Split(*also, ","), *only, *workers, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// suite is a package's compiled tests.
type suite struct{ name, dir, binary string }

func run(packages, also []string, only string, workers int, verbose bool) error {
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
		s := suite{p, p, filepath.Join(work, fmt.Sprintf("%d.test", len(suites)))}
		build := exec.Command("go", "test", "-vet=off", "-c", "-overlay", list, "-o", s.binary, p)
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the tests of %s: %w\n%s", p, err, out)
		}
		start := time.Now()
		if out, ok := s.passes(0); !ok {
			return fmt.Errorf("the tests of %s fail without a mutant:\n%s", p, out)
		}
		fmt.Printf("%s: its tests pass in %s\n", p, time.Since(start).Round(time.Millisecond))
		suites[p] = s
	}

	var wg sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, workers)
	killed, total := map[string]int{}, map[string]int{}
	for _, m := range mutants {
		if !pattern.MatchString(m.String()) {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			by := ""
			for _, p := range append([]string{m.pkg}, also...) {
				if s := suites[p]; s.binary != "" {
					if _, ok := s.passes(m.id); !ok {
						by = p
						break
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total[m.pkg]++
			switch {
			case by == "":
				fmt.Println("SURVIVED", m)
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
	if low {
		return fmt.Errorf("below %d %%", wanted)
	}
	return nil
}

// passes runs the tests with one mutant switched on; 0 is none.
func (s suite) passes(id int) (output []byte, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, s.binary, "-test.failfast", "-test.timeout", patience.String())
	c.Dir = s.dir
	c.Env = append(os.Environ(), variable+"="+strconv.Itoa(id))
	output, err := c.CombinedOutput()
	return output, err == nil
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
	return mutants, put(filepath.Join(dir, "mutant_switch.go"), fmt.Appendf(nil, switchSource, name, variable), work, overlay)
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
)

var mutantOn = func() int { n, _ := strconv.Atoi(os.Getenv(%q)); return n }()

func mutant(id int) bool { return id == mutantOn }

func mutantError(id int, err error) error {
	if mutant(id) {
		return nil
	}
	return err
}
`
