package npm

import (
	"errors"
	"io"
	"time"
)

// Packument is what the registry says about all versions of a package.
type Packument struct {
	Name     string
	DistTags map[string]string
	Time     map[string]time.Time
	Versions map[string]Version
}

// Version is what is kept of one version in a packument.
type Version struct {
	Trust            TrustLevel
	TrustedPublisher bool
	Deprecated       bool
}

// ParsePackument reads a packument.
func ParsePackument(r io.Reader) (*Packument, error) { return nil, errors.ErrUnsupported }

// Check returns nil if the packument is about name, else a *[WrongError].
func (p *Packument) Check(name string) error { return errors.ErrUnsupported }
