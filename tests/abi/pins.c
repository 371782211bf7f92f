/* SPDX-License-Identifier: MIT */
/* What a compiled program has taken from the headers and can no longer change: sizes, places of
 * members, values of constants. Compiled, and never run, by scripts/checks/abi.sh, as C and as C++.
 * The numbers are of targets with pointers of 64 bits. */
#include <stddef.h>
#include <stdint.h>

#include <aurora/aurora.h>
#include <aurora/net.h>
#include <aurora/port/driver.h>
#include <aurora/testing.h>

#ifdef __cplusplus
#define ASSERT static_assert
#else
#define ASSERT _Static_assert
#endif

/* A struct in the caller's memory or in an array. */
#define PIN_SIZE(type, bytes) ASSERT(sizeof(type) == (bytes), "sizeof(" #type ") was " #bytes);
/* A struct that says its size: it grows at its end and never shrinks. */
#define PIN_LEAST(type, bytes)                                                                     \
    ASSERT(sizeof(type) >= (bytes), "sizeof(" #type ") was at least " #bytes);
#define PIN_MEMBER(type, member, offset, bytes)                                                    \
    ASSERT(offsetof(type, member) == (offset), #type "." #member " was at " #offset);              \
    ASSERT(sizeof(((type *)0)->member) == (bytes), #type "." #member " had " #bytes " bytes");
#define PIN_VALUE(name, value) ASSERT((int64_t)(name) == INT64_C(value), #name " was " #value);

#include "pins.inc"

typedef int aurora_pins_are_not_empty;
