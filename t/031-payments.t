#
# Copyright (C) the ngx_pay authors
#
# The unified API against the simulated channel: pay, the same again, query,
# close, and whose order it is.
#

use strict;
use warnings;

use POSIX qw(strftime);
use Test::Nginx::Socket 'no_plan';
use Pay;

no_long_string();
no_shuffle();
log_level('info');

our %other = (merchant => 'other', secret => 'the secret of the other one');

my ($second) = Pay::http(channel => { mchid => '1900000002' },
                         zone => undef, merchant => undef, server => undef)
               =~ /( {4}pay_channel wechat \{.*?\n {4}\}\n)/s;

our $http = Pay::http(more => $second =~ s/wechat/second/r . <<"_E");
    pay_merchant other {
        secret k1 ${\Pay::file('other', $other{secret})};
        channel second;
        webhook_secret ${\Pay::keys()}/demo.whsec;
    }

    upstream channel { server 127.0.0.1:\$TEST_NGINX_RAND_PORT_1; }

    log_format pay_payment '<\$pay_merchant|\$pay_operation|\$pay_channel|'
                           '\$pay_order_id|\$pay_amount|\$pay_currency|'
                           '\$pay_payment_status|\$pay_error|'
                           '\$pay_channel_code>';
_E

our $api = Pay::locations() =~ s/http:[^;]*(?=\/sandbox)/http:\/\/channel/r
           . <<'_E';
