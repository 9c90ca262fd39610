package workflow

// Grant says whether a job may ask for an id-token.
type Grant string

// The grants. id-token has no read level.
const (
	GrantWrite   Grant = "write"
	GrantNone    Grant = "none"
	GrantUnknown Grant = "unknown"
)

// Permission is what a permissions key says about id-token, and the line that
// decides it: the id-token entry where there is one, else the permissions key,
// else the job.
type Permission struct {
	Grant Grant
	Pos   Pos
	Why   string
}

// permission reads a permissions key; nil when there is none.
func (d *document) permission(parent *node) *Permission {
	key, n := parent.pair("permissions")
	if n == nil {
		return nil
	}
	p := &Permission{Grant: GrantNone, Pos: d.pos(key)}
	if n.kind == mapping {
		entry, level := n.pair("id-token")
		if entry == nil {
			p.Why = "permissions has no id-token, and what it does not list is none"
			return p
		}
		p.Pos = d.pos(entry)
		switch level.scalar() {
		case "write":
			p.Grant, p.Why = GrantWrite, "id-token: write"
		case "none":
			p.Why = "id-token: none"
		default:
			p.Grant, p.Why = GrantUnknown, "id-token is neither write nor none"
		}
		return p
	}
	switch n.scalar() {
	case "write-all":
		p.Grant, p.Why = GrantWrite, "write-all grants id-token: write"
	case "read-all":
		p.Why = "read-all does not grant id-token, which has no read level"
	case "":
		p.Why = "permissions is empty, and what it does not list is none"
	default:
		p.Grant, p.Why = GrantUnknown, "permissions is neither a list nor write-all nor read-all"
	}
	return p
}

// effective gives the id-token permission of the last of a chain of jobs, each
// called by the one before; files[i] holds jobs[i]. A job's permissions replace
// its file's; a called file that names none takes over its caller's; one that
// asks for more than its caller has is refused by GitHub before any job starts
// (actions/runner, src/Sdk/WorkflowParser/Conversion: WorkflowTemplateConverter
// and PermissionsHelper).
func effective(files []*Workflow, jobs []*Job) Permission {
	var cur *Permission
	for i, job := range jobs {
		own := job.Permissions
		if own == nil {
			own = files[i].Permissions
		}
		switch {
		case own == nil:
		case i == 0 || own.Grant == GrantNone:
			cur = own
		case cur == nil:
			cur = &Permission{Grant: GrantUnknown, Pos: jobs[i-1].Pos,
				Why: "the calling job declares no permissions, so the repository's default decides whether the called workflow may have id-token: write"}
		case cur.Grant == GrantNone:
			return Permission{Grant: GrantNone, Pos: cur.Pos,
				Why: "the called workflow asks for id-token at " + own.Pos.String() + ", which its caller does not have; GitHub refuses to start such a run"}
		case cur.Grant == GrantUnknown:
		default:
			cur = own
		}
	}
	if cur == nil {
		return Permission{Grant: GrantNone, Pos: jobs[len(jobs)-1].Pos,
			Why: "neither the job nor its workflow has permissions, and no default of GitHub's grants id-token"}
	}
	return *cur
}
