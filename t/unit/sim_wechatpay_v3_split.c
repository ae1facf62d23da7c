
/*
 * Copyright (C) the ngx_pay authors
 *
 * src/sandbox: profit sharing of the WeChat Pay APIv3 simulator, by section
 * 8.8 of the channel document.
 */

#include "sim_wechatpay_v3.h"


#define SPLIT   "/v3/profitsharing/"
#define APP     "\"appid\":\"wxd678efh567hg6787\","
#define WHO(account)                                                         \
    "\"type\":\"MERCHANT_ID\",\"account\":\"" account "\""
#define PART(account, amount)                                                \
    "{" WHO(account) ",\"amount\":" amount ",\"description\":\"d\"}"


static pay_str_t  id;           /* of the transaction */


static int
post(const char *path, const char *json, int status, const char *code,
    const char *name)
{
    request("POST", (const char *) text(SPLIT "%s", path).data, json);

    return expect(status, code, name);
}


static int
split(const char *number, const char *parts, const char *unfreeze, int status,
    const char *code, const char *name)
{
    return post("orders", (const char *) text("{" APP "\"transaction_id\":"
                "\"%.*s\",\"out_order_no\":\"%s\",\"receivers\":[%s],"
                "\"unfreeze_unsplit\":%s}", (int) id.len, id.data, number,
                parts, unfreeze).data, status, code, name);
}


static void
query(const char *number)
{
    request("GET", (const char *) text(SPLIT "orders/%s?transaction_id=%.*s",
            number, (int) id.len, id.data).data, "");
    expect(200, NULL, number);
}


static pay_str_t
receiver(const char *key)
{
    pay_str_t  value = pay_str_null;

    (void) pay_json_string(pay_json_get(parse(s.reply_body), "receivers")
                           ->child, key, &value);

    return value;
}


static int64_t
left(void)
{
    int64_t  n;

    request("GET", (const char *) text(SPLIT "transactions/%.*s/amounts",
            (int) id.len, id.data).data, "");
    run();

    return pay_json_int(parse(s.reply_body), "unsplit_amount", &n) == PAY_OK
           ? n : -1;
}


static void
paid(const char *settle)
{
    const char  *why;

    now = NOW;
    forget();
    request("POST", NATIVE, body("settle_info", settle));
    run();
    press(PAY_PRESS_PAY, &why);
    request("GET", QUERY, "");
    run();
    id = member(s.reply_body, "transaction_id");
}


static void
receiver_add(const char *account)
{
    post("receivers/add", (const char *) text("{" APP WHO("%s")
         ",\"relation_type\":\"STORE\"}", account).data, 200, NULL, account);
}


static void
test_split(void)
{
    pay_str_t  order_id;

    paid("{\"profit_sharing\":true}");
    is_int(left(), 1050, "all of it may be shared");
    receiver_add("1900000300");
    is(member(s.reply_body, "account"), "1900000300", "receivers/add");

    split("S1", PART("1900000300", "200") "," PART("1900000301", "50"),
          "false", 200, NULL, "split");
    is(member(s.reply_body, "state"), "PROCESSING", "state");
    is(receiver("result"), "PENDING", "result");
    order_id = member(s.reply_body, "order_id");
    ok(order_id.len != 0, "order_id");

    query("S1");
    is(member(s.reply_body, "state"), "FINISHED", "state");
    is(receiver("result"), "SUCCESS", "result");
    ok(strstr((const char *) pay_str_dup(arena, s.reply_body).data,
              "\"result\":\"CLOSED\",\"fail_reason\":\"NO_RELATION\"") != NULL,
       "who is no receiver gets nothing");
    is_int(left(), 850, "850 are left");

    split("S1", PART("1900000300", "200") "," PART("1900000301", "50"),
          "false", 200, NULL, "the same again");
    is(member(s.reply_body, "state"), "FINISHED", "as it is now");
    is_int(left(), 850, "and is not done again");
    split("S1", PART("1900000300", "201"), "false", 400, "INVALID_REQUEST",
          "the same number with another amount");
    split("S2", PART("1900000300", "851"), "false", 403, "NOT_ENOUGH",
          "more than is left");

    /* what was shared cannot be refunded before it is back */

    request("POST", "/v3/refund/domestic/refunds", "{\"out_trade_no\":\""
            NUMBER "\",\"out_refund_no\":\"R1\",\"amount\":{\"refund\":1050,"
            "\"total\":1050,\"currency\":\"CNY\"}}");
    expect(403, "NOT_ENOUGH", "refund of all");

    post("return-orders", "{\"out_order_no\":\"S1\",\"out_return_no\":\"B1\","
         "\"return_mchid\":\"1900000300\",\"amount\":201,\"description\":"
         "\"d\"}", 403, "NOT_ENOUGH", "more than it was given");
    post("return-orders", "{\"out_order_no\":\"S1\",\"out_return_no\":\"B1\","
         "\"return_mchid\":\"1900000300\",\"amount\":150,\"description\":"
         "\"d\"}", 200, NULL, "return");
    is(member(s.reply_body, "result"), "PROCESSING", "result");
    is_int(left(), 1000, "it is back");
    post("return-orders", "{\"out_order_no\":\"S1\",\"out_return_no\":\"B1\","
         "\"return_mchid\":\"1900000300\",\"amount\":150,\"description\":"
         "\"d\"}", 200, NULL, "the same again");
    is(member(s.reply_body, "result"), "SUCCESS", "result");
    is_int(left(), 1000, "once");
    post("return-orders", (const char *) text("{\"order_id\":\"%.*s\","
         "\"out_return_no\":\"B2\",\"return_mchid\":\"1900000300\",\"amount\":"
         "50,\"description\":\"d\"}", (int) order_id.len, order_id.data).data,
         200, NULL, "by order_id");
    is_int(left(), 1050, "all of it is back");

    request("GET", SPLIT "return-orders/B1?out_order_no=S1", "");
    expect(200, NULL, "return, query");
    is(member(s.reply_body, "return_mchid"), "1900000300", "return_mchid");
    request("GET", SPLIT "return-orders/B9?out_order_no=S1", "");
    expect(404, "RESOURCE_NOT_EXISTS", "no such return");
    request("GET", SPLIT "orders/S9?transaction_id=1", "");
    expect(404, "RESOURCE_NOT_EXISTS", "no such split");
    request("GET", SPLIT "orders/S1?transaction_id=1", "");
    expect(404, "RESOURCE_NOT_EXISTS", "of another transaction");
}


