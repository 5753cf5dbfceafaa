/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that are internal: dropped on the way in and on the way out, in
 * whatever spelling they came (SIP-04); the codec knows them by id. */
#include "edge/walk.h"

static bool is_login(enum sip_header_id id)
{
	return id == SIP_H_AUTHORIZATION || id == SIP_H_PROXY_AUTHORIZATION ||
	       id == SIP_H_AUTHENTICATION_INFO ||
	       id == SIP_H_PROXY_AUTHENTICATION_INFO;
}

static bool drops(enum sip_header_id id, bool keep_login, bool keep_diagnostics)
{
	return (sip_header_flags(id) & SIP_HF_INSIDE) &&
	       !(keep_login && is_login(id)) &&
	       !(keep_diagnostics && id == SIP_H_MS_DIAGNOSTICS);
}

void strip_internal(const struct sip_msg *m, struct sip_edits *edits,
		    bool keep_login, bool keep_diagnostics)
{
	bool done[SIP_H_UNKNOWN + 1] = { false }; /* one edit drops them all */

	for (size_t i = 0; i < m->header_count; i++) {
		enum sip_header_id id = m->headers[i].id;
		if (done[id])
			continue;
		done[id] = true;
		if (drops(id, keep_login, keep_diagnostics))
			sip_edit_drop(edits, id);
	}
}
