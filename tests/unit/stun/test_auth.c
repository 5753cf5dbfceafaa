/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of credentials, dialect by dialect and code by code: RFC 8489
 * 9.2.4, the table of MS-TURN's digest challenge; TURN-03, -04, -13. */
#include "stun/auth.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "stun/key.h"
#include "stun/msturn.h"
#include "support/stun_check.h"

static const uint64_t NOW_S = 1900000000;
static const uint8_t ID[STUN_ID_BYTES] = { 0x21, 0x12, 0xA4, 0x42, 1, 2, 3 };

#define REALM SLICE_LIT("edge.contoso.test")

/* What one test asks with: a server, a credential, a request in the making. */
struct world {
	struct hasher *h;
	struct credential_secrets secrets;
	struct stun_auth a;
	struct stun_path path;
	struct credential c;
	char nonce[STUN_NONCE_BYTES];
	enum stun_algorithm algorithm;
	int find_err;
	uint8_t bytes[1024];
	struct stun_writer w;
	struct stun_msg m;
	struct stun_proof proof;
};

/* bob has a stored key for the password "secret". */
static int find_bob(void *arg, const struct stun_user_query *q,
		    struct stun_key *key, struct slice *name)
{
	struct world *world = arg;
	const struct stun_secret secret = { SLICE_LIT("bob"), q->realm,
					    SLICE_LIT("secret") };
	uint8_t hash[SHA256_BYTES];
	if (world->find_err)
		return world->find_err;
	assert_int_equal(
		stun_userhash(world->h, secret.username, q->realm, hash), 0);
	if (!slice_eq(q->username, secret.username) &&
	    !slice_eq(q->userhash, slice_of(hash, sizeof(hash))))
		return -ENOENT;
	*name = secret.username;
	return stun_key_make(world->h, &stun_rfc, q->algorithm, &secret, key);
}

static void world_init(struct world *x, struct hasher *h,
		       enum credential_form form)
{
	memset(x, 0, sizeof(*x));
	x->h = h;
	x->secrets.count = 2;
	assert_int_equal(credential_secret_make(&x->secrets.secret[0], 2), 0);
	assert_int_equal(credential_secret_make(&x->secrets.secret[1], 1), 0);
	x->a.hasher = h;
	x->a.realm = REALM;
	x->a.secrets = &x->secrets;
	x->a.features = STUN_FEATURE_ALGORITHMS;
	x->algorithm = STUN_MD5;
	x->path.transport = 17;
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.1:4000"), false, &x->path.client),
		0);
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.2:3478"), false, &x->path.server),
		0);
	const struct credential_wish wish = {
		.form = form,
		.user = SLICE_LIT("alice@contoso.test"),
		.now_s = NOW_S,
		.ttl_s = 3600,
	};
	assert_int_equal(credential_mint(h, &x->secrets, &wish, &x->c), 0);
	assert_int_equal(stun_nonce_make(&x->a, &x->path, NOW_S, x->nonce), 0);
}

static void begin(struct world *x, const struct stun_dialect *d,
		  enum stun_method method)
{
	stun_writer_init(&x->w, x->h, x->bytes, sizeof(x->bytes));
	stun_begin(&x->w, d, method, STUN_REQUEST, ID);
}

static struct slice username(const struct world *x)
{
	return slice_of(x->c.username, x->c.username_len);
}

static struct slice nonce(const struct world *x)
{
	return slice_of(x->nonce, sizeof(x->nonce));
}

static void sign(struct world *x, struct slice user, struct slice password,
		 bool sha256)
{
	const struct stun_secret secret = { user, REALM, password };
	struct stun_key key;
	assert_int_equal(
		stun_key_make(x->h, x->w.dialect, x->algorithm, &secret, &key),
		0);
	stun_put_integrity(&x->w, stun_key_bytes(&key), sha256);
}

static void sign_alice(struct world *x)
{
	sign(x, username(x), slice_of(x->c.password, x->c.password_len), false);
}

/* The status of the verdict; 0 is proven, -1 "ask again". */
static int judge_at(struct world *x, const struct stun_known *known,
		    uint64_t now_s)
{
	struct slice raw = stun_end(&x->w);
	assert_true(raw.len);
	assert_int_equal(stun_parse(&x->m, x->w.dialect, raw), 0);
	const struct reject *r = stun_auth_check(&x->a, &x->m, &x->path, known,
						 now_s, &x->proof);
	if (r == &stun_rej_ask)
		return -1;
	if (r)
		assert_int_equal(stun_auth_challenges(r),
				 r->status == 401 || r->status == 438);
	return r ? r->status : 0;
}

