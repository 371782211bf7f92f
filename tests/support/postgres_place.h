/* SPDX-License-Identifier: MIT */
/* A PostgreSQL database of a test's own in the engine that AURORA_TEST_POSTGRES names. */
#ifndef AURORA_TESTS_SUPPORT_POSTGRES_PLACE_H
#define AURORA_TESTS_SUPPORT_POSTGRES_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether there is an engine to test with; says why not, once. */
bool postgres_is_there(void);

/* The database of this test program with its tables empty: one for all its tests, since to make one
 * takes longer than most of them. Made by the first call, which is to come before Check forks;
 * dropped at exit. */
void postgres_program_database(char *address_out, size_t capacity);

/* Makes a database and writes the address of a store in it, "//user@host:port/name". */
void postgres_database_new(char *address_out, size_t capacity);

/* Drops it, and ends who is still connected to it. */
void postgres_database_drop(const char *address);

/* The address of a database that does not exist. */
void postgres_database_missing(char *address_out, size_t capacity);

/* Runs SQL in the database of an address; writes the first column of the first row, if there is
 * one. Fails the test where that does not work. */
void postgres_run(const char *address, const char *sql, char *out, size_t capacity);

#endif
