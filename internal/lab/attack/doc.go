// Package attack shows that nothing gets through: wicked releases, registries, logs and trust repositories, each with the
// check that must notice and the exit code that must follow; and, so that the gate stays usable, unusual releases that must
// pass. Everything runs through the program's own pipeline against servers of the lab; docs/security.md says what the
// figures are.
package attack