static int judge(struct world *x)
{
	return judge_at(x, NULL, NOW_S);
}

/* An Allocate that is right but for what `leave` leaves out. */
enum leave { NOTHING, USERNAME, REALM_OUT, NONCE, INTEGRITY };

static void request(struct world *x, const struct stun_dialect *d,
		    enum leave leave)
{
	begin(x, d, STUN_ALLOCATE);
	if (leave != USERNAME)
		stun_put(&x->w, STUN_F_USERNAME, username(x));
	if (leave != REALM_OUT)
		stun_put(&x->w, STUN_F_REALM, REALM);
	if (leave != NONCE)
		stun_put(&x->w, STUN_F_NONCE, nonce(x));
	if (leave != INTEGRITY)
		sign_alice(x);
}

static void test_rfc_proven(void **state)
{
	struct world x;
	uint64_t alice;
	for (int form = CREDENTIAL_TEXT; form <= CREDENTIAL_BINARY; form++) {
		world_init(&x, *state, (enum credential_form)form);
		request(&x, &stun_rfc, NOTHING);
		assert_int_equal(judge(&x), 0);
		assert_int_equal(credential_user(*state,
						 SLICE_LIT("alice@contoso."
							   "test"),
						 &alice),
				 0);
		assert_int_equal(x.proof.user, alice);
		assert_true(x.proof.timed);
		assert_int_equal(x.proof.expires_s, NOW_S + 3600);
		assert_false(x.proof.sha256);
		assert_bytes(slice_of(x.proof.name, x.proof.name_len),
			     form == CREDENTIAL_TEXT
				     ? SLICE_LIT("alice@contoso.test")
				     : SLICE_NONE);
		/* the key is the one that answers are signed with */
		assert_int_equal(
			stun_integrity_check(*state, &x.m,
					     stun_key_bytes(&x.proof.key)),
			0);
	}
}

static void test_rfc_missing(void **state)
{
	static const int codes[] = { 0, 400, 400, 400, 401 };
	struct world x;
	world_init(&x, *state, CREDENTIAL_TEXT);
	for (int leave = NOTHING; leave <= INTEGRITY; leave++) {
		request(&x, &stun_rfc, (enum leave)leave);
		assert_int_equal(judge(&x), codes[leave]);
	}
	begin(&x, &stun_rfc, STUN_REFRESH);
	assert_int_equal(judge(&x), 401);
}

static void test_rfc_wrong(void **state)
{
	struct world x;
	/* another password */
	world_init(&x, *state, CREDENTIAL_TEXT);
	x.c.password[0] ^= 1;
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge(&x), 401);
	/* another user with alice's password */
	world_init(&x, *state, CREDENTIAL_TEXT);
	x.c.username[x.c.username_len - 1] ^= 1;
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge(&x), 401);
	/* a longer life than was given */
	world_init(&x, *state, CREDENTIAL_TEXT);
	x.c.username[3] = '9';
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge(&x), 401);
	/* nobody */
	world_init(&x, *state, CREDENTIAL_TEXT);
	x.c.username_len = 3;
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge(&x), 401);
	x.a.find_user = find_bob;
	x.a.arg = &x;
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge(&x), 401);
}

/* An empty key opens nothing, with or without secrets. */
static void test_no_secrets(void **state)
{
	struct world x;
	world_init(&x, *state, CREDENTIAL_TEXT);
	for (int i = 0; i < 2; i++) {
		struct credential_secrets none = { .count = 0 };
		x.a.secrets = i ? &none : NULL;
		request(&x, &stun_rfc, INTEGRITY);
		stun_put_integrity(&x.w, SLICE_NONE, false);
		assert_int_equal(judge(&x), 401);
		request(&x, &stun_rfc, NOTHING);
		assert_int_equal(judge(&x), 401);
	}
}

