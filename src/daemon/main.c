/* SPDX-License-Identifier: Apache-2.0 */
/* sallyportd(8): the command line, and the way into each process. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/check.h"
#include "daemon/process.h"
#include "daemon/restore.h"
#include "daemon/supervisor.h"
#include "daemon/tables.h"

enum { EXIT_USAGE = 2, CHILD_ARGS = 4 };

static const char usage_text[] =
	"usage: sallyportd -c FILE        serve; logs to standard error\n"
	"       sallyportd -t -c FILE     check the file only: exit 0, or 1\n"
	"                                 and one line file:line: reason\n"
	"       sallyportd --ask VERB -c FILE [NAME=VALUE...]\n"
	"                                 of a file: what ports, firewall and\n"
	"                                 explain of sallyport(1) print\n"
	"       sallyportd --restore BACKUP -c FILE [--json]\n"
	"                                 put it in the place of the "
	"database;\n"
	"                                 nothing may be using that\n"
	"       sallyportd --manual       print sallyport.yaml(5)\n"
	"       sallyportd --version\n"
	"       sallyportd --help\n"
	"SIGHUP reloads FILE, SIGTERM drains and ends, a second one ends at "
	"once.\n";

static const struct role_ops *const roles[PROC_ROLE_COUNT] = {
	[PROC_EDGE] = &role_edge_ops,   [PROC_HOME] = &role_home_ops,
	[PROC_STORE] = &role_store_ops, [PROC_RESOLVER] = &role_resolver_ops,
	[PROC_ADMIN] = &role_admin_ops, [PROC_RELAY] = &role_relay_ops,
};

static int child_main(char **argv)
{
	struct boot boot;
	if (boot_parse(argv[2], argv[3], &boot) < 0) {
		fputs("sallyportd: --role is for the supervisor's use\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (boot.id.role == PROC_LOADER)
		return loader_main(&boot);
	return process_main(&boot, roles[boot.id.role]);
}

static int print_manual(void)
{
	struct buf out;
	buf_init(&out, 0);
	conf_manual(&out);
	size_t len = out.len;
	bool ok = !buf_failed(&out) && fwrite(out.ptr, 1, len, stdout) == len &&
		  fflush(stdout) == 0;
	buf_free(&out);
	return ok ? 0 : 1;
}

static int usage(FILE *to, int status)
{
	fputs(usage_text, to);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },
		{ "ask", required_argument, NULL, 'a' },
		{ "restore", required_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "manual", no_argument, NULL, 'm' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL, *ask = NULL, *backup = NULL;
	bool check = false, json = false;

	if (argc == CHILD_ARGS && strcmp(argv[1], "--role") == 0)
		return child_main(argv);
	for (int o; (o = getopt_long(argc, argv, "c:th", options, NULL)) != -1;)
		switch (o) {
		case 'c':
			path = optarg;
			break;
		case 't':
			check = true;
			break;
		case 'a':
			ask = optarg;
			break;
		case 'r':
			backup = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'm':
			return print_manual();
		case 'v':
			puts("sallyportd " SALLYPORT_VERSION);
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, EXIT_USAGE);
		}
	if (path && ask)
		return tables_main(path, ask, argv + optind, argc - optind);
	if (!path || ask || optind != argc || (json && !backup))
		return usage(stderr, EXIT_USAGE);
	if (backup)
		return restore_main(path, backup, json);
	return check ? check_main(path) : supervisor_main(path);
}
