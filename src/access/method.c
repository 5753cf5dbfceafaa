/* SPDX-License-Identifier: Apache-2.0 */
/* Which types of request cross to and from partners. */
#include "access/access.h"

bool access_crosses(struct slice method)
{
	static const char *const crossing[] = {
		"MESSAGE",   "INVITE", "ACK",      "BYE",     "CANCEL",
		"SUBSCRIBE", "NOTIFY", "INFO",     "OPTIONS", "PRACK",
		"UPDATE",    "REFER",  "BENOTIFY",
	};
	for (size_t i = 0; i < sizeof(crossing) / sizeof(crossing[0]); i++)
		if (slice_eq(method, slice_str(crossing[i])))
			return true;
	return false;
}
