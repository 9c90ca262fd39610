package sigstore

import "time"

// LogEntry is where the transparency log holds the signature. Every field was signed by the log.
type LogEntry struct {
	Index          int64     // in the whole log, as the log's search counts
	LogID          string    // hex of the log's key id
	IntegratedTime time.Time // zero where the log signs none: Rekor v2
	Origin         string    // first line of the signed checkpoint; "" for a promise without a proof
	TreeSize       int64     // of the signed checkpoint; 0 for a promise without a proof
	URL            string    // page of the entry, for logs that have one; else ""
	Witnesses      []string  // names beside the log's own that signed the checkpoint; not verified
}
