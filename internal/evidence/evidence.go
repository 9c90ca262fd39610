// Package evidence establishes what there is to know about a release: what the
// registry serves, what of it verifies, and what a saved folder holds.
//
// Everything that waits, reads or asks happens here and may fail; a failure is
// kept beside the thing it concerns, never dropped, and never reads as success:
// a zero Evidence holds nothing that a check could pass.
package evidence

import (
	"errors"
	"time"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/sigstore"
)

// Evidence is what was established about one release. A nil pointer is
// something that could not be had; the matching Surface or error says why.
type Evidence struct {
	Release  plan.Release
	Registry string
	Offline  bool

	State    State
	Started  time.Time
	Waited   time.Duration
	Surfaces [4]Surface // indexed by the surface constants

	Manifest *npm.Manifest
	Place    *npm.Place      // in the packument, and of the dist-tag
	Served   *npm.TarballSum // of the tarball the registry serves
	Local    *npm.TarballSum // of the tarball this job packed, when the plan names one
	LocalErr error

	Signature error // of the registry over name, version and integrity; nil only if SignatureChecked
	Attestations
	AttestationsDigest string // "sha256:<hex>" of the attestations document that was read last

	Trust *Trust // nil when nothing came to the point of needing it
	// SignatureChecked is set once the registry's signatures were compared with keys.
	SignatureChecked bool
	// SignatureTimes are the instants at which the signing key had to be valid.
	SignatureTimes []time.Time

	Altered []string          // of a saved folder: files that are not as they were saved, in words
	SaveErr error             // the evidence could not be saved
	Folder  string            // where the evidence was saved, or read from
	Files   map[string]string // "sha256:<hex>" by file name, of what was saved
	Run     *RunFacts         // what this run, its workflow and its logs say; nil when not looked at
}

// Attestations is what a release's attestations document holds.
type Attestations struct {
	Provenance Attested
	Publish    Attested
	Others     []string // predicate types of attestations that are neither; not verified
}

// Attested is the answer to "is there exactly one, and does it verify?".
// Verified is set only on success.
type Attested struct {
	Count    int    // how many the registry's document holds under this type
	Label    string // the predicate type the document gives it
	Verified *sigstore.Verified
	Err      error
}

// State says how far the registry is with a release.
type State string

// The states.
const (
	StateServed              State = "served"
	StateProcessing          State = "processing"           // accepted perhaps, not served yet
	StateStaged              State = "staged"               // waits for a maintainer's approval
	StateAttestationsPending State = "attestations-pending" // served, its attestations are not
	StatePartlyServed        State = "partly-served"        // manifest yes, tarball no
	StateNoProvenance        State = "no-provenance"        // final: published without
	StateRefused             State = "refused"              // the registry answered, and waiting cannot mend it
	StateUnreachable         State = "unreachable"
	StateNoTrust             State = "no-trust-root" // nothing to verify against
	StateInterrupted         State = "interrupted"
	StateSaved               State = "saved" // read from a folder
)

// The surfaces of a release, each ready at a time of its own.
const (
	ManifestSurface = iota
	TarballSurface
	AttestationsSurface
	DistTagSurface
)

// SurfaceNames are the surfaces' names as the report has them, by index.
var SurfaceNames = [4]string{"manifest", "tarball", "attestations", "dist-tag"}

// Surface is how one thing the registry serves came to be served.
type Surface struct {
	Asked    bool // false: there was nothing to wait for
	Ready    bool
	After    time.Duration // from the start until it was ready, or until waiting ended
	Err      error         // the last answer, when not ready
	Final    bool          // Err is one that waiting cannot mend
	Denied   bool          // the registry said, at least once, that it does not have it
	Attempts int
}

// Pending tells whether waiting longer might still change the surface.
func (s Surface) Pending() bool { return s.Asked && !s.Ready && !s.Final }

// Absent tells whether the registry said that it does not have it, which is
// what it says of a release that it still processes.
func (s Surface) Absent() bool {
	var e *npm.Error
	if errors.As(s.Err, &e) {
		return e.Kind == npm.Absent
	}
	var lag *lagError
	return errors.As(s.Err, &lag)
}

// lagError is an answer that is sound and too old: the release, its tag or one
// of its attestations is not in it yet.
type lagError struct{ what string }

func (e *lagError) Error() string { return e.what }

// Reason says in words why the surface is not ready.
func (s Surface) Reason() string {
	switch {
	case s.Ready:
		return "ready"
	case s.Err != nil:
		return s.Err.Error()
	case s.Asked:
		return "no answer yet"
	}
	return "not asked for"
}
