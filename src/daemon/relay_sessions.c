/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions for operators: list, end, no new ones. */
#include "daemon/relay_sessions.h"

#include <errno.h>

struct telling {
	struct process *process;
	const struct proc_id *to;
	uint64_t id, session; /* session 0: all */
};

static struct slice address(const struct relay_addr *a,
			    char out[static ADDR_TEXT_MAX])
{
	struct addr at = relay_addr_to(a);
	return a->family ? slice_str(addr_text(&at, out)) : SLICE_NONE;
}

static void on_view(void *arg, const struct relay_view *v)
{
	const struct telling *t = arg;
	char client[ADDR_TEXT_MAX], relayed[ADDR_TEXT_MAX];
	if (t->session && t->session != v->id)
		return;
	const struct ipc_session m = {
		.id = t->id,
		.session = v->id,
		.user = v->user,
		.client = address(&v->client, client),
		.relayed = address(&v->relayed[v->relayed[0].family ? 0 : 1],
				   relayed),
		.transport = slice_str(relay_transport_name(v->transport)),
		.dialect = slice_str(v->dialect),
		.age_s = v->age_s,
		.left_s = v->left_s,
		.up_packets = v->packets[0],
		.up_bytes = v->bytes[0],
		.down_packets = v->packets[1],
		.down_bytes = v->bytes[1],
		.dropped = v->dropped,
		.permissions = v->permissions,
		.channels = v->channels,
	};
	(void)process_reply(t->process, t->to, IPC_SESSION, &m);
}

static void answer(struct process *p, const struct proc_id *to, uint64_t id,
		   int err)
{
	const struct ipc_session_result m = { .id = id,
					      .error = (uint32_t)-err };
	(void)process_reply(p, to, IPC_SESSION_RESULT, &m);
}

static void list(struct process *p, struct relay *engine,
		 const struct proc_id *from, const struct ipc_session_list *m)
{
	struct telling t = { p, from, m->id, m->session };
	if (engine)
		relay_each(engine, on_view, &t);
	answer(p, from, m->id, 0);
}

void relay_sessions_asked(struct process *p, struct relay_io *io,
			  const struct proc_id *from, const struct ipc_msg *m)
{
	struct relay *engine = relay_io_engine(io);
	int err = -ENOENT;
	switch (m->type) {
	case IPC_SESSION_LIST:
		list(p, engine, from, &m->u.session_list);
		break;
	case IPC_SESSION_KILL:
		if (engine)
			err = relay_kill(engine, m->u.session_kill.session);
		answer(p, from, m->u.session_kill.id, err);
		break;
	case IPC_SESSION_DRAIN:
		if (engine)
			relay_io_drain(io);
		answer(p, from, m->u.session_drain.id, 0);
		break;
	default:
		break;
	}
}
