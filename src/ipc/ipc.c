/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of the catalogue: each message is a row of field kinds and
 * offsets, made from catalogue.tbl, and two loops walk it. */
#include "ipc/ipc.h"

#include <errno.h>

#include "base/cursor.h"

enum field_kind {
	FIELD_END,
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_BLOB
};

struct field {
	enum field_kind kind;
	size_t offset;
};

#define U8(m, f) { FIELD_U8, offsetof(struct ipc_##m, f) },
#define U16(m, f) { FIELD_U16, offsetof(struct ipc_##m, f) },
#define U32(m, f) { FIELD_U32, offsetof(struct ipc_##m, f) },
#define U64(m, f) { FIELD_U64, offsetof(struct ipc_##m, f) },
#define BLOB(m, f) { FIELD_BLOB, offsetof(struct ipc_##m, f) },
#define IPC_MSG(ID, name, number, class, deadline, fields) \
	static const struct field fields_##name[] = {      \
		fields{ FIELD_END, 0 },                    \
	};
#include "ipc/catalogue.tbl"
#undef IPC_MSG
#undef U8
#undef U16
#undef U32
#undef U64
#undef BLOB

struct message {
	const struct field *fields; /* NULL: no such number */
	const char *name;
	enum ipc_class class;
	uint32_t deadline_ms;
};

static const struct message messages[] = {
#define IPC_MSG(ID, name, number, class, deadline, fields) \
	[number] = { fields_##name, #ID, IPC_##class, deadline },
#include "ipc/catalogue.tbl"
#undef IPC_MSG
};

static const struct message *find(unsigned number)
{
	const size_t count = sizeof(messages) / sizeof(*messages);
	if (number >= count || !messages[number].fields)
		return NULL;
	return &messages[number];
}

static void encode_field(struct buf *out, enum field_kind kind,
			 const uint8_t *at)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
		struct slice blob;
	} v;
	switch (kind) {
	case FIELD_U8:
		buf_u8(out, *at);
		break;
	case FIELD_U16:
		memcpy(&v.u16, at, sizeof(v.u16));
		buf_u16(out, v.u16);
		break;
	case FIELD_U32:
		memcpy(&v.u32, at, sizeof(v.u32));
		buf_u32(out, v.u32);
		break;
	case FIELD_U64:
		memcpy(&v.u64, at, sizeof(v.u64));
		buf_u64(out, v.u64);
		break;
	case FIELD_BLOB:
		memcpy(&v.blob, at, sizeof(v.blob));
		if (v.blob.len > UINT32_MAX)
			out->failed = true;
		buf_u32(out, (uint32_t)v.blob.len);
		buf_put(out, v.blob);
		break;
	case FIELD_END:
		break;
	}
}

void ipc_encode(struct buf *out, enum ipc_type type, const void *body)
{
	const struct message *m = find((unsigned)type);
	if (!m) {
		out->failed = true;
		return;
	}
	buf_u16(out, (uint16_t)type);
	for (const struct field *f = m->fields; f->kind != FIELD_END; f++)
		encode_field(out, f->kind, (const uint8_t *)body + f->offset);
}

static void decode_field(struct cur *c, enum field_kind kind, uint8_t *at)
{
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	struct slice blob;
	switch (kind) {
	case FIELD_U8:
		*at = cur_u8(c);
		break;
	case FIELD_U16:
		u16 = cur_u16(c);
		memcpy(at, &u16, sizeof(u16));
		break;
	case FIELD_U32:
		u32 = cur_u32(c);
		memcpy(at, &u32, sizeof(u32));
		break;
	case FIELD_U64:
		u64 = cur_u64(c);
		memcpy(at, &u64, sizeof(u64));
		break;
	case FIELD_BLOB:
		u32 = cur_u32(c);
		blob = cur_bytes(c, u32);
		memcpy(at, &blob, sizeof(blob));
		break;
	case FIELD_END:
		break;
	}
}

