/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages between our processes, and their codec. Pure: bytes in, structs
 * out. A message is a 16-bit number and its fields in the order of
 * catalogue.tbl, big-endian, blobs with a 32-bit length. Decoded blobs borrow
 * from the received bytes. Every byte must be used: what is left over is an
 * error, as with any hostile wire format.
 */
#pragma once

#include "base/buf.h"

enum proc_role {
	PROC_SUPERVISOR,
	PROC_EDGE,
	PROC_HOME,
	PROC_STORE,
	PROC_RESOLVER,
	PROC_ADMIN,
	PROC_RELAY,
	PROC_LOADER,
	PROC_ROLE_COUNT
};

enum proc_state { PROC_STARTING, PROC_READY, PROC_DRAINING, PROC_DOWN };
enum listener_kind {
	LISTENER_FEDERATION,
	LISTENER_CLIENTS,
	LISTENER_INSIDE,
	LISTENER_CONTROL,
	LISTENER_RELAY_UDP,
	LISTENER_RELAY_TCP,
	LISTENER_ADMIN /* HTTP */
};
enum operate_verb { OPERATE_RELOAD, OPERATE_DRAIN, OPERATE_LOG_LEVEL };
/* Where a request that goes to home entered. */
enum sip_origin { ORIGIN_CLIENT, ORIGIN_FEDERATION };
/* What one user says of another: one rule a pair. */
enum contact_rule {
	CONTACT_NONE,
	CONTACT_LISTED, /* on the contact list, and may see the user */
	CONTACT_ALLOWED,
	CONTACT_BLOCKED
};
enum store_user_mode { USER_CREATE, USER_REPLACE };

/* What came of one step of a partner's trial. */
enum ipc_trial_state { TRIAL_PASS, TRIAL_WARN, TRIAL_FAIL, TRIAL_STATE_COUNT };

/* A message that somebody watches: by a connection; or a verdict alone. */
enum ipc_trace_direction {
	TRACE_IN,
	TRACE_OUT,
	TRACE_NEITHER,
	TRACE_WAY_COUNT
};
enum ipc_trace_verdict {
	TRACE_NO_VERDICT,
	TRACE_REFUSED,
	TRACE_TO_INSIDE, /* text: "home" or a server's */
	TRACE_TO_PARTNER,
	TRACE_TO_CLIENT,
	TRACE_VERDICT_COUNT
};

/* A process for life: a slot keeps its number over restarts, the incarnation
 * is random for each start and never 0. */
struct proc_id {
	enum proc_role role;
	uint32_t slot;
	uint32_t incarnation;
};

enum ipc_class { IPC_REQUEST, IPC_ANSWER, IPC_BULK };

/* One record of the location service. expires_s: seconds since 1970. */
#define BINDING_FIELDS(m) \
	U64(m, id)        \
	BLOB(m, aor) BLOB(m, contact) BLOB(m, record) U64(m, expires_s)

/* One row of presence that is kept for a while. */
#define SOFT_FIELDS(m) \
	U64(m, id)     \
	U8(m, kind) BLOB(m, aor) BLOB(m, name) BLOB(m, record) U64(m, expires_s)

/* What one user says of another. */
#define CONTACT_FIELDS(m) \
	U64(m, id)        \
	U8(m, rule) BLOB(m, owner) BLOB(m, contact)

/* struct ipc_hello, struct ipc_flow_write ... */
#define U8(m, f) uint8_t f;
#define U16(m, f) uint16_t f;
#define U32(m, f) uint32_t f;
#define U64(m, f) uint64_t f;
#define BLOB(m, f) struct slice f;
#define IPC_MSG(ID, name, number, class, deadline, fields) \
	struct ipc_##name {                                \
		fields                                     \
	};
#include "ipc/catalogue.tbl"
#undef IPC_MSG
#undef U8
#undef U16
#undef U32
#undef U64
#undef BLOB

enum ipc_type {
#define IPC_MSG(ID, name, number, class, deadline, fields) IPC_##ID = number,
#include "ipc/catalogue.tbl"
#undef IPC_MSG
};

/* Any message: the type tells which member. */
struct ipc_msg {
	enum ipc_type type;
	union {
#define IPC_MSG(ID, name, number, class, deadline, fields) \
	struct ipc_##name name;
#include "ipc/catalogue.tbl"
#undef IPC_MSG
	} u;
};

/* Appends the encoding of body, which is the struct of that type. Sticky error
 * in out. */
void ipc_encode(struct buf *out, enum ipc_type type, const void *body);
/* 0, -EBADMSG (malformed) or -ENOTSUP (unknown number). */
int ipc_decode(struct slice in, struct ipc_msg *out);
const char *ipc_type_name(enum ipc_type type); /* "FLOW_WRITE", "?" */
enum ipc_class ipc_type_class(enum ipc_type type);
uint32_t ipc_type_deadline_ms(enum ipc_type type);
const char *proc_role_name(enum proc_role role); /* "edge" */

/* Pairs in STATUS_ROW: 16-bit length and bytes, key and value in turn. */
void ipc_pair_put(struct buf *out, const char *key, struct slice value);
/* Takes the next pair off *pairs; false at the end or when malformed. */
bool ipc_pair_next(struct slice *pairs, struct slice *key, struct slice *value);

/* Which roles have a channel between them (both orders). */
bool proc_roles_talk(enum proc_role a, enum proc_role b);
