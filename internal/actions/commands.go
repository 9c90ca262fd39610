package actions

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/sethvargo/go-githubactions"
)

// maxMessage is where the runner cuts an annotation's message, in UTF-16 units.
const maxMessage = 4096

// Annotation is a message shown on the run's page, and at File and Line where
// they are known. File is relative to the workspace with "/", Line counts from 1.
type Annotation struct {
	Level   string // "error", "warning" or "notice"
	File    string
	Line    int
	Title   string
	Message string
}

// Annotate prints one annotation as a workflow command of one line, its message
// cut to what the runner keeps. The runner shows ten of a level in a step.
func (r *Runner) Annotate(a Annotation) error {
	switch a.Level {
	case "error", "warning", "notice":
	default:
		return fmt.Errorf("annotate: level %q is none of error, warning, notice", a.Level)
	}
	at := githubactions.CommandProperties{}
	if a.Title != "" {
		at["title"] = cut(a.Title, 255)
	}
	if a.File != "" {
		at["file"] = a.File
		if a.Line > 0 {
			at["line"] = strconv.Itoa(a.Line)
		}
	}
	message := a.Message
	if strings.TrimSpace(message) == "" {
		message = a.Title
	}
	r.command.IssueCommand(&githubactions.Command{Name: a.Level, Properties: at, Message: cut(message, maxMessage)})
	return r.Err()
}

// Verbatim prints text of any origin between stop-commands lines, so that the
// runner reads no command in it.
func (r *Runner) Verbatim(text string) error {
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return fmt.Errorf("print verbatim: %w", err)
	}
	token := "resume-" + hex.EncodeToString(raw[:])
	_, _ = io.WriteString(r.log, "::stop-commands::"+token+"\n"+strings.TrimSuffix(text, "\n")+"\n::"+token+"::\n")
	return r.Err()
}

// cut shortens text to n UTF-16 units, the runner's measure of length; text that
// was cut ends in "…".
func cut(text string, n int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	units, keep := 0, 0
	for i, c := range text {
		units += utf16.RuneLen(c)
		if units <= n-1 {
			keep = i + len(string(c))
		}
	}
	if units <= n {
		return text
	}
	return text[:keep] + "…"
}
