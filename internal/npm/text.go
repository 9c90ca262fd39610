package npm

import "strconv"

// excerpt quotes the start of text from outside, printable and short.
func excerpt(text string) string {
	if len(text) > maxExcerpt {
		return strconv.QuoteToASCII(text[:maxExcerpt]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
