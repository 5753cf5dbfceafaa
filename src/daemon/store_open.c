/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the database. One that is damaged is never used: what can be read of
 * it is, in a new one, and the log says what that is (STO-04).
 */
#include <errno.h>
#include <stdio.h>

#include "daemon/role_store.h"
#include "store/salvage.h"

enum {
	MS_PER_S = 1000,
	CHECK_MS = 2 * 3600 * MS_PER_S /* all kinds of records in a day */
};

static void on_table(void *arg, const char *table, uint64_t rows, bool whole)
{
	(void)arg;
	LOG(whole ? LOG_INFO : LOG_ERROR, "store.salvaged",
	    KV_STR("records", table), KV_U64("rows", rows),
	    KV_STR("complete", whole ? "yes" : "no"));
}

static int salvage(struct role_store *r, char error[static STORE_ERROR_MAX])
{
	char kept[STORE_NAME_MAX];
	LOG(LOG_ERROR, "store.damaged", KV_STR("path", r->path),
	    KV_STR("why", error));
	int err = store_salvage(r->path, on_table, NULL, kept, error);
	if (!err)
		LOG(LOG_ERROR, "store.set_aside", KV_STR("path", r->path),
		    KV_STR("kept", kept));
	return err;
}

int role_store_open(struct role_store *r)
{
	char error[STORE_ERROR_MAX] = "";
	int err = store_open(&r->store, r->path, error);
	if (err == -EBADMSG)
		err = salvage(r, error);
	if (!err && !r->store)
		err = store_open(&r->store, r->path, error);
	if (err)
		LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("open"),
			    KV_STR("path", r->path), KV_STR("why", error),
			    KV_STR("error", strerror(-err)));
	return err;
}

void role_store_check(struct role_store *r)
{
	char error[STORE_ERROR_MAX] = "";
	uint64_t now = loop_now_ms(process_loop(r->process));
	if (!r->store || now - r->checked_ms < CHECK_MS)
		return;
	r->checked_ms = now;
	role_store_commit_now(r);
	if (!r->store ||
	    store_check_next(r->store, &r->check_at, error) != -EBADMSG)
		return;
	store_close(r->store);
	r->store = NULL;
	if (salvage(r, error))
		LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("check"),
			    KV_STR("path", r->path), KV_STR("why", error));
	timer_start(&r->reopen, 0);
}
