package report

// Decide gives every package and the report their status. It is the only
// verdict; renderers and exit codes repeat it.
//
// A package is verified when at least one required check passed and every
// required check passed or was skipped. A Pending or Error that the caller set,
// because waiting ended or the registry or trust root was out of reach, stays:
// it never turns into Verified, and only a required Fail outweighs it. The
// report is as bad as its worst package, and never verified without one or with
// a Problem of its own.
func (r *Report) Decide() {
	status := Status("")
	switch {
	case r.Problem != "" && r.Status != Pending:
		status = Error
	case r.Problem != "" || len(r.Packages) == 0 && (r.Status == Pending || r.Status == Error):
		status = r.Status
	case len(r.Packages) == 0:
		status = NotVerified
	}
	for i := range r.Packages {
		p := &r.Packages[i]
		p.decide()
		if status == "" || p.Status.weight() > status.weight() {
			status = p.Status
		}
	}
	r.Status = status
}

func (p *Package) decide() {
	passed, failed, open := 0, 0, 0
	for _, c := range p.Checks {
		if !c.required() {
			continue
		}
		switch c.Status {
		case Pass:
			passed++
		case Skip:
		case Fail:
			failed++
		default:
			open++
		}
	}
	switch {
	case failed > 0:
		p.Status = NotVerified
	case p.unfinished():
	case passed > 0 && open == 0:
		p.Status = Verified
	default:
		p.Status = NotVerified
	}
}

// ExitCode is the exit status of the command: 0 verified, or pending where the
// caller only wants a warning for that; 1 not verified; 3 could not finish.
// A report that was not decided counts as not verified.
func (r *Report) ExitCode(warnOnTimeout bool) int {
	switch r.Status {
	case Verified:
		return 0
	case Pending:
		if warnOnTimeout {
			return 0
		}
		return 3
	case Error:
		return 3
	}
	return 1
}

// weight orders statuses from good to bad; anything else is the worst.
func (s Status) weight() int {
	switch s {
	case Verified:
		return 0
	case Pending:
		return 1
	case Error:
		return 2
	}
	return 3
}

// required reports whether the check decides. Only the word advisory takes a
// check out of the verdict: a level misspelt must not.
func (c *Check) required() bool { return c.Level != Advisory }

// against reports whether the check speaks against the release: it failed, or it
// is required and could not be decided.
func (c *Check) against() bool {
	switch c.Status {
	case Pass, Skip:
		return false
	case Fail:
		return true
	}
	return c.required()
}

// unfinished reports whether the checks of p had not all they need: those that
// are undecided then say nothing about the release.
func (p *Package) unfinished() bool { return p.Status == Pending || p.Status == Error }