static void test_times(void **state)
{
	struct world x;
	world_init(&x, *state, CREDENTIAL_TEXT);
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge_at(&x, NULL, NOW_S + 600), 0);
	assert_int_equal(judge_at(&x, NULL, NOW_S + 601), 438);
	/* a fresh nonce, the credential over */
	assert_int_equal(stun_nonce_make(&x.a, &x.path, NOW_S + 3600, x.nonce),
			 0);
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge_at(&x, NULL, NOW_S + 3599), 0);
	assert_int_equal(judge_at(&x, NULL, NOW_S + 3600), 401);
	/* a nonce of another port */
	world_init(&x, *state, CREDENTIAL_TEXT);
	addr_set_port(&x.path.client, 4001);
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge(&x), 438);
	/* RFC 8656: the nonce of an allocation is no exception there */
	const struct stun_known known = { .nonce = SLICE_LIT("other") };
	assert_int_equal(judge_at(&x, &known, NOW_S), 438);
}

static void test_rotation(void **state)
{
	struct world x;
	world_init(&x, *state, CREDENTIAL_TEXT);
	request(&x, &stun_rfc, NOTHING);
	struct credential_secrets was = x.secrets;
	x.secrets.secret[1] = was.secret[0];
	assert_int_equal(credential_secret_make(&x.secrets.secret[0], 3), 0);
	assert_int_equal(judge(&x), 0);
	x.secrets.secret[1] = x.secrets.secret[0];
	assert_int_equal(judge(&x), 401);
}

/* SHA-256 keys, and what an attacker on the way could do to the offer. */
static void algorithms(struct world *x, struct slice list, struct slice one,
		       bool sha256)
{
	begin(x, &stun_rfc, STUN_ALLOCATE);
	stun_put(&x->w, STUN_F_USERNAME, username(x));
	stun_put(&x->w, STUN_F_REALM, REALM);
	stun_put(&x->w, STUN_F_NONCE, nonce(x));
	if (list.ptr)
		stun_put(&x->w, STUN_F_ALGORITHMS, list);
	if (one.ptr)
		stun_put(&x->w, STUN_F_ALGORITHM, one);
	sign(x, username(x), slice_of(x->c.password, x->c.password_len),
	     sha256);
}

static void test_algorithms(void **state)
{
	const struct slice list = SLICE_LIT("\0\2\0\0\0\1\0\0");
	const struct slice sha = SLICE_LIT("\0\2\0\0");
	const struct slice md5 = SLICE_LIT("\0\1\0\0");
	const struct {
		struct slice list, one;
		enum stun_algorithm key;
		int code;
	} rows[] = {
		{ SLICE_NONE, SLICE_NONE, STUN_MD5, 0 },
		{ SLICE_NONE, SLICE_NONE, STUN_SHA256, 401 },
		{ list, sha, STUN_SHA256, 0 },
		{ list, sha, STUN_MD5, 401 },
		{ list, md5, STUN_MD5, 0 },
		{ list, SLICE_NONE, STUN_SHA256, 400 },
		{ SLICE_NONE, sha, STUN_SHA256, 400 },
		/* bid down: the list that came was cut */
		{ md5, md5, STUN_MD5, 400 },
		{ SLICE_LIT("\0\1\0\0\0\2\0\0"), sha, STUN_SHA256, 400 },
		{ list, SLICE_LIT("\0\3\0\0"), STUN_SHA256, 400 },
		{ list, SLICE_LIT("\0\2\0\1"), STUN_SHA256, 400 },
		{ list, SLICE_LIT("\0\2\0\0\0\0\0\0"), STUN_SHA256, 400 },
	};
	struct world x;
	world_init(&x, *state, CREDENTIAL_TEXT);
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		bool sha256 = i % 2;
		x.algorithm = rows[i / 2].key;
		algorithms(&x, rows[i / 2].list, rows[i / 2].one, sha256);
		assert_int_equal(judge(&x), rows[i / 2].code);
		if (!rows[i / 2].code)
			assert_int_equal(x.proof.sha256, sha256);
	}
	/* not offered: not looked at, the key is MD5's */
	x.a.features = 0;
	x.algorithm = STUN_MD5;
	assert_int_equal(stun_nonce_make(&x.a, &x.path, NOW_S, x.nonce), 0);
	algorithms(&x, md5, sha, false);
	assert_int_equal(judge(&x), 0);
}

