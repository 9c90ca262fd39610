package report

import (
	"strings"
	"testing"
)

func TestReadJSONIsStrict(t *testing.T) {
	t.Parallel()
	const good = `{"schema":1,"status":"verified","registry":"","generated":"","packages":[{"name":"a","version":"1.0.0","purl":"","status":"verified","checks":[{"id":"a","title":"","status":"pass","level":"required","detail":"","docs":""}]}]}`
	if _, err := ReadJSON(strings.NewReader(good)); err != nil {
		t.Fatalf("a good report: %v", err)
	}
	for _, row := range []struct{ name, old, new, want string }{
		{"another schema", `"schema":1`, `"schema":2`, "schema 2"},
		{"no schema", `"schema":1,`, ``, "schema 0"},
		{"an unknown field", `"registry"`, `"registri"`, "registri"},
		{"another case", `"registry"`, `"Registry"`, "Registry"},
		{"a key twice", `"registry":""`, `"registry":"","registry":""`, "duplicate"},
		{"an unknown status", `"status":"verified","registry"`, `"status":"ok","registry"`, `"ok"`},
		{"an unknown status of a package", `"status":"verified","checks"`, `"status":"","checks"`, `packages[0]: status ""`},
		{"an unknown status of a check", `"pass"`, `"passed"`, `checks[0]: status "passed"`},
		{"an unknown level", `"required"`, `"off"`, `level "off"`},
		{"something behind it", `]}]}`, `]}]} {}`, "after"},
		{"cut short", `]}]}`, ``, "EOF"},
		{"not UTF-8", `"name":"a"`, "\"name\":\"\xff\"", "UTF-8"},
		{"a number for a text", `"name":"a"`, `"name":1`, "number"},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := strings.Replace(good, row.old, row.new, 1)
			_, err := ReadJSON(strings.NewReader(text))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error that says %q", err, row.want)
			}
		})
	}
}
