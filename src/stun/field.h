/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of a STUN or TURN message mean, in any dialect: class,
 * method, field. The wire numbers are in stun/rfc.tbl and stun/ms.tbl.
 */
#pragma once

enum stun_class {
	STUN_REQUEST,
	STUN_INDICATION,
	STUN_SUCCESS,
	STUN_ERROR,
};

enum stun_method {
	STUN_BINDING,
	STUN_ALLOCATE,
	STUN_REFRESH,
	STUN_SEND, /* an indication; in MS-TURN a request without answer */
	STUN_DATA,
	STUN_CREATE_PERMISSION,
	STUN_CHANNEL_BIND,
	STUN_CONNECT,
	STUN_CONNECTION_BIND,
	STUN_CONNECTION_ATTEMPT,
	STUN_SET_ACTIVE, /* MS-TURN: Set Active Destination */
	STUN_METHOD_COUNT
};

/* What a field means. */
enum stun_field {
	STUN_F_REFLEXIVE, /* address: the client as we see it */
	STUN_F_RELAYED,   /* address */
	STUN_F_PEER,      /* address: may repeat in CreatePermission */
	STUN_F_DATA,
	STUN_F_USERNAME,
	STUN_F_USERHASH,
	STUN_F_REALM,
	STUN_F_NONCE,
	STUN_F_INTEGRITY,        /* HMAC-SHA1 */
	STUN_F_INTEGRITY_SHA256, /* full length only */
	STUN_F_FINGERPRINT,
	STUN_F_ERROR_CODE,
	STUN_F_UNKNOWN,
	STUN_F_LIFETIME,          /* u32, seconds */
	STUN_F_CHANNEL,           /* u16 in front of two spare bytes */
	STUN_F_TRANSPORT,         /* u8: IP protocol number */
	STUN_F_FAMILY,            /* u8: 1 IPv4, 2 IPv6 */
	STUN_F_ADDITIONAL_FAMILY, /* u8 */
	STUN_F_ADDRESS_ERROR,     /* u8 family, class, number */
	STUN_F_EVEN_PORT,         /* u8: 0x80 reserves the next one */
	STUN_F_RESERVATION,       /* 8 bytes */
	STUN_F_DONT_FRAGMENT,     /* empty */
	STUN_F_ICMP,              /* u16 0, u7 type, u9 code, u32 data */
	STUN_F_CONNECTION_ID,     /* u32 */
	STUN_F_MOBILITY_TICKET,
	STUN_F_ALGORITHM,  /* PASSWORD-ALGORITHM: u16 number first */
	STUN_F_ALGORITHMS, /* PASSWORD-ALGORITHMS */
	STUN_F_SOFTWARE,
	STUN_F_ALTERNATE_SERVER, /* address */
	STUN_F_ALTERNATE_DOMAIN,
	STUN_F_CHANGE_REQUEST, /* u32: 4 change address, 2 change port */
	STUN_F_RESPONSE_PORT,  /* u16 */
	STUN_F_PADDING,
	STUN_F_RESPONSE_ORIGIN,      /* address */
	STUN_F_OTHER_ADDRESS,        /* address */
	STUN_F_MAPPED,               /* address, plain, beside REFLEXIVE */
	STUN_F_BANDWIDTH,            /* MS: u32 kbit/s */
	STUN_F_MS_VERSION,           /* MS: u32 */
	STUN_F_MS_SEQUENCE,          /* MS: msturn.h */
	STUN_F_MS_QUALITY,           /* MS: u16 stream type, u16 reliable */
	STUN_F_MS_ALTERNATE_RELAYED, /* MS: address */
	STUN_F_COUNT                 /* at most 64 */
};
