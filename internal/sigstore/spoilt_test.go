package sigstore

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

func extension(n int, value []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, n}, Value: value}
}

// san replaces the subject alternative name by names of the given kinds.
func san(names ...asn1.RawValue) func(*lab.Certificate) {
	return func(c *lab.Certificate) {
		c.Template = func(cert *x509.Certificate) {
			cert.ExtraExtensions[0].Value, _ = asn1.Marshal(names)
		}
	}
}

func name(tag int, text string) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte(text)}
}

func entry(edit func(*lab.LogEntry)) func(*lab.Attestation) {
	return func(a *lab.Attestation) { a.LogEntry = edit }
}

func edit(f func(lab.Object)) func(*lab.Attestation) {
	return func(a *lab.Attestation) { a.Bundle = f }
}

func certificate(f func(*lab.Certificate)) func(*lab.Attestation) {
	return func(a *lab.Attestation) { a.Certificate = f }
}

func payload(text string) func(*lab.Attestation) {
	return func(a *lab.Attestation) { a.Payload = func([]byte) []byte { return []byte(text) } }
}

func both(all ...func(*lab.Attestation)) func(*lab.Attestation) {
	return func(a *lab.Attestation) {
		for _, f := range all {
			f(a)
		}
	}
}

func rekorV2(a *lab.Attestation) { a.Entry = lab.EntryHashedRekordV2 }

func keyed(a *lab.Attestation) {
	a.MediaType, a.Entry, a.Key = lab.BundleV02, lab.EntryIntoto, a.Sigstore.NPM
}

func proofOnly(a *lab.Attestation) { a.Timestamped, a.NoPromise = true, true }

const (
	material  = "/verificationMaterial"
	logEntry0 = material + "/tlogEntries/0"
	proof0    = logEntry0 + "/inclusionProof"
)

