
/*
 * Copyright (C) the ngx_pay authors
 *
 * A reload with another size of the zone.  The new zone takes over what the
 * old one holds, under the old one's lock, and freezes it: workers of before
 * end what they have begun, and begin nothing more that a new one would not
 * know of.  All of this is done before the sockets are opened; where that
 * fails, the old configuration goes on and its zone is thawed.
 */

#include <ngx_pay_zone.h>


#define NGX_PAY_RESIZE_STEP  (64 * 1024)
#define NGX_PAY_RESIZE_MAX   ((size_t) 1 << 40)
#define NGX_PAY_RESIZE_WAIT  5000       /* ms, for the lock */


static void ngx_pay_resize_cleanup(void *data);


/* nginx tells init() of an old zone of the same size only */

static ngx_pay_zone_t *
ngx_pay_resize_find(ngx_cycle_t *old, ngx_shm_zone_t *shm_zone)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *oz;
    ngx_list_part_t  *part;

    if (old == NULL) {
        return NULL;
    }

    /* before the first configuration the list is all zeroes */

    for (part = &old->shared_memory.part; part; part = part->next) {
        oz = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (oz[i].tag == shm_zone->tag
                && oz[i].shm.name.len == shm_zone->shm.name.len
                && ngx_strncmp(oz[i].shm.name.data, shm_zone->shm.name.data,
                               oz[i].shm.name.len)
                   == 0)
            {
                return oz[i].shm.size != shm_zone->shm.size ? oz[i].data
                                                            : NULL;
            }
        }
    }

    return NULL;
}


