/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzzer's seeds where libFuzzer is not linked: every file of the
 * folders and files named, each also cut at every length up to 512. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return 0;
	static uint8_t all[1 << 20];
	size_t n = fread(all, 1, sizeof(all), f);
	fclose(f);
	for (size_t cut = 0; cut <= n; cut += cut < 512 ? 1 : 97) {
		/* exact size, so that reading past the end is seen */
		uint8_t *copy = malloc(cut ? cut : 1);
		if (!copy)
			abort();
		memcpy(copy, all, cut);
		LLVMFuzzerTestOneInput(copy, cut);
		free(copy);
	}
	LLVMFuzzerTestOneInput(all, n);
	return 1;
}

static size_t run_folder(const char *path)
{
	size_t files = 0;
	DIR *d = opendir(path);
	if (!d)
		return run_file(path);
	for (struct dirent *e; (e = readdir(d));) {
		char name[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		files += run_file(name);
	}
	closedir(d);
	return files;
}

int main(int argc, char **argv)
{
	size_t files = 0;
	for (int i = 1; i < argc; i++)
		files += run_folder(argv[i]);
	printf("%zu seeds\n", files);
	return files ? 0 : 1;
}
