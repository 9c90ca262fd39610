package report

// MaxSummary bounds what [Summary] returns, in bytes. The runner drops a summary
// over 1 MiB whole.
const MaxSummary = 900 << 10

// Summary returns r as the Markdown of a GitHub job summary.
func Summary(r *Report) string { return "" }
