/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators' accounts, for the admin process alone. */
#include <errno.h>

#include "daemon/role_store.h"
#include "store/admins.h"

int store_admins_put(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_admin_put *p = &m->u.admin_put;
	const struct store_admin a = { .name = p->name,
				       .secret = p->secret,
				       .role = p->role,
				       .created_s = role_store_now_s() };
	if (!p->name.len)
		return -EINVAL;
	return store_admin_put(rd->role->store, &a, p->mode == USER_REPLACE);
}

int store_admins_del(struct store_reader *rd, const struct ipc_msg *m)
{
	return store_admin_delete(rd->role->store, m->u.admin_del.name);
}

static void on_admin(void *arg, const struct store_admin *a)
{
	struct store_reader *rd = arg;
	const struct ipc_admin m = { .id = rd->id,
				     .name = a->name,
				     .secret = a->secret,
				     .role = a->role,
				     .created_s = a->created_s };
	process_reply(rd->role->process, rd->to, IPC_ADMIN, &m);
}

int store_admins_get(struct store_reader *rd, const struct ipc_msg *m)
{
	return store_admin_each(rd->role->store, m->u.admin_get.name, on_admin,
				rd);
}
