/* SPDX-License-Identifier: Apache-2.0 */
/* The published table comes out row for row, in both languages. */
#include "ports_rig.h"

static const char *const ENGLISH[] = {
	"Access/SIP(MTLS)/TCP/5061,Public IM connectivity partners,Edge Server "
	"Access interface,",
	"Access/SIP(MTLS)/TCP/5061,Edge Server Access interface,Public IM "
	"connectivity partners,",
	"Access/SIP(TLS)/TCP/443,Clients,Edge Server Access interface,",
	"\"A/V/RTP/TCP/50,000-59,999\",Edge Server Access interface,Live "
	"Messenger clients,",
	"\"A/V/STUN,MSTURN/UDP/3478\",Edge Server Access interface,Live "
	"Messenger clients,",
	"\"A/V/STUN,MSTURN/UDP/3478\",Live Messenger clients,Edge Server "
	"Access "
	"interface,",
};

static const char *const CHINESE[] = {
	"Access/SIP(MTLS)/TCP/5061,公共 IM 连接合作伙伴,边缘服务器访问接口,",
	"Access/SIP(MTLS)/TCP/5061,边缘服务器访问接口,公共 IM 连接合作伙伴,",
	"Access/SIP(TLS)/TCP/443,客户端,边缘服务器访问接口,",
	"\"A/V/RTP/TCP/50,000-59,999\",边缘服务器访问接口,Live Messenger "
	"客户端,",
	"\"A/V/STUN,MSTURN/UDP/3478\",边缘服务器访问接口,Live Messenger "
	"客户端,",
	"\"A/V/STUN,MSTURN/UDP/3478\",Live Messenger "
	"客户端,边缘服务器访问接口,",
};

static void expect(struct rig *g, enum ports_lang lang, const char *title,
		   const char *const rows[6])
{
	ports_print_published(&g->out, &g->table, PORTS_CSV, lang);
	const char *at = rig_text(g);
	assert_int_equal(strncmp(at, title, strlen(title)), 0);
	for (size_t i = 0; i < 6; i++) {
		at = strstr(at, "\r\n");
		assert_non_null(at);
		at += 2;
		assert_int_equal(strncmp(at, rows[i], strlen(rows[i])), 0);
	}
	at = strstr(at, "\r\n");
	assert_string_equal(at, "\r\n"); /* six rows, no more */
}

static void test_row_for_row(void **state)
{
	struct rig *g = *state;
	expect(g, PORTS_EN,
	       "Role/Protocol/TCP or UDP/Port,Source IP address,"
	       "Destination IP address,Notes\r\n",
	       ENGLISH);
	expect(g, PORTS_ZH,
	       "角色/协议/TCP 或 UDP/端口,源 IP 地址,目标 IP 地址,注释\r\n",
	       CHINESE);
}

static void test_what_is_off_is_not_there(void **state)
{
	struct rig *g = *state;
	g->conf.relay_udp.count = 0;
	rig_compute(g);
	ports_print_published(&g->out, &g->table, PORTS_TEXT, PORTS_EN);
	assert_null(strstr(rig_text(g), "A/V"));
}

static void test_own_numbers(void **state)
{
	struct rig *g = *state;
	g->conf.range_first = 40000;
	g->conf.range_last = 40009;
	rig_compute(g);
	ports_print_published(&g->out, &g->table, PORTS_MARKDOWN, PORTS_EN);
	assert_non_null(strstr(rig_text(g), "RTP/TCP/40,000-40,009"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_row_for_row),
		RIG_TEST(test_what_is_off_is_not_there),
		RIG_TEST(test_own_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
