package evidence

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ArchiveExt is what the name of a folder's archive has more than the folder's.
const ArchiveExt = ".tar.gz"

// Archive writes an evidence folder as one file beside it and returns the file's
// name and digest, "sha256:<hex>". The same folder gives the same bytes: names
// are sorted, and owners, times and modes are constants.
func Archive(dir string) (name, digest string, err error) {
	name = filepath.Clean(dir) + ArchiveExt
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return "", "", fmt.Errorf("archive the evidence: %w", err)
	}
	sum := sha256.New()
	err = writeArchive(io.MultiWriter(out, sum), dir)
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return "", "", fmt.Errorf("archive the evidence: %w", err)
	}
	return name, "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

func writeArchive(w io.Writer, dir string) error {
	zipped, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(zipped)
	for _, file := range files {
		if err := addFile(archive, dir, file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(archive.Close(), zipped.Close())
}

func addFile(archive *tar.Writer, dir, name string) error {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o644, Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	_, err = io.Copy(archive, f)
	return err
}

// unpack extracts an archive of evidence into a new temporary folder, which the
// caller removes. Only the files of an evidence folder are taken, each once and
// within its bound; anything else in the archive is refused.
func unpack(name string) (dir string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return "", fmt.Errorf("%s is neither a folder nor a .tar.gz of evidence", filepath.Base(name))
	}
	dir, err = os.MkdirTemp("", "verify-npm-release-evidence-")
	if err != nil {
		return "", err
	}
	if err := extract(tar.NewReader(zipped), dir); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("read the archive of evidence: %w", err)
	}
	return dir, nil
}

func extract(archive *tar.Reader, dir string) error {
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		limit, known := fileLimits[h.Name]
		switch {
		case !known || h.Typeflag != tar.TypeReg:
			return fmt.Errorf("it holds %q, which is not evidence", h.Name)
		case h.Size > limit:
			return fmt.Errorf("%s has %d bytes, want at most %d", h.Name, h.Size, limit)
		}
		out, err := os.OpenFile(filepath.Join(dir, h.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		_, err = io.Copy(out, archive)
		if closing := out.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}
