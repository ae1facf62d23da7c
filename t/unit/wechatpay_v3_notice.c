
/*
 * Copyright (C) the ngx_pay authors
 *
 * Driver wechatpay_v3: notices made here, from right ones to forged ones,
 * and what is answered to them.
 */

#include "wechatpay_v3_made.h"


static void
refused(pay_rc_t rc, const char *reason, int status, const char *name)
{
    pay_reply_t  reply;

    ok(rc == PAY_DONE && t.notice == PAY_NOTICE_REFUSED && t.error.reason
       && strcmp(t.error.reason, reason) == 0, "%s: %s", name, reason);

    if (!t.error.reason || strcmp(t.error.reason, reason) != 0) {
        printf("#      got: rc %d, notice %d, %s\n", rc, t.notice,
               t.error.reason ? t.error.reason : "(no reason)");
    }

    ok(t.fact.state == PAY_STATE_NONE && t.fact.number.len == 0
       && t.fact.amount == -1 && t.notice_data.len == 0, "no fact, no text");

    pay_wechatpay_v3.acknowledge(&t, PAY_ACK_REFUSED, &reply);
    is_int(reply.status, status, "the status");
    is(reply.body, "{\"code\":\"FAIL\",\"message\":\"refused\"}", "FAIL");
}


static void
test_payment(void)
{
    made_t  m;

    is_int(send_made(&right), PAY_DONE, "a payment");
    is_int(t.error.code, PAY_E_NONE, "no error");
    is_int(t.notice, PAY_NOTICE_OBJECT, "is one");
    is(t.notice_type, "TRANSACTION.SUCCESS", "type");
    is(t.notice_data, MADE_PAID, "data");
    is_int(t.fact.state, PAY_STATE_SUCCEEDED, "succeeded");
    is(t.fact.number, "order-0001", "order_id");
    is(t.fact.channel_number, "4200000001", "channel_order_id");
    is(t.fact.echo, "p1.shop-a.x", "echo");
    is(t.fact.payer, "oUpF8uMuAJO", "payer");
    is(t.fact.currency, "CNY", "currency");
    is_int(t.fact.amount, 100, "amount");
    is_int(t.fact.amount_paid, 90, "amount_paid");
    is_int(t.fact.done_at, NOW, "paid_at");
    is_int(t.fact.action.kind, PAY_ACTION_NONE, "nothing to do");

    /* what the order's amount should be is not the driver's to know */

    is_int(send_plain("{" OURS "\"out_trade_no\":\"order-0001\"," SUCCESS
                      "\"transaction_id\":\"4200000001\","
                      "\"amount\":{\"total\":1,\"currency\":\"USD\"}}"),
           PAY_DONE, "another amount");
    is_int(t.notice, PAY_NOTICE_OBJECT, "is still a payment");
    is_int(t.fact.amount, 1, "of this amount");
    is_int(t.fact.amount_paid, -1, "what was paid was not told");
    is(t.fact.currency, "USD", "of this currency");
    is_int(t.fact.done_at, 0, "nor when");

    m = right;
    m.aad = "";
    is_int(send_made(&m), PAY_DONE, "empty associated data");
    is_int(t.notice, PAY_NOTICE_OBJECT, "a payment");

    m.aad = NULL;
    is_int(send_made(&m), PAY_DONE, "no associated data");
    is_int(t.notice, PAY_NOTICE_OBJECT, "a payment");

    m = right;
    m.event = "TRANSACTION.NEW";
    is_int(send_made(&m), PAY_DONE, "an event that is new");
    is_int(t.notice, PAY_NOTICE_OBJECT, "about a payment that succeeded");

    m.plain = PAID_BY(OURS, "\"trade_state\":\"CLOSED\",");
    is_int(send_made(&m), PAY_DONE, "an event that is new");
    is_int(t.notice, PAY_NOTICE_OTHER, "about something else");
    is_int(t.fact.state, PAY_STATE_NONE, "says nothing to us");
    is(t.notice_data, m.plain, "but is passed on");
}


