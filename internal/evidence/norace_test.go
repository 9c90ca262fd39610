//go:build !race

package evidence_test

// releasesAtOnce is how many releases TestManyReleases waits for: as many as a
// plan may name.
const releasesAtOnce = 10_000
