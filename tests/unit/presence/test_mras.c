/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that ask for a credential of the relay, and the answers
 * (MS-AVEDGEA 2.2, XML-01 to XML-04). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "presence/mras.h"
#include "support/oom.h"

#define HEAD                                               \
	"<request requestID=\"1234\" version=\"1.0\" "     \
	"from=\"sip:alice@example.com\" "                  \
	"to=\"sip:mras.edge.example.net@example.com;gruu;" \
	"opaque=srvr:MRAS:xyz\" route=\"loadbalanced\" "   \
	"xmlns=\"http://schemas.microsoft.com/2006/09/sip/mrasp\">"
#define ITEM "<credentialsRequest credentialsRequestID=\"12\">"
#define WHO "<identity>sip:alice@example.com</identity>"
#define WHERE "<location>internet</location>"
#define LONG "<duration>480</duration>"
#define ITEM_END "</credentialsRequest>"
#define TAIL "</request>"
#define WHOLE HEAD ITEM WHO WHERE LONG ITEM_END TAIL

static struct arena *arena(void)
{
	struct arena *a = arena_create(16384, 1 << 20);
	assert_non_null(a);
	return a;
}

static void the_usual_request(void **state)
{
	struct arena *a = arena();
	struct mras_request q;
	(void)state;
	assert_null(mras_read(a, SLICE_LIT(WHOLE), &q));
	assert_true(slice_eq(q.id, SLICE_LIT("1234")));
	assert_true(slice_eq(q.version, SLICE_LIT("1.0")));
	assert_true(slice_eq(q.from, SLICE_LIT("sip:alice@example.com")));
	assert_true(slice_ends(q.to, SLICE_LIT("opaque=srvr:MRAS:xyz")));
	assert_true(slice_eq(q.item, SLICE_LIT("12")));
	assert_true(slice_eq(q.identity, SLICE_LIT("sip:alice@example.com")));
	assert_true(slice_eq(q.location, SLICE_LIT("internet")));
	assert_int_equal(q.minutes, 480);
	arena_free(a);
}

/* Prefixes, blanks, entities, remarks, what others add. */
static void the_same_written_otherwise(void **state)
{
	static const char doc[] =
		"<?xml version='1.0' encoding='utf-8'?>\r\n"
		"<m:request xmlns:m='http://schemas.microsoft.com/2006/09/sip/"
		"mrasp' version='1.0' requestID='&quot;7&quot;' "
		"from='sip:a&#64;x.test' to='sip:m@x.test'>"
		"<!-- x --><x:y xmlns:x='urn:x'><identity/></x:y>"
		"<m:credentialsRequest credentialsRequestID='1'>\n"
		"<m:identity>\n sip:a<!-- -->&#64;x.test </m:identity>"
		"<m:location>intranet</m:location>"
		"<m:more><m:identity>sip:b@x.test</m:identity></m:more>"
		"<m:duration> 999999999 </m:duration>"
		"</m:credentialsRequest></m:request>";
	struct arena *a = arena();
	struct mras_request q;
	(void)state;
	assert_null(mras_read(a, slice_str(doc), &q));
	assert_true(slice_eq(q.id, SLICE_LIT("\"7\"")));
	assert_true(slice_eq(q.from, SLICE_LIT("sip:a@x.test")));
	assert_true(slice_eq(q.identity, SLICE_LIT("sip:a@x.test")));
	assert_true(slice_eq(q.location, SLICE_LIT("intranet")));
	assert_int_equal(q.minutes, MRAS_MINUTES_MAX);
	arena_free(a);
}

static void what_may_be_left_out(void **state)
{
	struct arena *a = arena();
	struct mras_request q;
	(void)state;
	assert_null(mras_read(a, SLICE_LIT(HEAD ITEM WHO ITEM_END TAIL), &q));
	assert_int_equal(q.minutes, 480);
	assert_true(slice_eq(q.location, SLICE_LIT("internet")));
	arena_free(a);
}

