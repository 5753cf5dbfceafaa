/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams from another process: each begins with its length, two bytes. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "loop/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_message(void *arg, struct slice msg, int fd)
{
	volatile uint8_t *sum = arg;

	for (size_t i = 0; i < msg.len; i++)
		*sum ^= msg.ptr[i];
	if (fd >= 0)
		abort(); /* none was sent */
}

static void on_gone(void *arg)
{
	(void)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct channel_ops ops = { on_message, on_gone };
	const struct channel_conf conf = { .message_bytes = 4096 };
	struct cur in = cur_init(slice_of(data, size));
	struct channel *c = NULL;
	struct loop *l = NULL;
	uint8_t sum = 0;
	int fds[2];

	log_set_level(LOG_ERROR);
	if (loop_create(&l) || channel_pair(fds) ||
	    channel_open(&c, l, fds[0], &conf, &ops, &sum))
		abort();
	while (cur_left(&in) && !cur_failed(&in)) {
		struct slice s = cur_bytes(&in, cur_u16(&in));
		if (s.len && send(fds[1], s.ptr, s.len, MSG_NOSIGNAL) < 0)
			break;
	}
	close(fds[1]); /* the end of file ends the loop */
	loop_run(l);
	channel_close(c);
	loop_free(l);
	return 0;
}
