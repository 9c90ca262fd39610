package npm

import (
	"strings"
	"testing"
	"time"
)

// packument lists versions in the order they were published, a day apart: "v/t" is of a trusted publisher, "v/p" has
// provenance, "v/s" was staged, "v!" is deprecated, "v?" has no time.
func packument(tags map[string]string, versions ...string) *Packument {
	p := &Packument{Name: "x", DistTags: tags, Time: map[string]time.Time{}, Versions: map[string]Version{}}
	for i, v := range versions {
		v, level, _ := strings.Cut(v, "/")
		v, undated := strings.CutSuffix(v, "?")
		v, deprecated := strings.CutSuffix(v, "!")
		if !undated {
			p.Time[v] = day(i)
		}
		p.Versions[v] = Version{Deprecated: deprecated, Trust: map[string]TrustLevel{
			"p": TrustProvenance, "t": TrustTrustedPublisher, "s": TrustStagedPublish}[level]}
	}
	return p
}

func day(n int) time.Time { return time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC) }

func TestPlace(t *testing.T) {
	t.Parallel()
	tags := map[string]string{"latest": "1.0.0", "next": "2.0.0-rc.1", "old": "0.1.0"}
	for _, c := range []struct {
		why, version, tag string
		versions          []string
		want              Place
	}{
		{"the only one", "1.0.0", "latest", []string{"1.0.0/t"},
			Place{Listed: true, Published: day(0), Highest: "1.0.0", Tagged: "1.0.0", TaggedAt: day(0)}},
		{"of nothing", "1.0.0", "beta", nil, Place{}},
		{"not listed", "1.0.0", "latest", []string{"0.9.0"}, Place{Others: 1, Highest: "0.9.0", Tagged: "1.0.0"}},
		{"not dated", "1.0.0", "latest", []string{"0.9.0/t", "1.0.0?"},
			Place{Listed: true, Others: 1, Highest: "1.0.0", Tagged: "1.0.0"}},
		{"between two", "1.0.0", "latest", []string{"0.9.0/p", "1.0.0", "1.1.0/t"},
			Place{Listed: true, Published: day(1), Others: 2, Highest: "1.1.0", Tagged: "1.0.0", TaggedAt: day(1), Earlier: 1, Best: "0.9.0", BestTrust: TrustProvenance}},
		{"the best came first", "1.0.0", "", []string{"0.7.0/s", "0.8.0/t", "0.9.0/p", "1.0.0"},
			Place{Listed: true, Published: day(3), Others: 3, Highest: "1.0.0", Earlier: 3, Best: "0.7.0", BestTrust: TrustStagedPublish}},
		{"nothing on any", "1.0.0", "", []string{"0.8.0", "0.9.0", "1.0.0"},
			Place{Listed: true, Published: day(2), Others: 2, Highest: "1.0.0", Earlier: 2, Best: "0.9.0"}},
		{"two alike", "1.0.0", "", []string{"0.9.0/t", "0.8.0/t", "1.0.0"},
			Place{Listed: true, Published: day(2), Others: 2, Highest: "1.0.0", Earlier: 2, Best: "0.9.0", BestTrust: TrustTrustedPublisher}},
		{"a stable one after prereleases", "1.0.0", "", []string{"1.0.0-rc.1/t", "one/t", "1.0.0"},
			Place{Listed: true, Published: day(2), Others: 2, Highest: "1.0.0"}},
		{"a prerelease after prereleases", "1.0.0-rc.2", "next", []string{"1.0.0-rc.1/t", "0.9.0/p", "1.0.0-rc.2"},
			Place{Listed: true, Published: day(2), Others: 2, Highest: "0.9.0", Tagged: "2.0.0-rc.1", Earlier: 2, Best: "1.0.0-rc.1", BestTrust: TrustTrustedPublisher}},
		{"a version that is none", "one", "", []string{"0.9.0-rc.1/t", "one"},
			Place{Listed: true, Published: day(1), Others: 1, Earlier: 1, Best: "0.9.0-rc.1", BestTrust: TrustTrustedPublisher}},
		{"beside one without a time", "1.0.0", "", []string{"0.9.0?/t", "1.0.0"},
			Place{Listed: true, Published: day(1), Others: 1, Highest: "1.0.0"}},
		{"the highest by semver", "1.0.0", "", []string{"1.0.0", "9.0.0", "10.0.0", "11.0.0!", "12.0.0-rc.1", "v13"},
			Place{Listed: true, Published: day(0), Others: 5, Highest: "10.0.0"}},
		{"the highest comes first", "1.0.0", "", []string{"1.0.0!", "0.9.0", "0.8.0"},
			Place{Listed: true, Published: day(0), Others: 2, Highest: "0.9.0"}},
		{"its tag is elsewhere", "1.0.0", "old", []string{"0.1.0", "1.0.0"},
			Place{Listed: true, Published: day(1), Others: 1, Highest: "1.0.0", Tagged: "0.1.0", TaggedAt: day(0), Earlier: 1, Best: "0.1.0"}},
	} {
		for range 20 { // a map has another order each time
			if got := packument(tags, c.versions...).Place(c.version, c.tag); *got != c.want {
				t.Errorf("%s: got %+v, want %+v", c.why, *got, c.want)
			}
		}
	}
	same := packument(nil, "0.9.0/t", "1.0.0")
	same.Time["0.9.0"] = same.Time["1.0.0"]
	if got := same.Place("1.0.0", ""); got.Earlier != 0 {
		t.Errorf("published in the same instant: got %+v, want nothing earlier", got)
	}
}
