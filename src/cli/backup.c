/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup: we open the file, the store writes into it; it gets its name when it
 * is complete. restore: the server's own program does it, because it knows the
 * database.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/ctl.h"
#include "cli/out.h"

enum { PATH_BYTES = 4096, LOOK_NS = 100000000, PERCENT = 100, KIB = 1024 };

static const char config_default[] = "/etc/sallyport/sallyport.yaml";

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static void show(struct cli *c, const json_t *state)
{
	long long done = number(state, "done"), total = number(state, "total");

	if (!c->progress || total <= 0)
		return;
	fprintf(c->err, "\r%3lld %% of %lld KiB", done * PERCENT / total,
		total / KIB);
	fflush(c->err);
}

/* Asks until it does not run any more. *state is taken over and given back. */
static int wait_for(struct cli *c, json_t **state)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	int status = CLI_DONE;

	while (!status && json_is_true(json_object_get(*state, "running"))) {
		json_t *n = json_object_get(*state, "number");
		json_t *args = json_pack("{sO}", "number", n);
		show(c, *state);
		nanosleep(&pause, NULL);
		json_decref(*state);
		*state = NULL;
		status = ctl_call(c, "backup.state", args, state);
	}
	if (!status)
		show(c, *state);
	if (c->progress)
		fputc('\n', c->err);
	return status;
}

static int sync_folder(const char *path)
{
	char name[PATH_BYTES];
	snprintf(name, sizeof(name), "%s", path);
	int fd = open(dirname(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int err = fsync(fd) ? -errno : 0;
	close(fd);
	return err;
}

/* A name is never taken from a file that has it. */
static int give_name(struct cli *c, const char *part, const char *path)
{
	int err = link(part, path) ? errno : -sync_folder(path);

	if (!err)
		return CLI_DONE;
	return cli_fail(c, CLI_NO, "%s: %s", path, strerror(err));
}

static int copy(struct cli *c, const char *part, const char *path, int fd)
{
	json_t *state = NULL;
	int status = ctl_call_fd(c, "backup", json_object(), fd, &state);

	if (!status)
		status = wait_for(c, &state);
	if (!status)
		status = give_name(c, part, path);
	long long bytes = number(state, "total");
	json_decref(state);
	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, json_pack("{sosI}", "file",
					     out_json_text(slice_str(path)),
					     "bytes", (json_int_t)bytes));
	fprintf(c->out, "%lld KiB\n", bytes / KIB);
	return CLI_DONE;
}

int cli_verb_backup(struct cli *c)
{
	const char *path = c->args.operand[0];
	char part[PATH_BYTES];
	int n = snprintf(part, sizeof(part), "%s.XXXXXX", path);

	if (n < 0 || (size_t)n >= sizeof(part))
		return cli_fail(c, CLI_USAGE, "FILE is too long");
	if (!access(path, F_OK))
		return cli_fail(c, CLI_NO,
				"%s is there already: name another file, or "
				"remove it",
				path);
	int fd = mkostemp(part, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return cli_fail(c, CLI_NO, "%s: %s", path, strerror(errno));
	int status = copy(c, part, path, fd);
	close(fd);
	unlink(part);
	return status;
}

int cli_verb_restore(struct cli *c)
{
	const char *given = c->args.opt[OPT_CONFIG];
	const char *config = given ? given : config_default;
	char program[] = "sallyportd", restore[] = "--restore", file[] = "-c";
	char json[] = "--json";
	char *argv[] = { program,
			 restore,
			 (char *)(uintptr_t)c->args.operand[0],
			 file,
			 (char *)(uintptr_t)config,
			 c->args.opt[OPT_JSON] ? json : NULL,
			 NULL };

	fflush(c->out);
	cli_run_daemon(argv);
	return cli_fail(c, CLI_UNREACHED, "sallyportd cannot be run: %s",
			strerror(errno));
}
