// Command bench measures verify-npm-release beside the real "npm audit
// signatures": the same releases, the same registry on loopback, the same TUF
// repository, in turn, several times. It prints a table in Markdown, with the
// ratios of each pair of runs and their spread.
//
//	go run ./internal/lab/bench -n 1,10,100,500 -rounds 5
//
// With -profile it says instead where our CPU time goes. It needs npm 11.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	for name, run := range map[string]func(string) error{profileEnv: profiled, serveEnv: served} {
		if value := os.Getenv(name); value != "" {
			if err := run(value); err != nil {
				log.Fatal(err)
			}
			return
		}
	}
	sizes := flag.String("n", "1,10,100,500", "numbers of releases, separated by commas")
	rounds := flag.Int("rounds", 5, "pairs of runs for each number")
	binary := flag.String("binary", "", "verify-npm-release to measure; built when empty")
	alone := flag.Bool("alone", false, "measure our program only")
	profile := flag.Bool("profile", false, "say where our CPU time goes, for the largest number of releases")
	flag.Parse()
	if err := run(*sizes, *rounds, *binary, *alone, *profile); err != nil {
		log.Fatal(err)
	}
}

func run(sizes string, rounds int, binary string, alone, profile bool) error {
	ns, err := numbers(sizes)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w, err := newWorld(dir, sizes)
	if err != nil {
		return err
	}
	defer w.close()
	if profile {
		return w.profile(slices.Max(ns))
	}
	if binary == "" {
		if binary, err = build(dir); err != nil {
			return err
		}
	} else if binary, err = filepath.Abs(binary); err != nil {
		return err
	}
	return w.compare(os.Stdout, ns[1:], rounds, binary, alone)
}

func numbers(list string) ([]int, error) {
	ns := []int{1}
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 999 {
			return nil, fmt.Errorf("-n: %q is not a list of numbers from 1 to 999", list)
		}
		ns = append(ns, n)
	}
	return ns, nil
}
