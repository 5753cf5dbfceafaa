/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone that is really signed, by Knot DNS on a loopback address: with the
 * zone's key as trust anchor answers are secure, with another they are bogus,
 * without any they are merely answers (DNS-02). Skipped without knotd and kdig.
 */
#include "dns/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

enum { GUARD_MS = 20000, PATH_SIZE = 96, ANCHOR_SIZE = 512 };

static const char knotd[] = "/usr/sbin/knotd";
static const char kdig[] = "/usr/bin/kdig";

static const char settings[] = "server:\n"
			       "    rundir: %s\n"
			       "    listen: 127.0.0.1@%u\n"
			       "    user: %s\n"
			       "database:\n"
			       "    storage: %s\n"
			       "    journal-db: journal\n"
			       "    kasp-db: keys\n"
			       "    timer-db: timers\n"
			       "policy:\n"
			       "  - id: p\n"
			       "    algorithm: ECDSAP256SHA256\n"
			       "    single-type-signing: on\n"
			       "zone:\n"
			       "  - domain: test\n"
			       "    storage: %s\n"
			       "    file: zone\n"
			       "    zonefile-sync: -1\n"
			       "    dnssec-signing: on\n"
			       "    dnssec-policy: p\n";

static const char zone[] =
	"$ORIGIN test.\n"
	"$TTL 300\n"
	"@ SOA ns.test. admin.test. 1 3600 600 86400 60\n"
	"@ NS ns.test.\n"
	"ns A 127.0.0.1\n"
	"_sipfederationtls._tcp.contoso SRV 10 0 5061 sip.contoso\n"
	"_sipfederationtls._tcp.contoso SRV 20 0 5061 sip2.contoso\n"
	"sip.contoso A 192.0.2.1\n"
	"sip.contoso AAAA 2001:db8::1\n"
	"sip2.contoso A 192.0.2.2\n"
	"fabrikam NAPTR 1 1 \"s\" \"SIPS+D2T\" \"\" _sips._tcp.fabrikam\n"
	"_sips._tcp.fabrikam SRV 0 0 5071 sip.fabrikam\n"
	"sip.fabrikam CNAME sip.contoso\n"
	"_5061._tcp.sip.contoso TLSA 3 1 1 "
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
	"_5061._tcp.sip.contoso TLSA 2 0 0 abcdef\n"
	"_5061._tcp.sip.contoso TLSA 9 9 9 00\n"
	"_sipfederationtls._tcp.closed SRV 0 0 0 .\n";

struct rig {
	pid_t pid; /* knotd's */
	uint16_t port;
	char dir[PATH_SIZE];
	char anchor[ANCHOR_SIZE]; /* of the zone; empty: no server */

	struct loop *loop;
	struct dns *dns;
	int error;
	bool secure;
	enum dns_source source;
	size_t count;
	struct dns_target first;
	struct dns_digests digests;
};

/* -- the server -- */

static void write_file(const char *dir, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void write_file(const char *dir, const char *name, const char *fmt, ...)
{
	char path[PATH_SIZE + 16];
	va_list args;

	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_in_range(n, 1, sizeof(path) - 1);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	va_start(args, fmt);
	vfprintf(f, fmt, args);
	va_end(args);
	assert_int_equal(fclose(f), 0);
}

/* One that UDP and TCP are both free at. */
static uint16_t free_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(tcp, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(tcp, (struct sockaddr *)&sin, &len), 0);
	assert_int_equal(bind(udp, (struct sockaddr *)&sin, len), 0);
	close(tcp);
	close(udp);
	return ntohs(sin.sin_port);
}

static pid_t start(const struct rig *g, const char *notify)
{
	char conf[PATH_SIZE + 16];
	char out[PATH_SIZE + 16];

	snprintf(conf, sizeof(conf), "%s/conf", g->dir);
	snprintf(out, sizeof(out), "%s/out", g->dir);
	pid_t pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("NOTIFY_SOCKET", notify, 1);
	if (freopen(out, "w", stdout) && freopen(out, "a", stderr))
		execl(knotd, "knotd", "-c", conf, (char *)NULL);
	_exit(127);
}

