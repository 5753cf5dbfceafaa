/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a network device's settings mean for the fast path, by the ioctls of
 * ethtool(8). What a driver cannot tell is taken as right.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ifreq;

/* One ioctl about the device that the request names: 0 or -E... */
struct device_asker {
	int (*ask)(void *arg, unsigned long what, struct ifreq *request);
	void *arg;
};

enum { DEVICE_NOTE_MAX = 160 };
/* Sentences, with the remedy: what slows it down or keeps packets from it.
 * Returns how many, at most max. */
size_t device_notes(const struct device_asker *a, const char *name,
		    unsigned cpus, char notes[][DEVICE_NOTE_MAX], size_t max);

/* Are VLAN tags taken off what it receives? */
bool device_takes_tags(const struct device_asker *a, const char *name);
/* The index of the device that frames of name come by: of a VLAN's the one
 * below it, else its own; 0: it is gone. */
uint32_t device_of_frames(const char *name);
/* Asks the kernel; fd: any socket. */
int device_ioctl(void *fd, unsigned long what, struct ifreq *request);
