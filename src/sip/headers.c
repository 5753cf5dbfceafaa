/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of methods, headers and reason phrases, and looking headers up. */
#include "sip/scan.h"
#include "sip/sip.h"

/* A literal as a slice in a constant table. */
#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static const struct slice methods[] = {
#define SIP_METHOD(id, name) [SIP_##id] = TEXT(name),
#include "sip/methods.tbl"
#undef SIP_METHOD
};

static const struct {
	struct slice name;
	char compact;
	uint8_t flags;
} headers[] = {
#define SIP_HEADER(id, name, compact, flags) \
	[SIP_H_##id] = { TEXT(name), compact, flags },
#include "sip/headers.tbl"
#undef SIP_HEADER
};

enum { PLACES = (SIP_H_UNKNOWN + BLOCK - 1) / BLOCK * BLOCK };

/* Of the names, one beside the other: a block of them at a look. */
static const uint8_t lengths[PLACES] = {
#define SIP_HEADER(id, name, compact, flags) [SIP_H_##id] = sizeof(name) - 1,
#include "sip/headers.tbl"
#undef SIP_HEADER
};

/* By letter, one more than the id; those without a letter are put behind. */
static const uint8_t compacts[26 + SIP_H_UNKNOWN] = {
#define SIP_HEADER(id, name, compact, flags) \
	[(compact) ? (compact) - 'a' : 26 + SIP_H_##id] = SIP_H_##id + 1,
#include "sip/headers.tbl"
#undef SIP_HEADER
};

static const struct {
	uint16_t status;
	const char *reason;
} reasons[] = {
	{ 100, "Trying" },
	{ 180, "Ringing" },
	{ 181, "Call Is Being Forwarded" },
	{ 182, "Queued" },
	{ 183, "Session Progress" },
	{ 200, "OK" },
	{ 202, "Accepted" },
	{ 204, "No Notification" },
	{ 300, "Multiple Choices" },
	{ 301, "Moved Permanently" },
	{ 302, "Moved Temporarily" },
	{ 305, "Use Proxy" },
	{ 380, "Alternative Service" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 407, "Proxy Authentication Required" },
	{ 408, "Request Timeout" },
	{ 410, "Gone" },
	{ 412, "Conditional Request Failed" },
	{ 413, "Request Entity Too Large" },
	{ 414, "Request-URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Unsupported URI Scheme" },
	{ 420, "Bad Extension" },
	{ 421, "Extension Required" },
	{ 423, "Interval Too Brief" },
	{ 430, "Flow Failed" },
	{ 436, "Bad Identity Info" },
	{ 437, "Unsupported Credential" },
	{ 438, "Invalid Identity Header" },
	{ 439, "First Hop Lacks Outbound Support" },
	{ 440, "Max-Breadth Exceeded" },
	{ 480, "Temporarily Unavailable" },
	{ 481, "Call/Transaction Does Not Exist" },
	{ 482, "Loop Detected" },
	{ 483, "Too Many Hops" },
	{ 484, "Address Incomplete" },
	{ 485, "Ambiguous" },
	{ 486, "Busy Here" },
	{ 487, "Request Terminated" },
	{ 488, "Not Acceptable Here" },
	{ 489, "Bad Event" },
	{ 491, "Request Pending" },
	{ 493, "Undecipherable" },
	{ 500, "Server Internal Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Server Time-out" },
	{ 505, "Version Not Supported" },
	{ 513, "Message Too Large" },
	{ 600, "Busy Everywhere" },
	{ 603, "Decline" },
	{ 604, "Does Not Exist Anywhere" },
	{ 606, "Not Acceptable" },
};

/* For codes that are not in the table: by class (RFC 3261 8.1.3.2). */
static const char *const class_reasons[] = {
	"Unknown",        "In Progress",  "Success",        "Redirected",
	"Client Failure", "Server Error", "Global Failure",
};

enum {
	METHODS = sizeof(methods) / sizeof(*methods),
	HEADERS = sizeof(headers) / sizeof(*headers),
	REASONS = sizeof(reasons) / sizeof(*reasons),
	CLASSES = sizeof(class_reasons) / sizeof(*class_reasons),
};

_Static_assert(SIP_H_UNKNOWN < 64, "sip_header_bit() has room for each");

/* Defaults of threats section 0. */
const struct sip_limits sip_limits_default = {
	.header_line = 8 * 1024,
	.header_block = 64 * 1024,
	.header_count = 128,
	.via = 72,
	.route = 40,
	.contact = 20,
	.uri = 2 * 1024,
	.body = 256 * 1024,
};

enum sip_method sip_method_of(struct slice text)
{
	for (int i = 0; i < METHODS; i++)
		if (methods[i].len == text.len &&
		    methods[i].ptr[0] == text.ptr[0] &&
		    slice_eq(methods[i], text))
			return (enum sip_method)i;
	return SIP_METHOD_UNKNOWN;
}

const char *sip_method_name(enum sip_method m)
{
	return (int)m >= 0 && (int)m < METHODS ? (const char *)methods[m].ptr
					       : "";
}

static enum sip_header_id compact_id(uint8_t letter)
{
	unsigned at = (letter | 0x20U) - 'a';

	return at < 26 && compacts[at] ? (enum sip_header_id)(compacts[at] - 1)
				       : SIP_H_UNKNOWN;
}

enum sip_header_id sip_header_id_of(struct slice name)
{
	if (name.len == 1)
		return compact_id(name.ptr[0]);
	if (name.len == 0 || name.len > UINT8_MAX)
		return SIP_H_UNKNOWN;
	for (unsigned at = 0; at < PLACES; at += BLOCK) {
		unsigned same = block_eq(lengths + at, (uint8_t)name.len);
		for (; same; same &= same - 1) {
			unsigned id = at + block_first(same);
			if (scan_ieq(headers[id].name, name))
				return (enum sip_header_id)id;
		}
	}
	return SIP_H_UNKNOWN;
}

struct slice sip_header_name(enum sip_header_id id)
{
	return (int)id >= 0 && (int)id < HEADERS ? headers[id].name
						 : SLICE_NONE;
}

unsigned sip_header_flags(enum sip_header_id id)
{
	return (int)id >= 0 && (int)id < HEADERS ? headers[id].flags
						 : SIP_HF_NONE;
}

const char *sip_status_reason(unsigned status)
{
	for (int i = 0; i < REASONS; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return class_reasons[status / 100 < CLASSES ? status / 100 : 0];
}

const struct sip_header *sip_header_next(const struct sip_msg *m,
					 enum sip_header_id id, size_t *index)
{
	bool present = m->present & sip_header_bit(id);

	for (size_t i = *index; present && i < m->header_count; i++) {
		if (m->headers[i].id != id)
			continue;
		*index = i + 1;
		return &m->headers[i];
	}
	*index = m->header_count;
	return NULL;
}

const struct sip_header *sip_header(const struct sip_msg *m,
				    enum sip_header_id id)
{
	size_t index = 0;

	return sip_header_next(m, id, &index);
}

const struct sip_header *sip_header_named(const struct sip_msg *m,
					  const char *name)
{
	struct slice want = slice_str(name);

	for (size_t i = 0; i < m->header_count; i++)
		if (slice_ieq(m->headers[i].name, want))
			return &m->headers[i];
	return NULL;
}
