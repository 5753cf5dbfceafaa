/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of header values, a row for each header that is read here or by the
 * proxy. What is not in the table is text that is passed on as it is; of
 * Content-Type only the type, since deployed clients put base64 into its
 * parameters.
 */
#include "sip/check.h"

#include <errno.h>

#include "sip/addr.h"
#include "sip/scan.h"

enum {
	CSEQ_LIMIT = INT32_MAX, /* RFC 3261 8.1.1.5: below 2^31 */
	MAX_FORWARDS_LIMIT = 255,
	QVALUE_DIGITS = 3,
};

struct check {
	struct sip_msg *m;
	struct slice *cseq_method;
	bool star; /* Contact: * */
};

/* One value: of a list the part between commas. */
typedef bool (*check_fn)(struct check *k, struct slice value);

struct rule {
	check_fn fn;
	bool may_be_empty;
	bool tokens; /* a list of nothing but tokens */
};

static bool check_via(struct check *k, struct slice value)
{
	struct sip_via other;

	if (sip_via_parse(value, k->m->via_count ? &other : &k->m->via) < 0)
		return false;
	k->m->via_count++;
	return true;
}

/* At most one tag, a token. */
static bool take_tag(const struct sip_addr_known *known, struct slice *tag)
{
	if (known->tags == 0)
		return true;
	if (!scan_is_token(known->tag))
		return false;
	*tag = known->tag;
	return known->tags == 1;
}

static bool check_from(struct check *k, struct slice value)
{
	struct sip_addr_known known;

	return sip_addr_read(value, &k->m->from, &known) == 0 &&
	       take_tag(&known, &k->m->from_tag);
}

static bool check_to(struct check *k, struct slice value)
{
	struct sip_addr_known known;

	return sip_addr_read(value, &k->m->to, &known) == 0 &&
	       take_tag(&known, &k->m->to_tag);
}

/* callid = word [ "@" word ] */
static bool check_call_id(struct check *k, struct slice value)
{
	struct cur c = scan_over(value);

	scan_some(&c, SCAN_WORD);
	if (scan_byte(&c, '@'))
		scan_some(&c, SCAN_WORD);
	k->m->call_id = value;
	return scan_done(&c);
}

static bool check_cseq(struct check *k, struct slice value)
{
	struct cur c = scan_over(value);
	uint64_t number = 0;

	struct slice digits = scan_some(&c, SCAN_DIGIT);
	if (!scan_blank(&c))
		scan_fail(&c);
	*k->cseq_method = scan_some(&c, SCAN_TOKEN);
	if (!scan_done(&c) || slice_u64(digits, CSEQ_LIMIT, &number) < 0) {
		*k->cseq_method = SLICE_NONE;
		return false;
	}
	k->m->cseq = (uint32_t)number;
	return true;
}

/* Over 255 counts as absent (SIP-06). */
static bool check_max_forwards(struct check *k, struct slice value)
{
	uint64_t number = 0;

	if (!scan_all(value, SCAN_DIGIT))
		return false;
	if (slice_u64(value, MAX_FORWARDS_LIMIT, &number) == 0)
		k->m->max_forwards = (int)number;
	return true;
}

static bool check_length(struct check *k, struct slice value)
{
	(void)k;
	(void)value; /* judged with the body, closing the connection */
	return true;
}

static bool check_addr(struct check *k, struct slice value)
{
	struct sip_addr addr;

	(void)k;
	return sip_addr_parse(value, &addr) == 0;
}

/* Route and its like: brackets are not optional. */
static bool check_route(struct check *k, struct slice value)
{
	struct sip_addr addr;

	(void)k;
	return sip_addr_parse(value, &addr) == 0 && addr.bracketed;
}

/* ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */
static bool is_qvalue(struct slice value)
{
	if (value.len == 0 || value.len > 2 + QVALUE_DIGITS ||
	    (value.ptr[0] != '0' && value.ptr[0] != '1') ||
	    (value.len > 1 && value.ptr[1] != '.'))
		return false;
	for (size_t i = 2; i < value.len; i++)
		if (!scan_is(value.ptr[i], SCAN_DIGIT) ||
		    (value.ptr[0] == '1' && value.ptr[i] != '0'))
			return false;
	return true;
}

static bool check_contact(struct check *k, struct slice value)
{
	struct sip_addr_known known;
	struct sip_addr addr;

	if (slice_eq(value, SLICE_LIT("*"))) {
		k->star = true;
		return true;
	}
	return sip_addr_read(value, &addr, &known) == 0 &&
	       (known.qs == 0 || is_qvalue(known.q));
}

static bool check_token(struct check *k, struct slice value)
{
	(void)k;
	return scan_all(value, SCAN_TOKEN);
}

static bool check_token_params(struct check *k, struct slice value)
{
	struct cur c = scan_over(value);

	(void)k;
	scan_some(&c, SCAN_TOKEN);
	scan_params(&c);
	return scan_done(&c);
}

