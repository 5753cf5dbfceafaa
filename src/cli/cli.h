/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's command. One constant table of verbs (verbs.c) is the front
 * end: parsing, usage errors, help and the completion follow from it. Verbs
 * that need the daemon speak admin/ctl_proto.h over its socket; `message` and
 * `receive` are a user agent and need only the network.
 *
 * Whatever came from elsewhere passes term.h before it is printed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/slice.h"

/* Exit statuses; scripts rely on them. */
enum { CLI_DONE = 0, CLI_NO = 1, CLI_USAGE = 2, CLI_UNREACHED = 3 };

enum cli_opt {
	OPT_SOCKET,
	OPT_JSON,
	OPT_HELP,
	OPT_PASSWORD_FILE,
	OPT_AS,
	OPT_TO,
	OPT_SERVER,
	OPT_SERVER_NAME,
	OPT_TRUST,
	OPT_COUNT,
	OPT_ANSWER,
	OPT_TIMEOUT,
	OPT_CONFIG,
	OPT_FORMAT,
	OPT_LANG,
	OPT_PROFILE,
	OPT_PUBLISHED,
	OPT_PERIMETER,
	OPT_SSH,
	OPT_EDGE,
	OPT_STRICT,
	OPT_VERIFY,
	OPT_FROM,
	OPT_METHOD,
	OPT_AUDIO_VIDEO,
	OPT_ARRIVING_AS,
	OPT_USER,
	OPT_TTL,
	OPT_MS,
	OPT_FOR,
	OPT_ROLE,
	OPT_ONCE,
	OPT_DAY,
	OPT_PARTNER,
	OPT_CALL,
	OPT_RAW,
	OPT_BODIES,
	OPT_WRITE,
	OPT_COUNT_OF
};

#define CLI_OPT(id) (UINT64_C(1) << (id))

enum cli_kind {
	CLI_FLAG,
	CLI_TEXT,
	CLI_ACCOUNT, /* user@domain */
	CLI_NUMBER   /* 1 to CLI_NUMBER_MAX */
};

enum { CLI_NUMBER_MAX = 1000000, CLI_WORDS_MAX = 8, CLI_ERROR_MAX = 512 };

struct cli;

struct cli_option {
	const char *name;  /* with dashes */
	const char *value; /* how help calls it; NULL: a flag */
	enum cli_kind kind;
	const char *help;
};

struct cli_verb {
	const char *words;    /* "user add" */
	const char *operands; /* for usage; "" for none */
	const char *help;     /* one line */
	const char *more;     /* what `help VERB` says besides */
	uint64_t options;     /* CLI_OPT() bits beside the common ones */
	uint64_t must;        /* those that may not lack */
	size_t min, max;      /* operands */
	enum cli_kind kind;   /* of the operands */
	int (*run)(struct cli *c);
};

struct cli_args {
	const struct cli_verb *verb;   /* NULL: no words, or --help of some */
	const char *opt[OPT_COUNT_OF]; /* NULL: not given; flags: "" */
	const char *operand[CLI_WORDS_MAX];
	size_t operands;
};

/* One run of the command. */
struct cli {
	FILE *out, *err;
	bool colour;
	bool progress; /* err is a terminal */
	struct cli_args args;
};

extern const struct cli_option cli_options[OPT_COUNT_OF];
/* Ends with a row without words. */
extern const struct cli_verb cli_verbs[];
/* The options that every verb has. */
#define CLI_COMMON (CLI_OPT(OPT_SOCKET) | CLI_OPT(OPT_JSON) | CLI_OPT(OPT_HELP))

/* argv without the program's name; returns the exit status. */
int cli_run(struct cli *c, int argc, char *const argv[]);
/* May the output be coloured (NO_COLOR, TERM)? */
bool cli_colour(bool terminal);
/* "sallyport: text" and LF on err, escaped. Returns status. */
int cli_fail(struct cli *c, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* tables.c: becomes the server's program, which stands beside this one; returns
 * only when that is not possible (errno). */
void cli_run_daemon(char *const argv[]);

/* args.c: 0, or -EINVAL and a sentence. out->verb is set when the words name
 * one, in both cases. */
int cli_args_parse(struct cli_args *out, int argc, char *const argv[],
		   char error[static CLI_ERROR_MAX]);
/* The verb that the first words name, and how many those are; or NULL. */
const struct cli_verb *cli_verb_find(const char *const *words, size_t count,
				     size_t *used);
/* A checked CLI_NUMBER; `otherwise` when it was not given. */
uint64_t cli_number(const struct cli_args *a, enum cli_opt opt,
		    uint64_t otherwise);
bool cli_is_account(const char *text);

/* help.c */
void cli_usage(FILE *out, const struct cli_verb *v);
int cli_help_verb(struct cli *c, const struct cli_verb *v);
/* All verbs, or those whose first word is `group`. */
int cli_help_list(struct cli *c, FILE *out, const char *group);
int cli_verb_help(struct cli *c);
int cli_verb_version(struct cli *c);

/* the files that are named like them */
int cli_verb_metrics(struct cli *c);
int cli_verb_relay_list(struct cli *c);
int cli_verb_relay_show(struct cli *c);
int cli_verb_relay_kill(struct cli *c);
int cli_verb_relay_drain(struct cli *c);
int cli_verb_partner_list(struct cli *c);
int cli_verb_partner_show(struct cli *c);
int cli_verb_partner_block(struct cli *c);
int cli_verb_partner_allow(struct cli *c);
int cli_verb_partner_watch(struct cli *c);
int cli_verb_partner_clear(struct cli *c);
int cli_verb_partner_test(struct cli *c);
int cli_verb_ban(struct cli *c);
int cli_verb_allow(struct cli *c);
int cli_verb_bans(struct cli *c);
int cli_verb_refusals(struct cli *c);
int cli_verb_changes(struct cli *c);
int cli_verb_config(struct cli *c);
int cli_verb_top(struct cli *c);
int cli_verb_trace(struct cli *c);
int cli_verb_admin_add(struct cli *c);
int cli_verb_admin_passwd(struct cli *c);
int cli_verb_admin_remove(struct cli *c);
int cli_verb_admin_list(struct cli *c);
int cli_verb_reload(struct cli *c);
int cli_verb_drain(struct cli *c);
int cli_verb_log_level(struct cli *c);
int cli_verb_status(struct cli *c);
int cli_verb_ports(struct cli *c);
int cli_verb_ports_verify(struct cli *c);
int cli_verb_check(struct cli *c);
int cli_verb_firewall(struct cli *c);
int cli_verb_explain(struct cli *c);
int cli_verb_user_add(struct cli *c);
int cli_verb_user_passwd(struct cli *c);
int cli_verb_user_contacts(struct cli *c);
int cli_verb_user_list(struct cli *c);
int cli_verb_user_remove(struct cli *c);
int cli_verb_turn_credential(struct cli *c);
int cli_verb_turn_rotate(struct cli *c);
int cli_verb_user_disable(struct cli *c);
int cli_verb_user_enable(struct cli *c);
int cli_verb_user_devices(struct cli *c);
int cli_verb_user_import(struct cli *c);
int cli_verb_backup(struct cli *c);
int cli_verb_restore(struct cli *c);
int cli_verb_messages(struct cli *c);
int cli_verb_messages_drop(struct cli *c);
int cli_verb_message(struct cli *c);
int cli_verb_receive(struct cli *c);