#define SIXTEEN "0123456789abcdef"
#define ID64 SIXTEEN SIXTEEN SIXTEEN SIXTEEN
#define NS " xmlns='http://schemas.microsoft.com/2006/09/sip/mrasp'>"

static const struct {
	const char *doc;
	const struct reject *reject;
} refused[] = {
	{ "", &mras_rej_malformed },
	{ "request", &mras_rej_malformed },
	{ HEAD ITEM WHO WHERE LONG ITEM_END, &mras_rej_malformed },
	{ "<!DOCTYPE request>" WHOLE, &mras_rej_malformed },
	{ "<!DOCTYPE r [<!ENTITY a 'aaaa'>]>" WHOLE, &mras_rej_malformed },
	{ "<?xml version='1.0' encoding='iso-8859-1'?>" WHOLE,
	  &mras_rej_malformed },
	{ "\xff\xfe", &mras_rej_malformed },
	{ HEAD TAIL, &mras_rej_malformed },
	{ HEAD ITEM ITEM_END TAIL, &mras_rej_malformed },
	{ HEAD ITEM WHERE LONG ITEM_END TAIL, &mras_rej_malformed },
	{ HEAD ITEM WHO WHO ITEM_END TAIL, &mras_rej_malformed },
	{ HEAD ITEM WHO "<location>moon</location>" ITEM_END TAIL,
	  &mras_rej_malformed },
	{ HEAD ITEM WHO "<duration>0</duration>" ITEM_END TAIL,
	  &mras_rej_malformed },
	{ HEAD ITEM WHO "<duration>-1</duration>" ITEM_END TAIL,
	  &mras_rej_malformed },
	{ HEAD ITEM WHO "<duration>4294967296</duration>" ITEM_END TAIL,
	  &mras_rej_malformed },
	{ HEAD ITEM WHO "<duration/>" ITEM_END TAIL, &mras_rej_malformed },
	{ HEAD "<credentialsRequest>" WHO ITEM_END TAIL, &mras_rej_malformed },
	{ HEAD ITEM WHO ITEM_END ITEM WHO ITEM_END TAIL, &mras_rej_several },
	{ "<request requestID='1' from='sip:a@x' to='sip:b@x'" NS "</request>",
	  &mras_rej_malformed },
	{ "<request version='1.0' from='sip:a@x' to='sip:b@x'" NS "</request>",
	  &mras_rej_malformed },
	{ "<request version='1.0' requestID='1' to='sip:b@x'" NS "</request>",
	  &mras_rej_malformed },
	{ "<request version='1.0' requestID='1' from='sip:b@x'" NS "</request>",
	  &mras_rej_malformed },
	{ "<request version='1.0' requestID='" ID64
	  "5' from='sip:a@x' to='sip:b@x'" NS "</request>",
	  &mras_rej_malformed },
	{ "<request version='2.0' requestID='1' from='sip:a@x' to='sip:b@x'" NS
	  "</request>",
	  &mras_rej_version },
	{ "<request version='1.0' requestID='1' from='sip:a@x' to='sip:b@x'/>",
	  &mras_rej_malformed },
	{ "<response version='1.0' requestID='1' from='sip:a@x' to='sip:b@x'" NS
	  "</response>",
	  &mras_rej_malformed },
};

static void what_is_refused(void **state)
{
	struct mras_request q;
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct arena *a = arena();
		const struct reject *r =
			mras_read(a, slice_str(refused[i].doc), &q);
		if (r != refused[i].reject)
			fail_msg("row %zu: %s", i, r ? r->why : "fine");
		arena_free(a);
	}
}

static void ids_have_64_bytes_at_most(void **state)
{
	struct arena *a = arena();
	struct mras_request q;
	(void)state;
	(void)mras_read(a,
			SLICE_LIT("<request version='1.0' requestID='" ID64
				  "' from='sip:a@x' to='sip:b@x'" NS
				  "</request>"),
			&q);
	assert_int_equal(q.id.len, 64);
	arena_free(a);
}

