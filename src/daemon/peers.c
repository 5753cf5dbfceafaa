/* SPDX-License-Identifier: Apache-2.0 */
/* Channels to the other processes. */
#include "daemon/peers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/message.h"

struct peer {
	struct list node;
	struct peers *all;
	struct proc_id id;
	struct channel *channel;
};

struct peers {
	struct loop *loop;
	struct list list;
	struct buf scratch;
	const struct peers_ops *ops;
	void *arg;
};

static void peer_free(struct peer *p)
{
	list_remove(&p->node);
	channel_close(p->channel);
	free(p);
}

/* Detach, then tell last. */
static void peer_end(struct peer *p)
{
	struct peers *all = p->all;
	struct proc_id id = p->id;
	peer_free(p);
	all->ops->gone(all->arg, &id);
}

static void on_message(void *arg, struct slice msg, int fd)
{
	struct peer *p = arg;
	struct ipc_msg m;
	int err = ipc_decode(msg, &m);
	if (err) {
		if (fd >= 0)
			close(fd);
		LOG(LOG_ERROR, "channel.broken",
		    KV_STR("from", proc_role_name(p->id.role)),
		    KV_U64("slot", p->id.slot), KV_U64("bytes", msg.len));
		peer_end(p);
		return;
	}
	struct proc_id from = p->id;
	p->all->ops->message(p->all->arg, &from, &m, fd);
}

static void on_gone(void *arg)
{
	peer_end(arg);
}

static const struct channel_ops ops = { on_message, on_gone };

static struct peer *find(struct peers *all, const struct proc_id *id)
{
	LIST_EACH (it, tmp, &all->list) {
		struct peer *p = container_of(it, struct peer, node);
		if (p->id.role == id->role && p->id.slot == id->slot)
			return p;
	}
	return NULL;
}

int peers_create(struct peers **out, struct loop *l, const struct peers_ops *o,
		 void *arg)
{
	struct peers *all = calloc(1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	*all = (struct peers){ .loop = l, .ops = o, .arg = arg };
	list_init(&all->list);
	buf_init(&all->scratch, 0);
	*out = all;
	return 0;
}

void peers_free(struct peers *all)
{
	if (!all)
		return;
	LIST_EACH (it, tmp, &all->list)
		peer_free(container_of(it, struct peer, node));
	buf_free(&all->scratch);
	free(all);
}

int peers_add(struct peers *all, const struct proc_id *id, int fd)
{
	struct peer *before = find(all, id);
	if (before)
		peer_end(before);
	struct peer *p = calloc(1, sizeof(*p));
	if (!p) {
		close(fd);
		return -ENOMEM;
	}
	*p = (struct peer){ .all = all, .id = *id };
	int err = channel_open(&p->channel, all->loop, fd, NULL, &ops, p);
	if (err) {
		close(fd);
		free(p);
		return err;
	}
	list_push_back(&all->list, &p->node);
	struct proc_id up = *id;
	all->ops->up(all->arg, &up);
	return 0;
}

int peers_send(struct peers *all, const struct proc_id *to, enum ipc_type type,
	       const void *body)
{
	return peers_send_fd(all, to, type, body, -1);
}

int peers_send_fd(struct peers *all, const struct proc_id *to,
		  enum ipc_type type, const void *body, int fd)
{
	struct peer *p = find(all, to);
	if (!p || (to->incarnation && to->incarnation != p->id.incarnation))
		return -EPIPE;
	return message_send(p->channel, &all->scratch, type, body, fd);
}
