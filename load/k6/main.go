// SPDX-License-Identifier: MIT

// k6 itself, of the version and of the hashes that go.mod and go.sum pin: ./dev load builds it.
package main

import "go.k6.io/k6/cmd"

func main() {
	cmd.Execute()
}
