/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's socket and the folders: made, replaced, never stolen. */
#include "daemon/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/folder.h"

struct place {
	char top[64];
	char folder[80];
	char path[96];
};

static int setup(void **state)
{
	static struct place p;
	snprintf(p.top, sizeof(p.top), "/tmp/control.XXXXXX");
	if (!mkdtemp(p.top))
		return -1;
	snprintf(p.folder, sizeof(p.folder), "%s/a", p.top);
	snprintf(p.path, sizeof(p.path), "%s/socket", p.folder);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	const struct place *p = *state;
	unlink(p->path);
	rmdir(p->folder);
	return rmdir(p->top);
}

static int connects(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	int err = connect(s, (const struct sockaddr *)&a, sizeof(a));
	close(s);
	return err;
}

static void test_makes_folder_and_socket(void **state)
{
	const struct place *p = *state;
	char error[CONTROL_ERROR_MAX];
	struct stat st;
	int fd = -1;
	assert_int_equal(control_socket_open(&fd, p->path, error), 0);
	assert_int_equal(lstat(p->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(connects(p->path), 0);
	close(fd);
}

static void test_replaces_a_stale_one_only(void **state)
{
	const struct place *p = *state;
	char error[CONTROL_ERROR_MAX];
	int first = -1;
	int second = -1;
	assert_int_equal(control_socket_open(&first, p->path, error), 0);
	assert_int_equal(control_socket_open(&second, p->path, error),
			 -EADDRINUSE);
	assert_non_null(strstr(error, "another sallyportd answers"));
	assert_int_equal(connects(p->path), 0);
	close(first);
	assert_int_equal(control_socket_open(&second, p->path, error), 0);
	assert_int_equal(connects(p->path), 0);
	close(second);
}

static void test_a_file_is_left_alone(void **state)
{
	const struct place *p = *state;
	char error[CONTROL_ERROR_MAX];
	struct stat st;
	int fd = -1;
	assert_int_equal(folder_make_parent(p->path, 0700), 0);
	int file = open(p->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	close(file);
	assert_int_equal(control_socket_open(&fd, p->path, error), -EEXIST);
	assert_non_null(strstr(error, p->path));
	assert_int_equal(lstat(p->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void test_too_long_a_path_is_told(void **state)
{
	char error[CONTROL_ERROR_MAX];
	char path[200];
	int fd = -1;
	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(control_socket_open(&fd, path, error), -ENAMETOOLONG);
	assert_non_null(strstr(error, "control: /xxx"));
}

static void test_folders(void **state)
{
	const struct place *p = *state;
	char deep[128];
	struct stat st;
	snprintf(deep, sizeof(deep), "%s/b", p->folder);
	assert_int_equal(folder_make(deep, 0700), 0);
	assert_int_equal(folder_make(deep, 0700), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(chmod(deep, 0755), 0);
	assert_int_equal(folder_give(deep, geteuid(), getegid()), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(symlink(deep, p->path), 0);
	assert_true(folder_give(p->path, geteuid(), getegid()) < 0);
	rmdir(deep);
	assert_int_equal(folder_make("", 0700), -ENAMETOOLONG);
	assert_int_equal(folder_make("/dev/null/x", 0700), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_makes_folder_and_socket,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_replaces_a_stale_one_only,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_file_is_left_alone,
						setup, teardown),
		cmocka_unit_test(test_too_long_a_path_is_told),
		cmocka_unit_test_setup_teardown(test_folders, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
