/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: what an administrator would otherwise hear from users, one step
 * after the other. Each step tells its findings as it makes them: pass, warn
 * or fail, and for the last two what to do.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"
#include "cli/verify.h"

enum level { PASS, WARN, FAIL };

struct checkup {
	struct cli *cli;
	json_t *findings; /* for --json; else NULL */
	json_t *status;   /* of the server */
	enum level worst;
	const char *step;
};

static const char *const LEVELS[] = { "pass", "warn", "fail" };

/* remedy: what to do; NULL for what is fine. */
static void __attribute__((format(printf, 4, 5)))
tell(struct checkup *k, enum level level, const char *remedy, const char *fmt,
     ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (level > k->worst)
		k->worst = level;
	if (k->findings) {
		/* what lacks memory is missed when the array is printed */
		json_array_append_new(
			k->findings,
			json_pack("{s:s,s:s,s:o,s:s}", "step", k->step, "state",
				  LEVELS[level], "text",
				  out_json_text(slice_str(text)), "remedy",
				  remedy ? remedy : ""));
		return;
	}
	fprintf(k->cli->out, "%-4s  %-8s  ", LEVELS[level], k->step);
	term_print(k->cli->out, slice_str(text), TERM_LINE);
	fputc('\n', k->cli->out);
	if (remedy)
		fprintf(k->cli->out, "                %s\n", remedy);
	fflush(k->cli->out);
}

static const char *member(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

/* Is every process serving, and did it have to be restarted? */
static void look_at_processes(struct checkup *k)
{
	const json_t *list = json_object_get(k->status, "processes");
	const json_t *silent = json_object_get(k->status, "silent");
	size_t ready = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		long long restarts =
			json_integer_value(json_object_get(p, "restarts"));
		bool is_ready = strcmp(member(p, "state"), "ready") == 0;
		ready += is_ready;
		if (!is_ready)
			tell(k, FAIL, "see its last lines in the log",
			     "a process %s is %s", member(p, "role"),
			     member(p, "state"));
		if (restarts)
			tell(k, WARN,
			     "look for proc.exit and proc.crash in "
			     "the log",
			     "a process %s was restarted %lld times",
			     member(p, "role"), restarts);
	}
	for (size_t i = 0; i < json_array_size(silent); i++)
		tell(k, FAIL, "it hangs, or the machine is overloaded",
		     "the process %s does not answer",
		     json_string_value(json_array_get(silent, i)));
	tell(k, PASS, NULL, "%zu processes serve", ready);
}

static void look_at_store(struct checkup *k)
{
	json_t *users = NULL;
	if (ctl_call(k->cli, "user.list", json_object(), &users)) {
		tell(k, FAIL, "see the messages of store in the log",
		     "the database does not answer");
		return;
	}
	tell(k, PASS, NULL, "the database answers: %zu users",
	     json_array_size(json_object_get(users, "users")));
	json_decref(users);
}

static void look_at_row(struct checkup *k, const json_t *row)
{
	const json_t *rule = json_object_get(row, "rule");
	if (json_is_false(json_object_get(row, "listens")))
		tell(k, FAIL, "restart the server; see its log",
		     "row %s: nothing listens on %s %s", member(row, "id"),
		     member(row, "transport"), member(row, "port"));
	if (json_is_false(rule))
		tell(k, FAIL, "load the output of `sallyport firewall` anew",
		     "row %s: no loaded firewall rule lets %s %s through",
		     member(row, "id"), member(row, "transport"),
		     member(row, "port"));
}

static void look_at_ports(struct checkup *k)
{
	json_t *found = NULL;
	if (verify_machine(k->cli, &found)) {
		tell(k, FAIL, "run it as root on the server",
		     "ports and rules cannot be compared");
		return;
	}
	const json_t *rows = json_object_get(found, "rows");
	const json_t *more = json_object_get(found, "uncovered");
	for (size_t i = 0; i < json_array_size(rows); i++)
		look_at_row(k, json_array_get(rows, i));
	for (size_t i = 0; i < json_array_size(more); i++)
		tell(k, FAIL, "no rule can be made for it; tell the makers",
		     "%s listens and is in no row",
		     json_string_value(json_array_get(more, i)));
	if (!json_is_true(json_object_get(found, "rules")))
		tell(k, WARN,
		     "`sallyport firewall` prints some; a firewall in front "
		     "cannot be seen from here",
		     "no rules of ours are loaded, or they are not for us to "
		     "see");
	if (json_is_true(json_object_get(found, "fits")))
		tell(k, PASS, NULL, "%zu rows fit what listens",
		     json_array_size(rows));
	json_decref(found);
}

/* The first numbers of a file of /proc; how many there were. */
static int read_numbers(const char *path, unsigned long *a, unsigned long *b)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	int n = fscanf(f, "%lu %lu", a, b);
	fclose(f);
	return n;
}

/* The relay's range as the port table has it; false: no relay. */
static bool relay_range(struct checkup *k, unsigned *first, unsigned *last)
{
	json_t *table = NULL;
	bool found = false;
	if (ctl_call(k->cli, "ports",
		     json_pack("{ssssssss}", "form", "json", "lang", "",
			       "profile", "lync", "published", ""),
		     &table))
		return false;
	json_t *rows = json_loads(member(table, "text"), 0, NULL);
	for (size_t i = 0; i < json_array_size(rows) && !found; i++)
		found = sscanf(member(json_array_get(rows, i), "source_port"),
			       "%u-%u", first, last) == 2;
	json_decref(rows);
	json_decref(table);
	return found;
}

