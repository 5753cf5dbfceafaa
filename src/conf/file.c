/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that keys name: read once and whole, through whoever may open
 * them. What the descriptor says counts, never a second look at the path
 * (CFG-02, CFG-03). Whether the PEM in it makes sense is for net/ to say.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/loader.h"

struct named {
	struct conf_loader *ld;
	const struct conf_key *key;
	uint32_t line;
	const char *path;
};

int conf_open_direct(void *arg, const char *path, int *fd)
{
	(void)arg;
	/* a FIFO must not hold us up before it is refused */
	int n = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (n < 0)
		return -errno;
	*fd = n;
	return 0;
}

static int bad_file(const struct named *f, const char *what)
{
	return conf_fail_key(f->ld, f->key, f->line, "%s %s", f->path, what);
}

/* Size and rights, before a byte is read. */
static int look(const struct named *f, int fd, size_t *size)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return bad_file(f, "cannot be examined; name another file");
	if (!S_ISREG(st.st_mode))
		return bad_file(f, "is not a regular file; name a file");
	if (f->key->secret && (st.st_mode & S_IRWXO))
		return conf_fail_key(f->ld, f->key, f->line,
				     "%s is a secret but open to every user of "
				     "the machine (mode %03o); chmod 640 %s, "
				     "or 600",
				     f->path, (unsigned)st.st_mode & 0777,
				     f->path);
	if (st.st_mode & S_IWOTH)
		return conf_fail_key(f->ld, f->key, f->line,
				     "%s can be changed by every user of the "
				     "machine; chmod o-w %s",
				     f->path, f->path);
	if (st.st_size == 0)
		return bad_file(f, "is empty; put the PEM text into it or "
				   "name another file");
	if (st.st_size < 0 || st.st_size > CONF_FILE_MAX)
		return bad_file(f, "is larger than 1 MiB; name a smaller file");
	*size = (size_t)st.st_size;
	return 0;
}

/* Up to size bytes; how many there were, or -E... . */
static ssize_t read_all(int fd, uint8_t *to, size_t size)
{
	size_t used = 0;
	while (used < size) {
		ssize_t n = read(fd, to + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

static int read_open(const struct named *f, int fd, struct slice *content)
{
	size_t size = 0;
	int err = look(f, fd, &size);
	if (err)
		return err;
	/* one byte more shows a file that grows */
	uint8_t *to = arena_alloc(f->ld->arena, size + 1);
	if (!to)
		return conf_fail_memory(f->ld);
	ssize_t n = read_all(fd, to, size + 1);
	if (n < 0)
		return conf_fail_key(f->ld, f->key, f->line,
				     "%s cannot be read (%s); check the disk "
				     "and the rights",
				     f->path, strerror((int)-n));
	if ((size_t)n != size)
		return bad_file(f, "changed while it was read; put the whole "
				   "file in place first, then load again");
	*content = slice_of(to, size);
	return 0;
}

int conf_file_read(struct conf_loader *ld, const struct conf_key *key,
		   uint32_t line, struct conf_file *file)
{
	char *path = arena_strdup(ld->arena, file->path);
	if (!path)
		return conf_fail_memory(ld);
	struct named f = { ld, key, line, path };
	int fd = -1;
	int err = ld->load->open(ld->load->open_arg, path, &fd);
	if (err)
		return conf_fail_key(ld, key, line,
				     "%s cannot be opened (%s); name a file "
				     "that exists and can be read",
				     path, strerror(-err));
	err = read_open(&f, fd, &file->content);
	close(fd);
	return err;
}
