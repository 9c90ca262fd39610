package npm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Packument is what the registry says about a package (GET /{name}, full form):
// a light extract, and none of it verified.
type Packument struct {
	Name     string
	DistTags map[string]string    // tag → version
	Time     map[string]time.Time // version → when the registry published it; also "created" and "modified"; entries that are no time are left out
	Versions map[string]Version
}

// Version is what is kept of one version in a packument. A version whose
// metadata is not of the shape npm writes ranks as nothing.
type Version struct {
	Trust            TrustLevel
	TrustedPublisher bool // _npmUser.trustedPublisher is there, with or without provenance
	Deprecated       bool
}

// ParsePackument reads a full packument of at most 256 MiB as it streams in.
// Memory grows with the number of versions, not with bytes: one value at a time
// is held, at most 4 MiB, and at most 8 MiB of names. The bounds on counts are
// those of limits.go; keys match exactly and a key given twice is an error, as in
// [ParseManifest]. An error of r is returned as it is.
func ParsePackument(r io.Reader) (*Packument, error) {
	return parsePackument(r, maxPackument, func() error { return nil })
}

// parsePackument calls crowd once it has read fewNames names.
func parsePackument(r io.Reader, limit int64, crowd func() error) (*Packument, error) {
	in := &valueReader{r: bufio.NewReaderSize(r, 64<<10), limit: limit}
	in.dec = jsontext.NewDecoder(in, lenient)
	p := &Packument{DistTags: map[string]string{}, Time: map[string]time.Time{}, Versions: map[string]Version{}}
	err := (&packumentParser{dec: in.dec, crowd: crowd}).parse(p)
	switch {
	case in.err != nil: // not the decoder's wrapping of it
		return nil, in.err
	case err != nil:
		return nil, err
	}
	return p, nil
}

// packumentParser reads one packument.
type packumentParser struct {
	dec   *jsontext.Decoder
	names int // so far
	kept  int // their bytes, see maxNames
	crowd func() error
}

func (r *packumentParser) parse(p *Packument) error {
	dec := r.dec
	if dec.PeekKind() != jsontext.KindBeginObject {
		if _, err := dec.ReadToken(); err != nil && err != io.EOF {
			return decodeError("packument", err)
		}
		return garbled("packument", "is not a JSON object")
	}
	err := r.members(maxMembers, func(name string) error {
		switch name {
		case "name":
			v, err := value(dec)
			if err == nil {
				p.Name = text(v)
			}
			return err
		case "dist-tags":
			return r.members(maxTags, func(tag string) error {
				v, err := value(dec)
				if err != nil || v.Kind() != jsontext.KindString {
					return err
				}
				p.DistTags[tag] = text(v)
				return r.keep(len(v))
			})
		case "time":
			return r.members(maxVersions, func(version string) error {
				v, err := value(dec)
				if err != nil {
					return err
				}
				if t, err := time.Parse(time.RFC3339, text(v)); err == nil {
					p.Time[version] = t
				}
				return nil
			})
		case "versions":
			return r.members(maxVersions, func(version string) error {
				v, err := value(dec)
				if err == nil {
					p.Versions[version] = lightVersion(v)
				}
				return err
			})
		}
		_, err := value(dec)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return garbled("packument", "goes on after its end")
	}
	return nil
}

// members reads the object that follows, at most limit members, calling f after
// each name; f reads the value. A null reads as an empty object.
func (r *packumentParser) members(limit int, f func(name string) error) error {
	dec := r.dec
	open, err := dec.ReadToken()
	switch {
	case err != nil:
		return decodeError("packument", err)
	case open.Kind() == jsontext.KindNull:
		return nil
	case open.Kind() != jsontext.KindBeginObject:
		return wrong("packument", "has a value of the wrong type: "+excerpt(string(dec.StackPointer())))
	}
	for n := 0; dec.PeekKind() != jsontext.KindEndObject; n++ {
		v, err := value(dec)
		if err != nil {
			return err
		}
		name, err := jsontext.AppendUnquote(nil, v)
		switch {
		case err != nil:
			return wrong("packument", "has a key that is not Unicode")
		case len(name) > maxKeyName:
			return wrong("packument", fmt.Sprintf("has a key longer than %d bytes", maxKeyName))
		case n == limit:
			return wrong("packument", fmt.Sprintf("has more than %d members in %s", limit, excerpt(string(dec.StackPointer().Parent()))))
		}
		if err := r.keep(len(name)); err != nil {
			return err
		}
		if r.names++; r.names == fewNames {
			if err := r.crowd(); err != nil {
				return err
			}
		}
		if err := f(string(name)); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return decodeError("packument", err)
	}
	return nil
}

// keep counts n bytes of names that are held.
func (r *packumentParser) keep(n int) error {
	if r.kept += n; r.kept > maxNames {
		return wrong("packument", fmt.Sprintf("has more than %d bytes of names", maxNames))
	}
	return nil
}

// value reads the next value, valid until the next read.
func value(dec *jsontext.Decoder) (jsontext.Value, error) {
	v, err := dec.ReadValue()
	switch {
	case err != nil:
		return nil, decodeError("packument", err)
	case !utf8.Valid(v):
		return nil, garbled("packument", "is not UTF-8")
	case tooDeep(v):
		return nil, wrong("packument", fmt.Sprintf("is nested deeper than %d", maxDepth))
	}
	return v, nil
}

func lightVersion(v jsontext.Value) Version {
	var w struct {
		User struct {
			TrustedPublisher jsontext.Value `json:"trustedPublisher"`
			Approver         jsontext.Value `json:"approver"`
		} `json:"_npmUser"`
		Dist struct {
			Attestations struct {
				Provenance jsontext.Value `json:"provenance"`
			} `json:"attestations"`
		} `json:"dist"`
		Deprecated jsontext.Value `json:"deprecated"`
	}
	if json.Unmarshal(v, &w, lenient) != nil {
		return Version{}
	}
	publisher := isObject(w.User.TrustedPublisher)
	return Version{
		Trust:            rank(isObject(w.User.Approver), publisher, isObject(w.Dist.Attestations.Provenance)),
		TrustedPublisher: publisher,
		Deprecated:       text(w.Deprecated) != "",
	}
}

// Check returns nil if the packument is about name, else a *[WrongError].
func (p *Packument) Check(name string) error {
	if p.Name != name || name == "" {
		return &WrongError{"name", p.Name, name}
	}
	return nil
}

// valueReader ends the reading where a packument, or one value in it, is too
// large: the decoder itself would buffer a value of any size.
type valueReader struct {
	r     io.Reader
	limit int64 // bytes of the packument
	dec   *jsontext.Decoder
	read  int64
	err   error // what ended the reading, unless the end of the document
}

func (v *valueReader) Read(b []byte) (int, error) {
	// Between the value and what was read before it stand a colon or comma and,
	// in what npm sends, no spaces.
	left := v.dec.InputOffset() + maxValue + 2 - v.read
	switch {
	case v.err != nil:
	case v.read > v.limit:
		v.err = wrong("packument", fmt.Sprintf("is larger than %d bytes", v.limit))
	case left <= 0:
		v.err = wrong("packument", fmt.Sprintf("has a value larger than %d bytes", maxValue))
	}
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.r.Read(b[:min(int64(len(b)), left, v.limit-v.read+1)])
	v.read += int64(n)
	if !errors.Is(err, io.EOF) {
		v.err = err
	}
	return n, err
}
