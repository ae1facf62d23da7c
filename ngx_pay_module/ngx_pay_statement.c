
/*
 * Copyright (C) the ngx_pay authors
 *
 * GET /v1/statements/{date}: when the channel's file is there and is what it
 * should be, its rows leave piece by piece, as fast as they are taken.  The
 * memory has a bound, whatever the file's size.
 */

#include <ngx_pay_api.h>
#include <ngx_pay_fetch.h>
#include <channel/pay_statement.h>


#define NGX_PAY_STATEMENT_PIECE   16384 /* of the file, at one time */
#define NGX_PAY_STATEMENT_BUFFER  32768
#define NGX_PAY_STATEMENT_TURN    8     /* pieces, then others have theirs */


typedef pay_str_t (*ngx_pay_row_pt)(pay_arena_t *a, const pay_row_t *row,
    pay_str_t channel);

typedef struct {
    ngx_http_request_t   *request;
    ngx_pay_talk_t       *talk;
    ngx_pay_fetch_t      *file;
    off_t                 offset;
    u_char               *piece;
    pay_statement_t       core;
    ngx_pay_row_pt        row;
    ngx_chain_t          *out;
    ngx_chain_t         **last;
    ngx_chain_t          *busy;
    ngx_chain_t          *free;
    unsigned              csv:1;
    unsigned              started:1;    /* the header has been sent */
    unsigned              failed:1;
    unsigned              ended:1;      /* all is in out */
} ngx_pay_statement_t;


static void ngx_pay_statement_fetched(ngx_pay_talk_t *talk);
static void ngx_pay_statement_write(ngx_http_request_t *r);
static ngx_int_t ngx_pay_statement_read(ngx_pay_statement_t *s);
static void ngx_pay_statement_row(pay_talk_t *t, const pay_row_t *row);
static void ngx_pay_statement_end(ngx_pay_statement_t *s);
static void ngx_pay_statement_put(ngx_pay_statement_t *s, pay_str_t text);
static ngx_int_t ngx_pay_statement_send(ngx_pay_statement_t *s);


/* YYYY-MM-DD, a day that there is */

static ngx_uint_t
ngx_pay_statement_date(pay_arena_t *a, pay_str_t date)
{
    int64_t           t;
    pay_str_t         text, rest = pay_str("T00:00:00Z");
    const pay_str_t  *parts[] = { &date, &rest, NULL };

    if (date.len != sizeof("YYYY-MM-DD") - 1) {
        return 0;
    }

    text = pay_concat(a, parts);

    return text.data && pay_time_parse(text, &t) == PAY_OK;
}


static pay_rc_t
ngx_pay_statement_ask(ngx_pay_talk_t *talk, pay_str_t date, pay_error_t *e)
{
    pay_rc_t             rc;
    pay_str_t            args;
    pay_form_t           form;
    pay_arena_t         *a;
    ngx_http_request_t  *r;

    r = talk->request;
    a = talk->core.arena;

    args = pay_str_dup(a, ngx_pay_str(&r->args));

    if (args.data == NULL) {
        return PAY_ERROR;
    }

    rc = pay_form_parse(a, args, 16, &form);

    if (rc != PAY_OK) {
        return rc == PAY_ERROR ? rc
               : pay_error_set(e, PAY_E_FIELD_INVALID, "query");
    }

    rc = pay_ask_form(a, talk->core.op, &form, &talk->ask, e);

    if (rc != PAY_OK) {
        return rc;
    }

    if (!ngx_pay_statement_date(a, date)) {
        return pay_error_set(e, PAY_E_FIELD_INVALID, "date");
    }

    if (talk->ask.format.len && !pay_str_eqz(talk->ask.format, "ndjson")
        && !pay_str_eqz(talk->ask.format, "csv"))
    {
        return pay_error_set(e, PAY_E_FIELD_INVALID, "format");
    }

    talk->ask.number = pay_str_dup(a, date);

    return talk->ask.number.data ? PAY_OK : PAY_ERROR;
}


void
ngx_pay_api_statement(ngx_http_request_t *r, ngx_pay_ctx_t *ctx,
    const pay_str_t *numbers, pay_str_t body)
{
    pay_rc_t         rc;
    pay_error_t      e;
    ngx_pay_talk_t  *talk;

    ngx_memzero(&e, sizeof(pay_error_t));

    talk = ngx_pay_talk_create(r, ctx, ctx->op);
    rc = talk ? ngx_pay_statement_ask(talk, numbers[0], &e) : PAY_ERROR;

    if (rc != PAY_OK) {

        if (rc == PAY_ERROR) {
            e.code = PAY_E_INTERNAL_ERROR;
        }

        ngx_pay_api_fail(r, &e);
        return;
    }

    if (!ngx_pay_api_channel(talk, talk->ask.channel)) {
        return;
    }

    if (talk->ask.statement.len == 0) {
        talk->ask.statement = PAY_STR("payments");
    }

    talk->record = ngx_pay_talk_recorded;
    talk->done = ngx_pay_statement_fetched;

    ngx_pay_talk_run(talk, talk->core.channel->driver->begin(&talk->core));
}


