/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sets of listening sockets: what stays keeps its sockets, what goes is
 * closed at the commit, what is new is closed at an abort (CFG-01).
 */
#include "daemon/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/oom.h"

enum { WORKERS = 3 };

/* What the pretended kernel says, by port; calls are counted. */
static int refuse_port;
static int refuse_with;
static int opened;
static int alone_asked;

static int fake_open(enum listener_kind kind, const struct addr *at, int *fd,
		     bool alone)
{
	(void)kind;
	if (addr_port(at) == refuse_port)
		return refuse_with;
	opened++;
	alone_asked += alone;
	*fd = eventfd(0, EFD_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

struct sample {
	struct conf conf;
	struct conf_addr federation[4];
	struct conf_addr clients[4];
};

static void put(struct conf_addr *a, const char *text, uint32_t line)
{
	a->text = slice_str(text);
	a->line = line;
	assert_int_equal(addr_parse(a->text, false, &a->addr), 0);
}

/* Addresses until NULL; the first is the clients' one. */
static void fill(struct sample *s, const char *const *text)
{
	memset(s, 0, sizeof(*s));
	s->conf.workers = WORKERS;
	put(&s->clients[0], text[0], 20);
	s->conf.access.clients.listen = s->clients;
	s->conf.access.clients.listen_count = 1;
	s->conf.access.federation.listen = s->federation;
	for (size_t i = 1; text[i]; i++)
		put(&s->federation[s->conf.access.federation.listen_count++],
		    text[i], 10);
}

static struct listeners *make(struct sample *s, const struct listeners *before)
{
	struct listeners *l = NULL;
	char error[LISTENERS_ERROR_MAX];
	assert_int_equal(listeners_create(&l, &s->conf, before, fake_open,
					  "f.yaml", error),
			 0);
	return l;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int setup(void **state)
{
	(void)state;
	refuse_port = 0;
	opened = 0;
	alone_asked = 0;
	return 0;
}

static void test_one_socket_for_each_worker(void **state)
{
	(void)state;
	struct sample s;
	fill(&s, (const char *const[]){ "[::]:443", "[::]:5061", NULL });
	struct listeners *l = make(&s, NULL);
	assert_int_equal(l->count, 2);
	assert_int_equal(opened, 2 * WORKERS);
	/* only the first of an address is tried for foreign holders */
	assert_int_equal(alone_asked, 2);
	assert_int_equal(l->item[0].kind, LISTENER_FEDERATION);
	assert_int_equal(l->item[1].kind, LISTENER_CLIENTS);
	int fd = l->item[1].fd[2];
	assert_true(is_open(fd));
	listeners_free(l);
	assert_false(is_open(fd));
}

/* One process serves it: more sockets would swallow connections. */
static void test_the_admin_has_one_socket(void **state)
{
	(void)state;
	struct sample s;
	struct conf_addr admin;
	fill(&s, (const char *const[]){ "[::]:443", NULL });
	put(&admin, "127.0.0.1:9061", 30);
	s.conf.admin.listen = &admin;
	s.conf.admin.listen_count = 1;
	struct listeners *one = make(&s, NULL);
	assert_int_equal(opened, WORKERS + 1);
	assert_int_equal(one->item[1].kind, LISTENER_ADMIN);
	assert_int_equal(listener_role(LISTENER_ADMIN), PROC_ADMIN);
	assert_int_equal(one->item[1].fd[1], -1);
	int stays = one->item[1].fd[0];
	struct listeners *two = make(&s, one);
	assert_int_equal(two->item[1].fd[0], stays);
	listeners_replace(one, two);
	assert_true(is_open(stays));
	listeners_free(two);
	assert_false(is_open(stays));
}

static void test_commit_keeps_closes_and_opens(void **state)
{
	(void)state;
	struct sample a;
	struct sample b;
	fill(&a, (const char *const[]){ "[::]:443", "[::]:5061", NULL });
	fill(&b, (const char *const[]){ "[::]:443", "[::]:5062", NULL });
	struct listeners *one = make(&a, NULL);
	int gone = one->item[0].fd[0];
	int stays = one->item[1].fd[1];
	opened = 0;
	struct listeners *two = make(&b, one);
	assert_int_equal(opened, WORKERS);
	assert_int_equal(two->item[1].fd[1], stays);
	listeners_replace(one, two);
	assert_false(is_open(gone));
	assert_true(is_open(stays));
	listeners_free(two);
	assert_false(is_open(stays));
}

static void test_abort_leaves_all_as_it_was(void **state)
{
	(void)state;
	struct sample a;
	struct sample b;
	fill(&a, (const char *const[]){ "[::]:443", NULL });
	fill(&b, (const char *const[]){ "[::]:443", "[::]:5061", NULL });
	struct listeners *one = make(&a, NULL);
	struct listeners *two = make(&b, one);
	int added = two->item[0].fd[0];
	int stays = one->item[0].fd[0];
	listeners_free(two);
	assert_false(is_open(added));
	assert_true(is_open(stays));
	listeners_free(one);
	assert_false(is_open(stays));
}

static void test_an_address_may_change_its_kind(void **state)
{
	(void)state;
	struct sample a;
	struct sample b;
	fill(&a, (const char *const[]){ "[::]:443", "[::]:5061", NULL });
	fill(&b, (const char *const[]){ "[::]:5061", "[::]:443", NULL });
	struct listeners *one = make(&a, NULL);
	int federation = one->item[0].fd[0];
	opened = 0;
	struct listeners *two = make(&b, one);
	assert_int_equal(opened, 0);
	listeners_replace(one, two);
	assert_int_equal(two->item[1].kind, LISTENER_CLIENTS);
	assert_int_equal(two->item[1].fd[0], federation);
	assert_true(is_open(federation));
	listeners_free(two);
}

static void test_our_own_port_elsewhere_is_not_foreign(void **state)
{
	(void)state;
	struct sample a;
	struct sample b;
	fill(&a, (const char *const[]){ "192.0.2.1:443", NULL });
	fill(&b, (const char *const[]){ "[::]:443", NULL });
	struct listeners *one = make(&a, NULL);
	alone_asked = 0;
	struct listeners *two = make(&b, one);
	assert_int_equal(alone_asked, 0);
	listeners_replace(one, two);
	listeners_free(two);
}

static void test_errors_name_address_and_remedy(void **state)
{
	(void)state;
	static const struct {
		int error;
		const char *says;
	} rows[] = {
		{ -EACCES, "CAP_NET_BIND_SERVICE" },
		{ -EADDRINUSE, "another program" },
		{ -EADDRNOTAVAIL, "no such address" },
		{ -EMFILE, "LimitNOFILE" },
		{ -ENOBUFS, "buffer" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;
		struct listeners *l = NULL;
		char error[LISTENERS_ERROR_MAX] = "";
		fill(&s,
		     (const char *const[]){ "[::]:443", "[::]:5061", NULL });
		refuse_port = 443;
		refuse_with = rows[i].error;
		assert_int_equal(listeners_create(&l, &s.conf, NULL, fake_open,
						  "f.yaml", error),
				 rows[i].error);
		assert_null(l);
		assert_ptr_equal(strstr(error, "f.yaml:20: "), error);
		assert_non_null(strstr(error, "[::]:443"));
		assert_non_null(strstr(error, rows[i].says));
	}
}

static int scenario(void *arg)
{
	struct sample *s = arg;
	struct listeners *one = NULL;
	struct listeners *two = NULL;
	char error[LISTENERS_ERROR_MAX];
	int err =
		listeners_create(&one, &s[0].conf, NULL, fake_open, "f", error);
	if (err)
		return err;
	err = listeners_create(&two, &s[1].conf, one, fake_open, "f", error);
	if (err) {
		assert_true(is_open(one->item[0].fd[0]));
		listeners_free(one);
		return err;
	}
	listeners_replace(one, two);
	listeners_free(two);
	return 0;
}

static void test_survives_without_memory(void **state)
{
	(void)state;
	struct sample s[2];
	fill(&s[0], (const char *const[]){ "[::]:443", NULL });
	fill(&s[1], (const char *const[]){ "[::]:443", "[::]:5061", NULL });
	oom_walk(scenario, s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_socket_for_each_worker, setup),
		cmocka_unit_test_setup(test_the_admin_has_one_socket, setup),
		cmocka_unit_test_setup(test_commit_keeps_closes_and_opens,
				       setup),
		cmocka_unit_test_setup(test_abort_leaves_all_as_it_was, setup),
		cmocka_unit_test_setup(test_an_address_may_change_its_kind,
				       setup),
		cmocka_unit_test_setup(
			test_our_own_port_elsewhere_is_not_foreign, setup),
		cmocka_unit_test_setup(test_errors_name_address_and_remedy,
				       setup),
		cmocka_unit_test_setup(test_survives_without_memory, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
