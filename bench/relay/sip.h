/* SPDX-License-Identifier: Apache-2.0 */
/* As much SIP as a load generator needs, by searching text; apart from the
 * product's codec on purpose. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the first whole message in text, 0: none yet. */
size_t sip_whole(const char *text, size_t len);
/* The value of the first line of that name up to its end; NULL: none. */
const char *sip_value(const char *text, size_t len, const char *name,
		      size_t *value_len);
/* Writes the 200 to a request; how long it is. */
size_t sip_ok(char *out, size_t size, const char *request, size_t len);
/* The Authorization of a REGISTER that was challenged (RFC 7616, SHA-256);
 * false: no such challenge. */
struct sip_login {
	const char *user, *password, *uri;
	unsigned nc; /* how often this challenge was used before */
};
bool sip_authorize(char *out, size_t size, const char *response, size_t len,
		   const struct sip_login *login);
