/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs and the options. Everything that the front end knows stands here
 * once; packaging/completion is held against it by a test.
 */
#include "cli/cli.h"

#define ACCOUNT_OPTS                                                        \
	(CLI_OPT(OPT_AS) | CLI_OPT(OPT_SERVER) | CLI_OPT(OPT_SERVER_NAME) | \
	 CLI_OPT(OPT_TRUST) | CLI_OPT(OPT_PASSWORD_FILE))

#define PASSWORD_HELP                                                     \
	"The password is asked for twice on the terminal, or is the\n"    \
	"first line of --password-file (- is standard input). It never\n" \
	"stands on the command line, where others could read it.\n"

#define RULING_HELP                                                          \
	"Holds at once and over restarts, until `partner clear`. What the\n" \
	"configuration blocks stays blocked.\n"

#define CLIENT_HELP                                                         \
	"A SIP client of its own: it needs the network, not the daemon's\n" \
	"socket. The password comes from --password-file (- is standard\n"  \
	"input), else from SALLYPORT_PASSWORD, else it is asked for.\n"     \
	"For an account at DOMAIN, --server is sip.DOMAIN:443 and\n"        \
	"--server-name is sip.DOMAIN unless they are given.\n"

const struct cli_option cli_options[OPT_COUNT_OF] = {
	[OPT_SOCKET] = { "-s", "SOCKET", CLI_TEXT,
			 "the daemon's socket (/run/sallyport/control)" },
	[OPT_JSON] = { "--json", NULL, CLI_FLAG, "print JSON instead of text" },
	[OPT_HELP] = { "--help", NULL, CLI_FLAG, "what the verb does" },
	[OPT_PASSWORD_FILE] = { "--password-file", "FILE", CLI_TEXT,
				"its first line is the password; - is "
				"standard input" },
	[OPT_AS] = { "--as", "USER@DOMAIN", CLI_ACCOUNT, "the account" },
	[OPT_TO] = { "--to", "USER@DOMAIN", CLI_ACCOUNT, "the recipient" },
	[OPT_SERVER] = { "--server", "HOST:PORT", CLI_TEXT,
			 "where to connect to (sip.DOMAIN:443)" },
	[OPT_SERVER_NAME] = { "--server-name", "NAME", CLI_TEXT,
			      "what its certificate has to prove "
			      "(sip.DOMAIN)" },
	[OPT_TRUST] = { "--trust", "FILE", CLI_TEXT,
			"authorities in PEM (the system's)" },
	[OPT_COUNT] = { "--count", "N", CLI_NUMBER, "end after N messages" },
	[OPT_ANSWER] = { "--answer", "TEXT", CLI_TEXT,
			 "send TEXT back to each sender" },
	[OPT_TIMEOUT] = { "--timeout", "SECONDS", CLI_NUMBER,
			  "end with status 1 after that time" },
	[OPT_CONFIG] = { "-c", "FILE", CLI_TEXT,
			 "of this file, not of the running server" },
	[OPT_FORMAT] = { "--format", "FORMAT", CLI_TEXT, "how it is written" },
	[OPT_LANG] = { "--lang", "LANG", CLI_TEXT,
		       "en or zh (as the locale says)" },
	[OPT_PROFILE] = { "--profile", "NAME", CLI_TEXT,
			  "the kind of A/V partner: public-im, messenger, "
			  "lync, ocs2007r2, ocs2007 or rfc8656" },
	[OPT_PUBLISHED] = { "--as-published", NULL, CLI_FLAG,
			    "rows and labels of the original's table" },
	[OPT_PERIMETER] = { "--perimeter", NULL, CLI_FLAG,
			    "for a firewall in front of the edge" },
	[OPT_SSH] = { "--ssh", "PORT[,PREFIX]", CLI_TEXT,
		      "what stays open for administrators, or none" },
	[OPT_FROM] = { "--from", "USER@DOMAIN", CLI_ACCOUNT, "the sender" },
	[OPT_METHOD] = { "--method", "METHOD", CLI_TEXT,
			 "the type of request (MESSAGE)" },
	[OPT_AUDIO_VIDEO] = { "--audio-video", NULL, CLI_FLAG,
			      "its SDP has audio or video" },
	[OPT_ARRIVING_AS] = { "--arriving-as", "NAME", CLI_TEXT,
			      "from outside: what the peer's certificate "
			      "proves" },
	[OPT_EDGE] = { "--edge", "ADDRESSES", CLI_TEXT,
		       "the edge's addresses, with commas between them" },
	[OPT_STRICT] = { "--strict", NULL, CLI_FLAG,
			 "partners only by their addresses of this moment" },
	[OPT_VERIFY] = { "--verify", NULL, CLI_FLAG,
			 "against sockets and the kernel's rules" },
	[OPT_USER] = { "--user", "USER@DOMAIN", CLI_ACCOUNT, "for whom" },
	[OPT_TTL] = { "--ttl", "SECONDS", CLI_NUMBER,
		      "how long it lives (28800: a working day)" },
	[OPT_FOR] = { "--for", "SECONDS", CLI_NUMBER,
		      "how long (ban: a day; trace: an hour)" },
	[OPT_ROLE] = { "--role", "ROLE", CLI_TEXT,
		       "read, operate, or secure (all, as without it)" },
	[OPT_ONCE] = { "--once", NULL, CLI_FLAG, "draw it once and end" },
	[OPT_DAY] = { "--day", NULL, CLI_FLAG,
		      "the last day, not the last quarter of an hour" },
	[OPT_PARTNER] = { "--partner", "DOMAIN", CLI_TEXT,
			  "what goes to or comes from that domain" },
	[OPT_CALL] = { "--call", "ID", CLI_TEXT, "what has this Call-ID" },
	[OPT_RAW] = { "--raw", NULL, CLI_FLAG, "whole messages, no drawing" },
	[OPT_BODIES] = { "--bodies", NULL, CLI_FLAG,
			 "bodies too, where admin.trace_bodies allows it" },
	[OPT_WRITE] = { "--write", "FILE", CLI_TEXT,
			"a new file for Wireshark (pcapng); - is standard "
			"output" },
	[OPT_MS] = { "--ms", NULL, CLI_FLAG,
		     "for MS-TURN clients: both words in base64" },
};

