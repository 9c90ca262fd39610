package sigstore

import (
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"

	"verify-npm-release/internal/lab"
)

// TestReadLogEntry spoils an entry after sigstore-go has had its say.
func TestReadLogEntry(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	logs := verifier(t, s.TrustedRoot()).root.RekorLogs()
	bundle := attestation(s).Sign(lab.NewRun(), []byte(statementJSON))
	for _, tt := range []struct {
		name, want string
		kind       Kind
		spoil      func(*rekorv1.TransparencyLogEntry)
	}{
		{"an unknown log", "does not name", Invalid, func(e *rekorv1.TransparencyLogEntry) { e.LogId.KeyId[0] ^= 1 }},
		{"neither proof nor promise", "neither", Invalid, func(e *rekorv1.TransparencyLogEntry) { e.InclusionProof, e.InclusionPromise = nil, nil }},
		{"an empty promise and no proof", "neither", Invalid, func(e *rekorv1.TransparencyLogEntry) {
			e.InclusionProof, e.InclusionPromise.SignedEntryTimestamp = nil, nil
		}},
		{"a short hash", "hash of 31 bytes", Malformed, func(e *rekorv1.TransparencyLogEntry) { e.InclusionProof.Hashes[0] = e.InclusionProof.Hashes[0][1:] }},
		{"another hash", "does not lead", Invalid, func(e *rekorv1.TransparencyLogEntry) { e.InclusionProof.Hashes[0][7] ^= 1 }},
		{"a hash too many", "does not lead", Invalid, func(e *rekorv1.TransparencyLogEntry) {
			e.InclusionProof.Hashes = append(e.InclusionProof.Hashes, make([]byte, 32))
		}},
		{"an index below zero", "does not lead", Invalid, func(e *rekorv1.TransparencyLogEntry) { e.InclusionProof.LogIndex = -1 }},
		{"an index beyond the tree", "does not lead", Invalid, func(e *rekorv1.TransparencyLogEntry) { e.InclusionProof.LogIndex = 99 }},
		{"a body that is no JSON", "reading the log entry's body", Malformed, func(e *rekorv1.TransparencyLogEntry) { e.CanonicalizedBody = []byte("{") }},
		{"another body", "does not lead", Invalid, func(e *rekorv1.TransparencyLogEntry) {
			e.CanonicalizedBody = append(e.CanonicalizedBody, ' ')
		}},
	} {
		b := new(protobundle.Bundle)
		if err := protojson.Unmarshal(bundle, b); err != nil {
			t.Fatal(err)
		}
		tt.spoil(b.VerificationMaterial.TlogEntries[0])
		got, err := readLogEntry(b, logs, []time.Time{signedAt})
		if got != nil || kindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v; want %v with %q", tt.name, got, err, tt.kind, tt.want)
		}
	}
}

// TestOpenCheckpoint: only what the log's own key signed is read, whatever sigstore-go verified before.
func TestOpenCheckpoint(t *testing.T) {
	t.Parallel()
	s, other := lab.NewSigstore(), lab.NewSigstore()
	hash := make([]byte, 32)
	good := s.Rekor.SignCheckpoint(7, hash)
	var logs []*root.TransparencyLog
	for _, log := range verifier(t, s.TrustedRoot()).root.RekorLogs() {
		if strings.Contains(good, strings.TrimPrefix(log.BaseURL, "https://")) {
			logs = append(logs, log)
		}
	}
	if len(logs) != 1 {
		t.Fatalf("got %d logs of that name, want 1", len(logs))
	}
	if got, err := openCheckpoint(good, &root.TransparencyLog{BaseURL: logs[0].BaseURL, PublicKey: "no key"}); got != nil || kindOf(err) != Invalid {
		t.Errorf("a log without a key: got %+v, %v; want invalid", got, err)
	}
	if got, err := openCheckpoint(good, logs[0]); err != nil || got.size != 7 {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, envelope := range map[string]string{
		"another size":                 strings.Replace(good, "\n7\n", "\n8\n", 1),
		"another root":                 strings.Replace(good, "AAAA", "AAAB", 1),
		"signed by another deployment": other.Rekor.SignCheckpoint(7, hash),
		"its own key, another's hand":  good[:strings.LastIndex(good, " ")+8] + "AAAA" + good[strings.LastIndex(good, " ")+12:],
		"no signature":                 good[:strings.Index(good, "\n\n")+2],
		"nothing":                      "",
	} {
		if got, err := openCheckpoint(envelope, logs[0]); got != nil || kindOf(err) != Invalid {
			t.Errorf("%s: got %+v, %v; want invalid", name, got, err)
		}
	}
}

// TestLogKeyPeriods: the log's key had to be valid at every time that was observed, its first and last instant included.
func TestLogKeyPeriods(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	bundle := new(protobundle.Bundle)
	if err := protojson.Unmarshal(attestation(s).Sign(lab.NewRun(), []byte(statementJSON)), bundle); err != nil {
		t.Fatal(err)
	}
	second := time.Second
	for _, tt := range []struct {
		name       string
		start, end time.Time
		times      []time.Time
		ok         bool
	}{
		{"no end", signedAt.Add(-second), time.Time{}, []time.Time{signedAt}, true},
		{"a later end", signedAt.Add(-second), signedAt.Add(second), []time.Time{signedAt}, true},
		{"the first and last instant", signedAt, signedAt, []time.Time{signedAt}, true},
		{"too early", signedAt.Add(second), time.Time{}, []time.Time{signedAt}, false},
		{"too late", signedAt.Add(-2 * second), signedAt.Add(-second), []time.Time{signedAt}, false},
		{"the second time too late", signedAt, signedAt.Add(second), []time.Time{signedAt, signedAt.Add(2 * second)}, false},
	} {
		logs := map[string]*root.TransparencyLog{}
		for id, log := range verifier(t, s.TrustedRoot()).root.RekorLogs() {
			l := *log
			l.ValidityPeriodStart, l.ValidityPeriodEnd = tt.start, tt.end
			logs[id] = &l
		}
		_, err := readLogEntry(bundle, logs, tt.times)
		if (err == nil) != tt.ok || err != nil && !strings.Contains(err.Error(), "was not valid") {
			t.Errorf("%s: got %v, want success %v", tt.name, err, tt.ok)
		}
	}
}
