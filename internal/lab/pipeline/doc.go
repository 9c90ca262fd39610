// Package pipeline has a workflow runner run the scripts of release.yml as they are: `make e2e`.
//
// The workflow is read when the test runs. Its scripts, conditions, outputs and variables stay as they are; git, gh, skopeo,
// jq and docker's login are the real ones. Only the far ends are ours, behind a proxy that leads nowhere else: GitHub's API
// over a real git repository, and a container registry that hides what is not public. Steps of other people's actions are
// stood in for by testdata, and so is docker buildx; the jobs test and build are left out, and what build would upload is
// made by the test.
package pipeline
