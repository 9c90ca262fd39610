package sigstore

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// Sigstore's public deployment, where npm signs too.
const (
	fulcioURL = "https://fulcio.sigstore.dev/api/v2/signingCert"
	rekorURL  = "https://rekor.sigstore.dev/api/v1/log/entries"
)

type object = map[string]any

// Sign signs statements in the name of this workflow run, under one certificate,
// and returns a bundle of version 0.3 for each, one line of JSON. Sigstore's
// public services certify and log the run's identity for everybody to see. Every
// bundle is verified with v before any is handed out.
//
// sigstore-go's own signer would add 5 % to the program, and follows redirects
// and reads answers without bounds. The error is an *[Error]; no token is in it.
func (i Identity) Sign(ctx context.Context, v *Verifier, statements ...[]byte) ([][]byte, error) {
	if v == nil {
		return nil, invalid(nil, "there is no trusted root to verify the signature with")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, invalid(err, "making a key")
	}
	leaf, err := i.certify(ctx, key)
	if err != nil {
		return nil, err
	}
	var bundles [][]byte
	for _, statement := range statements {
		raw, err := i.sign(ctx, key, leaf, statement)
		if err != nil {
			return nil, err
		}
		if _, err := v.Keyless(raw); err != nil {
			return nil, invalid(err, "what Sigstore's public services returned does not verify")
		}
		bundles = append(bundles, raw)
	}
	return bundles, nil
}

// certify has Fulcio certify key for the run (sigstore/fulcio, fulcio.proto,
// CreateSigningCertificate). Possession of the key is proved by signing the
// token's subject.
func (i Identity) certify(ctx context.Context, key *ecdsa.PrivateKey) ([]byte, error) {
	token, subject, err := i.token(ctx)
	if err != nil {
		return nil, err
	}
	public, keyErr := x509.MarshalPKIXPublicKey(key.Public())
	proof, err := signWith(key, []byte(subject))
	if err = errors.Join(keyErr, err); err != nil {
		return nil, invalid(err, "proving that the key is ours")
	}
	var answer struct {
		Certificate struct {
			Chain struct {
				Certificates []string `json:"certificates"`
			} `json:"chain"`
		} `json:"signedCertificateEmbeddedSct"`
	}
	err = i.exchange(ctx, request{service: "Fulcio", method: http.MethodPost, address: fulcioURL, secret: token, document: func() (any, error) {
		return object{
			"credentials": object{"oidcIdentityToken": token},
			"publicKeyRequest": object{
				"publicKey":         object{"algorithm": "ECDSA", "content": string(toPEM("PUBLIC KEY", public))},
				"proofOfPossession": proof,
			},
		}, nil
	}}, &answer)
	if err != nil {
		return nil, err
	}
	chain := answer.Certificate.Chain.Certificates
	if len(chain) == 0 {
		return nil, malformed(nil, "Fulcio answered without a certificate")
	}
	block, _ := pem.Decode([]byte(chain[0]))
	if block == nil {
		return nil, malformed(nil, "Fulcio's certificate is not PEM")
	}
	return block.Bytes, nil
}

// sign signs one statement and has Rekor log it, in the form npm's are logged in.
func (i Identity) sign(ctx context.Context, key *ecdsa.PrivateKey, leaf, statement []byte) ([]byte, error) {
	var sig []byte
	var answer map[string]logged
	err := i.exchange(ctx, request{service: "Rekor", method: http.MethodPost, address: rekorURL, document: func() (any, error) {
		// A fresh signature for each try: Rekor refuses an entry that it has, also
		// where the answer to the first try was lost.
		var err error
		sig, err = signWith(key, fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(statement), statement))
		if err != nil {
			return nil, err
		}
		envelope, err := json.Marshal(object{
			"payload": statement, "payloadType": payloadType,
			"signatures": []object{{"sig": sig, "keyid": ""}},
		}, json.Deterministic(true))
		return object{
			"apiVersion": kindDSSE.version, "kind": kindDSSE.kind,
			"spec": object{"proposedContent": object{
				"envelope": string(envelope), "verifiers": [][]byte{toPEM("CERTIFICATE", leaf)},
			}},
		}, err
	}}, &answer)
	if err != nil {
		return nil, err
	}
	if len(answer) != 1 {
		return nil, malformed(nil, "Rekor answered with %d entries, want one", len(answer))
	}
	var entry *rekorv1.TransparencyLogEntry
	for _, e := range answer {
		if entry, err = e.proto(); err != nil {
			return nil, malformed(err, "reading Rekor's entry")
		}
	}
	raw, err := protojson.Marshal(&protobundle.Bundle{
		MediaType: mediaTypePrefix + ".v0.3+json",
		VerificationMaterial: &protobundle.VerificationMaterial{
			Content:     &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: leaf}},
			TlogEntries: []*rekorv1.TransparencyLogEntry{entry},
		},
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: statement, PayloadType: payloadType, Signatures: []*protodsse.Signature{{Sig: sig}},
		}},
	})
	if err != nil {
		return nil, invalid(err, "encoding the bundle")
	}
	value := jsontext.Value(raw)
	return value, value.Compact() // protojson spaces at random
}

// logged is an entry as Rekor's API answers it (sigstore/rekor, openapi.yaml, LogEntry).
type logged struct {
	Body           []byte `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
	Verification   struct {
		Promise []byte `json:"signedEntryTimestamp"`
		Proof   struct {
			Checkpoint string   `json:"checkpoint"`
			Hashes     []string `json:"hashes"`
			LogIndex   int64    `json:"logIndex"`
			RootHash   string   `json:"rootHash"`
			TreeSize   int64    `json:"treeSize"`
		} `json:"inclusionProof"`
	} `json:"verification"`
}

// proto is the entry as a bundle holds it: bytes for hex.
func (l logged) proto() (*rekorv1.TransparencyLogEntry, error) {
	proof := l.Verification.Proof
	raw, err := unhex(append([]string{l.LogID, proof.RootHash}, proof.Hashes...))
	if err != nil {
		return nil, err
	}
	return &rekorv1.TransparencyLogEntry{
		LogIndex: l.LogIndex, LogId: &protocommon.LogId{KeyId: raw[0]},
		KindVersion:    &rekorv1.KindVersion{Kind: kindDSSE.kind, Version: kindDSSE.version},
		IntegratedTime: l.IntegratedTime, CanonicalizedBody: l.Body,
		InclusionPromise: &rekorv1.InclusionPromise{SignedEntryTimestamp: l.Verification.Promise},
		InclusionProof: &rekorv1.InclusionProof{
			LogIndex: proof.LogIndex, RootHash: raw[1], TreeSize: proof.TreeSize, Hashes: raw[2:],
			Checkpoint: &rekorv1.Checkpoint{Envelope: proof.Checkpoint},
		},
	}, nil
}

func unhex(texts []string) ([][]byte, error) {
	var out [][]byte
	for _, text := range texts {
		raw, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

func signWith(key *ecdsa.PrivateKey, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return nil, invalid(err, "signing")
	}
	return sig, nil
}

func toPEM(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}
