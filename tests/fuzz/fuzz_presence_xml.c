/* SPDX-License-Identifier: Apache-2.0 */
/* Resource lists, watcher information and whatever else is XML: bounded, and
 * every start has its end. */
#include <stdlib.h>

#include "presence/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ATTRIBUTES_MAX = XML_ELEMENTS_MAX * XML_ATTRIBUTES_MAX };

struct seen {
	size_t depth, attributes;
};

static const struct reject *on_start(void *arg, const struct xml_element *e)
{
	struct seen *s = arg;
	struct slice rest, name, value;
	if (e->depth != ++s->depth || e->depth > XML_DEPTH_MAX || !e->tag.len ||
	    e->tag.ptr[0] != '<' || !xml_raw_name(e->tag, &rest).len)
		abort();
	while (xml_raw_next(&rest, &name, &value))
		if (!name.len || ++s->attributes > ATTRIBUTES_MAX)
			abort();
	return NULL;
}

static void on_end(void *arg, size_t depth, size_t end)
{
	struct seen *s = arg;
	if (depth != s->depth-- || !end)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xml_ops ops = { on_start, on_end, NULL };
	struct seen s = { 0 };
	if (!xml_read(slice_of(data, size), &ops, &s) && s.depth)
		abort();
	return 0;
}
