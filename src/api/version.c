/* SPDX-License-Identifier: MIT */
#include <aurora/version.h>

#include <sqlite3.h>
#include <stddef.h>
#include <string.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUILD "sanitized"
#elif defined(__OPTIMIZE__)
#define BUILD "optimized"
#else
#define BUILD "debug"
#endif

/* By name; tests/unit/test_version.c opens each scheme. sqlite3_version is the text that
 * sqlite3_libversion() gives, of the SQLite that is linked. */
static const aurora_feature features[] = {
    {.name = "build", .value = BUILD, .help = "How the compiler was asked to compile."},
    {.name = "bus", .value = "local", .help = "Events stay with the store."},
    {.name = "cache", .value = "memory", .help = "A cache in the process."},
    {.name = "compiler", .value = COMPILER, .help = "What compiled the library."},
    {.name = "notify", .value = "log", .help = "The end of an order is a line of log."},
    {.name = "notify", .value = "none", .help = "The end of an order is a task."},
    {.name = "payment", .value = "none", .help = "Payments are tasks."},
    {.name = "payment", .value = "simulator", .help = "A simulator pays."},
    {.name = "search", .value = "fts", .help = "A full-text index beside the store."},
    {.name = "search", .value = "none", .help = "No index."},
    {.name = "sqlite", .value = sqlite3_version, .help = "The SQLite that is linked."},
    {.name = "sqlite_headers", .value = SQLITE_VERSION, .help = "The SQLite compiled against."},
    {.name = "store", .value = "memory", .help = "A store that is gone at close."},
    {.name = "store", .value = "sqlite", .help = "A store in a file."},
};

const char *aurora_version(void)
{
    return AURORA_VERSION;
}

uint32_t aurora_version_number(void)
{
    return AURORA_VERSION_NUMBER;
}

const aurora_feature *aurora_feature_table(uint32_t *count_out)
{
    *count_out = (uint32_t)(sizeof features / sizeof *features);
    return features;
}

bool aurora_feature_is_built(const char *name, const char *value)
{
    if (name == NULL || value == NULL)
        return false;
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        if (strcmp(features[i].name, name) == 0 && strcmp(features[i].value, value) == 0)
            return true;
    }
    return false;
}
