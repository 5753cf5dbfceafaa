/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets for a relay from the kernel to the kernel: flows are set up as
 * media_load does it, then frames are made, sent and counted at the device.
 *
 *   media_fast echo DEVICE
 *   media_fast load DEVICE key=value ...
 *
 *   server=IP:PORT peer=IP client=IP  mac=MAC (of the server)
 *   user= password=, null=1, or neither: nothing is set up
 *   flows=N  bytes=N  rate=N (a second; 0: as many as come back)  window=N
 *   seconds=N  warm=N
 *
 * It says "ready", waits for a line, says "begin" when what is counted begins,
 * and what came of it in JSON. Echo says "ready" and waits for an end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "bench/media/kernel.h"
#include "bench/media/load.h"

/* FAST_OBJECT: its path, from the build */
__asm__(".pushsection .rodata\n"
	".balign 16\n"
	"media_fast_object:\n"
	".incbin \"" FAST_OBJECT "\"\n"
	"media_fast_object_end:\n"
	".byte 0\n"
	".popsection\n");
extern const uint8_t object_begin[] __asm__("media_fast_object");
extern const uint8_t object_end[] __asm__("media_fast_object_end");

enum { RUNS = 100000, BATCH = 64, HEADS_UP = 46, FRAME = 1500 };

struct fast {
	struct bpf_object *object;
	uint32_t device;
	struct fast_control *control;
	struct fast_heads *heads;
	uint8_t mac[2][6]; /* to, from */
};

static const char *option(char **argv, const char *key, const char *fallback)
{
	size_t len = strlen(key);
	for (; *argv; argv++) {
		if (strncmp(*argv, key, len) == 0 && (*argv)[len] == '=')
			return *argv + len + 1;
	}
	return fallback;
}

/* ---- the kernel's part ---- */

static int program(const struct fast *f, const char *name)
{
	return bpf_program__fd(
		bpf_object__find_program_by_name(f->object, name));
}

static void *region(const struct fast *f, const char *name, size_t len)
{
	int fd = bpf_object__find_map_fd_by_name(f->object, name);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, (len + page - 1) & ~(page - 1),
			PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		load_fail("mmap");
	return at;
}

static void kernel_open(struct fast *f, const char *device)
{
	f->device = if_nametoindex(device);
	f->object = bpf_object__open_mem(
		object_begin,
		(size_t)((uintptr_t)object_end - (uintptr_t)object_begin),
		NULL);
	if (!f->device || !f->object || bpf_object__load(f->object))
		load_fail(device);
	f->control = region(f, "control", sizeof(*f->control));
	f->heads = region(f, "heads", 2 * FAST_FLOWS * sizeof(*f->heads));
}

static void attach(const struct fast *f, const char *name)
{
	struct bpf_link_create_opts o = { .sz = sizeof(o),
					  .flags = XDP_FLAGS_DRV_MODE };
	if (bpf_link_create(program(f, name), (int)f->device, BPF_XDP, &o) < 0)
		load_fail(name);
}

static void generate(const struct fast *f, uint8_t *frame, size_t len)
{
	struct xdp_md ctx = { .data_end = (uint32_t)len,
			      .ingress_ifindex = f->device };
	struct bpf_test_run_opts o = { .sz = sizeof(o),
				       .data_in = frame,
				       .data_size_in = (uint32_t)len,
				       .ctx_in = &ctx,
				       .ctx_size_in = sizeof(ctx),
				       .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
				       .batch_size = BATCH,
				       .repeat = RUNS };
	if (bpf_prog_test_run_opts(program(f, "fast_send"), &o))
		load_fail("live frames");
}

/* ---- frames ---- */

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint16_t sum(const uint8_t *p, size_t len, uint32_t s)
{
	for (size_t i = 0; i < len; i += 2)
		s += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* Both ways have one length on the way in. The data are zeros. */
static void write_heads(struct fast *f, size_t at, const struct sockaddr_in *x,
			const struct sockaddr_in *y, size_t channel_bytes,
			size_t bytes)
{
	uint8_t h[FAST_HEADS * 8] = { 0 }, *ip = h + 14, *udp = ip + 20;
	size_t len = 8 + LOAD_HEAD + bytes;
	memcpy(h, f->mac[0], 6);
	memcpy(h + 6, f->mac[1], 6);
	put16(h + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, 20 + len);
	ip[8] = 64;
	ip[9] = 17;
	memcpy(ip + 12, &x->sin_addr, 4);
	memcpy(ip + 16, &y->sin_addr, 4);
	put16(ip + 10, sum(ip, 20, 0));
	memcpy(udp, &x->sin_port, 2);
	memcpy(udp + 2, &y->sin_port, 2);
	put16(udp + 4, len);
	if (channel_bytes) {
		put16(udp + 8, TURN_CHANNEL);
		put16(udp + 10, channel_bytes);
	}
	uint16_t s = sum(ip + 12, 8 + 12, (uint32_t)(17 + len));
	put16(udp + 6, s ? s : 0xffff);
	memcpy(&f->heads[at], h, sizeof(h));
}

static void make_frames(struct fast *f, const struct load *l)
{
	size_t len = HEADS_UP + l->bytes;
	for (size_t i = 0; i < l->flows; i++) {
		const struct flow *x = &l->flow[i];
		write_heads(f, 2 * i, &x->client, &l->server, l->bytes,
			    l->bytes);
		write_heads(f, 2 * i + 1, &l->peer, &x->relay, 0, l->bytes);
	}
	f->control->heads = 2 * l->flows;
	f->control->length[FAST_ECHO] = len;
	f->control->length[FAST_UP] = len - LOAD_HEAD;
	f->control->length[FAST_DOWN] = len + LOAD_HEAD;
}

/* ---- a run ---- */

static void addresses(struct fast *f, const char *device, const char *mac)
{
	struct ifreq q = { .ifr_ifindex = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned m[6];
	snprintf(q.ifr_name, sizeof(q.ifr_name), "%s", device);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &q) ||
	    sscanf(mac, "%x:%x:%x:%x:%x:%x", m, m + 1, m + 2, m + 3, m + 4,
		   m + 5) != 6)
		load_fail("mac");
	memcpy(f->mac[1], q.ifr_hwaddr.sa_data, 6);
	for (int i = 0; i < 6; i++)
		f->mac[0][i] = (uint8_t)m[i];
	close(fd);
}

