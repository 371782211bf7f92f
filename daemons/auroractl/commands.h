/* SPDX-License-Identifier: MIT */
/* The commands, one function each, in the files of their nouns. Each returns an exit status. */
#ifndef AURORACTL_COMMANDS_H
#define AURORACTL_COMMANDS_H

#include "ctl.h"

int ctl_replay(ctl *run);
int ctl_seed(ctl *run);
int ctl_verify(ctl *run);
int ctl_settings(ctl *run);
int ctl_keygen(ctl *run);
int ctl_token(ctl *run);

int ctl_orders_list(ctl *run);
int ctl_orders_show(ctl *run);
int ctl_orders_cancel(ctl *run);
int ctl_orders_export(ctl *run);

int ctl_products_list(ctl *run);
int ctl_products_show(ctl *run);
int ctl_products_import(ctl *run);
int ctl_products_export(ctl *run);
int ctl_products_resync(ctl *run);

int ctl_search(ctl *run);
int ctl_reindex(ctl *run);

int ctl_stock_list(ctl *run);
int ctl_stock_show(ctl *run);
int ctl_stock_receive(ctl *run);
int ctl_stock_adjust(ctl *run);

int ctl_sagas_list(ctl *run);
int ctl_sagas_show(ctl *run);
int ctl_sagas_retry(ctl *run);
int ctl_sagas_mark(ctl *run);
int ctl_sagas_compensate(ctl *run);

int ctl_events_tail(ctl *run);

int ctl_dead_letters_list(ctl *run);
int ctl_dead_letters_redrive(ctl *run);

int ctl_notifications_list(ctl *run);

int ctl_backup(ctl *run);
int ctl_restored(ctl *run);
int ctl_migrate(ctl *run);
int ctl_drain(ctl *run);

#endif
