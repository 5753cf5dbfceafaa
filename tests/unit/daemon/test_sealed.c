/* SPDX-License-Identifier: Apache-2.0 */
/* Memory files that cannot change, and those that keep their size. */
#include "daemon/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void test_content_arrives_and_stays(void **state)
{
	(void)state;
	struct sealed s = { NULL, 0 };
	int fd = -1;
	assert_int_equal(sealed_create(&fd, "t", SLICE_LIT("content")), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, 0), -1);
	assert_ptr_equal(mmap(NULL, 7, PROT_WRITE, MAP_SHARED, fd, 0),
			 MAP_FAILED);
	assert_int_equal(sealed_map(&s, fd, 7), 0);
	close(fd);
	assert_int_equal(s.len, 7);
	assert_memory_equal(s.ptr, "content", 7);
	sealed_unmap(&s);
	sealed_unmap(&s);
}

static void test_what_is_not_sealed_is_refused(void **state)
{
	(void)state;
	static const int lacking[] = {
		0,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
		F_SEAL_WRITE | F_SEAL_SEAL,
	};
	for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
		struct sealed s = { NULL, 0 };
		int fd = memfd_create("t", MFD_ALLOW_SEALING);
		assert_int_equal(write(fd, "x", 1), 1);
		assert_int_equal(fcntl(fd, F_ADD_SEALS, lacking[i]), 0);
		assert_int_equal(sealed_map(&s, fd, 100), -EPERM);
		close(fd);
	}
}

static void test_limits(void **state)
{
	(void)state;
	struct sealed s = { NULL, 0 };
	int fd = -1;
	assert_int_equal(sealed_create(&fd, "t", SLICE_LIT("12345678")), 0);
	assert_int_equal(sealed_map(&s, fd, 7), -EFBIG);
	assert_int_equal(sealed_map(&s, fd, 8), 0);
	sealed_unmap(&s);
	close(fd);
	assert_int_equal(sealed_create(&fd, "t", SLICE_NONE), 0);
	assert_int_equal(sealed_map(&s, fd, 8), -ENODATA);
	close(fd);
	assert_int_equal(sealed_map(&s, STDIN_FILENO, 8), -EPERM);
}

static void test_pages_are_shared_and_keep_their_size(void **state)
{
	(void)state;
	void *writer = NULL;
	void *reader = NULL;
	int fd = -1;
	assert_int_equal(sealed_page(&fd, "t", 4096), 0);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 8192), -1);
	assert_int_equal(sealed_map_page(&writer, fd, 4095, true), -EINVAL);
	assert_int_equal(sealed_map_page(&writer, fd, 4096, true), 0);
	assert_int_equal(sealed_map_page(&reader, fd, 4096, false), 0);
	*(volatile char *)writer = 'x';
	assert_int_equal(*(volatile char *)reader, 'x');
	munmap(writer, 4096);
	munmap(reader, 4096);
	close(fd);
	int plain = memfd_create("t", MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(plain, 4096), 0);
	assert_int_equal(sealed_map_page(&writer, plain, 4096, true), -EPERM);
	close(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_arrives_and_stays),
		cmocka_unit_test(test_what_is_not_sealed_is_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_pages_are_shared_and_keep_their_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
