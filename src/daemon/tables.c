/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks the file as -t does, then prints one table of it. */
#include "daemon/tables.h"

#include <stdio.h>
#include <string.h>

#include "admin/explain.h"
#include "admin/strict.h"
#include "admin/tables.h"
#include "daemon/check.h"
#include "daemon/lookup.h"
#include "loop/loop.h"

enum { EXIT_USAGE = 2 };

typedef int (*tables_fn)(const struct conf *c, const struct tables_ask *ask,
			 struct buf *out, struct buf *warnings,
			 char error[static TABLES_ERROR_MAX]);

struct words {
	tables_fn fn;
	char *const *word;
	int count;
};

static struct slice on_arg(void *arg, const char *name)
{
	const struct words *w = arg;
	size_t len = strlen(name);
	for (int i = 0; i < w->count; i++)
		if (!strncmp(w->word[i], name, len) && w->word[i][len] == '=')
			return slice_str(w->word[i] + len + 1);
	return SLICE_NONE;
}

static int print(const struct buf *b, FILE *to)
{
	if (b->len && fwrite(b->ptr, 1, b->len, to) != b->len)
		return 1;
	return fflush(to) ? 1 : 0;
}

/* For a firewall that knows its partners. */
static int look_up(const struct words *w, const struct conf *c,
		   struct strict **out, struct tables_ask *ask)
{
	if (w->fn != tables_firewall ||
	    !slice_eq(on_arg(ask->arg_of, "strict"), SLICE_LIT("yes")))
		return 0;
	int err = strict_create(out, c);
	if (!err)
		err = lookup_partners(*out, c);
	if (!err)
		ask->strict = strict_snapshot(*out, loop_wall_ms());
	return err;
}

static int on_conf(void *arg, const struct conf *c)
{
	struct words *w = arg;
	struct strict *strict = NULL;
	struct tables_ask ask = { .arg = on_arg, .arg_of = w };
	char error[TABLES_ERROR_MAX] = "";
	struct buf out, warnings;
	int status = 1;
	buf_init(&out, 0);
	buf_init(&warnings, 0);
	if (look_up(w, c, &strict, &ask)) {
		fprintf(stderr, "the names of partners cannot be looked up\n");
	} else if (w->fn(c, &ask, &out, &warnings, error)) {
		fprintf(stderr, "%s\n", error);
	} else {
		status = print(&out, stdout);
		if (strict)
			strict_warnings(strict, &warnings);
		print(&warnings, stderr);
	}
	strict_free(strict);
	buf_free(&out);
	buf_free(&warnings);
	return status;
}

int tables_main(const char *path, const char *verb, char *const *words,
		int count)
{
	static const struct {
		const char *verb;
		tables_fn fn;
	} verbs[] = {
		{ "ports", tables_ports },
		{ "firewall", tables_firewall },
		{ "explain", explain_text },
	};
	struct words w = { .word = words, .count = count };
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			w.fn = verbs[i].fn;
	if (w.fn)
		return check_file(path, on_conf, &w);
	fprintf(stderr, "sallyportd: there is no table \"%s\"\n", verb);
	return EXIT_USAGE;
}
