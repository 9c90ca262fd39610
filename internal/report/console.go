package report

import "io"

// ConsoleOptions says how [WriteConsole] may write. The zero value is plain text
// for 100 columns.
type ConsoleOptions struct {
	Color bool // ANSI colours; never set it for a file or a pipe
	Width int  // columns to wrap at; 0 is 100, negative is never
}

// WriteConsole writes r for a person at a terminal or in a job's log.
func WriteConsole(w io.Writer, r *Report, o ConsoleOptions) error { return nil }

// Plain is text as one harmless line for a terminal or a job's log.
func Plain(text string) string { return "" }
