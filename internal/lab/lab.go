// Package lab is a world for tests: a Sigstore of our own, releases of our own making, good or wicked, and an npm registry
// on loopback that serves them, or real ones, in the public registry's shapes.
//
// A good release, served:
//
//	s := lab.NewSigstore()
//	r := lab.NewDraft(s).Release()
//	reg := lab.NewRegistry(lab.Options{})
//	defer reg.Close()
//	reg.Add(r)
//
// A wicked one: edit the draft before the release is made (everything after the edit is signed as usual), or a document of
// the release afterwards (nothing is signed again):
//
//	d := lab.NewDraft(s)
//	d.Provenance.Statement = lab.Set("/subject/0/name", "pkg:npm/other@1.0.0")
//	r := d.Release()
//	r.Manifest = lab.Replace(r.Integrity, other.Integrity)(r.Manifest)
//
// Mistakes in the use of the lab panic: they are mistakes of the test. Nothing outside tests may import this package.
package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
)

// PublicRegistry is the base URL that releases name unless their draft says otherwise.
const PublicRegistry = "https://registry.npmjs.org"

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("lab: %v", err))
	}
	return v
}

func newKey() *ecdsa.PrivateKey {
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

// spki is the key as SubjectPublicKeyInfo, the form that trusted roots, keys.json and log ids are made from.
func spki(public any) []byte {
	return must(x509.MarshalPKIXPublicKey(public))
}

func sign(key *ecdsa.PrivateKey, message []byte) []byte {
	sum := sha256.Sum256(message)
	return must(ecdsa.SignASN1(rand.Reader, key, sum[:]))
}
