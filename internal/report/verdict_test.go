package report

import "testing"

func TestDecide(t *testing.T) {
	t.Parallel()
	pass, fail := Check{ID: "a", Status: Pass, Level: Required}, Check{ID: "b", Status: Fail, Level: Required}
	skip, unknown := Check{ID: "c", Status: Skip, Level: Required}, Check{ID: "d", Status: Unknown, Level: Required}
	advice := func(s CheckStatus) Check { return Check{ID: "e", Status: s, Level: Advisory} }
	for _, row := range []struct {
		name   string
		preset Status
		checks []Check
		want   Status
	}{
		{"no checks is never verified", "", nil, NotVerified},
		{"no checks is never verified, whatever was set before", Verified, nil, NotVerified},
		{"one required pass is enough", "", []Check{pass}, Verified},
		{"a skip does not count against", "", []Check{pass, skip}, Verified},
		{"skips alone prove nothing", "", []Check{skip, skip}, NotVerified},
		{"advisory passes alone prove nothing", "", []Check{advice(Pass)}, NotVerified},
		{"an advisory failure only warns", "", []Check{pass, advice(Fail), advice(Unknown)}, Verified},
		{"a required failure decides", "", []Check{pass, fail}, NotVerified},
		{"unknown counts against", "", []Check{pass, unknown}, NotVerified},
		{"a status never heard of counts against", "", []Check{pass, {Status: "passed", Level: Required}}, NotVerified},
		{"no status at all counts against", "", []Check{pass, {Level: Required}}, NotVerified},
		{"a level never heard of is required", "", []Check{pass, {Status: Fail, Level: "advisry"}}, NotVerified},
		{"pending stays though all that was checked passed", Pending, []Check{pass}, Pending},
		{"error stays though all that was checked passed", Error, []Check{pass}, Error},
		{"pending stays without checks", Pending, nil, Pending},
		{"pending stays over unknown", Pending, []Check{unknown}, Pending},
		{"fail beats pending", Pending, []Check{unknown, fail}, NotVerified},
		{"fail beats error", Error, []Check{fail}, NotVerified},
		{"an advisory failure does not beat pending", Pending, []Check{pass, advice(Fail)}, Pending},
		{"a preset that is no status is ignored", "ok", []Check{fail}, NotVerified},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &Report{Packages: []Package{{Status: row.preset, Checks: row.checks}}}
			for range 2 { // deciding twice changes nothing
				r.Decide()
				if got := r.Packages[0].Status; got != row.want {
					t.Errorf("package: got %q, want %q", got, row.want)
				}
				if r.Status != row.want {
					t.Errorf("report: got %q, want %q", r.Status, row.want)
				}
			}
		})
	}
}

func TestDecideTakesTheWorst(t *testing.T) {
	t.Parallel()
	pkg := map[Status]Package{
		Verified:    {Checks: []Check{{Status: Pass, Level: Required}}},
		NotVerified: {Checks: []Check{{Status: Fail, Level: Required}}},
		Pending:     {Status: Pending},
		Error:       {Status: Error},
	}
	for _, row := range []struct {
		name     string
		preset   Status
		problem  string
		packages []Status
		want     Status
		exit     int
		warned   int
	}{
		{"no packages", "", "", nil, NotVerified, 1, 1},
		{"no packages, said to be verified", Verified, "", nil, NotVerified, 1, 1},
		{"no packages for want of a trust root", Error, "", nil, Error, 3, 3},
		{"no packages, and a problem", "", "no trust root", nil, Error, 3, 3},
		{"interrupted before any package", Pending, "", nil, Pending, 3, 0},
		{"all verified", "", "", []Status{Verified, Verified}, Verified, 0, 0},
		{"all verified, and a problem", Verified, "evidence not written", []Status{Verified}, Error, 3, 3},
		{"all verified, and interrupted", Pending, "interrupted", []Status{Verified}, Pending, 3, 0},
		{"pending beats verified", "", "", []Status{Verified, Pending}, Pending, 3, 0},
		{"error beats pending", "", "", []Status{Error, Pending, Verified}, Error, 3, 3},
		{"not verified beats error", "", "", []Status{Verified, NotVerified, Error, Pending}, NotVerified, 1, 1},
		{"not verified beats a problem", "", "cut short", []Status{NotVerified}, NotVerified, 1, 1},
		{"pending of an earlier decision is forgotten", Pending, "", []Status{Verified}, Verified, 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &Report{Status: row.preset, Problem: row.problem}
			for _, s := range row.packages {
				r.Packages = append(r.Packages, pkg[s])
			}
			r.Decide()
			if r.Status != row.want {
				t.Errorf("status: got %q, want %q", r.Status, row.want)
			}
			if got := r.ExitCode(false); got != row.exit {
				t.Errorf("exit code: got %d, want %d", got, row.exit)
			}
			if got := r.ExitCode(true); got != row.warned {
				t.Errorf("exit code with warning: got %d, want %d", got, row.warned)
			}
		})
	}
}

func TestAnUndecidedReportFails(t *testing.T) {
	t.Parallel()
	if got := new(Report).ExitCode(true); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
}
