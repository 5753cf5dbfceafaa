/* SPDX-License-Identifier: Apache-2.0 */
/* The boot record of a child as text, and back. */
#include "daemon/boot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { BOOT_FIELDS = 5 };

void boot_format(const struct boot *b, char out[static BOOT_TEXT_MAX])
{
	snprintf(out, BOOT_TEXT_MAX, "%s,%" PRIu32 ",%" PRIu32 ",%u,%u,%u",
		 proc_role_name(b->id.role), b->id.slot, b->id.incarnation,
		 (unsigned)b->uid, (unsigned)b->gid, b->change_user ? 1U : 0U);
}

static int role_of(struct slice name, enum proc_role *out)
{
	for (int r = PROC_EDGE; r < PROC_ROLE_COUNT; r++) {
		if (!slice_eq(name, slice_str(proc_role_name(r))))
			continue;
		*out = (enum proc_role)r;
		return 0;
	}
	return -EINVAL;
}

/* Splits at the next comma. */
static struct slice field(struct slice *rest)
{
	ptrdiff_t at = slice_chr(*rest, ',');
	struct slice f = at < 0 ? *rest : slice_head(*rest, (size_t)at);
	*rest = at < 0 ? SLICE_NONE : slice_from(*rest, (size_t)at + 1);
	return f;
}

int boot_parse(const char *text, const char *path, struct boot *out)
{
	struct slice rest = slice_str(text);
	enum proc_role role;
	uint64_t n[BOOT_FIELDS];
	int err = role_of(field(&rest), &role);
	for (int i = 0; i < BOOT_FIELDS && !err; i++)
		err = slice_u64(field(&rest), UINT32_MAX, &n[i]);
	if (err || !slice_empty(rest) || n[1] == 0 || n[4] > 1 || !path)
		return -EINVAL;
	*out = (struct boot){
		.id = { role, (uint32_t)n[0], (uint32_t)n[1] },
		.uid = (uid_t)n[2],
		.gid = (gid_t)n[3],
		.change_user = n[4] == 1,
		.path = path,
	};
	return 0;
}

void boot_name(const struct proc_id *id, char out[static BOOT_NAME_MAX])
{
	if (id->role == PROC_EDGE || id->role == PROC_RELAY)
		snprintf(out, BOOT_NAME_MAX, "%s.%" PRIu32,
			 proc_role_name(id->role), id->slot);
	else
		snprintf(out, BOOT_NAME_MAX, "%s", proc_role_name(id->role));
}
