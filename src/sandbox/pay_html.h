
/*
 * Copyright (C) the ngx_pay authors
 *
 * What the sandbox's pages share.  Internal to this room.
 */

#ifndef PAY_HTML_H_INCLUDED
#define PAY_HTML_H_INCLUDED


#include <sandbox/pay_sandbox.h>


/*
 * s as it is, or, where it is not UTF-8, with every other byte as U+FFFD:
 * what strangers send is shown, never trusted.  data == NULL: no memory.
 */
pay_str_t pay_text_utf8(pay_arena_t *a, pay_str_t s);

/* the one door for data: text and attribute values, escaped */
void pay_html_text(pay_buf_t *b, pay_str_t s);

/* an English sentence of ours in the page's language, escaped */
void pay_html_say(pay_buf_t *b, pay_lang_t lang, const char *en);

/* <tr><th>label</th><td>value</td></tr> */
void pay_html_row(pay_buf_t *b, pay_lang_t lang, const char *label,
    pay_str_t value);

/* up to <main>, with the banner; and the end */
void pay_html_head(pay_buf_t *b, pay_lang_t lang, const char *title);
void pay_html_foot(pay_buf_t *b);

/* as people of that language read it here, RFC 3339 */
pay_str_t pay_html_time(pay_arena_t *a, pay_lang_t lang, int64_t t);


#endif /* PAY_HTML_H_INCLUDED */
