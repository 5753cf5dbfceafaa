/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the table, in English and in Simplified Chinese, and the names
 * that the command line takes. */
#include "ports/ports_int.h"

#include <errno.h>

const struct ports_words words_end[PORTS_END_COUNT] = {
	[PORTS_END_ANY] = { "Any", "任意" },
	[PORTS_END_ACCESS] = { "Access Edge", "访问边缘" },
	[PORTS_END_AV] = { "A/V Edge", "A/V 边缘" },
	[PORTS_END_INT] = { "Inner interface", "内部接口" },
	[PORTS_END_PARTNERS] = { "Partners", "合作伙伴" },
	[PORTS_END_CLIENTS] = { "Clients", "客户端" },
	[PORTS_END_INSIDE] = { "Inside servers", "内部服务器" },
	[PORTS_END_DNS] = { "DNS servers", "DNS 服务器" },
	[PORTS_END_SELF] = { "This machine", "本机" },
};

const char *words_in(const struct ports_words *w, enum ports_lang lang)
{
	return lang == PORTS_ZH ? w->zh : w->en;
}

const char *words_transport(enum ports_transport t)
{
	return t == PORTS_UDP ? "UDP" : "TCP";
}

int ports_form_parse(struct slice text, enum ports_form *out)
{
	static const char *const names[] = {
		[PORTS_TEXT] = "table", [PORTS_MARKDOWN] = "markdown",
		[PORTS_CSV] = "csv",    [PORTS_JSON] = "json",
		[PORTS_SVG] = "svg",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_eq(text, slice_str(names[i]))) {
			*out = (enum ports_form)i;
			return 0;
		}
	}
	return -EINVAL;
}

enum ports_lang ports_lang_of(struct slice text)
{
	return slice_starts(text, SLICE_LIT("zh")) ? PORTS_ZH : PORTS_EN;
}

int ports_partner_parse(struct slice text, unsigned *out)
{
	static const struct {
		const char *name;
		unsigned partner;
	} table[] = {
#define ROW(name, partner) { name, partner },
		PORTS_PARTNER_NAMES(ROW)
#undef ROW
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (slice_eq(text, slice_str(table[i].name))) {
			*out = table[i].partner;
			return 0;
		}
	}
	return -EINVAL;
}
