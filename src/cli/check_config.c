/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: the configuration file, by the server's own program (-t). Which file
 * that is, is what the server was started with, unless -c names another.
 */
#include "cli/check.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4096, CMDLINE_MAX = 8192 };

static long long parent_of(long long pid)
{
	char path[64];
	long long parent = 0;
	snprintf(path, sizeof(path), "/proc/%lld/status", pid);
	char *text = check_read(path, OUTPUT_MAX);
	char *at = text ? strstr(text, "\nPPid:") : NULL;
	if (at)
		parent = strtoll(at + sizeof("\nPPid:") - 1, NULL, 10);
	free(text);
	return parent;
}

/* The value of -c or --config among a process's words. */
static bool config_of(long long pid, char out[static PATH_MAX])
{
	static const char *const names[] = { "--config=", "-c" };
	char path[64], words[CMDLINE_MAX + 1] = "";
	snprintf(path, sizeof(path), "/proc/%lld/cmdline", pid);
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(words, 1, CMDLINE_MAX, f) : 0;
	if (f)
		fclose(f);
	bool next = false;
	for (size_t at = 0; at < len; at += strlen(words + at) + 1) {
		const char *word = words + at;
		for (size_t i = 0; !next && i < 2; i++)
			if (!strncmp(word, names[i], strlen(names[i])) &&
			    word[strlen(names[i])])
				return snprintf(out, PATH_MAX, "%s",
						word + strlen(names[i])) <
				       PATH_MAX;
		if (next)
			return snprintf(out, PATH_MAX, "%s", word) < PATH_MAX;
		next = !strcmp(word, "-c") || !strcmp(word, "--config");
	}
	return false;
}

/* Of the server's process itself, or of the one that started this child. */
static bool find_config(const struct checkup *k, char out[static PATH_MAX])
{
	const char *given = k->f.cli->args.opt[OPT_CONFIG];
	const json_t *first =
		json_array_get(json_object_get(k->status, "processes"), 0);
	long long pid = json_integer_value(json_object_get(first, "pid"));
	if (given)
		return snprintf(out, PATH_MAX, "%s", given) < PATH_MAX;
	/* of a relative path only the server knows where it begins */
	return pid > 0 &&
	       (config_of(pid, out) || config_of(parent_of(pid), out)) &&
	       out[0] == '/';
}

static void become_daemon(const char *path, int out)
{
	char words[3][PATH_MAX] = { "sallyportd", "-t", "-c" };
	char file[PATH_MAX];
	snprintf(file, sizeof(file), "%s", path);
	char *argv[] = { words[0], words[1], words[2], file, NULL };
	if (dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
		cli_run_daemon(argv);
	_exit(CLI_UNREACHED);
}

/* Its exit status, -1: it could not be run; what it said. */
static int run_test(const char *path, char said[static OUTPUT_MAX])
{
	int fd[2], status = -1;
	size_t len = 0;
	said[0] = '\0';
	if (pipe(fd))
		return -1;
	pid_t pid = fork();
	if (!pid)
		become_daemon(path, fd[1]);
	close(fd[1]);
	for (ssize_t n = 1; pid > 0 && n && len < OUTPUT_MAX - 1;) {
		n = read(fd[0], said + len, OUTPUT_MAX - 1 - len);
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd[0]);
	said[len] = '\0';
	said[strcspn(said, "\n")] = '\0'; /* the first line says why */
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		return WEXITSTATUS(status);
	return -1;
}

void check_config(struct checkup *k)
{
	char path[PATH_MAX], said[OUTPUT_MAX];
	if (!find_config(k, path)) {
		findings_tell(&k->f, FINDING_WARN,
			      "-c names it; root sees by itself which one the "
			      "server runs with",
			      "the configuration file is not known");
		return;
	}
	int status = run_test(path, said);
	if (!status)
		findings_tell(&k->f, FINDING_PASS, NULL, "%s is in order",
			      path);
	else if (status == CLI_NO)
		findings_tell(&k->f, FINDING_FAIL,
			      "the server runs on with what it had; correct "
			      "the line, then reload",
			      "%s", said);
	else
		findings_tell(&k->f, FINDING_WARN,
			      "sallyportd has to stand beside sallyport",
			      "%s cannot be tried: %s", path, said);
}
