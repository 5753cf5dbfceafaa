/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of presence: the rows. */
#include "presence/reject.h"

const struct reject presence_rej_xml = {
	.status = 400,
	.metric = M_REJ_XML,
	.why = "xml",
	.reason = "Bad XML",
	.text = "the body is no well-formed XML document",
	.spec = "XML-04, RFC 3863 4",
};

const struct reject presence_rej_xml_dtd = {
	.status = 400,
	.metric = M_REJ_XML,
	.why = "xml_dtd",
	.reason = "Document Type Declaration",
	.text = "a document type declaration is never read: leave it out",
	.spec = "XML-01",
};

const struct reject presence_rej_xml_limit = {
	.status = 400,
	.metric = M_REJ_XML,
	.why = "xml_limit",
	.reason = "XML Too Complex",
	.text = "the document is too deep, or has too many elements, "
		"attributes, comments, or too long a name",
	.spec = "XML-02",
};

const struct reject presence_rej_xml_encoding = {
	.status = 400,
	.metric = M_REJ_XML,
	.why = "xml_encoding",
	.reason = "XML Encoding",
	.text = "documents are read in UTF-8 only",
	.spec = "XML-04",
};

const struct reject presence_rej_pidf = {
	.status = 400,
	.metric = M_REJ_PRESENCE,
	.why = "pidf",
	.reason = "Bad Presence Document",
	.text = "the body is no presence document of RFC 3863",
	.spec = "RFC 3863 4.1",
};

const struct reject presence_rej_list = {
	.status = 400,
	.metric = M_REJ_PRESENCE,
	.why = "list",
	.reason = "Bad Resource List",
	.text = "the body is no resource list of RFC 4826, or names what "
		"is no SIP address",
	.spec = "RFC 5367 4",
};

const struct reject presence_rej_dialog_headers = {
	.status = 400,
	.metric = M_REJ_PRESENCE,
	.why = "dialog_headers",
	.reason = "Bad Dialog Headers",
	.text = "a SUBSCRIBE needs one Contact, a From tag and a To of "
		"ours",
	.spec = "RFC 6665 4.1.2",
};

const struct reject presence_rej_state = {
	.status = 400,
	.metric = M_REJ_PRESENCE,
	.why = "subscription_state",
	.reason = "Bad Subscription-State",
	.text = "a NOTIFY needs Subscription-State",
	.spec = "RFC 6665 4.1.3",
};

const struct reject presence_rej_entity = {
	.status = 403,
	.metric = M_REJ_PRESENCE,
	.why = "entity",
	.reason = "Foreign Entity",
	.text = "the document speaks of somebody else than who publishes "
		"it",
	.spec = "XML-05, RFC 3903 4",
};

const struct reject presence_rej_own_only = {
	.status = 403,
	.metric = M_REJ_PRESENCE,
	.why = "own_only",
	.reason = "Forbidden",
	.text = "only the user itself may watch this event package",
	.spec = "RFC 3857 4.6, RFC 3680 4.8",
};

const struct reject presence_rej_publisher = {
	.status = 403,
	.metric = M_REJ_PRESENCE,
	.why = "publisher",
	.reason = "Forbidden",
	.text = "a user publishes its own presence only",
	.spec = "RFC 3903 6",
};

const struct reject presence_rej_watcher_limit = {
	.status = 403,
	.metric = M_REJ_PRESENCE,
	.why = "watcher_limit",
	.reason = "Too Many Subscriptions",
	.text = "this watcher has as many subscriptions as are allowed",
	.spec = "SIP-33",
};

const struct reject presence_rej_watched_limit = {
	.status = 403,
	.metric = M_REJ_PRESENCE,
	.why = "watched_limit",
	.reason = "Too Many Watchers",
	.text = "this user has as many watchers as are allowed",
	.spec = "SIP-33",
};

const struct reject presence_rej_devices = {
	.status = 403,
	.metric = M_REJ_PRESENCE,
	.why = "publications",
	.reason = "Too Many Publications",
	.text = "this user has as many publications as are allowed",
	.spec = "RFC 3903 6",
};

const struct reject presence_rej_list_size = {
	.status = 403,
	.metric = M_REJ_PRESENCE,
	.why = "list_size",
	.reason = "List Too Long",
	.text = "the list holds more addresses than one subscription may "
		"watch",
	.spec = "RFC 5367 4",
};

const struct reject presence_rej_accept = {
	.status = 406,
	.metric = M_REJ_PRESENCE,
	.why = "accept",
	.reason = "Not Acceptable",
	.text = "Accept leaves out the document type of this event "
		"package",
	.spec = "RFC 6665 4.2.1",
};

const struct reject presence_rej_etag = {
	.status = 412,
	.metric = M_REJ_PRESENCE,
	.why = "etag",
	.reason = "Conditional Request Failed",
	.text = "there is no publication of that entity tag: publish anew",
	.spec = "RFC 3903 6",
};

const struct reject presence_rej_size = {
	.status = 413,
	.metric = M_REJ_PRESENCE,
	.why = "size",
	.reason = "Body Too Large",
	.text = "the document is larger than 64 KiB",
	.spec = "XML-03",
};

const struct reject presence_rej_type = {
	.status = 415,
	.metric = M_REJ_PRESENCE,
	.why = "type",
	.reason = "Unsupported Media Type",
	.text = "the body is of a type that is not read here; see Accept",
	.spec = "RFC 3903 6",
};

const struct reject presence_rej_eventlist = {
	.status = 421,
	.metric = M_REJ_PRESENCE,
	.why = "eventlist",
	.reason = "Extension Required",
	.text = "a list is watched by those who support eventlist",
	.spec = "RFC 4662 4.1",
};

const struct reject presence_rej_brief = {
	.status = 423,
	.metric = M_REJ_INTERVAL,
	.why = "brief",
	.reason = "Interval Too Brief",
	.text = "it would expire too soon; see Min-Expires",
	.spec = "RFC 6665 4.2.1.1",
};

const struct reject presence_rej_no_dialog = {
	.status = 481,
	.metric = M_REJ_PRESENCE,
	.why = "no_dialog",
	.reason = "Subscription Does Not Exist",
	.text = "there is no such subscription: begin a new one",
	.spec = "RFC 6665 4.1.2.2",
};

const struct reject presence_rej_event = {
	.status = 489,
	.metric = M_REJ_PRESENCE,
	.why = "event",
	.reason = "Bad Event",
	.text = "this event package is not served here; see Allow-Events",
	.spec = "RFC 6665 4.2.1",
};

const struct reject presence_rej_order = {
	.status = 500,
	.metric = M_REJ_PRESENCE,
	.why = "order",
	.reason = "CSeq Out Of Order",
	.text = "a later request of this dialog was served already",
	.spec = "RFC 3261 12.2.2",
};

const struct reject presence_rej_rate = {
	.status = 503,
	.metric = M_REJ_PRESENCE,
	.why = "rate",
	.reason = "Too Many Publications",
	.text = "this user publishes more often than is allowed; try "
		"again",
	.spec = "SIP-33",
};

const struct reject presence_rej_overload = {
	.status = 503,
	.rests = true,
	.metric = M_REJ_OVERLOAD,
	.why = "overload",
	.reason = "Service Unavailable",
	.text = "no room for this request now; try again later",
	.spec = "RFC 3261 21.5.4",
};
