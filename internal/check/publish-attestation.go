package check

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/report"
)

// PublishAttestation asks whether npm attests, under its own key, that it
// accepted these bytes under this name and version.
var PublishAttestation = Check{
	ID:    "publish-attestation",
	Title: "npm attests that it published these bytes",
	Level: report.Required,
	Run:   publishAttestation,
}

func publishAttestation(in Input) Result {
	if in.Manifest == nil {
		return noManifest()
	}
	if in.Manifest.Dist.Attestations == nil {
		return skip("npm makes one only for a release with provenance, and this one has none")
	}
	if r, ok := attested(in, "publish attestation", in.Publish); !ok {
		return r
	}
	v := in.Publish.Verified
	problems := subject(in, v)
	// github.com/npm/attestation specs/publish/v0.1: name, version, registry.
	var predicate struct {
		Name     string `json:"name"`
		Version  string `json:"version"`
		Registry string `json:"registry"`
	}
	if err := json.Unmarshal(v.Statement.Predicate, &predicate); err != nil {
		return fail("the publish attestation's predicate cannot be read: want name, version and registry")
	}
	if predicate.Name != in.Release.Spec.Name {
		problems = append(problems, fmt.Sprintf("it names package %q, want %q", predicate.Name, in.Release.Spec.Name))
	}
	if predicate.Version != in.Release.Spec.Version {
		problems = append(problems, fmt.Sprintf("it names version %q, want %q", predicate.Version, in.Release.Spec.Version))
	}
	registry := strings.TrimSuffix(predicate.Registry, "/")
	mirror := ""
	switch {
	case registry == "":
		problems = append(problems, "it names no registry")
	case registry == in.Registry:
	case registry == npm.PublicRegistry:
		// A mirror serves the public registry's attestations as they are, under its keys.
		mirror = fmt.Sprintf("; the registry asked, %s, is a mirror of it", in.Registry)
	default:
		problems = append(problems, fmt.Sprintf("it names registry %q, want %q", predicate.Registry, in.Registry))
	}
	if len(problems) > 0 {
		return fail("the publish attestation is about something else: %s", strings.Join(problems, "; "))
	}
	return pass("signed by %s for %s, logged at %s%s", v.KeyID, registry, logged(v), mirror)
}
