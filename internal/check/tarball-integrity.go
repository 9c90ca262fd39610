package check

import (
	"fmt"
	"strings"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/report"
)

// TarballIntegrity asks whether the bytes served are the bytes announced, and
// those this job packed where it names them.
var TarballIntegrity = Check{
	ID:    "tarball-integrity",
	Title: "The tarball is the one announced",
	Level: report.Required,
	Run:   tarballIntegrity,
}

func tarballIntegrity(in Input) Result {
	if in.Manifest == nil {
		return noManifest()
	}
	want, err := npm.ParseIntegrity(in.Manifest.Dist.Integrity)
	if err != nil {
		return fail("the manifest's dist.integrity holds no sha512 digest to compare with: %v", err)
	}
	if in.Served == nil {
		s := in.Surfaces[evidence.TarballSurface]
		if s.Final {
			return fail("the tarball could not be read: %s", s.Reason())
		}
		return unknown("there is no tarball to hash: %s", s.Reason())
	}
	var problems []string
	if in.Served.SHA512 != want {
		problems = append(problems, fmt.Sprintf("the tarball served hashes to %s, the manifest announces %s", npm.IntegrityString(in.Served.SHA512), npm.IntegrityString(want)))
	}
	local := ""
	switch {
	case in.Release.Tarball == "":
	case in.LocalErr != nil || in.Local == nil:
		return unknown("the tarball this job packed could not be read: %v", in.LocalErr)
	case in.Local.SHA512 != want:
		problems = append(problems, fmt.Sprintf("the tarball this job packed hashes to %s, the manifest announces %s", npm.IntegrityString(in.Local.SHA512), npm.IntegrityString(want)))
	default:
		local = ", and is byte for byte the one this job packed"
	}
	if len(problems) > 0 {
		return fail("%s", strings.Join(problems, "; "))
	}
	return pass("%d bytes hash to the sha512 that the manifest announces%s", in.Served.Size, local)
}