static void
test_other(void)
{
    size_t  i;
    made_t  m = right;

    static const struct {
        const char  *event;
        const char  *original;
        const char  *plain;
        int          good;
    } rows[] = {
        { "MCHTRANSFER.BATCH.FINISHED", "mch_payment",
          "{\"mch_id\":\"1900000109\"}", 1 },
        { "COUPON.USE", "coupon", "{}", 1 },
        { "COUPON.USE", NULL, "{}", 1 },
        { "TRANSACTION.SUCCESS", NULL, MADE_PAID, 1 },
        { "REFUND.SUCCESS", "refund", "{\"mchid\":\"1900000110\"}", 0 },
        { "REFUND.SUCCESS", "refund", "{\"mchid\":1900000109}", 0 },
        { "REFUND.SUCCESS", "refund", "{\"sp_mchid\":\"1\","
          "\"mchid\":\"1900000109\"}", 0 },
        { "MCHTRANSFER.BILL.FINISHED", "mch_payment", "{\"mch_id\":\"1\"}",
          0 }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        m.event = rows[i].event;
        m.original = rows[i].original;
        m.plain = rows[i].plain;

        if (!rows[i].good) {
            refused(send_made(&m), "identity", 403, m.plain);
            continue;
        }

        is_int(send_made(&m), PAY_DONE, m.event);
        is_int(t.notice, PAY_NOTICE_OTHER, "of another kind");
        is_int(t.error.code, PAY_E_NONE, "no error");
        is_int(t.fact.state, PAY_STATE_NONE, "no fact");
        is(t.notice_type, m.event, "type");
        is(t.notice_data, m.plain, "data");
    }
}


static void
test_plaintext(void)
{
    size_t  i;

    static const struct {
        const char  *plain;
        const char  *reason;
        int          status;
    } rows[] = {
        { PAID_BY("\"mchid\":\"1900000110\","
                  "\"appid\":\"wxd678efh567hg6787\",", SUCCESS),
          "identity", 403 },
        { PAID_BY("\"mchid\":\"1900000109\",\"appid\":\"wx0\",", SUCCESS),
          "identity", 403 },
        { PAID_BY("\"mchid\":\"1900000109\",", SUCCESS), "identity", 403 },
        { PAID_BY("\"appid\":\"wxd678efh567hg6787\",", SUCCESS), "identity",
          403 },
        { PAID_BY("\"mchid\":1900000109,"
                  "\"appid\":\"wxd678efh567hg6787\",", SUCCESS),
          "identity", 403 },
        { PAID_BY("\"sp_mchid\":\"1900000109\",\"sub_mchid\":\"1\","
                  "\"sp_appid\":\"wx0\",", SUCCESS), "identity", 403 },
        { PAID_BY("\"sp_mchid\":\"1900000109\","
                  "\"sp_appid\":\"wxd678efh567hg6787\",", SUCCESS),
          "identity", 403 },
        { PAID_BY(OURS "\"sp_mchid\":\"1900000109\",", SUCCESS), "identity",
          403 },
        { PAID_BY(OURS "\"sub_mchid\":\"1900000110\",", SUCCESS), "identity",
          403 },
        { PAID_BY("", SUCCESS), "identity", 403 },

        { PAID_BY(OURS, "\"trade_state\":\"CLOSED\","), "state", 409 },
        { PAID_BY(OURS, "\"trade_state\":\"REFUND\","), "state", 409 },
        { PAID_BY(OURS, "\"trade_state\":\"NEW\","), "state", 409 },
        { PAID_BY(OURS, "\"trade_state\":\"success\","), "state", 409 },

        { PAID_BY(OURS, ""), "json", 400 },
        { PAID_BY(OURS, "\"trade_state\":true,"), "json", 400 },

        /* duplicate keys: at the top, below, and by an escape */

        { PAID_BY(OURS, SUCCESS "\"out_trade_no\":\"order-0002\","), "json",
          400 },
        { PAID_BY(OURS, SUCCESS "\"amount\":{\"total\":1},"), "json", 400 },
        { PAID_BY(OURS, SUCCESS "\"out_trade_n\\u006f\":\"order-0002\","),
          "json", 400 },
        { PAID_BY(OURS, SUCCESS "\"detail\":{\"a\":1,\"a\":2},"), "json",
          400 },

        { "{" OURS SUCCESS "\"out_trade_no\":\"order-0001\","
          "\"transaction_id\":\"4200000001\"}", "json", 400 },
        { "{" OURS SUCCESS "\"out_trade_no\":\"order-0001\","
          "\"amount\":{\"total\":100,\"currency\":\"CNY\"}}", "json", 400 },
        { "{" OURS SUCCESS "\"out_trade_no\":\"order-0001\","
          "\"transaction_id\":\"4200000001\","
          "\"amount\":{\"total\":100}}", "json", 400 },
        { "{" OURS SUCCESS "\"out_trade_no\":\"order-0001\","
          "\"transaction_id\":\"4200000001\","
          "\"amount\":{\"total\":1.00,\"currency\":\"CNY\"}}", "json", 400 },
        { "{" OURS SUCCESS "\"out_trade_no\":\"a/../b\","
          "\"transaction_id\":\"4200000001\","
          "\"amount\":{\"total\":1,\"currency\":\"CNY\"}}", "json", 400 },

        { "[" MADE_PAID "]", "json", 400 },
        { MADE_PAID " x", "json", 400 },
        { "{" OURS SUCCESS, "json", 400 },
        { "", "json", 400 },
        { PAID_BY(OURS, SUCCESS "\"x\":\"\xff\","), "json", 400 }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        refused(send_plain(rows[i].plain), rows[i].reason, rows[i].status,
                rows[i].plain);
    }
}


