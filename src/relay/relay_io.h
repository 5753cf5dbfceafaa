/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets under the engine: listeners and relay ports over UDP in batches,
 * stream clients. One loop, one thread. Listening sockets are given by their
 * owner; replies leave from the address that was asked (PKTINFO).
 */
#pragma once

#include "loop/loop.h"
#include "net/net.h"
#include "relay/link.h"
#include "relay/relay.h"

struct relay_io;

enum relay_listener { RELAY_LISTEN_UDP, RELAY_LISTEN_TCP };
enum { RELAY_IO_ERROR_MAX = 256 };

/* What all relay processes share: a zeroed region of relay_shared_bytes(),
 * prepared once by its maker. */
size_t relay_shared_bytes(void);
int relay_shared_init(void *region); /* 0 or -EIO: no randomness */

/* shared: as above, or NULL: this process is alone. slot: ours. */
int relay_io_create(struct relay_io **out, struct loop *l);
int relay_io_share(struct relay_io *io, void *shared, uint32_t slot);
void relay_io_free(struct relay_io *io); /* tolerates NULL */

/*
 * Configuration in two phases. Listeners of a generation come first; those
 * with an address that is open already are closed again. fd is taken over,
 * also on failure. conf and everything it points to live until release(arg)
 * is called: at the commit of a later generation, the abort, or the end.
 */
int relay_io_listener(struct relay_io *io, uint32_t generation,
		      enum relay_listener kind, struct slice address, int fd);
int relay_io_prepare(struct relay_io *io, uint32_t generation,
		     const struct relay_conf *conf, void (*release)(void *arg),
		     void *arg, char error[static NET_ERROR_MAX]);
void relay_io_commit(struct relay_io *io, uint32_t generation);
void relay_io_abort(struct relay_io *io, uint32_t generation);
/* Secrets of minted credentials; may change at any time. */
void relay_io_secrets(struct relay_io *io,
		      const struct credential_secrets *secrets);

/*
 * A client's connection that another process accepted and found to be ours by
 * its first bytes (stun/demux.h): pseudo-TLS, bare MS-TURN frames, STUN over
 * TCP, or TLS whose ALPN said so. Nothing was read of it: who looked, peeked.
 * fd is taken over, also on failure. client, local: when fd is one end of a
 * pair behind which somebody else decrypts; NULL: the socket knows.
 */
int relay_io_adopt(struct relay_io *io, int fd, const struct addr *client,
		   const struct addr *local);

/*
 * A client's connection that has to be joined with one of a peer which another
 * relay process has (RFC 6062 5.4): fn sends it there, with what was read of
 * it, and keeps no fd; 0 or -E... . There relay_io_join() takes fd over.
 */
typedef int (*relay_pass_fn)(void *arg, const struct relay_join *join,
			     struct slice rest, int fd);
void relay_io_on_pass(struct relay_io *io, relay_pass_fn fn, void *arg);
void relay_io_join(struct relay_io *io, const struct relay_join *join,
		   struct slice rest, int fd);

/*
 * A client's packet between the process that it comes to and the one that has
 * its allocation (RFC 8016). fn sends it there: 0 or -E...; there it is given
 * to relay_io_carried(), whose bytes live until it returns.
 */
enum relay_over {
	RELAY_GOES_ON,
	RELAY_RELEASED, /* no guest any more */
	RELAY_GONE,     /* up: the stream is; down: hang it up */
};
struct relay_carried {
	const struct relay_flow *flow; /* only what the key has */
	bool up;                       /* towards the allocation */
	enum relay_over over;          /* after the bytes, if any */
	uint8_t ttl, tos;
	struct slice bytes;
};
typedef int (*relay_carry_fn)(void *arg, uint32_t slot,
			      const struct relay_carried *c);
void relay_io_on_carry(struct relay_io *io, relay_carry_fn fn, void *arg);
void relay_io_carried(struct relay_io *io, uint32_t from,
		      const struct relay_carried *c);
/* That relay process is gone. */
void relay_io_slot_gone(struct relay_io *io, uint32_t slot);

/*
 * Keys of home's users: fn asks for one, 0 or -E... . The answer is the
 * engine's (relay.h); then what came of it is sent.
 */
typedef int (*relay_ask_fn)(void *arg, const struct relay_key_ask *ask);
void relay_io_on_ask(struct relay_io *io, relay_ask_fn fn, void *arg);
void relay_io_flush(struct relay_io *io);

/*
 * The fast path in the kernel: a region of its memory (xdp/plane.h). It begins
 * when all but the counts are there; column: our part. fd stays the caller's.
 */
int relay_io_fast(struct relay_io *io, uint32_t column, uint32_t region,
		  int fd);
size_t relay_io_fast_count(const struct relay_io *io); /* bindings in it */

struct relay *relay_io_engine(struct relay_io *io);
/* No new allocations and no new streams. */
void relay_io_drain(struct relay_io *io);

/* A UDP socket with what the relay wants to know of each packet: bound, and
 * shared with other processes (SO_REUSEPORT). For who owns the listeners. */
int relay_udp_open(const struct addr *at, int *fd);