ngx_int_t
ngx_pay_resize_prepare(ngx_conf_t *cf, ngx_pay_zone_t *zone)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_pay_resize_cleanup;
    cln->data = zone;

    zone->prev = ngx_pay_resize_find(cf->cycle->old_cycle, zone->shm_zone);

    /* its requests of before would go on with memory that is unmapped */

    if (zone->prev && ngx_process == NGX_PROCESS_SINGLE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "pay_zone \"%V\" keeps its size while nginx runs "
                           "with master_process off: restart",
                           &zone->shm_zone->shm.name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* an old zone is in memory until the new configuration is complete */

static void
ngx_pay_resize_cleanup(void *data)
{
    ngx_pay_zone_t  *zone = data;

    if (zone->froze) {
        zone->prev->sh->frozen = 0;
    }
}


/*
 * A master that loads a configuration hears of no death: a worker that dies
 * inside of the lock would be waited for forever.  It is left to be waited
 * for by nginx, as usual.
 */

static ngx_uint_t
ngx_pay_resize_dead(ngx_pid_t pid)
{
    siginfo_t  info;

    info.si_pid = 0;

    if (waitid(P_PID, pid, &info, WEXITED|WNOHANG|WNOWAIT) == 0) {
        return info.si_pid == pid;
    }

    return kill(pid, 0) == -1 && ngx_errno == ESRCH;
}


static ngx_int_t
ngx_pay_resize_lock(ngx_pay_zone_t *prev)
{
    ngx_pid_t     pid;
    ngx_uint_t    n;
    ngx_shmtx_t  *mutex;

    mutex = &prev->shpool->mutex;

    for (n = 0; n < NGX_PAY_RESIZE_WAIT; n++) {

        if (ngx_shmtx_trylock(mutex)) {
            ngx_pay_zone_locked(prev);
            return NGX_OK;
        }

        pid = *mutex->lock;

        if (pid && ngx_pay_resize_dead(pid)) {
            (void) ngx_shmtx_force_unlock(mutex, pid);
            continue;
        }

        ngx_msleep(1);
    }

    return NGX_ERROR;
}


/* all but what tells where things are */

static void
ngx_pay_resize_head(ngx_pay_shared_t *sh, ngx_pay_shared_t *old)
{
    uint64_t  size, nonces, events, records;

    size = sh->size;
    nonces = sh->nonces;
    events = sh->events;
    records = sh->records;

    *sh = *old;

    sh->size = size;
    sh->nonces = nonces;
    sh->events = events;
    sh->records = records;
    sh->dirty = 0;
    sh->frozen = 0;
    sh->tick_owner = 0;
}


static pay_rc_t
ngx_pay_resize_copy(ngx_pay_zone_t *zone, ngx_pay_zone_t *prev)
{
    pay_rc_t  rc;

    rc = pay_nonces_copy(zone->nonces, prev->nonces, ngx_time());

    if (rc == PAY_OK) {
        rc = pay_records_copy(zone->records, prev->records);
    }

    if (rc == PAY_OK) {
        rc = pay_events_copy(zone->events, prev->events);
    }

    return rc;
}


/* what of a zone's size is left for us, at the least */

static size_t
ngx_pay_resize_least(uint32_t nonces, uint32_t cells)
{
    size_t         size;
    ngx_pay_cut_t  cut;

    for (size = NGX_PAY_ZONE_MIN; size < NGX_PAY_RESIZE_MAX;
         size += NGX_PAY_RESIZE_STEP)
    {
        ngx_pay_zone_cut(&cut, size - size / 128 - 3 * ngx_pagesize);

        if (cut.nonces_cap >= nonces && cut.cells >= cells) {
            break;
        }
    }

    return size;
}


static void
ngx_pay_resize_told(ngx_pay_zone_t *zone, ngx_log_t *log, uint64_t dropped)
{
    ngx_uint_t          level;
    pay_events_stat_t   events;
    pay_records_stat_t  records;

    level = dropped ? NGX_LOG_WARN : NGX_LOG_NOTICE;
    pay_events_stat(zone->events, &events);
    pay_records_stat(zone->records, &records);

    ngx_log_error(level, log, 0,
                  "pay_zone \"%V\": a new size: took over %uD nonces, %uD "
                  "records, %uD accepted events; %uL records had no room",
                  &zone->shm_zone->shm.name, pay_nonces_live(zone->nonces),
                  records.records[PAY_REC_FINISHED]
                  + records.records[PAY_REC_OPEN]
                  + records.records[PAY_REC_KEPT],
                  events.accepted, dropped);
}


static void
ngx_pay_resize_refused(ngx_pay_zone_t *zone, ngx_log_t *log, uint32_t nonces,
    uint32_t cells)
{
    ngx_log_error(NGX_LOG_EMERG, log, 0,
                  "pay_zone \"%V\" is too small for what must not be "
                  "forgotten: %uD nonces that are still good, and payments in "
                  "%uD cells whose outcome is not known; %uzk is the least now",
                  &zone->shm_zone->shm.name, nonces, cells,
                  ngx_pay_resize_least(nonces, cells) / 1024);
}


ngx_int_t
ngx_pay_resize(ngx_pay_zone_t *zone, ngx_log_t *log)
{
    pay_rc_t             rc;
    uint32_t             nonces, cells;
    ngx_pay_zone_t      *prev;
    pay_records_stat_t   before, after;

    prev = zone->prev;
    nonces = 0;
    cells = 0;

    if (ngx_pay_resize_lock(prev) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "pay_zone \"%V\" cannot be given another size now: it "
                      "is locked by %P", &zone->shm_zone->shm.name,
                      (ngx_pid_t) *prev->shpool->mutex.lock);
        return NGX_ERROR;
    }

    /* nothing of this allocates or logs */

    prev->sh->frozen = 1;

    rc = ngx_pay_resize_copy(zone, prev);

    zone->froze = rc == PAY_OK;
    prev->sh->frozen = rc == PAY_OK;

    if (rc == PAY_OK) {
        ngx_pay_resize_head(zone->sh, prev->sh);
        pay_records_stat(prev->records, &before);

    } else {
        nonces = pay_nonces_good(prev->nonces, ngx_time());
        cells = pay_records_bound(prev->records);
    }

    ngx_pay_zone_unlock(prev);

    switch (rc) {

    case PAY_OK:
        pay_records_stat(zone->records, &after);
        ngx_pay_resize_told(zone, log, after.dropped - before.dropped);
        return NGX_OK;

    case PAY_DECLINED:
        ngx_pay_resize_refused(zone, log, nonces, cells);
        return NGX_ERROR;

    default:
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "pay_zone \"%V\" is damaged and cannot be given "
                      "another size: restart", &zone->shm_zone->shm.name);
        return NGX_ERROR;
    }
}


ngx_int_t
ngx_pay_resize_done(ngx_cycle_t *cycle)
{
    ngx_pay_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_pay_module);

    if (mcf && mcf->zone) {
        mcf->zone->prev = NULL;
        mcf->zone->froze = 0;
    }

    return NGX_OK;
}
