/* SPDX-License-Identifier: Apache-2.0 */
/* Usernames of the relay as they come off the wire: nobody makes up a binary
 * one, and whatever is read was meant. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "stun/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void username(struct hasher *h, struct slice in)
{
	static const struct credential_secrets s = {
		{ { 2, 5, "north" }, { 1, 5, "south" } }, 2
	};
	uint8_t password[CREDENTIAL_PASSWORD_MAX];
	struct credential_claim claim;
	int err = credential_read(h, &s, in, 1900000000, &claim);
	must(err == 0 || err == -ENOENT || err == -EACCES ||
	     err == -EKEYEXPIRED);
	if (err)
		return;
	must(claim.form == CREDENTIAL_TEXT);
	must(claim.name.len &&
	     claim.name.ptr + claim.name.len == in.ptr + in.len);
	must(claim.expires_s > 1900000000 && claim.candidates == 2);
	must(credential_names(h, in, claim.user));
	for (size_t n = 0; n < 3; n++)
		must(credential_password(h, &s, in, n, password) ==
		     (n < 2 ? CREDENTIAL_PASSWORD_MAX : -EINVAL));
}

/* The same bytes as a nonce: never ours. */
static void nonce(struct hasher *h, struct slice in)
{
	struct stun_auth a = { .hasher = h };
	struct stun_path path = { .transport = 17 };
	path.client.u.sa.sa_family = AF_INET;
	path.server.u.sa.sa_family = AF_INET6;
	must(stun_nonce_check(&a, &path, 1900000000, in) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hasher *h;
	if (!h && hasher_create(&h))
		return 0;
	username(h, slice_of(data, size));
	nonce(h, slice_of(data, size));
	return 0;
}
