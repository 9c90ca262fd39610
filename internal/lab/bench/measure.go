package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// sample is one run of one program.
type sample struct {
	wall, cpu time.Duration
	memory    float64 // peak resident set, MiB
	requests  int
}

// build makes the program as it is released.
func build(dir string) (string, error) {
	name := filepath.Join(dir, "verify-npm-release")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", name, "./cmd/verify-npm-release")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return name, nil
}

// measure runs a command and fails unless it prints what a success prints.
func (w *world) measure(dir string, env []string, success string, args ...string) (sample, error) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	before, err := w.asked()
	if err != nil {
		return sample{}, err
	}
	begin := time.Now()
	err = cmd.Run()
	s := sample{wall: time.Since(begin)}
	after, counting := w.asked()
	if counting != nil {
		return s, counting
	}
	s.requests = after - before
	if err == nil && !strings.Contains(out.String(), success) {
		err = errors.New("no success in its words")
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out.Bytes())
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = float64(usage.Maxrss) / 1024
	}
	return s, nil
}

// ours verifies the first n releases with our program.
func (w *world) ours(binary string, n int) (sample, error) {
	said := fmt.Sprintf("All %d releases are verified", n)
	if n == 1 {
		said = "is verified"
	}
	return w.measure(w.dir, os.Environ(), said, append([]string{binary}, w.flags(n)...)...)
}

func (w *world) flags(n int) []string {
	return []string{
		"--packages", listFile(w.dir, n), "--registry-url", w.Registry,
		"--tuf-url", w.TUF, "--tuf-root", filepath.Join(w.dir, "root.json"),
	}
}

// npm verifies the first n releases with npm, its cache of documents empty, its
// cache of TUF metadata as the run before left it.
func (w *world) npm(n int) (sample, error) {
	if err := os.RemoveAll(filepath.Join(w.dir, "cache", "_cacache")); err != nil {
		return sample{}, err
	}
	said := fmt.Sprintf("%d packages have verified attestation", n)
	if n == 1 {
		said = "1 package has a verified attestation"
	}
	return w.measure(treeFolder(w.dir, n), w.env, said, "npm", "audit", "signatures")
}

// compare runs both programs in turn and prints a row for each number.
func (w *world) compare(out io.Writer, ns []int, rounds int, binary string, alone bool) error {
	fmt.Fprintln(out, "| releases | | wall | CPU | peak memory | requests |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|")
	if !alone { // warms npm's TUF cache
		if _, err := w.npm(1); err != nil {
			return err
		}
	}
	if _, err := w.ours(binary, 1); err != nil { // the file cache
		return err
	}
	for _, n := range ns {
		var us, them []sample
		for range rounds {
			a, err := w.ours(binary, n)
			if err != nil {
				return err
			}
			us = append(us, a)
			if alone {
				continue
			}
			b, err := w.npm(n)
			if err != nil {
				return err
			}
			them = append(them, b)
		}
		fmt.Fprintf(out, "| %d | verify-npm-release | %s |\n", n, row(us))
		if alone {
			continue
		}
		fmt.Fprintf(out, "| | npm audit signatures | %s |\n", row(them))
		fmt.Fprintf(out, "| | npm / ours | %s |\n", ratios(us, them))
	}
	return nil
}

func row(list []sample) string {
	return strings.Join([]string{
		spread(list, func(s sample) float64 { return float64(s.wall.Microseconds()) / 1000 }, "%.0f", " ms"),
		spread(list, func(s sample) float64 { return float64(s.cpu.Microseconds()) / 1000 }, "%.0f", " ms"),
		spread(list, func(s sample) float64 { return s.memory }, "%.0f", " MiB"),
		spread(list, func(s sample) float64 { return float64(s.requests) }, "%.0f", ""),
	}, " | ")
}

// ratios compares run by run, so that what else the machine did falls on both.
func ratios(us, them []sample) string {
	pairs := make([]int, len(us))
	for i := range pairs {
		pairs[i] = i
	}
	of := func(f func(sample) float64) string {
		return spread(pairs, func(i int) float64 { return f(them[i]) / f(us[i]) }, "%.1f", "×")
	}
	return strings.Join([]string{
		of(func(s sample) float64 { return s.wall.Seconds() }),
		of(func(s sample) float64 { return s.cpu.Seconds() }),
		of(func(s sample) float64 { return s.memory }),
		of(func(s sample) float64 { return float64(s.requests) }),
	}, " | ")
}

// spread is the median, and in brackets the least and the most.
func spread[T any](list []T, f func(T) float64, format, unit string) string {
	var v []float64
	for _, x := range list {
		v = append(v, f(x))
	}
	slices.Sort(v)
	if format = fmt.Sprintf("%s%s", format, unit); v[0] == v[len(v)-1] {
		return fmt.Sprintf(format, v[0])
	}
	short := strings.TrimSuffix(format, unit)
	return fmt.Sprintf(format+" ("+short+"–"+short+")", v[len(v)/2], v[0], v[len(v)-1])
}
