package evidence

// RunFacts is what this run, its workflow file and npm's debug log say.
type RunFacts struct{}
