package npm

import "errors"

// PublicRegistry is the public npm registry.
const PublicRegistry = "https://registry.npmjs.org"

// NormalizeRegistry returns the registry's URL in one spelling.
func NormalizeRegistry(text string) (string, error) { return "", errors.ErrUnsupported }

// KeysTarget returns the TUF target of the registry's keys.
func KeysTarget(registry string) string { return "" }
