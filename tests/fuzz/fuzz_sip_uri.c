/* SPDX-License-Identifier: Apache-2.0 */
/* URIs, addresses, Via values, lists and canonical forms from the same text:
 * slices stay inside, equality is reflexive, canonical is final. */
#include <stdint.h>
#include <stdlib.h>

#include "sip/sip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void inside(struct slice all, struct slice part)
{
	must(part.len == 0 ||
	     (part.ptr >= all.ptr && part.ptr + part.len <= all.ptr + all.len));
}

static void uri(struct slice text)
{
	char aor[SIP_AOR_MAX], again[SIP_AOR_MAX];
	struct slice params, name, value;
	struct sip_uri u;

	if (sip_uri_parse(text, &u) < 0)
		return;
	inside(text, u.user);
	inside(text, u.password);
	inside(text, u.host);
	inside(text, u.params);
	inside(text, u.headers);
	must(sip_uri_equal(&u, &u));
	params = u.params;
	while (sip_param_next(&params, &name, &value))
		inside(text, value);
	must(params.len == 0);
	if (sip_aor(&u, aor) == 0) {
		must(sip_aor_text(slice_str(aor), again) == 0 ||
		     strpbrk(aor, ":;?"));
	}
}

static void escapes(struct slice text)
{
	struct buf raw, escaped, again;

	buf_init(&raw, 0);
	buf_init(&escaped, 0);
	buf_init(&again, 0);
	if (sip_unescape(text, &raw) == 0) {
		sip_escape_user(&escaped, buf_slice(&raw));
		must(sip_unescape(buf_slice(&escaped), &again) == 0);
		must(slice_eq(buf_slice(&raw), buf_slice(&again)));
	}
	buf_free(&raw);
	buf_free(&escaped);
	buf_free(&again);
}

static void lists(struct slice text)
{
	struct slice list = text, value;
	size_t values = 0;

	while (sip_list_next(&list, &value) == 1) {
		inside(text, value);
		must(value.len > 0 && ++values <= text.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	char domain[SIP_DOMAIN_MAX], again[SIP_DOMAIN_MAX];
	char aor[SIP_AOR_MAX];
	struct sip_addr addr;
	struct sip_via via;
	uint32_t seconds;

	uri(text);
	escapes(text);
	lists(text);
	if (sip_domain(text, domain) == 0) {
		must(sip_domain(slice_str(domain), again) == 0);
		must(strcmp(domain, again) == 0);
	}
	sip_aor_text(text, aor);
	sip_delta_seconds(text, &seconds);
	if (sip_addr_parse(text, &addr) == 0)
		uri(addr.uri.text);
	if (sip_via_parse(text, &via) == 0)
		inside(text, via.branch);
	return 0;
}
