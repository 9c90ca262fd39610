package report

import (
	"fmt"
	"math"
	"strings"
)

// BadgeSVG returns the badge as an SVG image that needs no other file and no
// script, or nil where [Badge] is empty. It brings its own background, so it
// looks the same on light and dark pages.
func BadgeSVG(p Package) []byte {
	left, right := p.badgeText()
	if right == "" {
		return nil
	}
	l, r := svgWidth(left), svgWidth(right)
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%[3]d" height="20" role="img" aria-label="%[4]s: %[5]s">
  <title>%[4]s: %[5]s</title>
  <clipPath id="r"><rect width="%[3]d" height="20" rx="4"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="%[1]d" height="20" fill="#57606a"/>
    <rect x="%[1]d" width="%[2]d" height="20" fill="#`+badgeColour+`"/>
  </g>
  <g fill="#ffffff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">
    <text x="%[6]g" y="14" textLength="%[7]d" lengthAdjust="spacingAndGlyphs">%[4]s</text>
    <text x="%[8]g" y="14" textLength="%[9]d" lengthAdjust="spacingAndGlyphs">%[5]s</text>
  </g>
</svg>
`, l, r, l+r, left, right, float64(l)/2, l-svgPadding, float64(l)+float64(r)/2, r-svgPadding)
}

const svgPadding = 12

// svgWidth is the width of a half in pixels, from the widths of letters in
// Verdana 11; textLength makes other fonts fit.
func svgWidth(text string) int {
	width := 0.0
	for _, c := range text {
		switch {
		case strings.ContainsRune("ijl", c):
			width += 3
		case strings.ContainsRune("frt ", c):
			width += 4.3
		case strings.ContainsRune("mw", c):
			width += 10
		default:
			width += 6.6
		}
	}
	return int(math.Ceil(width)) + svgPadding
}
