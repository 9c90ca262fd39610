package npm

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const goodPackument = `{"_id":"a","name":"a","readme":"# a \ud83d","users":{"x":true},
	"dist-tags":{"latest":"1.1.0","next":"2.0.0-rc.1","odd":7},
	"versions":{
		"1.0.0":{"name":"a","_npmUser":{"name":"x"},"dist":{},"deprecated":"old"},
		"1.1.0":{"name":"a","_npmUser":{"trustedPublisher":{"id":"github"}},"dist":{"attestations":{"provenance":{"predicateType":"p"}}},"deprecated":false},
		"2.0.0-rc.1":{"_npmUser":"odd","dist":{"attestations":{"provenance":{}}}},
		"0.0.1":{"_npmUser":{"trustedPublisher":{}}}},
	"time":{"created":"2020-01-02T03:04:05.678Z","1.0.0":"2020-01-02T03:04:06Z","1.1.0":"yesterday","unpublished":{"time":"x"}}}`

func TestParsePackument(t *testing.T) {
	t.Parallel()
	want := &Packument{
		Name:     "a",
		DistTags: map[string]string{"latest": "1.1.0", "next": "2.0.0-rc.1"},
		Time: map[string]time.Time{
			"created": time.Date(2020, 1, 2, 3, 4, 5, 678e6, time.UTC),
			"1.0.0":   time.Date(2020, 1, 2, 3, 4, 6, 0, time.UTC),
		},
		Versions: map[string]Version{
			"1.0.0":      {Deprecated: true},
			"1.1.0":      {Trust: TrustTrustedPublisher, TrustedPublisher: true},
			"2.0.0-rc.1": {},
			"0.0.1":      {TrustedPublisher: true},
		},
	}
	for why, r := range map[string]io.Reader{
		"at once":      strings.NewReader(goodPackument),
		"byte by byte": iotest.OneByteReader(strings.NewReader(goodPackument)),
		"with the end": iotest.DataErrReader(strings.NewReader(goodPackument)),
	} {
		got, err := ParsePackument(r)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", why, got, err, want)
		}
	}
	if err := want.Check("a"); err != nil {
		t.Error(err)
	}
	for _, p := range []*Packument{{Name: "b"}, {}} {
		var wrong *WrongError
		if err := p.Check("a"); !errors.As(err, &wrong) {
			t.Errorf("Check of %q: got %v", p.Name, err)
		}
	}
	if (&Packument{}).Check("") == nil {
		t.Error("nothing is a packument of nothing")
	}
}

