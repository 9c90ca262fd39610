package attack

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// maxMemory is what the program may hold at most, whatever servers do to it.
const maxMemory = 100 << 10 // KiB

// hostile are servers that send more than anyone can hold.
var hostile = []struct {
	name  string
	fault lab.Fault
	trust bool // the repository of trust does it, not the registry
	many  int  // releases asked for; 0: one
}{
	{"a gzip bomb for a manifest", lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultGzipBomb}, false, 0},
	{"a gzip bomb for attestations", lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultGzipBomb}, false, 0},
	{"a gzip bomb for a packument", lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultGzipBomb}, false, 0},
	{"a gzip bomb for keys", lab.Fault{Surface: lab.SurfaceKeys, Kind: lab.FaultGzipBomb}, false, 0},
	{"a manifest without end", lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultEndless}, false, 0},
	{"attestations without end", lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultEndless}, false, 0},
	{"a packument without end", lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultEndless}, false, 0},
	{"a manifest nested 390,000 deep", lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: strings.Repeat(`{"a":`, 390_000)}, false, 0},
	{"a manifest of lists in lists", lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: strings.Repeat("[", 4<<20)}, false, 0},
	{"attestations nested 4 million deep", lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultBody, Body: `{"attestations":` + strings.Repeat("[", 4<<20)}, false, 0},
	{"a packument nested 800,000 deep", lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultBody, Body: `{"versions":` + strings.Repeat(`{"a":`, 800_000)}, false, 0},
	{"a manifest of 400,000 keys", lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: "{" + members(400_000) + "}"}, false, 0},
	{"attestations of 400,000 keys", lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultBody, Body: `{"attestations":[],` + members(400_000) + "}"}, false, 0},
	{"an error page without end", lab.Fault{Kind: lab.FaultStatus, Status: 500}, false, 0},
	{"a repository of trust without end", lab.Fault{Kind: lab.FaultEndless}, true, 0},
	{"a repository of trust that is a gzip bomb", lab.Fault{Kind: lab.FaultGzipBomb}, true, 0},
	{"twenty manifests without end", lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultEndless}, false, 20},
	{"twenty manifests of 400,000 keys", lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: "{" + members(400_000) + "}"}, false, 20},
	{"a packument of names half a kilobyte long", lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultBody, Body: longNames()}, false, 0},
	{"a packument of tags that point at megabytes", lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultBody, Body: longTags()}, false, 0},
	{"thirty packuments of 100,000 versions", lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultBody, Body: manyVersions()}, false, 30},
	{"twenty packuments without end", lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultEndless}, false, 20},
}

// members are n members of an object, each of another name.
func members(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		for x := i; ; x /= 26 {
			b.WriteByte(byte('a' + x%26))
			if x < 26 {
				break
			}
		}
		b.WriteString(`":0`)
	}
	return b.String()
}

// manyVersions is a packument of as many versions as may be, each with a time.
func manyVersions() string {
	versions := strings.ReplaceAll(members(100_000), ":0", ":{}")
	times := strings.ReplaceAll(members(100_000), ":0", `:"2026-01-01T00:00:00Z"`)
	return `{"name":"@acme/demo","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{},` + strings.TrimPrefix(versions, `"a":{},`) + `},"time":{` + times + "}}"
}

func longNames() string {
	pad := strings.Repeat("a", 500)
	versions := strings.ReplaceAll(members(100_000), `":0`, pad+`":{}`)
	return `{"name":"@acme/demo","versions":{` + versions + `},"time":{` + versions + "}}"
}

func longTags() string {
	return `{"name":"@acme/demo","dist-tags":{` + strings.ReplaceAll(members(60), ":0", `:"`+strings.Repeat("a", 4<<20-10)+`"`) + "}}"
}

func TestMemoryUnderHostileServers(t *testing.T) {
	t.Parallel()
	for _, row := range hostile {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			row.fault.To = -1
			if row.fault.Surface == lab.SurfaceKeys {
				w.tuf = w.sigstore.TUF(w.registry.URL, nil) // so that the registry is asked for its keys
			}
			in := w.serve(t)
			if row.trust {
				s := lab.Serve(lab.Faulty(http.Handler(w.tuf), row.fault), false)
				t.Cleanup(s.Close)
				in["tuf-url"] = s.URL
			} else {
				w.registry.Fault(row.fault)
			}
			for i := range row.many {
				in["package"] += fmt.Sprintf(" @acme/demo@1.0.%d", i+1)
			}
			got := execute(t, in, w.env)
			if got.exit == 0 && row.fault.Surface != lab.SurfacePackument { // what only advisory checks read
				t.Errorf("exit code 0:\n%s", got.stdout)
			}
			if got.memory > maxMemory {
				t.Errorf("the program held %d KiB, want at most %d", got.memory, maxMemory)
			}
			if got.memory == 0 {
				t.Log("this system does not tell how much a process holds")
			}
			t.Logf("exit code %d, %d KiB, %s", got.exit, got.memory, got.took.Round(time.Millisecond))
		})
	}
}

// TestATarballOf10GB has the registry serve a tarball that is ten times as large as any may be.
func TestATarballOf10GB(t *testing.T) {
	t.Parallel()
	if !thorough {
		t.Skip("takes long: see make attack")
	}
	w := newWorld(t, nil)
	in := w.serve(t)
	s := lab.Serve(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".tgz") {
			w.registry.ServeHTTP(out, r)
			return
		}
		block := bytes.Repeat([]byte{0x1f, 0x8b}, 512<<10)
		for range 10 << 10 {
			if _, err := out.Write(block); err != nil {
				return
			}
		}
	}), false)
	t.Cleanup(s.Close)
	in["registry-url"], in["timeout"] = s.URL, "60s"
	got := execute(t, in, w.env)
	status, detail := answer(got.report, "tarball-integrity")
	if got.exit != 1 || status != report.Fail || !strings.Contains(detail, "larger than") || got.memory > maxMemory {
		t.Errorf("exit code %d, %d KiB, tarball-integrity %s: %s", got.exit, got.memory, status, detail)
	}
	t.Logf("%d KiB, %s", got.memory, got.took)
}
