// Package e2e has real npm publish from a workflow run, and has our action verify what came of it: `make e2e`.
//
// Only the far ends are ours: a lab.World in the test's process stands for GitHub's id-token issuer, Fulcio, Rekor, the TUF
// repository and the npm registry. npm, the container, the action's script and the workflow runner are the real ones, in a
// container whose only network is loopback, where the public hosts lead to the world. docs/lab.md tells how it is built and
// how to add a story.
package e2e
