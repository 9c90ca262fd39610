package report

// Badge returns README markdown: an image that says what was verified, linked to
// the package's provenance on npmjs.com. It is empty unless p is verified and its
// provenance check passed.
func Badge(p Package) string { return "" }

// VersionBadge is [Badge] for this one version: it names it and links to it.
func VersionBadge(p Package) string { return "" }

// BadgeEndpoint returns the JSON of a shields.io endpoint badge, or nil where
// [Badge] is empty.
func BadgeEndpoint(p Package) []byte { return nil }

// BadgeSVG returns the badge as an SVG image of our own, or nil where [Badge] is
// empty.
func BadgeSVG(p Package) []byte { return nil }
