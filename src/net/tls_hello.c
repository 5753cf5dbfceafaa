/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answering a hello. Neither a name nor a protocol that we do not know is a
 * reason to refuse: telephones send what they like, and the certificate that
 * they are shown then decides.
 */
#include "net/tls_hello.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/identity.h"

/* One name of one certificate. Owner: struct tls_hosts. */
struct host {
	struct map_node node;
	const struct pem_identity *id;
	char name[];
};

static void host_free(struct map_node *n, void *arg)
{
	struct tls_hosts *h = arg;

	map_remove(&h->by_name, n);
	free(container_of(n, struct host, node));
}

void tls_hosts_free(struct tls_hosts *h)
{
	if (h->by_name.slots) {
		map_each(&h->by_name, host_free, h);
		map_free(&h->by_name);
	}
	for (size_t i = 0; i < h->count; i++)
		pem_identity_free(&h->id[i]);
	free(h->id);
	*h = (struct tls_hosts){ .id = NULL };
}

/* The first certificate that has a name keeps it. */
static int host_add(struct tls_hosts *h, const struct pem_identity *id,
		    const char *name)
{
	size_t len = strlen(name);
	struct host *host = malloc(sizeof(*host) + len + 1);

	if (!host)
		return -ENOMEM;
	host->id = id;
	memcpy(host->name, name, len + 1);
	int err = map_insert(&h->by_name, &host->node, slice_str(host->name));
	if (err)
		free(host);
	return err == -EEXIST ? 0 : err;
}

static int add_names(struct tls_hosts *h, const struct pem_identity *id,
		     struct slice path, char error[static NET_ERROR_MAX])
{
	struct net_peer names = { 0 };
	const char *defect;
	int err = identity_hosts(&names, id->leaf, &defect);

	if (err && err != -ENOMEM) {
		snprintf(error, NET_ERROR_MAX,
			 "%.*s: no name in it that could be asked for (%s); "
			 "subjectAltName has to have a DNS name, wildcards do "
			 "not count",
			 SLICE_FMT(slice_head(path, NET_ERROR_MAX / 2)),
			 defect);
		err = -EINVAL;
	}
	for (size_t i = 0; !err && i < names.name_count; i++)
		err = host_add(h, id, names.name[i]);
	identity_clear(&names);
	return err;
}

int tls_hosts_read(struct tls_hosts *h, SSL_CTX *ctx,
		   const struct net_tls_conf *conf,
		   char error[static NET_ERROR_MAX])
{
	int err = map_init(&h->by_name);

	if (err)
		return err;
	h->id = calloc(conf->more_count + 1, sizeof(*h->id));
	if (!h->id)
		return -ENOMEM;
	for (size_t i = 0; !err && i < conf->more_count; i++) {
		const struct net_tls_pair *pair = &conf->more[i];
		err = pem_identity_read(&h->id[i], ctx, pair, SLICE_NONE,
					error);
		if (err)
			break;
		h->count++;
		err = add_names(h, &h->id[i], pair->certificate_path, error);
	}
	return err;
}

const struct pem_identity *tls_hosts_find(const struct tls_hosts *h,
					  struct slice name)
{
	char canonical[NET_NAME_MAX];

	if (!h->count || identity_name(name, canonical))
		return NULL;
	struct map_node *n = map_find(&h->by_name, slice_str(canonical));
	return n ? container_of(n, struct host, node)->id : NULL;
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
	const struct tls_hosts *h = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct pem_identity *id =
		name ? tls_hosts_find(h, slice_str(name)) : NULL;

	if (!id)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_certs_clear(ssl);
	if (SSL_use_cert_and_key(ssl, id->leaf, id->key, id->chain, 1) == 1)
		return SSL_TLSEXT_ERR_OK;
	*alert = SSL_AD_INTERNAL_ERROR;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* NOLINTNEXTLINE(readability-function-size): libssl's type */
static int on_protocol(SSL *ssl, const unsigned char **out,
		       unsigned char *out_len, const unsigned char *offered,
		       unsigned offered_len, void *arg)
{
	static const unsigned char ours[] = "\005sip/2";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1,
				  offered,
				  offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

void tls_hello_setup(SSL_CTX *ctx, struct tls_hosts *h)
{
	SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(ctx, h);
	SSL_CTX_set_alpn_select_cb(ctx, on_protocol, NULL);
}
