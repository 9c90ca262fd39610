package github

import "strings"

// nextLink gives the target of rel="next" of Link headers (RFC 8288), ""
// when there is none.
func nextLink(headers []string) string {
	for _, h := range headers {
		for {
			open := strings.IndexByte(h, '<')
			if open < 0 {
				break
			}
			end := strings.IndexByte(h[open:], '>')
			if end < 0 {
				break
			}
			target := h[open+1 : open+end]
			h = h[open+end+1:]
			params := h
			if i := strings.IndexByte(h, '<'); i >= 0 {
				params = h[:i]
			}
			for p := range strings.SplitSeq(params, ";") {
				name, value, _ := strings.Cut(strings.Trim(p, " \t,"), "=")
				if !strings.EqualFold(strings.TrimSpace(name), "rel") {
					continue
				}
				for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
					if strings.EqualFold(rel, "next") {
						return target
					}
				}
			}
		}
	}
	return ""
}
