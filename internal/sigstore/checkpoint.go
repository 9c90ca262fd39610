package sigstore

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpoint is the state of a log that the log signed (C2SP tlog-checkpoint).
type checkpoint struct {
	origin string // first line: names the log; Rekor v1 adds " - " and the id of the tree
	size   int64  // entries in the tree; at least 1
	hash   tlog.Hash
}

// openCheckpoint verifies a signed note under the log's key and reads the checkpoint in it. sigstore-go has
// verified it before, by a looser reading of the format; what is reported is what this reading verified.
func openCheckpoint(envelope string, log *root.TransparencyLog) (*checkpoint, error) {
	origin, _, _ := strings.Cut(envelope, "\n")
	name := treeID.ReplaceAllString(origin, "")
	verifier, err := signature.LoadVerifier(log.PublicKey, log.SignatureHashFunc)
	if err != nil {
		return nil, invalid(err, "loading the key of log %q", short(log.BaseURL))
	}
	n, err := note.Open([]byte(envelope), logKeys{name, keyHashes(name, log), verifier})
	if err != nil {
		return nil, invalid(err, "the checkpoint does not verify under the key of log %q", short(log.BaseURL))
	}
	return parseCheckpoint(n.Text)
}

// parseCheckpoint reads the text of a signed note: origin, size and root hash, a line each, then lines for
// which we have no use.
func parseCheckpoint(text string) (*checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || lines[0] == "" {
		return nil, malformed(nil, "the checkpoint has not the three lines of origin, size and root hash")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 || strconv.FormatInt(size, 10) != lines[1] {
		return nil, malformed(nil, "the checkpoint has tree size %q, want a decimal number of at least 1", short(lines[1]))
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(hash) != tlog.HashSize {
		return nil, malformed(err, "the checkpoint has root hash %q, want base64 of %d bytes", short(lines[2]), tlog.HashSize)
	}
	return &checkpoint{origin: lines[0], size: size, hash: tlog.Hash(hash)}, nil
}

// logKeys is the log's key for note.Open, under the log's name.
type logKeys struct {
	name     string
	hashes   []uint32
	verifier signature.Verifier
}

// Verifier returns the log's key where name and hash are the log's.
func (k logKeys) Verifier(name string, hash uint32) (note.Verifier, error) {
	if name != k.name || !slices.Contains(k.hashes, hash) {
		return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
	}
	return logKey{k, hash}, nil
}

type logKey struct {
	logKeys
	hash uint32
}

// Name returns the log's name.
func (k logKey) Name() string { return k.name }

// KeyHash returns the hash that was asked for.
func (k logKey) KeyHash() uint32 { return k.hash }

// Verify says whether sig is the log's signature of msg.
func (k logKey) Verify(msg, sig []byte) bool {
	return k.verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(msg)) == nil
}
