// SPDX-License-Identifier: MIT

//go:build !aurora_bundled

package aurora

// #cgo pkg-config: aurora
import "C"
