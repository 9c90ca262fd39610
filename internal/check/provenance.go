package check

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/sigstore"
)

// Provenance asks whether exactly one SLSA provenance verifies under the
// trusted root, and is about this release and no other.
var Provenance = Check{
	ID:    "provenance",
	Title: "The provenance verifies for this release",
	Level: report.Required,
	Run:   provenance,
}

func provenance(in Input) Result {
	if in.Manifest == nil {
		return noManifest()
	}
	if in.Manifest.Dist.Attestations == nil {
		return fail("published without provenance: the manifest announces no attestations (dist.attestations)")
	}
	if r, ok := attested(in, "provenance", in.Provenance); !ok {
		return r
	}
	v := in.Provenance.Verified
	if v.Certificate == nil {
		return fail("the provenance was not signed under a certificate")
	}
	if problems := subject(in, v); len(problems) > 0 {
		return fail("the provenance is about something else: %s", strings.Join(problems, "; "))
	}
	return pass("%s signed by %s, logged at %s", in.Provenance.Label, v.Certificate.SAN, logged(v))
}

// attested answers whether there is exactly one verified attestation. When ok
// is false the result is the check's answer.
func attested(in Input, what string, a evidence.Attested) (r Result, ok bool) {
	s := in.Surfaces[evidence.AttestationsSurface]
	if !s.Ready {
		if s.Final {
			return fail("the attestations could not be read: %s", s.Reason()), false
		}
		return unknown("the attestations are not served: %s", s.Reason()), false
	}
	if r, ok := noTrust(in); ok {
		return r, false
	}
	switch {
	case a.Count == 0:
		return fail("the registry serves no %s among the attestations of this release%s", what, others(in)), false
	case a.Count > 1:
		return fail("the registry serves %d attestations of this kind, want exactly one %s", a.Count, what), false
	case a.Err != nil:
		var e *sigstore.Error
		if errors.As(a.Err, &e) && e.Kind == sigstore.Unsupported {
			return unknown("cannot be decided with this version of verify-npm-release: %v", a.Err), false
		}
		if errors.Is(a.Err, evidence.ErrNoKeys) {
			return unknown("%v: %s", a.Err, in.Trust.KeysFrom), false
		}
		return fail("the %s does not verify: %v", what, a.Err), false
	case a.Verified == nil:
		return unknown("the %s was not verified", what), false
	}
	return Result{}, true
}

func others(in Input) string {
	if len(in.Others) == 0 {
		return ""
	}
	return "; it serves " + names(in.Others) + " that npm does not make"
}

// subject lists how the statement's subject differs from this release. npm
// writes exactly one subject: the purl, and the sha512 of the tarball (npm:
// libnpmpublish lib/publish.js).
func subject(in Input, v *sigstore.Verified) []string {
	if n := len(v.Statement.Subjects); n != 1 {
		return []string{fmt.Sprintf("it has %d subjects, want exactly one", n)}
	}
	var problems []string
	got := v.Statement.Subjects[0]
	if want := in.Release.Spec.PURL(); got.Name != want {
		problems = append(problems, fmt.Sprintf("its subject is %q, want %q", got.Name, want))
	}
	sum, err := npm.ParseIntegrity(in.Manifest.Dist.Integrity)
	if err != nil {
		return append(problems, fmt.Sprintf("the manifest has no digest to compare with: %v", err))
	}
	if want := hex.EncodeToString(sum[:]); got.Digest["sha512"] != want {
		problems = append(problems, fmt.Sprintf("its sha512 is %q, the manifest's is %q", got.Digest["sha512"], want))
	}
	return problems
}

func logged(v *sigstore.Verified) string {
	at := "a time the log does not sign"
	if len(v.Times) > 0 {
		at = v.Times[0].UTC().Format("2006-01-02 15:04:05Z")
	}
	if v.Log.Index < 0 {
		return at + ", at an index the log does not sign"
	}
	return fmt.Sprintf("%s, index %d", at, v.Log.Index)
}
