package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// The lab's authorities are valid for two decades, so that releases may carry any date of npm's provenance.
var (
	epoch   = time.Date(2021, 1, 12, 12, 0, 0, 0, time.UTC)
	horizon = time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC)
)

// CA is a certificate authority like Fulcio: a root, and an intermediate that issues.
type CA struct {
	Root, Intermediate *x509.Certificate
	key                *ecdsa.PrivateKey
}

// NewCA returns an authority with fresh keys and the names of the public one.
func NewCA() *CA {
	root, rootKey := authority("sigstore", nil, nil, nil)
	intermediate, key := authority("sigstore-intermediate", root, rootKey, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning})
	return &CA{Root: root, Intermediate: intermediate, key: key}
}

func authority(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, usage []x509.ExtKeyUsage) (*x509.Certificate, *ecdsa.PrivateKey) {
	key := newKey()
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{Organization: []string{"sigstore.dev"}, CommonName: name},
		NotBefore:             epoch,
		NotAfter:              horizon,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           usage,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	return create(template, parent, key.Public(), parentKey), key
}

func serial() *big.Int {
	return must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 159)))
}

func create(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, parent, public, key))))
}

// Certificate is what the authority is about to certify; a spoil hook may change all of it.
type Certificate struct {
	URI                 string         // the subject alternative name
	Extensions          map[int]string // by the last number of the OID 1.3.6.1.4.1.57264.1.N
	NotBefore, NotAfter time.Time
	CA                  *CA
	CTLogs              []*CTLog  // one SCT from each; empty: no SCT
	SCTTime             time.Time // zero: NotBefore
	Template            func(*x509.Certificate)
	SCT                 func([]byte) []byte // edits each SCT before it is embedded
}

// Numbers of Fulcio's certificate extensions (github.com/sigstore/fulcio, docs/oid-info.md).
const (
	ExtIssuerV1                   = 1
	ExtTriggerV1                  = 2
	ExtSHAV1                      = 3
	ExtWorkflowNameV1             = 4
	ExtRepositoryV1               = 5
	ExtRefV1                      = 6
	ExtIssuer                     = 8
	ExtBuildSignerURI             = 9
	ExtBuildSignerDigest          = 10
	ExtRunnerEnvironment          = 11
	ExtSourceRepositoryURI        = 12
	ExtSourceRepositoryDigest     = 13
	ExtSourceRepositoryRef        = 14
	ExtSourceRepositoryIdentifier = 15
	ExtOwnerURI                   = 16
	ExtOwnerIdentifier            = 17
	ExtBuildConfigURI             = 18
	ExtBuildConfigDigest          = 19
	ExtBuildTrigger               = 20
	ExtRunInvocationURI           = 21
	ExtVisibility                 = 22
	ExtDeploymentEnvironment      = 23
	ExtTokenSubject               = 24
)

// issue certifies public. The SCTs are signed over the certificate without them and embedded last, as Fulcio does.
func (c *Certificate) issue(public crypto.PublicKey) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: serial(),
		NotBefore:    c.NotBefore,
		NotAfter:     c.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		SubjectKeyId: logID(public)[:20],
	}
	// By hand, not by URIs: a wicked name must arrive as it was written.
	san := must(asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(c.URI)}}))
	template.ExtraExtensions = append(template.ExtraExtensions,
		pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: san})
	for n := ExtIssuerV1; n <= 64; n++ {
		value, ok := c.Extensions[n]
		if !ok {
			continue
		}
		raw := []byte(value)
		if n > ExtRefV1 {
			raw = must(asn1.MarshalWithParams(value, "utf8"))
		}
		template.ExtraExtensions = append(template.ExtraExtensions,
			pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, n}, Value: raw})
	}
	if c.Template != nil {
		c.Template(template)
	}
	if len(c.CTLogs) > 0 {
		at := c.SCTTime
		if at.IsZero() {
			at = c.NotBefore
		}
		tbs := create(template, c.CA.Intermediate, public, c.CA.key).RawTBSCertificate
		var scts [][]byte
		for _, log := range c.CTLogs {
			sct := log.sct(tbs, c.CA.Intermediate, at)
			if c.SCT != nil {
				sct = c.SCT(sct)
			}
			scts = append(scts, sct)
		}
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidSCTList, Value: sctList(scts)})
	}
	return create(template, c.CA.Intermediate, public, c.CA.key)
}
