-- SPDX-License-Identifier: MIT
-- A state of payments that the views did not know.
INSERT INTO names (enumeration, number, name) VALUES ('payment_state', 17, 'RECHECKING');
INSERT INTO migrations (version, runs_from) VALUES (6, 1);
