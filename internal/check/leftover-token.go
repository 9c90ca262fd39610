package check

import (
	"strings"

	"verify-npm-release/internal/diagnosis"
	"verify-npm-release/internal/report"
)

// LeftoverToken asks whether a long-lived npm credential is left: with the
// release itself, in the job's environment, in workflows and configuration
// files, or among the secrets that GitHub keeps.
var LeftoverToken = Check{
	ID:    "leftover-token",
	Title: "No long-lived npm credential is left",
	Run:   leftoverToken,
}

// ask is what makes the answer certain, as a line to add.
const ask = "add npm-token-present: ${{ secrets.NPM_TOKEN != '' }} to this step, or a secrets-token that lists the names of stored secrets"

func leftoverToken(in Input) Result {
	left := diagnosis.FindLeftovers(in.Evidence, in.Plan)
	var stay string
	if len(left.Stay) > 0 {
		stay = "; may stay: " + strings.Join(places(left.Stay), ", ")
	}
	if n := len(left.Found); n > 0 {
		const shown = 100
		list := places(left.Found)
		if n > shown {
			list = append(list[:shown], "and more, see the report")
		}
		return fail("found %d, want none; %s%s%s", n, strings.Join(list, "; "), stay, signals(left, diagnosis.Unanswered))
	}
	if open := signals(left, diagnosis.Unanswered); open != "" {
		return unknown("nothing was found%s%s", open, stay)
	}
	if !left.Listed {
		return unknown("nothing was found, and whether a token is stored on GitHub was not asked: %s%s%s", ask, stay, signals(left, diagnosis.NotConsulted))
	}
	return pass("nothing was found%s%s", signals(left, diagnosis.Clean)+signals(left, diagnosis.NotConsulted), stay)
}

func places(list []diagnosis.Finding) []string {
	var out []string
	for _, f := range list {
		text := f.ID
		if f.Name != "" {
			text = f.Name + " (" + f.ID + ")"
		}
		if f.File != "" {
			text += " at " + f.Pos.String()
		}
		out = append(out, text)
	}
	return out
}

// signals lists the sources of one state.
func signals(left *diagnosis.Leftovers, state diagnosis.SignalState) string {
	var list []string
	for _, s := range left.Signals {
		if s.State == state {
			text := s.Name
			if s.Why != "" {
				text += " (" + s.Why + ")"
			}
			list = append(list, text)
		}
	}
	if list == nil {
		return ""
	}
	return "; " + string(state) + ": " + strings.Join(list, ", ")
}

// leftovers is the list for the report, where the question was asked.
func leftovers(in Input, checks []report.Check) []report.Leftover {
	for _, c := range checks {
		if c.ID == LeftoverToken.ID && c.Status != report.Skip && len(in.Altered) == 0 {
			return append([]report.Leftover{}, diagnosis.FindLeftovers(in.Evidence, in.Plan).Report()...)
		}
	}
	return nil
}