static void until(struct fast *f, size_t len, double seconds)
{
	static uint8_t frame[FRAME];
	uint64_t end = clock_ns() + (uint64_t)(seconds * 1e9);
	while (clock_ns() < end)
		generate(f, frame, len);
}

static void run(struct fast *f, size_t len, double warm, double seconds)
{
	struct fast_control *c = f->control;
	struct fast_control was;
	/* by the kernel's clock: nothing is due before */
	c->start_ns = clock_ns();
	until(f, len, warm);
	was = *c;
	printf("begin\n");
	fflush(stdout);
	uint64_t begin = clock_ns();
	until(f, len, seconds);
	uint64_t up = c->received[FAST_UP] - was.received[FAST_UP];
	uint64_t down = c->received[FAST_DOWN] - was.received[FAST_DOWN];
	uint64_t echo = c->received[FAST_ECHO] - was.received[FAST_ECHO];
	printf("{\"sent\": %llu, \"received\": %llu, \"up\": %llu, "
	       "\"down\": %llu, \"seconds\": %.3f}\n",
	       (unsigned long long)(c->sent - was.sent),
	       (unsigned long long)(up + down + echo), (unsigned long long)up,
	       (unsigned long long)down, (double)(clock_ns() - begin) / 1e9);
}

static void take_addr(struct sockaddr_in *out, const char *text)
{
	struct addr a;
	if (addr_parse(slice_str(text), true, &a) &&
	    addr_parse_host(slice_str(text), 0, &a))
		load_fail(text);
	*out = a.u.in;
}

static void set_up(struct load *l, char **argv)
{
	const char *user = option(argv, "user", "");
	take_addr(&l->server, option(argv, "server", ""));
	take_addr(&l->peer, option(argv, "peer", ""));
	take_addr(&l->first, option(argv, "client", ""));
	l->user.name = slice_str(user);
	l->user.password = slice_str(option(argv, "password", ""));
	l->null = atoi(option(argv, "null", "0")) != 0;
	l->flows = (size_t)atol(option(argv, "flows", "1"));
	l->bytes = (size_t)atol(option(argv, "bytes", "120"));
	if (l->flows == 0 || l->flows > FAST_FLOWS || l->bytes % 4 ||
	    l->bytes < 20 || HEADS_UP + l->bytes > FRAME)
		load_fail("flows or bytes");
	l->flow = calloc(l->flows, sizeof(*l->flow));
	if (!l->flow || hasher_create(&l->user.hasher))
		load_fail("start");
	link_open(l);
	for (size_t i = 0; i < l->flows; i++) {
		l->flow[i].relay = l->server;
		if (*user || l->null)
			link_set_up(l, &l->flow[i]);
	}
}

int main(int argc, char **argv)
{
	struct fast f = { .device = 0 };
	struct load l = { .flows = 1 };
	if (argc < 3)
		return 2;
	kernel_open(&f, argv[2]);
	if (strcmp(argv[1], "echo") == 0) {
		attach(&f, "fast_echo");
	} else {
		set_up(&l, argv);
		addresses(&f, argv[2], option(argv, "mac", ""));
		make_frames(&f, &l);
		f.control->rate = (uint64_t)atof(option(argv, "rate", "0"));
		f.control->window = (uint64_t)atol(option(argv, "window", "1"));
		attach(&f, "fast_sink");
	}
	printf("ready\n");
	fflush(stdout);
	int c = getchar();
	if (c != EOF && strcmp(argv[1], "load") == 0)
		run(&f, HEADS_UP + l.bytes, atof(option(argv, "warm", "0.3")),
		    atof(option(argv, "seconds", "1")));
	return 0;
}
