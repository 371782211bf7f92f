/* SPDX-License-Identifier: MIT */
/* A bus in memory that several handles of one process share: topics with partitions, groups with
 * rebalances, redelivery, and the failures that a real one has. Messages stay until the end. */
#ifndef AURORA_TESTS_SUPPORT_BUS_FAKE_H
#define AURORA_TESTS_SUPPORT_BUS_FAKE_H

#include <aurora/port/driver.h>

#include "test.h"

typedef struct bus_fake bus_fake;

/* A broker with so many partitions of each topic (the dead letters have one). */
bus_fake *bus_fake_new(int32_t partitions);
void bus_fake_free(bus_fake *fake);

/* The URL under which its driver finds it, for the setting `bus`; lives as long as the broker. */
const char *bus_fake_url(const bus_fake *fake);
extern const aurora_driver bus_fake_driver;

/* --- what goes wrong -------------------------------------------------------------------------- */

/* Nobody answers. */
void bus_fake_set_down(bus_fake *fake, bool is_down);
/* Every n-th message is there twice; 0 = none. */
void bus_fake_duplicate(bus_fake *fake, uint32_t every);
/* The next `count` messages are there, but the producer is told that they failed. */
void bus_fake_fail_acks(bus_fake *fake, uint32_t count);
/* Messages are there, but nobody is told so until this is called with false. */
void bus_fake_hold_acks(bus_fake *fake, bool is_held);
/* The next `count` messages of this type are acknowledged and lost. */
void bus_fake_lose(bus_fake *fake, const char *type, uint32_t count);
/* The group's members give up all partitions at their next poll, and share them anew. */
void bus_fake_rebalance(bus_fake *fake, const char *group);
/* What each poll gives is taken away again once it was given: the partition is another's. */
void bus_fake_revoke_after_poll(bus_fake *fake, uint32_t polls);

/* --- what is there ---------------------------------------------------------------------------- */

/* Appends a message that no relay of ours wrote. */
void bus_fake_append(bus_fake *fake, const aurora_bus_message *message);
/* How many messages a topic has in all its partitions, of this type (NULL = any). */
uint32_t bus_fake_count(bus_fake *fake, int32_t topic, const char *type);
/* Message `index` of a partition, NULL behind the end. */
const aurora_bus_record *bus_fake_record(bus_fake *fake, int32_t topic, int32_t partition,
                                         uint32_t index);
const char *bus_fake_header(const aurora_bus_record *record, const char *name);
/* Whether somebody went back behind what it had told to be done. */
bool bus_fake_has_gone_back(bus_fake *fake);
/* Waits until there are at least so many; false after timeout_ms. */
bool bus_fake_wait_count(bus_fake *fake, int32_t topic, const char *type, uint32_t count,
                         int timeout_ms);
/* Waits until the group has done all messages of the topic; false after timeout_ms. */
bool bus_fake_wait_done(bus_fake *fake, const char *group, int32_t topic, int timeout_ms);

#endif
