package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"verify-npm-release/internal/npm"
)

// The files of an evidence folder.
const (
	ManifestFile     = "manifest.json"
	PackumentFile    = "packument.json"
	AttestationsFile = "attestations.json"
	TarballFile      = "package.tgz"
	KeysFile         = "keys.json"
	TrustedRootFile  = "trusted_root.json"
	ReportFile       = "report.json"
)

var files = []string{ManifestFile, PackumentFile, AttestationsFile, TarballFile, KeysFile, TrustedRootFile, ReportFile}

// folder receives the registry's answers byte for byte. A nil folder swallows
// them, so that gathering reads the same with and without one.
type folder struct {
	dir  string
	mu   sync.Mutex
	sums map[string]string // "sha256:<hex>" by file name
}

// newFolder makes base, or where there are many releases a folder below it, into
// an empty evidence folder. A folder that holds anything else is refused: it is
// not ours to empty.
func newFolder(base string, spec npm.Spec, many bool) (*folder, error) {
	dir := base
	if many {
		dir = filepath.Join(base, FolderName(spec))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the evidence folder: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("look into the evidence folder: %w", err)
	}
	known := make(map[string]bool, len(files))
	for _, f := range files {
		known[f] = true
	}
	for _, e := range entries {
		if !known[e.Name()] || !e.Type().IsRegular() {
			return nil, fmt.Errorf("the evidence folder %q holds %q, which is not evidence: name an empty or a new folder", dir, e.Name())
		}
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return nil, fmt.Errorf("empty the evidence folder: %w", err)
		}
	}
	return &folder{dir: dir, sums: map[string]string{}}, nil
}

// FolderName is the name of a release's folder among several: its spec, with
// the slash of a scope replaced by "+".
func FolderName(spec npm.Spec) string { return strings.ReplaceAll(spec.String(), "/", "+") }

// sink is one file on its way into the folder.
type sink struct {
	folder *folder
	file   *os.File
	name   string
	sum    hash.Hash
}

func (f *folder) create(name string) (*sink, error) {
	if f == nil {
		return &sink{}, nil
	}
	file, err := os.Create(filepath.Join(f.dir, name))
	if err != nil {
		return nil, fmt.Errorf("save evidence: %w", err)
	}
	return &sink{folder: f, file: file, name: name, sum: sha256.New()}, nil
}

func (s *sink) Write(p []byte) (int, error) {
	if s.file == nil {
		return len(p), nil
	}
	s.sum.Write(p)
	return s.file.Write(p)
}

// done keeps the file where err is nil and removes it otherwise. It returns err,
// or why the file could not be kept.
func (s *sink) done(err error) error {
	if s.file == nil {
		return err
	}
	closing := s.file.Close()
	if err == nil && closing != nil {
		err = fmt.Errorf("save evidence: %w", closing)
	}
	s.folder.mu.Lock()
	defer s.folder.mu.Unlock()
	if err != nil {
		delete(s.folder.sums, s.name)
		os.Remove(s.file.Name())
		return err
	}
	s.folder.sums[s.name] = "sha256:" + hex.EncodeToString(s.sum.Sum(nil))
	return nil
}

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (f *folder) write(name string, raw []byte) error {
	s, err := f.create(name)
	if err != nil {
		return err
	}
	_, err = s.Write(raw)
	return s.done(err)
}

// trust saves what everything was verified against.
func (f *folder) trust(t *Trust) error {
	if t == nil || t.Err != nil {
		return nil
	}
	if err := f.write(TrustedRootFile, t.root); err != nil {
		return err
	}
	if t.keys == nil {
		return nil
	}
	return f.write(KeysFile, t.keys)
}

// SaveReport adds the report to the folder of a release.
func SaveReport(dir string, write func(io.Writer) error) error {
	file, err := os.Create(filepath.Join(dir, ReportFile))
	if err != nil {
		return fmt.Errorf("save the report: %w", err)
	}
	err = write(file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}
