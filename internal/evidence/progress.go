package evidence

import "verify-npm-release/internal/npm"

// Progress is one thing that happened while waiting: an answer about one
// surface of one release.
type Progress struct {
	Release npm.Spec
	Surface string
	State   Surface
}
