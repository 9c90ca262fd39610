package lab

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// maxBody bounds what a service of the world reads; npm's registry takes packages of this size, roughly.
const maxBody = 256 << 20

func readBody(r *http.Request, v any) error {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// grpcError is an error of a service behind grpc-gateway, as Fulcio is, and of Rekor, whose errors look the same.
// sigstore-js prints the message (@sigstore/sign, external/fetch.js).
func grpcError(out http.ResponseWriter, status int, format string, args ...any) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(status)
	_, _ = out.Write(encode(Object{"code": status, "message": fmt.Sprintf(format, args...)}))
}

// fulcio is Fulcio's HTTP API as far as sigstore-js uses it: POST /api/v2/signingCert (sigstore/fulcio, fulcio.proto,
// CreateSigningCertificate; @sigstore/sign, signer/fulcio/ca.js).
func (w *World) fulcio(out http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/v2/signingCert" {
		grpcError(out, http.StatusNotFound, "Not Found")
		return
	}
	var request struct {
		Credentials struct {
			Token string `json:"oidcIdentityToken"`
		} `json:"credentials"`
		PublicKeyRequest struct {
			PublicKey struct{ Algorithm, Content string } `json:"publicKey"`
			Proof     []byte                              `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	if err := readBody(r, &request); err != nil {
		grpcError(out, http.StatusBadRequest, "The signing request could not be parsed: %v", err)
		return
	}
	run, err := w.Issuer.verify(request.Credentials.Token, "sigstore")
	if err != nil {
		grpcError(out, http.StatusUnauthorized, "There was an error processing the identity token: %v", err)
		return
	}
	block, _ := pem.Decode([]byte(request.PublicKeyRequest.PublicKey.Content))
	if block == nil {
		grpcError(out, http.StatusBadRequest, "The public key supplied in the request could not be parsed")
		return
	}
	public, _ := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := public.(*ecdsa.PublicKey)
	if !ok {
		grpcError(out, http.StatusBadRequest, "The public key supplied in the request could not be parsed")
		return
	}
	// The proof is a signature of the token's subject (sigstore/fulcio, pkg/challenges).
	subject := sha256.Sum256([]byte(run.Subject()))
	if !ecdsa.VerifyASN1(key, subject[:], request.PublicKeyRequest.Proof) {
		grpcError(out, http.StatusBadRequest, "The signature supplied in the request could not be verified")
		return
	}
	now := w.now().Truncate(time.Second)
	certificate := Certificate{
		URI: run.uri(), Extensions: run.extensions(), NotBefore: now, NotAfter: now.Add(10 * time.Minute),
		CA: w.Sigstore.CA, CTLogs: []*CTLog{w.Sigstore.CT},
	}
	for n, value := range certificate.Extensions { // an empty claim makes no extension (sigstore/fulcio, certificate/extensions.go)
		if value == "" {
			delete(certificate.Extensions, n)
		}
	}
	var chain []string
	for _, c := range []*x509.Certificate{certificate.issue(key), w.Sigstore.CA.Intermediate, w.Sigstore.CA.Root} {
		chain = append(chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
	}
	out.Header().Set("Content-Type", "application/json")
	_, _ = out.Write(encode(Object{"signedCertificateEmbeddedSct": Object{"chain": Object{"certificates": chain}}}))
}

// proposal is an entry as a client proposes it (sigstore/rekor, openapi.yaml and pkg/types/dsse, pkg/types/intoto;
// @sigstore/sign, witness/tlog/entry.js). The payload and signature of intoto are in base64 twice.
type proposal struct {
	APIVersion, Kind string
	Spec             struct {
		ProposedContent struct {
			Envelope  string
			Verifiers [][]byte
		}
		Content struct {
			Envelope struct {
				PayloadType string
				Payload     []byte
				Signatures  []struct {
					Sig, PublicKey []byte
					KeyID          string
				}
			}
			Hash struct{ Value string }
		}
	}
}

// read gives the envelope, who signed it, the entry's version and the canonical body.
func (p *proposal) read() (e Envelope, verifier []byte, body []byte, err error) {
	switch p.Kind {
	case "dsse":
		content := p.Spec.ProposedContent
		if err := json.Unmarshal([]byte(content.Envelope), &e); err != nil {
			return e, nil, nil, err
		}
		if len(content.Verifiers) != 1 {
			return e, nil, nil, fmt.Errorf("%d verifiers, want 1", len(content.Verifiers))
		}
		verifier = content.Verifiers[0]
		sum := sha256.Sum256([]byte(content.Envelope)) // of the bytes as they came
		body = Edit(dsseBody(e, verifier), Set("/spec/envelopeHash/value", hex.EncodeToString(sum[:])))
	case "intoto":
		content := p.Spec.Content
		if len(content.Envelope.Signatures) != 1 {
			return e, nil, nil, fmt.Errorf("%d signatures, want 1", len(content.Envelope.Signatures))
		}
		s := content.Envelope.Signatures[0]
		payload, err1 := base64.StdEncoding.DecodeString(string(content.Envelope.Payload))
		sig, err2 := base64.StdEncoding.DecodeString(string(s.Sig))
		if err1 != nil || err2 != nil {
			return e, nil, nil, fmt.Errorf("payload and signature are not in base64 twice: %v %v", err1, err2)
		}
		e = Envelope{payload, content.Envelope.PayloadType, []EnvelopeSignature{{sig, s.KeyID}}}
		verifier = s.PublicKey
		body = Edit(intotoBody(e, verifier), Set("/spec/content/hash/value", content.Hash.Value))
	default:
		return e, nil, nil, fmt.Errorf("entry kind %q is not supported", p.Kind)
	}
	return e, verifier, body, nil
}

// rekor is Rekor's HTTP API as far as sigstore-js uses it: POST /api/v1/log/entries (@sigstore/sign, external/rekor.js).
func (w *World) rekor(out http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/v1/log/entries" {
		grpcError(out, http.StatusNotFound, "path %s was not found", r.URL.Path)
		return
	}
	var p proposal
	if err := readBody(r, &p); err != nil {
		grpcError(out, http.StatusBadRequest, "Error processing entry: %v", err)
		return
	}
	e, verifier, body, err := p.read()
	if err == nil {
		err = signedBy(e, verifier)
	}
	if err != nil {
		grpcError(out, http.StatusBadRequest, "Error processing entry: %v", err)
		return
	}
	leaf := tlog.RecordHash(body)
	uuid := fmt.Sprintf("%016x%s", binary.BigEndian.Uint64(w.Sigstore.Rekor.ID()), hex.EncodeToString(leaf[:]))
	w.mu.Lock()
	before, known := w.logged[string(body)]
	w.logged[string(body)] = uuid
	w.mu.Unlock()
	if known { // sigstore/rekor, pkg/api/error.go, entryAlreadyExists
		out.Header().Set("Location", "/api/v1/log/entries/"+before)
		grpcError(out, http.StatusConflict, "an equivalent entry already exists in the transparency log with UUID %s", before)
		return
	}
	entry := w.Sigstore.Rekor.Append(p.Kind, p.APIVersion, body, w.now())
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Location", "/api/v1/log/entries/"+uuid)
	out.WriteHeader(http.StatusCreated)
	_, _ = out.Write(encode(Object{uuid: entry.api()}))
}

// signedBy holds an envelope against the certificate in PEM that it claims.
func signedBy(e Envelope, verifier []byte) error {
	block, _ := pem.Decode(verifier)
	if block == nil {
		return fmt.Errorf("the verifier is not PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	return certificate.CheckSignature(x509.ECDSAWithSHA256, PAE(e.PayloadType, e.Payload), firstSignature(e))
}

// api is the entry as the HTTP API answers it (sigstore/rekor, openapi.yaml, LogEntry): hex and numbers where a bundle
// has base64 and strings.
func (e *LogEntry) api() Object {
	number := func(s string) int64 { return must(strconv.ParseInt(s, 10, 64)) }
	hashes := []string{}
	for _, h := range e.InclusionProof.Hashes {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	return Object{
		"body": e.CanonicalizedBody, "integratedTime": number(e.IntegratedTime),
		"logID": hex.EncodeToString(e.LogID.KeyID), "logIndex": number(e.LogIndex),
		"verification": Object{
			"signedEntryTimestamp": e.InclusionPromise.SignedEntryTimestamp,
			"inclusionProof": Object{
				"checkpoint": e.InclusionProof.Checkpoint.Envelope, "hashes": hashes,
				"logIndex": number(e.InclusionProof.LogIndex), "rootHash": hex.EncodeToString(e.InclusionProof.RootHash),
				"treeSize": number(e.InclusionProof.TreeSize),
			},
		},
	}
}