int ipc_decode(struct slice in, struct ipc_msg *out)
{
	struct cur c = cur_init(in);
	unsigned number = cur_u16(&c);
	if (cur_failed(&c))
		return -EBADMSG;
	const struct message *m = find(number);
	if (!m)
		return -ENOTSUP;
	struct ipc_msg msg;
	memset(&msg, 0, sizeof(msg));
	msg.type = (enum ipc_type)number;
	for (const struct field *f = m->fields; f->kind != FIELD_END; f++)
		decode_field(&c, f->kind, (uint8_t *)&msg.u + f->offset);
	if (!cur_done(&c))
		return -EBADMSG;
	*out = msg;
	return 0;
}

const char *ipc_type_name(enum ipc_type type)
{
	const struct message *m = find((unsigned)type);
	return m ? m->name : "?";
}

enum ipc_class ipc_type_class(enum ipc_type type)
{
	const struct message *m = find((unsigned)type);
	return m ? m->class : IPC_BULK;
}

uint32_t ipc_type_deadline_ms(enum ipc_type type)
{
	const struct message *m = find((unsigned)type);
	return m ? m->deadline_ms : 0;
}

const char *proc_role_name(enum proc_role role)
{
	static const char *const names[PROC_ROLE_COUNT] = {
		[PROC_SUPERVISOR] = "supervisor",
		[PROC_EDGE] = "edge",
		[PROC_HOME] = "home",
		[PROC_STORE] = "store",
		[PROC_RESOLVER] = "resolver",
		[PROC_ADMIN] = "admin",
		[PROC_RELAY] = "relay",
		[PROC_LOADER] = "loader",
	};
	return (unsigned)role < PROC_ROLE_COUNT ? names[role] : "?";
}

void ipc_pair_put(struct buf *out, const char *key, struct slice value)
{
	struct slice k = slice_head(slice_str(key), UINT16_MAX);
	struct slice v = slice_head(value, UINT16_MAX);
	buf_u16(out, (uint16_t)k.len);
	buf_put(out, k);
	buf_u16(out, (uint16_t)v.len);
	buf_put(out, v);
}

bool ipc_pair_next(struct slice *pairs, struct slice *key, struct slice *value)
{
	struct cur c = cur_init(*pairs);
	struct slice k = cur_bytes(&c, cur_u16(&c));
	struct slice v = cur_bytes(&c, cur_u16(&c));
	if (cur_failed(&c))
		return false;
	*key = k;
	*value = v;
	*pairs = cur_bytes(&c, cur_left(&c));
	return true;
}

bool proc_roles_talk(enum proc_role a, enum proc_role b)
{
	/* The supervisor's own channel to each process, and the loader's to
	 * it, are not wired by WIRE and stand in no row. */
	static const uint8_t talks[PROC_ROLE_COUNT] = {
		[PROC_EDGE] = 1 << PROC_EDGE | 1 << PROC_HOME |
			      1 << PROC_STORE | 1 << PROC_RESOLVER |
			      1 << PROC_ADMIN | 1 << PROC_RELAY,
		[PROC_HOME] =
			1 << PROC_EDGE | 1 << PROC_STORE | 1 << PROC_ADMIN,
		[PROC_STORE] = 1 << PROC_EDGE | 1 << PROC_HOME |
			       1 << PROC_ADMIN | 1 << PROC_RELAY,
		[PROC_RESOLVER] = 1 << PROC_EDGE | 1 << PROC_ADMIN,
		[PROC_ADMIN] = 1 << PROC_EDGE | 1 << PROC_HOME |
			       1 << PROC_STORE | 1 << PROC_RESOLVER |
			       1 << PROC_RELAY,
		[PROC_RELAY] = 1 << PROC_EDGE | 1 << PROC_RELAY |
			       1 << PROC_STORE | 1 << PROC_ADMIN,
	};
	if ((unsigned)a >= PROC_ROLE_COUNT || (unsigned)b >= PROC_ROLE_COUNT)
		return false;
	return talks[a] >> b & 1;
}
