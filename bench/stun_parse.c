/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a packet's protocol costs: nanoseconds to read and to write a Binding,
 * an authenticated Allocate (both integrities, MS-TURN), a Data indication, a
 * ChannelData, and to judge a whole credential.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/clock.h"
#include "stun/auth.h"
#include "stun/channel.h"
#include "stun/demux.h"
#include "stun/key.h"
#include "stun/write.h"

enum { ROUNDS = 200000, SIZE = 2048 };

struct bench {
	struct hasher *h;
	struct stun_auth auth;
	struct stun_path path;
	struct credential_secrets secrets;
	struct credential credential;
	struct stun_key key;
	struct addr peer;
	uint8_t in[SIZE];
	struct slice raw; /* what is read */
	uint8_t out[SIZE];
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static const uint8_t id[STUN_ID_BYTES] = { 0x21, 0x12, 0xA4, 0x42, 1, 2, 3 };

static void request(struct bench *b, const struct stun_dialect *d, bool sha256)
{
	char nonce[STUN_NONCE_BYTES];
	struct stun_writer w;
	stun_writer_init(&w, b->h, b->in, sizeof(b->in));
	stun_begin(&w, d, STUN_ALLOCATE, STUN_REQUEST, id);
	stun_put_u8(&w, STUN_F_TRANSPORT, 17);
	stun_put(&w, STUN_F_USERNAME,
		 slice_of(b->credential.username, b->credential.username_len));
	stun_put(&w, STUN_F_REALM, b->auth.realm);
	must(!stun_nonce_make(&b->auth, &b->path, 1900000000, nonce));
	stun_put(&w, STUN_F_NONCE, slice_of(nonce, sizeof(nonce)));
	stun_put_integrity(&w, stun_key_bytes(&b->key), sha256);
	b->raw = stun_end(&w);
	must(b->raw.len);
}

static void credential(struct bench *b, const struct stun_dialect *d,
		       enum credential_form form)
{
	const struct credential_wish wish = {
		.form = form,
		.user = SLICE_LIT("alice@contoso.test"),
		.now_s = 1900000000,
		.ttl_s = 3600,
	};
	must(!credential_mint(b->h, &b->secrets, &wish, &b->credential));
	const struct stun_secret secret = {
		slice_of(b->credential.username, b->credential.username_len),
		b->auth.realm,
		slice_of(b->credential.password, b->credential.password_len),
	};
	must(!stun_key_make(b->h, d, STUN_MD5, &secret, &b->key));
}

static void read_plain(struct bench *b, const struct stun_dialect *d)
{
	struct stun_msg m;
	must(demux_datagram(b->raw, DEMUX_NOBODY) != DATAGRAM_DROP);
	must(!stun_parse(&m, d, b->raw));
}

static void read_checked(struct bench *b, const struct stun_dialect *d)
{
	struct stun_msg m;
	must(!stun_parse(&m, d, b->raw));
	must(!stun_integrity_check(b->h, &m, stun_key_bytes(&b->key)));
}

static void judge(struct bench *b, const struct stun_dialect *d)
{
	struct stun_msg m;
	struct stun_proof proof;
	must(!stun_parse(&m, d, b->raw));
	must(!stun_auth_check(&b->auth, &m, &b->path, NULL, 1900000000,
			      &proof));
}

static void write_binding(struct bench *b, const struct stun_dialect *d)
{
	struct stun_writer w;
	stun_writer_init(&w, b->h, b->out, sizeof(b->out));
	stun_begin(&w, d, STUN_BINDING, STUN_SUCCESS, id);
	stun_put_addr(&w, STUN_F_REFLEXIVE, &b->peer);
	must(stun_end(&w).len);
}

static void write_success(struct bench *b, const struct stun_dialect *d)
{
	struct stun_writer w;
	stun_writer_init(&w, b->h, b->out, sizeof(b->out));
	stun_begin(&w, d, STUN_ALLOCATE, STUN_SUCCESS, id);
	stun_put_addr(&w, STUN_F_RELAYED, &b->peer);
	stun_put_addr(&w, STUN_F_REFLEXIVE, &b->peer);
	stun_put_u32(&w, STUN_F_LIFETIME, 600);
	stun_put_integrity(&w, stun_key_bytes(&b->key), false);
	must(stun_end(&w).len);
}

static void write_challenge(struct bench *b, const struct stun_dialect *d)
{
	struct stun_writer w;
	stun_writer_init(&w, b->h, b->out, sizeof(b->out));
	stun_begin(&w, d, STUN_ALLOCATE, STUN_ERROR, id);
	stun_put_error(&w, 401, SLICE_NONE);
	stun_auth_put_challenge(&b->auth, &w, &b->path, 1900000000);
	must(stun_end(&w).len);
}

static void write_data(struct bench *b, const struct stun_dialect *d)
{
	struct stun_writer w;
	stun_writer_init(&w, b->h, b->out, sizeof(b->out));
	stun_begin(&w, d, STUN_DATA, STUN_INDICATION, id);
	stun_put_addr(&w, STUN_F_PEER, &b->peer);
	must(stun_put_room(&w, STUN_F_DATA, 1200) != NULL);
	must(stun_end(&w).len);
}

static void channel(struct bench *b, const struct stun_dialect *d)
{
	uint16_t number;
	struct slice data;
	(void)d;
	stun_channel_head(b->out, 0x4001, 1200);
	must(demux_datagram(slice_of(b->out, 1204), DEMUX_RFC) ==
	     DATAGRAM_CHANNEL);
	must(!stun_channel_parse(slice_of(b->out, 1204), &number, &data));
}

typedef void run_fn(struct bench *b, const struct stun_dialect *d);

static void run(struct bench *b, const char *what, run_fn *fn,
		const struct stun_dialect *d)
{
	uint64_t best = UINT64_MAX;
	for (int round = 0; round < 5; round++) {
		uint64_t begin = clock_ns();
		for (int i = 0; i < ROUNDS; i++)
			fn(b, d);
		uint64_t took = clock_ns() - begin;
		best = took < best ? took : best;
	}
	printf(" %s %.0f", what, (double)best / ROUNDS);
}

static void setup(struct bench *b)
{
	must(!hasher_create(&b->h));
	must(!credential_secret_make(&b->secrets.secret[0], 1));
	b->secrets.count = 1;
	b->auth.hasher = b->h;
	b->auth.realm = SLICE_LIT("edge.contoso.test");
	b->auth.secrets = &b->secrets;
	b->auth.features = STUN_FEATURE_ALGORITHMS;
	b->path.transport = 17;
	must(!addr_parse(SLICE_LIT("192.0.2.1:4000"), false, &b->peer));
	b->path.client = b->path.server = b->peer;
}

static void binding(struct bench *b)
{
	struct stun_writer w;
	stun_writer_init(&w, b->h, b->in, sizeof(b->in));
	stun_begin(&w, &stun_rfc, STUN_BINDING, STUN_REQUEST, id);
	stun_put_fingerprint(&w);
	b->raw = stun_end(&w);
}

int main(void)
{
	static struct bench b;
	setup(&b);
	printf("stun_parse ns:");
	binding(&b);
	run(&b, "binding-read", read_plain, &stun_rfc);
	run(&b, "binding-write", write_binding, &stun_rfc);
	credential(&b, &stun_rfc, CREDENTIAL_TEXT);
	request(&b, &stun_rfc, false);
	run(&b, "allocate-read", read_plain, &stun_rfc);
	run(&b, "allocate-checked", read_checked, &stun_rfc);
	run(&b, "allocate-judged", judge, &stun_rfc);
	run(&b, "allocate-challenge", write_challenge, &stun_rfc);
	run(&b, "allocate-answer", write_success, &stun_rfc);
	request(&b, &stun_rfc, true);
	run(&b, "sha256-checked", read_checked, &stun_rfc);
	credential(&b, &stun_ms, CREDENTIAL_BINARY);
	request(&b, &stun_ms, false);
	run(&b, "ms-read", read_plain, &stun_ms);
	run(&b, "ms-checked", read_checked, &stun_ms);
	run(&b, "ms-judged", judge, &stun_ms);
	run(&b, "data-write", write_data, &stun_rfc);
	run(&b, "channel", channel, &stun_rfc);
	printf("\n");
	hasher_free(b.h);
	return 0;
}
