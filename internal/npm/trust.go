package npm

// TrustLevel ranks how a version was published, by the registry's own unsigned
// metadata, as pnpm ranks it for trustPolicy: no-downgrade
// (pnpm resolving/npm-resolver/src/trustChecks.ts).
type TrustLevel int

// The levels, weakest first.
const (
	TrustNone             TrustLevel = iota
	TrustProvenance                  // dist.attestations.provenance
	TrustTrustedPublisher            // _npmUser.trustedPublisher and provenance
	TrustStagedPublish               // _npmUser.approver: staged, then approved with a second factor
)

// String returns the level as the report spells it.
func (t TrustLevel) String() string {
	switch t {
	case TrustProvenance:
		return "provenance"
	case TrustTrustedPublisher:
		return "trusted-publisher"
	case TrustStagedPublish:
		return "staged-publish"
	}
	return "none"
}

// rank is pnpm's rule. A trusted publisher without provenance ranks as nothing.
func rank(approver, publisher, provenance bool) TrustLevel {
	switch {
	case approver:
		return TrustStagedPublish
	case publisher && provenance:
		return TrustTrustedPublisher
	case provenance:
		return TrustProvenance
	}
	return TrustNone
}