static void
test_unfreeze(void)
{
    paid("{\"profit_sharing\":true}");
    post("orders/unfreeze", (const char *) text("{\"transaction_id\":"
         "\"%.*s\",\"out_order_no\":\"U1\",\"description\":\"rest\"}",
         (int) id.len, id.data).data, 200, NULL, "unfreeze");
    query("U1");
    is(receiver("account"), MCHID, "what is left is the merchant's");
    is(receiver("result"), "SUCCESS", "result");
    is_int(left(), 0, "nothing is left to be shared");
    receiver_add("1900000300");
    split("S1", PART("1900000300", "1"), "false", 403, "NOT_ENOUGH",
          "no share any more");
    request("POST", "/v3/refund/domestic/refunds", "{\"out_trade_no\":\""
            NUMBER "\",\"out_refund_no\":\"R1\",\"amount\":{\"refund\":1050,"
            "\"total\":1050,\"currency\":\"CNY\"}}");
    expect(200, NULL, "refund of all");

    paid("{\"profit_sharing\":true}");
    receiver_add("1900000300");
    split("S1", PART("1900000300", "1"), "true", 200, NULL,
          "unfreeze_unsplit");
    is_int(left(), 0, "nothing is left");
}


static void
test_rules(void)
{
    paid("{\"profit_sharing\":false}");
    receiver_add("1900000300");
    split("S1", PART("1900000300", "1"), "false", 400, "INVALID_REQUEST",
          "an order that is not shared");
    id = PAY_STR("4200009");
    split("S1", PART("1900000300", "1"), "false", 404, "RESOURCE_NOT_EXISTS",
          "an unknown transaction");

    paid("{\"profit_sharing\":true}");
    receiver_add("1900000300");
    post("receivers/delete", "{" APP WHO("1900000300") "}", 200, NULL,
         "receivers/delete");
    split("S1", PART("1900000300", "1"), "false", 200, NULL, "split");
    query("S1");
    is(receiver("fail_reason"), "NO_RELATION", "who is gone gets nothing");
    is_int(left(), 1050, "and all is left");

    post("receivers/add", "{" APP WHO("1") ",\"relation_type\":\"X\"}", 400,
         "PARAM_ERROR", "another relation");
    post("receivers/add", "{" APP WHO("1") ",\"relation_type\":\"CUSTOM\"}",
         400, "PARAM_ERROR", "CUSTOM without custom_relation");
    post("receivers/add", "{" APP WHO("1") ",\"relation_type\":\"STORE\","
         "\"name\":\"张三\"}", 400, "PARAM_ERROR", "a name in clear");
    post("receivers/add", "{\"appid\":\"wx0\"," WHO("1")
         ",\"relation_type\":\"STORE\"}", 400, "APPID_MCHID_NOT_MATCH",
         "another appid");
    split("S2", "", "false", 400, "PARAM_ERROR", "nobody");
    split("S2", "{" WHO("1") ",\"amount\":0,\"description\":\"d\"}", "false",
          400, "PARAM_ERROR", "nothing");
}


int
main(void)
{
    static void (*const  tests[])(void) = {
        test_split, test_unfreeze, test_rules
    };

    return run_tests(tests, pay_nelts(tests));
}
