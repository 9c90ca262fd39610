//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// peer is a release on which `npm audit signatures` and our program give their verdicts. What npm refuses we refuse, always.
type peer struct {
	name     string
	make     func(*lab.Draft)
	spoil    func(*lab.Release)
	flags    []string // of our program; none: --expect none
	npm      bool     // npm verifies it
	stricter string   // why we refuse it all the same; "": we verify what npm verifies
}

var peers = []peer{
	{name: "published by a trusted publisher", npm: true},
	{name: "staged and approved", make: func(d *lab.Draft) { d.Trust = lab.TrustStagedPublish }, npm: true},
	{name: "by token with provenance", make: func(d *lab.Draft) { d.Trust = lab.TrustProvenance }, npm: true},
	{name: "by npm 9", make: func(d *lab.Draft) { d.PublishedBy("9.5.0") }, npm: true},
	{name: "by npm 10", make: func(d *lab.Draft) { d.PublishedBy("10.8.1") }, npm: true},

	{name: "without attestations", make: func(d *lab.Draft) { d.Trust = lab.TrustNone }, npm: true,
		stricter: "a release without any attestation passes npm"},
	{name: "without provenance", make: func(d *lab.Draft) {
		d.Provenance = nil
		d.Manifest = lab.Set("/dist/attestations", lab.Object{"url": lab.PublicRegistry + "/-/npm/v1/attestations/" + lab.EscapedName(d.Name) + "@" + d.Version})
	}, npm: true, stricter: "npm verifies the attestations that are there, and misses none"},
	{name: "without publish attestation", make: func(d *lab.Draft) { d.PublishAttestation = nil }, npm: true,
		stricter: "npm verifies the attestations that are there, and misses none"},
	{name: "two subjects", make: func(d *lab.Draft) {
		d.Provenance.Statement = lab.Set("/subject/-", lab.Object{"name": "pkg:npm/other@1.0.0", "digest": lab.Object{"sha512": strings.Repeat("ab", 64)}})
	}, npm: true, stricter: "npm reads the first of several subjects"},
	{name: "built by somebody else", make: func(d *lab.Draft) { d.Run.Repository = "mallory/demo" }, flags: []string{"--expected-repository", "acme/demo"},
		npm: true, stricter: "npm asks for no identity"},
	{name: "tarball swapped", spoil: func(r *lab.Release) { r.Tarball = lab.Recompress(r.Tarball) }, npm: true,
		stricter: "npm compares the tarball when it installs, not when it audits"},
	{name: "without registry signature", make: func(d *lab.Draft) { d.SignatureKeys = nil }},
	{name: "signed by an unknown key", make: func(d *lab.Draft) { d.SignatureKeys = []*lab.SigningKey{lab.NewSigningKey()} }},
	{name: "signature of another release", make: func(d *lab.Draft) {
		d.Manifest = lab.Set("/dist/signatures", []any{d.Sigstore.NPM.Signature(d.Name, "0.9.0", "sha512-AAAA")})
	}},
	{name: "publish attestation by an unknown key", make: func(d *lab.Draft) { d.PublishAttestation.Key = lab.NewSigningKey() }},
	{name: "provenance by another Sigstore", make: func(d *lab.Draft) { d.Provenance.Sigstore = lab.NewSigstore() }},
	{name: "provenance of another package", make: func(d *lab.Draft) {
		d.Provenance.Statement = lab.Set("/subject/0/name", "pkg:npm/other@1.0.0")
	}},
	{name: "provenance of another tarball", make: func(d *lab.Draft) {
		d.Provenance.Statement = lab.Set("/subject/0/digest/sha512", strings.Repeat("ab", 64))
	}},
	{name: "provenance changed after it was signed", make: func(d *lab.Draft) {
		d.Provenance.Envelope = func(e *lab.Envelope) { e.Payload = lab.Replace("refs/tags/v1.0.0", "refs/tags/v9.9.9")(e.Payload) }
	}},
	{name: "logged after the certificate ended", make: func(d *lab.Draft) { d.Provenance.LoggedAt = d.Published.Add(time.Hour) }},
	{name: "attestations not served", spoil: func(r *lab.Release) { r.Attestations = nil }},
}

// TestPeers asks npm and us about every release, and prints where we differ. docs/lab.md has the table.
func TestPeers(t *testing.T) {
	t.Parallel()
	for i, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			d := lab.NewDraft(here.world.Sigstore)
			d.Name = fmt.Sprintf("@peers/p%02d", i)
			if p.make != nil {
				p.make(d)
			}
			r := d.Release()
			if p.spoil != nil {
				p.spoil(r)
			}
			here.world.Registry.Add(r)
			flags := p.flags
			if flags == nil {
				flags = []string{"--expect", "none"}
			}
			agree(t, here, r, p.npm, p.stricter, flags...)
		})
	}
}

