/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path under the engine: mapped memory, and next hops of the
 * system. */
#include <errno.h>
#include <unistd.h>

#include "relay/fast.h"
#include "relay/relay_io_int.h"
#include "xdp/load.h"
#include "xdp/routes.h"

static int on_find(void *arg, const struct relay_addr *from,
		   const struct relay_addr *to, uint32_t *row)
{
	struct ask_ends w = { .family = to->family };
	memcpy(w.from, from->ip, sizeof(w.from));
	memcpy(w.to, to->ip, sizeof(w.to));
	return routes_find(arg, &w, row);
}

static void on_give(void *arg, uint32_t row)
{
	routes_give(arg, row);
}

static void on_changed(void *arg)
{
	const struct relay_io *io = arg;
	fast_reroute(io->engine);
}

static bool whole(const struct plane_regions *r)
{
	for (int i = 0; i < PLANE_R_COUNTS; i++) {
		if (!r->at[i])
			return false;
	}
	return true;
}

/* Once all regions and the engine are there. */
static int begin(struct relay_io *io)
{
	struct fast_hops hops = { on_find, on_give, io->routes };
	if (!io->engine || !io->routes || io->table || !whole(&io->regions))
		return 0;
	int err = table_create(&io->table, &io->regions, io->fast_column);
	if (!err)
		err = routes_begin(io->routes, io->table, on_changed, io);
	return err ? err : fast_begin(io->engine, io->table, &hops);
}

int relay_io_fast(struct relay_io *io, uint32_t column, uint32_t region, int fd)
{
	if (region >= PLANE_R_COUNTS || io->regions.at[region])
		return -EINVAL;
	int err = plane_map(&io->regions.at[region], fd,
			    (enum plane_region)region);
	io->fast_column = column;
	return err ? err : begin(io);
}

size_t relay_io_fast_count(const struct relay_io *io)
{
	return io->table ? table_count(io->table) : 0;
}

void fast_io_open(struct relay_io *io)
{
	/* without it there is no fast path, no more */
	(void)routes_create(&io->routes, io->loop);
}

void fast_io_close(struct relay_io *io)
{
	if (io->engine)
		fast_end(io->engine);
	routes_free(io->routes);
	table_free(io->table);
	for (int i = 0; i < PLANE_R_COUNTS; i++)
		plane_unmap(io->regions.at[i], (enum plane_region)i);
}
