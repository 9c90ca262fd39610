//go:build attack

package attack

// thorough: make attack also runs what takes long.
const thorough = true
