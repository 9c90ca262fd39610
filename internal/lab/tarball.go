package lab

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"time"
)

// Pack makes a package's tarball as npm pack does: everything below package/, fixed dates, sorted. The level is gzip's:
// the same files at another level are other bytes.
func Pack(files map[string]string, level int) []byte {
	var b bytes.Buffer
	z := must(gzip.NewWriterLevel(&b, level))
	t := tar.NewWriter(z)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		header := &tar.Header{
			Name: "package/" + name, Mode: 0o644, Size: int64(len(files[name])),
			ModTime: time.Date(1985, 10, 26, 8, 15, 0, 0, time.UTC),
		}
		if err := t.WriteHeader(header); err != nil {
			panic(err)
		}
		must(t.Write([]byte(files[name])))
	}
	if err := t.Close(); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Recompress returns a tarball of the same files whose bytes are other ones.
func Recompress(tarball []byte) []byte {
	files := must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(tarball)))))
	var b bytes.Buffer
	z := must(gzip.NewWriterLevel(&b, gzip.BestSpeed))
	must(z.Write(files))
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
