
/*
 * Copyright (C) the ngx_pay authors
 *
 * The frame of the sandbox's pages, their two languages, and escaping.  Plain
 * HTML: no script, nothing from elsewhere.
 */

#include <sandbox/pay_html.h>


#define PAY_UNKNOWN_CHAR  "\357\277\275"                    /* U+FFFD */


static const struct {
    const char  *en;
    const char  *zh;
} pay_html_words[] = {
    { "Sandbox: a simulation, no money moves.",
      "沙箱环境：模拟支付，不发生任何资金往来。" },

    { "Checkout", "收银台" },
    { "Channel", "渠道" },
    { "Merchant account", "商户号" },
    { "Order", "商户订单号" },
    { "Description", "商品描述" },
    { "State", "状态" },
    { "Expires", "过期时间" },
    { "Notices go to", "通知地址" },
    { "Pay", "支付" },
    { "Decline", "拒绝支付" },
    { "Pay twice", "重复支付" },
    { "Pay late", "超时后支付" },
    { "Confirm", "确认收款" },
    { "Refuse", "拒绝收款" },
    { "Look again", "刷新" },
    { "Back to the merchant", "返回商户" },

    { "Refunds", "退款" },
    { "Succeed", "退款成功" },
    { "Fail", "退款异常" },
    { "Close", "退款关闭" },

    { "Notices", "通知" },
    { "No notice was sent.", "没有发送通知。" },
    { "Notices to come", "待发送的通知" },
    { "Of", "对象" },
    { "Attempt", "次数" },
    { "Application", "应用的状态码" },
    { "Event", "事件" },
    { "Acknowledgement", "应答" },
    { "Acknowledged", "是否确认" },
    { "yes", "是" },
    { "no", "否" },
    { "none", "无" },

    { "Inbox", "收件箱" },
    { "No event has come yet.", "尚未收到事件。" },
    { "Received", "接收时间" },
    { "Type", "类型" },
    { "Signature", "签名" },
    { "verified", "验证通过" },
    { "NOT verified", "验证未通过" },
    { "Headers", "请求头" },

    { "Amounts that force a case, by their last three digits",
      "触发特定情形的金额（末三位）" },
    { "The payer's bank says no.", "付款方银行拒绝。" },
    { "It is done, and the connection is closed without an answer.",
      "已处理，但不应答即断开连接。" },
    { "It is done, and the answer comes after 20 seconds.",
      "已处理，20 秒后才应答。" },
    { "It is done, and half of the answer comes.",
      "已处理，应答只到一半。" },
    { "It is done, and the answer is 500.", "已处理，应答 500。" },
    { "Nothing is done, and the answer is 503, every time.",
      "未处理，每次应答 503。" },
    { "It is done, and the signature of the answer does not hold.",
      "已处理，应答签名无效。" },
    { "The payer enters a password for 5 seconds, then it is paid.",
      "付款方输入密码 5 秒后支付成功。" },
    { "The notice comes 10 seconds later.", "通知延迟 10 秒。" },
    { "The notice comes twice, though it was acknowledged.",
      "通知已确认，仍发送两次。" },
    { "The notice comes after the next of this order, or 30 seconds"
      " later.", "通知晚于本单下一个通知，或延迟 30 秒。" },
    { "A notice with a signature that does not hold comes before the true"
      " notice.", "真实通知之前先有签名无效的通知。" },
    { "The notice tells of an amount that is larger by 1.",
      "通知中的金额多 1。" },
    { "A refund is open until a button ends it.",
      "退款处理中，直到按下按钮。" },
    { "A refund or a transfer is accepted, and fails.",
      "退款或转账受理后失败。" },
    { "A refund is accepted, and closed without money.",
      "退款受理后关闭。" },
    { "A refund or a transfer is refused for want of money.",
      "余额不足，拒绝退款或转账。" },
    { "There is no such order.", "订单不存在。" },
    { "The transfer is over.", "转账已结束。" },
    { "A transfer can be confirmed or declined.",
      "转账只能确认或拒绝。" },
    { "There is no such refund.", "退款单不存在。" },
    { "The refund is over.", "退款已结束。" },
    { "The order is already paid.", "订单已支付。" },
    { "The order is closed or expired. Only a late payment can reach it now.",
      "订单已关闭或已过期，只能模拟超时后支付。" },
    { "The payment was declined. WeChat Pay sends no notice of that: the"
      " order stays unpaid.",
      "支付被拒绝。微信支付不会为此发送通知，订单仍为未支付。" },
    { "The payment was declined. Alipay sends no notice of that: the trade"
      " waits for its buyer.",
      "支付被拒绝。支付宝不会为此发送通知，交易仍在等待买家付款。" }
};


