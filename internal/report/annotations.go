package report

// Annotation is one message for the place of a failure, as data for the runner's
// ::error and ::warning commands. File is relative to the workspace, Line counts
// from 1; both are empty where no place is known. Message may have several lines.
type Annotation struct {
	Level   string // "error", "warning" or "notice"
	File    string
	Line    int
	Title   string
	Message string
}

// Annotations returns at most one annotation for each check that speaks against
// a release, errors first.
func (r *Report) Annotations(warnOnTimeout bool) []Annotation { return nil }
