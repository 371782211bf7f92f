-- SPDX-License-Identifier: MIT
-- The newest batch of each instance, written in the batch's own transaction. After a crash
-- PostgreSQL hands out numbers of transactions again whose records had not reached the disk: that a
-- number was committed does not say by whom. `at` is in Unix milliseconds; rows of instances that
-- are gone are deleted after a while.
CREATE TABLE {aurora}.last_batch (
    instance uuid NOT NULL PRIMARY KEY,
    batch uuid NOT NULL,
    at bigint NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000);

INSERT INTO {aurora}.migrations (version, runs_from) VALUES (3, 1);
