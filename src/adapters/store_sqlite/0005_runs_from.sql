-- SPDX-License-Identifier: MIT
-- What was done to this file. A library that knows `runs_from` or newer can work on the result, so
-- that the release before runs on what the next one migrated.
CREATE TABLE migrations (
    version INTEGER PRIMARY KEY,
    runs_from INTEGER NOT NULL
) STRICT;
INSERT INTO migrations (version, runs_from) VALUES (1, 1), (2, 1), (3, 1), (4, 1), (5, 1);
