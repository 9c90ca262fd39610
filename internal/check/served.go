package check

import (
	"fmt"
	"strings"
	"time"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/report"
)

// Served asks whether consumers can install the release now.
var Served = Check{
	ID:    "served",
	Title: "The registry serves the release",
	Level: report.Required,
	Run:   served,
}

func served(in Input) Result {
	if in.Offline {
		return skip("read from a saved folder; the registry was not asked")
	}
	if in.Manifest == nil {
		s := in.Surfaces[evidence.ManifestSurface]
		if s.Final {
			return fail("the registry does not serve the manifest, and waiting cannot mend it: %s", s.Reason())
		}
		return unknown("not served after %s: %s", seconds(in.Waited), s.Reason())
	}
	var ready, missing []string
	final := false
	for _, i := range []int{evidence.ManifestSurface, evidence.TarballSurface, evidence.AttestationsSurface} {
		s := in.Surfaces[i]
		name := evidence.SurfaceNames[i]
		switch {
		case s.Ready:
			ready = append(ready, name)
		case s.Asked:
			missing = append(missing, name+" ("+s.Reason()+")")
			final = final || s.Final
		}
	}
	var note string
	if in.Manifest.Dist.Attestations == nil {
		note = "; the manifest announces no attestations"
		final = true
	}
	switch {
	case len(missing) == 0 && len(ready) >= 2:
		return pass("%s served after %s%s", strings.Join(ready, ", "), seconds(in.Waited), note)
	case final:
		return fail("not served: %s%s", strings.Join(missing, ", "), note)
	default:
		return unknown("not served after %s: %s", seconds(in.Waited), strings.Join(missing, ", "))
	}
}

// seconds writes a duration as a person reads it.
func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
