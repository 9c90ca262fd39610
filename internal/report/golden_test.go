package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is rendered to testdata instead of comparing")

// Each report in testdata is rendered in every form, and comes back unchanged
// as JSON.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no reports in testdata: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ReadJSON(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			var back, console bytes.Buffer
			if err := WriteJSON(&back, r); err != nil {
				t.Fatal(err)
			}
			if err := WriteConsole(&console, r, ConsoleOptions{}); err != nil {
				t.Fatal(err)
			}
			var notes strings.Builder
			for _, a := range r.Annotations(false) {
				fmt.Fprintf(&notes, "[%s] %s (%s:%d)\n%s\n\n", a.Level, a.Title, a.File, a.Line, a.Message)
			}
			compare(t, file, back.String())
			compare(t, "testdata/"+name+".console.txt", console.String())
			compare(t, "testdata/"+name+".summary.md", Summary(r))
			compare(t, "testdata/"+name+".annotations.txt", notes.String())

			want := r.Status
			r.Decide()
			if r.Status != want {
				t.Errorf("decided again: got %q, want %q", r.Status, want)
			}
		})
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test -update and read the difference\ngot:\n%s", file, got)
	}
}
