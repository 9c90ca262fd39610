// Package npm speaks to an npm registry and reads what it serves: manifests,
// packuments, attestations, keys and tarballs, and verifies the registry's own
// signatures.
//
// Everything a registry sends is hostile until it is verified. Documents are
// read by exact key (encoding/json would let "Dist" override "dist"), duplicate
// keys are refused at every depth, and bytes, counts and time are bounded by the
// constants of limits.go. A [Manifest] or [Packument] is what the registry says,
// not what is true: of a manifest only name, version and dist.integrity are
// covered by a signature, see [KeySet.VerifySignatures].
package npm
