package attack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

// maxMemory is what the program may hold at most, whatever servers do to it.
const maxMemory = 100 << 10 // KiB

// hostile are servers that send more than anyone can hold. long ones take many seconds, and are left to make attack.
var hostile = []struct {
	name  string
	long  bool
	fault lab.Fault
	trust bool // the repository of trust does it, not the registry
	many  int  // releases asked for; 0: one
}{
	{"a gzip bomb for a manifest", false, lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultGzipBomb}, false, 0},
	{"a gzip bomb for attestations", false, lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultGzipBomb}, false, 0},
	{"a gzip bomb for a packument", false, lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultGzipBomb}, false, 0},
	{"a gzip bomb for keys", false, lab.Fault{Surface: lab.SurfaceKeys, Kind: lab.FaultGzipBomb}, false, 0},
	{"a manifest without end", false, lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultEndless}, false, 0},
	{"attestations without end", false, lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultEndless}, false, 0},
	{"a packument without end", false, lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultEndless}, false, 0},
	{"a manifest nested 390,000 deep", false, lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: strings.Repeat(`{"a":`, 390_000)}, false, 0},
	{"a manifest of lists in lists", false, lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: strings.Repeat("[", 4<<20)}, false, 0},
	{"attestations nested 4 million deep", false, lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultBody, Body: `{"attestations":` + strings.Repeat("[", 4<<20)}, false, 0},
	{"a packument nested 800,000 deep", false, lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultBody, Body: `{"versions":` + strings.Repeat(`{"a":`, 800_000)}, false, 0},
	{"a manifest of 400,000 keys", false, lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: "{" + members(400_000) + "}"}, false, 0},
	{"attestations of 400,000 keys", false, lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultBody, Body: `{"attestations":[],` + members(400_000) + "}"}, false, 0},
	{"an error page without end", false, lab.Fault{Kind: lab.FaultStatus, Status: 500}, false, 0},
	{"a repository of trust without end", false, lab.Fault{Kind: lab.FaultEndless}, true, 0},
	{"a repository of trust that is a gzip bomb", false, lab.Fault{Kind: lab.FaultGzipBomb}, true, 0},
	{"twenty manifests without end", false, lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultEndless}, false, 20},
	{"twenty manifests of 400,000 keys", false, lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: "{" + members(400_000) + "}"}, false, 20},
	{"twenty packuments without end", false, lab.Fault{Surface: lab.SurfacePackument, Kind: lab.FaultEndless}, false, 20},
	{"a tarball of 10 GB", true, lab.Fault{Surface: lab.SurfaceTarball, Kind: lab.FaultEndless}, false, 0},
	{"a tarball that is a gzip bomb", true, lab.Fault{Surface: lab.SurfaceTarball, Kind: lab.FaultGzipBomb}, false, 0},
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

func TestMemoryUnderHostileServers(t *testing.T) {
	t.Parallel()
	for _, row := range hostile {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if row.long && !thorough {
				t.Skip("takes long: see make attack")
			}
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
