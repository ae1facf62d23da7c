
/*
 * Copyright (C) the ngx_pay authors
 *
 * Whose rows these are, and their sums.
 */

#include <channel/pay_statement.h>


static const struct {
    const char  *name;
    size_t       offset;
} pay_sums[PAY_STATEMENT_SUMS] = {
    { "amount", offsetof(pay_row_t, amount) },
    { "amount_paid", offsetof(pay_row_t, amount_paid) },
    { "discount_merchant", offsetof(pay_row_t, discount_merchant) },
    { "discount_platform", offsetof(pay_row_t, discount_platform) },
    { "refund_amount", offsetof(pay_row_t, refund_amount) },
    { "fee", offsetof(pay_row_t, fee) },
    { "net", offsetof(pay_row_t, net) }
};


static int64_t
pay_sum_of(const pay_row_t *row, size_t i)
{
    return *(const int64_t *) ((const pay_u8 *) row + pay_sums[i].offset);
}


/* 1, without the prefix; 0 if it is another's */

static int
pay_statement_number(pay_str_t *number, pay_str_t prefix)
{
    if (number->len <= prefix.len
        || memcmp(number->data, prefix.data, prefix.len) != 0)
    {
        return 0;
    }

    number->data += prefix.len;
    number->len -= prefix.len;

    return 1;
}


/*
 * All numbers of a row are of one merchant; a row without any belongs to the
 * channel's account as a whole.
 */

static int
pay_statement_mine(const pay_account_t *account, pay_row_t *row)
{
    size_t      i, n;
    pay_str_t  *numbers[4];

    if (account == NULL) {
        return 1;
    }

    if (account->sub_merchant.len
        && !pay_str_eq(row->sub_merchant, account->sub_merchant))
    {
        return 0;
    }

    if (account->prefix.len == 0) {
        return 1;
    }

    numbers[0] = &row->order_id;
    numbers[1] = &row->refund_id;
    numbers[2] = &row->transfer_id;
    numbers[3] = &row->split_id;

    for (n = 0, i = 0; i < pay_nelts(numbers); i++) {

        if (numbers[i]->len == 0) {
            continue;
        }

        if (!pay_statement_number(numbers[i], account->prefix)) {
            return 0;
        }

        n++;
    }

    return n != 0;
}


static void
pay_statement_currency(pay_statement_t *s, pay_str_t currency)
{
    if (currency.len == 0) {
        return;
    }

    if (s->currency_len == 0 && currency.len <= sizeof(s->currency)) {
        memcpy(s->currency, currency.data, currency.len);
        s->currency_len = currency.len;
        return;
    }

    if (s->currency_len != currency.len
        || memcmp(s->currency, currency.data, currency.len) != 0)
    {
        s->mixed = 1;
    }
}


int
pay_statement_row(pay_statement_t *s, pay_row_t *row)
{
    size_t   i;
    int64_t  n;

    if (row->type == PAY_ROW_SUMMARY) {
        s->theirs = *row;
        s->summed = 1;
        return 0;
    }

    if (!pay_statement_mine(s->account, row)) {
        s->foreign = 1;
        return 0;
    }

    s->rows++;
    pay_statement_currency(s, row->currency);

    for (i = 0; i < PAY_STATEMENT_SUMS; i++) {
        n = pay_sum_of(row, i);

        if (n == PAY_ROW_NONE) {
            continue;
        }

        s->told |= 1u << i;

        if (__builtin_add_overflow(s->sums[i], n, &s->sums[i])) {
            s->overflow = 1;
        }
    }

    return 1;
}


int
pay_statement_matches(const pay_statement_t *s)
{
    size_t   i;
    int64_t  n;

    if (!s->summed || s->foreign || s->mixed) {
        return -1;
    }

    if (s->overflow
        || (s->theirs.count != PAY_ROW_NONE && s->theirs.count != s->rows))
    {
        return 0;
    }

    /* a sum of nothing is 0, whether or not there was a row */

    for (i = 0; i < PAY_STATEMENT_SUMS; i++) {
        n = pay_sum_of(&s->theirs, i);

        if (n != PAY_ROW_NONE && n != s->sums[i]) {
            return 0;
        }
    }

    return 1;
}


static void
pay_statement_sum(pay_json_writer_t *w, const char *name, int64_t n)
{
    if (n == PAY_ROW_NONE) {
        pay_jw_null(w, name);

    } else {
        pay_jw_int(w, name, n);
    }
}


static int64_t
pay_statement_ours(const pay_statement_t *s, size_t i)
{
    return !s->mixed && !s->overflow && (s->told & (1u << i)) ? s->sums[i]
                                                              : PAY_ROW_NONE;
}


pay_str_t
pay_statement_json(pay_arena_t *a, const pay_statement_t *s,
    pay_str_t channel)
{
    int                 matches;
    size_t              i;
    pay_str_t           text, currency, lf = pay_str("\n");
    pay_json_writer_t  *w;

    const pay_str_t    *parts[] = { &text, &lf, NULL };

    w = pay_json_writer(a);
    if (w == NULL) {
        return (pay_str_t) pay_str_null;
    }

    currency.data = s->currency;
    currency.len = s->mixed ? 0 : s->currency_len;

    pay_jw_object(w, NULL);
    pay_jw_strz(w, "row_type", pay_row_type_name(PAY_ROW_SUMMARY));
    pay_jw_str(w, "channel", channel);
    pay_jw_int(w, "rows", s->rows);
    pay_jw_opt(w, "currency", currency);

    for (i = 0; i < PAY_STATEMENT_SUMS; i++) {
        pay_statement_sum(w, pay_sums[i].name, pay_statement_ours(s, i));
    }

    /* what the channel says of the whole, which may hold more than these */

    if (s->summed && !s->foreign) {
        pay_jw_object(w, "channel_summary");
        pay_statement_sum(w, "rows", s->theirs.count);

        for (i = 0; i < PAY_STATEMENT_SUMS; i++) {
            pay_statement_sum(w, pay_sums[i].name, pay_sum_of(&s->theirs, i));
        }

        pay_jw_end(w);

    } else {
        pay_jw_null(w, "channel_summary");
    }

    matches = pay_statement_matches(s);

    if (matches == -1) {
        pay_jw_null(w, "matches");

    } else {
        pay_jw_bool(w, "matches", matches);
    }

    pay_jw_end(w);

    text = pay_jw_text(w);

    return text.data ? pay_concat(a, parts) : text;
}


/* the columns of a row have no room for the comparison but the last */

pay_str_t
pay_statement_csv(pay_arena_t *a, const pay_statement_t *s, pay_str_t channel)
{
    int        matches;
    size_t     i;
    pay_row_t  row;
    pay_buf_t  b;

    pay_row_init(&row);

    matches = pay_statement_matches(s);

    pay_buf_init(&b, a, 64);
    pay_buf_addz(&b, "rows ");
    pay_buf_addi(&b, s->rows);
    pay_buf_addz(&b, matches == 1 ? " matches true"
                     : matches == 0 ? " matches false" : " matches unknown");

    row.type = PAY_ROW_SUMMARY;
    row.description = pay_buf_str(&b);
    row.currency.data = s->currency;
    row.currency.len = s->mixed ? 0 : s->currency_len;

    for (i = 0; i < PAY_STATEMENT_SUMS; i++) {
        *(int64_t *) ((pay_u8 *) &row + pay_sums[i].offset) =
            pay_statement_ours(s, i);
    }

    return row.description.data ? pay_row_csv(a, &row, channel)
                                : row.description;
}
