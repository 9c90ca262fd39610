package sigstore

import (
	"crypto/x509"
	"encoding/asn1"
	"time"
	"unicode/utf8"
)

// Certificate is what Fulcio certified about the signer: the one URI in the subject alternative name, and the
// extensions 1.3.6.1.4.1.57264.1.N, named as in Fulcio's docs/oid-info.md. An absent extension is "".
type Certificate struct {
	SAN string // the only subject alternative name, a URI, as written in the certificate

	Issuer                          string // .8, or .1 where .8 is absent; never ""
	BuildSignerURI                  string // .9
	BuildSignerDigest               string // .10
	RunnerEnvironment               string // .11
	SourceRepositoryURI             string // .12
	SourceRepositoryDigest          string // .13
	SourceRepositoryRef             string // .14
	SourceRepositoryIdentifier      string // .15
	SourceRepositoryOwnerURI        string // .16
	SourceRepositoryOwnerIdentifier string // .17
	BuildConfigURI                  string // .18
	BuildConfigDigest               string // .19
	BuildTrigger                    string // .20
	RunInvocationURI                string // .21
	SourceRepositoryVisibility      string // .22
	DeploymentEnvironment           string // .23
	TokenSubject                    string // .24

	// The first form of the extensions, the only one in certificates of early 2023 and before.
	GitHubWorkflowTrigger    string // .2
	GitHubWorkflowSHA        string // .3
	GitHubWorkflowName       string // .4
	GitHubWorkflowRepository string // .5, "owner/name"
	GitHubWorkflowRef        string // .6

	NotBefore, NotAfter time.Time
}

const (
	githubIssuer = "https://token.actions.githubusercontent.com"

	// maxExtension bounds the text of one extension; a GitHub URL of names at their limits has below 1 kB.
	maxExtension = 8 << 10
)

var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidFulcio         = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1}
)

// readCertificate reads the identity in a certificate that was verified. crypto/x509 has refused duplicate
// extensions. Fulcio writes an extension only if it has something to say, so that an empty one, which would
// look like an absent one, is refused but for .23 and .24, which describe what a run may be without.
func readCertificate(cert *x509.Certificate) (*Certificate, error) {
	c := &Certificate{NotBefore: cert.NotBefore.UTC(), NotAfter: cert.NotAfter.UTC()}
	var issuerV1 string
	fields := map[int]*string{
		1: &issuerV1,
		2: &c.GitHubWorkflowTrigger, 3: &c.GitHubWorkflowSHA, 4: &c.GitHubWorkflowName,
		5: &c.GitHubWorkflowRepository, 6: &c.GitHubWorkflowRef,
		8: &c.Issuer,
		9: &c.BuildSignerURI, 10: &c.BuildSignerDigest, 11: &c.RunnerEnvironment,
		12: &c.SourceRepositoryURI, 13: &c.SourceRepositoryDigest, 14: &c.SourceRepositoryRef,
		15: &c.SourceRepositoryIdentifier, 16: &c.SourceRepositoryOwnerURI, 17: &c.SourceRepositoryOwnerIdentifier,
		18: &c.BuildConfigURI, 19: &c.BuildConfigDigest, 20: &c.BuildTrigger, 21: &c.RunInvocationURI,
		22: &c.SourceRepositoryVisibility, 23: &c.DeploymentEnvironment, 24: &c.TokenSubject,
	}
	for _, e := range cert.Extensions {
		switch {
		case e.Id.Equal(oidSubjectAltName):
			var err error
			if c.SAN, err = onlyURI(e.Value); err != nil {
				return nil, err
			}
		case len(e.Id) == len(oidFulcio)+1 && e.Id[:len(oidFulcio)].Equal(oidFulcio):
			n := e.Id[len(oidFulcio)]
			field, known := fields[n]
			if !known {
				continue
			}
			text, err := extensionText(n, e.Value)
			if err != nil {
				return nil, err
			}
			*field = text
		}
	}
	if c.SAN == "" {
		return nil, invalid(nil, "the certificate has no subject alternative name")
	}
	if c.Issuer == "" {
		c.Issuer = issuerV1
	}
	if c.Issuer == "" {
		return nil, invalid(nil, "the certificate names no issuer")
	}
	if issuerV1 != "" && issuerV1 != c.Issuer {
		return nil, invalid(nil, "the certificate names the issuers %q (.1) and %q (.8)", short(issuerV1), short(c.Issuer))
	}
	// For GitHub both are url + job_workflow_ref (Fulcio config/identity/config.yaml).
	if c.Issuer == githubIssuer && c.BuildSignerURI != "" && c.BuildSignerURI != c.SAN {
		return nil, invalid(nil, "the certificate's subject is %q and its build signer %q", short(c.SAN), short(c.BuildSignerURI))
	}
	return c, nil
}

// onlyURI returns the one name of a subject alternative name extension, which must be a URI, as it is written:
// crypto/x509 parses and prints it anew, and passes over names of other kinds.
func onlyURI(der []byte) (string, error) {
	const uniformResourceIdentifier = 6 // GeneralName, RFC 5280 §4.2.1.6
	var names []asn1.RawValue
	rest, err := asn1.Unmarshal(der, &names)
	if err != nil || len(rest) > 0 {
		return "", malformed(err, "reading the certificate's subject alternative name")
	}
	if len(names) != 1 || names[0].Class != asn1.ClassContextSpecific || names[0].Tag != uniformResourceIdentifier {
		return "", invalid(nil, "the certificate's subject alternative name is not exactly one URI")
	}
	uri := string(names[0].Bytes)
	for i := range len(uri) {
		if uri[i] <= ' ' || uri[i] >= 0x7f {
			return "", malformed(nil, "the certificate's subject alternative name %q is no URI", short(uri))
		}
	}
	return uri, nil
}

// extensionText reads Fulcio's extension n: up to .6 the bare text, from .8 on a DER UTF8String.
func extensionText(n int, value []byte) (string, error) {
	text := string(value)
	if n >= 8 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(value, &v)
		if err != nil || len(rest) > 0 || v.Class != asn1.ClassUniversal || v.Tag != asn1.TagUTF8String || v.IsCompound {
			return "", malformed(err, "extension .%d of the certificate is no UTF8String", n)
		}
		text = string(v.Bytes)
	}
	if !utf8.ValidString(text) || len(text) > maxExtension {
		return "", malformed(nil, "extension .%d of the certificate is not UTF-8 of at most %d bytes", n, maxExtension)
	}
	if text == "" && n < 23 {
		return "", malformed(nil, "extension .%d of the certificate is empty", n)
	}
	return text, nil
}
