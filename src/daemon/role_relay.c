/* SPDX-License-Identifier: Apache-2.0 */
/* A relay worker as a process: src/relay/ and the runtime put together. */
#include "daemon/process.h"

#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "daemon/conf_map.h"
#include "daemon/fast_path.h"
#include "daemon/relay_sessions.h"
#include "daemon/warm.h"
#include "relay/relay_io.h"

enum { OWN_MAX = 256 };

struct role_relay {
	struct process *process;
	struct relay_io *io;
	struct addr own[OWN_MAX]; /* of this machine, as at the start */
	size_t own_count;
	char fast[FAST_PATH_TEXT]; /* what the supervisor says of it */
};

/* While the system may still be asked. */
static int find_own(struct role_relay *r)
{
	struct ifaddrs *list = NULL;
	if (getifaddrs(&list))
		return -errno;
	for (struct ifaddrs *i = list; i && r->own_count < OWN_MAX;
	     i = i->ifa_next) {
		struct addr *a = &r->own[r->own_count];
		if (!i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			memcpy(&a->u.in, i->ifa_addr, sizeof(a->u.in));
		else if (i->ifa_addr->sa_family == AF_INET6)
			memcpy(&a->u.in6, i->ifa_addr, sizeof(a->u.in6));
		else
			continue;
		r->own_count++;
	}
	freeifaddrs(list);
	return 0;
}

/* A client's connection that belongs to what another of us has. */
static int pass(void *arg, const struct relay_join *join, struct slice rest,
		int fd)
{
	struct role_relay *r = arg;
	const struct proc_id to = { .role = PROC_RELAY, .slot = join->slot };
	const struct ipc_relay_join m = { .connection = join->id,
					  .user = join->user,
					  .yes = join->yes,
					  .no = join->no,
					  .rest = rest };
	return process_send_fd(r->process, &to, IPC_RELAY_JOIN, &m, fd);
}

/* Addresses between relays: IP, then port; others are none. */
static struct slice wire_addr(const struct relay_addr *a,
			      uint8_t out[static 18])
{
	size_t len = a->family == 6 ? 16 : 4;
	memcpy(out, a->ip, len);
	out[len] = (uint8_t)(a->port >> 8);
	out[len + 1] = (uint8_t)a->port;
	return slice_of(out, len + 2);
}

static int wire_addr_read(struct slice in, struct relay_addr *a)
{
	struct cur c = cur_init(in);
	*a = (struct relay_addr){ .family = in.len == 18 ? 6 : 4 };
	struct slice ip = cur_bytes(&c, in.len == 18 ? 16 : 4);
	a->port = cur_u16(&c);
	if (!cur_done(&c))
		return -EINVAL;
	memcpy(a->ip, ip.ptr, ip.len);
	return 0;
}

/* A packet of a client that moved (RFC 8016). */
static int carry(void *arg, uint32_t slot, const struct relay_carried *c)
{
	struct role_relay *r = arg;
	uint8_t client[18], local[18];
	const struct ipc_relay_carry m = {
		.up = c->up,
		.transport = c->flow->transport,
		.over = (uint8_t)c->over,
		.ttl = c->ttl,
		.tos = c->tos,
		.client = wire_addr(&c->flow->client, client),
		.local = wire_addr(&c->flow->local, local),
		.bytes = c->bytes,
	};
	return process_send(r->process, PROC_RELAY, slot, IPC_RELAY_CARRY, &m);
}

/* The store knows home's users. */
static int ask_key(void *arg, const struct relay_key_ask *ask)
{
	struct role_relay *r = arg;
	const struct ipc_turn_key_get m = { .id = ask->id,
					    .name = ask->name,
					    .userhash = ask->userhash,
					    .realm = ask->realm };
	return process_send(r->process, PROC_STORE, 0, IPC_TURN_KEY_GET, &m);
}

static int role_create(void **out, struct process *p)
{
	struct role_relay *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	warm_tls();
	r->process = p;
	int err = find_own(r);
	if (!err)
		err = relay_io_create(&r->io, process_loop(p));
	if (err) {
		free(r);
		return err;
	}
	relay_io_on_pass(r->io, pass, r);
	relay_io_on_carry(r->io, carry, r);
	relay_io_on_ask(r->io, ask_key, r);
	*out = r;
	return 0;
}

static void role_free(void *role)
{
	struct role_relay *r = role;
	relay_io_free(r->io);
	free(r);
}

/* The memory that all relay processes share comes before anything else. */
static void share(struct role_relay *r, int fd)
{
	void *shared = NULL;
	int err = fd < 0 ? -EBADF
			 : sealed_map_page(&shared, fd, relay_shared_bytes(),
					   true);
	if (!err)
		err = relay_io_share(r->io, shared,
				     process_boot(r->process)->id.slot);
	if (err)
		process_fail(r->process, "the shared memory cannot be used");
}

/* A relay that cannot use it relays by itself. */
static void take_fast_path(struct role_relay *r, const struct ipc_relay_fast *m,
			   int fd)
{
	snprintf(r->fast, sizeof(r->fast), "%.*s",
		 SLICE_FMT(slice_head(m->text, sizeof(r->fast) - 1)));
	if (m->region == UINT32_MAX)
		return;
	int err =
		fd < 0 ? -EBADF : relay_io_fast(r->io, m->slot, m->region, fd);
	if (!err)
		return;
	snprintf(r->fast, sizeof(r->fast), "off: %s", strerror(-err));
	LOG(LOG_WARN, "fast.failed", KV_STR("why", strerror(-err)));
}

static void role_told(void *role, const struct ipc_msg *m, int fd)
{
	if (m->type == IPC_RELAY_SHARED)
		share(role, fd);
	else if (m->type == IPC_RELAY_FAST)
		take_fast_path(role, &m->u.relay_fast, fd);
	if (fd >= 0)
		close(fd);
}

static int role_prepare(void *role, uint32_t generation, struct snapshot *snap,
			char error[static ROLE_ERROR_MAX])
{
	struct role_relay *r = role;
	struct relay_setup_conf *setup = NULL;
	int err = relay_setup_create(&setup, snap, r->own, r->own_count);
	if (err)
		return err;
	err = relay_io_prepare(r->io, generation, &setup->conf,
			       relay_setup_release, setup, error);
	if (err) {
		/* the snapshot stays the caller's */
		setup->snap = NULL;
		relay_setup_release(setup);
	}
	return err;
}

static void role_commit(void *role, uint32_t generation)
{
	struct role_relay *r = role;
	relay_io_commit(r->io, generation);
}

static void role_abort(void *role, uint32_t generation)
{
	struct role_relay *r = role;
	relay_io_abort(r->io, generation);
}

static int role_listener(void *role, const struct ipc_listener *l, int fd)
{
	struct role_relay *r = role;
	enum relay_listener kind = l->kind == LISTENER_RELAY_UDP
					   ? RELAY_LISTEN_UDP
					   : RELAY_LISTEN_TCP;
	return relay_io_listener(r->io, l->generation, kind, l->address, fd);
}

static void role_peer_up(void *role, const struct proc_id *peer)
{
	(void)role;
	(void)peer;
}

static void role_peer_gone(void *role, const struct proc_id *peer)
{
	struct role_relay *r = role;
	struct relay *engine = relay_io_engine(r->io);
	if (peer->role == PROC_RELAY)
		relay_io_slot_gone(r->io, peer->slot);
	else if (peer->role == PROC_STORE && engine)
		relay_keys_lost(engine);
	relay_io_flush(r->io);
}

/* The secrets of credentials; what is broken changes nothing. */
static void take_secrets(struct role_relay *r, struct slice ring)
{
	struct credential_secrets all = { .count = 0 };
	struct cur c = cur_init(ring);
	while (cur_left(&c) && all.count < CREDENTIAL_SECRETS) {
		struct credential_secret *s = &all.secret[all.count];
		s->id = cur_u16(&c);
		struct slice text = cur_bytes(&c, cur_u8(&c));
		if (cur_failed(&c) ||
		    slice_cstr(text, s->text, sizeof(s->text)))
			break;
		s->len = (uint8_t)text.len;
		all.count++;
	}
	if (cur_done(&c))
		relay_io_secrets(r->io, &all);
	crypto_wipe(&all, sizeof(all));
}

static void carried(struct role_relay *r, uint32_t from,
		    const struct ipc_relay_carry *m)
{
	struct relay_flow flow = { .transport = m->transport };
	const struct relay_carried c = {
		.flow = &flow,
		.up = m->up,
		.over = (enum relay_over)m->over,
		.ttl = m->ttl,
		.tos = m->tos,
		.bytes = m->bytes,
	};
	if (m->transport <= RELAY_DTLS && m->over <= RELAY_GONE &&
	    wire_addr_read(m->client, &flow.client) == 0 &&
	    wire_addr_read(m->local, &flow.local) == 0)
		relay_io_carried(r->io, from, &c);
}

/* What the store says of users. */
static void of_user(struct role_relay *r, const struct ipc_msg *m)
{
	const struct ipc_turn_key *k = &m->u.turn_key;
	const struct relay_key key = { k->aor, k->md5, k->sha256 };
	const struct ipc_store_result *end = &m->u.store_result;
	const struct ipc_user_changed *c = &m->u.user_changed;
	struct relay *engine = relay_io_engine(r->io);
	if (!engine)
		return;
	if (m->type == IPC_TURN_KEY)
		relay_key_found(engine, k->id, &key);
	else if (m->type == IPC_STORE_RESULT)
		relay_key_answered(engine, end->id, -(int)end->error);
	else if (m->type == IPC_USER_CHANGED)
		relay_user_changed(engine, c->aor, c->gone);
	relay_io_flush(r->io);
}

static void role_peer_message(void *role, const struct proc_id *from,
			      const struct ipc_msg *m)
{
	struct role_relay *r = role;
	if (from->role == PROC_STORE && m->type == IPC_SECRETS)
		take_secrets(role, m->u.secrets.ring);
	else if (from->role == PROC_STORE)
		of_user(r, m);
	else if (from->role == PROC_RELAY && m->type == IPC_RELAY_CARRY)
		carried(r, from->slot, &m->u.relay_carry);
	else if (from->role == PROC_ADMIN)
		relay_sessions_asked(r->process, r->io, from, m);
}

/* A client of RFC 6062 whose other half is here. fd is taken over. */
static void join(struct role_relay *r, const struct ipc_relay_join *j, int fd)
{
	const struct relay_join join = {
		.id = j->connection, .user = j->user, .yes = j->yes, .no = j->no
	};
	relay_io_join(r->io, &join, j->rest, fd);
}

/* A client's stream that came to another port. fd is taken over. */
static void adopt(struct role_relay *r, const struct ipc_relay_stream *m,
		  int fd)
{
	struct addr client, local;
	bool told = !slice_empty(m->local);
	if (addr_parse(m->client, true, &client) ||
	    (told && addr_parse(m->local, true, &local)))
		close(fd);
	else
		(void)relay_io_adopt(r->io, fd, &client, told ? &local : NULL);
}

static void role_peer_fd(void *role, const struct proc_id *from,
			 const struct ipc_msg *m, int fd)
{
	if (from->role == PROC_RELAY && m->type == IPC_RELAY_JOIN)
		join(role, &m->u.relay_join, fd);
	else if (from->role == PROC_EDGE && m->type == IPC_RELAY_STREAM)
		adopt(role, &m->u.relay_stream, fd);
	else
		close(fd);
}

static void role_drain(void *role)
{
	struct role_relay *r = role;
	relay_io_drain(r->io);
}

static size_t role_busy(const void *role)
{
	const struct role_relay *r = role;
	struct relay *engine = relay_io_engine(r->io);
	return engine ? relay_count(engine) : 0;
}

static void role_status(void *role, role_row_fn row, void *arg)
{
	struct role_relay *r = role;
	char text[24];
	struct buf pairs;
	buf_init(&pairs, 0);
	snprintf(text, sizeof(text), "%zu", role_busy(r));
	ipc_pair_put(&pairs, "allocations", slice_str(text));
	snprintf(text, sizeof(text), "%zu", relay_io_fast_count(r->io));
	ipc_pair_put(&pairs, "fast_bindings", slice_str(text));
	ipc_pair_put(&pairs, "fast_path", slice_str(r->fast));
	if (!buf_failed(&pairs))
		row(arg, "relay", buf_slice(&pairs));
	buf_free(&pairs);
}

const struct role_ops role_relay_ops = {
	.create = role_create,
	.prepare = role_prepare,
	.commit = role_commit,
	.abort = role_abort,
	.listener = role_listener,
	.told = role_told,
	.peer_up = role_peer_up,
	.peer_message = role_peer_message,
	.peer_fd = role_peer_fd,
	.peer_gone = role_peer_gone,
	.drain = role_drain,
	.busy = role_busy,
	.status = role_status,
	.free = role_free,
};