static const char  pay_html_style[] =
    "body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#222;"
    "background:#f4f5f7}"
    ".banner{margin:0;padding:.6em 1em;background:#b45309;color:#fff;"
    "text-align:center;font-weight:600}"
    "main{max-width:46em;margin:0 auto;padding:1em}"
    "section,.card{background:#fff;border-radius:8px;padding:1em;"
    "margin:0 0 1em;overflow-x:auto}"
    ".amount{font-size:2.2em;margin:.2em 0}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3em .5em;"
    "border-bottom:1px solid #e5e7eb;overflow-wrap:anywhere}"
    "th{font-weight:600;color:#555}"
    "button{font:inherit;padding:.6em 1.2em;margin:.3em .3em 0 0;"
    "border:1px solid #888;border-radius:6px;background:#fff}"
    "button[value=pay]{background:#15803d;border-color:#15803d;color:#fff}"
    "button:disabled{opacity:.4}"
    ".message{border-left:4px solid #1d4ed8}"
    ".yes{color:#15803d}.no{color:#b91c1c}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}";


pay_str_t
pay_text_utf8(pay_arena_t *a, pay_str_t s)
{
    size_t     i;
    pay_buf_t  b;

    if (s.len == 0) {
        return (pay_str_t) pay_str("");
    }

    if (pay_utf8_length(s) >= 0) {
        return s;
    }

    pay_buf_init(&b, a, s.len);

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == 0 || s.data[i] >= 0x80) {
            pay_buf_addz(&b, PAY_UNKNOWN_CHAR);
            continue;
        }

        pay_buf_addc(&b, s.data[i]);
    }

    return pay_buf_str(&b);
}


static void
pay_html_char(pay_buf_t *b, pay_u8 c)
{
    switch (c) {

    case '&':
        pay_buf_addz(b, "&amp;");
        return;

    case '<':
        pay_buf_addz(b, "&lt;");
        return;

    case '>':
        pay_buf_addz(b, "&gt;");
        return;

    case '"':
        pay_buf_addz(b, "&quot;");
        return;

    case '\'':
        pay_buf_addz(b, "&#39;");
        return;
    }

    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
        pay_buf_addz(b, PAY_UNKNOWN_CHAR);
        return;
    }

    pay_buf_addc(b, c);
}


void
pay_html_text(pay_buf_t *b, pay_str_t s)
{
    size_t  i;

    s = pay_text_utf8(b->arena, s);

    if (s.data == NULL) {
        b->failed = 1;
        return;
    }

    for (i = 0; i < s.len; i++) {
        pay_html_char(b, s.data[i]);
    }
}


void
pay_html_say(pay_buf_t *b, pay_lang_t lang, const char *en)
{
    size_t      i;
    const char  *text;

    text = en;

    for (i = 0; lang == PAY_LANG_ZH && i < pay_nelts(pay_html_words); i++) {
        if (strcmp(pay_html_words[i].en, en) == 0) {
            text = pay_html_words[i].zh;
            break;
        }
    }

    pay_html_text(b, pay_strz(text));
}


void
pay_html_row(pay_buf_t *b, pay_lang_t lang, const char *label, pay_str_t value)
{
    pay_buf_addz(b, "<tr><th>");
    pay_html_say(b, lang, label);
    pay_buf_addz(b, "</th><td>");
    pay_html_text(b, value);
    pay_buf_addz(b, "</td></tr>\n");
}


void
pay_html_head(pay_buf_t *b, pay_lang_t lang, const char *title)
{
    pay_buf_addz(b, lang == PAY_LANG_ZH
                    ? "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n"
                    : "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n");
    pay_buf_addz(b, "<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\""
                    " content=\"width=device-width, initial-scale=1\">\n"
                    "<title>");
    pay_html_say(b, lang, title);
    pay_buf_addz(b, "</title>\n<style>");
    pay_buf_addz(b, pay_html_style);
    pay_buf_addz(b, "</style>\n</head>\n<body>\n<p class=\"banner\">");
    pay_html_say(b, lang, "Sandbox: a simulation, no money moves.");
    pay_buf_addz(b, "</p>\n<main>\n<h1>");
    pay_html_say(b, lang, title);
    pay_buf_addz(b, "</h1>\n");
}


void
pay_html_foot(pay_buf_t *b)
{
    pay_buf_addz(b, "</main>\n</body>\n</html>\n");
}


pay_str_t
pay_html_time(pay_arena_t *a, pay_lang_t lang, int64_t t)
{
    return pay_time_format(a, t, lang == PAY_LANG_ZH ? PAY_BEIJING : PAY_UTC);
}
