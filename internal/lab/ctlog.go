package lab

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"time"
)

var oidSCTList = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}

// CTLog is a certificate transparency log that promises inclusion and keeps nothing.
type CTLog struct {
	Key *ecdsa.PrivateKey
}

// NewCTLog returns a log with a fresh key.
func NewCTLog() *CTLog { return &CTLog{Key: newKey()} }

// sct signs a timestamp for the precertificate whose TBS, without poison and without SCTs, is tbs (RFC 6962, section 3.2).
func (l *CTLog) sct(tbs []byte, issuer *x509.Certificate, at time.Time) []byte {
	var when [8]byte
	binary.BigEndian.PutUint64(when[:], uint64(at.UnixMilli()))
	issuerKey := sha256.Sum256(issuer.RawSubjectPublicKeyInfo)

	signed := append([]byte{0, 0}, when[:]...) // v1, certificate_timestamp
	signed = append(signed, 0, 1)              // precert_entry
	signed = append(signed, issuerKey[:]...)
	signed = append(signed, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	signed = append(signed, tbs...)
	signed = append(signed, 0, 0) // no extensions

	sct := append([]byte{0}, logID(&l.Key.PublicKey)...)
	sct = append(sct, when[:]...)
	sct = append(sct, 0, 0)                 // no extensions
	return append(sct, append([]byte{4, 3}, // sha256, ecdsa
		vector(sign(l.Key, signed))...)...)
}

// sctList is the value of the certificate extension (RFC 6962, section 3.3).
func sctList(scts [][]byte) []byte {
	var list []byte
	for _, sct := range scts {
		list = append(list, vector(sct)...)
	}
	return must(asn1.Marshal(vector(list)))
}

// vector is a TLS vector with a length of two bytes.
func vector(b []byte) []byte {
	return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)
}
