package npm

import "time"

// The bounds on what is accepted from a registry. Sizes are of decompressed
// bytes, so that a gzip bomb is measured by what it unpacks to.
const (
	maxManifest     = 4 << 20   // bytes of one version's manifest; the largest real ones are below 1 MiB
	maxPackument    = 256 << 20 // bytes; the largest real ones are below 100 MiB
	maxAttestations = 4 << 20   // bytes of an attestations document; npm's have some ten kB
	maxKeys         = 1 << 20   // bytes of a list of keys
	maxTarball      = 1 << 30   // bytes of a tarball as served
	smallAnswer     = 128 << 10 // bytes up to which documents are read side by side
	smallStream     = 512 << 10 // bytes up to which packuments are, of which one value at a time is held
	maxLarge        = 2         // larger answers in memory at a time, of a client
	fewNames        = 10_000    // names of versions and times up to which packuments are read side by side
	maxErrorBody    = 4 << 10   // bytes read of the body of an answer other than 200

	maxValue      = maxManifest // bytes of one value inside a packument: no version outweighs a manifest
	maxDepth      = 256         // nesting of arrays and objects in a document
	maxMembers    = 1000        // members at the top of a packument, wanted or not
	maxVersions   = 100_000     // versions of a packument, and entries of its time
	maxTags       = 10_000      // dist-tags
	maxKeyName    = 512         // bytes of a version, tag or top-level key in a packument
	maxNames      = 8 << 20     // bytes of all keys and tags held of a packument
	maxSignatures = 64          // entries of dist.signatures
	maxEntries    = 64          // attestations of one release
	maxKeyCount   = 1024        // entries of a list of keys

	maxName    = 512  // bytes of a package name; npm allows 214 today, older names may be longer
	maxVersion = 256  // bytes of a version, as in node-semver's MAX_LENGTH
	maxURL     = 2048 // bytes of a registry URL and of a URL in a document

	maxRedirects  = 5
	maxHeader     = 64 << 10        // bytes of response headers
	maxRetryAfter = 5 * time.Minute // as long as npm's edge caches an answer
	maxExcerpt    = 200             // bytes of a server's own words repeated in an error

	defaultRequestTimeout = 30 * time.Second
	maxStreamTime         = 30 * time.Minute // for a tarball or packument that keeps coming
	minProgress           = 128 << 10        // bytes that a stream must bring in each RequestTimeout, or end
)

// Bounds in bytes of the registry's answers, for whoever reads saved copies of them.
const (
	ManifestLimit     = maxManifest
	PackumentLimit    = maxPackument
	AttestationsLimit = maxAttestations
	TarballLimit      = maxTarball
)
