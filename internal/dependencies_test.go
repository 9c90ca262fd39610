package internal

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// linked are the modules that the program is linked with, and their licences (SPDX). A module or a licence that is not here
// is a decision: what we link is as much part of the gate as what we write, and its licence goes into every release.
var linked = map[string]string{
	"github.com/Masterminds/semver/v3":                  "MIT",
	"github.com/asaskevich/govalidator":                 "MIT",
	"github.com/blang/semver":                           "MIT",
	"github.com/cenkalti/backoff/v5":                    "MIT",
	"github.com/cespare/xxhash/v2":                      "MIT",
	"github.com/cyberphone/json-canonicalization":       "Apache-2.0",
	"github.com/digitorus/pkcs7":                        "MIT",
	"github.com/digitorus/timestamp":                    "BSD-2-Clause",
	"github.com/go-json-experiment/json":                "BSD-3-Clause",
	"github.com/go-logr/logr":                           "Apache-2.0",
	"github.com/go-logr/stdr":                           "Apache-2.0",
	"github.com/go-openapi/analysis":                    "Apache-2.0",
	"github.com/go-openapi/errors":                      "Apache-2.0",
	"github.com/go-openapi/jsonpointer":                 "Apache-2.0",
	"github.com/go-openapi/jsonreference":               "Apache-2.0",
	"github.com/go-openapi/loads":                       "Apache-2.0",
	"github.com/go-openapi/runtime":                     "Apache-2.0",
	"github.com/go-openapi/runtime/server-middleware":   "Apache-2.0",
	"github.com/go-openapi/spec":                        "Apache-2.0",
	"github.com/go-openapi/strfmt":                      "Apache-2.0",
	"github.com/go-openapi/swag":                        "Apache-2.0",
	"github.com/go-openapi/swag/cmdutils":               "Apache-2.0",
	"github.com/go-openapi/swag/conv":                   "Apache-2.0",
	"github.com/go-openapi/swag/fileutils":              "Apache-2.0",
	"github.com/go-openapi/swag/jsonname":               "Apache-2.0",
	"github.com/go-openapi/swag/jsonutils":              "Apache-2.0",
	"github.com/go-openapi/swag/loading":                "Apache-2.0",
	"github.com/go-openapi/swag/mangling":               "Apache-2.0",
	"github.com/go-openapi/swag/netutils":               "Apache-2.0",
	"github.com/go-openapi/swag/pools":                  "Apache-2.0",
	"github.com/go-openapi/swag/stringutils":            "Apache-2.0",
	"github.com/go-openapi/swag/typeutils":              "Apache-2.0",
	"github.com/go-openapi/swag/yamlutils":              "Apache-2.0",
	"github.com/go-openapi/validate":                    "Apache-2.0",
	"github.com/go-viper/mapstructure/v2":               "MIT",
	"github.com/google/certificate-transparency-go":     "Apache-2.0",
	"github.com/google/go-containerregistry":            "Apache-2.0",
	"github.com/google/uuid":                            "BSD-3-Clause",
	"github.com/grpc-ecosystem/grpc-gateway/v2":         "BSD-3-Clause",
	"github.com/in-toto/attestation":                    "Apache-2.0",
	"github.com/in-toto/in-toto-golang":                 "Apache-2.0",
	"github.com/oklog/ulid/v2":                          "Apache-2.0",
	"github.com/opencontainers/go-digest":               "Apache-2.0",
	"github.com/pkg/errors":                             "BSD-2-Clause",
	"github.com/secure-systems-lab/go-securesystemslib": "MIT",
	"github.com/sethvargo/go-githubactions":             "Apache-2.0",
	"github.com/shibumi/go-pathspec":                    "Apache-2.0",
	"github.com/sigstore/protobuf-specs":                "Apache-2.0",
	"github.com/sigstore/rekor":                         "Apache-2.0",
	"github.com/sigstore/rekor-tiles/v2":                "Apache-2.0",
	"github.com/sigstore/sigstore":                      "Apache-2.0",
	"github.com/sigstore/sigstore-go":                   "Apache-2.0",
	"github.com/sigstore/timestamp-authority/v2":        "Apache-2.0",
	"github.com/theupdateframework/go-tuf/v2":           "Apache-2.0",
	"github.com/transparency-dev/formats":               "Apache-2.0",
	"github.com/transparency-dev/merkle":                "Apache-2.0",
	"github.com/youmark/pkcs8":                          "MIT",
	"go.opentelemetry.io/auto/sdk":                      "Apache-2.0",
	"go.opentelemetry.io/otel":                          "Apache-2.0 AND BSD-3-Clause",
	"go.opentelemetry.io/otel/metric":                   "Apache-2.0 AND BSD-3-Clause",
	"go.opentelemetry.io/otel/trace":                    "Apache-2.0 AND BSD-3-Clause",
	"go.yaml.in/yaml/v3":                                "Apache-2.0 AND MIT",
	"golang.org/x/crypto":                               "BSD-3-Clause",
	"golang.org/x/mod":                                  "BSD-3-Clause",
	"golang.org/x/net":                                  "BSD-3-Clause",
	"golang.org/x/sync":                                 "BSD-3-Clause",
	"golang.org/x/sys":                                  "BSD-3-Clause",
	"golang.org/x/term":                                 "BSD-3-Clause",
	"golang.org/x/text":                                 "BSD-3-Clause",
	"google.golang.org/genproto/googleapis/api":         "Apache-2.0",
	"google.golang.org/genproto/googleapis/rpc":         "Apache-2.0",
	"google.golang.org/grpc":                            "Apache-2.0",
	"google.golang.org/protobuf":                        "BSD-3-Clause",
	"k8s.io/klog/v2":                                    "Apache-2.0",
	"mvdan.cc/sh/v3":                                    "BSD-3-Clause",
}