static void
test_resource(void)
{
    made_t  m;

    m = right;
    m.algorithm = "AEAD_SM4_GCM";
    refused(send_made(&m), "algorithm", 500, "another algorithm");

    m.algorithm = "aead_aes_256_gcm";
    refused(send_made(&m), "algorithm", 500, "in lower case");

    m.algorithm = NULL;
    refused(send_made(&m), "json", 400, "none");

    m = right;
    m.key = "0123456789abcdef0123456789ABCDEE";
    refused(send_made(&m), "decrypt", 500, "another key");

    m = right;
    m.nonce = "0123456789ac";
    refused(send_made(&m), "decrypt", 500, "another nonce");

    m.nonce = "0123456789abc";
    refused(send_made(&m), "decrypt", 500, "a nonce of 13 bytes");

    m.nonce = "";
    refused(send_made(&m), "decrypt", 500, "an empty nonce");

    m.nonce = NULL;
    refused(send_made(&m), "json", 400, "no nonce");

    m = right;
    m.event = NULL;
    refused(send_made(&m), "json", 400, "no event type");

    m.event = "";
    refused(send_made(&m), "json", 400, "an empty one");

    m.event = "A.VERY.LONG.EVENT.TYPE.THAT.NO.PRODUCT.HAS.EVER.USED.FOR."
              "A.NOTICE";
    refused(send_made(&m), "json", 400, "a very long one");
}


static void
test_envelope(void)
{
    size_t  i;

    static const struct {
        const char  *body;
        const char  *reason;
        int          status;
    } rows[] = {
        { "", "json", 400 },
        { "{", "json", 400 },
        { "[]", "json", 400 },
        { "null", "json", 400 },
        { "{}", "json", 400 },
        { "{\"event_type\":\"A\"}", "json", 400 },
        { "{\"event_type\":\"A\",\"resource\":[]}", "json", 400 },
        { "{\"event_type\":\"A\",\"resource\":{\"original_type\":1}}",
          "json", 400 },
        { "{\"event_type\":\"A\",\"event_type\":\"B\",\"resource\":{}}",
          "json", 400 },
        { "{\"event_type\":\"A\",\"resource\":{\"algorithm\":"
          "\"AEAD_AES_256_GCM\",\"nonce\":\"0123456789ab\","
          "\"ciphertext\":\"not base64\"}}", "decrypt", 500 },
        { "{\"event_type\":\"A\",\"resource\":{\"algorithm\":"
          "\"AEAD_AES_256_GCM\",\"nonce\":\"0123456789ab\","
          "\"ciphertext\":\"\"}}", "decrypt", 500 },
        { "{\"event_type\":\"A\",\"resource\":{\"algorithm\":"
          "\"AEAD_AES_256_GCM\",\"nonce\":\"0123456789ab\","
          "\"ciphertext\":\"AAAA\"}}", "decrypt", 500 },
        { "{\"event_type\":\"A\",\"resource\":{\"algorithm\":"
          "\"AEAD_AES_256_GCM\",\"nonce\":\"0123456789ab\","
          "\"ciphertext\":\"AAAA\",\"associated_data\":1}}", "json", 400 }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        open_notice();
        platform_sign(t.arena, &headers, t.now, pay_strz(rows[i].body));
        refused(deliver("POST", pay_strz(rows[i].body)), rows[i].reason,
                rows[i].status, rows[i].body);
    }
}


