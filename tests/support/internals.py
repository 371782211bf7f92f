# SPDX-License-Identifier: MIT
"""Words of the inside that no answer has: statements, files, functions, addresses, messages of what we are built on."""

import re

INTERNALS = re.compile(
    rb"\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|PRAGMA|BEGIN IMMEDIATE|unnest\(|FOR UPDATE)\b"
    rb"|syntax error|sqlite|SQLITE|postgres|libpq|psql|PQ[a-z]+\(|near \"|relation \"|column \"|constraint \""
    rb"|hiredis|librdkafka|libevent|libcurl|OpenSSL|cJSON"
    rb"|/src/|/home/|/usr/|/tmp/|/var/|\b\w+\.[ch]:\d+|aurora__\w+|0x[0-9a-f]{6,}|malloc|errno|stack"
    rb"|ECORE|EINVAL|EIO\b|Connection refused|Traceback")


def tells_internals(body):
    """The first such word; None where there is none."""
    found = INTERNALS.search(body)
    return found.group(0) if found else None