location /sandbox/ { proxy_pass http://channel; }
_E

# numbers of this run: O001, O002 ...

my $run = time % 1_000_000;
sub id { sprintf "O%06d-%s", $run, $_[0] }

sub pay {
    my ($n, @more) = @_;
    return { target => '/v1/payments',
             body => Pay::payment(order_id => id($n), @more) };
}

sub query { { target => '/v1/payments/' . id($_[0]) . ($_[1] // '') } }

sub close_it {
    my ($n, $body, $args) = @_;
    return { target => '/v1/payments/' . id($n) . '/close' . ($args // ''),
             method => 'POST', body => $body // '' };
}

# the buyer presses a button of the checkout page

sub press {
    my ($n, $action) = @_;
    return { target => '/sandbox/checkout/' . ($_[2] // 'wechat') . '/'
                       . id($n),
             auth => undef, body => "action=$action",
             type => 'application/x-www-form-urlencoded',
             headers => [ 'Accept: application/json' ] };
}

our $native = "POST /v3/pay/transactions/native 200\n";
sub asked { 'GET /v3/pay/transactions/out-trade-no/' . id($_[0])
            . ' ' . ($_[1] // 200) . "\n" }
sub closed { 'POST /v3/pay/transactions/out-trade-no/' . id($_[0])
             . '/close ' . ($_[1] // 204) . "\n" }

our $time = '/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/';
our $code = "next_action.type: qr_code\n"
            . "next_action.url: /^http:.*.sandbox.checkout.wechat.O/\n";

sub in { strftime '%Y-%m-%dT%H:%M:%SZ', gmtime time + $_[0] }

run_tests();

__DATA__

=== TEST 1: pay: the whole object
--- http_config eval: $::http
--- config eval: $::api
--- call eval: [ main::pay(1, metadata => { a => 'b', 'ü' => "\n" }) ]
--- response_headers
Content-Type: application/json
--- json eval
"object: payment\norder_id: ${\main::id(1)}\nmerchant: demo\n"
. "channel: wechat\nmethod: qr_code\nchannel_order_id: ~\nstatus: pending\n"
. "amount: 100\ncurrency: CNY\namount_paid: 0\namount_refunded: 0\n"
. "refund_status: none\n${main::code}payer: ~\nfailure: ~\nclosing: false\n"
. "late: false\ncreated_at: ${main::time}\nexpires_at: ${main::time}\n"
. "paid_at: ~\nclosed_at: ~\nmetadata.a: b\ntest: true\n"
--- channel_calls eval: $::native


=== TEST 2: an answer has the members of a payment and no other
--- http_config eval: $::http
--- config eval: $::api
--- call eval: [ main::pay(1, metadata => { a => 'b', 'ü' => "\n" }) ]
--- response_body_like eval
my $v = '(?:"[^"]*"|\{[^{}]*\}|null|true|false|\d+)';
'^\{' . (CORE::join ',', map { "\"$_\":$v" }
  qw(object order_id merchant channel method channel_order_id status amount
     currency amount_paid amount_refunded refund_status next_action payer
     failure closing late created_at expires_at paid_at closed_at metadata
     test)) . '\}$'
--- channel_calls


=== TEST 3: the same again: the same object, one call
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ (map { main::pay(3) } 1 .. 3),
  { target => '/v1/payments', body => '{ ' . (CORE::join ' , ', CORE::reverse
    split /,/, substr main::pay(3)->{body}, 1, -1) . " }\n" },
  { target => '/v1/payments?lang=zh', body => main::pay(3)->{body} } ]
--- error_code eval: [ 200, 200, 200, 200, 422 ]
--- json eval
[ ("order_id: ${\main::id(3)}\nstatus: pending\n$::code") x 4,
  "code: field_invalid\nparam: ~" ]
--- channel_calls eval: $::native


=== TEST 4: the same number with another wish: a conflict
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my $t = main::in(3600);
[ main::pay(4), (map { main::pay(4, @$_) }
    [ amount => 101 ], [ description => 'another' ],
    [ description => 'a test ' ], [ metadata => { a => 'b' } ],
    [ expires_at => $t ], [ payer => { ip => '10.0.0.1' } ],
    [ payer => { openid => 'o1' } ], [ store => { id => 's1' } ],
    [ return_url => 'https://shop.example/' ],
    [ cancel_url => 'https://shop.example/' ], [ split => 'later' ]),
  main::pay(4, capture => 'auto', split => 'none', payer => {}),
  main::pay(4) ]
--- problem eval
"-\n" . "409 idempotency_conflict order_id\n" x 11 . "-\n-\n"
--- channel_calls eval: $::native


=== TEST 5: a conflict with every optional field given, each changed alone
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my $t = main::in(3600);
my @all = (expires_at => $t, payer => { ip => '10.0.0.1', openid => 'o1' },
           store => { id => 's1' }, metadata => { a => 'b' },
           return_url => 'https://shop.example/');
[ main::pay(5, @all), (map { main::pay(5, @all, @$_) }
    [ expires_at => undef ], [ expires_at => main::in(3601) ],
    [ payer => undef ], [ payer => { ip => '10.0.0.1' } ],
    [ payer => { ip => '10.0.0.1', user_id => 'o1' } ],
    [ store => { operator_id => 's1' } ], [ metadata => {} ],
    [ metadata => { a => 'c' } ], [ metadata => { b => 'a' } ],
    [ return_url => undef, cancel_url => 'https://shop.example/' ]),
  main::pay(5, @all) ]
--- problem eval
"-\n" . "409 idempotency_conflict order_id\n" x 10 . "-\n"
--- channel_calls eval: $::native


=== TEST 6: R-15: a number refused at first is not taken
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ main::pay(6, amount => 0), main::pay(6, channel => 'none'),
  main::pay(6, expires_at => main::in(5)), main::pay(6, amount => 7),
  main::pay(6, amount => 8) ]
--- problem
422 amount_invalid amount
403 channel_forbidden channel
422 field_invalid expires_at
-
409 idempotency_conflict order_id
--- channel_calls eval: $::native


=== TEST 7: query: pending, with its code; every time the channel is asked
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ main::pay(7, metadata => { a => 'b' }), main::query(7), main::query(7) ]
--- json eval
[ ("order_id: ${\main::id(7)}\nstatus: pending\namount: 100\n$::code"
   . "metadata.a: b\ntest: true") x 3 ]
--- channel_calls eval: $::native . main::asked(7) x 2


=== TEST 8: paid: query tells it, and the same pay again is no second payment
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ main::pay(8), main::press(8, 'pay'), main::query(8), main::pay(8),
  main::pay(8, amount => 101), main::close_it(8), main::query(8) ]
--- error_code eval: [ 200, 200, 200, 200, 409, 409, 200 ]
--- json eval
my $paid = "status: succeeded\namount_paid: 100\nchannel_order_id: /^\\d+\$/\n"
           . "paid_at: $::time\nnext_action: ~\npayer.openid: /./\nlate: false";
[ 'status: pending', undef, $paid, $paid, 'code: idempotency_conflict',
  'code: already_paid', $paid ]
--- channel_calls eval: $::native . main::asked(8) x 2


=== TEST 9: close, and close again
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ main::pay(9), main::close_it(9), main::close_it(9), main::query(9),
  main::pay(9), main::pay(9, amount => 5) ]
--- error_code eval: [ 200, 200, 200, 200, 200, 409 ]
--- json eval
my $closed = "order_id: ${\main::id(9)}\nstatus: closed\nclosing: false\n"
             . "closed_at: $::time\nnext_action: ~\namount: 100\n"
             . "amount_paid: 0\n";
[ "status: pending\nclosed_at: ~", ($closed) x 4,
  'code: idempotency_conflict' ]
--- channel_calls eval: $::native . main::closed(9) . main::asked(9)


=== TEST 10: declined by the buyer's bank: still open
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ main::pay(10), main::press(10, 'decline'), main::query(10),
  main::press(10, 'pay'), main::query(10) ]
--- error_code eval: [ (200) x 5 ]
--- json eval
[ 'status: pending', undef, "amount_paid: 0\nstatus: pending", undef,
  'status: succeeded' ]


=== TEST 11: query of a number that nobody knows
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ main::query(11), main::query(11, '?channel=wechat'),
  main::query(11, '?channel=none'), main::query(11, '?channel=second'),
  main::query(11, '?channel='), main::query(11, '?channel=wechat&x=1'),
  main::query(11, '?channel=wechat&channel=wechat'),
  main::query(11, '?created_at=yesterday'),
  main::query(11, '?channel_order_id=a%20b&channel=wechat'),
  main::query(11, '?channel=we%63hat&created_at=2026-11-25T10:00:00Z'),
  main::query(11, '?%zz'), main::query(11, '?channel=wechat%00') ]
--- problem
422 field_missing channel
404 not_found
403 channel_forbidden channel
403 channel_forbidden channel
422 field_invalid channel
422 field_unknown x
422 field_invalid
422 field_invalid created_at
422 field_invalid channel_order_id
404 not_found
422 field_invalid
422 field_invalid
--- channel_calls eval: main::asked(11, 404) x 2


=== TEST 12: numbers in the path
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { { target => "/v1/payments/$_?channel=wechat" } }
  'a' x 65, 'a.b', 'a+b', 'a=b', '~x' ]
--- problem eval: "422 field_invalid order_id\n" x 5
--- channel_calls


=== TEST 13: numbers in the path that the channel cannot have
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ (map { { target => "/v1/payments/$_?channel=wechat" } }
   '-', 'short', 'a' x 33),
  { target => '/v1/payments/short/close', body => '{"channel":"wechat"}' } ]
--- problem eval: "422 field_invalid order_id\n" x 4
--- channel_calls


=== TEST 14: close of a number that nobody knows, by locators in JSON
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ main::close_it(13), main::close_it(13, '{}'),
  main::close_it(13, '{"channel":"second"}'),
  main::close_it(13, '{"channel":"wechat","channel":"wechat"}'),
  main::close_it(13, '{"channel":5}'), main::close_it(13, '[]'),
  main::close_it(13, '{"channel":"wechat","reason":"x"}'),
  main::close_it(13, '{"channel":"wechat"'),
  main::close_it(13, '{"channel":"wechat"}'),
  main::close_it(13, '', '?channel=wechat'),
  main::close_it(13, '{}', '?channel=wechat') ]
--- problem
422 field_missing channel
422 field_missing channel
403 channel_forbidden channel
400 json_invalid
422 field_invalid channel
400 json_invalid
422 field_unknown reason
400 json_invalid
404 not_found
404 not_found
422 field_invalid
--- channel_calls eval: main::closed(13, 404) x 2


=== TEST 15: another merchant's order is not there
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my @o = %::other;
[ main::pay(14), { %{ main::query(14) }, @o },
  { %{ main::query(14, '?channel=wechat') }, @o },
  { %{ main::query(14, '?channel=second') }, @o },
  { %{ main::close_it(14) }, @o },
  { %{ main::close_it(14, '{"channel":"wechat"}') }, @o },
  { %{ main::pay(14) }, @o },
  main::query(14) ]
--- problem
-
422 field_missing channel
403 channel_forbidden channel
404 not_found
422 field_missing channel
403 channel_forbidden channel
403 channel_forbidden channel
-
--- channel_calls eval
$::native . main::asked(14, 404) . main::asked(14)


=== TEST 16: one number of two merchants: two orders
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my @o = %::other;
[ main::pay(15), { %{ main::pay(15, channel => 'second', amount => 7) }, @o },
  main::query(15), { %{ main::query(15) }, @o }, main::close_it(15),
  { %{ main::query(15) }, @o }, main::query(15) ]
--- json eval
[ "merchant: demo\nchannel: wechat\namount: 100\nstatus: pending",
  "merchant: other\nchannel: second\namount: 7\nstatus: pending",
  "merchant: demo\namount: 100\nstatus: pending",
  "merchant: other\namount: 7\nstatus: pending", 'status: closed',
  "merchant: other\namount: 7\nstatus: pending",
  "merchant: demo\nstatus: closed" ]


=== TEST 17: channels: only the merchant's own
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ { target => '/v1/channels' }, { target => '/v1/channels', %::other } ]
--- response_body_like eval: [ '"wechat"', '"second"' ]
--- response_body_unlike eval: [ '"second"', '"wechat"' ]
--- channel_calls


