// Package actions is the runner's side of a GitHub Action: inputs, outputs, job
// summary, annotations, masks and groups.
//
// Inputs and workflow commands go through go-githubactions. Output and summary
// files are written here: the library's delimiter is a constant that a value can
// contain, and it panics where a file is missing.
package actions

import (
	"io"
	"strings"

	"github.com/sethvargo/go-githubactions"
)

// Runner speaks to the runner of a job. It is not safe for concurrent use.
type Runner struct {
	log     *steadyWriter
	command *githubactions.Action
	getenv  func(string) string
}

// New returns a Runner that prints workflow commands to log and reads variables
// with getenv.
func New(log io.Writer, getenv func(string) string) *Runner {
	w := &steadyWriter{w: log}
	return &Runner{
		log:     w,
		command: githubactions.New(githubactions.WithWriter(w), githubactions.WithGetenv(getenv)),
		getenv:  getenv,
	}
}

// Input returns the input of that name without the space around it. The runner
// sets inputs that were not given to the empty string, so that is not given.
func (r *Runner) Input(name string) string { return r.command.GetInput(name) }

// Inputs returns those of the named inputs that were given.
func (r *Runner) Inputs(names []string) map[string]string {
	given := make(map[string]string)
	for _, name := range names {
		if value := r.Input(name); value != "" {
			given[name] = value
		}
	}
	return given
}

// Mask hides value, and each of its lines, in everything the job logs from now
// on. A blank value is nothing to hide and would make the runner warn.
func (r *Runner) Mask(value string) {
	if strings.TrimSpace(value) != "" {
		r.command.AddMask(value)
	}
}

// Group folds what is logged until [Runner.EndGroup] under a title.
func (r *Runner) Group(title string) { r.command.Group(title) }

// EndGroup ends the group.
func (r *Runner) EndGroup() { r.command.EndGroup() }

// Err returns the first error of writing to the log.
func (r *Runner) Err() error { return r.log.err }

// steadyWriter keeps the first error to itself: the library panics on one.
type steadyWriter struct {
	w   io.Writer
	err error
}

func (s *steadyWriter) Write(p []byte) (int, error) {
	if s.err == nil {
		_, s.err = s.w.Write(p)
	}
	return len(p), nil
}
