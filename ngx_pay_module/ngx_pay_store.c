
/*
 * Copyright (C) the ngx_pay authors
 *
 * The store's interface: which of the two rooms below it is asked, and what
 * happens when Redis does not know.
 */

#include <ngx_pay.h>


#define NGX_PAY_STORE_NAME  320         /* three names of 64, and more */


void
ngx_pay_store_init(ngx_pay_store_op_t *op, ngx_http_request_t *r, void *data)
{
    ngx_pay_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pay_module);

    ngx_memzero(op, sizeof(ngx_pay_store_op_t));

    op->conf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);
    op->request = r;
    op->policy = plcf->store_error;
    op->data = data;
}


/* each part with its length in front of it, so that no two names are one */

static u_char *
ngx_pay_store_part(u_char *p, u_char *last, pay_str_t s)
{
    if ((size_t) (last - p) <= s.len + 4) {
        return NULL;
    }

    *p++ = (u_char) (s.len >> 8);
    *p++ = (u_char) s.len;

    return s.len ? ngx_cpymem(p, s.data, s.len) : p;
}


ngx_int_t
ngx_pay_store_key(ngx_pay_store_op_t *op, const char *what, pay_str_t a,
    pay_str_t b, pay_str_t c)
{
    u_char           buf[32 + NGX_PAY_STORE_NAME], *p, *last;
    pay_u8           digest[PAY_SHA256_LEN];
    pay_str_t        text;
    ngx_pay_zone_t  *zone;

    zone = op->conf->zone;
    last = buf + sizeof(buf);

    /* nobody outside of the zone can make names that meet in one chain */

    p = ngx_cpymem(buf, zone->sh->nonce_key, 32);
    p = ngx_pay_store_part(p, last, pay_strz(what));
    p = p ? ngx_pay_store_part(p, last, a) : NULL;
    p = p ? ngx_pay_store_part(p, last, b) : NULL;
    p = p ? ngx_pay_store_part(p, last, c) : NULL;

    if (p == NULL) {
        return NGX_ERROR;
    }

    text.data = buf;
    text.len = p - buf;

    if (pay_sha256(digest, text) != 0) {
        return NGX_ERROR;
    }

    ngx_memcpy(op->key.zone, digest, 16);

    if (op->conf->redis == NULL) {
        return NGX_OK;
    }

    /* in Redis all nodes must find it by the same name */

    text.data += 32;
    text.len -= 32;

    if (pay_sha256(digest, text) != 0) {
        return NGX_ERROR;
    }

    ngx_memcpy(op->key.redis, digest, 16);

    return NGX_OK;
}


/* Redis does not know: one line a second of what is refused, one of the rest */

static void
ngx_pay_store_log(ngx_pay_store_op_t *op, const char *then)
{
    time_t        *last;

    static time_t  refused, passed;

    last = op->policy == NGX_PAY_STORE_DENY ? &refused : &passed;

    if (*last == ngx_time()) {
        return;
    }

    *last = ngx_time();

    ngx_log_error(NGX_LOG_ERR,
                  op->request ? op->request->connection->log : ngx_cycle->log,
                  0, "pay: Redis does not know: %s; %s",
                  op->reason ? op->reason : "no answer", then);
}


/*
 * The decision of the policy.  A nonce goes by "allow" even where the zone
 * cannot take it; money never moves without a claim in the zone.
 */

static void
ngx_pay_store_fall(ngx_pay_store_op_t *op)
{
    ngx_pay_count(op->conf->zone, store_errors);

    if (op->policy == NGX_PAY_STORE_DENY) {
        ngx_pay_store_log(op, "refused, by \"pay_store_error deny\"");
        op->wait = 0;
        op->rc = PAY_ERROR;
        return;
    }

    ngx_pay_count(op->conf->zone, store_passed);

    ngx_pay_store_log(op, "the zone of this node decides");

    op->local = 1;

    if (!op->asked) {
        op->zone_rc = ngx_pay_store_zone[op->kind](op);
    }

    if (op->zone_rc != NGX_OK) {
        op->rc = PAY_ERROR;

    } else if (ngx_pay_store_missed(op)) {
        op->rc = PAY_ERROR;
        op->reason = "zone_full";
    }

    /* it was the zone that was asked last, and did not know */

    if (op->zone_reason) {
        op->reason = op->zone_reason;
    }
}


void
ngx_pay_store_done(ngx_pay_store_op_t *op, ngx_int_t rc)
{
    op->waiting = 0;

    if (rc == NGX_ERROR) {

        if (op->local || op->conf->redis == NULL) {
            op->rc = PAY_ERROR;

        } else {
            ngx_pay_store_fall(op);
        }
    }

    op->handler(op);
}


void
ngx_pay_store(ngx_pay_store_op_t *op, ngx_pay_store_kind_t kind,
    ngx_pay_store_pt handler)
{
    ngx_int_t  rc;

    op->kind = kind;
    op->handler = handler;
    op->rc = PAY_OK;
    op->reason = NULL;
    op->zone_reason = NULL;
    op->wait = 0;
    op->asked = 0;

    rc = op->conf->redis && !op->local ? ngx_pay_store_redis[kind](op)
                                       : ngx_pay_store_zone[kind](op);

    if (rc == NGX_AGAIN) {
        op->waiting = 1;
        return;
    }

    ngx_pay_store_done(op, rc);
}


void
ngx_pay_store_abandon(ngx_pay_store_op_t *op)
{
    if (op->waiting) {
        op->waiting = 0;
        ngx_pay_redis_abandon(&op->job);
    }
}
