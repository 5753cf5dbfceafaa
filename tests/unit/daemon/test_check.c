/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CFG-01: the same check offline and live. What the schema cannot see (a key
 * of another certificate, a chain that is none) is found too, and said with
 * file and line.
 */
#include "daemon/check.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "daemon/sealed.h"
#include "support/certs.h"

struct files {
	struct slice certificate;
	struct slice key;
	struct slice trust;
};

static int open_memory(void *arg, const char *path, int *fd)
{
	const struct files *f = arg;
	struct slice s = f->trust;
	if (strstr(path, "cert"))
		s = f->certificate;
	else if (strstr(path, "key"))
		s = f->key;
	int n = memfd_create("t", MFD_CLOEXEC);
	if (n < 0 || write(n, s.ptr, s.len) != (ssize_t)s.len)
		return -EIO;
	fchmod(n, 0600);
	lseek(n, 0, SEEK_SET);
	*fd = n;
	return 0;
}

static const char yaml[] = "# a comment\n"
			   "edge:\n"
			   "  name: edge.contoso.test\n"
			   "  domains: [contoso.test]\n"
			   "tls:\n"
			   "  certificate: /t/cert\n"
			   "  key: /t/key\n"
			   "  trust: /t/trust\n"
			   "access:\n"
			   "  clients: { listen: [\"[::]:443\"] }\n";

static int check(const struct files *f, char error[static CONF_ERROR_MAX])
{
	struct arena *a = arena_create(1 << 16, 32 << 20);
	const struct conf *c = NULL;
	struct files copy = *f;
	const struct conf_load load = { .path = "f.yaml",
					.text = slice_str(yaml),
					.open = open_memory,
					.open_arg = &copy,
					.cpus = 2 };
	error[0] = '\0';
	int err = check_load(a, &load, &c, error, NULL);
	arena_free(a);
	return err;
}

static void test_certificates_are_part_of_it(void **state)
{
	(void)state;
	const struct cert_spec root = { .common_name = "root",
					.authority = true };
	struct test_cert ca;
	struct test_cert one;
	struct test_cert two;
	char error[CONF_ERROR_MAX];
	certs_make(&ca, &root, NULL);
	certs_leaf(&one, "edge.contoso.test", &ca);
	certs_leaf(&two, "edge.contoso.test", &ca);
	const struct {
		struct files files;
		int result;
	} rows[] = {
		{ { one.pem, one.key_pem, ca.pem }, 0 },
		{ { one.pem, two.key_pem, ca.pem }, -EINVAL },
		{ { one.key_pem, one.key_pem, ca.pem }, -EINVAL },
		{ { one.pem, one.pem, ca.pem }, -EINVAL },
		{ { one.pem, one.key_pem, one.key_pem }, -EINVAL },
		{ { SLICE_LIT("junk"), one.key_pem, ca.pem }, -EINVAL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(check(&rows[i].files, error), rows[i].result);
		if (!rows[i].result)
			continue;
		/* one line, at the section where the files are named */
		assert_ptr_equal(strstr(error, "f.yaml:"), error);
		assert_in_range(error[7], '5', '8');
		assert_null(strchr(error, '\n'));
		assert_null(strstr(error, "PRIVATE"));
	}
	certs_free(&one);
	certs_free(&two);
	certs_free(&ca);
}

static void test_reads_all_of_a_file(void **state)
{
	(void)state;
	static char big[100000];
	struct buf b;
	int fd = -1;
	memset(big, 'x', sizeof(big));
	assert_int_equal(sealed_create(&fd, "t", slice_of(big, sizeof(big))),
			 0);
	lseek(fd, 0, SEEK_SET);
	buf_init(&b, 0);
	assert_int_equal(check_read(fd, &b), 0);
	assert_int_equal(b.len, sizeof(big));
	buf_free(&b);
	close(fd);
	buf_init(&b, 0);
	assert_int_equal(check_read(-1, &b), -EBADF);
	buf_free(&b);
}

static void test_an_endless_file_is_given_up(void **state)
{
	(void)state;
	struct buf b;
	int fd = -1;
	assert_int_equal(conf_open_direct(NULL, "/dev/zero", &fd), 0);
	buf_init(&b, 0);
	assert_int_equal(check_read(fd, &b), -EFBIG);
	buf_free(&b);
	close(fd);
}

static void test_missing_file_is_status_one(void **state)
{
	(void)state;
	assert_int_equal(check_main("/nonexistent/file"), 1);
	assert_true(check_cpus() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates_are_part_of_it),
		cmocka_unit_test(test_reads_all_of_a_file),
		cmocka_unit_test(test_an_endless_file_is_given_up),
		cmocka_unit_test(test_missing_file_is_status_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
