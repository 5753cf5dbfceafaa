/* SPDX-License-Identifier: Apache-2.0 */
/* The I/O's life, its generations of configuration, and what the engine asks
 * of it. */
#include "relay/relay_io.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/metrics.h"
#include "relay/cells.h"
#include "relay/io_guest.h"
#include "relay/io_pipe.h"
#include "relay/reservation.h"

/* ---- what all processes share: the nonce key, cells, reservations ---- */

enum { CELLS_AT = 64 };

size_t relay_shared_bytes(void)
{
	return CELLS_AT + cells_bytes() + reservations_bytes();
}

int relay_shared_init(void *region)
{
	return crypto_random(region, STUN_NONCE_KEY_BYTES);
}

/* ---- the engine's functions ---- */

static int on_open(void *arg, struct relay_port *port,
		   const struct relay_addr *at, void **io)
{
	return udp_port_open(arg, port, at, io);
}

static void on_close(void *arg, void *sock)
{
	udp_port_close(arg, sock);
}

void io_to_client(struct relay_io *io, const struct relay_flow *to,
		  const struct relay_out *out)
{
	if (relay_flow_away(to))
		guest_write(io, to, out);
	else if (to->transport == RELAY_UDP)
		queue_to_client(io, to, out);
	else if (!to->conn) /* a stream that broke, and is waited for */
		metric_add(M_TURN_UNSENT, 1);
	else if (to->transport == RELAY_DTLS)
		dtls_write(to, out);
	else
		stream_write(to, out);
}

static void on_to_client(void *arg, const struct relay_flow *to,
			 const struct relay_out *out)
{
	io_to_client(arg, to, out);
}

static void on_to_peer(void *arg, void *sock, const struct relay_addr *peer,
		       const struct relay_out *out)
{
	queue_to_peer(arg, sock, peer, out);
}

void io_hang_up(struct relay_io *io, const struct relay_flow *flow)
{
	if (relay_flow_away(flow))
		guest_hang_up(io, flow);
	else if (flow->transport == RELAY_DTLS)
		dtls_hang_up(flow);
	else
		stream_hang_up(flow);
}

static void on_hang_up(void *arg, const struct relay_flow *flow)
{
	io_hang_up(arg, flow);
}

/* A socket of exactly that address is the one that hears there, too. */
static uint32_t on_socket_at(void *arg, const struct relay_addr *local)
{
	const struct relay_io *io = arg;
	uint32_t any = 0;
	for (struct list *it = io->listeners.next; it != &io->listeners;
	     it = it->next) {
		struct relay_udp *u = container_of(it, struct relay_udp, node);
		struct relay_addr at = relay_addr_of(&u->at);
		if (u->acceptor || at.port != local->port)
			continue;
		if (relay_addr_equal(&at, local))
			return u->id;
		if (addr_is_any(&u->at) && (u->six || local->family == 4))
			any = u->id;
	}
	return any;
}

static uint64_t on_now_s(void *arg)
{
	(void)arg;
	return loop_wall_ms() / 1000;
}

static int on_ask_key(void *arg, const struct relay_key_ask *ask)
{
	struct relay_io *io = arg;
	return io->ask ? io->ask(io->ask_arg, ask) : -EPIPE;
}

static const struct relay_ops ops = {
	.open = on_open,
	.close = on_close,
	.to_client = on_to_client,
	.to_peer = on_to_peer,
	.hang_up = on_hang_up,
	.now_s = on_now_s,
	.socket_at = on_socket_at,
	.hand_over = guest_hand_over,
	.links = &tap_ops,
	.ask_key = on_ask_key,
};

/* ---- life ---- */

static int alloc_batches(struct relay_io *io)
{
	io->out = calloc(1, sizeof(*io->out));
	return io->out ? batch_open(&io->in) : -ENOMEM;
}

/* The kernel's queue holds those who come meanwhile. */
static void on_gate(void *arg, bool full)
{
	struct relay_io *io = arg;
	LIST_EACH (it, tmp, &io->listeners) {
		struct relay_udp *u = container_of(it, struct relay_udp, node);
		if (u->acceptor)
			acceptor_pause(u->acceptor, full);
	}
}

