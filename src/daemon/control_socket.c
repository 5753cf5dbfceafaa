/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the operator's socket. */
#include "daemon/control_socket.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/folder.h"

enum { BACKLOG = 32, FOLDER_MODE = 0755, SOCKET_MODE = 0660 };

static int fill(struct sockaddr_un *a, const char *path)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(a->sun_path))
		return -ENAMETOOLONG;
	memcpy(a->sun_path, path, strlen(path));
	return 0;
}

/* -ECONNREFUSED: a socket without a listener; -ENOENT: nothing there; 0: one
 * that is alive. */
static int try_connect(const struct sockaddr_un *a)
{
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return -errno;
	int err = 0;
	if (connect(s, (const struct sockaddr *)a, sizeof(*a)) < 0)
		err = -errno;
	close(s);
	/* its queue is full: somebody is there */
	return err == -EAGAIN ? 0 : err;
}

static int remove_stale(const struct sockaddr_un *a,
			char error[static CONTROL_ERROR_MAX])
{
	struct stat st;
	if (lstat(a->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(error, CONTROL_ERROR_MAX,
			 "control: %s is there and is no socket; remove it, or "
			 "choose another path",
			 a->sun_path);
		return -EEXIST;
	}
	int err = try_connect(a);
	if (err == 0) {
		snprintf(error, CONTROL_ERROR_MAX,
			 "control: another sallyportd answers on %s; stop it, "
			 "or choose another path",
			 a->sun_path);
		return -EADDRINUSE;
	}
	if (err != -ECONNREFUSED)
		return err;
	return unlink(a->sun_path) < 0 ? -errno : 0;
}

static void give_to_group(const char *path)
{
	const struct group *g = geteuid() == 0 ? getgrnam("sallyport") : NULL;
	/* without the group it is root's alone, which is safe */
	if (g && lchown(path, 0, g->gr_gid) < 0)
		return;
}

static int bind_listen(int s, const struct sockaddr_un *a)
{
	mode_t before = umask(0777 & ~SOCKET_MODE);
	int err = 0;
	if (bind(s, (const struct sockaddr *)a, sizeof(*a)) < 0)
		err = -errno;
	umask(before);
	if (!err && listen(s, BACKLOG) < 0)
		err = -errno;
	return err;
}

int control_socket_open(int *fd, const char *path,
			char error[static CONTROL_ERROR_MAX])
{
	struct sockaddr_un a;
	int s = -1;
	error[0] = '\0';
	int err = fill(&a, path);
	if (!err)
		err = folder_make_parent(path, FOLDER_MODE);
	if (!err)
		err = remove_stale(&a, error);
	if (!err) {
		s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		err = s < 0 ? -errno : bind_listen(s, &a);
	}
	if (err) {
		if (s >= 0)
			close(s);
		if (!error[0])
			snprintf(error, CONTROL_ERROR_MAX, "control: %s: %s",
				 path, strerror(-err));
		return err;
	}
	give_to_group(path);
	*fd = s;
	return 0;
}
