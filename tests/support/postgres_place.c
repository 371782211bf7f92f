/* SPDX-License-Identifier: MIT */
#include "postgres_place.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#define PREFIX "aurora_t_"

/* Not Check's: it is also needed before the tests run, and while a child runs one. */
__attribute__((format(printf, 1, 2), noreturn)) static void give_up(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "postgres_place: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    abort();
}

static const char *engine(void)
{
    const char *url = getenv("AURORA_TEST_POSTGRES");
    return url == NULL || url[0] == 0 ? NULL : url;
}

bool postgres_is_there(void)
{
    static bool was_said;
    if (engine() != NULL)
        return true;
    if (!was_said)
        printf("skipped: AURORA_TEST_POSTGRES is not set (./dev up)\n");
    was_said = true;
    return false;
}

/* The engine's URL from the // on, up to the slash before its database. */
static int server(const char **from_out)
{
    const char *from = strstr(engine(), "//");
    if (from == NULL)
        give_up("AURORA_TEST_POSTGRES is no URL");
    const char *slash = strchr(from + 2, '/');
    *from_out = from;
    return slash == NULL ? (int)strlen(from) : (int)(slash - from);
}

static void say_nothing(void *self, const char *message)
{
    (void)self;
    (void)message;
}

static PGconn *connect_to(const char *url)
{
    PGconn *pg = PQconnectdb(url);
    PQsetNoticeProcessor(pg, say_nothing, NULL);
    if (PQstatus(pg) != CONNECTION_OK)
        give_up("%s: %s", url, PQerrorMessage(pg));
    return pg;
}

static PGresult *run(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType kind = PQresultStatus(result);
    if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
        give_up("%s: %s", sql, PQerrorMessage(pg));
    return result;
}

/* WITH (FORCE) would end the server's own autovacuum there too, which only a superuser may; DROP
 * DATABASE alone has that stop. False where it could not be dropped. */
static bool drop(PGconn *pg, const char *name, size_t len)
{
    char sql[320];
    snprintf(sql, sizeof sql,
             "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '%.*s'"
             " AND usename = current_user AND pid <> pg_backend_pid()",
             (int)len, name);
    PQclear(run(pg, sql));
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %.*s", (int)len, name);
    PGresult *result = PQexec(pg, sql);
    bool is_dropped = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return is_dropped;
}

/* What a test that crashed has left behind. */
static void drop_stale(PGconn *pg)
{
    PGresult *names =
        run(pg, "SELECT datname FROM pg_database WHERE datname LIKE 'aurora\\_t\\_%'");
    for (int i = 0; i < PQntuples(names); i++) {
        const char *name = PQgetvalue(names, i, 0);
        long pid = strtol(name + sizeof PREFIX - 1, NULL, 10);
        if (pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            continue;
        (void)drop(pg, name, strlen(name)); /* another test may be dropping it too */
    }
    PQclear(names);
}

void postgres_database_new(char *address_out, size_t capacity)
{
    static unsigned number;
    const char *from;
    char sql[160];
    int length = server(&from);
    PGconn *pg = connect_to(engine());
    if (number == 0)
        drop_stale(pg);
    number++;
    snprintf(address_out, capacity, "%.*s/" PREFIX "%ld_%u", length, from, (long)getpid(), number);
    snprintf(sql, sizeof sql, "CREATE DATABASE " PREFIX "%ld_%u", (long)getpid(), number);
    PQclear(run(pg, sql));
    PQfinish(pg);
}

void postgres_database_drop(const char *address)
{
    const char *name = strrchr(address, '/') + 1;
    PGconn *pg = connect_to(engine());
    if (!drop(pg, name, strcspn(name, "?")))
        give_up("%s is not dropped: %s", name, PQerrorMessage(pg));
    PQfinish(pg);
}

void postgres_database_missing(char *address_out, size_t capacity)
{
    const char *from;
    int length = server(&from);
    snprintf(address_out, capacity, "%.*s/" PREFIX "%ld_none", length, from, (long)getpid());
}

/* --- one for a program ------------------------------------------------------------------------ */

static char program_address[256];
static pid_t program_pid;

static void drop_program_database(void)
{
    if (getpid() == program_pid)
        postgres_database_drop(program_address);
}

void postgres_program_database(char *address_out, size_t capacity)
{
    if (program_pid == 0) {
        program_pid = getpid();
        postgres_database_new(program_address, sizeof program_address);
        atexit(drop_program_database);
    }
    /* Tables are kept: to drop them and make them anew would take most of the time. */
    postgres_run(program_address,
                 "DO $$ DECLARE name text; BEGIN FOR name IN SELECT schemaname || '.' || tablename"
                 " FROM pg_tables WHERE schemaname LIKE 'aurora%' AND tablename NOT IN"
                 " ('migrations', 'log_head', 'names') LOOP EXECUTE 'DELETE FROM ' || name;"
                 " END LOOP; IF to_regclass('aurora.log_head') IS NOT NULL THEN"
                 " UPDATE aurora.log_head SET first = 1, position = 0, bytes = 0; END IF; END $$",
                 NULL, 0);
    snprintf(address_out, capacity, "%s", program_address);
}

void postgres_run(const char *address, const char *sql, char *out, size_t capacity)
{
    char url[600];
    snprintf(url, sizeof url, "postgresql:%s", address);
    PGconn *pg = connect_to(url);
    PGresult *result = run(pg, sql);
    if (out != NULL)
        snprintf(out, capacity, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(pg);
}
