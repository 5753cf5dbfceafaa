/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of listening sockets, and the step from one to the next. */
#include "daemon/listeners.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/net.h"
#include "relay/relay_io.h"

static void item_close(const struct listener *it, uint32_t workers)
{
	for (uint32_t i = 0; it->fd && i < workers; i++) {
		if (it->fd[i] >= 0)
			close(it->fd[i]);
	}
}

void listeners_free(struct listeners *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		if (!l->item[i].inherited)
			item_close(&l->item[i], l->workers);
		free(l->item[i].fd);
	}
	free(l->item);
	free(l);
}

enum proc_role listener_role(enum listener_kind kind)
{
	if (kind == LISTENER_ADMIN)
		return PROC_ADMIN;
	return kind == LISTENER_RELAY_UDP || kind == LISTENER_RELAY_TCP
		       ? PROC_RELAY
		       : PROC_EDGE;
}

/* There is one admin process, and so one socket; of the others each worker has
 * its own. */
static uint32_t sockets_of(enum listener_kind kind, uint32_t workers)
{
	return kind == LISTENER_ADMIN ? 1 : workers;
}

/* Can the sockets of the one be used for the other? */
static bool same_transport(enum listener_kind a, enum listener_kind b)
{
	return (a == LISTENER_RELAY_UDP) == (b == LISTENER_RELAY_UDP) &&
	       (a == LISTENER_ADMIN) == (b == LISTENER_ADMIN);
}

static struct listener *find(const struct listeners *l, enum listener_kind kind,
			     const struct addr *a)
{
	for (size_t i = 0; l && i < l->count; i++) {
		if (same_transport(l->item[i].kind, kind) &&
		    addr_equal(&l->item[i].addr, a))
			return &l->item[i];
	}
	return NULL;
}

void listeners_replace(struct listeners *before, struct listeners *next)
{
	for (size_t i = 0; i < next->count; i++) {
		struct listener *it = &next->item[i];
		struct listener *was = find(before, it->kind, &it->addr);
		/* the sockets move over */
		if (it->inherited && was)
			was->inherited = true;
		it->inherited = false;
	}
	listeners_free(before);
}

static int inherit(struct listener *it, const struct listener *was,
		   uint32_t workers)
{
	memcpy(it->fd, was->fd, workers * sizeof(*it->fd));
	it->inherited = true;
	return 0;
}

/* A port that we hold at another address already is no foreign one. */
static bool holds_port(const struct listeners *l, enum listener_kind kind,
		       uint16_t port)
{
	for (size_t i = 0; l && i < l->count; i++) {
		if (same_transport(l->item[i].kind, kind) &&
		    addr_port(&l->item[i].addr) == port)
			return true;
	}
	return false;
}

static int open_item(struct listener *it, uint32_t workers, bool alone,
		     listeners_open_fn open_fn)
{
	int err = 0;
	for (uint32_t i = 0; i < workers && !err; i++)
		err = open_fn(it->kind, &it->addr, &it->fd[i], alone && i == 0);
	return err;
}

static const char *remedy(int err)
{
	switch (err) {
	case -EACCES:
		return "ports below 1024 need root or CAP_NET_BIND_SERVICE; "
		       "start as root, or choose a higher port";
	case -EADDRINUSE:
		return "another program listens there already ('ss -ltnp' "
		       "shows which); stop it, or choose another port";
	case -EADDRNOTAVAIL:
		return "this machine has no such address; use one that 'ip "
		       "addr' shows, or [::] for all";
	case -EMFILE:
	case -ENFILE:
		return "too many open files; raise LimitNOFILE, or "
		       "lower workers";
	default:
		return strerror(-err);
	}
}

struct builder {
	struct listeners *set;
	const struct listeners *before;
	listeners_open_fn open_fn;
	const char *path;
	char *error;
};

