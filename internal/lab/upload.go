package lab

import (
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// upload is one version as npm sends it.
type upload struct {
	name, version, tag string
	manifest           []byte
	tarball            []byte
	bundle             []byte // nil: without provenance
	who                grant
	approver           string
}

// document is the body of PUT /NAME and POST /-/stage/package/NAME (libnpmpublish, lib/publish.js, buildMetadata).
type document struct {
	ID          string                     `json:"_id"`
	Name        string                     `json:"name"`
	DistTags    map[string]string          `json:"dist-tags"`
	Versions    map[string]json.RawMessage `json:"versions"`
	Access      string                     `json:"access"`
	Attachments map[string]struct {
		ContentType string `json:"content_type"`
		Data        string `json:"data"`
		Length      int    `json:"length"`
	} `json:"_attachments"`
}

// notice is what npm prints since publishing is asynchronous: the header npm-notice (npm-registry-fetch, check-response.js).
const notice = "Your package is being processed and may take a few minutes to become available."

// publish takes a version in: PUT with ActionPublish, POST to the staging area with ActionStage.
func (w *World) publish(out http.ResponseWriter, r *http.Request, name, action string) {
	who, known := w.grant(r)
	if !known || who.name != "" && who.name != name {
		// The registry's mask for "unauthenticated or not allowed" (npm, lib/utils/error-message.js).
		refuse(out, http.StatusNotFound, "Not found")
		return
	}
	if who.user == "" && !slices.Contains(who.publisher.Actions, action) {
		refuse(out, http.StatusForbidden, "OIDC permission denied for this action")
		return
	}
	var d document
	if err := readBody(r, &d); err != nil {
		refuse(out, http.StatusBadRequest, err.Error())
		return
	}
	u, err := d.read(name)
	if err != nil {
		refuse(out, http.StatusBadRequest, err.Error())
		return
	}
	u.who = who
	if status, text := w.conflict(u, d.Access, action); status != 0 {
		refuse(out, status, text)
		return
	}
	if u.bundle != nil {
		if err := w.verifyProvenance(u); err != nil {
			refuse(out, http.StatusUnprocessableEntity, "Error verifying sigstore provenance bundle: "+err.Error())
			return
		}
	}
	out.Header().Set("Content-Type", "application/json")
	if action == ActionStage {
		id := newStageID()
		w.mu.Lock()
		w.stages[id] = u
		w.mu.Unlock()
		out.WriteHeader(http.StatusCreated)
		_, _ = out.Write(encode(Object{"stageId": id}))
		return
	}
	if w.accept(u) {
		out.Header().Set("npm-notice", notice)
		out.WriteHeader(http.StatusAccepted)
	}
	_, _ = out.Write(encode(Object{"ok": true, "success": true}))
}

func (w *World) grant(r *http.Request) (grant, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	return g, ok
}

// read takes the one version and its attachments apart and holds them against each other.
func (d *document) read(name string) (*upload, error) {
	if d.Name != name || d.ID != name || len(d.Versions) != 1 {
		return nil, fmt.Errorf("the document is of %q (%q) with %d versions, want one of %q", d.Name, d.ID, len(d.Versions), name)
	}
	u := &upload{name: name}
	for version, manifest := range d.Versions {
		u.version, u.manifest = version, manifest
	}
	for tag, version := range d.DistTags {
		if version == u.version {
			u.tag = tag
		}
	}
	for file, a := range d.Attachments {
		var content []byte
		switch file {
		case name + "-" + u.version + ".tgz":
			content, _ = base64.StdEncoding.DecodeString(a.Data)
			u.tarball = content
		case name + "-" + u.version + ".sigstore":
			content = []byte(a.Data)
			u.bundle = content
			if text, _ := Get(content, "/mediaType").(string); text != a.ContentType {
				return nil, fmt.Errorf("the bundle is %q, its attachment %q", text, a.ContentType)
			}
		default:
			return nil, fmt.Errorf("unexpected attachment %q", file)
		}
		length := len(content)
		if u.bundle != nil && file != name+"-"+u.version+".tgz" {
			length = len(utf16.Encode([]rune(a.Data))) // npm counts as JavaScript does, and a checkpoint has a dash
		}
		if length == 0 || length != a.Length {
			return nil, fmt.Errorf("attachment %q is %d long, announced %d", file, length, a.Length)
		}
	}
	sum := sha512.Sum512(u.tarball)
	old := sha1.Sum(u.tarball)
	if Text(u.manifest, "/dist/integrity") != "sha512-"+base64.StdEncoding.EncodeToString(sum[:]) || Text(u.manifest, "/dist/shasum") != hex.EncodeToString(old[:]) {
		return nil, errors.New("the tarball does not match dist")
	}
	return u, nil
}

// conflict says why the registry does not take a version now (texts: npm/cli#9889, npm/cli#7376, lerna/lerna#4016); 0: it does.
func (w *World) conflict(u *upload, access, action string) (status int, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.stages {
		if s.name == u.name && s.version == u.version {
			return http.StatusConflict, fmt.Sprintf("Cannot publish over previously staged version %q.", u.version)
		}
	}
	p := w.packages[u.name]
	if p == nil || len(p.accepted) == 0 {
		if strings.HasPrefix(u.name, "@") && access != "public" {
			return http.StatusPaymentRequired, "You must sign up for private packages"
		}
		return 0, ""
	}
	at, taken := p.accepted[u.version]
	switch {
	case taken && at.After(w.now()):
		return http.StatusConflict, fmt.Sprintf("Cannot publish over previously staged version %q.", u.version)
	case taken && action == ActionStage:
		return http.StatusConflict, fmt.Sprintf("Cannot stage previously published version %q", u.version)
	case taken:
		return http.StatusForbidden, fmt.Sprintf("You cannot publish over the previously published versions: %s.", u.version)
	case !slices.ContainsFunc(slices.Collect(maps.Values(p.accepted)), func(at time.Time) bool { return !at.After(w.now()) }):
		return http.StatusConflict, "Failed to save packument. A common cause is if you try to publish a new package before the previous package has been fully processed."
	}
	return 0, ""
}

// accept makes the release of what was uploaded and serves it as the package's delays say; true if it is not served at once.
func (w *World) accept(u *upload) (later bool) {
	now := w.now()
	w.mu.Lock()
	p := w.pkg(u.name)
	ready := Ready{}
	for surface, delay := range p.delays {
		ready[surface] = now.Add(delay)
		later = later || delay > 0
	}
	visible := now.Add(p.delays[SurfacePackument])
	p.accepted[u.version] = visible
	w.mu.Unlock()
	published := visible // `time` is the end of processing
	if visible.Sub(now) > 24*time.Hour {
		published = now
	}
	w.Registry.AddWhen(w.release(u, published), ready)
	return later
}

// release is all that the registry serves of an upload: it adds its own fields to the manifest, signs, attests.
func (w *World) release(u *upload, at time.Time) *Release {
	key := w.Sigstore.NPM
	sum := sha512.Sum512(u.tarball)
	r := &Release{
		Name: u.name, Version: u.version, Published: at, Run: u.who.run, Packed: u.tarball, Tarball: u.tarball,
		Integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:]), Provenance: u.bundle,
		Keys: KeysJSON(key), KeysAPI: KeysAPI(key), TrustedRoot: w.Sigstore.TrustedRoot(),
	}
	edits := []func(Object){
		Set("/_npmUser", u.user()), Set("/_hasShrinkwrap", false), Set("/maintainers", maintainers),
		Set("/dist/tarball", PublicRegistry+tarballPath(u.name, u.version)),
		Set("/dist/signatures", []any{key.Signature(u.name, u.version, r.Integrity)}),
	}
	if u.bundle != nil {
		predicate := predicateOf(u.bundle)
		statement := publication(u.name, u.version, PublicRegistry, subjectOf(u.name, u.version, sum))
		a := Attestation{Sigstore: w.Sigstore, Key: key, MediaType: BundleV02, Entry: EntryIntoto, SignedAt: w.now()}
		r.Publish = a.Sign(u.who.run, statement)
		r.Attestations = encode(Object{"attestations": []any{
			Object{"predicateType": PredicatePublish, "bundle": json.RawMessage(r.Publish)},
			Object{"predicateType": predicate, "bundle": json.RawMessage(u.bundle)},
		}})
		edits = append(edits, Set("/dist/attestations", Object{
			"url": PublicRegistry + attestationsPath(u.name, u.version), "provenance": Object{"predicateType": predicate},
		}))
	}
	r.Manifest = Edit(u.manifest, Edits(edits...))
	r.Packument = w.packumentWith(r, u.tag)
	return r
}

var maintainers = []any{Object{"name": "ada", "email": "ada@acme.example"}}

// user is who published: `_npmUser` (unsigned metadata).
func (u *upload) user() Object {
	switch {
	case u.who.user != "":
		return Object{"name": u.who.user, "email": u.who.user + "@acme.example"}
	case u.approver != "":
		o := user(TrustStagedPublish)
		o["approver"] = Object{"name": u.approver, "email": u.approver + "@acme.example"}
		return o
	}
	return user(TrustTrustedPublisher)
}

// packumentWith is the packument as accepted so far, with the release.
func (w *World) packumentWith(r *Release, tag string) []byte {
	before := w.Registry.accepted(r.Name)
	if before == nil {
		before = encode(Object{"_id": r.Name, "name": r.Name, "maintainers": maintainers, "time": Object{"created": stamp(r.Published)}})
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1").Replace
	edits := []func(Object){
		Set("/versions/"+escape(r.Version), json.RawMessage(r.Manifest)),
		Set("/time/"+escape(r.Version), stamp(r.Published)), Set("/time/modified", stamp(r.Published)),
	}
	if tag != "" {
		edits = append(edits, Set("/dist-tags/"+escape(tag), r.Version))
	}
	return Edit(before, Edits(edits...))
}
