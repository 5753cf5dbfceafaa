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

void strip_internal(const struct sip_msg *m, struct sip_edits *edits,
		    bool keep_login, bool keep_diagnostics)
{
	for (enum sip_header_id id = 0; id < SIP_H_UNKNOWN; id++) {
		if (!(sip_header_flags(id) & SIP_HF_INSIDE) ||
		    (keep_login && is_login(id)) ||
		    (keep_diagnostics && id == SIP_H_MS_DIAGNOSTICS))
			continue;
		if (sip_header(m, id))
			sip_edit_drop(edits, id);
	}
}
