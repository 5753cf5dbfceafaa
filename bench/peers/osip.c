/* SPDX-License-Identifier: Apache-2.0 */
/* libosip2: reads most headers into structures at once; parameters are looked
 * up here. */
#include <sys/time.h>

#include <osipparser2/osip_parser.h>

#include "bench/peers/peer.h"

static bool ready(void)
{
	static bool done; /* its keyword tables are the process's own */

	if (!done)
		done = parser_init() == 0;
	return done;
}

static bool values(osip_message_t *m)
{
	osip_generic_param_t *tag = NULL, *branch = NULL;
	osip_header_t *forwards = NULL;
	osip_via_t *via = NULL;

	osip_message_get_via(m, 0, &via);
	if (!via || !m->from || !m->to || !m->call_id || !m->cseq)
		return false;
	osip_via_param_get_byname(via, (char *)(uintptr_t) "branch", &branch);
	osip_from_get_tag(m->from, &tag);
	osip_to_get_tag(m->to, &tag);
	osip_message_header_get_byname(m, "max-forwards", 0, &forwards);
	return branch != NULL && forwards != NULL;
}

bool bench_osip_parse(struct slice whole)
{
	osip_message_t *m = NULL;

	if (!ready() || osip_message_init(&m) != 0)
		return false;
	bool ok = osip_message_parse(m, (const char *)whole.ptr, whole.len) ==
			  0 &&
		  values(m);
	osip_message_free(m);
	return ok;
}
