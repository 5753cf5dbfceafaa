/* SPDX-License-Identifier: Apache-2.0 */
/* The test world's begin and end. */
#pragma once

#include "world_store.h"

/* The challenge, or the name that was minted. */
static inline struct slice world_note_web(struct mail *m, const void *body)
{
	const struct ipc_web_answer *a = body;
	m->flow = a->id;
	m->status = a->status;
	return a->status == 401 ? a->challenge : a->username;
}

/* As one text; its number in the place of a status. */
static inline struct slice world_note_notice(struct mail *m, const void *body)
{
	static char whole[TEXT_MAX];
	const struct ipc_notice *n = body;
	m->flow = n->flow;
	m->status = (unsigned)n->id;
	snprintf(whole, sizeof(whole), "%.*s%.*s", SLICE_FMT(n->line),
		 SLICE_FMT(n->rest));
	return slice_str(whole);
}

static inline int world_to_edge(void *arg, uint32_t slot, enum ipc_type type,
				const void *body)
{
	struct world *w = arg;
	assert_true(w->mail_count < MAIL_MAX);
	struct mail *m = &w->mail[w->mail_count++];
	*m = (struct mail){ .slot = slot, .type = type };
	struct slice bytes = SLICE_NONE;
	if (type == IPC_SIP_FROM_HOME)
		bytes = ((const struct ipc_sip_from_home *)body)->bytes;
	else if (type == IPC_ANSWER_FROM_HOME)
		bytes = ((const struct ipc_answer_from_home *)body)->bytes;
	else if (type == IPC_FLOW_AUTH)
		bytes = ((const struct ipc_flow_auth *)body)->aor;
	else if (type == IPC_WEB_ANSWER)
		bytes = world_note_web(m, body);
	else if (type == IPC_NOTICE)
		bytes = world_note_notice(m, body);
	if (type == IPC_FLOW_AUTH)
		m->flow = ((const struct ipc_flow_auth *)body)->flow;
	if (type == IPC_HOMED) { /* 2: it is not known */
		const struct ipc_homed *a = body;
		m->flow = a->id;
		m->status = a->error ? 2 : a->here;
	}
	world_copy(m->text, sizeof(m->text), bytes);
	return 0;
}

static const struct home_ops world_ops = { world_to_edge, world_to_store,
					   world_wall_s };

static inline int world_home(struct world *w)
{
	struct ipc_msg keys = { .type = IPC_KEYS };
	static uint8_t ring[1 + SEAL_KEY_BYTES] = { 7, 1, 2, 3 };
	int err = home_create(&w->home, w->timers, &w->conf, &world_ops, w);
	if (err)
		return err;
	keys.u.keys.ring = slice_of(ring, sizeof(ring));
	home_from_store(w->home, &keys);
	home_edge_up(w->home, &edge0);
	home_edge_up(w->home, &edge1);
	return 0;
}

static inline void world_free(struct world *w)
{
	if (!w)
		return;
	home_free(w->home);
	timers_free(w->timers);
	log_set_sink(NULL, NULL);
	log_set_clock(NULL, NULL);
	free(w);
}

static const struct presence_conf world_presence = {
	.edge_name = { (const uint8_t *)"edge.contoso.test", 17 },
	.expires_min_s = 60,
	.expires_max_s = 3600,
	.subscriptions_max = 10,
	.watchers_max = 10,
	.publications_max = 5,
	.publish_rate = 5,
	.notify_ms = 1000,
	.list_max = 10,
};

static const struct offer_conf world_offer = {
	.there = true,
	.host = { (const uint8_t *)"edge.contoso.test", 17 },
	.realm = { (const uint8_t *)"contoso.test", 12 },
	.udp_port = 3478,
	.tcp_port = 443,
	.tls_port = 443,
	.life_s = 28800,
};

/* NULL when there is no memory. */
static inline struct world *world_make(void)
{
	struct world *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->domains[0] = SLICE_LIT("contoso.test");
	w->conf =
		(struct home_conf){ .edge_name = SLICE_LIT("edge.contoso.test"),
				    .domains = w->domains,
				    .domain_count = 1,
				    .expires_min_s = 60,
				    .expires_default_s = 600,
				    .expires_max_s = 3600,
				    .contacts_max = 3,
				    .stored_s = 7 * 86400,
				    .presence = world_presence,
				    .offer = world_offer };
	w->account[0] = (struct account){ "alice@contoso.test", "alice",
					  "wonder", false };
	w->account[1] =
		(struct account){ "bob@contoso.test", "bob", "builder", false };
	w->account[2] =
		(struct account){ "carol@contoso.test", "carol", "song", true };
	w->cseq = 100;
	log_set_sink(world_log, w);
	log_set_clock(world_wall_ms, w);
	if (timers_create(&w->timers, 0) || world_home(w)) {
		world_free(w);
		return NULL;
	}
	home_store_up(w->home);
	world_pump(w);
	return w;
}

static inline int world_setup(void **state)
{
	*state = world_make();
	return *state ? 0 : -1;
}

static inline int world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

static inline void world_restart(struct world *w)
{
	home_free(w->home);
	w->home = NULL;
	w->question_count = 0;
	assert_int_equal(world_home(w), 0);
	home_store_up(w->home);
	world_pump(w);
}
