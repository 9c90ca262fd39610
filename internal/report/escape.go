package report

import (
	"unicode"
	"unicode/utf16"
)

// hidden reports whether a rune does not show as itself: controls, ANSI's
// escape, bidirectional and zero-width characters, line and paragraph
// separators, private use and unassigned code points.
func hidden(c rune) bool {
	return c == unicode.ReplacementChar || c != ' ' && !unicode.IsGraphic(c) || unicode.Is(unicode.Variation_Selector, c) || unicode.Is(unicode.Zl, c) || unicode.Is(unicode.Zp, c)
}

func utf16Units(c rune) []uint16 { return utf16.AppendRune(nil, c) }

// clip cuts text to at most n runes, the last of them "…" where something was cut.
func clip(text string, n int) string {
	count := 0
	for i := range text {
		if count == n-1 {
			rest := text[i:]
			for j := range rest {
				if j > 0 {
					return text[:i] + "…"
				}
			}
		}
		count++
	}
	return text
}
