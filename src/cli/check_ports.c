/* SPDX-License-Identifier: Apache-2.0 */
/* `check`: rows against sockets and rules, and the relay's range against the
 * kernel's own. */
#include "cli/check.h"

#include <stdio.h>
#include <string.h>

#include "cli/ctl.h"
#include "cli/verify.h"

static void look_at_row(struct checkup *k, const json_t *row)
{
	const json_t *rule = json_object_get(row, "rule");
	if (json_is_false(json_object_get(row, "listens")))
		findings_tell(
			&k->f, FINDING_FAIL, "restart the server; see its log",
			"row %s: nothing listens on %s %s",
			check_text(row, "id"), check_text(row, "transport"),
			check_text(row, "port"));
	if (json_is_false(rule))
		findings_tell(
			&k->f, FINDING_FAIL,
			"load the output of `sallyport firewall` anew",
			"row %s: no loaded firewall rule lets %s %s through",
			check_text(row, "id"), check_text(row, "transport"),
			check_text(row, "port"));
}

void check_ports(struct checkup *k)
{
	json_t *found = NULL;
	if (verify_machine(k->f.cli, &found)) {
		findings_tell(&k->f, FINDING_FAIL,
			      "run it as root on the server",
			      "ports and rules cannot be compared");
		return;
	}
	const json_t *rows = json_object_get(found, "rows");
	const json_t *more = json_object_get(found, "uncovered");
	for (size_t i = 0; i < json_array_size(rows); i++)
		look_at_row(k, json_array_get(rows, i));
	for (size_t i = 0; i < json_array_size(more); i++)
		findings_tell(&k->f, FINDING_FAIL,
			      "no rule can be made for it; tell the makers",
			      "%s listens and is in no row",
			      json_string_value(json_array_get(more, i)));
	if (!json_is_true(json_object_get(found, "rules")))
		findings_tell(
			&k->f, FINDING_WARN,
			"`sallyport firewall` prints some; a firewall in front "
			"cannot be seen from here",
			"no rules of ours are loaded, or they are not for us "
			"to "
			"see");
	if (json_is_true(json_object_get(found, "fits")))
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "%zu rows fit what listens",
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
	if (ctl_call(k->f.cli, "ports",
		     json_pack("{ssssssss}", "form", "json", "lang", "",
			       "profile", "lync", "published", ""),
		     &table))
		return false;
	json_t *rows = json_loads(check_text(table, "text"), 0, NULL);
	for (size_t i = 0; i < json_array_size(rows) && !found; i++)
		found = sscanf(check_text(json_array_get(rows, i),
					  "source_port"),
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

void check_range(struct checkup *k)
{
	unsigned first, last;
	unsigned long low, high;
	if (!relay_range(k, &first, &last)) {
		findings_tell(&k->f, FINDING_PASS, NULL, "there is no relay");
		return;
	}
	if (read_numbers("/proc/sys/net/ipv4/ip_local_port_range", &low,
			 &high) != 2)
		findings_tell(&k->f, FINDING_WARN, "is /proc there?",
			      "the kernel's own range of ports cannot be read");
	else if (low > last || high < first || reserved(first, last))
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "the relay's ports %u-%u are its own", first,
			      last);
	else
		findings_tell(
			&k->f, FINDING_WARN,
			"name the relay's range in "
			"net.ipv4.ip_local_reserved_ports (sysctl)",
			"the kernel gives ports of %u-%u to other programs "
			"(%lu-%lu)",
			first, last, low, high);
}
