/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ports, firewall, explain: of the running server over its socket, or, with -c,
 * of a file. Files are read by the server's own program, which stands beside
 * this one.
 */
#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ctl.h"
#include "cli/out.h"

enum { ARGS_MAX = 6, WORD_MAX = 4096 };

/* One argument of the question. */
struct arg {
	const char *name;
	const char *value;
};

static const char *flag(const struct cli *c, enum cli_opt opt)
{
	return c->args.opt[opt] ? "yes" : "";
}

static const char *value(const struct cli *c, enum cli_opt opt)
{
	return c->args.opt[opt] ? c->args.opt[opt] : "";
}

void cli_run_daemon(char *const argv[])
{
	static const char *const places[] = { "", "/../sbin" };
	char self[PATH_MAX], path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	const char *folder = dirname(self);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int len = snprintf(path, sizeof(path), "%s%s/sallyportd",
				   folder, places[i]);
		if (len > 0 && (size_t)len < sizeof(path))
			execv(path, argv);
	}
	execvp("sallyportd", argv);
}

/* The words of a command line. */
struct words {
	char text[ARGS_MAX + 5][WORD_MAX];
	char *argv[ARGS_MAX + 6];
	size_t count;
	bool cut; /* one of them did not fit */
};

static void add(struct words *w, const char *name, const char *text)
{
	char *to = w->text[w->count];
	int len =
		snprintf(to, WORD_MAX, "%s%s%s", name, *name ? "=" : "", text);
	w->cut = w->cut || len < 0 || len >= WORD_MAX;
	w->argv[w->count++] = to;
}

/* Becomes the server's program. */
static int ask_file(struct cli *c, const char *verb, const struct arg *args)
{
	struct words w = { .count = 0 };
	add(&w, "", "sallyportd");
	add(&w, "", "--ask");
	add(&w, "", verb);
	add(&w, "", "-c");
	add(&w, "", c->args.opt[OPT_CONFIG]);
	for (size_t i = 0; i < ARGS_MAX && args[i].name; i++)
		add(&w, args[i].name, args[i].value);
	if (w.cut)
		return cli_fail(c, CLI_USAGE,
				"an option is longer than %d "
				"characters",
				WORD_MAX - 1);
	fflush(c->out);
	cli_run_daemon(w.argv);
	return cli_fail(c, CLI_UNREACHED, "sallyportd cannot be run: %s",
			strerror(errno));
}

static json_t *to_json(const struct arg *args)
{
	json_t *o = json_object();
	for (size_t i = 0; o && i < ARGS_MAX && args[i].name; i++) {
		if (json_object_set_new(o, args[i].name,
					json_string(args[i].value))) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static int ask_server(struct cli *c, const char *verb, const struct arg *args)
{
	json_t *result;
	int status = ctl_call(c, verb, to_json(args), &result);
	if (status)
		return status;
	/* the others are asked for it, and their text is JSON then */
	if (c->args.opt[OPT_JSON] && strcmp(verb, "firewall") == 0)
		return out_json(c, result);
	const char *text = json_string_value(json_object_get(result, "text"));
	const char *warnings =
		json_string_value(json_object_get(result, "warnings"));
	/* computed from a checked configuration: nothing in it is another's */
	fputs(text ? text : "", c->out);
	fputs(warnings ? warnings : "", c->err);
	json_decref(result);
	return CLI_DONE;
}

static int ask(struct cli *c, const char *verb, const struct arg *args)
{
	return c->args.opt[OPT_CONFIG] ? ask_file(c, verb, args)
				       : ask_server(c, verb, args);
}

static const char *language(const struct cli *c)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	if (c->args.opt[OPT_LANG])
		return c->args.opt[OPT_LANG];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *v = getenv(names[i]);
		if (v && *v)
			return v;
	}
	return "";
}

int cli_verb_ports(struct cli *c)
{
	const char *form = value(c, OPT_FORMAT);
	if (c->args.opt[OPT_VERIFY])
		return cli_verb_ports_verify(c);
	const struct arg args[ARGS_MAX] = {
		{ "form", c->args.opt[OPT_JSON] ? "json" : form },
		{ "lang", language(c) },
		{ "profile", value(c, OPT_PROFILE) },
		{ "published", flag(c, OPT_PUBLISHED) },
	};
	return ask(c, "ports", args);
}

int cli_verb_firewall(struct cli *c)
{
	const struct arg args[ARGS_MAX] = {
		{ "format", value(c, OPT_FORMAT) },
		{ "perimeter", flag(c, OPT_PERIMETER) },
		{ "ssh", value(c, OPT_SSH) },
		{ "edge", value(c, OPT_EDGE) },
		{ "profile", value(c, OPT_PROFILE) },
		{ "strict", flag(c, OPT_STRICT) },
	};
	return ask(c, "firewall", args);
}

int cli_verb_explain(struct cli *c)
{
	const struct arg args[ARGS_MAX] = {
		{ "from", value(c, OPT_FROM) },
		{ "to", value(c, OPT_TO) },
		{ "method", value(c, OPT_METHOD) },
		{ "audio_video", flag(c, OPT_AUDIO_VIDEO) },
		{ "arriving_as", value(c, OPT_ARRIVING_AS) },
		{ "form", c->args.opt[OPT_JSON] ? "json" : "" },
	};
	return ask(c, "explain", args);
}