static void test_stored(void **state)
{
	struct world x;
	uint8_t hash[SHA256_BYTES];
	const struct slice bob = SLICE_LIT("bob");
	world_init(&x, *state, CREDENTIAL_TEXT);
	x.a.find_user = find_bob;
	x.a.arg = &x;
	for (int i = 0; i < 2; i++) {
		begin(&x, &stun_rfc, STUN_ALLOCATE);
		assert_int_equal(stun_userhash(*state, bob, REALM, hash), 0);
		if (i)
			stun_put(&x.w, STUN_F_USERHASH,
				 slice_of(hash, sizeof(hash)));
		else
			stun_put(&x.w, STUN_F_USERNAME, bob);
		stun_put(&x.w, STUN_F_REALM, REALM);
		stun_put(&x.w, STUN_F_NONCE, nonce(&x));
		sign(&x, bob, SLICE_LIT("secret"), false);
		assert_int_equal(judge(&x), 0);
		assert_false(x.proof.timed);
		assert_bytes(slice_of(x.proof.name, x.proof.name_len), bob);
		x.find_err = -EAGAIN;
		assert_int_equal(judge(&x), -1);
		x.find_err = -EIO;
		assert_int_equal(judge(&x), 500);
		x.find_err = 0;
	}
	/* alice's credential needs nobody to be found */
	x.find_err = -EIO;
	request(&x, &stun_rfc, NOTHING);
	assert_int_equal(judge(&x), 0);
}

static void test_challenge(void **state)
{
	struct world x;
	struct stun_msg m;
	world_init(&x, *state, CREDENTIAL_TEXT);
	begin(&x, &stun_rfc, STUN_ALLOCATE);
	stun_put_u8(&x.w, STUN_F_TRANSPORT, 17);
	struct slice raw = stun_end(&x.w);
	size_t asked = raw.len;
	assert_int_equal(stun_parse(&m, &stun_rfc, raw), 0);
	uint8_t out[256];
	struct stun_writer w;
	stun_writer_init(&w, *state, out, sizeof(out));
	stun_begin_reply(&w, &m, STUN_ERROR);
	stun_put_error(&w, 401, SLICE_NONE);
	stun_auth_put_challenge(&x.a, &w, &x.path, NOW_S);
	raw = stun_end(&w);
	assert_int_equal(stun_parse(&m, &stun_rfc, raw), 0);
	assert_bytes(stun_value(&m, STUN_F_REALM), REALM);
	assert_bytes(stun_value(&m, STUN_F_ALGORITHMS),
		     SLICE_LIT("\0\2\0\0\0\1\0\0"));
	assert_int_equal(stun_nonce_check(&x.a, &x.path, NOW_S,
					  stun_value(&m, STUN_F_NONCE)),
			 0);
	/* TURN-04: 3.0 times the request, in IP bytes, even for a bare one */
	assert_true(28 + raw.len <= 3 * (28 + STUN_HEADER_BYTES));
	assert_true(asked > STUN_HEADER_BYTES);
}

static void test_ms_codes(void **state)
{
	static const int codes[] = { 0, 432, 434, 435, 401 };
	struct world x;
	world_init(&x, *state, CREDENTIAL_BINARY);
	for (int leave = NOTHING; leave <= INTEGRITY; leave++) {
		request(&x, &stun_ms, (enum leave)leave);
		assert_int_equal(judge(&x), codes[leave]);
	}
	request(&x, &stun_ms, NOTHING);
	assert_int_equal(judge_at(&x, NULL, NOW_S + 601), 438);
	x.c.password[0] ^= 1;
	request(&x, &stun_ms, NOTHING);
	assert_int_equal(judge(&x), 431);
	x.c.password[0] ^= 1;
	x.c.username[20] ^= 1;
	request(&x, &stun_ms, NOTHING);
	assert_int_equal(judge(&x), 436);
	/* over, with a nonce that is good */
	world_init(&x, *state, CREDENTIAL_BINARY);
	assert_int_equal(stun_nonce_make(&x.a, &x.path, NOW_S + 3600, x.nonce),
			 0);
	request(&x, &stun_ms, NOTHING);
	assert_int_equal(judge_at(&x, NULL, NOW_S + 3600), 401);
}

/* The nonce that an allocation was made with is good as long as it lives. */
static void test_ms_refresh(void **state)
{
	struct world x;
	struct stun_known known;
	world_init(&x, *state, CREDENTIAL_BINARY);
	request(&x, &stun_ms, NOTHING);
	memset(&known, 0, sizeof(known));
	known.nonce = nonce(&x);
	assert_int_equal(judge_at(&x, &known, NOW_S + 3000), 0);
	known.nonce = SLICE_LIT("another");
	assert_int_equal(judge_at(&x, &known, NOW_S + 3000), 438);
}

