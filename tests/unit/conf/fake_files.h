/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that keys name, in memory, and the loading of one text with them.
 * Shared by the tests of src/conf.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

struct fake_file {
	const char *path;
	const char *content;
	unsigned mode;
};

#define FAKE_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

static const struct fake_file FAKE_FILES[] = {
	{ "/t/edge.pem", "the certificate", 0644 },
	{ "/t/edge.key", "MARKER-private-key", 0640 },
	{ "/t/own.key", "MARKER-private-key", 0600 },
	{ "/t/trust.pem", "the authorities", 0444 },
	{ "/t/revoked.pem", "the lists", 0444 },
	{ "/t/two.pem", "the second certificate", 0644 },
	{ "/t/root.key", "the anchor", 0644 },
	{ "/t/inside.pem", "the inner certificate", 0644 },
	{ "/t/inside.key", "MARKER-inner-key", 0640 },
	{ "/t/inside-ca.pem", "the inner ones", 0644 },
	{ "/t/open.key", "MARKER-private-key", 0644 },
	{ "/t/writable.key", "MARKER-private-key", 0602 },
	{ "/t/writable.pem", "the certificate", 0666 },
	{ "/t/empty.pem", "", 0644 },
	{ FAKE_BUNDLE, "the bundle", 0644 },
};

static inline int fake_memory(const struct fake_file *f, int *fd)
{
	size_t len = strlen(f->content);
	int n = memfd_create("fake", MFD_CLOEXEC);
	if (n < 0)
		return -errno;
	if (write(n, f->content, len) != (ssize_t)len ||
	    fchmod(n, f->mode) != 0 || lseek(n, 0, SEEK_SET) != 0) {
		close(n);
		return -EIO;
	}
	*fd = n;
	return 0;
}

/* arg: how often it was called, or NULL. */
static inline int fake_open(void *arg, const char *path, int *fd)
{
	unsigned *calls = arg;
	if (calls)
		(*calls)++;
	if (strcmp(path, "/t/locked.pem") == 0)
		return -EACCES;
	if (strcmp(path, "/t/folder") == 0)
		return conf_open_direct(NULL, "/", fd);
	if (strcmp(path, "/t/device") == 0)
		return conf_open_direct(NULL, "/dev/zero", fd);
	for (size_t i = 0; i < sizeof(FAKE_FILES) / sizeof(*FAKE_FILES); i++) {
		if (strcmp(FAKE_FILES[i].path, path) == 0)
			return fake_memory(&FAKE_FILES[i], fd);
	}
	return -ENOENT;
}

static inline int fake_load(struct arena *a, const char *text,
			    const struct conf **out, char *error,
			    struct buf *warnings)
{
	struct conf_load load = {
		.path = "t.yaml",
		.text = slice_str(text),
		.open = fake_open,
		.cpus = 3,
	};
	return conf_load(a, &load, out, error, warnings);
}

#define FAKE_MINIMAL                                \
	"edge: {name: edge.contoso.test, domains: " \
	"[contoso.test]}\n"                         \
	"tls: {certificate: /t/edge.pem, key: "     \
	"/t/edge.key}\n"

/* Every key, none at its default. */
#define FAKE_EVERY                                                         \
	"edge:\n"                                                          \
	"  name: Edge.Contoso.Test.\n"                                     \
	"  domains: [CONTOSO.test, it.contoso.test.]\n"                    \
	"state: /srv/sallyport\n"                                          \
	"control: /srv/control\n"                                          \
	"tls:\n"                                                           \
	"  certificate: /t/edge.pem\n"                                     \
	"  key: /t/own.key\n"                                              \
	"  trust: /t/trust.pem\n"                                          \
	"  crl: /t/revoked.pem\n"                                          \
	"  accept_server_usage: false\n"                                   \
	"  certificates:\n"                                                \
	"    - {certificate: /t/edge.pem, key: /t/edge.key}\n"             \
	"    - {certificate: /t/two.pem, key: /t/own.key}\n"               \
	"inside: {home: none, next_hop: [Pool.contoso.internal.:5071,"     \
	" \"10.0.0.5:5060\"], listen: [\"10.0.0.1:5061\"],"                \
	" name: Edge.contoso.internal, peers: [POOL.contoso.internal],"    \
	" trusted_link: [10.0.0.0/29, \"2001:db8:5::/64\"], health_s: 3,"  \
	" certificate: /t/inside.pem, key: /t/inside.key,"                 \
	" trust: /t/inside-ca.pem}\n"                                      \
	"access:\n"                                                        \
	"  federation:\n"                                                  \
	"    listen: [\"192.0.2.1:5071\", \"[2001:db8::1]:5071\"]\n"       \
	"    discovery: on\n"                                              \
	"    discovered_verification: contacts\n"                          \
	"    discovered_rate: 7\n"                                         \
	"    discovered_addresses: 0\n"                                    \
	"    allow_addresses: [10.8.0.0/16]\n"                             \
	"  clients: {listen: [\"127.0.0.1:8443\"], origins: "              \
	"[chat.contoso.test], load_balancers: [192.0.2.16/30]}\n"          \
	"partners:\n"                                                      \
	"  - { domain: Fabrikam.test, edge: sip.fabrikam.test. }\n"        \
	"  - domain: litware.test\n"                                       \
	"    edge: sip.litware.test\n"                                     \
	"    address: \"192.0.2.7:5061\"\n"                                \
	"  - domain: wingtip.test\n"                                       \
	"    allow_addresses: [10.0.0.0/8, \"fd00::/8\"]\n"                \
	"    connections: 2\n"                                             \
	"workers: 7\n"                                                     \
	"user: sallyport\n"                                                \
	"dns:\n"                                                           \
	"  servers: [192.0.2.53, \"192.0.2.54:5353\", \"2001:db8::53\"]\n" \
	"  trust_anchor: /t/root.key\n"                                    \
	"log: {level: debug, format: json}\n"                              \
	"limits:\n"                                                        \
	"  unauthenticated_per_source: 1\n"                                \
	"  new_per_source: 100000\n"                                       \
	"  transactions: 100\n"                                            \
	"  drain_s: 0\n"                                                   \
	"  request_timeout_s: 32\n"                                        \
	"web: {client: off}\n"                                             \
	"admin: {trace_bodies: on}\n"                                      \
	"home:\n"                                                          \
	"  expires_min_s: 5\n"                                             \
	"  expires_default_s: 6\n"                                         \
	"  expires_max_s: 7\n"                                             \
	"  contacts_per_user: 8\n"                                         \
	"  digest_md5: false\n"                                            \
	"  stored_days: 9\n"                                               \
	"  stored_per_user: 10\n"                                          \
	"  stored_mib_per_user: 11\n"                                      \
	"  stored_per_sender: 12\n"                                        \
	"  stored_mib_per_sender: 13\n"                                    \
	"  stored_mib: 14\n"                                               \
	"  presence_outside: ask\n"                                        \
	"  presence_min_s: 15\n"                                           \
	"  presence_max_s: 60\n"                                           \
	"  subscriptions_per_user: 17\n"                                   \
	"  watchers_per_user: 18\n"                                        \
	"  publications_per_user: 19\n"                                    \
	"  publish_per_second: 20\n"                                       \
	"  notify_interval_ms: 210\n"                                      \
	"  list_addresses: 22\n"
