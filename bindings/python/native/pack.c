/* SPDX-License-Identifier: MIT */
#include "python.h"
