/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive doubly linked list. A zeroed node is unlinked; list_remove() of an
 * unlinked node does nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev;
	struct list *next;
};

#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* The body may remove the current node, but no other. */
#define LIST_EACH(it, tmp, head)                                            \
	for (struct list *it = (head)->next, *tmp = it->next; it != (head); \
	     it = tmp, tmp = it->next)

static inline void list_init(struct list *head)
{
	head->prev = head;
	head->next = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline bool list_linked(const struct list *node)
{
	return node->next != NULL;
}

static inline void list_push_back(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Takes the first node off; the list must not be empty. */
static inline struct list *list_pop(struct list *head)
{
	struct list *node = head->next;
	head->next = node->next;
	node->next->prev = head;
	node->prev = NULL;
	node->next = NULL;
	return node;
}

static inline void list_remove(struct list *node)
{
	if (!node->next)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->prev = NULL;
	node->next = NULL;
}