func TestParsePackumentSpoiled(t *testing.T) {
	t.Parallel()
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	// named has n bytes of names of versions.
	named := func(n int) string {
		var b strings.Builder
		for i := 0; n > 0; i++ {
			size := min(n, maxKeyName)
			if n -= size; n > 0 && n < 6 {
				size, n = size-6, n+6 // room for a number
			}
			fmt.Fprintf(&b, `"%0*d":{},`, size, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	for _, c := range []struct {
		why, raw, err string
		garbled       bool
	}{
		{"an unpublished package", `{"name":"a","time":{"unpublished":{}}}`, "", false},
		{"nulls", `{"name":null,"versions":null,"time":null,"dist-tags":null}`, "", false},
		{"versions at the limit", `{"versions":{` + many(maxVersions, `"1.0.%d":{}`) + `}}`, "", false},
		{"members at the limit", `{` + many(maxMembers, `"x%d":0`) + `}`, "", false},
		{"a readme at the limit", `{"readme":"` + strings.Repeat("a", maxValue-2) + `"}`, "", false},
		{"a key at the limit", `{"versions":{"` + strings.Repeat("a", maxKeyName) + `":{}}}`, "", false},

		{"names at the limit", `{"versions":{` + named(maxNames-len("versions")) + `}}`, "", false},
		{"a byte of names too many", `{"versions":{` + named(maxNames-len("versions")+1) + `}}`, "more than 8388608 bytes of names", false},
		{"names shared by versions and times", `{"versions":{` + named(maxNames/2) + `},"time":{` + named(maxNames/2) + `}}`, "bytes of names", false},
		{"tags that point at megabytes", `{"dist-tags":{` + many(3, `"t%d":"`+strings.Repeat("a", maxNames/3)+`"`) + `}}`, "bytes of names", false},
		{"too many versions", `{"versions":{` + many(maxVersions+1, `"1.0.%d":{}`) + `}}`, `more than 100000 members in "/versions"`, false},
		{"too many tags", `{"dist-tags":{` + many(maxTags+1, `"t%d":""`) + `}}`, `in "/dist-tags"`, false},
		{"too many times", `{"time":{` + many(maxVersions+1, `"t%d":""`) + `}}`, `in "/time"`, false},
		{"too many members", `{` + many(maxMembers+1, `"x%d":0`) + `}`, `more than 1000 members in ""`, false},
		{"a readme too large", `{"readme":"` + strings.Repeat("a", maxValue) + `"}`, "a value larger than", false},
		{"a version too large", `{"versions":{"1.0.0":[` + many(1<<20, "%d") + `]}}`, "a value larger than", false},
		{"spaces without end", `{` + strings.Repeat(" ", maxValue+10) + `}`, "a value larger than", false},
		{"spaces after the end", `{}` + strings.Repeat(" ", maxValue+10), "a value larger than", false},
		{"a key too large", `{"versions":{"` + strings.Repeat("a", maxKeyName+1) + `":{}}}`, "key longer than", false},
		{"a key of megabytes", `{"versions":{"` + strings.Repeat("a", 2*maxValue) + `":{}}}`, "a value larger than", false},
		{"a key that is half an emoji", `{"time":{"\ud83d":""}}`, "not Unicode", false},
		{"versions twice", `{"versions":{},"versions":{}}`, `names a key twice: "/versions"`, false},
		{"a version twice", `{"versions":{"1.0.0":{},"1.0.0":{}}}`, `names a key twice: "/versions/1.0.0"`, false},
		{"a key twice inside a version", `{"versions":{"1.0.0":{"dist":{},"dist":{}}}}`, "names a key twice", false},
		{"a time twice", `{"time":{"1.0.0":"a","1.0.0":"b"}}`, "names a key twice", false},
		{"versions that are a list", `{"versions":[]}`, `wrong type: "/versions"`, false},
		{"times that are a string", `{"time":"now"}`, `wrong type: "/time"`, false},
		{"deep nesting", `{"x":` + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1) + `}`, "deeper than", false},
		{"very deep nesting", `{"x":` + strings.Repeat("[", 1e6), "", true},
		{"bytes that are not UTF-8", "{\"x\":\"\xff\"}", "not UTF-8", true},
		{"nothing", "", "not a JSON object", true},
		{"a page", "<!doctype html>", "not JSON", true},
		{"null", "null", "not a JSON object", true},
		{"a list", `[{}]`, "not a JSON object", true},
		{"cut short", goodPackument[:300], "not JSON", true},
		{"something after the end", `{}{}`, "goes on after", true},
	} {
		_, err := ParsePackument(strings.NewReader(c.raw))
		if c.why == "very deep nesting" {
			c.err = "packument"
		}
		wantError(t, c.why, err, c.err, c.garbled)
	}
	broken := errors.New("reset by peer")
	for n := range 20 {
		r := io.MultiReader(strings.NewReader(goodPackument[:n*30]), iotest.ErrReader(broken))
		if _, err := ParsePackument(r); err != broken {
			t.Errorf("broken after %d bytes: got %v, want %v", n*30, err, broken)
		}
	}
}

// repeat is a text of n bytes that is never held.
type repeat struct {
	unit string
	n, i int
}

func (r *repeat) Read(b []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	b = b[:min(len(b), r.n)]
	for n := 0; n < len(b); {
		copied := copy(b[n:], r.unit[r.i:])
		n += copied
		r.i = (r.i + copied) % len(r.unit)
	}
	r.n -= len(b)
	return len(b), nil
}

func TestParsePackumentTooLarge(t *testing.T) {
	t.Parallel()
	const limit = 3 * maxValue
	for size, want := range map[int]string{limit: "", limit + 1: fmt.Sprintf("larger than %d bytes", limit)} {
		parts := []io.Reader{strings.NewReader(`{"name":"a"`)}
		left := size - len(`{"name":"a"}`)
		for i := 0; left > 0; i++ {
			start := fmt.Sprintf(`,"x%d":"`, i)
			n := min(maxValue/2, left-len(start)-1)
			if rest := left - len(start) - 1 - n; rest > 0 && rest < 100 {
				n -= 100
			}
			left -= len(start) + 1 + n
			parts = append(parts, strings.NewReader(start), &repeat{unit: strings.Repeat("lorem ", 1000), n: n}, strings.NewReader(`"`))
		}
		_, err := parsePackument(io.MultiReader(append(parts, strings.NewReader("}"))...), limit, func() error { return nil })
		wantError(t, fmt.Sprintf("a packument of %d bytes", size), err, want, false)
	}
}

// versions writes members of a packument's versions, each of size bytes.
type versions struct {
	n, size, i int
	rest       io.Reader
}

func (v *versions) Read(b []byte) (int, error) {
	for {
		if v.rest != nil {
			if n, err := v.rest.Read(b); err == nil {
				return n, nil
			}
		}
		if v.i == v.n {
			return 0, io.EOF
		}
		comma := ","
		if v.i == 0 {
			comma = ""
		}
		v.rest = io.MultiReader(
			strings.NewReader(fmt.Sprintf(`%s"1.0.%d":{"name":"a","version":"1.0.%d","x":"`, comma, v.i, v.i)),
			&repeat{unit: "lorem ipsum ", n: v.size},
			strings.NewReader(`","_npmUser":{"name":"a"},"dist":{"attestations":{"url":"u","provenance":{"predicateType":"p"}}}}`))
		v.i++
	}
}

func FuzzParsePackument(f *testing.F) {
	f.Add([]byte(goodPackument))
	f.Add([]byte(`{"versions":{"1.0.0":{"dist":[]},"1":null},"time":{"1.0.0":"2020-01-01T00:00:00Z"}}`))
	f.Add([]byte(`{"dist-tags":{"a":"1","\u0061":"2"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := ParsePackument(strings.NewReader(string(raw)))
		if (p == nil) == (err == nil) {
			t.Fatalf("got %v, %v", p, err)
		}
		again, err2 := ParsePackument(iotest.OneByteReader(strings.NewReader(string(raw))))
		if (err == nil) != (err2 == nil) || !reflect.DeepEqual(p, again) {
			t.Fatalf("byte by byte: got %+v, %v, want %+v, %v", again, err2, p, err)
		}
		if err != nil {
			oneLine(t, err)
		}
	})
}
