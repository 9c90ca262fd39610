package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// profileEnv makes this program run the pipeline under the profiler, in a
// process without the lab's servers; its value is the file to write.
const profileEnv = "BENCH_PROFILE"

// repeats is how often the pipeline runs under the profiler, for enough samples.
const repeats = 5

// profile says how our CPU time falls on signature verification and the rest.
func (w *world) profile(n int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	file := filepath.Join(w.dir, "cpu.pprof")
	cmd := exec.Command(self, w.flags(n)...)
	cmd.Env = append(os.Environ(), profileEnv+"="+file)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	fmt.Printf("CPU of verifying %d releases %d times:\n\n| | share |\n|---|---|\n", n, repeats)
	for _, part := range []struct{ name, focus, ignore string }{
		{"signature verification", verification, ""},
		{"reading answers: HTTP, connections, gzip", `net/http|\(\*answer\)|npm\.\(\*Client\)\.get|internal/poll`, verification},
		{"reading documents: JSON", `Parse(Manifest|Packument|Attestations)|npm\.decode`, verification + `|\(\*answer\)`},
		{"hashing tarballs", `sha512|sha1`, verification},
		{"garbage collection", `gcBgMarkWorker|gcAssist|bgsweep|bgscavenge`, verification},
		{"trust: TUF and trusted root", `fetchTrust`, ""},
		{"checks", `check\.Package|check\.Hopeless`, ""},
	} {
		share, err := share(file, part.focus, part.ignore)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.0f %% |\n", part.name, share)
	}
	return nil
}

// verification are the functions whose whole work is to verify a signature and
// what it stands on.
const verification = `sigstore\.\(\*Verifier\)\.(Keyless|Keyed)|npm\.\(\*KeySet\)\.VerifySignatures`

// share is the part, in percent, of samples with focus and without ignore on
// their stack.
func share(file, focus, ignore string) (float64, error) {
	args := []string{"tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", "-edgefraction=0", "-focus=" + focus}
	if ignore != "" {
		args = append(args, "-ignore="+ignore)
	}
	out, err := exec.Command("go", append(args, file)...).CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "matches no samples") || strings.Contains(string(out), "expression matched no samples") {
			return 0, nil
		}
		return 0, fmt.Errorf("pprof: %w\n%s", err, out)
	}
	m := regexp.MustCompile(`accounting for [^,]+, ([0-9.]+)% of`).FindSubmatch(out)
	if m == nil {
		return 0, nil
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// profiled runs the pipeline, given the program's flags, under the profiler.
func profiled(file string) error {
	in := map[string]string{}
	for i := 1; i+1 < len(os.Args); i += 2 {
		in[strings.TrimPrefix(os.Args[i], "--")] = os.Args[i+1]
	}
	p, err := plan.New(in, func(string) string { return "" })
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	debug.SetGCPercent(200) // as the program's main does
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	for range repeats {
		if err := pipeline(p); err != nil {
			return err
		}
	}
	return nil
}

func pipeline(p *plan.Plan) error {
	g, err := evidence.NewGatherer(p, evidence.Options{Hopeless: func(e *evidence.Evidence) bool { return check.Hopeless(e, p) }})
	if err != nil {
		return err
	}
	r := &report.Report{Packages: make([]report.Package, len(p.Releases))}
	var wg sync.WaitGroup
	for i, release := range p.Releases {
		wg.Go(func() { r.Packages[i] = check.Package(g.Gather(context.Background(), release), p) })
	}
	wg.Wait()
	if r.Decide(); r.Status != report.Verified {
		return fmt.Errorf("status %q, want verified", r.Status)
	}
	return nil
}
