/* SPDX-License-Identifier: Apache-2.0 */
/* The self-check of ports and sockets, with real sockets on loopback whose
 * ports the kernel chose. */
#include "daemon/coverage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/oom.h"

struct sample {
	struct conf conf;
	struct conf_addr federation;
	struct listener item;
	struct listeners set;
	int fd;
};

static void listen_at(struct sample *s, bool listens)
{
	struct addr *a = &s->federation.addr;
	socklen_t len = sizeof(a->u);
	memset(s, 0, sizeof(*s));
	s->federation.text = SLICE_LIT("127.0.0.1:0");
	assert_int_equal(addr_parse_host(SLICE_LIT("127.0.0.1"), 0, a), 0);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, &a->u.sa, addr_len(a)), 0);
	if (listens)
		assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(getsockname(s->fd, &a->u.sa, &len), 0);
	s->conf.workers = 1;
	s->conf.inside.builtin = true;
	s->conf.access.federation.listen = &s->federation;
	s->conf.access.federation.listen_count = 1;
	s->item = (struct listener){ .kind = LISTENER_FEDERATION,
				     .text = s->federation.text,
				     .addr = *a,
				     .fd = &s->fd };
	s->set = (struct listeners){ 1, 1, &s->item };
}

static int check(struct sample *s, char error[static LISTENERS_ERROR_MAX])
{
	return coverage_check(&s->set, &s->conf, "f.yaml", error);
}

static void test_fits(void **state)
{
	struct sample s;
	char error[LISTENERS_ERROR_MAX];
	(void)state;
	listen_at(&s, true);
	assert_int_equal(check(&s, error), 0);
	close(s.fd);
}

static void test_not_listening(void **state)
{
	struct sample s;
	char error[LISTENERS_ERROR_MAX];
	(void)state;
	listen_at(&s, false);
	assert_int_equal(check(&s, error), -EINVAL);
	assert_non_null(strstr(error, "f.yaml:1: access.federation.listen"));
	close(s.fd);
}

static void test_row_and_key_are_named(void **state)
{
	struct sample s;
	char error[LISTENERS_ERROR_MAX];
	(void)state;
	listen_at(&s, true);
	/* the kernel listens elsewhere than the configuration says */
	addr_set_port(&s.federation.addr, 1);
	assert_int_equal(check(&s, error), -EINVAL);
	assert_non_null(strstr(error, "access.federation.listen"));
	s.set.count = 0;
	assert_int_equal(check(&s, error), -EINVAL);
	assert_non_null(strstr(error, "row fed-in"));
	close(s.fd);
}

static int everything(void *arg)
{
	char error[LISTENERS_ERROR_MAX];
	return check(arg, error);
}

static void test_out_of_memory(void **state)
{
	struct sample s;
	(void)state;
	listen_at(&s, true);
	oom_walk(everything, &s);
	close(s.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_not_listening),
		cmocka_unit_test(test_row_and_key_are_named),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
