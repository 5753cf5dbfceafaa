/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port table: one row for each flow that a firewall has to let through,
 * computed from the configuration, never from defaults. Pure: a struct
 * ports_conf in, rows and texts out. The same rows become the table that
 * people read, the drawing, and the firewall's rules (firewall.h); a row's id
 * names it everywhere.
 *
 * A port is the destination's. Return traffic is implied: an outward row opens
 * new flows from us only.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "ports/ports_conf.h"

enum ports_end {
	PORTS_END_ANY,
	PORTS_END_ACCESS, /* our Access Edge */
	PORTS_END_AV,     /* our relay */
	PORTS_END_INT,    /* our inner interface */
	PORTS_END_PARTNERS,
	PORTS_END_CLIENTS,
	PORTS_END_INSIDE, /* the next hops */
	PORTS_END_DNS,
	PORTS_END_SELF, /* this machine: no firewall is between */
	PORTS_END_COUNT
};

enum ports_transport { PORTS_TCP, PORTS_UDP };

struct ports_words {
	const char *en, *zh;
};

struct ports_range {
	uint16_t first, last; /* both included; 0 and 0: any */
};

struct ports_row {
	char id[24];      /* "fed-in"; a second one of its kind is "fed-in-2" */
	const char *role; /* "Access", "A/V", "Inside" */
	const char *protocol; /* "SIP(MTLS)" */
	enum ports_transport transport;
	struct ports_range port;
	struct ports_range source_port; /* of what we send from our range */
	enum ports_end source, destination;
	bool inward;        /* somebody connects to us */
	bool internal;      /* on the inner interface */
	struct addr ours;   /* our address in it; family 0: any of ours */
	struct addr theirs; /* the only other end; family 0: many or unknown */
	const struct ports_words *note;
};

struct ports_table {
	const struct ports_row *row;
	size_t count;
	unsigned av_partners;
	struct addr public_address;
};

/* Rows live in the arena; conf is not needed afterwards. 0 or -ENOMEM. */
int ports_compute(struct arena *a, const struct ports_conf *conf,
		  struct ports_table *out);

enum ports_form {
	PORTS_TEXT,
	PORTS_MARKDOWN,
	PORTS_CSV,
	PORTS_JSON,
	PORTS_SVG
};
enum ports_lang { PORTS_EN, PORTS_ZH };

/* "table", "markdown", "csv", "json", "svg"; -EINVAL. */
int ports_form_parse(struct slice text, enum ports_form *out);
/* "en", "zh", or a locale such as zh_CN.UTF-8; what is unknown is English. */
enum ports_lang ports_lang_of(struct slice text);
/* "public-im" (and "messenger"), "lync", "ocs2007r2", "ocs2007", "rfc8656";
 * -EINVAL. */
int ports_partner_parse(struct slice text, unsigned *out);

/* Appends the table; errors stick to out. */
void ports_print(struct buf *out, const struct ports_table *t,
		 enum ports_form form, enum ports_lang lang);
/* The rows of the original's table for public instant messaging, with its
 * labels, order and endpoints, and the numbers of this table. Text forms and
 * JSON only; SVG prints as text. */
void ports_print_published(struct buf *out, const struct ports_table *t,
			   enum ports_form form, enum ports_lang lang);
/* A listening socket, and the key of the configuration that made it. */
struct ports_socket {
	enum ports_transport transport;
	struct addr at;
	const char *key;
};
enum { PORTS_ERROR_MAX = 256 };
/* Is each socket in exactly one inward row, and has each inward row its socket
 * (ranges have theirs when they are asked for)? 0; -EINVAL and a sentence that
 * names row and key. */
int ports_covered(const struct ports_table *t, const struct ports_socket *s,
		  size_t count, char error[static PORTS_ERROR_MAX]);
/* What people should know before they open these ports: a line each. */
void ports_warnings(struct buf *out, const struct ports_table *t,
		    enum ports_lang lang);
