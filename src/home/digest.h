/* SPDX-License-Identifier: Apache-2.0 */
/* What digests of SIP and of HTTP have in common; private to home/. */
#pragma once

#include "home/home_int.h"
#include "home/store_link.h"

/* Nonce count of 8 digits, not 0. 0 or -EINVAL. */
int digest_nc(struct slice nc, uint32_t *out);
/* "name@realm", canonical. 0, -EINVAL (a name that nobody can have) or
 * -ENOMEM. */
int digest_account(const struct sip_credentials *c, struct slice realm,
		   char out[static SIP_AOR_MAX]);
/* Did the user sign it? u NULL: nobody, which takes as long (SIP-21). */
bool digest_right(const struct home *h, const struct sip_credentials *c,
		  struct slice method, const struct user *u);
/* One more wrong password from there (SIP-22). */
void digest_failed(struct home *h, uint64_t source, struct slice source_text);
