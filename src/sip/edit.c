/* SPDX-License-Identifier: Apache-2.0 */
/* The list of edits: each call adds a row, none looks at the message. */
#include "sip/edit.h"

void sip_edits_init(struct sip_edits *e)
{
	e->count = 0;
	e->failed = false;
	e->uri = SLICE_NONE;
	e->lines = SLICE_NONE;
}

void sip_edits_copy(struct sip_edits *to, const struct sip_edits *from)
{
	memcpy(to->edit, from->edit, from->count * sizeof(*from->edit));
	to->count = from->count;
	to->failed = from->failed;
	to->uri = from->uri;
	to->lines = from->lines;
}

static void add(struct sip_edits *e, struct sip_edit edit)
{
	if (e->count >= SIP_EDITS_MAX) {
		e->failed = true;
		return;
	}
	e->edit[e->count++] = edit;
}

void sip_edit_drop(struct sip_edits *e, enum sip_header_id id)
{
	add(e, (struct sip_edit){ .kind = SIP_EDIT_DROP, .id = id });
}

void sip_edit_drop_named(struct sip_edits *e, struct slice name)
{
	add(e, (struct sip_edit){ .kind = SIP_EDIT_DROP_NAMED,
				  .id = sip_header_id_of(name),
				  .name = name });
}

void sip_edit_drop_value(struct sip_edits *e, enum sip_header_id id,
			 size_t index)
{
	add(e, (struct sip_edit){
		       .kind = SIP_EDIT_DROP_VALUE, .id = id, .index = index });
}

void sip_edit_top(struct sip_edits *e, enum sip_header_id id,
		  struct slice value)
{
	add(e, (struct sip_edit){ .kind = SIP_EDIT_TOP,
				  .id = id,
				  .name = sip_header_name(id),
				  .value = value });
}

void sip_edit_bottom(struct sip_edits *e, enum sip_header_id id,
		     struct slice value)
{
	add(e, (struct sip_edit){ .kind = SIP_EDIT_BOTTOM,
				  .id = id,
				  .name = sip_header_name(id),
				  .value = value });
}

void sip_edit_bottom_named(struct sip_edits *e, struct slice name,
			   struct slice value)
{
	add(e, (struct sip_edit){ .kind = SIP_EDIT_BOTTOM,
				  .id = sip_header_id_of(name),
				  .name = name,
				  .value = value });
}

void sip_edit_uri(struct sip_edits *e, struct slice uri)
{
	e->uri = uri;
}
