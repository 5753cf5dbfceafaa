/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: what an administrator would otherwise hear from users, one step
 * after the other.
 */
#include "cli/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/ctl.h"

const char *check_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

char *check_read(const char *path, size_t max)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(max + 1) : NULL;
	if (text) {
		size_t n = fread(text, 1, max, f);
		text[n] = '\0';
	}
	if (f)
		fclose(f);
	return text;
}

static const struct {
	const char *name;
	void (*look)(struct checkup *k);
} STEPS[] = {
	{ "config", check_config },  { "server", check_processes },
	{ "store", check_store },    { "certificate", check_certificates },
	{ "dns", check_names },      { "ports", check_ports },
	{ "inside", check_inside },  { "relay", check_relay },
	{ "fast", check_fast_path }, { "range", check_range },
	{ "clock", check_clock },    { "limits", check_limits },
	{ "kernel", check_kernel },
};

int cli_verb_check(struct cli *c)
{
	struct checkup k = { .status = NULL };
	int err = ctl_call(c, "status", json_object(), &k.status);
	if (!err)
		err = ctl_call(c, "facts", json_object(), &k.facts);
	if (!err) {
		findings_begin(&k.f, c);
		for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
			k.f.step = STEPS[i].name;
			STEPS[i].look(&k);
		}
		err = findings_end(&k.f);
	}
	json_decref(k.status);
	json_decref(k.facts);
	return err;
}