static void test_ms_inside(void **state)
{
	static const enum stun_method methods[] = { STUN_SEND,
						    STUN_SET_ACTIVE };
	struct world x;
	struct stun_known known = { .nonce = SLICE_NONE };
	world_init(&x, *state, CREDENTIAL_BINARY);
	request(&x, &stun_ms, NOTHING);
	assert_int_equal(judge(&x), 0);
	struct stun_key key = x.proof.key;
	for (size_t i = 0; i < 2; i++) {
		known.key = &key;
		known.user = x.proof.user;
		/* neither realm nor nonce, and the realm is in the key */
		begin(&x, &stun_ms, methods[i]);
		stun_put(&x.w, STUN_F_USERNAME, username(&x));
		stun_put(&x.w, STUN_F_DATA, SLICE_LIT("media"));
		sign_alice(&x);
		assert_int_equal(judge_at(&x, &known, NOW_S + 100000), 0);
		assert_int_equal(x.proof.user, known.user);
		assert_int_equal(judge_at(&x, NULL, NOW_S), 437);
		known.user++;
		assert_int_equal(judge_at(&x, &known, NOW_S), 436);
		known.user--;
		key.bytes[0] ^= 1;
		assert_int_equal(judge_at(&x, &known, NOW_S), 431);
		key.bytes[0] ^= 1;
		known.key = NULL;
		assert_int_equal(judge_at(&x, &known, NOW_S), 437);
		begin(&x, &stun_ms, methods[i]);
		stun_put(&x.w, STUN_F_USERNAME, username(&x));
		assert_int_equal(judge_at(&x, &known, NOW_S), 401);
	}
}

static void test_messenger(void **state)
{
	struct world x;
	world_init(&x, *state, CREDENTIAL_BINARY);
	/* from the first request on, without realm and nonce */
	begin(&x, &stun_messenger, STUN_ALLOCATE);
	stun_put(&x.w, STUN_F_USERNAME, username(&x));
	sign_alice(&x);
	assert_int_equal(judge(&x), 0);
	assert_bytes(stun_key_bytes(&x.proof.key),
		     slice_of(x.c.password, x.c.password_len));
	assert_int_equal(judge_at(&x, NULL, NOW_S + 3600), 401);
	/* where Messenger is off the same is an MS-TURN request */
	assert_int_equal(stun_parse(&x.m, &stun_ms, stun_end(&x.w)), 0);
	assert_int_equal(
		stun_auth_check(&x.a, &x.m, &x.path, NULL, NOW_S, &x.proof)
			->status,
		434);
	assert_true(msturn_is_messenger(&x.m));
	request(&x, &stun_ms, NOTHING);
	assert_int_equal(judge(&x), 0);
	assert_false(msturn_is_messenger(&x.m));
	x.c.password[0] ^= 1;
	begin(&x, &stun_messenger, STUN_ALLOCATE);
	stun_put(&x.w, STUN_F_USERNAME, username(&x));
	sign_alice(&x);
	assert_int_equal(judge(&x), 431);
	/* a stored key is no password */
	x.a.find_user = find_bob;
	x.a.arg = &x;
	begin(&x, &stun_messenger, STUN_ALLOCATE);
	stun_put(&x.w, STUN_F_USERNAME, SLICE_LIT("bob"));
	sign_alice(&x);
	assert_int_equal(judge(&x), 436);
}

/* RFC 3489 has no long-term credentials at all. */
static void test_classic(void **state)
{
	struct world x;
	world_init(&x, *state, CREDENTIAL_TEXT);
	begin(&x, &stun_classic, STUN_BINDING);
	assert_int_equal(judge(&x), 401);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_proven),
		cmocka_unit_test(test_rfc_missing),
		cmocka_unit_test(test_rfc_wrong),
		cmocka_unit_test(test_no_secrets),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_ms_codes),
		cmocka_unit_test(test_ms_refresh),
		cmocka_unit_test(test_ms_inside),
		cmocka_unit_test(test_messenger),
		cmocka_unit_test(test_classic),
	};
	return cmocka_run_group_tests(tests, hasher_setup, hasher_teardown);
}
