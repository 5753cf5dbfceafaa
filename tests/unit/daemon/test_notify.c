/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager hears. */
#include "daemon/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* An abstract socket, as systemd's own may be. */
static int manager(char name[static 64])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	snprintf(name, 64, "@sallyport-test-%d", (int)getpid());
	memcpy(a.sun_path + 1, name + 1, strlen(name) - 1);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    strlen(name));
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, len), 0);
	return fd;
}

static void hear(int fd, char text[static 256])
{
	ssize_t n = recv(fd, text, 255, 0);
	text[n > 0 ? n : 0] = '\0';
}

static void test_lines_arrive(void **state)
{
	(void)state;
	char name[64];
	char text[256];
	struct notify n;
	int fd = manager(name);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
	notify_open(&n);
	assert_int_equal(n.watchdog_ms, 15000);
	/* children must not speak in our name */
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	notify_send(&n, "READY=1");
	hear(fd, text);
	assert_string_equal(text, "READY=1");
	notify_reloading(&n);
	hear(fd, text);
	assert_ptr_equal(strstr(text, "RELOADING=1\nMONOTONIC_USEC="), text);
	notify_close(&n);
	notify_send(&n, "READY=1");
	hear(fd, text);
	assert_string_equal(text, "");
	close(fd);
}

static void test_without_a_manager_nothing_happens(void **state)
{
	(void)state;
	static const char *const names[] = { NULL, "", "x", "relative/path" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct notify n;
		if (names[i])
			setenv("NOTIFY_SOCKET", names[i], 1);
		setenv("WATCHDOG_USEC", "1000000", 1);
		notify_open(&n);
		assert_int_equal(n.fd, -1);
		assert_int_equal(n.watchdog_ms, 0);
		notify_send(&n, "READY=1");
		notify_close(&n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_arrive),
		cmocka_unit_test(test_without_a_manager_nothing_happens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
