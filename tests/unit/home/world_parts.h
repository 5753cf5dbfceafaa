/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything around a home: two edge workers whose mail is kept, a store that
 * answers when it is pumped, virtual time, and clients that know how to sign.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "home/home.h"
#include "sip/auth.h"
#include "support/oom.h"

enum {
	MAIL_MAX = 256,
	ROWS_MAX = 64,
	TEXT_MAX = 4096,
	SOFT_MAX = 16,
	CONTACTS_MAX = 4
};

/* What an edge worker got from home. */
struct mail {
	uint32_t slot;
	enum ipc_type type;
	uint64_t flow;
	char text[TEXT_MAX]; /* SIP bytes, or an address-of-record */
	unsigned status;     /* of an answer to HTTPS; homed; of a notice */
};

struct row {
	char aor[64], contact[128];
	uint8_t record[512];
	size_t record_len;
	uint64_t expires_s;
};

/* What waits in the store. */
struct letter {
	uint64_t key;
	char aor[64], bytes[TEXT_MAX];
	uint8_t mark[SHA256_BYTES];
	bool notify;
	unsigned attempts;
};

struct mark {
	uint8_t mark[SHA256_BYTES];
	uint16_t status;
	uint64_t until_s;
};

/* Presence in the store. */
struct soft {
	uint8_t kind;
	char aor[64];
	uint8_t name[128], record[2048];
	size_t name_len, record_len;
	uint64_t expires_s;
};

struct contact_row {
	const char *owner, *contact;
	uint8_t rule;
};

struct account {
	const char *aor, *name, *password;
	bool disabled;
};

struct question {
	enum ipc_type type;
	uint64_t id;
	char aor[128], contact[128];
	uint8_t record[512];
	size_t record_len;
	uint64_t expires_s;
	struct letter letter;
	struct mark mark;
	struct soft soft;
};

struct world {
	struct timers *timers;
	struct home *home;
	struct home_conf conf;
	struct slice domains[1];
	uint64_t now_ms;
	struct mail mail[MAIL_MAX];
	size_t mail_count, mail_read;
	struct account account[8];
	struct row row[ROWS_MAX];
	size_t row_count;
	struct question question[ROWS_MAX];
	size_t question_count;
	struct letter letter[ROWS_MAX];
	size_t letter_count;
	uint64_t last_key;
	uint32_t put_error; /* what the store says to a message */
	struct mark mark[ROWS_MAX];
	size_t mark_count;
	struct soft soft[SOFT_MAX];
	size_t soft_count;
	struct contact_row contact[CONTACTS_MAX];
	size_t taken; /* messages that home survived */
	size_t asked; /* questions in all */
	bool store_deaf, store_full, store_broken;
	bool disk_full; /* nothing is written */
	unsigned serial, cseq;
	char nonce[128];
	char log[8192];
};

static const struct proc_id edge0 = { PROC_EDGE, 0, 100 };
static const struct proc_id edge1 = { PROC_EDGE, 1, 200 };

static inline void world_copy(char *out, size_t size, struct slice s)
{
	size_t n = s.len < size - 1 ? s.len : size - 1;
	if (n)
		memcpy(out, s.ptr, n);
	out[n] = '\0';
}

static inline uint64_t world_wall_s(void *arg)
{
	return 1700000000 + ((struct world *)arg)->now_ms / 1000;
}

static inline uint64_t world_wall_ms(void *arg)
{
	return world_wall_s(arg) * 1000;
}

static inline int world_log(void *arg, struct slice line)
{
	struct world *w = arg;
	size_t len = strlen(w->log);
	snprintf(w->log + len, sizeof(w->log) - len, "%.*s", SLICE_FMT(line));
	return 0;
}

static inline unsigned world_logged(const struct world *w, const char *event)
{
	unsigned n = 0;
	for (const char *at = w->log; (at = strstr(at, event)); at++)
		n++;
	return n;
}