static int add(struct builder *b, enum listener_kind kind,
	       const struct conf_addr *a)
{
	struct listeners *set = b->set;
	struct listener *it = &set->item[set->count];
	const struct listener *was = find(b->before, kind, &a->addr);
	*it = (struct listener){ .kind = kind,
				 .text = a->text,
				 .addr = a->addr };
	it->fd = malloc(set->workers * sizeof(*it->fd));
	if (!it->fd)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->workers; i++)
		it->fd[i] = -1;
	bool alone = !holds_port(b->before, kind, addr_port(&a->addr)) &&
		     !holds_port(set, kind, addr_port(&a->addr));
	set->count++;
	int err = was ? inherit(it, was, set->workers)
		      : open_item(it, sockets_of(kind, set->workers), alone,
				  b->open_fn);
	if (err)
		snprintf(b->error, LISTENERS_ERROR_MAX,
			 "%s:%" PRIu32 ": cannot listen on %.*s: %s", b->path,
			 a->line ? a->line : 1, SLICE_FMT(a->text),
			 remedy(err));
	return err;
}

int listeners_create(struct listeners **out, const struct conf *conf,
		     const struct listeners *before, listeners_open_fn open_fn,
		     const char *path, char error[static LISTENERS_ERROR_MAX])
{
	size_t federation = conf->access.federation.listen_count;
	size_t clients = conf->access.clients.listen_count;
	size_t inside = conf->inside.listen_count;
	size_t relay = conf->relay.listen_count;
	size_t relay_tls = conf->relay.tls_listen_count;
	size_t admin = conf->admin.listen_count;
	struct listeners *set = calloc(1, sizeof(*set));
	struct builder b = { set, before, open_fn, path, error };
	int err = 0;
	snprintf(error, LISTENERS_ERROR_MAX, "%s:1: out of memory", path);
	if (!set)
		return -ENOMEM;
	set->workers = conf->workers;
	set->item = calloc(federation + clients + inside + 2 * relay +
				   relay_tls + admin + 1,
			   sizeof(*set->item));
	if (!set->item)
		err = -ENOMEM;
	for (size_t i = 0; i < federation && !err; i++)
		err = add(&b, LISTENER_FEDERATION,
			  &conf->access.federation.listen[i]);
	for (size_t i = 0; i < clients && !err; i++)
		err = add(&b, LISTENER_CLIENTS,
			  &conf->access.clients.listen[i]);
	for (size_t i = 0; i < inside && !err; i++)
		err = add(&b, LISTENER_INSIDE, &conf->inside.listen[i]);
	for (size_t i = 0; i < 2 * relay && !err; i++)
		err = add(&b, i % 2 ? LISTENER_RELAY_TCP : LISTENER_RELAY_UDP,
			  &conf->relay.listen[i / 2]);
	for (size_t i = 0; i < relay_tls && !err; i++)
		err = add(&b, LISTENER_RELAY_TCP, &conf->relay.tls_listen[i]);
	for (size_t i = 0; i < admin && !err; i++)
		err = add(&b, LISTENER_ADMIN, &conf->admin.listen[i]);
	if (err) {
		listeners_free(set);
		return err;
	}
	*out = set;
	return 0;
}

/* With SO_REUSEPORT a second daemon of the same user could share our port in
 * silence. Without it the kernel tells: so the first socket of an address is
 * tried without. */
static int try_alone(const struct addr *at, int type)
{
	const int on = 1;
	int s = socket(at->u.sa.sa_family, type | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -errno;
	int err = 0;
	/* for UDP it would let others in */
	if ((type == SOCK_STREAM &&
	     setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
	    bind(s, &at->u.sa, addr_len(at)) < 0)
		err = -errno;
	close(s);
	return err;
}

int listeners_open(enum listener_kind kind, const struct addr *at, int *fd,
		   bool alone)
{
	bool udp = kind == LISTENER_RELAY_UDP;
	int err = alone ? try_alone(at, udp ? SOCK_DGRAM : SOCK_STREAM) : 0;
	if (err)
		return err;
	return udp ? relay_udp_open(at, fd) : net_listen(at, fd);
}