/* Text over its limit, and a document over 64 KiB, which is a row of its own.
 */
static void sizes(void **state)
{
	static const struct {
		size_t blanks;
		const struct reject *reject;
	} rows[] = {
		{ 1024 - 21, NULL },
		{ 1024 - 20, &mras_rej_malformed },
		{ XML_BODY_MAX, &mras_rej_large },
	};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct arena *a = arena();
		struct mras_request q;
		struct buf b;
		buf_init(&b, 0);
		buf_str(&b, HEAD ITEM "<identity>sip:alice@example.com");
		for (size_t n = 0; n < rows[i].blanks; n++)
			buf_u8(&b, ' ');
		buf_str(&b, "</identity>" ITEM_END TAIL);
		assert_ptr_equal(mras_read(a, buf_slice(&b), &q),
				 rows[i].reject);
		buf_free(&b);
		arena_free(a);
	}
}

static void the_answer(void **state)
{
	const struct mras_request q = {
		.id = SLICE_LIT("1234"),
		.from = SLICE_LIT("sip:a&b@example.com"),
		.to = SLICE_LIT("sip:mras@x.test"),
		.item = SLICE_LIT("\"12\""),
		.location = SLICE_LIT("intranet"),
	};
	const struct mras_credential c = {
		.username = SLICE_LIT("\x01\x02\x03"),
		.password = SLICE_LIT("secret"),
		.ttl_s = 480 * 60,
		.realm = SLICE_LIT("edge.example.net"),
		.relay = { SLICE_LIT("av.example.com"), 3478, 443 },
	};
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	mras_write(&b, &q, "OK", &c);
	assert_false(buf_failed(&b));
	assert_true(slice_eq(
		buf_slice(&b),
		SLICE_LIT("<?xml version=\"1.0\"?>\r\n"
			  "<response requestID=\"1234\" version=\"1.0\" "
			  "serverVersion=\"2.0\" from=\"sip:mras@x.test\" "
			  "to=\"sip:a&amp;b@example.com\" reasonPhrase=\"OK\" "
			  "xmlns=\"http://schemas.microsoft.com/2006/09/sip/"
			  "mrasp\"><credentialsResponse credentialsRequestID="
			  "\"&quot;12&quot;\"><credentials>"
			  "<username>AQID</username><password>c2VjcmV0"
			  "</password><duration>480</duration>"
			  "<realm>edge.example.net</realm></credentials>"
			  "<mediaRelayList><mediaRelay>"
			  "<location>intranet</location>"
			  "<hostName>av.example.com</hostName>"
			  "<udpPort>3478</udpPort><tcpPort>443</tcpPort>"
			  "</mediaRelay></mediaRelayList>"
			  "</credentialsResponse></response>\r\n")));
	buf_reset(&b);
	mras_write(&b, &q, "Forbidden", NULL);
	assert_non_null(memmem(b.ptr, b.len, "reasonPhrase=\"Forbidden\"", 24));
	assert_null(memmem(b.ptr, b.len, "credentials", 11));
	buf_free(&b);
}

static int read_once(void *arg)
{
	struct arena *a = arena_create(16384, 1 << 20);
	struct mras_request q;
	const struct reject *r = &mras_rej_busy;
	(void)arg;
	if (a)
		r = mras_read(a, SLICE_LIT(WHOLE), &q);
	arena_free(a);
	assert_true(!r || r == &mras_rej_busy);
	return r ? -1 : 0;
}

static void without_memory_it_is_busy(void **state)
{
	(void)state;
	oom_walk(read_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_request),
		cmocka_unit_test(the_same_written_otherwise),
		cmocka_unit_test(what_may_be_left_out),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(ids_have_64_bytes_at_most),
		cmocka_unit_test(sizes),
		cmocka_unit_test(the_answer),
		cmocka_unit_test(without_memory_it_is_busy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
