-- SPDX-License-Identifier: MIT
-- Who does what only one process may do at a time, as the relay of the log, and until when.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    owner BLOB NOT NULL,
    until INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