static void
ngx_pay_statement_fetched(ngx_pay_talk_t *talk)
{
    pay_error_t          *e;
    ngx_pay_statement_t  *s;
    ngx_http_request_t   *r;

    r = talk->request;
    e = &talk->core.error;

    if (e->code == PAY_E_NONE
        && (talk->fetch == NULL || talk->core.channel->driver->rows == NULL))
    {
        e->code = PAY_E_INTERNAL_ERROR;
    }

    if (e->code != PAY_E_NONE) {
        ngx_pay_api_fail(r, e);
        return;
    }

    s = ngx_pcalloc(r->pool, sizeof(ngx_pay_statement_t));

    if (s == NULL
        || (s->piece = ngx_palloc(r->pool, NGX_PAY_STATEMENT_PIECE)) == NULL)
    {
        ngx_pay_api_error(r, PAY_E_INTERNAL_ERROR, NULL);
        return;
    }

    s->request = r;
    s->talk = talk;
    s->file = talk->fetch;
    s->last = &s->out;
    s->csv = pay_str_eqz(talk->ask.format, "csv");
    s->row = s->csv ? pay_row_csv : pay_row_json;
    s->core.account = talk->core.account;

    talk->data = s;
    talk->core.row = ngx_pay_statement_row;

    r->write_event_handler = ngx_pay_statement_write;

    ngx_pay_statement_write(r);
}


/* not all at once: whoever takes it fast would have this worker for himself */

static void
ngx_pay_statement_wait(ngx_pay_statement_t *s)
{
    ngx_event_t               *wev;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = s->request;
    wev = r->connection->write;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (s->busy == NULL) {
        ngx_post_event(wev, &ngx_posted_next_events);
        return;
    }

    if (!wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }
}


