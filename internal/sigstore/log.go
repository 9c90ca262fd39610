package sigstore

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"golang.org/x/mod/sumdb/tlog"
)

// LogEntry is where the transparency log holds the signature. Every field was signed by the log.
type LogEntry struct {
	// Index is the entry's number in the whole log, as the log's search counts. -1: not known, where a Rekor v1
	// entry comes without the log's signed promise (its proof is of the number in one tree of several).
	Index          int64
	LogID          string    // hex of the log's key id
	IntegratedTime time.Time // UTC; zero where the log signed none, as Rekor v2 never does
	Origin         string    // first line of the signed checkpoint; "" for a promise without a proof
	TreeSize       int64     // of the signed checkpoint; 0 for a promise without a proof
	URL            string    // page of the entry, where the log has such pages; else ""
}

// publicLog is the base URL of Sigstore's public Rekor v1, the log that search.sigstore.dev shows.
const publicLog = "https://rekor.sigstore.dev"

// treeID ends the origin of a Rekor v1 checkpoint, and of no other. sigstore-go goes by it too
// (pkg/verify/tlog.go, hasRekorV1STH).
var treeID = regexp.MustCompile(` - [0-9]+$`)

// readLogEntry reads the only log entry of a bundle that sigstore-go verified, and adds: the log's key was
// valid at every observer time, which sigstore-go asks only where there is a promise; and the body, which
// sigstore-go does not read in Rekor v2, is the leaf that the checkpoint proves.
func readLogEntry(b *protobundle.Bundle, logs map[string]*root.TransparencyLog, times []time.Time) (*LogEntry, error) {
	entry := b.GetVerificationMaterial().GetTlogEntries()[0]
	id := hex.EncodeToString(entry.GetLogId().GetKeyId())
	log := logs[id]
	if log == nil {
		return nil, invalid(nil, "the log entry is of log %s, which the trusted root does not name", short(id))
	}
	for _, t := range times {
		if t.Before(log.ValidityPeriodStart) || !log.ValidityPeriodEnd.IsZero() && t.After(log.ValidityPeriodEnd) {
			return nil, invalid(nil, "signed at %s, when the key of log %q was not valid: %s", stamp(t), short(log.BaseURL), validity(log))
		}
	}
	kind, err := bodyKind(entry)
	if err != nil {
		return nil, err
	}
	promised := len(entry.GetInclusionPromise().GetSignedEntryTimestamp()) > 0
	out := &LogEntry{LogID: id, Index: entry.GetLogIndex()}
	if promised {
		out.IntegratedTime = time.Unix(entry.GetIntegratedTime(), 0).UTC()
		if log.BaseURL == publicLog {
			out.URL = fmt.Sprintf("https://search.sigstore.dev/?logIndex=%d", out.Index)
		}
	}
	proof := entry.GetInclusionProof()
	if proof == nil {
		if !promised {
			return nil, invalid(nil, "the log entry has neither a proof nor a promise")
		}
		return out, nil
	}
	point, err := openCheckpoint(proof.GetCheckpoint().GetEnvelope(), log)
	if err != nil {
		return nil, err
	}
	v1 := treeID.MatchString(point.origin)
	if v1 == (kind == kindHashedRekord) {
		return nil, invalid(nil, "a log entry of kind %s %s under a checkpoint of origin %q", kind.kind, kind.version, short(point.origin))
	}
	if !v1 && proof.GetLogIndex() != entry.GetLogIndex() {
		return nil, invalid(nil, "the log entry has index %d and its proof index %d", entry.GetLogIndex(), proof.GetLogIndex())
	}
	if err := checkInclusion(entry.GetCanonicalizedBody(), proof, point); err != nil {
		return nil, err
	}
	if v1 && !promised {
		out.Index = -1
	}
	out.Origin, out.TreeSize = point.origin, point.size
	return out, nil
}

// checkInclusion checks that body is the leaf that proof proves to be in the tree of the checkpoint (RFC 6962
// §2.1.1), and that the proof does not speak of another tree.
func checkInclusion(body []byte, proof *rekorv1.InclusionProof, point *checkpoint) error {
	if proof.GetTreeSize() != point.size {
		return invalid(nil, "the inclusion proof is for a tree of size %d and the checkpoint of size %d", proof.GetTreeSize(), point.size)
	}
	if string(proof.GetRootHash()) != string(point.hash[:]) {
		return invalid(nil, "the inclusion proof is for a tree of another root than the checkpoint's")
	}
	var path tlog.RecordProof
	for _, h := range proof.GetHashes() {
		if len(h) != tlog.HashSize {
			return malformed(nil, "the inclusion proof has a hash of %d bytes, want %d", len(h), tlog.HashSize)
		}
		path = append(path, tlog.Hash(h))
	}
	if err := tlog.CheckRecord(path, point.size, point.hash, proof.GetLogIndex(), tlog.RecordHash(body)); err != nil {
		return invalid(err, "the inclusion proof does not lead from the log entry to the checkpoint")
	}
	return nil
}

func validity(log *root.TransparencyLog) string {
	if log.ValidityPeriodEnd.IsZero() {
		return "from " + stamp(log.ValidityPeriodStart)
	}
	return "from " + stamp(log.ValidityPeriodStart) + " to " + stamp(log.ValidityPeriodEnd)
}
