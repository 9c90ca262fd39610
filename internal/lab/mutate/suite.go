package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// suite is a package's compiled tests.
type suite struct {
	dir, binary string
	tests       []test // quick ones first
}

// test is one test of a suite, and the mutants that it comes across.
type test struct {
	name    string
	took    time.Duration
	reaches map[int]bool
}

// learn runs every test alone, without a mutant.
func (s *suite) learn(work, which string) error {
	out, err := s.run(time.Minute, "-test.list", which)
	if err != nil {
		return fmt.Errorf("list them: %w\n%s", err, out)
	}
	start := time.Now()
	trace := filepath.Join(work, "trace")
	for _, name := range strings.Fields(string(out)) {
		if err := os.WriteFile(trace, nil, 0o600); err != nil {
			return err
		}
		begin := time.Now()
		if out, err := s.run(10*time.Minute, "-test.run", "^"+name+"$", tracing+"="+trace); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		t := test{name, time.Since(begin), map[int]bool{}}
		raw, err := os.ReadFile(trace)
		if err != nil {
			return err
		}
		for _, id := range strings.Fields(string(raw)) {
			n, err := strconv.Atoi(id)
			if err != nil {
				return err
			}
			t.reaches[n] = true
		}
		s.tests = append(s.tests, t)
	}
	slices.SortFunc(s.tests, func(a, b test) int { return int(a.took - b.took) })
	fmt.Printf("%s: %d tests pass, one by one in %s\n", s.dir, len(s.tests), time.Since(start).Round(time.Millisecond))
	return nil
}

// kills returns the test that fails with the mutant, or "".
func (s suite) kills(id int) string {
	for _, t := range s.tests {
		if !t.reaches[id] {
			continue
		}
		if _, err := s.run(patience+20*t.took, "-test.run", "^"+t.name+"$", variable+"="+strconv.Itoa(id)); err != nil {
			return s.dir + " " + t.name
		}
	}
	return ""
}

// run runs the tests for at most limit; what has a = and no dash is a variable of the environment.
func (s suite) run(limit time.Duration, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	flags, env := []string{"-test.failfast"}, os.Environ()
	for _, a := range args {
		if strings.Contains(a, "=") && a[0] != '-' && a[0] != '^' {
			env = append(env, a)
			continue
		}
		flags = append(flags, a)
	}
	c := exec.CommandContext(ctx, s.binary, flags...)
	c.Dir, c.Env = s.dir, env
	return c.CombinedOutput()
}
