
/*
 * Copyright (C) the ngx_pay authors
 *
 * Shared memory: one block of the zone, cut by its size alone, so that every
 * worker of every configuration finds the same things in the same place.
 *
 *   head and counters | nonces 1/4 | events 1/8 | records 5/8
 */

#include <ngx_pay_tick.h>
#include <ngx_pay_zone.h>

#include <signal.h>


#define NGX_PAY_MAGIC    0x79617067
#define NGX_PAY_LAYOUT   7


static ngx_int_t ngx_pay_zone_init(ngx_shm_zone_t *shm_zone, void *data);
static void ngx_pay_zone_print(ngx_pay_zone_t *zone);


char *
ngx_pay_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_pay_main_conf_t  *mcf = conf;

    u_char          *p;
    ssize_t          size;
    ngx_str_t       *value, name, s;
    ngx_pay_zone_t  *zone;

    if (mcf->zone) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strncmp(value[1].data, "zone=", 5) != 0) {
        return "must be \"zone=name:size\"";
    }

    name.data = value[1].data + 5;
    p = (u_char *) ngx_strchr(name.data, ':');

    if (p == NULL || p == name.data) {
        return "must be \"zone=name:size\"";
    }

    name.len = p - name.data;
    s.data = p + 1;
    s.len = value[1].data + value[1].len - s.data;
    size = ngx_parse_size(&s);

    if (size == NGX_ERROR) {
        return "has an invalid size";
    }

    if (size < NGX_PAY_ZONE_MIN) {
        return "is too small: 256k is the least";
    }

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_pay_zone_t));
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    zone->conf = mcf;
    zone->shm_zone = ngx_shared_memory_add(cf, &name, size,
                                           &ngx_http_pay_module);
    if (zone->shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    zone->shm_zone->init = ngx_pay_zone_init;
    zone->shm_zone->data = zone;
    mcf->zone = zone;

    if (ngx_pay_resize_prepare(cf, zone) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void
ngx_pay_zone_map(ngx_pay_zone_t *zone)
{
    u_char  *p;

    p = (u_char *) zone->sh;

    zone->nonces = (pay_nonces_t *) (p + zone->sh->nonces);
    zone->records = (pay_records_t *) (p + zone->sh->records);
    zone->events = (pay_events_t *) (p + zone->sh->events);
}


/* each has the room up to the next */

void
ngx_pay_zone_cut(ngx_pay_cut_t *cut, size_t size)
{
    size_t  room;

    cut->nonces = ngx_align(sizeof(ngx_pay_shared_t), 64);

    room = size - cut->nonces;

    cut->events = ngx_align(cut->nonces + room / 4, 64);
    cut->records = ngx_align(cut->events + room / 8, 64);

    room = cut->events - cut->nonces;

    cut->slots = pay_nonces_slots_for(room);
    cut->nonces_cap = pay_nonces_capacity(room, cut->slots);
    cut->events_cap = pay_events_capacity(cut->records - cut->events);
    cut->cells = pay_records_capacity(size - cut->records);
}


static ngx_int_t
ngx_pay_zone_make(ngx_pay_zone_t *zone, size_t size)
{
    ngx_pay_cut_t      cut;
    ngx_pay_shared_t  *sh;

    ngx_pay_zone_cut(&cut, size);

    sh = zone->sh;
    ngx_memzero(sh, sizeof(ngx_pay_shared_t));

    sh->magic = NGX_PAY_MAGIC;
    sh->layout = NGX_PAY_LAYOUT;
    sh->size = size;
    sh->nonces = cut.nonces;
    sh->events = cut.events;
    sh->records = cut.records;
    sh->born = ngx_time();
    sh->window = zone->conf->window_max;

    if (pay_random(sh->nonce_key, sizeof(sh->nonce_key)) != 0) {
        return NGX_ERROR;
    }

    ngx_pay_zone_map(zone);

    (void) pay_nonces_init(zone->nonces, cut.nonces_cap, cut.slots);
    (void) pay_events_init(zone->events, cut.events_cap);
    (void) pay_records_init(zone->records, cut.cells);

    return NGX_OK;
}


static ngx_uint_t
ngx_pay_zone_known(ngx_pay_zone_t *zone)
{
    return zone->sh && zone->sh->magic == NGX_PAY_MAGIC
           && zone->sh->layout == NGX_PAY_LAYOUT;
}


/* counters go by the channel's name, so that a reload keeps them */

static void
ngx_pay_zone_channels(ngx_pay_zone_t *zone)
{
    ngx_uint_t                i, n;
    ngx_pay_channel_t       **ch;
    ngx_pay_channel_stat_t   *st;

    ch = zone->conf->channels.elts;
    st = zone->sh->channels;

    for (i = 0; i < zone->conf->channels.nelts; i++) {

        for (n = 0; n < NGX_PAY_CHANNELS_MAX - 1; n++) {

            if (st[n].name[0] == '\0') {
                ngx_cpystrn(st[n].name, ch[i]->name.data,
                            ngx_min(ch[i]->name.len + 1,
                                    sizeof(st[n].name)));
                break;
            }

            if (ngx_strncmp(st[n].name, ch[i]->name.data, ch[i]->name.len)
                == 0
                && st[n].name[ch[i]->name.len] == '\0')
            {
                break;
            }
        }

        ch[i]->number = n;
    }
}


/*
 * What was accepted under a narrower window is forgotten earlier than a wider
 * one asks for: for its timestamps the narrower one stays.
 */

static void
ngx_pay_zone_window(ngx_pay_zone_t *zone)
{
    ngx_pay_shared_t  *sh;

    sh = zone->sh;

    if (zone->conf->window_max <= sh->window) {
        return;
    }

    if (sh->grown + sh->narrow < ngx_time()) {
        sh->narrow = sh->window;
    }

    sh->grown = ngx_time();
    sh->window = zone->conf->window_max;
}


static ngx_int_t
ngx_pay_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_pay_zone_t  *old = data;

    size_t           size;
    ngx_pay_zone_t  *zone;

    zone = shm_zone->data;
    zone->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (old) {
        zone->sh = old->sh;

    } else if (shm_zone->shm.exists) {
        zone->sh = zone->shpool->data;
    }

    if (ngx_pay_zone_known(zone)) {
        ngx_pay_zone_map(zone);
        ngx_pay_zone_window(zone);
        ngx_pay_zone_channels(zone);
        return ngx_pay_cache_init(zone, shm_zone->shm.log);
    }

    /* made by another version of the module: the block is cut anew */

    size = zone->sh ? zone->sh->size : zone->shpool->pfree * ngx_pagesize;

    if (zone->sh == NULL) {
        zone->shpool->log_nomem = 0;
        zone->sh = ngx_slab_alloc(zone->shpool, size);
    }

    if (zone->sh == NULL) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "pay_zone \"%V\": no room for its content",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    zone->shpool->data = zone->sh;

    if (ngx_pay_zone_make(zone, size) != NGX_OK) {
        return NGX_ERROR;
    }

    if (zone->prev && ngx_pay_zone_known(zone->prev)
        && ngx_pay_resize(zone, shm_zone->shm.log) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_pay_zone_window(zone);
    ngx_pay_zone_channels(zone);
    ngx_pay_zone_print(zone);

    return ngx_pay_cache_init(zone, shm_zone->shm.log);
}


/* to the terminal for nginx -t: the error log may not take notices */

static void
ngx_pay_zone_print(ngx_pay_zone_t *zone)
{
    u_char             buf[NGX_MAX_ERROR_STR], *p;
    time_t             window;
    uint32_t           kept;
    ngx_pay_cut_t      cut;
    ngx_pay_shared_t  *sh;

    sh = zone->sh;
    ngx_pay_zone_cut(&cut, sh->size);
    window = sh->window ? sh->window : NGX_PAY_WINDOW;
    kept = (uint32_t) (2 * window + 2);

    p = ngx_snprintf(buf, sizeof(buf),
                     "pay_zone \"%V\": %uD nonces of 28 bytes: %uD signed "
                     "requests a second, %uD from one merchant, each kept for "
                     "twice pay_auth_window of %T s; %uD records of 512 "
                     "bytes, %uD events of %uz bytes",
                     &zone->shm_zone->shm.name, cut.nonces_cap,
                     cut.nonces_cap / kept, cut.nonces_cap / 2 / kept, window,
                     cut.cells, cut.events_cap,
                     pay_events_size(2) - pay_events_size(1));

    if (!ngx_test_config) {
        ngx_log_error(NGX_LOG_NOTICE, zone->shm_zone->shm.log, 0, "%*s",
                      (size_t) (p - buf), buf);

    } else if (!ngx_quiet_mode) {
        ngx_log_stderr(0, "%*s", (size_t) (p - buf), buf);
    }
}


/*
 * A worker that was killed between lock and unlock leaves dirty set (the
 * master opens the lock).  The tables bear that: what it wrote is there whole
 * or not at all, and they mend themselves; it is only counted.
 */

void
ngx_pay_zone_lock(ngx_pay_zone_t *zone)
{
    ngx_shmtx_lock(&zone->shpool->mutex);
    ngx_pay_zone_locked(zone);
}


void
ngx_pay_zone_locked(ngx_pay_zone_t *zone)
{
    if (zone->sh->dirty) {
        zone->sh->repairs++;
    }

    zone->sh->dirty = 1;
    ngx_memory_barrier();
}


void
ngx_pay_zone_unlock(ngx_pay_zone_t *zone)
{
    ngx_memory_barrier();
    zone->sh->dirty = 0;

    ngx_shmtx_unlock(&zone->shpool->mutex);
}


int
ngx_pay_alive(int32_t owner)
{
    /* kill() takes what is not above 0 for groups of processes */

    if (owner <= 0) {
        return 0;
    }

    return owner == ngx_pid || kill(owner, 0) == 0 || ngx_errno == EPERM;
}


ngx_int_t
ngx_pay_record_key(ngx_pay_zone_t *zone, pay_u8 key[16], const char *kind,
    pay_str_t a, pay_str_t b)
{
    u_char     buf[512], *p, *last;
    pay_u8     digest[PAY_SHA256_LEN];
    pay_str_t  s;

    last = buf + sizeof(buf);
    p = ngx_cpymem(buf, zone->sh->nonce_key, sizeof(zone->sh->nonce_key));
    p = ngx_slprintf(p, last, "%s:%uz:", kind, a.len);

    if ((size_t) (last - p) <= a.len + b.len) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(p, a.data, a.len);

    if (b.len) {
        p = ngx_cpymem(p, b.data, b.len);
    }

    s.data = buf;
    s.len = p - buf;

    if (pay_sha256(digest, s) != 0) {
        return NGX_ERROR;
    }

    ngx_memcpy(key, digest, 16);

    return NGX_OK;
}


pay_rc_t
ngx_pay_record_read(ngx_pay_zone_t *zone, pay_arena_t *a,
    const pay_u8 key[16], pay_str_t *out, pay_rec_t *rec)
{
    pay_u8    *p;
    pay_rc_t   rc;

    p = pay_alloc(a, PAY_REC_MAX);
    if (p == NULL) {
        return PAY_ERROR;
    }

    out->len = 0;

    ngx_pay_zone_lock(zone);

    rc = pay_records_find(zone->records, key, rec);

    if (rc == PAY_OK) {
        out->len = pay_records_read(zone->records, rec, p, PAY_REC_MAX);
    }

    ngx_pay_zone_unlock(zone);

    out->data = p;

    return rc;
}


pay_rc_t
ngx_pay_record_write(ngx_pay_zone_t *zone, const pay_u8 key[16],
    pay_str_t bytes, pay_rec_class_t class_, uint32_t version)
{
    time_t     now;
    pay_rc_t   rc;
    pay_rec_t  rec;

    now = ngx_time();

    ngx_pay_zone_lock(zone);

    rc = pay_records_find(zone->records, key, &rec);

    if (rc == PAY_OK ? rec.version != version : version != 0) {
        ngx_pay_zone_unlock(zone);
        return PAY_INVALID;
    }

    rc = PAY_DECLINED;

    if (version != 0 || !ngx_pay_zone_frozen(zone)) {
        rc = pay_records_put(zone->records, key, bytes.data, bytes.len,
                             class_, now);
    }

    ngx_pay_zone_unlock(zone);

    return rc;
}
