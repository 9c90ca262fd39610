package attack

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"time"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// provenance changes how the provenance is made.
func provenance(change func(*lab.Attestation)) func(*world) {
	return func(w *world) { change(w.draft.Provenance) }
}

// bundle edits the finished bundle of the provenance; nothing is signed again.
func bundle(edit func(lab.Object)) func(*world) {
	return provenance(func(a *lab.Attestation) { a.Bundle = edit })
}

func certified(change func(*lab.Certificate)) func(*world) {
	return provenance(func(a *lab.Attestation) { a.Certificate = change })
}

// borrowed is the part of another good provenance, of other bytes, that the pointer names.
func borrowed(pointer string) func(*world) {
	return func(w *world) {
		o := another(w, func(d *lab.Draft) { d.Files = map[string]string{"index.js": "process.exit(1)"} })
		w.draft.Provenance.Bundle = lab.Set(pointer, lab.Get(o.Provenance, pointer))
	}
}

const (
	material   = "/verificationMaterial"
	entry      = material + "/tlogEntries/0"
	proof      = entry + "/inclusionProof"
	timestamps = material + "/timestampVerificationData/rfc3161Timestamps"
)

var certificates = []attack{
	{"a certificate that had expired when it was logged", "provenance", report.Fail, 1, func(w *world) {
		w.draft.Provenance.SignedAt = w.draft.Published.Add(-time.Hour)
		w.draft.Provenance.LoggedAt = w.draft.Published
	}, nil},
	{"a certificate that was not valid yet when it was logged", "provenance", report.Fail, 1, func(w *world) {
		w.draft.Provenance.SignedAt = w.draft.Published.Add(time.Hour)
		w.draft.Provenance.LoggedAt = w.draft.Published
	}, nil},
	{"a certificate of another authority with the same names", "provenance", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Certificate = func(c *lab.Certificate) { c.CA = w.stranger.CA }
	}, nil},
	{"a certificate of another authority, which the bundle brings along", "provenance", report.Fail, 1, func(w *world) {
		a := w.draft.Provenance
		a.MediaType = lab.BundleV01
		a.Certificate = func(c *lab.Certificate) { c.CA = w.stranger.CA }
		a.Bundle = lab.Edits(lab.Set(material+"/x509CertificateChain/certificates/1/rawBytes", w.stranger.CA.Intermediate.Raw),
			lab.Set(material+"/x509CertificateChain/certificates/2/rawBytes", w.stranger.CA.Root.Raw))
	}, nil},
	{"a certificate without an SCT", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) { c.CTLogs = nil }), nil},
	{"an SCT by an unknown log", "provenance", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Certificate = func(c *lab.Certificate) { c.CTLogs = []*lab.CTLog{w.stranger.CT} }
	}, nil},
	{"an SCT whose signature is broken", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		c.SCT = func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	}), nil},
	{"an SCT that is cut short", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		c.SCT = func(b []byte) []byte { return b[:len(b)/2] }
	}), nil},
	{"the certificate of another release", "provenance", report.Fail, 1, borrowed(material + "/certificate"), nil},
	{"no certificate", "provenance", report.Fail, 1, bundle(lab.Delete(material + "/certificate")), nil},
	{"an authority's own certificate", "provenance", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Bundle = lab.Set(material+"/certificate/rawBytes", w.sigstore.CA.Intermediate.Raw)
	}, nil},
	{"a certificate for servers", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		c.Template = func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	}), nil},
	{"a certificate with an unknown critical extension", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		c.Template = func(x *x509.Certificate) {
			e := x.ExtraExtensions[1]
			e.Id, e.Critical = []int{1, 2, 3, 4}, true
			x.ExtraExtensions = append(x.ExtraExtensions, e)
		}
	}), nil},
	{"a certificate that names two issuers", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		c.Extensions[lab.ExtIssuerV1] = "https://accounts.example"
	}), nil},
	{"a certificate that names no issuer", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		delete(c.Extensions, lab.ExtIssuerV1)
		delete(c.Extensions, lab.ExtIssuer)
	}), nil},
	{"a certificate whose build signer is not its subject", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		c.Extensions[lab.ExtBuildSignerURI] = "https://github.com/mallory/demo/.github/workflows/release.yml@refs/tags/v1.0.0"
	}), nil},
	{"a certificate with an empty repository", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		c.Extensions[lab.ExtSourceRepositoryURI] = ""
	}), nil},
	{"a certificate without a subject", "provenance", report.Fail, 1, certified(func(c *lab.Certificate) {
		c.URI = ""
		delete(c.Extensions, lab.ExtBuildSignerURI)
	}), nil},
	{"everything signed by another deployment", "provenance", report.Fail, 1, func(w *world) { w.draft.Provenance.Sigstore = w.stranger }, nil},
}

