package npm

import (
	"time"

	"github.com/Masterminds/semver/v3"
)

// Place is what a packument says that bears on one of its versions: a few
// values, however many versions there are. None of it is verified.
type Place struct {
	Listed    bool      // the version is among the package's
	Published time.Time // zero: the packument does not say
	Others    int       // versions beside it
	Highest   string    // the highest stable version by semver that is not deprecated; "" if there is none

	Tagged   string    // the version that the dist-tag points at; "" if there is no such tag
	TaggedAt time.Time // when that one was published; zero: the packument does not say

	// Earlier counts the versions published before this one by date, and Best is
	// the one among them whose trust level, BestTrust, is the highest; "" if there
	// is none. For a stable version prereleases are left out, as pnpm leaves them
	// out (pnpm resolving/npm-resolver/src/trustChecks.ts).
	Earlier   int
	Best      string
	BestTrust TrustLevel
}

// Place finds the place of version, and of what the dist-tag tag points at.
func (p *Packument) Place(version, tag string) *Place {
	_, listed := p.Versions[version]
	out := &Place{
		Listed: listed, Published: p.Time[version],
		Tagged: p.DistTags[tag], TaggedAt: p.Time[p.DistTags[tag]],
	}
	ours, err := semver.StrictNewVersion(version)
	stable := err == nil && ours.Prerelease() == ""
	var highest *semver.Version
	for v, facts := range p.Versions {
		sv, err := semver.StrictNewVersion(v)
		theirs := err == nil && sv.Prerelease() == ""
		if theirs && !facts.Deprecated && (highest == nil || sv.GreaterThan(highest)) {
			highest, out.Highest = sv, v
		}
		if v == version {
			continue
		}
		out.Others++
		at, dated := p.Time[v]
		if !dated || !at.Before(out.Published) || stable && !theirs {
			continue
		}
		out.Earlier++
		if facts.Trust > out.BestTrust || out.Best == "" || facts.Trust == out.BestTrust && v > out.Best {
			out.Best, out.BestTrust = v, facts.Trust
		}
	}
	return out
}
