// SPDX-License-Identifier: MIT

//go:build aurora_net

package aurora

// #cgo pkg-config: aurora-net
// #include "shim.h"
// #include <aurora/net.h>
import "C"

// The adapters of libaurora-net: PostgreSQL, Kafka, Redis and what else it was built with.
func netDrivers(count *C.uint32_t) *C.aurora_driver { return C.aurora_net_drivers(count) }
