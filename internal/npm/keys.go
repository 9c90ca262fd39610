package npm

import (
	"crypto/ecdsa"
	"errors"
	"time"
)

// The usages of a key in the TUF target.
const (
	UsageSignatures   = "npm:signatures"
	UsageAttestations = "npm:attestations"
)

// ErrNoKeys says that a list of keys holds none that can be used.
var ErrNoKeys = errors.New("no keys")

// KeySet is the registry's keys.
type KeySet struct {
	Keys        []Key
	HasUsage    bool // false: the shape of the registry's own endpoint, a key serves both usages
	Unsupported int  // entries left out because their type is not ECDSA P-256 with SHA-256
}

// Key is one public key of the registry.
type Key struct {
	ID, Usage  string
	Public     *ecdsa.PublicKey
	Start, End time.Time // zero: open; valid from Start until before End
}

// ParseKeys reads keys.
func ParseKeys(raw []byte) (*KeySet, error) { return nil, errors.ErrUnsupported }

// Attesting returns the keys for publish attestations.
func (k *KeySet) Attesting() []Key { return nil }
