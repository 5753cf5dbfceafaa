/* SPDX-License-Identifier: Apache-2.0 */
/* Users, partners and calls of a message, compared with those asked for. */
#include "edge/trace_filter.h"

#include <errno.h>

#include "access/access.h"

int trace_filter_init(struct trace_filter *f, const struct ipc_trace *m)
{
	int err = 0;
	memset(f, 0, sizeof(*f));
	if (m->user.len)
		err = sip_aor_text(m->user, f->user);
	if (!err && m->partner.len)
		err = sip_domain(m->partner, f->partner);
	if (!err)
		err = slice_cstr(m->call_id, f->call_id, sizeof(f->call_id));
	return err ? -EINVAL : 0;
}

static bool holds(struct slice bytes, struct slice text)
{
	return bytes.len && memmem(bytes.ptr, bytes.len, text.ptr, text.len);
}

/* In any case of letters; name is in lower case. */
static bool holds_name(struct slice bytes, struct slice name)
{
	for (size_t i = 0; i + name.len <= bytes.len; i++) {
		if ((bytes.ptr[i] | 0x20) != (name.ptr[0] | 0x20))
			continue;
		if (slice_ieq(slice_of(bytes.ptr + i, name.len), name))
			return true;
	}
	return false;
}

/* Its user stands there as it is, unless something is escaped. */
static bool may_name_user(const struct trace_filter *f, struct slice bytes)
{
	struct slice user = slice_str(f->user);
	user = slice_head(user, (size_t)slice_chr(user, '@'));
	return holds(bytes, user) || slice_chr(bytes, '%') >= 0;
}

/* An address of IPv6 has several spellings. */
static bool may_name_partner(const struct trace_filter *f, struct slice bytes)
{
	struct slice name = slice_str(f->partner);
	return slice_chr(name, ':') >= 0 || holds_name(bytes, name);
}

static bool is_partner(const struct trace_filter *f,
		       const struct trace_party *party)
{
	struct slice name = slice_str(f->partner);
	return slice_eq(party->partner, name) ||
	       slice_eq(access_key_domain(party->partner), name);
}

bool trace_filter_may(const struct trace_filter *f, struct slice bytes,
		      const struct trace_party *party)
{
	if (*f->call_id && !holds(bytes, slice_str(f->call_id)))
		return false;
	if (f->call[0]) /* there are calls that are followed */
		return true;
	if (*f->user && !slice_eq(party->user, slice_str(f->user)) &&
	    !may_name_user(f, bytes))
		return false;
	return !*f->partner || party->partner.len || may_name_partner(f, bytes);
}

static bool names_user(const struct trace_filter *f, const struct sip_uri *uri)
{
	char aor[SIP_AOR_MAX];
	return !sip_aor(uri, aor) && strcmp(aor, f->user) == 0;
}

static bool asserts_user(const struct trace_filter *f, const struct sip_msg *m)
{
	const struct sip_header *h;
	struct sip_addr addr;
	size_t at = 0;
	while ((h = sip_header_next(m, SIP_H_P_ASSERTED_IDENTITY, &at))) {
		struct slice rest = h->value, value;
		while (sip_list_next(&rest, &value) == 1)
			if (!sip_addr_parse(value, &addr) &&
			    names_user(f, &addr.uri))
				return true;
	}
	return false;
}

static bool of_user(const struct trace_filter *f, const struct sip_msg *m,
		    const struct trace_party *party)
{
	return slice_eq(party->user, slice_str(f->user)) ||
	       names_user(f, &m->from.uri) || names_user(f, &m->to.uri) ||
	       (m->request && names_user(f, &m->uri)) || asserts_user(f, m);
}

static bool names_domain(const struct trace_filter *f,
			 const struct sip_uri *uri)
{
	char domain[SIP_DOMAIN_MAX];
	return !sip_domain(uri->host, domain) &&
	       strcmp(domain, f->partner) == 0;
}

static bool of_partner(const struct trace_filter *f, const struct sip_msg *m,
		       const struct trace_party *party)
{
	return is_partner(f, party) || names_domain(f, &m->from.uri) ||
	       names_domain(f, &m->to.uri) ||
	       (m->request && names_domain(f, &m->uri));
}

/* FNV-1a: who makes two calls look alike shows himself, nobody else. */
static uint64_t digest_of(struct slice call_id)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < call_id.len; i++)
		h = (h ^ call_id.ptr[i]) * UINT64_C(1099511628211);
	return h | 1; /* 0 is an empty place */
}

static bool is_known(const struct trace_filter *f, uint64_t digest)
{
	for (size_t i = 0; i < TRACE_CALLS; i++)
		if (f->call[i] == digest)
			return true;
	return false;
}

bool trace_filter_takes(struct trace_filter *f, const struct sip_msg *m,
			const struct trace_party *party)
{
	if (*f->call_id && !slice_eq(m->call_id, slice_str(f->call_id)))
		return false;
	if (!*f->user && !*f->partner)
		return true;
	uint64_t digest = digest_of(m->call_id);
	if (m->call_id.len && is_known(f, digest))
		return true;
	if ((*f->user && !of_user(f, m, party)) ||
	    (*f->partner && !of_partner(f, m, party)))
		return false;
	f->call[f->next] = digest;
	f->next = (f->next + 1) % TRACE_CALLS;
	return true;
}
