// SPDX-License-Identifier: MIT

//go:build aurora_bundled

package aurora

// Of SQLite, Debian's static library is linked, so that the program needs nothing but libc. With the
// tag libsqlite3 the shared one is: for programs that have SQLite in them already.

// #cgo CFLAGS: -I${SRCDIR}/bundled -DAURORA_GO_BUNDLED=1 -O2
// #cgo !libsqlite3 LDFLAGS: -l:libsqlite3.a
// #cgo libsqlite3 LDFLAGS: -lsqlite3
// #cgo LDFLAGS: -lm -lpthread
import "C"
