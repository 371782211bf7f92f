/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/outcome.h"

#include <sqlite3.h>

aurora_status aurora__fts_status(int code)
{
    if (code == SQLITE_IOERR_NOMEM)
        return AURORA_ENOMEM;
    if (code == SQLITE_IOERR_SHORT_READ) /* somebody cut the file */
        return AURORA_ECORRUPT;
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return AURORA_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA:
        return AURORA_EBUSY;
    case SQLITE_FULL:
        return AURORA_EFULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
        return AURORA_ECORRUPT;
    case SQLITE_NOMEM:
        return AURORA_ENOMEM;
    case SQLITE_READONLY:
        return AURORA_EREADONLY;
    }
    return AURORA_EIO;
}