// TestSpoilt spoils a good bundle one way in each row. want is part of the error.
func TestSpoilt(t *testing.T) {
	t.Parallel()
	stranger := lab.NewSigstore()
	for _, tt := range []struct {
		name  string
		spoil func(*lab.Attestation)
		root  func(lab.Object) // edit of the trusted root
		kind  Kind
		want  string
	}{
		{"Rekor v2 with a dsse entry", func(a *lab.Attestation) { a.Entry = lab.EntryDSSEV2 }, nil, Unsupported, `kind "dsse" version "0.0.2"`},
		{"a bundle of a later version", func(a *lab.Attestation) { a.MediaType = "application/vnd.dev.sigstore.bundle.v0.4+json" }, nil, Unsupported, "v0.4"},
		{"a bundle of another type", func(a *lab.Attestation) { a.MediaType = "application/json" }, nil, Malformed, "media type"},

		{"a log retired before, with a promise", nil, lab.Set("/tlogs/0/publicKey/validFor/end", "2025-09-30T00:00:00Z"), Invalid, ""},
		{"a log retired before, a proof alone", proofOnly, lab.Set("/tlogs/0/publicKey/validFor/end", "2025-09-30T00:00:00Z"), Invalid, "to 2025-09-30T00:00:00Z"},
		{"a log not yet begun, a proof alone", proofOnly, lab.Set("/tlogs/0/publicKey/validFor/start", "2025-10-02T00:00:00Z"), Invalid, "was not valid"},
		{"a Rekor v2 retired before", rekorV2, lab.Set("/tlogs/1/publicKey/validFor/end", "2025-09-30T00:00:00Z"), Invalid, "was not valid"},
		{"a timestamp after the log was retired, beside a promise before", func(a *lab.Attestation) {
			a.Timestamped, a.Timestamp = true, func(at time.Time) time.Time { return at.Add(5 * time.Minute) }
		}, lab.Set("/tlogs/0/publicKey/validFor/end", "2025-10-01T12:01:00Z"), Invalid, "was not valid"},

		{"Rekor v2, another body", both(rekorV2, entry(func(e *lab.LogEntry) {
			e.CanonicalizedBody = bytes.Replace(e.CanonicalizedBody, []byte(`"digest":"`), []byte(`"digest":"AAAA`), 1)
		})), nil, Invalid, "does not lead"},
		{"Rekor v2, a proof of another index", both(rekorV2, edit(lab.Set(proof0+"/logIndex", "1"))), nil, Invalid, "its proof index 1"},
		{"Rekor v2, a proof of another size", both(rekorV2, edit(lab.Set(proof0+"/treeSize", "99"))), nil, Invalid, "tree of size 99"},
		{"Rekor v2, a proof of another root", both(rekorV2, edit(lab.Set(proof0+"/rootHash", strings.Repeat("A", 43)+"="))), nil, Invalid, "another root"},
		{"a proof of another size", edit(lab.Set(proof0+"/treeSize", "99")), nil, Invalid, ""},
		{"an index that the proof's tree has not", both(proofOnly, edit(lab.Set(proof0+"/logIndex", "99"))), nil, Invalid, ""},
		{"another index under the promise", edit(lab.Set(logEntry0+"/logIndex", "99")), nil, Invalid, ""},
		{"another time under the promise", edit(lab.Set(logEntry0+"/integratedTime", "1759320001")), nil, Invalid, ""},
		{"a label of another kind", edit(lab.Set(logEntry0+"/kindVersion/kind", "intoto")), nil, Invalid, "labelled"},
		{"a label of another version", edit(lab.Set(logEntry0+"/kindVersion/version", "0.0.2")), nil, Invalid, "labelled"},

		{"a body with a key twice", func(a *lab.Attestation) {
			a.LogBody = func(b []byte) []byte { return bytes.Replace(b, []byte(`{`), []byte(`{"kind":"dsse",`), 1) }
		}, nil, Malformed, "log entry's body"},

		{"a Rekor v2 body in a v1 log", func(a *lab.Attestation) {
			s := *a.Sigstore
			s.RekorV2 = s.Rekor
			a.Sigstore, a.Entry, a.NoPromise = &s, lab.EntryHashedRekordV2, true
		}, nil, Invalid, "under a checkpoint of origin"},
		{"a Rekor v2 body of something else in a v1 log", func(a *lab.Attestation) {
			s := *a.Sigstore
			s.RekorV2 = s.Rekor
			a.Sigstore, a.Entry, a.NoPromise = &s, lab.EntryHashedRekordV2, true
			a.LogBody = func(b []byte) []byte { return bytes.Replace(b, []byte(`"digest":"`), []byte(`"digest":"AAAA`), 1) }
		}, nil, Invalid, "under a checkpoint of origin"},

		{"no log entry", edit(lab.Set(material+"/tlogEntries", []any{})), nil, Invalid, "0 log entries"},
		{"the entry twice", edit(func(o lab.Object) {
			m := o["verificationMaterial"].(lab.Object)
			m["tlogEntries"] = append(m["tlogEntries"].([]any), m["tlogEntries"].([]any)...)
		}), nil, Invalid, "2 log entries"},
		{"an entry of an unknown log before the good one", edit(func(o lab.Object) {
			other := attestation(stranger)
			m := o["verificationMaterial"].(lab.Object)
			m["tlogEntries"] = append([]any{lab.Get(other.Sign(lab.NewRun(), []byte(statementJSON)), logEntry0)}, m["tlogEntries"].([]any)...)
		}), nil, Invalid, "2 log entries"},
		{"an entry of an unknown log", func(a *lab.Attestation) {
			s := *a.Sigstore
			s.Rekor = stranger.Rekor
			a.Sigstore = &s
		}, nil, Invalid, ""},
		{"a broken promise", entry(func(e *lab.LogEntry) { e.InclusionPromise.SignedEntryTimestamp[10] ^= 1 }), nil, Invalid, ""},
		{"a promise alone in version 0.3", func(a *lab.Attestation) { a.NoProof = true }, nil, Invalid, "no inclusion proof"},
		{"a promise alone in version 0.2", func(a *lab.Attestation) { a.MediaType, a.Entry, a.NoProof = lab.BundleV02, lab.EntryIntoto, true }, nil, Invalid, "no inclusion proof"},
		{"version 0.3 labelled 0.1 without its proof", both(func(a *lab.Attestation) { a.Entry, a.NoProof = lab.EntryIntoto, true },
			edit(lab.Set("/mediaType", lab.BundleV01))), nil, Invalid, "no inclusion proof"},
		{"a dsse entry labelled 0.1 without its proof", both(func(a *lab.Attestation) { a.MediaType, a.NoProof = lab.BundleV02, true },
			edit(lab.Set("/mediaType", lab.BundleV01))), nil, Invalid, "no inclusion proof"},
		{"neither promise nor proof", func(a *lab.Attestation) {
			a.MediaType, a.Entry, a.NoProof, a.NoPromise, a.Timestamped = lab.BundleV01, lab.EntryIntoto, true, true, true
		}, nil, Malformed, ""},

		{"a broken timestamp beside a good promise", func(a *lab.Attestation) {
			a.Timestamped, a.Bundle = true, lab.Change(material+"/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp", func(v any) any {
				raw, _ := base64.StdEncoding.DecodeString(v.(string))
				raw[len(raw)-1] ^= 1
				return raw
			})
		}, nil, Invalid, "0 of the bundle's 1 timestamps"},
		{"a timestamp by an unknown authority beside a good promise", func(a *lab.Attestation) {
			s := *a.Sigstore
			s.TSA = stranger.TSA
			a.Sigstore, a.Timestamped = &s, true
		}, nil, Invalid, "0 of the bundle's 1 timestamps"},
		{"Rekor v2 without a timestamp", both(rekorV2, edit(lab.Delete(material+"/timestampVerificationData"))), nil, Invalid, ""},
		{"a proof alone without a timestamp", func(a *lab.Attestation) { a.NoPromise = true }, nil, Invalid, ""},
		{"signed in the future", func(a *lab.Attestation) { a.SignedAt = time.Now().Add(48 * time.Hour) }, nil, Invalid, "ahead of this machine's clock"},

		{"a certificate that is none", edit(lab.Set(material+"/certificate/rawBytes", "AAAA")), nil, Malformed, "bundle's certificate"},
		{"an e-mail address for a subject", certificate(san(name(1, "dev@acme.example"))), nil, Invalid, "not exactly one URI"},
		{"an e-mail address beside the URI", certificate(san(name(6, "https://github.com/acme/demo/x@y"), name(1, "dev@acme.example"))), nil, Invalid, "not exactly one URI"},
		{"two URIs", certificate(san(name(6, "https://github.com/acme/demo/x@y"), name(6, "https://github.com/acme/demo/x@z"))), nil, Invalid, "not exactly one URI"},
		{"a subject with a space in it", certificate(func(c *lab.Certificate) { c.URI += " "; c.Extensions[9] = c.URI }), nil, Malformed, "is no URI"},
		{"a build signer that is not the subject", certificate(func(c *lab.Certificate) { c.Extensions[9] += "x" }), nil, Invalid, "build signer"},
		{"two issuers", certificate(func(c *lab.Certificate) { c.Extensions[1] = "https://accounts.example" }), nil, Invalid, "(.1)"},
		{"no issuer", certificate(func(c *lab.Certificate) { delete(c.Extensions, 1); delete(c.Extensions, 8) }), nil, Invalid, "no issuer"},
		{"an empty extension", certificate(func(c *lab.Certificate) { c.Extensions[17] = "" }), nil, Malformed, ".17"},
		{"an extension of another string type", certificate(func(c *lab.Certificate) {
			delete(c.Extensions, 23)
			c.Template = func(cert *x509.Certificate) {
				cert.ExtraExtensions = append(cert.ExtraExtensions, extension(23, []byte("\x13\x03npm")))
			}
		}), nil, Malformed, ".23"},
		{"an extension with bytes after its text", certificate(func(c *lab.Certificate) {
			delete(c.Extensions, 23)
			c.Template = func(cert *x509.Certificate) {
				cert.ExtraExtensions = append(cert.ExtraExtensions, extension(23, []byte("\x0c\x03npm!")))
			}
		}), nil, Malformed, ".23"},
		{"an extension that is not UTF-8", certificate(func(c *lab.Certificate) { c.Extensions[5] = "acme/\xff" }), nil, Malformed, ".5"},

		{"a chain with a stranger's authority behind the signer's certificate", func(a *lab.Attestation) {
			a.MediaType, a.Entry = lab.BundleV01, lab.EntryIntoto
			a.Bundle = lab.Set(material+"/x509CertificateChain/certificates/1/rawBytes", stranger.CA.Intermediate.Raw)
		}, nil, Invalid, "certificate 2 of the bundle's chain"},

		{"no SCT", certificate(func(c *lab.Certificate) { c.CTLogs = nil }), nil, Invalid, ""},
		{"an SCT by an unknown log", certificate(func(c *lab.Certificate) { c.CTLogs = []*lab.CTLog{stranger.CT} }), nil, Invalid, "SCT"},
		{"a certificate of another authority", certificate(func(c *lab.Certificate) { c.CA = stranger.CA }), nil, Invalid, ""},
		{"a certificate that was not yet valid", certificate(func(c *lab.Certificate) { c.NotBefore = signedAt.Add(time.Minute) }), nil, Invalid, ""},
		{"a certificate that had expired", func(a *lab.Attestation) { a.LoggedAt = signedAt.Add(time.Hour) }, nil, Invalid, ""},
		{"a certificate that had expired at the timestamp", func(a *lab.Attestation) {
			a.Timestamped, a.Timestamp = true, func(at time.Time) time.Time { return at.Add(time.Hour) }
		}, nil, Invalid, ""},

		{"two signatures", func(a *lab.Attestation) {
			a.Envelope = func(e *lab.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }
		}, nil, Malformed, "2 signatures"},
		{"no signature", edit(lab.Set("/dsseEnvelope/signatures", []any{})), nil, Malformed, "0 signatures"},
		{"another payload type", func(a *lab.Attestation) { a.PayloadType = "application/json" }, nil, Malformed, "payload is of type"},
		{"another payload", edit(lab.Set("/dsseEnvelope/payload", []byte(strings.Replace(statementJSON, "1.0.0", "1.0.1", 1)))), nil, Invalid, ""},
		{"a message signature", edit(lab.Edits(lab.Delete("/dsseEnvelope"), lab.Set("/messageSignature", lab.Object{
			"messageDigest": lab.Object{"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": "AAAA"}))), nil, Malformed, "no DSSE envelope"},

		{"subject twice", payload(strings.Replace(statementJSON, `"predicate":`, `"subject":[],"predicate":`, 1)), nil, Malformed, "subject"},
		{"Subject beside subject", payload(strings.Replace(statementJSON, `"predicate":`, `"Subject":[],"predicate":`, 1)), nil, Malformed, `"Subject"`},
		{"Digest beside digest", payload(strings.Replace(statementJSON, `"digest":`, `"Digest":{},"digest":`, 1)), nil, Malformed, `"Digest"`},
		{"a key twice within the predicate", payload(strings.Replace(statementJSON, `"buildType":`, `"buildType":"y","buildType":`, 1)), nil, Malformed, "buildType"},
		{"an algorithm twice", payload(strings.Replace(statementJSON, `"sha512":`, `"sha512":"cd34","sha512":`, 1)), nil, Malformed, "sha512"},
		{"no subject", payload(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x"}`), nil, Malformed, "0 subjects"},
		{"a subject without a digest", payload(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x"}],"predicateType":"x"}`), nil, Malformed, "0 digests"},
		{"a statement of another type", payload(strings.Replace(statementJSON, "Statement/v1", "Statement/v2", 1)), nil, Malformed, "Statement/v2"},
		{"no predicate type", payload(strings.Replace(statementJSON, `"predicateType"`, `"type"`, 1)), nil, Malformed, "predicateType"},
		{"a predicate that is a list", payload(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"a":"b"}}],"predicateType":"x","predicate":[]}`), nil, Malformed, "no JSON object"},
		{"bytes after the statement", payload(statementJSON + "{}"), nil, Invalid, "statement"},

		{"a key: Rekor v2 with a dsse entry", func(a *lab.Attestation) { a.Entry, a.Key = lab.EntryDSSEV2, a.Sigstore.NPM }, nil, Unsupported, `"dsse"`},
		{"a key: unknown", func(a *lab.Attestation) { keyed(a); a.Key = stranger.NPM }, nil, Invalid, "none of the 2 keys"},
		{"a key: expired", func(a *lab.Attestation) { keyed(a); a.Key.End = signedAt.Add(-time.Hour) }, nil, Invalid, ""},
		{"a key: not yet valid", func(a *lab.Attestation) { keyed(a); a.Key.Start = signedAt.Add(time.Hour) }, nil, Invalid, ""},
		{"a key: another in the envelope", both(keyed, edit(lab.Set("/dsseEnvelope/signatures/0/keyid", "SHA256:another"))), nil, Invalid, "the envelope names key"},
		{"a key: no hint", both(keyed, edit(lab.Edits(lab.Set(material+"/publicKey", lab.Object{}), lab.Set("/dsseEnvelope/signatures/0/keyid", "")))), nil, Invalid, "none of the 2 keys"},
		{"a key: the hint of another", both(keyed, edit(lab.Edits(lab.Set(material+"/publicKey/hint", "SHA256:another"),
			lab.Set("/dsseEnvelope/signatures/0/keyid", "SHA256:another")))), nil, Invalid, ""},
		{"a key where a certificate is wanted", edit(func(o lab.Object) {
			m := o["verificationMaterial"].(lab.Object)
			delete(m, "certificate")
			m["publicKey"] = lab.Object{"hint": "SHA256:x"}
		}), nil, Invalid, "signed with a key"},
		{"a certificate where a key is wanted", func(a *lab.Attestation) {
			keyed(a)
			a.Bundle = func(o lab.Object) {
				m := o["verificationMaterial"].(lab.Object)
				delete(m, "publicKey")
				m["certificate"] = lab.Object{"rawBytes": "AAAA"}
			}
		}, nil, Invalid, "want a key"},

		{"a checkpoint of another size", edit(lab.Change(proof0+"/checkpoint/envelope", func(v any) any { return strings.Replace(v.(string), "\n", "\n1", 1) })), nil, Invalid, ""},
		{"a checkpoint under another name", edit(lab.Change(proof0+"/checkpoint/envelope", func(v any) any { return strings.Replace(v.(string), "— rekor", "— rekur", 1) })), nil, Invalid, "does not verify"},
		{"an unknown key in the bundle", edit(lab.Set("/extra", 1)), nil, Malformed, "extra"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := lab.NewSigstore()
			a := attestation(s)
			if tt.spoil != nil {
				tt.spoil(a)
			}
			trustedRoot := s.TrustedRoot()
			if tt.root != nil {
				trustedRoot = lab.Edit(trustedRoot, tt.root)
			}
			bundle := a.Sign(lab.NewRun(), []byte(statementJSON))
			got, err := check(verifier(t, trustedRoot), &lab.Attestation{Sigstore: s, Key: a.Key}, bundle)
			if got != nil || kindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, %v; want %v with %q", got, err, tt.kind, tt.want)
			}
			checkText(t, err)
		})
	}
}
