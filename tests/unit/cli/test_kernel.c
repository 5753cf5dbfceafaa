/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's tables as files, and what nft and iptables-save print. */
#include "cli/kernel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/oom.h"

static const char TCP[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
	"retrnsmt   uid  timeout inode\n"
	"   0: 0100007F:13C5 00000000:0000 0A 00000000:00000000 00:00000000 "
	"00000000  1000        0 777 1 0 100 0 0 10 0\n"
	"   1: 0100007F:13C5 0200007F:9999 01 00000000:00000000 00:00000000 "
	"00000000  1000        0 778 1 0 100 0 0 10 0\n"
	"   2: 00000000000000000000000001000000:01BB "
	"00000000000000000000000000000000:0000 0A 00000000:00000000 "
	"00:00000000 00000000  1000        0 779 1 0 100 0 0 10 0\n"
	"nonsense\n";

static void read_table(struct kernel_sockets *out, bool udp)
{
	char path[] = "/tmp/sallyport-kernel-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, TCP, sizeof(TCP) - 1), sizeof(TCP) - 1);
	close(fd);
	*out = (struct kernel_sockets){ .row = NULL };
	assert_int_equal(kernel_sockets_read(out, path, udp), 0);
	unlink(path);
}

static void test_sockets(void **state)
{
	struct kernel_sockets s;
	char text[ADDR_TEXT_MAX];
	(void)state;
	read_table(&s, false); /* who listens; the connection does not */
	assert_int_equal(s.count, 2);
	assert_string_equal(addr_text(&s.row[0].at, text), "127.0.0.1:5061");
	assert_int_equal(s.row[0].inode, 777);
	assert_string_equal(addr_text(&s.row[1].at, text), "[::1]:443");
	kernel_sockets_free(&s);
	read_table(&s, true); /* whoever has no peer */
	assert_int_equal(s.count, 2);
	assert_true(s.row[0].udp);
	kernel_sockets_free(&s);
	assert_int_equal(kernel_sockets_read(&s, "/nowhere/net", false), 0);
}

static const char NFT[] =
	"{\"nftables\": [{\"metainfo\": {}}, {\"rule\": {\"comment\": "
	"\"sallyport fed-in\", \"expr\": [{\"match\": {}}, {\"counter\": "
	"{\"packets\": 3, \"bytes\": 9}}]}}, {\"rule\": {\"comment\": "
	"\"sallyport fed-in\", \"expr\": [{\"counter\": {\"packets\": 4}}]}}, "
	"{\"rule\": {\"comment\": \"ssh\", \"expr\": []}}, {\"rule\": 7}]}";
static const char IPTABLES[] =
	":INPUT DROP [0:0]\n"
	"[5:300] -A INPUT -p tcp -m comment --comment \"sallyport client\" -j "
	"ACCEPT\n"
	"[1:60] -A INPUT -m comment --comment \"sallyport unfinished\n"
	"[9:540] -A INPUT -m comment --comment ssh -j ACCEPT";

static void expect(const json_t *rules, const char *row, int packets)
{
	const json_t *n = json_object_get(rules, row);
	assert_non_null(n);
	assert_int_equal(json_integer_value(n), packets);
}

static void test_rules(void **state)
{
	(void)state;
	json_t *rules = kernel_rules_parse(NFT, IPTABLES);
	assert_int_equal(json_object_size(rules), 2);
	expect(rules, "fed-in", 7);
	expect(rules, "client", 5);
	json_decref(rules);
	rules = kernel_rules_parse("not json", "");
	assert_int_equal(json_object_size(rules), 0);
	json_decref(rules);
}

static int everything(void *arg)
{
	(void)arg;
	json_t *rules = kernel_rules_parse(NFT, IPTABLES);
	bool all = rules && json_object_size(rules) == 2;
	json_decref(rules);
	return all ? 0 : -ENOMEM;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	oom_walk(everything, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
