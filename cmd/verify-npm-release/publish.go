package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"encoding/json"

	"verify-npm-release/internal/actions"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// refuse reports input that cannot be used: nothing was verified.
func (s *session) refuse(in map[string]string, err error) int {
	r := newReport()
	r.Problem = err.Error()
	r.Status = report.Error
	r.Decide()
	fmt.Fprintf(s.progress, "verify-npm-release: %s\n", report.Plain(err.Error()))
	if s.runner == nil {
		if in["json"] != "" {
			s.writeJSON(in["json"], r)
		}
		return exitUsage
	}
	s.runner.Annotate(actions.Annotation{Level: "error", Title: "Nothing was verified", Message: err.Error()})
	s.outputs(nil, r, "")
	if in["summary"] != "false" {
		s.runner.AppendSummary(report.Summary(r))
	}
	return exitUsage
}

// publish hands the report to everyone who waits for it. It returns what could
// not be written; whoever waits for that must not take silence for success.
func (s *session) publish(ctx context.Context, p *plan.Plan, r *report.Report) error {
	var errs []error
	if s.runner != nil {
		errs = append(errs, s.runner.Err())
	}
	errs = append(errs, s.statements(ctx, p, r), s.archive(r))
	errs = append(errs, report.WriteConsole(s.console, r, report.ConsoleOptions{Color: s.color}))
	if p.JSON != "" {
		errs = append(errs, s.writeJSON(p.JSON, r))
	}
	if s.runner != nil {
		errs = append(errs, s.tellRunner(p, r))
	}
	return errors.Join(errs...)
}

