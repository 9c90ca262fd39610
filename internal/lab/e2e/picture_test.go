//go:build e2e

package e2e

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// browsers are the names that a headless Chromium goes by: Debian's packages, then GitHub's machines.
var browsers = []string{"chromium-headless-shell", "chromium", "google-chrome"}

// picture renders a job summary as GitHub would and looks at it with a browser: tables and diagram must be drawn, and
// nothing of the markdown may be left over. VERIFY_NPM_RELEASE_PICTURE names the file that gets the picture (make picture).
func picture(j *job, markdown string) {
	j.Helper()
	browser := ""
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil && browser == "" {
			browser = path
		}
	}
	if browser == "" {
		j.Logf("no browser here (%s): the summary is not looked at", strings.Join(browsers, ", "))
		return
	}
	node, err := here.node()
	j.must(err)
	modules, err := prepared(here.dir, "from-npm/summary", func(dir string) error {
		return host(nil, "npm", "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel", "error",
			"marked@18.2.1", "mermaid@12.3.0", "github-markdown-css@5.9.0")
	})
	j.must(err)
	source, page, file := j.root+"/summary.md", j.root+"/summary.html", j.root+"/summary.png"
	j.must(os.WriteFile(source, []byte(markdown), 0o644),
		host(nil, node+"/node", "summary.mjs", filepath.Join(modules, "node_modules"), source, page))
	look := func(args ...string) string {
		args = append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
			"--virtual-time-budget=15000", "--user-data-dir=" + j.root + "/browser"}, args...)
		cmd := exec.Command(browser, append(args, "file://"+page)...)
		var out, log bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &log
		if err := cmd.Run(); err != nil {
			j.Fatalf("%s: %v\n%s", browser, err, log.String())
		}
		return out.String()
	}
	dom := look("--window-size=1012,600", "--dump-dom")
	height := regexp.MustCompile(`data-height="(\d+)"`).FindStringSubmatch(dom)
	if !strings.Contains(dom, `data-diagram="drawn"`) || height == nil {
		j.Fatalf("the diagram was not drawn: %s", regexp.MustCompile(`data-diagram="[^"]*"`).FindString(dom))
	}
	shown := dom[strings.Index(dom, "<article"):strings.Index(dom, "</article>")]
	for _, leftover := range []string{"```", "&lt;table", "**", "|---"} {
		if strings.Contains(shown, leftover) {
			j.Errorf("markdown is left over in the page: %q", leftover)
		}
	}
	look("--window-size=1012,"+height[1], "--screenshot="+file)
	raw, err := os.ReadFile(file)
	j.must(err)
	drawn, err := png.Decode(bytes.NewReader(raw))
	j.must(err)
	if size := drawn.Bounds().Size(); size.X != 1012 || size.Y < 600 {
		j.Errorf("the picture is %d by %d", size.X, size.Y)
	}
	if to := os.Getenv("VERIFY_NPM_RELEASE_PICTURE"); to != "" {
		j.must(os.WriteFile(to, raw, 0o644))
	}
}