/* Is the whole range kept free for us ("50000-59999,8080")? */
static bool reserved(unsigned first, unsigned last)
{
	char text[4096] = "";
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_reserved_ports", "re");
	if (!f)
		return false;
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (char *save, *one = strtok_r(text, ",\n", &save); one;
	     one = strtok_r(NULL, ",\n", &save)) {
		unsigned from = 0, to = 0;
		int numbers = sscanf(one, "%u-%u", &from, &to);
		if (numbers == 2 && from <= first && to >= last)
			return true;
	}
	return false;
}

static void look_at_range(struct checkup *k)
{
	unsigned first, last;
	unsigned long low, high;
	if (!relay_range(k, &first, &last)) {
		tell(k, PASS, NULL, "there is no relay");
		return;
	}
	if (read_numbers("/proc/sys/net/ipv4/ip_local_port_range", &low,
			 &high) != 2)
		tell(k, WARN, "is /proc there?",
		     "the kernel's own range of ports cannot be read");
	else if (low > last || high < first || reserved(first, last))
		tell(k, PASS, NULL, "the relay's ports %u-%u are its own",
		     first, last);
	else
		tell(k, WARN,
		     "name the relay's range in "
		     "net.ipv4.ip_local_reserved_ports (sysctl)",
		     "the kernel gives ports of %u-%u to other programs "
		     "(%lu-%lu)",
		     first, last, low, high);
}

static void look_at_clock(struct checkup *k)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);
	if (state < 0)
		tell(k, WARN, "is this a container?",
		     "the clock cannot be asked: %s", strerror(errno));
	else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
		tell(k, WARN,
		     "certificates, credentials and logs need the time: run "
		     "chrony or systemd-timesyncd",
		     "nothing keeps the clock right");
	else
		tell(k, PASS, NULL, "the clock is kept right");
}

/* The soft limit of open files of a process; 0: cannot be told. */
static unsigned long file_limit(long long pid)
{
	char path[64], line[256];
	unsigned long limit = 0;
	snprintf(path, sizeof(path), "/proc/%lld/limits", pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Max open files %lu", &limit) == 1)
			break;
	if (f)
		fclose(f);
	return limit;
}

static void look_at_limits(struct checkup *k)
{
	enum { ENOUGH = 65536 };
	const json_t *list = json_object_get(k->status, "processes");
	unsigned long least = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		unsigned long n = file_limit(
			json_integer_value(json_object_get(p, "pid")));
		if (n && (!least || n < least))
			least = n;
	}
	if (!least)
		tell(k, WARN, "run it on the server itself",
		     "limits of the processes cannot be read");
	else if (least < ENOUGH)
		tell(k, WARN, "raise LimitNOFILE of the service to 65536",
		     "a process may open %lu files only: each connection and "
		     "relayed port is one",
		     least);
	else
		tell(k, PASS, NULL, "a process may open %lu files", least);
}

/* Landlock came with 5.13, SO_REUSEPORT's steering is older. */
static void look_at_kernel(struct checkup *k)
{
	enum { MAJOR = 5, MINOR = 13 };
	struct utsname u;
	int major = 0, minor = 0;
	char modules[256] = "";
	if (uname(&u) || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		tell(k, WARN, "is this Linux?", "the kernel is unknown");
	else if (major < MAJOR || (major == MAJOR && minor < MINOR))
		tell(k, WARN, "5.13 or later confines the processes better",
		     "kernel %s", u.release);
	else
		tell(k, PASS, NULL, "kernel %s", u.release);
	FILE *f = fopen("/sys/kernel/security/lsm", "re");
	if (f) {
		size_t n = fread(modules, 1, sizeof(modules) - 1, f);
		modules[n] = '\0';
		fclose(f);
	}
	if (*modules && !strstr(modules, "landlock"))
		tell(k, WARN, "add landlock to the kernel's lsm= option",
		     "Landlock is off: files are guarded by less");
}

static const struct {
	const char *name;
	void (*look)(struct checkup *k);
} STEPS[] = {
	{ "server", look_at_processes }, { "store", look_at_store },
	{ "ports", look_at_ports },      { "range", look_at_range },
	{ "clock", look_at_clock },      { "limits", look_at_limits },
	{ "kernel", look_at_kernel },
};

/* The worst finding as a status that monitoring understands: warnings are no
 * failure. */
static int finish(struct checkup *k)
{
	int status = k->worst == FAIL ? CLI_NO : CLI_DONE;
	json_decref(k->status);
	if (!k->findings)
		return status;
	int err = out_json(k->cli,
			   json_pack("{s:s,s:o}", "state", LEVELS[k->worst],
				     "findings", k->findings));
	return err ? err : status;
}

int cli_verb_check(struct cli *c)
{
	struct checkup k = { .cli = c };
	int err = ctl_call(c, "status", json_object(), &k.status);
	if (err)
		return err;
	if (c->args.opt[OPT_JSON])
		k.findings = json_array();
	for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
		k.step = STEPS[i].name;
		STEPS[i].look(&k);
	}
	return finish(&k);
}
