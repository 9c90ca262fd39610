package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Rekor is a transparency log: a Merkle tree (RFC 6962) whose head is signed as a checkpoint. With an ECDSA key it is a
// version 1 log (promises with a time; an origin with a tree id; indices that run on from earlier shards), with an Ed25519
// key a version 2 log (neither time nor promise; the tree's own indices).
type Rekor struct {
	BaseURL string
	Origin  string // first line of the checkpoint
	Key     crypto.Signer
	Start   time.Time

	offset int64
	mu     sync.Mutex
	size   int64
	hashes []tlog.Hash
}

// NewRekor returns a version 1 log at https://host with a few earlier entries.
func NewRekor(host string) *Rekor {
	r := &Rekor{BaseURL: "https://" + host, Origin: host + " - 1193050959916656506", Key: newKey(), Start: epoch, offset: 121904062}
	r.fill()
	return r
}

// NewRekorV2 returns a version 2 log at https://host with a few earlier entries.
func NewRekorV2(host string) *Rekor {
	_, key := must2(ed25519.GenerateKey(rand.Reader))
	r := &Rekor{BaseURL: "https://" + host, Origin: host, Key: key, Start: time.Date(2025, 9, 23, 0, 0, 0, 0, time.UTC)}
	r.fill()
	return r
}

func must2[A, B any](a A, b B, err error) (A, B) {
	must(a, err)
	return a, b
}

// fill adds a few leaves, so that a proof has hashes and an index is not 0.
func (r *Rekor) fill() {
	for i := range 5 {
		r.add(fmt.Appendf(nil, "earlier entry %d", i))
	}
}

// ID is the log's id: the hash of its key (v1), or of its name and key (v2, c2sp.org/signed-note).
func (r *Rekor) ID() []byte {
	if key, ok := r.Key.Public().(ed25519.PublicKey); ok {
		sum := sha256.Sum256(append([]byte(r.host()+"\n\x01"), key...))
		return sum[:]
	}
	return logID(r.Key.Public())
}

func (r *Rekor) host() string { return must(url.Parse(r.BaseURL)).Hostname() }

// LogEntry is an entry as a bundle carries it (sigstore_rekor.proto, TransparencyLogEntry), in protobuf's JSON.
type LogEntry struct {
	LogIndex          string            `json:"logIndex"`
	LogID             LogID             `json:"logId"`
	KindVersion       KindVersion       `json:"kindVersion"`
	IntegratedTime    string            `json:"integratedTime,omitempty"` // seconds since 1970
	InclusionPromise  *InclusionPromise `json:"inclusionPromise,omitempty"`
	InclusionProof    *InclusionProof   `json:"inclusionProof,omitempty"`
	CanonicalizedBody []byte            `json:"canonicalizedBody"`
}

// LogID names a log.
type LogID struct {
	KeyID []byte `json:"keyId"`
}

// KindVersion is the type of an entry's body.
type KindVersion struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

// InclusionPromise is the signed entry timestamp of a version 1 log.
type InclusionPromise struct {
	SignedEntryTimestamp []byte `json:"signedEntryTimestamp"`
}

// InclusionProof leads from the entry to the root that the checkpoint signs.
type InclusionProof struct {
	LogIndex   string     `json:"logIndex"`
	RootHash   []byte     `json:"rootHash"`
	TreeSize   string     `json:"treeSize"`
	Hashes     [][]byte   `json:"hashes"`
	Checkpoint Checkpoint `json:"checkpoint"`
}

// Checkpoint is the signed tree head, a signed note.
type Checkpoint struct {
	Envelope string `json:"envelope"`
}

// Append logs a body and returns its entry with promise (v1) and proof.
func (r *Rekor) Append(kind, version string, body []byte, at time.Time) *LogEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.add(body)
	e := &LogEntry{
		LogIndex:          strconv.FormatInt(n+r.offset, 10),
		LogID:             LogID{r.ID()},
		KindVersion:       KindVersion{kind, version},
		CanonicalizedBody: body,
	}
	if key, ok := r.Key.(*ecdsa.PrivateKey); ok {
		e.IntegratedTime = strconv.FormatInt(at.Unix(), 10)
		// Already canonical (RFC 8785): keys sorted, plain ASCII, whole numbers.
		payload := fmt.Sprintf(`{"body":%q,"integratedTime":%d,"logID":%q,"logIndex":%d}`,
			base64.StdEncoding.EncodeToString(body), at.Unix(), hex.EncodeToString(r.ID()), n+r.offset)
		e.InclusionPromise = &InclusionPromise{sign(key, []byte(payload))}
	}
	root := must(tlog.TreeHash(r.size, r))
	e.InclusionProof = &InclusionProof{
		LogIndex:   strconv.FormatInt(n, 10),
		RootHash:   root[:],
		TreeSize:   strconv.FormatInt(r.size, 10),
		Checkpoint: Checkpoint{r.checkpoint(r.size, root)},
	}
	for _, h := range must(tlog.ProveRecord(r.size, n, r)) {
		e.InclusionProof.Hashes = append(e.InclusionProof.Hashes, h[:])
	}
	return e
}

func (r *Rekor) add(body []byte) int64 {
	r.hashes = append(r.hashes, must(tlog.StoredHashes(r.size, body, r))...)
	r.size++
	return r.size - 1
}

// ReadHashes gives the tree's algorithms the hashes they ask for.
func (r *Rekor) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = r.hashes[x]
	}
	return out, nil
}

// SignCheckpoint signs any tree head, true or not, with the log's key.
func (r *Rekor) SignCheckpoint(size int64, root []byte) string {
	return r.checkpoint(size, tlog.Hash(root))
}

func (r *Rekor) checkpoint(size int64, root tlog.Hash) string {
	text := fmt.Sprintf("%s\n%d\n%s\n", r.Origin, size, root)
	return string(must(note.Sign(&note.Note{Text: text}, noteSigner{r})))
}

type noteSigner struct{ r *Rekor }

func (s noteSigner) Name() string    { return s.r.host() }
func (s noteSigner) KeyHash() uint32 { return binary.BigEndian.Uint32(s.r.ID()) }
func (s noteSigner) Sign(text []byte) ([]byte, error) {
	if key, ok := s.r.Key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, text), nil
	}
	return sign(s.r.Key.(*ecdsa.PrivateKey), text), nil
}
