/* SPDX-License-Identifier: MIT */
/* Events of the log as pages of the public header. */
#ifndef AURORA_API_EVENT_PAGE_H
#define AURORA_API_EVENT_PAGE_H

#include "engine/engine.h"

#include <aurora/event.h>

/* The at most `limit` events of the snapshot after position `after`; the page's position is `after`
 * where there are none. AURORA_ECORRUPT when a row of the log is damaged. */
aurora_status aurora__event_page(aurora__engine *engine, aurora_store_txn *txn, int64_t after,
                                 uint32_t limit, aurora_event_page **out);

#endif
