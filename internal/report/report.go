// Package report is what was found: one Report, one verdict, and its renderings
// for the console, the job summary, JSON readers and README badges.
//
// The report is data; no renderer decides anything. Text in it may come from
// outside (registry, certificate, workflow file): it is kept verbatim here and
// made inert by the renderer that prints it.
package report

// Schema is the version of the JSON form, the "schema" field of a [Report].
const Schema = 1

// Status is the verdict on one package or on the whole run.
type Status string

// The verdicts.
const (
	Verified    Status = "verified"
	NotVerified Status = "not-verified"
	Pending     Status = "pending"
	Error       Status = "error"
)

// CheckStatus is the answer of one check.
type CheckStatus string

// The answers. Unknown counts against; a pass must be said.
const (
	Pass    CheckStatus = "pass"
	Fail    CheckStatus = "fail"
	Skip    CheckStatus = "skip"
	Unknown CheckStatus = "unknown"
)

// Level says whether a check decides the verdict or only warns.
type Level string

// The levels.
const (
	Required Level = "required"
	Advisory Level = "advisory"
)

// Report is everything one run established, schema 1.
type Report struct {
	Schema    int       `json:"schema"`
	Status    Status    `json:"status"`
	Registry  string    `json:"registry"`
	Generated string    `json:"generated"` // RFC 3339, UTC
	Tool      string    `json:"tool,omitempty"`
	Problem   string    `json:"problem,omitempty"` // why the run as a whole could not finish
	Notes     []string  `json:"notes,omitempty"`   // what was left out or assumed, in sentences
	Packages  []Package `json:"packages"`
}

// Package is what was found about one release.
type Package struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	PURL    string   `json:"purl"`
	Status  Status   `json:"status"`
	State   string   `json:"state,omitempty"`   // how far npm is with it: served, processing, staged, attestations-pending, no-provenance, unreachable, interrupted
	Problem string   `json:"problem,omitempty"` // why it could not be finished, and what to do
	Notes   []string `json:"notes,omitempty"`
	Checks  []Check  `json:"checks"`
	Waited  *Waited  `json:"waited,omitempty"`
	Dist    *Dist    `json:"dist,omitempty"`
	Trust   *Trust   `json:"trust,omitempty"`
	Source  *Source  `json:"source,omitempty"`
	Log     *Log     `json:"log,omitempty"`
	Links   *Links   `json:"links,omitempty"`
	// LeftoverTokens names npm credentials that are left, never their values.
	LeftoverTokens []Leftover `json:"leftover_tokens,omitempty"`
	// Evidence maps file names of the saved evidence folder to "sha256:<hex>".
	Evidence map[string]string `json:"evidence,omitempty"`
	// Archive is the evidence folder as one file. It holds the report, so the
	// report within does not know it.
	Archive *Archive `json:"archive,omitempty"`
}

// Archive names a file and its digest, "sha256:<hex>".
type Archive struct {
	File   string `json:"file"`
	Digest string `json:"digest"`
}

// Check is one question of the table and its answer. Title is a claim; Detail
// says what was found and, on a failure, what was wanted.
type Check struct {
	ID     string      `json:"id"`
	Title  string      `json:"title"`
	Status CheckStatus `json:"status"`
	Level  Level       `json:"level"`
	Detail string      `json:"detail"`
	Docs   string      `json:"docs"`
	Causes []Cause     `json:"causes,omitempty"`
}

// Cause is a known reason for a failure, its evidence and its mend. File is
// relative to the workspace with "/", Line counts from 1; both are absent where
// no place is known.
type Cause struct {
	ID      string `json:"id"`
	Detail  string `json:"detail"`
	Fix     string `json:"fix"`
	Snippet string `json:"snippet,omitempty"` // to paste: YAML, JSON or a command
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Docs    string `json:"docs"`
}

// Waited says how long the release took to be served, surface by surface.
type Waited struct {
	Seconds  float64   `json:"seconds"`
	Surfaces []Surface `json:"surfaces"`
}

// Surface is one thing the registry serves: manifest, tarball, attestations or
// dist-tag. Seconds is the time until it was ready, or until waiting ended.
type Surface struct {
	Surface string  `json:"surface"`
	Ready   bool    `json:"ready"`
	Seconds float64 `json:"seconds"`
	Last    string  `json:"last,omitempty"` // what was seen last, where not ready
}

// Dist is what the registry says of the tarball.
type Dist struct {
	Integrity string `json:"integrity,omitempty"`
	Tarball   string `json:"tarball,omitempty"`
	// AttestationsDigest is "sha256:<hex>" of the attestations document, of
	// which at least one attestation verified.
	AttestationsDigest string `json:"attestations_digest,omitempty"`
}

// Trust is the trust level as pnpm ranks it. Publisher is unsigned registry
// metadata. BestBefore is the best level among earlier versions.
type Trust struct {
	Level      string `json:"level"`
	Publisher  string `json:"publisher,omitempty"`
	BestBefore string `json:"best_before,omitempty"`
}

// Source is what the signing certificate says of the build; only fields of a
// verified certificate are ever set.
type Source struct {
	Repository   string `json:"repository,omitempty"`
	RepositoryID string `json:"repository_id,omitempty"`
	OwnerID      string `json:"owner_id,omitempty"`
	Ref          string `json:"ref,omitempty"`
	Commit       string `json:"commit,omitempty"`
	Workflow     string `json:"workflow,omitempty"`
	Signer       string `json:"signer,omitempty"`
	Trigger      string `json:"trigger,omitempty"`
	Runner       string `json:"runner,omitempty"`
	Run          string `json:"run,omitempty"`
	Visibility   string `json:"visibility,omitempty"`
	Environment  string `json:"environment,omitempty"`
}

// Log is the transparency log entry of the provenance. Origin and TreeSize are
// those of the signed checkpoint.
type Log struct {
	Index          *int64 `json:"index,omitempty"`
	URL            string `json:"url,omitempty"`
	IntegratedTime string `json:"integrated_time,omitempty"` // RFC 3339; absent on Rekor v2
	Origin         string `json:"origin,omitempty"`
	TreeSize       int64  `json:"tree_size,omitempty"`
}

// Links lead a reader to the same facts elsewhere.
type Links struct {
	NPM           string `json:"npm,omitempty"`
	Attestations  string `json:"attestations,omitempty"`
	BadgeMarkdown string `json:"badge_markdown,omitempty"`
}

// Leftover is one place where an npm credential is left.
type Leftover struct {
	ID   string `json:"id"`   // cause id: token-reference, token-in-file, …
	Name string `json:"name"` // name of the variable or secret, never a value
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}
