/* SPDX-License-Identifier: MIT */
//go:build aurora_bundled

/* The library, as ./dev dist writes it. */
#include <aurora.c>
