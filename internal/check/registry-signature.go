package check

import (
	"errors"
	"fmt"
	"strings"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/report"
)

// RegistrySignature asks whether the registry signed name, version and
// integrity with a key that was valid then. Every signature must verify, as in
// npm's own audit (pacote lib/registry.js).
var RegistrySignature = Check{
	ID:    "registry-signature",
	Title: "The registry signed this name, version and digest",
	Level: report.Required,
	Run:   registrySignature,
}

func registrySignature(in Input) Result {
	if in.Manifest == nil {
		return noManifest()
	}
	if r, ok := noTrust(in); ok {
		return r
	}
	if in.Trust.Keys == nil {
		if in.Offline || in.Registry == npm.PublicRegistry {
			return unknown("%v: %s", evidence.ErrNoKeys, in.Trust.KeysFrom)
		}
		return skip("%s", in.Trust.KeysFrom)
	}
	if !in.SignatureChecked {
		return unknown("the signature was not compared with any key")
	}
	var problems npm.SignatureErrors
	switch {
	case in.Signature == nil:
		var ids []string
		for _, s := range in.Manifest.Dist.Signatures {
			ids = append(ids, s.KeyID)
		}
		return pass("%s over %s, with a key of %s", strings.Join(ids, ", "), in.Release.Spec, in.Trust.KeysFrom)
	case errors.As(in.Signature, &problems):
		undecided := true
		var text []string
		for _, p := range problems {
			undecided = undecided && p.Kind == npm.SignatureTimeUnknown
			text = append(text, p.Detail)
		}
		detail := strings.Join(text, "; ")
		if undecided && len(problems) > 0 {
			return unknown("%s", detail)
		}
		return fail("%s", detail)
	}
	return fail("%v", in.Signature)
}

// names counts a list and names what is in it.
func names(list []string) string {
	return fmt.Sprintf("%d (%s)", len(list), strings.Join(list, ", "))
}
