package report

import (
	"encoding/json"
	"strings"
)

// badgeColour is GitHub's green for success; white text on it is readable on
// light and dark pages.
const badgeColour = "1a7f37"

// Badge returns README markdown: an image that says what was verified, linked to
// where npmjs.com shows the package's provenance. It is empty unless p is
// verified, its provenance check passed and the public registry serves it.
func Badge(p Package) string { return badge(p, "", npmPage(p.Name, "")) }

// Badged returns the package of r whose badge claims least, and whether every
// package has a badge: then what this one says holds for all of them.
func (r *Report) Badged() (Package, bool) {
	least := -1
	for i := range r.Packages {
		left, right := r.Packages[i].badgeText()
		if right == "" {
			return Package{}, false
		}
		if least < 0 || left == "npm" {
			least = i
		}
	}
	if least < 0 {
		return Package{}, false
	}
	return r.Packages[least], true
}

// VersionBadge is [Badge] for this one version: the image names it and links to it.
func VersionBadge(p Package) string {
	if p.Version == "" {
		return ""
	}
	return badge(p, p.spec(), npmPage(p.Name, p.Version))
}

func badge(p Package, label, target string) string {
	left, right := p.badgeText()
	if right == "" || target == "" {
		return ""
	}
	if label != "" {
		left = label
	}
	image := "https://img.shields.io/badge/" + shield(left) + "-" + shield(right) + "-" + badgeColour + "?logo=npm"
	return "[![" + markdown(left) + ": " + right + "](" + image + ")](" + target + ")"
}

// BadgeEndpoint returns the JSON that shields.io reads from an address
// (https://shields.io/badges/endpoint-badge), or nil where [Badge] is empty.
func BadgeEndpoint(p Package) []byte {
	left, right := p.badgeText()
	if right == "" {
		return nil
	}
	out, err := json.MarshalIndent(struct {
		Schema int    `json:"schemaVersion"`
		Label  string `json:"label"`
		Text   string `json:"message"`
		Color  string `json:"color"`
		Logo   string `json:"namedLogo"`
	}{1, left, right, badgeColour, "npm"}, "", "  ")
	if err != nil {
		return nil
	}
	return append(out, '\n')
}

// badgeText is the two halves of the badge. It says no more than was checked;
// both are words of ours. The publisher is the registry's word, so it never
// stands alone.
func (p *Package) badgeText() (left, right string) {
	if p.Status != Verified || p.answer("provenance") != "good" || p.Links == nil || p.Links.NPM == "" {
		return "", ""
	}
	if p.answer("trusted-publisher") == "good" {
		return "trusted publisher", "provenance verified"
	}
	return "npm", "provenance verified"
}

// maxName bounds names and versions in addresses and commands, in bytes; npm's own
// limit for a name is 214, for a version 256.
const maxName = 256

// npmPage is the page of a package on npmjs.com, or of one version of it; "" for
// what is no name of one or two parts, or would be read as another path.
func npmPage(name, version string) string {
	if len(name) > maxName || len(version) > maxName {
		return ""
	}
	parts := strings.Split(name, "/")
	if len(parts) > 2 || len(parts) == 2 && !strings.HasPrefix(name, "@") {
		return ""
	}
	for _, part := range parts {
		if strings.Trim(part, ".@") == "" {
			return ""
		}
	}
	if version != "" && strings.Trim(version, ".") == "" {
		return ""
	}
	page := "https://www.npmjs.com/package/" + percent(name, "@/")
	if version == "" {
		return page + "?activeTab=provenance"
	}
	return page + "/v/" + percent(version, "+")
}

// shield is text for one field of a static shields.io badge, where "-" parts
// fields and "_" is a space.
func shield(text string) string {
	return percent(strings.NewReplacer("-", "--", "_", "__").Replace(flat(clip(text, 300))), "")
}

// markdown is text for the inside of a Markdown image's description.
func markdown(text string) string {
	var b strings.Builder
	for _, c := range flat(clip(text, 300)) {
		if c < 0x80 && strings.ContainsRune("\\`*_{}[]()<>#+-.!|~&@:$^\"'", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}
