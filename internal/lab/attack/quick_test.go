//go:build !attack

package attack

// thorough is false in make test: what takes long is left to make attack.
const thorough = false