/* a right notice but for its method or one header */

static pay_str_t
prepared(void)
{
    pay_str_t  body;

    open_notice();

    body = envelope(&right);
    platform_sign(t.arena, &headers, t.now, body);

    return body;
}


static void
drop_header(const char *name)
{
    header_at(&headers, name)->len = 0;
}


static void
test_headers(void)
{
    size_t     i;
    pay_str_t  body;

    static const struct {
        const char  *name;
        const char  *value;         /* NULL: a second one is added */
        const char  *reason;
        int          status;
    } rows[] = {
        { "Content-Type", "text/plain", "media_type", 415 },
        { "Content-Type", "application/jsonp", "media_type", 415 },
        { "Content-Type", "application/x-www-form-urlencoded", "media_type",
          415 },
        { "Content-Type", "", "media_type", 415 },
        { "Content-Type", NULL, "media_type", 415 },
        { "Wechatpay-Timestamp", "", "missing_header", 401 },
        { "Wechatpay-Timestamp", NULL, "missing_header", 401 },
        { "Wechatpay-Nonce", "", "missing_header", 401 },
        { "Wechatpay-Nonce", NULL, "missing_header", 401 },
        { "Wechatpay-Signature", "", "missing_header", 401 },
        { "Wechatpay-Signature", NULL, "missing_header", 401 },
        { "Wechatpay-Serial", "", "missing_header", 401 },
        { "Wechatpay-Serial", NULL, "missing_header", 401 },
        { "Wechatpay-Timestamp", "1795305301", "signature", 401 },
        { "Wechatpay-Timestamp", "1795305300", "timestamp", 401 },
        { "Wechatpay-Timestamp", "1795305900", "timestamp", 401 },
        { "Wechatpay-Timestamp", "01795305600", "timestamp", 401 },
        { "Wechatpay-Timestamp", "+1795305600", "timestamp", 401 },
        { "Wechatpay-Timestamp", "1795305600.0", "timestamp", 401 },
        { "Wechatpay-Timestamp", " 1795305600", "timestamp", 401 },
        { "Wechatpay-Timestamp", "-1", "timestamp", 401 },
        { "Wechatpay-Timestamp", "99999999999999999999", "timestamp", 401 },
        { "Wechatpay-Timestamp", "9223372036854775807", "timestamp", 401 },
        { "Wechatpay-Nonce", "x", "signature", 401 },
        { "Wechatpay-Serial", "PUB_KEY_ID_", "serial", 401 },
        { "Wechatpay-Serial", "119000001092026112200000000000001", "serial",
          401 },
        { "Wechatpay-Serial", "PUb_KEY_ID_0119000001092026112200000000000001",
          "serial", 401 },
        { "Wechatpay-Serial", "A0B0C0D0E0F101112131415161718191A1B1C1D",
          "serial", 401 },
        { "Wechatpay-Serial", "0A0B0C0D0E0F101112131415161718191A1B1C1D",
          "signature", 401 },
        { "Wechatpay-Serial", "0A0B0C0D0E0F101112131415161718191A1B1C1=",
          "serial", 401 },
        { "Wechatpay-Serial", "0A0B0C0D0E0F\x11" "01112131415161718191A1B1C1D",
          "serial", 401 },
        { "Wechatpay-Signature", "x", "signature", 401 },
        { "Wechatpay-Signature", "AAAA", "signature", 401 },
        { "Wechatpay-Signature", "====", "signature", 401 },
        { "Wechatpay-Signature", "WECHATPAY/SIGNTEST/", "probe", 401 },
        { "Wechatpay-Signature", "WECHATPAY/SIGNTEST/AAAAA", "probe", 401 },
        { "Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3",
          "signature_type", 401 },
        { "Wechatpay-Signature-Type", "", "signature_type", 401 },
        { "Wechatpay-Signature-Type", NULL, "signature_type", 401 }
    };

    for (i = 0; i < pay_nelts(rows); i++) {
        body = prepared();

        if (rows[i].value) {
            *header_at(&headers, rows[i].name) = pay_strz(rows[i].value);

        } else {
            header_add(&headers, rows[i].name,
                       *header_at(&headers, rows[i].name));
        }

        refused(deliver("POST", body), rows[i].reason, rows[i].status,
                rows[i].name);
    }

    /* one digit less than a certificate's serial */

    body = prepared();
    *header_at(&headers, "Wechatpay-Serial") = conf.platform_keys.id[2];
    header_at(&headers, "Wechatpay-Serial")->len--;
    refused(deliver("POST", body), "serial", 401, "a serial cut short");

    body = prepared();
    header_at(&headers, "Wechatpay-Signature")->len--;
    refused(deliver("POST", body), "signature", 401, "no padding");

    /* what is not needed */

    body = prepared();
    headers.nelts--;
    is_int(deliver("POST", body), PAY_DONE, "no signature type");
    is_int(t.notice, PAY_NOTICE_OBJECT, "means the usual one");

    body = prepared();
    *header_at(&headers, "Content-Type") =
        PAY_STR("application/json; charset=utf-8");
    is_int(deliver("POST", body), PAY_DONE, "with a charset");
    is_int(t.notice, PAY_NOTICE_OBJECT, "is fine");

    body = prepared();
    headers.elts[1].name = PAY_STR("wechatpay-timestamp");
    headers.elts[2].name = PAY_STR("WECHATPAY-NONCE");
    is_int(deliver("POST", body), PAY_DONE, "header names in any case");
    is_int(t.notice, PAY_NOTICE_OBJECT, "are fine");

    body = prepared();
    drop_header("Content-Type");
    headers.elts[0].name = PAY_STR("X");
    refused(deliver("POST", body), "media_type", 415, "no Content-Type");

    body = prepared();
    header_add(&headers, "Content-Encoding", PAY_STR("gzip"));
    refused(deliver("POST", body), "encoding", 415, "gzip");

    body = prepared();
    header_add(&headers, "content-encoding", PAY_STR(""));
    refused(deliver("POST", body), "encoding", 415, "an empty encoding");

    body = prepared();
    refused(deliver("GET", body), "method", 405, "GET");

    body = prepared();
    refused(deliver("post", body), "method", 405, "post");

    /* one bit anywhere */

    body = prepared();

    for (i = 0; i < body.len; i += 37) {
        ((pay_u8 *) body.data)[i] ^= 1;
        refused(deliver("POST", body), "signature", 401, "a changed byte");
        ((pay_u8 *) body.data)[i] ^= 1;
    }

    is_int(deliver("POST", body), PAY_DONE, "changed back");
    is_int(t.notice, PAY_NOTICE_OBJECT, "it holds again");

    body.len--;
    refused(deliver("POST", body), "signature", 401, "one byte less");
}


