/* SPDX-License-Identifier: Apache-2.0 */
/* Every message of the catalogue there and back, cut and lengthened. */
#include "ipc/ipc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/oom.h"

/* Fills each field with something of its own, and compares. */
struct filler {
	uint64_t next;
	char text[64];
};

static uint64_t number(struct filler *f)
{
	f->next = f->next * 6364136223846793005 + 1442695040888963407;
	return f->next;
}

static struct slice blob(struct filler *f)
{
	return slice_of(f->text, number(f) >> 32 & 31);
}

#define U8(m, f) v->f = (uint8_t)number(fill);
#define U16(m, f) v->f = (uint16_t)number(fill);
#define U32(m, f) v->f = (uint32_t)number(fill);
#define U64(m, f) v->f = number(fill);
#define BLOB(m, f) v->f = blob(fill);
#define IPC_MSG(ID, name, num, class, deadline, fields)                    \
	static void fill_##name(struct filler *fill, struct ipc_##name *v) \
	{                                                                  \
		fields                                                     \
	}
#include "ipc/catalogue.tbl"
#undef IPC_MSG
#undef U8
#undef U16
#undef U32
#undef U64
#undef BLOB

#define U8(m, f) assert_int_equal(a->f, b->f);
#define U16(m, f) assert_int_equal(a->f, b->f);
#define U32(m, f) assert_int_equal(a->f, b->f);
#define U64(m, f) assert_true(a->f == b->f);
#define BLOB(m, f) assert_true(slice_eq(a->f, b->f));
#define IPC_MSG(ID, name, num, class, deadline, fields)     \
	static void same_##name(const struct ipc_##name *a, \
				const struct ipc_##name *b) \
	{                                                   \
		fields                                      \
	}
#include "ipc/catalogue.tbl"
#undef IPC_MSG
#undef U8
#undef U16
#undef U32
#undef U64
#undef BLOB

/* Cut at every length, and one byte longer: refused (every byte counts). */
static void refuse_others(struct slice bytes)
{
	struct ipc_msg m;
	for (size_t len = 0; len < bytes.len; len++) {
		uint8_t *cut = malloc(len ? len : 1);
		assert_non_null(cut);
		memcpy(cut, bytes.ptr, len);
		assert_int_equal(ipc_decode(slice_of(cut, len), &m), -EBADMSG);
		free(cut);
	}
	uint8_t *longer = calloc(1, bytes.len + 1);
	assert_non_null(longer);
	memcpy(longer, bytes.ptr, bytes.len);
	assert_int_equal(ipc_decode(slice_of(longer, bytes.len + 1), &m),
			 -EBADMSG);
	free(longer);
}