static void
ngx_pay_statement_write(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_uint_t            n;
    ngx_event_t          *wev;
    ngx_pay_ctx_t        *ctx;
    ngx_pay_statement_t  *s;

    ctx = ngx_http_get_module_ctx(r, ngx_http_pay_module);
    s = ctx->talk->data;
    wev = r->connection->write;

    if (wev->timedout) {
        r->connection->timedout = 1;
        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (wev->timer_set && !wev->delayed) {
        ngx_del_timer(wev);
    }

    for (n = 0; n < NGX_PAY_STATEMENT_TURN; n++) {

        if (s->busy == NULL && !s->ended
            && ngx_pay_statement_read(s) != NGX_OK)
        {
            return;
        }

        rc = ngx_pay_statement_send(s);

        if (rc == NGX_ERROR || s->ended) {
            ngx_http_finalize_request(r, rc == NGX_AGAIN ? NGX_OK : rc);
            return;
        }

        if (s->busy) {
            break;
        }
    }

    ngx_pay_statement_wait(s);
}


/* after the first row has left there is no other way to say it */

static void
ngx_pay_statement_break(ngx_pay_statement_t *s, pay_code_t code,
    const char *what)
{
    pay_error_t  e;

    ngx_log_error(NGX_LOG_ERR, s->request->connection->log, 0,
                  "pay: the statement of channel \"%V\" ends at %O of %O "
                  "bytes: %s", &s->talk->channel->name, s->offset,
                  s->file->size, what);

    if (s->started) {
        ngx_http_finalize_request(s->request, NGX_ERROR);
        return;
    }

    ngx_memzero(&e, sizeof(pay_error_t));
    e.code = code;
    e.channel = ngx_pay_str(&s->talk->channel->name);
    e.reason = what;

    s->request->write_event_handler = ngx_http_request_empty_handler;

    ngx_pay_api_fail(s->request, &e);
}


/* NGX_ERROR: the request is over */

static ngx_int_t
ngx_pay_statement_read(ngx_pay_statement_t *s)
{
    off_t        left;
    size_t       size;
    ssize_t      n;
    pay_rc_t     rc;
    pay_str_t    bytes;
    pay_talk_t  *t;

    t = &s->talk->core;
    left = s->file->size - s->offset;
    size = (size_t) ngx_min(left, NGX_PAY_STATEMENT_PIECE);

    n = size ? ngx_read_file(&s->file->file, s->piece, size, s->offset) : 0;

    if (n != (ssize_t) size) {
        ngx_pay_statement_break(s, PAY_E_INTERNAL_ERROR, "file");
        return NGX_ERROR;
    }

    t->scratch = pay_arena_create(0);

    if (t->scratch == NULL) {
        ngx_pay_statement_break(s, PAY_E_INTERNAL_ERROR, "memory");
        return NGX_ERROR;
    }

    s->offset += n;
    bytes.data = s->piece;
    bytes.len = n;

    rc = t->channel->driver->rows(t, bytes, s->offset == s->file->size);

    if (rc == PAY_OK && s->offset == s->file->size) {
        ngx_pay_statement_end(s);
    }

    pay_arena_destroy(t->scratch);
    t->scratch = NULL;

    if (rc == PAY_OK && !s->failed) {
        return NGX_OK;
    }

    if (rc == PAY_INVALID) {
        ngx_pay_statement_break(s, PAY_E_CHANNEL_RESPONSE_INVALID, "rows");

    } else {
        ngx_pay_statement_break(s, PAY_E_INTERNAL_ERROR, "memory");
    }

    return NGX_ERROR;
}


static void
ngx_pay_statement_row(pay_talk_t *t, const pay_row_t *given)
{
    pay_row_t             row;
    ngx_pay_talk_t       *talk;
    ngx_pay_statement_t  *s;

    talk = (ngx_pay_talk_t *) ((u_char *) t - offsetof(ngx_pay_talk_t, core));
    s = talk->data;
    row = *given;

    if (!pay_statement_row(&s->core, &row) || s->failed) {
        return;
    }

    if (s->csv && s->core.rows == 1) {
        ngx_pay_statement_put(s, pay_row_csv_head(t->scratch));
    }

    ngx_pay_statement_put(s, s->row(t->scratch, &row, t->channel->name));
}


static void
ngx_pay_statement_end(ngx_pay_statement_t *s)
{
    pay_arena_t  *a;
    pay_str_t     name;

    s->ended = 1;
    a = s->talk->core.scratch;
    name = s->talk->core.channel->name;

    if (s->csv && s->core.rows == 0) {
        ngx_pay_statement_put(s, pay_row_csv_head(a));
    }

    ngx_pay_statement_put(s, s->csv ? pay_statement_csv(a, &s->core, name)
                                    : pay_statement_json(a, &s->core, name));

    if (pay_statement_matches(&s->core) == 0) {
        ngx_log_error(NGX_LOG_ERR, s->request->connection->log, 0,
                      "pay: the statement of channel \"%V\" does not match "
                      "the channel's own sums", &s->talk->channel->name);
    }
}


static ngx_buf_t *
ngx_pay_statement_tail(ngx_pay_statement_t *s)
{
    ngx_chain_t  *cl;

    for (cl = s->out; cl->next; cl = cl->next) { /* void */ }

    return cl->buf;
}


/* the last buffer of out, if it has room */

static ngx_buf_t *
ngx_pay_statement_buf(ngx_pay_statement_t *s)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (s->out) {
        b = ngx_pay_statement_tail(s);

        if (b->last < b->end) {
            return b;
        }
    }

    cl = ngx_chain_get_free_buf(s->request->pool, &s->free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;

    if (b->start == NULL) {
        b->start = ngx_palloc(s->request->pool, NGX_PAY_STATEMENT_BUFFER);
        if (b->start == NULL) {
            return NULL;
        }

        b->end = b->start + NGX_PAY_STATEMENT_BUFFER;
        b->temporary = 1;
        b->tag = (ngx_buf_tag_t) &ngx_http_pay_module;
    }

    b->pos = b->start;
    b->last = b->start;
    b->flush = 0;
    b->last_buf = 0;
    b->last_in_chain = 0;

    *s->last = cl;
    s->last = &cl->next;

    return b;
}


/* a text without data is one that had no memory, or no sense */

static void
ngx_pay_statement_put(ngx_pay_statement_t *s, pay_str_t text)
{
    size_t      n;
    ngx_buf_t  *b;

    if (text.data == NULL) {
        s->failed = 1;
    }

    while (text.len && !s->failed) {

        b = ngx_pay_statement_buf(s);

        if (b == NULL) {
            s->failed = 1;
            return;
        }

        n = ngx_min((size_t) (b->end - b->last), text.len);

        b->last = ngx_cpymem(b->last, text.data, n);
        text.data += n;
        text.len -= n;
    }
}


static ngx_int_t
ngx_pay_statement_header(ngx_pay_statement_t *s)
{
    ngx_str_t             json = ngx_string("application/x-ndjson");
    ngx_str_t             csv = ngx_string("text/csv; charset=utf-8");
    ngx_http_request_t   *r;
    ngx_pay_main_conf_t  *mcf;

    r = s->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_http_pay_module);

    s->started = 1;
    s->talk->ctx->replied = 1;

    ngx_pay_count(mcf->zone, requests[PAY_OP_STATEMENT][NGX_PAY_OUTCOME_OK]);

    r->disable_not_modified = 1;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = -1;
    r->headers_out.content_type = s->csv ? csv : json;
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    return ngx_http_send_header(r);
}


static ngx_int_t
ngx_pay_statement_send(ngx_pay_statement_t *s)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_http_request_t  *r;

    r = s->request;

    if (s->out == NULL && s->busy == NULL && !s->ended) {
        return NGX_OK;
    }

    if (!s->started) {
        rc = ngx_pay_statement_header(s);

        if (rc == NGX_ERROR || rc > NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (s->ended && s->out) {
        b = ngx_pay_statement_tail(s);
        b->last_buf = 1;
        b->last_in_chain = 1;
    }

    rc = ngx_http_output_filter(r, s->out);

    ngx_chain_update_chains(r->pool, &s->free, &s->busy, &s->out,
                            (ngx_buf_tag_t) &ngx_http_pay_module);
    s->last = &s->out;

    return rc;
}