// TestPeersOnRealReleases does the same for saved releases of the public registry, in a world that serves them with the
// trusted root and the keys of their own.
func TestPeersOnRealReleases(t *testing.T) {
	t.Parallel()
	evidence := os.Getenv("VERIFY_NPM_RELEASE_EVIDENCE")
	if evidence == "" {
		t.Skip("VERIFY_NPM_RELEASE_EVIDENCE names no folder of saved releases")
	}
	dirs, err := filepath.Glob(filepath.Join(evidence, "*@*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no releases in %s (%v)", evidence, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			r, err := lab.LoadEvidence(dir)
			if err != nil {
				t.Fatal(err)
			}
			world := lab.NewWorld()
			world.Registry.Add(r)
			world.TUF.Publish(lab.TUFChange{Targets: map[string][]byte{"trusted_root.json": r.TrustedRoot, lab.HostRegistry + "/keys.json": r.Keys}})
			there, err := boot(world, here.image)
			t.Cleanup(there.shutdown)
			if err != nil {
				t.Fatal(err)
			}
			stricter := ""
			if r.Attestations == nil {
				stricter = "a release without any attestation passes npm"
			}
			signed := lab.Get(r.Manifest, "/dist").(lab.Object)["signatures"] != nil
			agree(t, there, r, signed, stricter, "--expect", "none")
		})
	}
}

// agree asks both. A tree with nothing in it but the name and version suffices for npm: it audits what the registry says.
func agree(t *testing.T, m *machine, r *lab.Release, npm bool, stricter string, flags ...string) {
	t.Helper()
	dir := filepath.Join(m.dir, "peers", strings.NewReplacer("/", "-", "@", "-").Replace(r.Spec()))
	installed := filepath.Join(dir, "node_modules", r.Name)
	tuf := filepath.Join(dir, "cache", "_tuf", lab.HostTUF)
	for _, folder := range []string{installed, tuf} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range map[string][]byte{
		dir + "/package.json":       lab.JSON(lab.Object{"dependencies": lab.Object{r.Name: r.Version}}),
		installed + "/package.json": lab.JSON(lab.Object{"name": r.Name, "version": r.Version}),
		tuf + "/root.json":          m.world.TUF.Root(), // where npm's Sigstore client starts, if it is there (@sigstore/tuf, client.js)
	} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	node, err1 := here.node()
	path, err2 := here.npm(npmNow)
	program, err3 := here.program()
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	env := map[string]string{
		"PATH": m.dir + "/bin:/usr/bin:/bin", "HOME": dir, "npm_config_cache": dir + "/cache", "npm_config_fetch_retries": "0",
		"NODE_EXTRA_CA_CERTS": m.dir + "/ca.pem", "SSL_CERT_FILE": m.dir + "/ca.pem",
	}
	if err := m.borrow(node+"/node", path+"/../npm", program); err != nil {
		t.Fatal(err)
	}
	audit, err := m.run(dir, env, m.dir+"/bin/node", m.dir+"/bin/npm/bin/npm-cli.js", "audit", "signatures", "--json", "--include-attestations")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := m.run(dir, env, append([]string{m.dir + "/bin/verify-npm-release", r.Spec(), "--tuf-root", m.dir + "/root.json",
		"--timeout", "3s", "--poll-interval", "1s", "--json", dir + "/report.json", "--evidence", dir + "/evidence"}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	var verdict report.Report
	raw, err := os.ReadFile(dir + "/report.json")
	if err != nil {
		t.Fatal(err, ours.log)
	}
	if err := json.Unmarshal(raw, &verdict); err != nil {
		t.Fatal(err)
	}
	want := npm && stricter == ""
	if got := audit.code == 0; got != npm {
		t.Errorf("npm audit signatures: got verified %t, want %t\n%s", got, npm, audit.log)
	}
	if got := ours.code == 0 && verdict.Status == "verified"; got != want {
		t.Errorf("verify-npm-release: got verified %t (exit code %d), want %t\n%s", got, ours.code, want, ours.log)
	}
	if ours.code == 0 && audit.code != 0 {
		t.Error("we verify what npm refuses")
	}
	if want && r.Attestations != nil {
		cosign(t, dir+"/evidence")
	}
	t.Logf("npm %t, ours %t; %s", audit.code == 0, ours.code == 0, stricter)
}