static void test_catalogue(void **state)
{
	struct filler filler = { .text = "some bytes \x00 of any kind" };
	struct filler *fill = &filler;
	(void)state;
#define IPC_MSG(ID, name, num, cls, deadline, fields)                       \
	for (int i = 0; i < 8; i++) {                                       \
		struct ipc_##name v;                                        \
		struct ipc_msg m;                                           \
		struct buf b;                                               \
		buf_init(&b, 0);                                            \
		fill_##name(fill, &v);                                      \
		ipc_encode(&b, IPC_##ID, &v);                               \
		assert_false(buf_failed(&b));                               \
		assert_int_equal(ipc_decode(buf_slice(&b), &m), 0);         \
		assert_int_equal(m.type, num);                              \
		same_##name(&v, &m.u.name);                                 \
		refuse_others(buf_slice(&b));                               \
		assert_string_equal(ipc_type_name(IPC_##ID), #ID);          \
		assert_int_equal(ipc_type_class(IPC_##ID), IPC_##cls);      \
		assert_int_equal(ipc_type_deadline_ms(IPC_##ID), deadline); \
		buf_free(&b);                                               \
	}
#include "ipc/catalogue.tbl"
#undef IPC_MSG
}

static void test_bytes(void **state)
{
	struct buf b;
	struct ipc_flow_write v = {
		.flow = 1, .txn = 0x0203, .branch = 4, .bytes = SLICE_LIT("xy")
	};
	(void)state;
	buf_init(&b, 0);
	ipc_encode(&b, IPC_FLOW_WRITE, &v);
	assert_true(slice_eq(buf_slice(&b), SLICE_LIT("\0\x28"
						      "\0\0\0\0\0\0\0\x01"
						      "\0\0\0\0\0\0\x02\x03"
						      "\0\x04"
						      "\0\0\0\x02xy")));
	buf_free(&b);
}

static void test_unknown(void **state)
{
	struct ipc_msg m = { .type = IPC_PING };
	struct buf b;
	(void)state;
	assert_int_equal(ipc_decode(SLICE_LIT("\0\0"), &m), -ENOTSUP);
	assert_int_equal(ipc_decode(SLICE_LIT("\xff\xff"), &m), -ENOTSUP);
	assert_int_equal(ipc_decode(SLICE_LIT("\0\x0b"), &m), -ENOTSUP);
	assert_int_equal(ipc_decode(SLICE_NONE, &m), -EBADMSG);
	/* a blob that claims more than there is */
	assert_int_equal(ipc_decode(SLICE_LIT("\0\x38\xff\xff\xff\xff"), &m),
			 -ENOTSUP);
	assert_int_equal(ipc_decode(SLICE_LIT("\0\x35\xff\xff\xff\xffxx"), &m),
			 -EBADMSG);
	/* nothing was written into m */
	assert_int_equal(m.type, IPC_PING);
	buf_init(&b, 0);
	ipc_encode(&b, (enum ipc_type)0, &m);
	assert_true(buf_failed(&b));
	assert_int_equal(b.len, 0);
	assert_string_equal(ipc_type_name((enum ipc_type)999), "?");
	assert_int_equal(ipc_type_deadline_ms((enum ipc_type)999), 0);
	buf_free(&b);
}

static void test_pairs(void **state)
{
	struct buf b;
	struct slice key, value;
	(void)state;
	buf_init(&b, 0);
	ipc_pair_put(&b, "conns", SLICE_LIT("12"));
	ipc_pair_put(&b, "empty", SLICE_NONE);
	struct slice rest = buf_slice(&b);
	assert_true(ipc_pair_next(&rest, &key, &value));
	assert_true(slice_eq(key, SLICE_LIT("conns")));
	assert_true(slice_eq(value, SLICE_LIT("12")));
	assert_true(ipc_pair_next(&rest, &key, &value));
	assert_true(slice_eq(key, SLICE_LIT("empty")));
	assert_int_equal(value.len, 0);
	assert_false(ipc_pair_next(&rest, &key, &value));
	for (size_t cut = 1; cut < 11; cut++) {
		rest = slice_head(buf_slice(&b), cut);
		assert_false(ipc_pair_next(&rest, &key, &value));
	}
	/* a value too long for its length field is cut, not garbled */
	static char large[70000];
	buf_reset(&b);
	ipc_pair_put(&b, "k", slice_of(large, sizeof(large)));
	rest = buf_slice(&b);
	assert_true(ipc_pair_next(&rest, &key, &value));
	assert_int_equal(value.len, UINT16_MAX);
	assert_int_equal(rest.len, 0);
	buf_free(&b);
}

static void test_roles(void **state)
{
	static const char *const talk[] = {
		"edge edge",      "edge home",   "edge store",  "edge resolver",
		"home store",     "admin edge",  "admin home",  "admin store",
		"admin resolver", "admin relay", "store relay", "relay relay",
		"edge relay",
	};
	(void)state;
	size_t pairs = 0;
	for (int a = 0; a < PROC_ROLE_COUNT; a++) {
		for (int b = 0; b < PROC_ROLE_COUNT; b++) {
			char name[64];
			bool listed = false;
			snprintf(name, sizeof(name), "%s %s",
				 proc_role_name((enum proc_role)a),
				 proc_role_name((enum proc_role)b));
			for (size_t i = 0; i < sizeof(talk) / sizeof(*talk);
			     i++)
				listed |= strcmp(name, talk[i]) == 0;
			bool ab = proc_roles_talk((enum proc_role)a,
						  (enum proc_role)b);
			assert_int_equal(ab,
					 proc_roles_talk((enum proc_role)b,
							 (enum proc_role)a));
			if (listed)
				assert_true(ab);
			pairs += ab;
		}
	}
	assert_int_equal(pairs, 2 * sizeof(talk) / sizeof(*talk) - 2);
	assert_false(proc_roles_talk(PROC_ROLE_COUNT, PROC_EDGE));
	assert_string_equal(proc_role_name(PROC_ROLE_COUNT), "?");
}

static int encode_all(void *arg)
{
	struct ipc_flow_write v = { .bytes = SLICE_LIT("0123456789") };
	struct buf b;
	(void)arg;
	buf_init(&b, 0);
	for (int i = 0; i < 20; i++)
		ipc_encode(&b, IPC_FLOW_WRITE, &v);
	int err = buf_failed(&b) ? -ENOMEM : 0;
	buf_free(&b);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(encode_all, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalogue), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_unknown),   cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_roles),     cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