=== TEST 18: $pay_operation, $pay_order_id and the like
--- http_config eval: $::http
--- config eval: "access_log logs/app.log pay_payment;\n$::api"
--- call eval
[ main::pay(17), main::query(17), main::pay(17, amount => 5),
  main::close_it(17), main::query(18), main::query(18, '?channel=wechat'),
  main::pay(19, amount => 0), { target => '/v1/nothing' },
  { target => '/v1/payments', auth => undef } ]
--- error_code eval: [ 200, 200, 409, 200, 422, 404, 422, 404, 401 ]
--- app_calls eval
my ($a, $b) = map { main::id($_) } 17, 18;
<<"_E"
<demo|pay|wechat|$a|100|CNY|pending|-|->
<demo|query|wechat|$a|100|CNY|pending|-|->
<demo|pay|wechat|$a|-|-|-|idempotency_conflict|->
<demo|close|wechat|$a|100|CNY|closed|-|->
<demo|query|-|$b|-|-|-|field_missing|->
<demo|query|wechat|$b|-|-|-|not_found|ORDER_NOT_EXIST>
<demo|pay|-|-|-|-|-|amount_invalid|->
<demo|-|-|-|-|-|-|route_unknown|->
<-|-|-|-|-|-|-|signature_missing|->
_E


=== TEST 19: a full store forgets the oldest order, and refuses none
--- http_config eval: $::http =~ s/zone=pay:1m/zone=pay:256k/r
--- config eval: $::api
--- call eval
my $m = { map { ("key$_" => 'v' x 95) } 1 .. 19 };
[ main::pay('full'), (map { main::pay("full$_", metadata => $m) } 1 .. 60),
  main::query('full'), main::query('full60') ]
--- error_code eval: [ (200) x 61, 422, 200 ]
--- json eval
[ (undef) x 61, "code: field_missing\nparam: channel",
  "status: pending\nmetadata.key19: /^v{95}\$/" ]
