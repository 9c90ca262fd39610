package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Set by the linker for releases (-X main.version=v1.2.3 -X main.commit=…).
var version, commit string

// versionLine tells version, commit and Go.
func versionLine() string {
	v, c := version, commit
	if info, ok := debug.ReadBuildInfo(); ok {
		if v == "" && info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && c == "" {
				c = s.Value
			}
		}
	}
	if v == "" {
		v = "devel"
	}
	if c == "" {
		c = "unknown"
	}
	return fmt.Sprintf("verify-npm-release %s (commit %s, %s)", v, c, runtime.Version())
}

// userAgent names us to the registry.
func userAgent() string {
	v := version
	if v == "" {
		v = "devel"
	}
	return "verify-npm-release/" + v
}