int relay_io_create(struct relay_io **out, struct loop *l)
{
	struct relay_io *io = calloc(1, sizeof(*io));
	const struct net_tls_conf nothing = { .client_usage_only = false };
	char error[NET_ERROR_MAX];
	if (!io)
		return -ENOMEM;
	io->loop = l;
	io->epoll = -1;
	list_init(&io->listeners);
	list_init(&io->doors);
	list_init(&io->streams);
	list_init(&io->taps);
	list_init(&io->dtls_all);
	list_init(&io->guests_all);
	int err = alloc_batches(io);
	if (!err)
		err = crowd_init(&io->crowd);
	if (!err)
		err = dtls_flows_open(io);
	if (!err)
		err = guests_open(io);
	if (!err)
		err = net_tls_create(&io->plain, &nothing, NET_PLAIN, error);
	if (!err)
		err = net_gate_create(&io->gate, l, 0, on_gate, io);
	if (!err)
		err = udp_epoll_open(io);
	if (err) {
		relay_io_free(io);
		return err;
	}
	fast_io_open(io);
	*out = io;
	return 0;
}

int relay_io_share(struct relay_io *io, void *shared, uint32_t slot)
{
	uint8_t *region = shared;
	struct relay_setup setup = { .timers = loop_timers(io->loop),
				     .ops = &ops,
				     .arg = io,
				     .column = slot };
	int err = 0;
	if (io->engine)
		return -EALREADY;
	if (region) {
		memcpy(io->nonce_key, region, sizeof(io->nonce_key));
		setup.cells = cells_claim(region + CELLS_AT, slot);
		setup.reservations =
			(void *)(region + CELLS_AT + cells_bytes());
	} else {
		err = crypto_random(io->nonce_key, sizeof(io->nonce_key));
	}
	return err ? err : relay_create(&io->engine, &setup);
}

static void generation_end(struct relay_generation *g)
{
	net_tls_free(g->tls);
	net_tls_free(g->dtls);
	if (g->release)
		g->release(g->arg);
	*g = (struct relay_generation){ .number = 0 };
}

static void listener_close(struct relay_udp *u)
{
	list_remove(&u->node);
	watch_close(u->watch);
	/* an acceptor owns its descriptor */
	if (u->acceptor)
		acceptor_close(u->acceptor);
	else if (u->fd >= 0)
		close(u->fd);
	free((void *)(uintptr_t)u->address.ptr);
	free(u);
}

void relay_io_free(struct relay_io *io)
{
	if (!io)
		return;
	LIST_EACH (it, tmp, &io->listeners)
		listener_close(container_of(it, struct relay_udp, node));
	doors_close(io);
	streams_close(io);
	dtls_flows_close(io);
	guests_close(io);
	fast_io_close(io);
	relay_free(io->engine);
	taps_close(io);
	udp_bury(io);
	watch_close(io->epoll_watch);
	if (io->epoll >= 0)
		close(io->epoll);
	generation_end(&io->next);
	generation_end(&io->now);
	net_tls_free(io->plain);
	net_gate_free(io->gate);
	batch_free(io->in);
	free(io->out);
	crypto_wipe(&io->secrets, sizeof(io->secrets));
	free(io);
}

struct relay *relay_io_engine(struct relay_io *io)
{
	return io->engine;
}

struct relay_udp *udp_find(const struct relay_io *io, uint32_t id)
{
	for (struct list *it = io->listeners.next; it != &io->listeners;
	     it = it->next) {
		struct relay_udp *u = container_of(it, struct relay_udp, node);
		if (u->id == id)
			return u;
	}
	return NULL;
}

/* ---- generations ---- */

static struct relay_udp *standing(const struct relay_io *io,
				  enum relay_listener kind,
				  struct slice address)
{
	for (struct list *it = io->listeners.next; it != &io->listeners;
	     it = it->next) {
		struct relay_udp *u = container_of(it, struct relay_udp, node);
		if ((u->acceptor != NULL) == (kind == RELAY_LISTEN_TCP) &&
		    slice_eq(u->address, address))
			return u;
	}
	return NULL;
}