static void
test_acknowledge(void)
{
    pay_reply_t  reply;

    open_notice();

    pay_wechatpay_v3.acknowledge(&t, PAY_ACK_OK, &reply);
    is_int(reply.status, 204, "accepted");
    ok(reply.content_type == NULL && reply.body.len == 0, "no body");

    pay_wechatpay_v3.acknowledge(&t, PAY_ACK_LATER, &reply);
    is_int(reply.status, 503, "later");
    is(pay_strz(reply.content_type), "application/json", "JSON");
    is(reply.body, "{\"code\":\"FAIL\",\"message\":\"try again\"}", "FAIL");

    pay_wechatpay_v3.acknowledge(&t, PAY_ACK_REFUSED, &reply);
    is_int(reply.status, 500, "refused by somebody who did not say why");

    t.error.code = PAY_E_NOT_FOUND;
    pay_wechatpay_v3.acknowledge(&t, PAY_ACK_REFUSED, &reply);
    is_int(reply.status, 404, "refused for a reason of the caller's");
}


/* memory ends at every place once: an error, never a refusal or a payment */

static void
test_memory(void)
{
    size_t         limit;
    pay_rc_t       rc;
    pay_str_t      body;
    pay_arena_t   *whole;

    rc = PAY_ERROR;

    for (limit = 1; limit < 65536 && rc == PAY_ERROR; limit += 31) {
        body = prepared();
        whole = t.arena;

        t.arena = pay_arena_create(limit);
        rc = deliver("POST", body);

        talk_close(&t);
        t.arena = whole;
    }

    ok(rc == PAY_DONE && t.notice == PAY_NOTICE_OBJECT && limit > 1000,
       "%zu bytes are enough, with less it is an error", limit);
}


int
main(void)
{
    channel_open();

    test_payment();
    test_other();
    test_plaintext();
    test_resource();
    test_envelope();
    test_headers();
    test_acknowledge();
    test_memory();

    talk_close(&t);
    channel_close();

    return done();
}
