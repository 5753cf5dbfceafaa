/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and TCP ports by Landlock (landlock(7)). What the kernel knows is
 * probed; newer rights than its version are left out.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights by version of the interface; the system's header may be older. */
enum {
	FS_V1 = (1 << 13) - 1,   /* execute .. make_sym */
	FS_REFER = 1 << 13,      /* 2 */
	FS_TRUNCATE = 1 << 14,   /* 3 */
	FS_IOCTL_DEV = 1 << 15,  /* 5 */
	NET_BIND = 1 << 0,       /* 4 */
	NET_CONNECT = 1 << 1,    /* 4 */
	SCOPE_ABSTRACT = 1 << 0, /* 6 */
	SCOPE_SIGNAL = 1 << 1,   /* 6 */
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	/* an SQLite database in a folder: read, write, create, remove */
	FS_DATABASE = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 8 | FS_TRUNCATE
};

/* The kernel's struct landlock_ruleset_attr as of version 6. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* What each role keeps beyond nothing. */
struct grant {
	enum proc_role role;
	const char *path; /* NULL: the role's folder */
	uint32_t fs;
};

static const struct grant grants[] = {
	{ PROC_STORE, NULL, FS_DATABASE },
	{ PROC_RESOLVER, "/etc/resolv.conf", FS_READ_FILE },
#ifdef SALLYPORT_SANITIZE
	/* the leak check reads the process's own maps and threads */
	{ PROC_ROLE_COUNT, "/proc", FS_READ_FILE | FS_READ_DIR },
#endif
};

/* Edge dials partners and resolver dials name servers, at ports that the
 * configuration tells later. */
static const uint32_t net_denied[PROC_ROLE_COUNT] = {
	[PROC_EDGE] = NET_BIND,
	[PROC_HOME] = NET_BIND | NET_CONNECT,
	[PROC_STORE] = NET_BIND | NET_CONNECT,
	[PROC_RESOLVER] = NET_BIND,
	[PROC_ADMIN] = NET_BIND | NET_CONNECT,
	[PROC_RELAY] = 0, /* any port of its range */
	[PROC_LOADER] = NET_BIND | NET_CONNECT,
};

int landlock_version(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, 0,
			 LANDLOCK_CREATE_RULESET_VERSION);
	return v < 0 ? 0 : (int)v;
}

static struct ruleset handled(enum proc_role role, int version)
{
	struct ruleset r = { .fs = FS_V1 };
	if (version >= 2)
		r.fs |= FS_REFER;
	if (version >= 3)
		r.fs |= FS_TRUNCATE;
	if (version >= 4)
		r.net = net_denied[role];
	if (version >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		r.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	return r;
}

static size_t attr_size(int version)
{
	if (version < 4)
		return sizeof(uint64_t);
	return version < 6 ? 2 * sizeof(uint64_t) : 3 * sizeof(uint64_t);
}

/* A file that is not there needs no rule. */
static int allow(int ruleset, const char *path, uint64_t fs)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	struct landlock_path_beneath_attr rule = { .allowed_access = fs,
						   .parent_fd = fd };
	int err = 0;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int allow_all(int ruleset, enum proc_role role, const char *folder,
		     uint64_t known)
{
	int err = 0;
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		const struct grant *g = &grants[i];
		const char *path = g->path ? g->path : folder;
		bool ours = g->role == role || g->role == PROC_ROLE_COUNT;
		if (ours && path && !err)
			err = allow(ruleset, path, g->fs & known);
	}
	return err;
}

int landlock_restrict(enum proc_role role, const char *folder)
{
	int version = landlock_version();
	if (version < 1)
		return -ENOSYS;
	struct ruleset attr = handled(role, version);
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr,
			      attr_size(version), 0);
	if (fd < 0)
		return -errno;
	int err = allow_all(fd, role, folder, attr.fs);
	if (!err && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		err = -errno;
	close(fd);
	return err;
}
