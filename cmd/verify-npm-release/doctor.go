package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"verify-npm-release/internal/diagnosis"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/workflow"
)

const doctorUsage = `verify-npm-release doctor reads a repository as it stands, with no network, and tells what
would keep trusted publishing or provenance from working, and which npm credentials it uses.

Usage:
  verify-npm-release doctor [DIR] [--json FILE]

  DIR is the repository's folder, by default this one.

  --json FILE
      write the findings as JSON; - is stdout

Exit codes:
  0  nothing worse than a notice
  1  findings
  2  wrong input
  3  the findings could not be written
`

// finding is a finding as --json writes it; File is relative to DIR.
type finding struct {
	ID      string          `json:"id"`
	Level   diagnosis.Level `json:"level"`
	File    string          `json:"file,omitempty"`
	Line    int             `json:"line,omitempty"`
	Detail  string          `json:"detail"`
	Fix     string          `json:"fix"`
	Snippet string          `json:"snippet,omitempty"`
	Docs    string          `json:"docs"`
}

// doctor is the subcommand: it returns the exit code.
func doctor(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	dir, out, err := doctorArgs(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, doctorUsage)
		return 0
	}
	var repo *workflow.Repository
	if err == nil {
		repo, err = workflow.Read(dir)
	}
	if err != nil {
		fmt.Fprintf(stderr, "verify-npm-release: doctor: %s\nRun \"verify-npm-release doctor --help\" for usage.\n", report.Plain(err.Error()))
		return exitUsage
	}
	found := diagnosis.Doctor(repo)
	console := stdout
	if out == "-" {
		console = stderr
	}
	d := &doctorConsole{w: console, color: wantsColor(console, getenv)}
	d.write(repo, found)
	if out != "" {
		if err := writeFindings(out, stdout, found); err != nil {
			fmt.Fprintf(stderr, "verify-npm-release: doctor: %s\n", report.Plain(err.Error()))
			return 3
		}
	}
	for _, f := range found {
		if f.Level != diagnosis.Notice {
			return 1
		}
	}
	return 0
}

// doctorArgs takes DIR and flags in any order.
func doctorArgs(args []string) (dir, out string, err error) {
	set := flag.NewFlagSet("doctor", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&out, "json", "", "")
	var words []string
	for {
		if err := set.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return "", "", err
			}
			return "", "", tidy(err)
		}
		if args = set.Args(); len(args) == 0 {
			break
		}
		words, args = append(words, args[0]), args[1:]
	}
	switch len(words) {
	case 0:
		return ".", out, nil
	case 1:
		return words[0], out, nil
	}
	return "", "", fmt.Errorf("one folder is wanted, got %d", len(words))
}

func writeFindings(name string, stdout io.Writer, found []diagnosis.Finding) error {
	doc := struct {
		Schema   int       `json:"schema"`
		Findings []finding `json:"findings"`
	}{1, []finding{}}
	for _, f := range found {
		doc.Findings = append(doc.Findings, finding{f.ID, f.Level, f.File, f.Line, f.Detail(), f.Mend(), f.Paste(), f.Docs()})
	}
	raw, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	// What a job's log could take for a command; "[" is the same in JSON.
	raw = append([]byte(strings.ReplaceAll(string(raw), "##[", `##\u005b`)), '\n')
	if name == "-" {
		_, err = stdout.Write(raw)
		return err
	}
	if err := os.WriteFile(name, raw, 0o644); err != nil {
		return fmt.Errorf("write the findings: %w", err)
	}
	return nil
}

// doctorConsole writes findings for a person. What comes from files goes
// through report.Plain.
type doctorConsole struct {
	w     io.Writer
	color bool
}

var levelColors = map[diagnosis.Level]string{diagnosis.Error: "31", diagnosis.Warning: "33", diagnosis.Notice: "36"}

func (d *doctorConsole) write(repo *workflow.Repository, found []diagnosis.Finding) {
	counts := map[diagnosis.Level]int{}
	told := map[string]bool{}
	for _, f := range found {
		counts[f.Level]++
		place := f.Pos.String()
		if f.File == "" {
			place = "this repository"
		}
		level := string(f.Level)
		if d.color {
			level = "\x1b[" + levelColors[f.Level] + "m" + level + "\x1b[0m"
		}
		fmt.Fprintf(d.w, "%s: %s: %s\n", report.Plain(place), level, f.ID)
		// A cause is taught once; then only what was seen.
		if !told[f.ID] {
			d.wrap("  ", f.Detail())
		} else {
			d.wrap("  ", f.Evidence)
		}
		if mend := f.ID + f.Mend() + f.Paste(); !told[mend] {
			told[mend] = true
			d.wrap("  mend: ", f.Mend())
			d.snippet(f.Paste())
			fmt.Fprintf(d.w, "  read: %s\n", f.Docs())
		}
		told[f.ID] = true
		fmt.Fprintln(d.w)
	}
	d.ways(repo)
	fmt.Fprintf(d.w, "%d errors, %d warnings, %d notices in %d workflow files.\n", counts[diagnosis.Error], counts[diagnosis.Warning], counts[diagnosis.Notice], len(repo.Workflows))
}

// ways tells what npm's side must say, which nothing here can look up.
func (d *doctorConsole) ways(repo *workflow.Repository) {
	ways := diagnosis.Ways(repo)
	if len(ways) == 0 {
		fmt.Fprintln(d.w, "No command that publishes to npm was recognised in the workflows.")
		return
	}
	fmt.Fprintln(d.w, "What npm's trusted publisher must name (only npmjs.com knows whether it does):")
	const shown = 20
	for i, w := range ways {
		if i == shown {
			fmt.Fprintf(d.w, "  and %d more\n", len(ways)-shown)
			break
		}
		file, environment := w.Workflow, w.Environment
		if file == "" {
			file = "the file that calls it"
		}
		if environment == "" {
			environment = "none"
		}
		name := w.Package
		if name == "" {
			name = "each package published"
		}
		fmt.Fprintf(d.w, "  %s\n", report.Plain(fmt.Sprintf("%s: %s: workflow %s, environment %s", w.Pos, name, file, environment)))
	}
}

func (d *doctorConsole) snippet(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		// Spaces lead, so that the line is a command to no runner.
		indent := len(line) - len(strings.TrimLeft(line, " "))
		fmt.Fprintf(d.w, "      | %s%s\n", line[:indent], report.Plain(line[indent:]))
	}
}

// wrap writes text at 100 columns behind a lead.
func (d *doctorConsole) wrap(lead, text string) {
	line := lead
	for word := range strings.FieldsSeq(report.Plain(text)) {
		if len(line)+len(word) > 100 && line != lead {
			fmt.Fprintln(d.w, strings.TrimRight(line, " "))
			line = strings.Repeat(" ", len(lead))
		}
		line += word + " "
	}
	fmt.Fprintln(d.w, strings.TrimRight(line, " "))
}