static int listener_begin(struct relay_udp *u, enum relay_listener kind)
{
	if (kind == RELAY_LISTEN_UDP)
		return udp_listen(u);
	int err = acceptor_open(&u->acceptor, u->io->loop, u->fd, door_accepted,
				u->io);
	if (!err)
		u->fd = -1;
	return err;
}

static int listener_new(struct relay_io *io, uint32_t generation,
			enum relay_listener kind, struct slice address, int fd)
{
	struct relay_udp *u = calloc(1, sizeof(*u));
	char *text = slice_strdup(address);
	if (!u || !text || addr_parse(address, false, &u->at)) {
		free(u);
		free(text);
		close(fd);
		return -ENOMEM;
	}
	*u = (struct relay_udp){ .io = io,
				 .id = ++io->last_id,
				 .generation = generation,
				 .address = slice_of(text, address.len),
				 .at = u->at,
				 .fd = fd,
				 .six = u->at.u.sa.sa_family == AF_INET6 };
	list_push_back(&io->listeners, &u->node);
	int err = listener_begin(u, kind);
	if (err)
		listener_close(u);
	return err;
}

int relay_io_listener(struct relay_io *io, uint32_t generation,
		      enum relay_listener kind, struct slice address, int fd)
{
	struct relay_udp *u = standing(io, kind, address);
	if (!u)
		return listener_new(io, generation, kind, address, fd);
	/* another descriptor of the same socket */
	close(fd);
	u->generation = generation;
	return 0;
}

int relay_io_prepare(struct relay_io *io, uint32_t generation,
		     const struct relay_conf *conf, void (*release)(void *arg),
		     void *arg, char error[static NET_ERROR_MAX])
{
	struct net_tls *tls = NULL, *dtls = NULL;
	int err = io->engine ? 0 : relay_io_share(io, NULL, 0);
	if (!err && conf->tls)
		err = net_tls_create(&tls, conf->tls, NET_TLS_CLIENTS, error);
	if (!err && conf->tls && conf->dtls)
		err = net_tls_create(&dtls, conf->tls, NET_DTLS, error);
	if (err) {
		net_tls_free(tls);
		return err;
	}
	if (tls)
		net_tls_gate(tls, io->gate);
	io->next = (struct relay_generation){ .number = generation,
					      .prepared = true,
					      .conf = conf,
					      .tls = tls,
					      .dtls = dtls,
					      .release = release,
					      .arg = arg };
	return 0;
}

/* Listeners that only the other generation knows. */
static void close_others(struct relay_io *io, uint32_t generation)
{
	LIST_EACH (it, tmp, &io->listeners) {
		struct relay_udp *u = container_of(it, struct relay_udp, node);
		if (u->generation != generation)
			listener_close(u);
		else
			u->kept = true;
	}
}

void relay_io_commit(struct relay_io *io, uint32_t generation)
{
	if (!io->next.prepared || io->next.number != generation)
		return;
	struct relay_generation before = io->now;
	io->now = io->next;
	io->next = (struct relay_generation){ .number = 0 };
	relay_configure(io->engine, io->now.conf, &io->secrets, io->nonce_key);
	close_others(io, generation);
	generation_end(&before);
}

void relay_io_abort(struct relay_io *io, uint32_t generation)
{
	LIST_EACH (it, tmp, &io->listeners) {
		struct relay_udp *u = container_of(it, struct relay_udp, node);
		if (u->generation != generation)
			continue;
		/* it stood before, or it came with what is given up */
		if (u->kept)
			u->generation = io->now.number;
		else
			listener_close(u);
	}
	generation_end(&io->next);
}

void relay_io_secrets(struct relay_io *io,
		      const struct credential_secrets *secrets)
{
	io->secrets = *secrets;
}

void relay_io_on_ask(struct relay_io *io, relay_ask_fn fn, void *arg)
{
	io->ask = fn;
	io->ask_arg = arg;
}

void relay_io_flush(struct relay_io *io)
{
	batch_done(io);
	udp_bury(io);
}

bool io_closed(const struct relay_io *io, const struct relay_flow *flow)
{
	return io->draining && !relay_alternate(io->engine, flow).family;
}

void relay_io_drain(struct relay_io *io)
{
	io->draining = true;
	relay_drain(io->engine);
}
