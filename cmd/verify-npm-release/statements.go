package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/sigstore"
)

// statements writes the badge and the verification summaries that were asked
// for. Where there is nothing to say, a file of an earlier run does not stay.
func (s *session) statements(ctx context.Context, p *plan.Plan, r *report.Report) error {
	var errs []error
	if p.Badge != "" {
		errs = append(errs, writeOrRemove(p.Badge, badge(p, r)))
	}
	if p.VSA != "" {
		lines, err := s.summaries(ctx, p, r)
		if err == nil && len(lines) > 0 {
			s.vsa = p.VSA
		}
		errs = append(errs, err, writeOrRemove(p.VSA, bytes.Join(lines, nil)))
	}
	return errors.Join(errs...)
}

// badge is the badge that holds for every release of the run, nil for none.
func badge(p *plan.Plan, r *report.Report) []byte {
	pkg, ok := r.Badged()
	switch {
	case !ok:
		return nil
	case strings.EqualFold(filepath.Ext(p.Badge), ".json"):
		return report.BadgeEndpoint(pkg)
	}
	return report.BadgeSVG(pkg)
}

// summaries is one line for each release that was decided, signed where the plan says so.
func (s *session) summaries(ctx context.Context, p *plan.Plan, r *report.Report) ([][]byte, error) {
	home, _, _ := strings.Cut(check.Docs, "/blob/")
	name, version, _ := strings.Cut(r.Tool, " ")
	var lines [][]byte
	for _, pkg := range r.Packages {
		line := report.VSA(pkg, report.Verifier{ID: home, Name: name, Version: version, Policy: check.Docs}, time.Now())
		if line == nil {
			r.Notes = append(r.Notes, fmt.Sprintf("There is no verification summary of %s@%s: it was not decided.", pkg.Name, pkg.Version))
			continue
		}
		lines = append(lines, line)
	}
	if p.Sign != nil && len(lines) > 0 {
		identity := sigstore.Identity{RequestURL: p.Sign.URL, RequestToken: p.Sign.Token.Reveal(), UserAgent: userAgent(), HTTP: s.npm.HTTP}
		signed, err := identity.Sign(ctx, s.verifier, lines...)
		if err != nil {
			return nil, fmt.Errorf("sign the verification summary: %w", err)
		}
		lines = signed
	}
	for i := range lines {
		lines[i] = append(lines[i], '\n')
	}
	return lines, nil
}

// writeOrRemove writes a file, or removes the one that is there. One that cannot
// be removed, as a container's mount, is emptied.
func writeOrRemove(name string, content []byte) error {
	if len(content) > 0 {
		return os.WriteFile(name, content, 0o644)
	}
	err := os.Remove(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return os.Truncate(name, 0)
}
