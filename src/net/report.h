/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody else will make of a certificate of ours (RFC 5280 6, RFC 5922
 * 7): its names, its uses, and whether a path leads to an authority. */
#pragma once

#include "net/net.h"

struct net_report {
	uint64_t from_s, until_s; /* since 1970 */
	size_t name_count;
	char (*name)[NET_NAME_MAX]; /* that it proves */
	bool server_use, client_use;
	char chain[NET_ERROR_MAX]; /* why no path leads to a trusted one; or ""
				    */
};

/* pem: ours first, then those between; trust: authorities, in PEM. 0, -EINVAL
 * (no certificate in it) or -ENOMEM. */
int net_report_make(struct net_report *out, struct slice pem,
		    struct slice trust);
void net_report_free(struct net_report *r);
bool net_report_proves(const struct net_report *r, struct slice name);
