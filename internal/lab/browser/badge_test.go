// Package browser looks at what we draw in a real browser. Its tests need
// Debian's chromium, or another Chromium on the path, and are skipped without.
package browser

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"verify-npm-release/internal/report"
)

// shoot renders HTML in a window of the given size and returns the picture.
func shoot(t *testing.T, html string, width, height int) image.Image {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("there is no Chromium here; on Debian: apt-get install chromium")
	}
	dir := t.TempDir()
	page, picture := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.png")
	if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	browser := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--no-first-run", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--force-device-scale-factor=1",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--screenshot="+picture, fmt.Sprintf("--window-size=%d,%d", width, height), "file://"+page)
	browser.Env = append(os.Environ(), "HOME="+dir)
	browser.WaitDelay = 5 * time.Second
	log, err := browser.CombinedOutput()
	f, openErr := os.Open(picture)
	if err != nil || openErr != nil {
		t.Fatalf("%v\n%s", errors.Join(err, openErr), log)
	}
	defer f.Close()
	if keep := os.Getenv("VERIFY_NPM_RELEASE_PICTURES"); keep != "" {
		raw, err := os.ReadFile(picture)
		if err == nil {
			err = os.WriteFile(filepath.Join(keep, filepath.Base(t.Name())+".png"), raw, 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
	shot, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return shot
}

// The backgrounds of GitHub's pages.
var (
	light = color.RGBA{0xff, 0xff, 0xff, 0xff}
	dark  = color.RGBA{0x0d, 0x11, 0x17, 0xff}
)

func TestBadgeInABrowser(t *testing.T) {
	t.Parallel()
	proven := report.Check{ID: "provenance", Status: report.Pass, Level: report.Required}
	trusted := report.Check{ID: "trusted-publisher", Status: report.Pass, Level: report.Advisory}
	for name, checks := range map[string][]report.Check{"npm": {proven}, "trusted publisher": {proven, trusted}} {
		svg := report.BadgeSVG(report.Package{
			Name: "demo", Version: "1.0.0", Status: report.Verified, Checks: checks, Links: &report.Links{NPM: "https://www.npmjs.com/package/demo/v/1.0.0"},
		})
		for page, background := range map[string]color.RGBA{"light": light, "dark": dark} {
			t.Run(name+" on "+page, func(t *testing.T) {
				// As an <img>, like in a README: no script and no other file can be loaded.
				shot := shoot(t, fmt.Sprintf(`<!doctype html><body style="margin:0;background:#%02x%02x%02x">`+
					`<img style="position:absolute;left:20px;top:20px" src="data:image/svg+xml;base64,%s">`,
					background.R, background.G, background.B, base64.StdEncoding.EncodeToString(svg)), 320, 60)
				look(t, shot, background)
			})
		}
	}
}

// look finds the badge in the picture and holds it against what a badge must be.
func look(t *testing.T, shot image.Image, background color.RGBA) {
	t.Helper()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(shot.At(x, y)).(color.RGBA) }
	box := image.Rectangle{}
	for y := range shot.Bounds().Dy() {
		for x := range shot.Bounds().Dx() {
			if at(x, y) != background {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if box.Min != image.Pt(20, 20) || box.Dy() != 20 || box.Dx() < 120 || box.Dx() > 280 {
		t.Fatalf("the badge is at %v, want it at 20,20, 20 high", box)
	}
	// Rounded corners let the page through.
	if got := at(box.Min.X, box.Min.Y); contrast(got, background) > contrast(at(box.Min.X+8, box.Min.Y+1), background) {
		t.Errorf("corner: got %v, want it nearer to %v than the inside", got, background)
	}
	grey, green := color.RGBA{0x57, 0x60, 0x6a, 0xff}, color.RGBA{0x1a, 0x7f, 0x37, 0xff}
	edge, white := 0, map[color.RGBA]int{}
	for x := box.Min.X + 5; x < box.Max.X-5; x++ {
		if at(x, box.Min.Y+2) == grey && at(x+1, box.Min.Y+2) == green {
			edge = x + 1
		}
	}
	if edge == 0 {
		t.Fatal("there is no edge between a grey and a green half")
	}
	for _, half := range []struct {
		name     string
		from, to int
		fill     color.RGBA
	}{{"left", box.Min.X, edge, grey}, {"right", edge, box.Max.X, green}} {
		first, last := 0, 0
		for x := half.from; x < half.to; x++ {
			for y := box.Min.Y + 3; y < box.Max.Y-2; y++ {
				if c := at(x, y); contrast(c, half.fill) > 3 {
					white[half.fill]++
					if last = x; first == 0 {
						first = x
					}
				}
			}
		}
		if white[half.fill] < 40 {
			t.Errorf("%s half: %d bright pixels, want a text", half.name, white[half.fill])
		}
		// The text keeps inside its half, in the middle.
		if before, after := first-half.from, half.to-1-last; before < 3 || after < 3 || math.Abs(float64(before-after)) > 4 {
			t.Errorf("%s half: text begins %d and ends %d pixels from its edges, want it in the middle", half.name, before, after)
		}
		if got := contrast(light, half.fill); got < 4.5 {
			t.Errorf("%s half: contrast of its text is %.1f, want at least 4.5 (WCAG AA)", half.name, got)
		}
		if got := contrast(background, half.fill); got < 2 {
			t.Errorf("%s half: contrast with the page is %.1f, want at least 2", half.name, got)
		}
	}
}

// contrast is WCAG's ratio, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio).
func contrast(a, b color.RGBA) float64 {
	luminance := func(c color.RGBA) float64 {
		channel := func(v uint8) float64 {
			if s := float64(v) / 255; s > 0.04045 {
				return math.Pow((s+0.055)/1.055, 2.4)
			} else {
				return s / 12.92
			}
		}
		return 0.2126*channel(c.R) + 0.7152*channel(c.G) + 0.0722*channel(c.B)
	}
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return math.Max(x, y) / math.Min(x, y)
}
