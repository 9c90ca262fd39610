//go:build race

package evidence_test

// releasesAtOnce is how many releases TestManyReleases waits for. The race
// detector does not bear more than some eight thousand goroutines.
const releasesAtOnce = 500
