/* SPDX-License-Identifier: Apache-2.0 */
/* Many accounts from a file: one question to the daemon for each line, with
 * progress on a terminal. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/csv.h"
#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

enum { PROGRESS_EVERY = 100 };

struct import {
	struct cli *cli;
	size_t line, added;
	json_t *failed;
	struct buf account, password;
	bool progress; /* somebody looks */
};

static void fail(struct import *im, const char *why)
{
	struct cli *c = im->cli;

	if (!c->args.opt[OPT_JSON])
		fprintf(c->err, "line %zu: %s\n", im->line, why);
	json_array_append_new(im->failed,
			      json_pack("{sIss}", "line", (json_int_t)im->line,
					"error", why));
}

/* The first line may name the columns. */
static bool is_title(const struct import *im)
{
	return im->line == 1 && slice_chr(buf_slice(&im->account), '@') < 0;
}

/* One account: 0, or the status with which everything ends. */
static int add(struct import *im)
{
	struct slice password = buf_slice(&im->password);
	char *why = NULL;
	json_t *args = json_pack(
		"{ss%ss%}", "aor", im->account.ptr, im->account.len, "password",
		password.ptr ? (const char *)password.ptr : "", password.len);
	if (!args) {
		fail(im, "is no text in UTF-8");
		return CLI_DONE;
	}
	int status = ctl_try(im->cli, "user.add", json_incref(args), &why);
	ctl_wipe(args, "password");
	json_decref(args);
	if (!status)
		im->added++;
	else if (status == CLI_NO)
		fail(im, why ? why : "out of memory");
	free(why);
	return status == CLI_NO ? CLI_DONE : status;
}

static int take_line(struct import *im, struct slice line)
{
	struct slice rest = slice_trim(line);
	bool more = true;

	im->line++;
	if (!rest.len)
		return CLI_DONE;
	csv_field(&rest, &more, &im->account);
	if (!csv_field(&rest, &more, &im->password) || more ||
	    buf_failed(&im->account) || buf_failed(&im->password)) {
		if (!is_title(im))
			fail(im, "is not \"user@domain,password\"");
		return CLI_DONE;
	}
	if (is_title(im))
		return CLI_DONE;
	int status = add(im);
	if (im->progress && im->line % PROGRESS_EVERY == 0)
		fprintf(im->cli->err, "\r%zu accounts", im->added);
	return status;
}

static int take_file(struct import *im, FILE *f)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int status = CLI_DONE;

	while (!status && (n = getline(&line, &size, f)) > 0) {
		status = take_line(im, slice_of(line, (size_t)n));
		crypto_wipe(line, size);
	}
	free(line);
	if (im->progress)
		fprintf(im->cli->err, "\r%zu accounts\n", im->added);
	return status;
}

static int tell(struct import *im, int status)
{
	struct cli *c = im->cli;
	size_t failed = json_array_size(im->failed);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON]) {
		status = out_json(c, json_pack("{sIsO}", "added",
					       (json_int_t)im->added, "failed",
					       im->failed));
		return status ? status : failed ? CLI_NO : CLI_DONE;
	}
	fprintf(c->out, "%zu added, %zu failed\n", im->added, failed);
	return failed ? CLI_NO : CLI_DONE;
}

int cli_verb_user_import(struct cli *c)
{
	const char *path = c->args.operand[0];
	bool input = strcmp(path, "-") == 0;
	FILE *f = input ? stdin : fopen(path, "re");
	struct import im = { .cli = c, .failed = json_array() };

	if (!f || !im.failed) {
		json_decref(im.failed);
		return cli_fail(c, CLI_NO, "%s: %s", path, strerror(errno));
	}
	buf_init(&im.account, 0);
	buf_init(&im.password, 0);
	im.progress = isatty(STDERR_FILENO) && !c->args.opt[OPT_JSON];
	int status = tell(&im, take_file(&im, f));
	if (im.password.ptr)
		crypto_wipe(im.password.ptr, im.password.cap);
	buf_free(&im.account);
	buf_free(&im.password);
	json_decref(im.failed);
	if (!input)
		fclose(f);
	return status;
}
