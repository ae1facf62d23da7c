
/*
 * Copyright (C) the ngx_pay authors
 *
 * Alipay simulator: page, wap and app payments, which the buyer's browser
 * brings (section 7.5 of the channel document), and the signed return_url.
 */

#include <sandbox/pay_sim_alipay.h>


/* no answer of an interface: the browser goes on to the cashier */

static pay_rc_t
pay_alis_redirect(pay_sim_t *s, pay_str_t url)
{
    if (pay_sim_header(s, "Location", url) != PAY_OK
        || pay_sim_header(s, "Content-Type", PAY_STR("text/plain")) != PAY_OK)
    {
        return PAY_ERROR;
    }

    s->status = 302;
    s->reply_body = PAY_STR("on to the cashier\n");

    return PAY_DONE;
}


pay_rc_t
pay_alis_page(pay_sim_t *s, const pay_alis_call_t *c)
{
    pay_rc_t          rc;
    pay_alis_trade_t  t;

    rc = pay_alis_begin(s, c, PAY_ALIS_LIFE, &t);

    if (rc == PAY_OK) {
        rc = pay_alis_save(s, &t);
    }

    return rc == PAY_OK ? pay_alis_redirect(s, pay_alis_page_url(s, c->number))
                        : rc;
}


/* alipay.trade.page.pay.return */

static pay_str_t
pay_alis_back_method(pay_sim_t *s, const pay_alis_trade_t *t)
{
    const pay_str_t   suffix = pay_str(".return");
    const pay_str_t  *parts[] = { &t->method, &suffix, NULL };

    return pay_concat(s->arena, parts);
}


static pay_str_t
pay_alis_back_args(pay_sim_t *s, const pay_alis_trade_t *t, size_t n)
{
    size_t                    i;
    pay_form_t                form;
    const pay_alipay_conf_t  *conf = s->channel->conf;

    pay_field_t  f[] = {
        { pay_str("charset"), pay_str("utf-8") },
        { pay_str("out_trade_no"), t->out_trade_no },
        { pay_str("method"), pay_alis_back_method(s, t) },
        { pay_str("total_amount"), pay_alis_money(s->arena, t->total) },
        { pay_str("trade_no"), t->payments[n].trade_no },
        { pay_str("auth_app_id"), conf->app_id },
        { pay_str("version"), pay_str("1.0") },
        { pay_str("app_id"), conf->app_id },
        { pay_str("sign_type"), pay_strz(pay_alis_sign_type(s->channel)) },
        { pay_str("seller_id"), pay_alis_seller(conf) },
        { pay_str("timestamp"), pay_alis_time(s->arena, s->now) },
        { pay_str("sign"), pay_str("") }
    };

    form.elts = f;
    form.nelts = pay_nelts(f);

    for (i = 0; i < pay_nelts(f); i++) {
        if (f[i].value.data == NULL) {
            return (pay_str_t) pay_str_null;
        }
    }

    f[i - 1].value = pay_alis_sign(s, pay_alis_canonical(s->arena, &form, 1));

    return f[i - 1].value.data != NULL ? pay_alis_form(s->arena, &form)
                                       : (pay_str_t) pay_str_null;
}


pay_str_t
pay_alis_way_back(pay_sim_t *s, const pay_alis_trade_t *t, size_t n)
{
    pay_str_t         args, mark;
    const pay_str_t  *parts[] = { &t->return_url, &mark, &args, NULL };

    if (t->return_url.len == 0) {
        return PAY_STR("");
    }

    mark = memchr(t->return_url.data, '?', t->return_url.len) != NULL
           ? PAY_STR("&") : PAY_STR("?");
    args = pay_alis_back_args(s, t, n);

    return args.data != NULL ? pay_concat(s->arena, parts) : args;
}
