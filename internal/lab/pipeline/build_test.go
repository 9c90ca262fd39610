//go:build e2e

package pipeline

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// built are the files of a version that both builds upload, image.tar among them: an OCI archive as BuildKit writes one, whose
// index lists one entry, the index of the image's two platforms. goImage is the toolchain that the image says it was built with.
func built(version, goImage string) map[string][]byte {
	files := map[string][]byte{"sbom.cdx.json": []byte(`{"bomFormat": "CycloneDX"}`)}
	var sums strings.Builder
	for _, name := range []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64.exe"} {
		name, content := "verify-npm-release_"+name, []byte(version+" for "+name)
		files[name] = content
		fmt.Fprintf(&sums, "%s  %s\n", strings.TrimPrefix(digestOf(content), "sha256:"), name)
	}
	files["SHA256SUMS"] = []byte(sums.String())

	layout := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion": "1.0.0"}`)}
	blob := func(mediaType string, content []byte) object {
		digest := digestOf(content)
		layout["blobs/sha256/"+strings.TrimPrefix(digest, "sha256:")] = content
		return object{"mediaType": mediaType, "digest": digest, "size": len(content)}
	}
	document := func(o object) []byte {
		content, _ := json.Marshal(o) // objects of strings, numbers and lists
		return content
	}
	const oci = "application/vnd.oci.image."
	manifests := []object{}
	for _, arch := range []string{"amd64", "arm64"} {
		layer := blob(oci+"layer.v1.tar", archive(map[string][]byte{"verify-npm-release": files["verify-npm-release_linux_"+arch]}))
		config := blob(oci+"config.v1+json", document(object{"os": "linux", "architecture": arch,
			"rootfs": object{"type": "layers", "diff_ids": []any{layer["digest"]}},
			"config": object{"Labels": object{"org.opencontainers.image.base.name": goImage}}}))
		m := blob(oci+"manifest.v1+json", document(object{"schemaVersion": 2, "mediaType": oci + "manifest.v1+json",
			"config": config, "layers": []object{layer}}))
		m["platform"] = object{"os": "linux", "architecture": arch}
		manifests = append(manifests, m)
	}
	index := blob(oci+"index.v1+json", document(object{"schemaVersion": 2, "mediaType": oci + "index.v1+json", "manifests": manifests}))
	layout["index.json"] = document(object{"schemaVersion": 2, "mediaType": oci + "index.v1+json", "manifests": []object{index}})
	files["image.tar"] = archive(layout)
	files["image.digest"] = []byte(index["digest"].(string) + "\n")
	return files
}

func archive(files map[string][]byte) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	names := []string{}
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}) // into memory
		_, _ = w.Write(files[name])
	}
	_ = w.Close()
	return out.Bytes()
}

// write writes files into a folder that it makes.
func write(dir string, files map[string][]byte) error {
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
