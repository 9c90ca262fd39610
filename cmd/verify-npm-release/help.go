package main

import (
	"fmt"
	"strings"

	"verify-npm-release/internal/plan"
)

const usage = `verify-npm-release waits until an npm release is served, verifies its bytes, registry
signature and Sigstore provenance, and says who built and who published it.

Usage:
  verify-npm-release [flags] [name@version ...]
  verify-npm-release doctor [DIR]   tell what would keep trusted publishing from working

Examples:
  verify-npm-release nuxt@4.1.2
      Any release on the public registry, against the repository its manifest declares.
  verify-npm-release nuxt@4.1.2 --expected-repository nuxt/nuxt --expected-workflow release.yml
      The same, against what you know.
  verify-npm-release nuxt@4.1.2 --evidence nuxt-evidence
  verify-npm-release nuxt@4.1.2 --offline nuxt-evidence
      Save the evidence, and verify it again without a network.
  verify-npm-release --packages workspaces --json report.json
      Every public workspace of the package.json here, with a report for machines.

Without name@version the package.json of the working directory says what to verify.
`

const exits = `
Exit codes:
  0  verified (or still pending, with --on-timeout warn)
  1  not verified: a required check failed or could not be decided
  2  wrong input or configuration
  3  could not finish: registry or trust root out of reach, or time ran out
`

// help is the text of --help, its flags out of the table of inputs.
func help() string {
	var b strings.Builder
	b.WriteString(usage)
	var groups []string
	rows := map[string][]string{}
	for _, i := range plan.Inputs() {
		if _, ok := rows[i.Group]; !ok {
			groups = append(groups, i.Group)
		}
		name := "--" + i.Name
		if i.Value != "" {
			name += " " + i.Value
		}
		text := strings.ReplaceAll(i.Usage, "`", "")
		if d := defaultOf(i); d != "" {
			text += " (default " + d + ")"
		}
		rows[i.Group] = append(rows[i.Group], fmt.Sprintf("  %s\n      %s\n", name, text))
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n%s:\n%s", g, strings.Join(rows[g], ""))
	}
	b.WriteString(exits)
	return b.String()
}

func defaultOf(i plan.Input) string {
	switch {
	case i.Default == "false":
		return ""
	case i.Default != "":
		return i.Default
	}
	return strings.ReplaceAll(i.Otherwise, "`", "")
}
