package actions

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// maxSummary is the runner's limit for one step; it drops a longer summary whole
// (AttachmentSizeLimit in the runner's CreateStepSummaryCommand).
const maxSummary = 1 << 20

var outputName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,99}$`)

// SetOutput appends one output to the file that GITHUB_OUTPUT names. The value
// may be any text; bytes that are not UTF-8 become U+FFFD, as the runner would
// read them.
func (r *Runner) SetOutput(name, value string) error {
	if !outputName.MatchString(name) {
		return fmt.Errorf("set output: %q is no output name", name)
	}
	value = strings.ToValidUTF8(value, "\uFFFD")
	delimiter, err := delimiterFor(value)
	if err != nil {
		return fmt.Errorf("set output %s: %w", name, err)
	}
	text := name + "<<" + delimiter + "\n" + value + "\n" + delimiter + "\n"
	if err := r.appendTo("GITHUB_OUTPUT", text, 0); err != nil {
		return fmt.Errorf("set output %s: %w", name, err)
	}
	return nil
}

// AppendSummary appends Markdown to the job summary, the file that
// GITHUB_STEP_SUMMARY names. Over the runner's limit of 1 MiB a step nothing is
// written.
func (r *Runner) AppendSummary(markdown string) error {
	if err := r.appendTo("GITHUB_STEP_SUMMARY", markdown+"\n", maxSummary); err != nil {
		return fmt.Errorf("append job summary: %w", err)
	}
	return nil
}

// delimiterFor returns a random line that value does not contain.
func delimiterFor(value string) (string, error) {
	for range 8 {
		var raw [16]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return "", err
		}
		if d := "end_" + hex.EncodeToString(raw[:]); !strings.Contains(value, d) {
			return d, nil
		}
	}
	return "", errors.New("no delimiter found that the value does not contain")
}

// appendTo appends text in one write to the file that variable names, unless the
// file would grow beyond limit bytes; 0 is no limit.
func (r *Runner) appendTo(variable, text string, limit int64) (err error) {
	path := r.getenv(variable)
	if path == "" {
		return fmt.Errorf("%s is not set", variable)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if limit > 0 {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if size := info.Size() + int64(len(text)); size > limit {
			return fmt.Errorf("%s would have %d bytes, want at most %d", variable, size, limit)
		}
	}
	_, err = f.WriteString(text)
	return err
}