/* It says so itself, as to a service manager. */
static void await_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char text[512];

	for (;;) {
		if (poll(&p, 1, GUARD_MS) != 1)
			fail_msg("knotd does not start");
		ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
		assert_true(n >= 0);
		text[n] = '\0';
		if (strstr(text, "READY=1"))
			return;
	}
}

static void start_ready(struct rig *g)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.90s/notify", g->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	g->pid = start(g, sun.sun_path);
	assert_true(g->pid > 0);
	await_ready(fd);
	close(fd);
}

static void read_anchor(struct rig *g)
{
	char command[128];
	char key[ANCHOR_SIZE - 64];

	snprintf(command, sizeof(command),
		 "%s @127.0.0.1 -p %u +short test DNSKEY", kdig,
		 (unsigned)g->port);
	FILE *f = popen(command, "re");
	assert_non_null(f);
	while (fgets(key, sizeof(key), f))
		if (!strncmp(key, "257 ", 4))
			snprintf(g->anchor, sizeof(g->anchor),
				 "test. 60 IN DNSKEY %s", key);
	assert_int_equal(pclose(f), 0);
	assert_string_not_equal(g->anchor, "");
}

static int start_server(void **state)
{
	static struct rig rig;
	struct rig *g = &rig;
	const struct passwd *user = getpwuid(geteuid());

	*state = g;
	log_set_level(LOG_ERROR);
	if (access(knotd, X_OK) || access(kdig, X_OK) || !user) {
		print_message("knotd or kdig is missing: tests are skipped\n");
		return 0;
	}
	snprintf(g->dir, sizeof(g->dir), "%s/dns-signed-XXXXXX", P_tmpdir);
	assert_non_null(mkdtemp(g->dir));
	g->port = free_port();
	write_file(g->dir, "conf", settings, g->dir, (unsigned)g->port,
		   user->pw_name, g->dir, g->dir);
	write_file(g->dir, "zone", "%s", zone);
	start_ready(g);
	read_anchor(g);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static int stop_server(void **state)
{
	struct rig *g = *state;

	if (g->pid > 0) {
		kill(g->pid, SIGKILL); /* its files go with it */
		waitpid(g->pid, NULL, 0);
	}
	if (g->dir[0])
		nftw(g->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	log_set_level(LOG_INFO);
	return 0;
}

/* -- asking -- */

static void setup(struct rig *g, const char *anchor)
{
	char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%u", (unsigned)g->port);
	struct slice server = slice_str(text);
	const struct dns_conf conf = { .servers = &server,
				       .server_count = 1,
				       .trust_anchor = slice_str(anchor) };
	assert_int_equal(loop_create(&g->loop), 0);
	assert_int_equal(dns_create(&g->dns, g->loop, &conf), 0);
}

static void teardown(struct rig *g)
{
	dns_free(g->dns);
	loop_free(g->loop);
}

static void on_targets(void *arg, const struct dns_target_list *list)
{
	struct rig *g = arg;

	g->error = list->error;
	g->secure = list->secure;
	g->source = list->source;
	g->count = list->count;
	if (list->count)
		g->first = list->target[0];
	loop_stop(g->loop);
}

static void on_guard(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	fail_msg("no answer at all");
}

static int get(struct rig *g, const char *domain)
{
	const struct dns_question q = { .name = slice_str(domain),
					.also_tries = DNS_TRY_NAPTR };
	struct timer guard;

	timer_init(&guard, loop_timers(g->loop), on_guard, NULL);
	timer_start(&guard, GUARD_MS);
	assert_int_equal(dns_targets(g->dns, &q, on_targets, g), 0);
	loop_run(g->loop);
	timer_stop(&guard);
	return g->error;
}

static void on_tlsa(void *arg, const struct dns_digests *found)
{
	struct rig *g = arg;

	g->digests = *found;
	loop_stop(g->loop);
}

static int get_tlsa(struct rig *g, const char *host)
{
	struct timer guard;

	timer_init(&guard, loop_timers(g->loop), on_guard, NULL);
	timer_start(&guard, GUARD_MS);
	assert_int_equal(dns_tlsa(g->dns, slice_str(host), 5061, on_tlsa, g),
			 0);
	loop_run(g->loop);
	timer_stop(&guard);
	return g->digests.error;
}

static void skip_without(const struct rig *g)
{
	if (!g->anchor[0])
		skip();
}

static void test_secure(void **state)
{
	struct rig *g = *state;

	skip_without(g);
	setup(g, g->anchor);
	assert_int_equal(get(g, "contoso.test"), 0);
	assert_true(g->secure);
	assert_int_equal(g->count, 2);
	assert_string_equal(g->first.name, "sip.contoso.test");
	assert_true(g->first.secure);
	assert_int_equal(g->first.count, 2);
	assert_int_equal(g->first.addr[0].u.sa.sa_family, AF_INET6);
	/* a denial, NAPTR, its SRV, an alias: a chain of five answers */
	assert_int_equal(get(g, "fabrikam.test"), 0);
	assert_int_equal(g->source, DNS_FROM_NAPTR);
	assert_true(g->secure);
	assert_int_equal(g->first.port, 5071);
	assert_int_equal(get(g, "closed.test"), -ENODATA);
	assert_true(g->secure);
	assert_int_equal(get(g, "nobody.test"), -ENOENT);
	assert_true(g->secure);
	teardown(g);
}

static void test_bogus(void **state)
{
	struct rig *g = *state;
	char other[ANCHOR_SIZE];

	skip_without(g);
	/* another key: one letter in its middle is changed */
	memcpy(other, g->anchor, sizeof(other));
	char *letter = strstr(other, "257 3 13 ") + 20;
	*letter = *letter == 'A' ? 'B' : 'A';
	setup(g, other);
	assert_int_equal(get(g, "contoso.test"), -EBADMSG);
	assert_false(g->secure);
	assert_int_equal(g->count, 0);
	/* it leads to no other record */
	assert_int_equal(get(g, "fabrikam.test"), -EBADMSG);
	assert_int_equal(g->source, DNS_FROM_FEDERATION);
	teardown(g);
}

static void test_without_anchor(void **state)
{
	struct rig *g = *state;

	skip_without(g);
	setup(g, NULL);
	assert_int_equal(get(g, "contoso.test"), 0);
	assert_false(g->secure);
	assert_false(g->first.secure);
	teardown(g);
}

/* RFC 6698: of three records two can be used; nothing counts unsigned, and
 * what is forged is no "there is none" (DNS-02). */
static void test_tlsa(void **state)
{
	struct rig *g = *state;
	char other[ANCHOR_SIZE];

	skip_without(g);
	setup(g, g->anchor);
	assert_int_equal(get_tlsa(g, "sip.contoso.test"), 0);
	assert_int_equal(g->digests.count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct dns_digest *d = &g->digests.digest[i];
		assert_int_equal(d->len, 32);
		assert_int_equal(d->usage, d->selector ? 3 : 2);
		if (d->selector)
			assert_int_equal(d->digest[31], 0x1f);
	}
	assert_int_equal(get_tlsa(g, "sip2.contoso.test"), -ENOENT);
	assert_int_equal(get_tlsa(g, "nobody.test"), -ENOENT);
	teardown(g);

	setup(g, "");
	assert_int_equal(get_tlsa(g, "sip.contoso.test"), -ENOENT);
	assert_int_equal(g->digests.count, 0);
	teardown(g);

	memcpy(other, g->anchor, sizeof(other));
	char *letter = strstr(other, "257 3 13 ") + 20;
	*letter = *letter == 'A' ? 'B' : 'A';
	setup(g, other);
	assert_int_equal(get_tlsa(g, "sip.contoso.test"), -EBADMSG);
	assert_int_equal(get_tlsa(g, "sip2.contoso.test"), -EBADMSG);
	teardown(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tlsa),
		cmocka_unit_test(test_secure),
		cmocka_unit_test(test_bogus),
		cmocka_unit_test(test_without_anchor),
	};
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
