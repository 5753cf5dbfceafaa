/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line against the tables: options may stand before or after the
 * words, `--name VALUE` or `--name=VALUE`; after `--` everything is a word.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"

struct parse {
	struct cli_args *out;
	int argc;
	char *const *argv;
	int next;
	const char *word[CLI_WORDS_MAX];
	size_t words;
	char *error; /* CLI_ERROR_MAX bytes */
};

static int __attribute__((format(printf, 2, 3)))
refuse(struct parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error, CLI_ERROR_MAX, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

bool cli_is_account(const char *text)
{
	struct slice s = slice_str(text);
	ptrdiff_t at = slice_chr(s, '@');

	if (at <= 0 || (size_t)at + 1 == s.len)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] == 0x7f)
			return false;
	return slice_chr(slice_from(s, (size_t)at + 1), '@') < 0;
}

/* The value of what is called `what` fits its kind. */
static int check_value(struct parse *p, enum cli_kind kind, const char *what,
		       const char *value)
{
	uint64_t n;

	if (kind == CLI_ACCOUNT && !cli_is_account(value))
		return refuse(p, "%s is user@domain, not \"%s\"", what, value);
	if (kind == CLI_NUMBER &&
	    (slice_u64(slice_str(value), CLI_NUMBER_MAX, &n) || !n))
		return refuse(p, "%s is a number from 1 to %d, not \"%s\"",
			      what, CLI_NUMBER_MAX, value);
	if (!*value)
		return refuse(p, "%s is empty", what);
	return 0;
}

/* Length of the option's name in the argument, or 0: it is another. */
static size_t names(const struct cli_option *o, const char *arg)
{
	size_t len = strlen(o->name);

	if (strncmp(arg, o->name, len) != 0)
		return 0;
	if (!arg[len])
		return len;
	/* -sVALUE, --name=VALUE */
	bool joined = o->value && (len == 2 || arg[len] == '=');
	return joined ? len : 0;
}

static int take_value(struct parse *p, enum cli_opt id, const char *arg,
		      size_t len)
{
	const struct cli_option *o = &cli_options[id];
	const char *value;

	if (p->out->opt[id] && o->value)
		return refuse(p, "%s stands there twice", o->name);
	if (!o->value)
		value = "";
	else if (arg[len])
		value = arg + len + (arg[len] == '=' && len > 2);
	else if (p->next < p->argc)
		value = p->argv[p->next++];
	else
		return refuse(p, "%s needs a value: %s", o->name, o->value);
	p->out->opt[id] = value;
	return o->value ? check_value(p, o->kind, o->name, value) : 0;
}

static int take_option(struct parse *p, const char *arg)
{
	if (strcmp(arg, "-h") == 0)
		arg = cli_options[OPT_HELP].name;
	for (unsigned id = 0; id < OPT_COUNT_OF; id++) {
		size_t len = names(&cli_options[id], arg);
		if (len)
			return take_value(p, id, arg, len);
	}
	return refuse(p,
		      "there is no option %s (a text that begins with a dash "
		      "comes after --)",
		      arg);
}

static int take_all(struct parse *p)
{
	bool only_words = false;

	while (p->next < p->argc) {
		const char *arg = p->argv[p->next++];
		if (!only_words && strcmp(arg, "--") == 0) {
			only_words = true;
			continue;
		}
		if (!only_words && arg[0] == '-' && arg[1]) {
			int err = take_option(p, arg);
			if (err)
				return err;
			continue;
		}
		if (p->words == CLI_WORDS_MAX)
			return refuse(p, "too many words; quotes make a text "
					 "one word");
		p->word[p->words++] = arg;
	}
	return 0;
}

/* How many of the words are the verb's; 0: it is another verb. */
static size_t matches(const struct cli_verb *v, const char *const *words,
		      size_t count)
{
	struct slice rest = slice_str(v->words);
	size_t used = 0;

	while (rest.len) {
		ptrdiff_t blank = slice_chr(rest, ' ');
		size_t len = blank < 0 ? rest.len : (size_t)blank;
		if (used == count ||
		    !slice_eq(slice_head(rest, len), slice_str(words[used])))
			return 0;
		used++;
		rest = slice_from(rest, len + 1);
	}
	return used;
}

const struct cli_verb *cli_verb_find(const char *const *words, size_t count,
				     size_t *used)
{
	for (const struct cli_verb *v = cli_verbs; v->words; v++) {
		*used = matches(v, words, count);
		if (*used)
			return v;
	}
	*used = 0;
	return NULL;
}

static int check_options(struct parse *p, const struct cli_verb *v)
{
	for (unsigned id = 0; id < OPT_COUNT_OF; id++) {
		const char *name = cli_options[id].name;
		bool given = p->out->opt[id];
		if (given && !((v->options | CLI_COMMON) & CLI_OPT(id)))
			return refuse(p, "%s has no option %s", v->words, name);
		if (!given && (v->must & CLI_OPT(id)))
			return refuse(p, "%s needs %s", v->words, name);
	}
	return 0;
}

static int check_operands(struct parse *p, const struct cli_verb *v)
{
	size_t n = p->out->operands;

	if (n < v->min)
		return refuse(p, "%s needs %s", v->words, v->operands);
	if (n > v->max)
		return refuse(p, "%s: \"%s\" is too much%s", v->words,
			      p->out->operand[v->max],
			      v->max ? "; quotes make a text one word" : "");
	for (size_t i = 0; i < n; i++) {
		int err = check_value(p, v->kind, v->operands,
				      p->out->operand[i]);
		if (err)
			return err;
	}
	return 0;
}

int cli_args_parse(struct cli_args *out, int argc, char *const argv[],
		   char error[static CLI_ERROR_MAX])
{
	struct parse p = {
		.out = out, .argc = argc, .argv = argv, .error = error
	};
	size_t used;

	*out = (struct cli_args){ 0 };
	int err = take_all(&p);
	const struct cli_verb *v = cli_verb_find(p.word, p.words, &used);
	out->verb = v;
	for (size_t i = used; i < p.words; i++)
		out->operand[out->operands++] = p.word[i];
	if (err)
		return err;
	if (out->opt[OPT_HELP])
		return 0;
	if (!v && p.words)
		return refuse(&p, "there is no verb \"%s%s%s\"", p.word[0],
			      p.words > 1 ? " " : "",
			      p.words > 1 ? p.word[1] : "");
	if (!v)
		return refuse(&p, "a verb is missing");
	err = check_options(&p, v);
	return err ? err : check_operands(&p, v);
}

uint64_t cli_number(const struct cli_args *a, enum cli_opt opt,
		    uint64_t otherwise)
{
	uint64_t n = otherwise;

	if (a->opt[opt] &&
	    slice_u64(slice_str(a->opt[opt]), CLI_NUMBER_MAX, &n))
		return otherwise;
	return n;
}
