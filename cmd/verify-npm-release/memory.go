package main

import (
	"os"
	"runtime/debug"
)

// memoryLimit is the memory, in bytes, from which on the garbage collector works harder: what servers can make the program
// keep is bounded well below it, and without it as much garbage again would lie beside. It is no hard bound.
const memoryLimit = 44 << 20

func init() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // a run holds a few MiB; collecting them less often saves a tenth of its time
	}
}
