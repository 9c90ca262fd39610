package evidence

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
)

// Bounds of the files of a saved folder: for the registry's answers those of the answers.
var fileLimits = map[string]int64{
	ManifestFile: npm.ManifestLimit, PackumentFile: npm.PackumentLimit, AttestationsFile: npm.AttestationsLimit,
	TarballFile: npm.TarballLimit, KeysFile: maxTrustFile, TrustedRootFile: maxTrustFile, ReportFile: 64 << 20,
}

// Load reads a saved evidence folder, or its archive, and verifies it without any network. Where
// the plan names a release, the folder must hold that one. The trusted root and
// the keys are the plan's files, else the folder's own.
//
// An error is a folder that cannot be read as evidence at all.
func Load(p *plan.Plan, facts *RunFacts) (*Evidence, error) {
	facts.Wait()
	dir := p.Offline
	if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() {
		if dir, err = unpack(p.Offline); err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the evidence folder: %w", err)
	}
	defer root.Close()
	l := &loading{root: root, e: &Evidence{Registry: p.Registry, Offline: true, State: StateSaved, Started: time.Now(), Folder: p.Offline, Run: facts}}
	if err := l.manifest(p); err != nil {
		return nil, err
	}
	l.unaltered()
	l.packument()
	l.tarball()
	l.attestations()
	l.trust(p)
	if t := l.e.Release.Tarball; t != "" {
		l.e.Local, l.e.LocalErr = hashFile(t)
	}
	if l.parsed != nil {
		l.e.Attestations = l.e.Trust.attestations(l.parsed)
	}
	l.e.verifySignature()
	return l.e, nil
}

type loading struct {
	root   *os.Root
	e      *Evidence
	parsed *npm.Attestations
}

func (l *loading) open(name string) (io.ReadCloser, error) {
	f, err := l.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the evidence folder holds no %s: %w", name, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() > fileLimits[name]) {
		err = fmt.Errorf("%s of the evidence folder is not a regular file of at most %d bytes", name, fileLimits[name])
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, fileLimits[name]), f}, nil
}

func (l *loading) read(name string) ([]byte, error) {
	f, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (l *loading) manifest(p *plan.Plan) error {
	raw, err := l.read(ManifestFile)
	if err != nil {
		return err
	}
	m, err := npm.ParseManifest(raw)
	if err != nil {
		return fmt.Errorf("read %s: %w", ManifestFile, err)
	}
	if len(p.Releases) > 1 {
		return fmt.Errorf("an evidence folder holds one release, %d were asked for", len(p.Releases))
	}
	if len(p.Releases) == 1 {
		l.e.Release = p.Releases[0]
	}
	spec := l.e.Release.Spec
	switch {
	case spec.Name == "":
		if spec, err = npm.ParseSpec(m.Name + "@" + m.Version); err != nil {
			return fmt.Errorf("read %s: %w", ManifestFile, err)
		}
		if !strings.Contains(spec.Version, "-") {
			l.e.Release.DistTag = "latest" // as the plan has it for a stable version
		}
	case spec.Version == "":
		spec.Version = m.Version
	}
	if err := m.Check(spec); err != nil {
		return fmt.Errorf("the evidence folder is of another release: %w", err)
	}
	l.e.Release.Spec = spec
	l.e.Manifest = m
	l.e.Surfaces[ManifestSurface] = Surface{Asked: true, Ready: true}
	return nil
}

// unaltered compares the files with the digests that were recorded when the
// folder was saved. This finds damage and clumsy changes, not a forger who
// writes new digests: against those stands the trusted root.
func (l *loading) unaltered() {
	raw, err := l.read(ReportFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var saved struct {
		Packages []struct {
			Evidence map[string]string `json:"evidence"`
		} `json:"packages"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &saved)
	}
	if err != nil {
		l.e.Altered = append(l.e.Altered, fmt.Sprintf("%s cannot be read", ReportFile))
		return
	}
	if len(saved.Packages) != 1 {
		return
	}
	recorded := saved.Packages[0].Evidence
	for _, name := range files {
		want, ok := recorded[name]
		if name == ReportFile || (len(recorded) == 0) {
			continue
		}
		got, err := l.sum(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !ok:
		case err != nil:
			l.e.Altered = append(l.e.Altered, fmt.Sprintf("%s is missing or cannot be read", name))
		case !ok:
			l.e.Altered = append(l.e.Altered, fmt.Sprintf("%s was not there when the folder was saved", name))
		case got != want:
			l.e.Altered = append(l.e.Altered, fmt.Sprintf("%s is not as it was saved: got %s, want %q", name, got, want))
		}
	}
}

func (l *loading) sum(name string) (string, error) {
	f, err := l.open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

func (l *loading) packument() {
	f, err := l.open(PackumentFile)
	if err == nil {
		defer f.Close()
		var p *npm.Packument
		if p, err = npm.ParsePackument(f); err == nil {
			if err = p.Check(l.e.Release.Spec.Name); err == nil {
				l.e.Place = p.Place(l.e.Release.Spec.Version, l.e.Release.DistTag)
			}
		}
	}
	l.surface(DistTagSurface, err)
}

func (l *loading) tarball() {
	f, err := l.open(TarballFile)
	if err == nil {
		defer f.Close()
		var sum npm.TarballSum
		if sum, err = hashTarball(f); err == nil {
			l.e.Served = &sum
		}
	}
	l.surface(TarballSurface, err)
}

func (l *loading) attestations() {
	if l.e.Manifest.Dist.Attestations == nil {
		return
	}
	raw, err := l.read(AttestationsFile)
	if err == nil {
		l.e.AttestationsDigest = digest(raw)
		l.parsed, err = npm.ParseAttestations(raw)
	}
	l.surface(AttestationsSurface, err)
}

func (l *loading) surface(i int, err error) {
	l.e.Surfaces[i] = Surface{Asked: true, Ready: err == nil, Err: err, Final: err != nil}
}

// trust takes the plan's files first, then the folder's.
func (l *loading) trust(p *plan.Plan) {
	t := &Trust{}
	l.e.Trust = t
	if t.Err = t.files(p.TrustedRoot, p.RegistryKeys); t.Err != nil {
		return
	}
	if t.root == nil {
		if t.root, t.Err = l.read(TrustedRootFile); t.Err != nil {
			if errors.Is(t.Err, fs.ErrNotExist) {
				t.Err = fmt.Errorf("%w; name one with --trusted-root", t.Err)
			}
			return
		}
		t.RootFrom = "the evidence folder itself"
	}
	if t.keys == nil {
		raw, err := l.read(KeysFile)
		switch {
		case err == nil:
			t.keys, t.KeysFrom = raw, "the evidence folder itself"
		case errors.Is(err, fs.ErrNotExist):
			t.KeysFrom = "the evidence folder holds no keys.json, and none was named with --registry-keys"
		default:
			t.Err = err
			return
		}
	}
	t.parse()
}

func hashFile(name string) (*npm.TarballSum, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum, err := hashTarball(f)
	if err != nil {
		return nil, err
	}
	return &sum, nil
}

// hashTarball hashes a tarball that is on this machine as the client hashes the
// one the registry serves.
func hashTarball(r io.Reader) (npm.TarballSum, error) {
	h := sha512.New()
	n, err := io.Copy(h, r)
	if err != nil {
		return npm.TarballSum{}, err
	}
	return npm.TarballSum{SHA512: [64]byte(h.Sum(nil)), Size: n}, nil
}
