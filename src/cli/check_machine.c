/* SPDX-License-Identifier: Apache-2.0 */
/* `check`: clock, limits and kernel of this machine. */
#include "cli/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>

void check_clock(struct checkup *k)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);
	if (state < 0)
		findings_tell(&k->f, FINDING_WARN, "is this a container?",
			      "the clock cannot be asked: %s", strerror(errno));
	else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
		findings_tell(
			&k->f, FINDING_WARN,
			"certificates, credentials and logs need the time: run "
			"chrony or systemd-timesyncd",
			"nothing keeps the clock right");
	else
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "the clock is kept right");
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

void check_limits(struct checkup *k)
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
		findings_tell(&k->f, FINDING_WARN,
			      "run it on the server itself",
			      "limits of the processes cannot be read");
	else if (least < ENOUGH)
		findings_tell(&k->f, FINDING_WARN,
			      "raise LimitNOFILE of the service to 65536",
			      "a process may open %lu files only: each "
			      "connection and "
			      "relayed port is one",
			      least);
	else
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "a process may open %lu files", least);
}

/* Landlock came with 5.13, SO_REUSEPORT's steering is older. */
void check_kernel(struct checkup *k)
{
	enum { MAJOR = 5, MINOR = 13 };
	struct utsname u;
	int major = 0, minor = 0;
	char modules[256] = "";
	if (uname(&u) || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		findings_tell(&k->f, FINDING_WARN, "is this Linux?",
			      "the kernel is unknown");
	else if (major < MAJOR || (major == MAJOR && minor < MINOR))
		findings_tell(&k->f, FINDING_WARN,
			      "5.13 or later confines the processes better",
			      "kernel %s", u.release);
	else
		findings_tell(&k->f, FINDING_PASS, NULL, "kernel %s",
			      u.release);
	FILE *f = fopen("/sys/kernel/security/lsm", "re");
	if (f) {
		size_t n = fread(modules, 1, sizeof(modules) - 1, f);
		modules[n] = '\0';
		fclose(f);
	}
	if (*modules && !strstr(modules, "landlock"))
		findings_tell(&k->f, FINDING_WARN,
			      "add landlock to the kernel's lsm= option",
			      "Landlock is off: files are guarded by less");
}