// archive completes each evidence folder with its report and makes one file of it.
func (s *session) archive(r *report.Report) error {
	var errs []error
	for i, dir := range s.folders {
		if dir == "" {
			continue
		}
		err := evidence.SaveReport(dir, func(w io.Writer) error { return report.WriteJSON(w, one(r, i)) })
		if err == nil {
			var a report.Archive
			if a.File, a.Digest, err = evidence.Archive(dir); err == nil {
				r.Packages[i].Archive = &a
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// one is the report of one package alone, as its evidence folder holds it.
func one(r *report.Report, i int) *report.Report {
	single := *r
	single.Packages = r.Packages[i : i+1]
	single.Decide()
	return &single
}

func (s *session) writeJSON(name string, r *report.Report) error {
	if name == "-" {
		return report.WriteJSON(s.json, r)
	}
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(report.WriteJSON(f, r), f.Close())
}

func (s *session) tellRunner(p *plan.Plan, r *report.Report) error {
	var errs []error
	for _, a := range r.Annotations(p.WarnOnTimeout) {
		errs = append(errs, s.runner.Annotate(actions.Annotation(a)))
	}
	path, err := s.reportFile(r)
	errs = append(errs, err, s.outputs(p, r, path))
	if p.Summary {
		errs = append(errs, s.runner.AppendSummary(report.Summary(r)))
	}
	return errors.Join(errs...)
}

// reportFile writes the report below RUNNER_TEMP, where later steps find it.
func (s *session) reportFile(r *report.Report) (string, error) {
	temp := s.getenv("RUNNER_TEMP")
	if temp == "" {
		return "", nil
	}
	dir := filepath.Join(temp, "verify-npm-release")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("write the report: %w", err)
	}
	f, err := os.CreateTemp(dir, "report-*.json")
	if err != nil {
		return "", fmt.Errorf("write the report: %w", err)
	}
	if err := f.Chmod(0o644); err != nil {
		return "", errors.Join(err, f.Close())
	}
	return f.Name(), errors.Join(report.WriteJSON(f, r), f.Close())
}

// outputs sets every output of the action, the first package's facts among
// them. What was not established is empty.
func (s *session) outputs(p *plan.Plan, r *report.Report, path string) error {
	values := map[string]string{
		"status":          string(r.Status),
		"verified":        strconv.FormatBool(r.Status == report.Verified),
		"packages":        packagesOutput(r),
		"leftover-tokens": "[]",
		"report-path":     path,
		"vsa-path":        s.vsa,
	}
	if p != nil {
		values["evidence-path"] = p.Evidence
	}
	if len(r.Packages) > 0 {
		firstOutputs(values, r.Packages[0])
	}
	var errs []error
	for _, name := range outputNames {
		errs = append(errs, s.runner.SetOutput(name, values[name]))
	}
	return errors.Join(errs...)
}

// outputNames are the outputs of action.yml, in its order.
var outputNames = []string{
	"status", "verified", "packages", "name", "version", "integrity", "trust-level",
	"trusted-publisher", "source-repository", "source-ref", "source-commit", "workflow",
	"run-url", "log-index", "log-url", "npm-url", "tarball-url", "attestations-url",
	"badge-markdown", "waited-seconds", "leftover-tokens", "report-path", "evidence-path",
	"vsa-path",
}

func firstOutputs(values map[string]string, p report.Package) {
	values["name"], values["version"] = p.Name, p.Version
	if d := p.Dist; d != nil {
		values["integrity"], values["tarball-url"] = d.Integrity, d.Tarball
	}
	if t := p.Trust; t != nil {
		values["trust-level"] = t.Level
	}
	values["trusted-publisher"] = trustedPublisher(p)
	if src := p.Source; src != nil {
		values["source-repository"], values["source-ref"], values["source-commit"] = src.Repository, src.Ref, src.Commit
		values["workflow"], values["run-url"] = src.Workflow, src.Run
	}
	if l := p.Log; l != nil {
		values["log-url"] = l.URL
		if l.Index != nil {
			values["log-index"] = strconv.FormatInt(*l.Index, 10)
		}
	}
	if l := p.Links; l != nil {
		values["npm-url"], values["attestations-url"], values["badge-markdown"] = l.NPM, l.Attestations, l.BadgeMarkdown
	}
	if w := p.Waited; w != nil {
		values["waited-seconds"] = strconv.FormatFloat(w.Seconds, 'f', -1, 64)
	}
	if p.LeftoverTokens != nil {
		if raw, err := json.Marshal(p.LeftoverTokens); err == nil {
			values["leftover-tokens"] = string(raw)
		}
	}
}

// trustedPublisher is the publisher npm names, where the check on it passed.
func trustedPublisher(p report.Package) string {
	for _, c := range p.Checks {
		if c.ID == "trusted-publisher" && c.Status == report.Pass && p.Trust != nil {
			return p.Trust.Publisher
		}
	}
	return ""
}

// packageOutput is one entry of the output "packages".
type packageOutput struct {
	Name             string        `json:"name"`
	Version          string        `json:"version"`
	Status           report.Status `json:"status"`
	Verified         bool          `json:"verified"`
	Integrity        string        `json:"integrity,omitempty"`
	TrustLevel       string        `json:"trust-level,omitempty"`
	TrustedPublisher string        `json:"trusted-publisher,omitempty"`
	SourceRepository string        `json:"source-repository,omitempty"`
	SourceCommit     string        `json:"source-commit,omitempty"`
	RunURL           string        `json:"run-url,omitempty"`
	NPMURL           string        `json:"npm-url,omitempty"`
	BadgeMarkdown    string        `json:"badge-markdown,omitempty"`
}

// maxPackagesOutput keeps the output below the runner's 1 MiB for all outputs of
// a job together.
const maxPackagesOutput = 500

func packagesOutput(r *report.Report) string {
	list := []packageOutput{}
	for i, p := range r.Packages {
		o := packageOutput{Name: p.Name, Version: p.Version, Status: p.Status, Verified: p.Status == report.Verified}
		if i < maxPackagesOutput {
			values := map[string]string{}
			firstOutputs(values, p)
			o.Integrity, o.TrustLevel, o.TrustedPublisher = values["integrity"], values["trust-level"], values["trusted-publisher"]
			o.SourceRepository, o.SourceCommit, o.RunURL = values["source-repository"], values["source-commit"], values["run-url"]
			o.NPMURL, o.BadgeMarkdown = values["npm-url"], values["badge-markdown"]
		}
		list = append(list, o)
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return "[]"
	}
	return string(raw)
}