// logged hands the entry as the log returned it to change.
func logged(change func(*lab.LogEntry)) func(*world) {
	return provenance(func(a *lab.Attestation) { a.LogEntry = change })
}

// elsewhere has one part of the deployment replaced by a stranger's of the same name.
func elsewhere(change func(ours, theirs *lab.Sigstore)) func(*world) {
	return func(w *world) {
		s := *w.sigstore
		change(&s, w.stranger)
		w.draft.Provenance.Sigstore = &s
	}
}

var logs = []attack{
	{"the log entry of another release", "provenance", report.Fail, 1, borrowed(entry), nil},
	{"the inclusion proof of another release", "provenance", report.Fail, 1, borrowed(proof), nil},
	{"the promise of another release", "provenance", report.Fail, 1, borrowed(entry + "/inclusionPromise"), nil},
	{"the body of another release's entry", "provenance", report.Fail, 1, borrowed(entry + "/canonicalizedBody"), nil},
	{"no log entry", "provenance", report.Fail, 1, bundle(lab.Set(material+"/tlogEntries", []any{})), nil},
	{"a second log entry", "provenance", report.Fail, 1, bundle(func(o lab.Object) {
		m := o["verificationMaterial"].(lab.Object)
		m["tlogEntries"] = append(m["tlogEntries"].([]any), m["tlogEntries"].([]any)...)
	}), nil},
	{"a promise without a proof", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) { a.NoProof = true }), nil},
	{"a promise without a proof in version 0.2", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.MediaType, a.Entry, a.NoProof = lab.BundleV02, lab.EntryIntoto, true
	}), nil},
	{"version 0.3 said to be 0.1, without a proof", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.NoProof, a.Bundle = true, lab.Set("/mediaType", lab.BundleV01)
	}), nil},
	{"version 0.2 said to be 0.1, without a proof, with a dsse entry", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.MediaType, a.NoProof, a.Bundle = lab.BundleV02, true, lab.Set("/mediaType", lab.BundleV01)
	}), nil},
	{"neither a promise nor a proof", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) { a.NoProof, a.NoPromise = true, true }), nil},
	{"a proof without a promise and without a timestamp", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) { a.NoPromise = true }), nil},
	{"a proof of another root hash", "provenance", report.Fail, 1, bundle(lab.Set(proof+"/rootHash", strings.Repeat("A", 43)+"=")), nil},
	{"a checkpoint of another root hash that the log signed", "provenance", report.Fail, 1, func(w *world) {
		w.draft.Provenance.LogEntry = func(e *lab.LogEntry) {
			e.InclusionProof.Checkpoint.Envelope = w.sigstore.Rekor.SignCheckpoint(6, make([]byte, 32))
		}
	}, nil},
	{"a checkpoint that another log signed", "provenance", report.Fail, 1, func(w *world) {
		w.draft.Provenance.LogEntry = func(e *lab.LogEntry) {
			e.InclusionProof.Checkpoint.Envelope = w.stranger.Rekor.SignCheckpoint(6, e.InclusionProof.RootHash)
		}
	}, nil},
	{"a checkpoint whose signature is gone", "provenance", report.Fail, 1, bundle(lab.Change(proof+"/checkpoint/envelope", func(v any) any {
		text, _, _ := strings.Cut(v.(string), "\n\n")
		return text + "\n\n"
	})), nil},
	{"a checkpoint of a larger tree", "provenance", report.Fail, 1, bundle(lab.Change(proof+"/checkpoint/envelope", func(v any) any {
		return strings.Replace(v.(string), "\n", "\n1", 1)
	})), nil},
	{"no checkpoint", "provenance", report.Fail, 1, bundle(lab.Delete(proof + "/checkpoint")), nil},
	{"a proof without its hashes", "provenance", report.Fail, 1, bundle(lab.Set(proof+"/hashes", []any{})), nil},
	{"a proof of another index", "provenance", report.Fail, 1, bundle(lab.Set(proof+"/logIndex", "1")), nil},
	{"a proof of another tree size", "provenance", report.Fail, 1, bundle(lab.Set(proof+"/treeSize", "99")), nil},
	{"an index that the log did not sign", "provenance", report.Fail, 1, bundle(lab.Set(entry+"/logIndex", "1")), nil},
	{"a time that the log did not sign", "provenance", report.Fail, 1, bundle(lab.Change(entry+"/integratedTime", func(any) any { return "1759320001" })), nil},
	{"a broken promise", "provenance", report.Fail, 1, logged(func(e *lab.LogEntry) { e.InclusionPromise.SignedEntryTimestamp[20] ^= 1 }), nil},
	{"a time in the future", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) { a.SignedAt = time.Now().Add(100 * time.Hour) }), nil},
	{"another log of the same name", "provenance", report.Fail, 1, elsewhere(func(ours, theirs *lab.Sigstore) { ours.Rekor = theirs.Rekor }), nil},
	{"another log under the id of the known one", "provenance", report.Fail, 1, func(w *world) {
		s := *w.sigstore
		s.Rekor = w.stranger.Rekor
		w.draft.Provenance.Sigstore = &s
		w.draft.Provenance.Bundle = lab.Set(entry+"/logId/keyId", w.sigstore.Rekor.ID())
	}, nil},
	{"a log that had ended", "provenance", report.Fail, 1, nil, func(w *world) {
		w.trustedRoot(lab.Set("/tlogs/0/publicKey/validFor/end", "2025-09-01T00:00:00Z"))
	}},
	{"a log that had ended, with a proof and a timestamp alone", "provenance", report.Fail, 1,
		provenance(func(a *lab.Attestation) { a.NoPromise, a.Timestamped = true, true }), func(w *world) {
			w.trustedRoot(lab.Set("/tlogs/0/publicKey/validFor/end", "2025-09-01T00:00:00Z"))
		}},
	{"a log that had not begun", "provenance", report.Fail, 1, nil, func(w *world) {
		w.trustedRoot(lab.Set("/tlogs/0/publicKey/validFor/start", "2025-11-01T00:00:00Z"))
	}},
	{"an authority that had ended", "provenance", report.Fail, 1, nil, func(w *world) {
		w.trustedRoot(lab.Set("/certificateAuthorities/0/validFor/end", "2025-09-01T00:00:00Z"))
	}},
	{"a certificate transparency log that had ended", "provenance", report.Fail, 1, nil, func(w *world) {
		w.trustedRoot(lab.Set("/ctlogs/0/publicKey/validFor/end", "2025-09-01T00:00:00Z"))
	}},
	{"an entry that is labelled another kind", "provenance", report.Fail, 1, bundle(lab.Set(entry+"/kindVersion/kind", "hashedrekord")), nil},
	{"a body that names a key twice", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.LogBody = func(b []byte) []byte { return bytes.Replace(b, []byte("{"), []byte(`{"kind":"dsse",`), 1) }
	}), nil},
	{"a kind of entry that this version does not know", "provenance", report.Unknown, 1, provenance(func(a *lab.Attestation) { a.Entry = lab.EntryDSSEV2 }), nil},
	{"an entry of Rekor v2 without a timestamp", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.Entry, a.Bundle = lab.EntryHashedRekordV2, lab.Set(timestamps, []any{})
	}), nil},
	{"an entry of Rekor v2 of something else", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.Entry = lab.EntryHashedRekordV2
		a.LogEntry = func(e *lab.LogEntry) {
			e.CanonicalizedBody = bytes.Replace(e.CanonicalizedBody, []byte(`"digest":"`), []byte(`"digest":"AAAA`), 1)
		}
	}), nil},
	{"an entry of Rekor v2 in the old log", "provenance", report.Fail, 1, func(w *world) {
		s := *w.sigstore
		s.RekorV2 = s.Rekor
		a := w.draft.Provenance
		a.Sigstore, a.Entry, a.NoPromise = &s, lab.EntryHashedRekordV2, true
	}, nil},
	{"a timestamp by an unknown authority", "provenance", report.Fail, 1, func(w *world) {
		elsewhere(func(ours, theirs *lab.Sigstore) { ours.TSA = theirs.TSA })(w)
		w.draft.Provenance.Entry = lab.EntryHashedRekordV2
	}, nil},
	{"a broken timestamp beside a good promise", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.Timestamped = true
		a.Bundle = lab.Change(timestamps+"/0/signedTimestamp", func(v any) any {
			raw, _ := base64.StdEncoding.DecodeString(v.(string))
			raw[len(raw)-1] ^= 1
			return raw
		})
	}), nil},
	{"a timestamp after the certificate had expired", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.Timestamped, a.Timestamp = true, func(at time.Time) time.Time { return at.Add(time.Hour) }
	}), nil},
	{"the timestamp of another release", "provenance", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Timestamped = true
		borrowed(timestamps)(w)
	}, nil},
	{"a publish attestation without a proof, said to be of version 0.1, with a dsse entry", "publish-attestation", report.Fail, 1, func(w *world) {
		a := w.draft.PublishAttestation
		a.MediaType, a.Entry, a.NoProof = lab.BundleV01, lab.EntryDSSE, true
	}, nil},
	{"a publish attestation in another log", "publish-attestation", report.Fail, 1, func(w *world) {
		s := *w.sigstore
		s.Rekor = w.stranger.Rekor
		w.draft.PublishAttestation.Sigstore = &s
	}, nil},
}
