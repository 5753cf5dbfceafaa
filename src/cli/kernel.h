/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel of this machine says: who listens where, and which rules of
 * `sallyport firewall` it has loaded. */
#pragma once

#include <jansson.h>

#include "base/addr.h"

struct kernel_socket {
	bool udp;
	struct addr at;
	uint64_t inode;
};

struct kernel_sockets {
	struct kernel_socket *row;
	size_t count, room;
};

/* TCP sockets that listen and UDP sockets without a peer, of a table in the
 * form of /proc/net/tcp or udp. 0 or -E... . */
int kernel_sockets_read(struct kernel_sockets *out, const char *path, bool udp);
/* Of this network namespace, both families and transports. */
int kernel_sockets_all(struct kernel_sockets *out);
void kernel_sockets_free(struct kernel_sockets *s);
/* The inodes of a process's sockets are appended to *inodes (a JSON array of
 * integers). -EACCES: they are not for us to see. */
int kernel_inodes_of(json_t *inodes, int64_t pid);

/* {"fed-in": packets...}: rows that have a loaded rule, summed. Takes the
 * output of `nft -j list ruleset` (NULL: none), and of iptables-save -c. */
json_t *kernel_rules_parse(const char *nft, const char *iptables);
/* The same of this kernel; asks nft, iptables-save and ip6tables-save. */
json_t *kernel_rules(void);
