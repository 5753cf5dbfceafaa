/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a configuration file; what loads must survive its snapshot. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int open_any(void *arg, const char *path, int *fd)
{
	(void)arg;
	if (strstr(path, "none"))
		return -ENOENT;
	int n = memfd_create("fuzz", MFD_CLOEXEC);
	if (n < 0 || write(n, "PEM", 3) != 3 || fchmod(n, 0600) != 0)
		abort();
	lseek(n, 0, SEEK_SET);
	*fd = n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL;
	const struct conf *back = NULL;
	struct buf warnings;
	struct buf out;
	struct conf_load load = { .path = "f",
				  .text = slice_of(data, size),
				  .open = open_any,
				  .cpus = 4 };
	buf_init(&warnings, 1 << 20);
	buf_init(&out, 0);
	struct arena *a = arena_create(4096, 1 << 25);
	int err = conf_load(a, &load, &c, error, &warnings);
	if (err && (strncmp(error, "f:", 2) != 0 || strchr(error, '\n')))
		abort();
	if (!err) {
		conf_encode(&out, c, ~0u);
		if (conf_decode(a, buf_slice(&out), &back))
			abort();
	}
	arena_free(a);
	buf_free(&out);
	buf_free(&warnings);
	return 0;
}
