/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything around presence: NOTIFYs are kept, lists and devices are rows,
 * what is saved can be restored, time is virtual. An agent is one watcher's
 * dialog.
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

#include "base/log.h"
#include "presence/pidf.h"
#include "presence/presence.h"
#include "presence/reject.h"
#include "support/oom.h"

enum { NOTES_MAX = 512, SAVED_MAX = 64, RULES_MAX = 16, TEXT_MAX = 16384 };

struct note {
	uint64_t id; /* presence's number */
	uint64_t at_ms;
	bool direct;
	char text[TEXT_MAX];
};

struct saved {
	enum presence_kind kind;
	char aor[64];
	uint8_t id[128], record[8192];
	size_t id_len, record_len;
	uint64_t expires_s;
};

struct rule {
	const char *owner, *other;
	enum presence_rule rule;
};

struct world {
	struct timers *timers;
	struct presence *presence;
	struct presence_conf conf;
	uint64_t now_ms;
	struct note *note;
	size_t note_count;
	struct saved *saved;
	size_t saved_count;
	struct rule rule[RULES_MAX];
	size_t rule_count;
	struct presence_flow device[4]; /* of alice */
	size_t device_count;
	bool deaf;       /* lists are not answered */
	bool cut;        /* nothing can be sent */
	bool silent;     /* nothing is answered */
	bool no_backend; /* SUBSCRIBEs are not */
	uint16_t status; /* else they get this */
	unsigned serial;
	char etag[64], tag[64];
	struct arena *arena; /* of the last request */
};

static inline int world_send(void *arg, const struct presence_flow *via,
			     const struct presence_letter *l, uint64_t id)
{
	struct world *w = arg;
	(void)via;
	if (w->cut)
		return -EPIPE;
	assert_true(w->note_count < NOTES_MAX);
	struct note *n = &w->note[w->note_count++];
	n->id = id;
	n->at_ms = w->now_ms;
	n->direct = l->direct;
	int len = snprintf(n->text, TEXT_MAX,
			   "%.*sVia: SIP/2.0/TLS h.invalid;branch=z9hG4bKn\r\n"
			   "%s%.*s%s%.*s",
			   SLICE_FMT(l->line), l->route.len ? "Route: " : "",
			   SLICE_FMT(l->route), l->route.len ? "\r\n" : "",
			   SLICE_FMT(l->rest));
	assert_true(len > 0 && len < TEXT_MAX);
	return 0;
}

static inline bool world_is(struct slice s, const char *text)
{
	return slice_eq(s, slice_str(text));
}

static inline int world_ask(void *arg, struct slice owner, struct slice watcher,
			    uint64_t id)
{
	struct world *w = arg;
	enum presence_rule rule = PRESENCE_RULE_NONE;
	if (w->deaf)
		return -EPIPE;
	for (size_t i = 0; i < w->rule_count; i++)
		if (world_is(owner, w->rule[i].owner) &&
		    world_is(watcher, w->rule[i].other))
			rule = w->rule[i].rule;
	presence_rule_is(w->presence, id, 0, rule);
	return 0;
}

static inline int world_list(void *arg, struct slice owner, uint64_t id)
{
	struct world *w = arg;
	if (w->deaf)
		return -EPIPE;
	for (size_t i = 0; i < w->rule_count; i++)
		if (world_is(owner, w->rule[i].owner) &&
		    w->rule[i].rule == PRESENCE_RULE_CONTACT)
			presence_contact(w->presence, id,
					 slice_str(w->rule[i].other));
	presence_contacts_end(w->presence, id, 0);
	return 0;
}

static inline void world_devices(void *arg, struct slice aor,
				 void (*fn)(void *fn_arg,
					    const struct presence_device *d),
				 void *fn_arg)
{
	struct world *w = arg;
	for (size_t i = 0;
	     world_is(aor, "alice@contoso.test") && i < w->device_count; i++) {
		struct presence_device d = {
			.contact = SLICE_LIT("sip:alice@10.0.0.1&2"),
			.call_id = SLICE_LIT("r1"),
			.cseq = 7,
			.flow = w->device[i],
			.expires_s = 1700000000 + 900,
		};
		fn(fn_arg, &d);
	}
}

static inline void world_save(void *arg, const struct presence_row *row)
{
	struct world *w = arg;
	struct saved *s = NULL;
	for (size_t i = 0; i < w->saved_count; i++)
		if (w->saved[i].kind == row->kind &&
		    slice_eq(slice_of(w->saved[i].id, w->saved[i].id_len),
			     row->id))
			s = &w->saved[i];
	if (!row->record.len) {
		if (s)
			*s = w->saved[--w->saved_count];
		return;
	}
	assert_true(s || w->saved_count < SAVED_MAX);
	if (!s)
		s = &w->saved[w->saved_count++];
	s->kind = row->kind;
	(void)slice_cstr(row->aor, s->aor, sizeof(s->aor));
	assert_true(row->id.len <= sizeof(s->id) &&
		    row->record.len <= sizeof(s->record));
	memcpy(s->id, row->id.ptr, s->id_len = row->id.len);
	memcpy(s->record, row->record.ptr, s->record_len = row->record.len);
	s->expires_s = row->expires_s;
}

static inline bool world_ours(void *arg, struct slice aor)
{
	(void)arg;
	return slice_ends(aor, SLICE_LIT("@contoso.test"));
}

static inline uint64_t world_wall_s(void *arg)
{
	return 1700000000 + ((struct world *)arg)->now_ms / 1000;
}

static const struct presence_ops world_ops = { world_send,  world_ask,
					       world_list,  world_devices,
					       world_save,  world_ours,
					       world_wall_s };

static inline int world_quiet(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
	return 0;
}