// licences tell a licence by words that only its text has.
var licences = []struct {
	id    string
	words *regexp.Regexp
}{
	{"Apache-2.0", regexp.MustCompile(`Apache License,? Version 2\.0`)},
	{"MIT", regexp.MustCompile(`Permission is hereby granted, free of charge`)},
	{"BSD-3-Clause", regexp.MustCompile(`Redistribution and use in source and binary forms.*[Nn]either the name`)},
	{"BSD-2-Clause", regexp.MustCompile(`Redistribution and use in source and binary forms`)},
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying)(\.txt|\.md)?$`)

func TestWhatWeLink(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", "./cmd/verify-npm-release")
	list.Dir = ".."
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list what the program is linked with: %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		if path == "" || seen[path] {
			continue
		}
		seen[path] = true
		want, known := linked[path]
		if !known {
			t.Errorf("the program is linked with %s, which nobody decided on", path)
			continue
		}
		if got := licence(t, dir); got != want {
			t.Errorf("%s: got the licence %q, want %q", path, got, want)
		}
	}
	for path := range linked {
		if !seen[path] {
			t.Errorf("the program is not linked with %s any more", path)
		}
	}
}

func licence(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
		return ""
	}
	for _, e := range entries {
		if !licenceFile.MatchString(e.Name()) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Error(err)
		}
		text := bytes.Join(bytes.Fields(raw), []byte(" "))
		var ids []string
		for _, l := range licences {
			if l.words.Match(text) && !(l.id == "BSD-2-Clause" && len(ids) > 0 && ids[len(ids)-1] == "BSD-3-Clause") {
				ids = append(ids, l.id)
			}
		}
		return strings.Join(ids, " AND ")
	}
	return ""
}

// TestTheBinarySaysWhatItIsMadeOf reads the modules from the built program, as anyone can with go version -m.
func TestTheBinarySaysWhatItIsMadeOf(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", name, "../cmd/verify-npm-release")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := buildinfo.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range info.Deps {
		if linked[m.Path] == "" {
			t.Errorf("the program holds %s, which nobody decided on", m.Path)
		}
		if m.Replace != nil || m.Sum == "" {
			t.Errorf("the program holds %s replaced or without a checksum", m.Path)
		}
	}
	if len(info.Deps) < 10 {
		t.Errorf("the program names %d modules", len(info.Deps))
	}
	for _, s := range info.Settings {
		if s.Key == "CGO_ENABLED" && s.Value != "0" {
			t.Errorf("built with cgo")
		}
	}
}
