/* SPDX-License-Identifier: Apache-2.0 */
/* Where passwords come from: descriptors, files, a terminal. */
#include "cli/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "unit/cli/capture.h"

#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static int read_from(struct slice text, struct password *out, char rest[8])
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], text.ptr, text.len), text.len);
	close(fd[1]);
	int err = password_read(out, fd[0]);
	ssize_t n = read(fd[0], rest, 7);
	rest[n > 0 ? n : 0] = '\0';
	close(fd[0]);
	return err;
}

static void test_first_line(void **state)
{
	static const struct {
		struct slice in;
		int err;
		const char *want, *rest;
	} rows[] = {
		{ TEXT("secret\n"), 0, "secret", "" },
		{ TEXT("secret"), 0, "secret", "" },
		{ TEXT("secret\r\nmore"), 0, "secret", "more" },
		{ TEXT(" a b \n"), 0, " a b ", "" },
		{ TEXT("p\xc3\xa4ss\n"), 0, "p\xc3\xa4ss", "" },
		{ TEXT(""), -ENODATA, "", "" },
		{ TEXT("\nsecret"), -ENODATA, "", "secret" },
		{ TEXT("a\0b\n"), -EILSEQ, "", "" },
		{ TEXT("\xff\n"), -EILSEQ, "", "" },
	};
	struct password p;
	char rest[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(read_from(rows[i].in, &p, rest), rows[i].err);
		assert_string_equal(p.text, rows[i].want);
		assert_int_equal(p.len, strlen(rows[i].want));
		assert_string_equal(rest, rows[i].rest);
	}
}

static void test_length(void **state)
{
	char text[PASSWORD_MAX + 2], rest[8];
	struct password p;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[PASSWORD_MAX] = '\n';
	assert_int_equal(read_from(slice_of(text, sizeof(text)), &p, rest), 0);
	assert_int_equal(p.len, PASSWORD_MAX);
	text[PASSWORD_MAX] = 'x';
	assert_int_equal(read_from(slice_of(text, sizeof(text)), &p, rest),
			 -EMSGSIZE);
	for (size_t i = 0; i < sizeof(p); i++)
		assert_int_equal(((const char *)&p)[i], 0);
}

static void test_files(void **state)
{
	char path[] = "/tmp/sallyport-test-XXXXXX";
	struct password p;
	struct capture c;

	(void)state;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret\nx\n", 9), 9);
	close(fd);
	capture_open(&c);
	c.cli.args.opt[OPT_PASSWORD_FILE] = path;
	setenv("SALLYPORT_PASSWORD", "other", 1);
	assert_int_equal(password_new(&p, &c.cli), CLI_DONE);
	assert_string_equal(p.text, "secret");
	assert_int_equal(password_own(&p, &c.cli), CLI_DONE);
	assert_string_equal(p.text, "secret");
	unlink(path);
	assert_int_equal(password_new(&p, &c.cli), CLI_NO);
	assert_int_equal(p.len, 0);
	fflush(c.cli.err);
	assert_non_null(strstr(c.err, path));
	capture_close(&c);
}

static void test_environment(void **state)
{
	char text[PASSWORD_MAX + 2] = { 0 };
	struct password p;
	struct capture c;

	(void)state;
	capture_open(&c);
	setenv("SALLYPORT_PASSWORD", "other", 1);
	assert_int_equal(password_own(&p, &c.cli), CLI_DONE);
	assert_string_equal(p.text, "other");
	setenv("SALLYPORT_PASSWORD", "", 1);
	assert_int_equal(password_own(&p, &c.cli), CLI_NO);
	memset(text, 'x', PASSWORD_MAX + 1);
	setenv("SALLYPORT_PASSWORD", text, 1);
	assert_int_equal(password_own(&p, &c.cli), CLI_NO);
	unsetenv("SALLYPORT_PASSWORD");
	fflush(c.cli.err);
	assert_non_null(strstr(c.err, "it is empty"));
	assert_non_null(strstr(c.err, "longer than 512"));
	capture_close(&c);
}

/* A child is the person who types, and looks for an echo. */
static void test_terminal(void **state)
{
	struct termios before, after;
	struct password p;
	char seen[64] = "";
	int fd[2];

	(void)state;
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(tcgetattr(slave, &before), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (!child) {
		/* types when the question stands there */
		ssize_t n = read(master, seen, sizeof(seen) - 1);
		bool fine = n == 6 && write(master, "geheim\n", 7) == 7;
		n = read(master, seen, sizeof(seen) - 1);
		fine = fine && n > 0 && !memmem(seen, (size_t)n, "geheim", 6);
		_exit(write(fd[1], fine ? "y" : "n", 1) == 1 ? 0 : 1);
	}
	assert_int_equal(password_ask(&p, slave, "What: "), 0);
	assert_string_equal(p.text, "geheim");
	assert_int_equal(read(fd[0], seen, 1), 1);
	assert_int_equal(seen[0], 'y');
	assert_int_equal(tcgetattr(slave, &after), 0);
	assert_int_equal(before.c_lflag, after.c_lflag);
	close(fd[0]);
	close(fd[1]);
	assert_int_equal(password_ask(&p, -1, ""), -EBADF);
	close(slave);
	close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_line),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
