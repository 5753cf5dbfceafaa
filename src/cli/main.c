/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's command; everything it does is in cli.c and the verbs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"

int main(int argc, char *argv[])
{
	struct cli c = {
		.out = stdout,
		.err = stderr,
		.colour = cli_colour(isatty(STDOUT_FILENO)),
		.progress = isatty(STDERR_FILENO),
	};

	log_set_level(LOG_ERROR);
	return cli_run(&c, argc - 1, argv + 1);
}
