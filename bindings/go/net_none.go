// SPDX-License-Identifier: MIT

//go:build !aurora_net

package aurora

// #include "shim.h"
import "C"

func netDrivers(count *C.uint32_t) *C.aurora_driver { return nil }
