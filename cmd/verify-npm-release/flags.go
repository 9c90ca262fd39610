package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"verify-npm-release/internal/plan"
)

func inputNames() []string {
	var names []string
	for _, i := range plan.Inputs() {
		if !i.FlagOnly {
			names = append(names, i.Name)
		}
	}
	return names
}

// parse reads flags and specs in any order into input values. Values that are
// neither flags nor specs do not exist: every word is one or the other.
func parse(args []string) (map[string]string, error) {
	in := map[string]string{}
	set := flag.NewFlagSet("verify-npm-release", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, i := range plan.Inputs() {
		store := func(v string) error {
			if _, twice := in[i.Name]; twice {
				return fmt.Errorf("given twice")
			}
			in[i.Name] = v
			return nil
		}
		if i.Bool {
			set.BoolFunc(i.Name, i.Usage, store)
		} else {
			set.Func(i.Name, i.Usage, store)
		}
	}
	var specs []string
	for len(args) > 0 {
		err := set.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return map[string]string{"help": "true"}, nil
		}
		if err != nil {
			return nil, tidy(err)
		}
		if args = set.Args(); len(args) > 0 {
			specs = append(specs, args[0])
			args = args[1:]
		}
	}
	if len(specs) > 0 {
		if in["package"] != "" {
			specs = append(specs, in["package"])
		}
		in["package"] = strings.Join(specs, "\n")
	}
	if v := in["version"]; v == "false" {
		delete(in, "version")
	}
	return in, nil
}

// tidy puts two dashes where the flag package writes one.
func tidy(err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return fmt.Errorf("there is no flag --%s", strings.TrimPrefix(name, "-"))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return fmt.Errorf("--%s needs a value", name)
	}
	return errors.New(text)
}