const struct cli_verb cli_verbs[] = {
	{ .words = "status",
	  .operands = "",
	  .help = "what the server is doing",
	  .more = "Its processes, its workers, its partners, and the counters\n"
		  "that are not zero.\n",
	  .run = cli_verb_status },
	{ .words = "top",
	  .operands = "",
	  .help = "what goes on, drawn anew every few seconds",
	  .more = "Requests, messages, refusals, bytes a second, connections\n"
		  "and relay sessions, with their course and their highest\n"
		  "value; below, what was refused and why. Ctrl-C ends it. "
		  "When\n"
		  "the output is no terminal it is drawn once. The server\n"
		  "remembers a day, from its start on.\n",
	  .options = CLI_OPT(OPT_ONCE) | CLI_OPT(OPT_DAY),
	  .run = cli_verb_top },
	{ .words = "trace",
	  .operands = "",
	  .help = "messages as they come and go, decrypted",
	  .more = "A ladder: who sent what to whom, what was decided and why,\n"
		  "and what the edge changed on the way. Without --user,\n"
		  "--partner or --call it is everything. What proves who\n"
		  "somebody is, and keys, never stand there; bodies only with\n"
		  "--bodies. It ends after an hour (--for), after --count\n"
		  "messages, or with Ctrl-C. Who reads too slowly misses\n"
		  "messages, and is told how many.\n",
	  .options = CLI_OPT(OPT_USER) | CLI_OPT(OPT_PARTNER) |
		     CLI_OPT(OPT_CALL) | CLI_OPT(OPT_RAW) |
		     CLI_OPT(OPT_BODIES) | CLI_OPT(OPT_WRITE) |
		     CLI_OPT(OPT_FOR) | CLI_OPT(OPT_COUNT),
	  .run = cli_verb_trace },
	{ .words = "refusals",
	  .operands = "",
	  .help = "what was refused since the start, by reason",
	  .more = "docs/reasons.md tells more about each.\n",
	  .run = cli_verb_refusals },
	{ .words = "changes",
	  .operands = "",
	  .help = "what operators changed, the newest first",
	  .more = "The last 200 since the start; the log has them all\n"
		  "(admin.change).\n",
	  .run = cli_verb_changes },
	{ .words = "config",
	  .operands = "",
	  .help = "the configuration in force, key by key",
	  .more = "With the defaults; secrets are hidden.\n",
	  .run = cli_verb_config },
	{ .words = "metrics",
	  .operands = "",
	  .help = "all counters and gauges",
	  .more = "In the OpenMetrics text format, each with its unit and\n"
		  "meaning.\n",
	  .run = cli_verb_metrics },
	{ .words = "ports",
	  .operands = "",
	  .help = "what a firewall has to let through",
	  .more = "One row a flow, computed from the configuration. FORMAT is\n"
		  "table, markdown, csv, json, or svg: a drawing for the\n"
		  "firewall team. A port is always the destination's.\n"
		  "--verify, on the machine itself: is each row's port\n"
		  "listening, does the kernel let it in, was it ever used?\n"
		  "Status 1 when something does not fit.\n",
	  .options = CLI_OPT(OPT_CONFIG) | CLI_OPT(OPT_FORMAT) |
		     CLI_OPT(OPT_LANG) | CLI_OPT(OPT_PROFILE) |
		     CLI_OPT(OPT_PUBLISHED) | CLI_OPT(OPT_VERIFY),
	  .run = cli_verb_ports },
	{ .words = "firewall",
	  .operands = "",
	  .help = "the same as firewall rules",
	  .more = "FORMAT is nftables, iptables, ip6tables, firewalld or ufw.\n"
		  "Everything that is no row is dropped; --ssh says what "
		  "stays\n"
		  "open for administrators. Loading it twice is harmless.\n"
		  "--strict looks partners up and lets only these addresses\n"
		  "in; load it anew when they move.\n"
		  "Try it with somebody at the console.\n",
	  .options = CLI_OPT(OPT_CONFIG) | CLI_OPT(OPT_FORMAT) |
		     CLI_OPT(OPT_PROFILE) | CLI_OPT(OPT_PERIMETER) |
		     CLI_OPT(OPT_SSH) | CLI_OPT(OPT_EDGE) | CLI_OPT(OPT_STRICT),
	  .run = cli_verb_firewall },
	{ .words = "check",
	  .operands = "",
	  .help = "look the running server and this machine over",
	  .more = "Configuration, processes, database, certificates, DNS,\n"
		  "ports and firewall rules, next hops, a packet through the\n"
		  "relay, its range, clock, limits and kernel: a line each,\n"
		  "pass, warn or fail, and what to do. Status 1 when\n"
		  "something failed. Run it as root, on the server itself.\n",
	  .options = CLI_OPT(OPT_CONFIG),
	  .run = cli_verb_check },
	{ .words = "explain",
	  .operands = "",
	  .help = "why a request would be allowed or refused",
	  .more = "Each check in order, its outcome, and the line of the\n"
		  "configuration that decided. Nothing is sent.\n",
	  .options = CLI_OPT(OPT_CONFIG) | CLI_OPT(OPT_FROM) | CLI_OPT(OPT_TO) |
		     CLI_OPT(OPT_METHOD) | CLI_OPT(OPT_AUDIO_VIDEO) |
		     CLI_OPT(OPT_ARRIVING_AS),
	  .must = CLI_OPT(OPT_FROM) | CLI_OPT(OPT_TO),
	  .run = cli_verb_explain },
	{ .words = "user add",
	  .operands = "USER@DOMAIN",
	  .help = "create an account in the built-in home",
	  .more = PASSWORD_HELP,
	  .options = CLI_OPT(OPT_PASSWORD_FILE),
	  .min = 1,
	  .max = 1,
	  .kind = CLI_ACCOUNT,
	  .run = cli_verb_user_add },
	{ .words = "user passwd",
	  .operands = "USER@DOMAIN",
	  .help = "give an account another password",
	  .more = PASSWORD_HELP,
	  .options = CLI_OPT(OPT_PASSWORD_FILE),
	  .min = 1,
	  .max = 1,
	  .kind = CLI_ACCOUNT,
	  .run = cli_verb_user_passwd },
	{ .words = "user list",
	  .operands = "",
	  .help = "the accounts",
	  .more = "Passwords cannot be shown: only digests are stored.\n",
	  .run = cli_verb_user_list },
	{ .words = "user remove",
	  .operands = "USER@DOMAIN",
	  .help = "delete an account",
	  .more = "",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_ACCOUNT,
	  .run = cli_verb_user_remove },
	{ .words = "user contacts",
	  .operands = "USER@DOMAIN [add|allow|block|remove ADDRESS]",
	  .help = "who may see an account's presence",
	  .more = "Without more the lists are printed. A contact is watched\n"
		  "by the account's list and may see it; who is allowed may\n"
		  "see it; who is blocked sees it offline and cannot tell.\n",
	  .min = 1,
	  .max = 3,
	  .kind = CLI_TEXT,
	  .run = cli_verb_user_contacts },
	{ .words = "turn credential",
	  .operands = "",
	  .help = "mint a credential for the relay",
	  .more = "For a client of RFC 8656, in the form of WebRTC: with\n"
		  "--json what its ICE configuration takes. Nothing is "
		  "stored;\n"
		  "a credential ends with its time, or when the secret has\n"
		  "been rotated twice.\n",
	  .options = CLI_OPT(OPT_USER) | CLI_OPT(OPT_TTL) | CLI_OPT(OPT_MS),
	  .must = CLI_OPT(OPT_USER),
	  .run = cli_verb_turn_credential },
	{ .words = "turn rotate",
	  .operands = "",
	  .help = "give the relay's credentials another secret",
	  .more = "The new one mints, the one before stays valid until the\n"
		  "next time: nobody is dropped. Twice in a row ends all that\n"
		  "were minted before.\n",
	  .run = cli_verb_turn_rotate },
	{ .words = "relay list",
	  .operands = "",
	  .help = "the sessions of the relay",
	  .more = "Who relays media, from where, by which address, and how\n"
		  "much. The first column is what show and kill want.\n",
	  .run = cli_verb_relay_list },
	{ .words = "relay show",
	  .operands = "SESSION",
	  .help = "one session of the relay",
	  .more = "",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_relay_show },
	{ .words = "relay kill",
	  .operands = "SESSION",
	  .help = "end a session of the relay, at once",
	  .more = "Its client may make another one, while its credential\n"
		  "lives.\n",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_relay_kill },
	{ .words = "relay drain",
	  .operands = "",
	  .help = "no new sessions of the relay",
	  .more = "Those that stand go on. It holds until the next start.\n",
	  .run = cli_verb_relay_drain },
	{ .words = "user disable",
	  .operands = "USER@DOMAIN",
	  .help = "lock an account out",
	  .more = "Its connections end at once. Messages still wait for it.\n",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_ACCOUNT,
	  .run = cli_verb_user_disable },
	{ .words = "user enable",
	  .operands = "USER@DOMAIN",
	  .help = "let an account in again",
	  .more = "",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_ACCOUNT,
	  .run = cli_verb_user_enable },
	{ .words = "user devices",
	  .operands = "USER@DOMAIN",
	  .help = "where an account is signed in",
	  .more = "",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_ACCOUNT,
	  .run = cli_verb_user_devices },
	{ .words = "user import",
	  .operands = "FILE",
	  .help = "create many accounts from a CSV file",
	  .more = "One line an account, \"user@domain,password\", with or\n"
		  "without a first line of titles; quotes as usual in CSV\n"
		  "(RFC 4180). - is standard input. What cannot be added is\n"
		  "told by its line, and the rest goes on; the status is 1\n"
		  "then.\n",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_user_import },
	{ .words = "backup",
	  .operands = "FILE",
	  .help = "copy the database while the server runs",
	  .more = "Accounts, sign-ins, waiting messages, contacts and keys, "
		  "in\n"
		  "one file that only you may read. It is not there before it\n"
		  "is complete and on the disk; one that is there already is\n"
		  "left alone. What is acknowledged before the command starts\n"
		  "is in it.\n",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_backup },
	{ .words = "restore",
	  .operands = "FILE",
	  .help = "put a backup in the place of the database",
	  .more = "The server must be stopped. The backup is checked first; "
		  "the\n"
		  "old database stays beside the new one under another name.\n"
		  "Without -c the configuration is\n"
		  "/etc/sallyport/sallyport.yaml.\n",
	  .options = CLI_OPT(OPT_CONFIG),
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_restore },
	{ .words = "messages drop",
	  .operands = "USER@DOMAIN ID|all",
	  .help = "drop messages that wait for an account",
	  .more = "",
	  .min = 2,
	  .max = 2,
	  .kind = CLI_TEXT,
	  .run = cli_verb_messages_drop },
	{ .words = "messages",
	  .operands = "[USER@DOMAIN]",
	  .help = "what waits for accounts that are not signed in",
	  .more = "How many for whom; for one account each of them. Never\n"
		  "what is written in them.\n",
	  .max = 1,
	  .kind = CLI_ACCOUNT,
	  .run = cli_verb_messages },
	{ .words = "partner list",
	  .operands = "",
	  .help = "the partners: class, state, limits, certificates",
	  .more = "Those of the configuration, those that were discovered "
		  "since\n"
		  "the start, and the domains that were blocked, allowed or\n"
		  "watched here.\n",
	  .run = cli_verb_partner_list },
	{ .words = "partner show",
	  .operands = "DOMAIN",
	  .help = "all that is known of one partner",
	  .more = "",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_partner_show },
	{ .words = "partner block",
	  .operands = "DOMAIN",
	  .help = "refuse a domain and those below it, both ways",
	  .more = RULING_HELP,
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_partner_block },
	{ .words = "partner allow",
	  .operands = "DOMAIN",
	  .help = "treat a domain as if it were listed",
	  .more = "Found by SRV and without the limits of discovered "
		  "partners.\n" RULING_HELP,
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_partner_allow },
	{ .words = "partner watch",
	  .operands = "DOMAIN",
	  .help = "hold a discovered partner to one request a second",
	  .more = "And to those of our addresses that it knows.\n" RULING_HELP,
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_partner_watch },
	{ .words = "partner clear",
	  .operands = "DOMAIN",
	  .help = "take back what was said, and count its limits anew",
	  .more = "",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_partner_clear },
	{ .words = "partner test",
	  .operands = "DOMAIN",
	  .help = "try a partner out, step by step",
	  .more = "Judgement, DNS, TCP, TLS, its certificate, what it sees of\n"
		  "us, and one OPTIONS with its round trip: a line each, "
		  "pass,\n"
		  "warn or fail. What fails tells the refusal that users get.\n"
		  "Status 1 when a step failed.\n",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_partner_test },
	{ .words = "admin add",
	  .operands = "NAME",
	  .help = "let somebody sign in to the dashboard",
	  .more = "A role of read sees everything but secrets, operate also\n"
		  "changes what runs, secure also users. "
		  "See admin.listen in\nsallyport.yaml(5).\n" PASSWORD_HELP,
	  .options = CLI_OPT(OPT_PASSWORD_FILE) | CLI_OPT(OPT_ROLE),
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_admin_add },
	{ .words = "admin passwd",
	  .operands = "NAME",
	  .help = "give an administrator another password",
	  .more = "Ends the sessions of that account.\n" PASSWORD_HELP,
	  .options = CLI_OPT(OPT_PASSWORD_FILE),
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_admin_passwd },
	{ .words = "admin list",
	  .operands = "",
	  .help = "who may sign in to the dashboard",
	  .more = "",
	  .run = cli_verb_admin_list },
	{ .words = "admin remove",
	  .operands = "NAME",
	  .help = "delete an administrator's account",
	  .more = "Ends its sessions at once.\n",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_admin_remove },
	{ .words = "ban",
	  .operands = "ADDRESS",
	  .help = "accept nothing from an IP address for a while",
	  .more = "What it has open ends at once. An IPv6 address stands for\n"
		  "its /64. Servers inside are never refused.\n",
	  .options = CLI_OPT(OPT_FOR),
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_ban },
	{ .words = "allow",
	  .operands = "ADDRESS",
	  .help = "lift a ban before its time",
	  .more = "",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_allow },
	{ .words = "bans",
	  .operands = "",
	  .help = "the addresses that are banned",
	  .more = "",
	  .run = cli_verb_bans },
	{ .words = "reload",
	  .operands = "",
	  .help = "load the configuration again",
	  .more = "Waits for the verdict. When the file is refused, the line\n"
		  "that says why is printed and the old configuration stays.\n",
	  .run = cli_verb_reload },
	{ .words = "drain",
	  .operands = "",
	  .help = "accept nothing new; what has begun may end",
	  .more = "New connections and requests are refused until the daemon\n"
		  "is started again.\n",
	  .run = cli_verb_drain },
	{ .words = "log-level",
	  .operands = "LEVEL",
	  .help = "log more or less: error, warn, info, debug",
	  .more = "Holds until the next start or reload.\n",
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_log_level },
	{ .words = "message",
	  .operands = "TEXT",
	  .help = "sign in and send one message",
	  .more = CLIENT_HELP
	  "Says what became of it: status 0 delivered, 1 refused, 3 no\n"
	  "answer.\n",
	  .options = ACCOUNT_OPTS | CLI_OPT(OPT_TO),
	  .must = CLI_OPT(OPT_AS) | CLI_OPT(OPT_TO),
	  .min = 1,
	  .max = 1,
	  .kind = CLI_TEXT,
	  .run = cli_verb_message },
	{ .words = "receive",
	  .operands = "",
	  .help = "sign in and print messages as they arrive",
	  .more = CLIENT_HELP
	  "One line a message, \"sender: text\". Without --count it goes on\n"
	  "until it is interrupted.\n",
	  .options = ACCOUNT_OPTS | CLI_OPT(OPT_COUNT) | CLI_OPT(OPT_ANSWER) |
		     CLI_OPT(OPT_TIMEOUT),
	  .must = CLI_OPT(OPT_AS),
	  .run = cli_verb_receive },
	{ .words = "help",
	  .operands = "[VERB]",
	  .help = "list the verbs, or tell about one",
	  .more = "",
	  .max = 2,
	  .kind = CLI_TEXT,
	  .run = cli_verb_help },
	{ .words = "version",
	  .operands = "",
	  .help = "the version of this command",
	  .more = "",
	  .run = cli_verb_version },
	{ .words = NULL },
};
