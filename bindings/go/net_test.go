// SPDX-License-Identifier: MIT

//go:build aurora_net

package aurora

import (
	"errors"
	"testing"
)

// The adapters are in the program: one asks for its server, where a program without them knows no such
// store. Nobody listens on port 1.
func TestTheNetworkAdaptersAreThere(t *testing.T) {
	shop, err := Open("postgresql://127.0.0.1:1/none?connect_timeout=1")
	if !errors.Is(err, ErrIO) {
		t.Error(shop, err)
	}
	if err := Check("memory:", WithSettings("bus=kafka://127.0.0.1:1")); err != nil {
		t.Error(err)
	}
}
