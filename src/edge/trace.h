/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody watches messages (`sallyport trace`): TLS hides them from everybody
 * else. Each message of a connection of this worker, as it arrived and as it
 * left, goes to admin with the verdict on it, if the watch's filter takes it.
 * Nobody watches: one comparison a message. What admin has no room for is
 * lost, counted and told with the next record.
 */
#pragma once

#include "edge/edge_int.h"

void traces_on_ask(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m);
void traces_on_end(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m);
/* Its watches end with it. */
void traces_admin_gone(struct edge *e, const struct proc_id *peer);
/* Each second. */
void traces_sweep(struct edge *e);
void traces_free(struct edge *e);

/* What happens when somebody does watch; see below. */
void traces_arrived(struct flow *f, struct slice bytes);
void traces_settled(struct edge *e);
void traces_left(struct flow *f, struct slice bytes);
void traces_refused(struct edge *e, const struct sip_msg *m,
		    const struct proxy_hop *from, const struct reject *reject);
void traces_let_through(struct edge *e, const struct sip_msg *m,
			const struct proxy_hop *from,
			const struct access_verdict *v);

/* A message has arrived: bytes live until trace_settled(), which follows when
 * it was looked at. A verdict in between goes with it. */
static inline void trace_arrived(struct flow *f, struct slice bytes)
{
	if (f->edge->traces)
		traces_arrived(f, bytes);
}

static inline void trace_settled(struct edge *e)
{
	if (e->traces)
		traces_settled(e);
}

/* It was given to the connection. */
static inline void trace_left(struct flow *f, struct slice bytes)
{
	if (f->edge->traces)
		traces_left(f, bytes);
}

static inline void trace_refused(struct edge *e, const struct sip_msg *m,
				 const struct proxy_hop *from,
				 const struct reject *reject)
{
	if (e->traces)
		traces_refused(e, m, from, reject);
}

static inline void trace_let_through(struct edge *e, const struct sip_msg *m,
				     const struct proxy_hop *from,
				     const struct access_verdict *v)
{
	if (e->traces)
		traces_let_through(e, m, from, v);
}