static bool check_seconds(struct check *k, struct slice value)
{
	(void)k;
	return scan_all(value, SCAN_DIGIT);
}

static bool check_media_type(struct check *k, struct slice value)
{
	struct cur c = scan_over(value);

	(void)k;
	scan_some(&c, SCAN_TOKEN);
	if (!scan_sep(&c, '/'))
		scan_fail(&c);
	scan_some(&c, SCAN_TOKEN);
	return !scan_failed(&c) && (cur_left(&c) == 0 || scan_sep(&c, ';'));
}

/* Only the list must be one: commas, quotes, brackets. */
static bool check_any(struct check *k, struct slice value)
{
	(void)k;
	(void)value;
	return true;
}

static const struct rule rules[SIP_H_UNKNOWN] = {
	[SIP_H_VIA] = { check_via, false, false },
	[SIP_H_FROM] = { check_from, false, false },
	[SIP_H_TO] = { check_to, false, false },
	[SIP_H_CALL_ID] = { check_call_id, false, false },
	[SIP_H_CSEQ] = { check_cseq, false, false },
	[SIP_H_MAX_FORWARDS] = { check_max_forwards, false, false },
	[SIP_H_CONTACT] = { check_contact, false, false },
	[SIP_H_CONTENT_LENGTH] = { check_length, true, false },
	[SIP_H_CONTENT_TYPE] = { check_media_type, false, false },
	[SIP_H_CONTENT_ENCODING] = { check_token, false, true },
	[SIP_H_ROUTE] = { check_route, false, false },
	[SIP_H_RECORD_ROUTE] = { check_route, false, false },
	[SIP_H_PATH] = { check_route, false, false },
	[SIP_H_SERVICE_ROUTE] = { check_route, false, false },
	[SIP_H_REQUIRE] = { check_token, false, true },
	[SIP_H_PROXY_REQUIRE] = { check_token, false, true },
	[SIP_H_SUPPORTED] = { check_token, true, true },
	[SIP_H_UNSUPPORTED] = { check_token, false, true },
	[SIP_H_ALLOW] = { check_token, true, true },
	[SIP_H_ACCEPT] = { check_any, true, false },
	[SIP_H_EXPIRES] = { check_seconds, false, false },
	[SIP_H_MIN_EXPIRES] = { check_seconds, false, false },
	[SIP_H_WARNING] = { check_any, false, false },
	[SIP_H_REASON] = { check_any, false, false },
	[SIP_H_P_ASSERTED_IDENTITY] = { check_addr, false, false },
	[SIP_H_P_PREFERRED_IDENTITY] = { check_addr, false, false },
	[SIP_H_HISTORY_INFO] = { check_any, false, false },
	[SIP_H_EVENT] = { check_token_params, false, false },
	[SIP_H_ALLOW_EVENTS] = { check_token, false, true },
	[SIP_H_SUBSCRIPTION_STATE] = { check_token_params, false, false },
	[SIP_H_REFER_TO] = { check_addr, false, false },
	[SIP_H_REFERRED_BY] = { check_addr, false, false },
};

/* The same judgement as one by one, in one pass. */
static int check_tokens(struct slice list, size_t *values)
{
	struct cur c = scan_over(list);

	do {
		scan_some(&c, SCAN_TOKEN);
		++*values;
	} while (scan_sep(&c, ','));
	return scan_done(&c) ? 0 : -EINVAL;
}

/* One value without a comma needs no looking for its end: what is unbalanced
 * in it, its grammar refuses too. */
static bool is_single(const struct rule *rule, struct slice list)
{
	return rule->fn != check_any && slice_chr(list, ',') < 0;
}

static int check_list(struct check *k, check_fn fn, struct slice list,
		      size_t *values)
{
	struct slice value;
	size_t count = 0;
	int rc;

	while ((rc = sip_list_next(&list, &value)) == 1) {
		if (!fn(k, value))
			return -EINVAL;
		count++;
	}
	if (rc < 0 || (k->star && count > 1))
		return -EINVAL;
	*values += count;
	return 0;
}

int sip_check_header(struct sip_msg *m, const struct sip_header *h,
		     struct slice *cseq_method, size_t *values)
{
	struct check k = { .m = m, .cseq_method = cseq_method };

	if (h->id == SIP_H_UNKNOWN || !rules[h->id].fn)
		return 0;
	const struct rule *rule = &rules[h->id];
	if (h->value.len == 0)
		return rule->may_be_empty ? 0 : -EINVAL;
	if (rule->tokens)
		return check_tokens(h->value, values);
	if ((sip_header_flags(h->id) & SIP_HF_LIST) &&
	    !is_single(rule, h->value))
		return check_list(&k, rule->fn, h->value, values);
	++*values;
	return rule->fn(&k, h->value) ? 0 : -EINVAL;
}
