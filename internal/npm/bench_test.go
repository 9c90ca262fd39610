package npm

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
)

func BenchmarkParsePackument(b *testing.B) {
	var large bytes.Buffer
	large.WriteString(`{"name":"a","readme":"` + strings.Repeat("lorem ", 10_000) + `","versions":{`)
	if _, err := io.Copy(&large, &versions{n: 10_000, size: 2500}); err != nil {
		b.Fatal(err)
	}
	large.WriteString(`},"time":{`)
	for i := range 10_000 {
		fmt.Fprintf(&large, `"1.0.%d":"2026-01-02T03:04:05.678Z",`, i)
	}
	large.WriteString(`"created":"2026-01-02T03:04:05.678Z"}}`)
	run := func(raw []byte, want int) func(b *testing.B) {
		return func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			var peak uint64
			for b.Loop() {
				b.StopTimer()
				grew := peakHeap(func() {
					b.StartTimer()
					p, err := ParsePackument(bytes.NewReader(raw))
					b.StopTimer()
					if err != nil || len(p.Versions) != want {
						b.Fatalf("got %d versions, %v, want %d", len(p.Versions), err, want)
					}
				})
				peak = max(peak, grew)
				b.StartTimer()
			}
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		}
	}
	b.Run(fmt.Sprintf("generated-%dMB", large.Len()/1e6), run(large.Bytes(), 10_000))
	b.Run("nuxt", func(b *testing.B) { run(evidence(b, "nuxt@4.1.2", "packument.json"), 377)(b) })
}

func BenchmarkVerifySignatures(b *testing.B) {
	key := newKey(b, elliptic.P256())
	set := &KeySet{Keys: []Key{{ID: "k", Public: &key.PublicKey}}}
	m := &Manifest{Name: "a", Version: "1.0.0", Dist: Dist{Integrity: IntegrityString([64]byte{})}}
	sig := signDER(b, key, "a@1.0.0:"+m.Dist.Integrity, false)
	m.Dist.Signatures = []Signature{{"k", base64.StdEncoding.EncodeToString(sig)}}
	for b.Loop() {
		if err := set.VerifySignatures(m, nil); err != nil {
			b.Fatal(err)
		}
	}
}
