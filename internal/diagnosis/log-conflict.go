package diagnosis

// LogConflict is npm losing a race with itself while it logs provenance.
var LogConflict = Cause{
	ID:       "log-conflict",
	Sentence: "The transparency log already held npm's entry, because npm asked a second time before the first answer came; npm then gave up and published nothing.",
	Mend:     "Run the publish job again: it gets a new certificate, and so a new entry. The version can stay.",
	Explains: []string{"served"},
	After: func(k *Case) []Finding {
		if l, ok := k.said("an equivalent entry already exists in the transparency log", "TLOG_CREATE_ENTRY_ERROR"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l)}}
		}
		return nil
	},
}
