/* SPDX-License-Identifier: Apache-2.0 */
/* The self-check of ports and sockets. */
#include "daemon/coverage.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "conf/conf_views.h"
#include "ports/ports.h"

enum { ARENA_FIRST = 16 << 10, ARENA_MAX = 64 << 20 };

static bool ends_tls(const struct conf *c, const struct addr *a)
{
	for (size_t i = 0; i < c->relay.tls_listen_count; i++)
		if (addr_equal(&c->relay.tls_listen[i].addr, a))
			return true;
	return false;
}

static const char *key_of(const struct conf *c, const struct listener *it)
{
	switch (it->kind) {
	case LISTENER_FEDERATION:
		return "access.federation.listen";
	case LISTENER_CLIENTS:
		return "access.clients.listen";
	case LISTENER_INSIDE:
		return "inside.listen";
	case LISTENER_RELAY_UDP:
		return "relay.listen";
	case LISTENER_ADMIN:
		return "admin.listen";
	case LISTENER_RELAY_TCP:
		return ends_tls(c, &it->addr) ? "relay.tls_listen"
					      : "relay.listen";
	default:
		return "listen";
	}
}

/* What the kernel says that a socket is. */
static int take(const struct conf *c, const struct listener *it,
		struct ports_socket *out)
{
	socklen_t len = sizeof(out->at.u);
	bool udp = it->kind == LISTENER_RELAY_UDP;
	int listening = 0;
	socklen_t size = sizeof(listening);
	*out = (struct ports_socket){ .transport = udp ? PORTS_UDP : PORTS_TCP,
				      .key = key_of(c, it) };
	if (getsockname(it->fd[0], &out->at.u.sa, &len))
		return -errno;
	if (!udp && (getsockopt(it->fd[0], SOL_SOCKET, SO_ACCEPTCONN,
				&listening, &size) ||
		     !listening))
		return -ENOTCONN;
	return 0;
}

static int gather(const struct conf *c, const struct listeners *l,
		  struct ports_socket *out, const char *path, char *error)
{
	for (size_t i = 0; i < l->count; i++) {
		int err = take(c, &l->item[i], &out[i]);
		if (!err)
			continue;
		snprintf(error, LISTENERS_ERROR_MAX,
			 "%s:1: %s: the socket of %.*s does not listen: %s",
			 path, out[i].key, SLICE_FMT(l->item[i].text),
			 strerror(-err));
		return -EINVAL;
	}
	return 0;
}

static int compare(struct arena *a, const struct listeners *l,
		   const struct conf *conf, const char *path, char *error)
{
	char why[PORTS_ERROR_MAX];
	struct ports_conf view;
	struct ports_table t;
	struct ports_socket *s = arena_alloc(a, sizeof(*s) * (l->count + 1));
	int err = s ? gather(conf, l, s, path, error) : -ENOMEM;
	if (!err)
		err = conf_view_ports(a, conf, &view);
	if (!err)
		err = ports_compute(a, &view, &t);
	if (err)
		return err;
	err = ports_covered(&t, s, l->count, why);
	if (err)
		snprintf(error, LISTENERS_ERROR_MAX, "%s:1: %s", path, why);
	return err;
}

int coverage_check(const struct listeners *l, const struct conf *conf,
		   const char *path, char error[static LISTENERS_ERROR_MAX])
{
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	snprintf(error, LISTENERS_ERROR_MAX, "%s:1: out of memory", path);
	int err = a ? compare(a, l, conf, path, error) : -ENOMEM;
	arena_free(a);
	return err;
}

int coverage_open(struct listeners **out, const struct conf *conf,
		  const struct listeners *before, const char *path,
		  char error[static LISTENERS_ERROR_MAX])
{
	struct listeners *l = NULL;
	int err =
		listeners_create(&l, conf, before, listeners_open, path, error);
	if (!err)
		err = coverage_check(l, conf, path, error);
	if (err) {
		listeners_free(l);
		return err;
	}
	*out = l;
	return 0;
}
