/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two libnice agents in one process that may use nothing but a relay, and
 * exchange datagrams through it: nice_pair MODE SERVER PORT USER PASSWORD TYPE
 * COUNT. MODE: rfc5245, oc2007r2, msn, wlm2009; TYPE: udp, tcp, tls
 * (pseudo-TLS); COUNT 0: until the standard input ends. Prints "received A B"
 * and is content when nothing was lost. For tests/interop/relay.
 */
#include <glib.h>
#include <nice/agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_LIMIT_S = 40, OPEN_LIMIT_S = 180, PAUSE_MS = 10 };

struct side {
	NiceAgent *agent;
	guint stream;
	int gathered, ready, received;
	struct side *other;
};

struct pair {
	GMainLoop *loop;
	struct side side[2];
	int count, sent; /* count 0: not known yet */
};

static struct pair the;

static void hand_over(struct side *from, struct side *to)
{
	gchar *ufrag = NULL, *pwd = NULL;
	nice_agent_get_local_credentials(from->agent, from->stream, &ufrag,
					 &pwd);
	nice_agent_set_remote_credentials(to->agent, to->stream, ufrag, pwd);
	g_free(ufrag);
	g_free(pwd);
	GSList *list =
		nice_agent_get_local_candidates(from->agent, from->stream, 1);
	for (GSList *i = list; i; i = i->next) {
		const NiceCandidate *c = i->data;
		char text[INET6_ADDRSTRLEN];
		nice_address_to_string(&c->addr, text);
		printf("candidate %d %s %u\n", (int)c->type, text,
		       nice_address_get_port(&c->addr));
	}
	nice_agent_set_remote_candidates(to->agent, to->stream, 1, list);
	g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
}

static void on_gathered(NiceAgent *agent, guint stream, gpointer data)
{
	struct side *s = data;
	(void)agent;
	(void)stream;
	s->gathered = 1;
	if (!s->other->gathered)
		return;
	hand_over(&the.side[0], &the.side[1]);
	hand_over(&the.side[1], &the.side[0]);
}

static gboolean on_send(gpointer data)
{
	(void)data;
	for (int i = 0; i < 2; i++)
		nice_agent_send(the.side[i].agent, the.side[i].stream, 1, 5,
				"hello");
	the.sent++;
	return !the.count || the.sent < the.count;
}

static void on_state(NiceAgent *agent, guint stream, guint component,
		     guint state, gpointer data)
{
	struct side *s = data;
	(void)agent;
	(void)stream;
	(void)component;
	if (state == NICE_COMPONENT_STATE_FAILED)
		g_main_loop_quit(the.loop);
	if (state != NICE_COMPONENT_STATE_READY || s->ready)
		return;
	s->ready = 1;
	if (s->other->ready)
		g_timeout_add(PAUSE_MS, on_send, NULL);
}

static void quit_when_all(void)
{
	if (the.count && the.side[0].received >= the.count &&
	    the.side[1].received >= the.count)
		g_main_loop_quit(the.loop);
}

static void on_data(NiceAgent *agent, guint stream, guint component, guint len,
		    gchar *bytes, gpointer data)
{
	struct side *s = data;
	(void)agent;
	(void)stream;
	(void)component;
	if (len == 5 && memcmp(bytes, "hello", 5) == 0)
		s->received++;
	quit_when_all();
}

/* The standard input has ended: what was sent is what there is. */
static gboolean on_enough(GIOChannel *in, GIOCondition why, gpointer data)
{
	(void)in;
	(void)why;
	(void)data;
	the.count = the.sent ? the.sent : 1;
	quit_when_all();
	return FALSE;
}

static gboolean on_late(gpointer data)
{
	(void)data;
	g_main_loop_quit(the.loop);
	return FALSE;
}

static NiceCompatibility mode_of(const char *name)
{
	static const struct {
		const char *name;
		NiceCompatibility mode;
	} rows[] = {
		{ "rfc5245", NICE_COMPATIBILITY_RFC5245 },
		{ "oc2007r2", NICE_COMPATIBILITY_OC2007R2 },
		{ "msn", NICE_COMPATIBILITY_MSN },
		{ "wlm2009", NICE_COMPATIBILITY_WLM2009 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].mode;
	exit(2);
}

static void begin(struct side *s, char **argv, int controlling)
{
	NiceCompatibility mode = mode_of(argv[1]);
	NiceRelayType type =
		strcmp(argv[6], "udp") == 0   ? NICE_RELAY_TYPE_TURN_UDP
		: strcmp(argv[6], "tcp") == 0 ? NICE_RELAY_TYPE_TURN_TCP
					      : NICE_RELAY_TYPE_TURN_TLS;
	s->agent =
		nice_agent_new_full(g_main_loop_get_context(the.loop), mode, 0);
	g_object_set(s->agent, "controlling-mode", controlling, "force-relay",
		     TRUE, "upnp", FALSE, NULL);
	g_signal_connect(s->agent, "candidate-gathering-done",
			 G_CALLBACK(on_gathered), s);
	g_signal_connect(s->agent, "component-state-changed",
			 G_CALLBACK(on_state), s);
	s->stream = nice_agent_add_stream(s->agent, 1);
	nice_agent_set_relay_info(s->agent, s->stream, 1, argv[2],
				  (guint)atoi(argv[3]), argv[4], argv[5], type);
	nice_agent_attach_recv(s->agent, s->stream, 1,
			       g_main_loop_get_context(the.loop), on_data, s);
}

int main(int argc, char **argv)
{
	if (argc != 8)
		return 2;
	the.count = atoi(argv[7]);
	the.loop = g_main_loop_new(NULL, FALSE);
	for (int i = 0; i < 2; i++) {
		the.side[i].other = &the.side[1 - i];
		begin(&the.side[i], argv, i == 0);
	}
	for (int i = 0; i < 2; i++)
		nice_agent_gather_candidates(the.side[i].agent,
					     the.side[i].stream);
	g_timeout_add_seconds(the.count ? TIME_LIMIT_S : OPEN_LIMIT_S, on_late,
			      NULL);
	if (!the.count)
		g_io_add_watch(g_io_channel_unix_new(0), G_IO_IN | G_IO_HUP,
			       on_enough, NULL);
	g_main_loop_run(the.loop);
	printf("received %d %d\n", the.side[0].received, the.side[1].received);
	return the.count && the.side[0].received >= the.count &&
			       the.side[1].received >= the.count
		       ? 0
		       : 1;
}
