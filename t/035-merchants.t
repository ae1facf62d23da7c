#
# Copyright (C) the ngx_pay authors
#
# Several merchants on one channel: what each sends, whose notice it is, and
# what another must not see (docs/design.md 9).
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;
use Ops;

no_long_string();
no_shuffle();
log_level('info');
master_on();
workers(1);
worker_connections(256);


our $channel = listener();
our $app = listener();

Ops::site(channel => $channel, app => $app);

our %key = (b => 'the secret of merchant b, by k1',
            c => 'the secret of merchant c, by k1');

sub merchant {
    my ($id, $lines) = @_;
    my $keys = Pay::keys();

    return <<"_E";
    pay_merchant $id {
        secret k1 ${\Pay::file($id, $key{$id} // "the secret of $id, by k1")};
        webhook_secret $keys/demo.whsec;
        $lines
    }
_E
}


our $http = Pay::http(
    server => undef,
    channel => { host => "http://127.0.0.1:$channel->{port}" },
    merchant => { channel => [ 'wechat prefix=aa', 'own' ] },
    more => merchant('b', 'channel wechat prefix=ab_;')
            . merchant('c', 'channel parts sub_merchant=1900000109;')
            . merchant('d', 'channel parts sub_merchant=1900000110;')
            . channel_block('own', mchid => '1900000002',
                            host => "http://127.0.0.1:$channel->{port}")
            . channel_block('parts', mchid => '1900000003',
                            host => "http://127.0.0.1:$channel->{port}")
            . <<'_E');
    log_format whose '$pay_merchant $pay_channel $pay_order_id '
                     '$pay_notify_result';
_E

our $config = join '', <<'_E', map({ <<"_L" } qw(wechat own parts)),
        location /v1/ { pay_api; }
        location = /status { pay_status json; }
_E
        location = /notify/$_ {
            pay_notify $_;
            proxy_pass http://127.0.0.1:$app->{port};
            access_log logs/whose.log whose;
        }
_L
    Pay::call_location();


# as another merchant than demo

sub as {
    my ($merchant, $method, $target, $body) = @_;

    return ask($method, $target, $body // '', 'Authorization: '
        . Pay::authorization(method => $method, target => $target,
              body => $body // '', merchant => $merchant,
              secret => $key{$merchant}));
}


sub pay_as {
    my ($merchant, %p) = @_;
    return as($merchant, 'POST', '/v1/payments', Pay::payment(%p));
}


our $prepay = 'POST /v3/pay/transactions/native';

# the order that the channel is asked for, of a merchant with a prefix

sub ordered {
    my ($c, $want, $name) = @_;
    my $q = $channel->take;

    is("$q->{method} $q->{target} " . decode($q->{body})->{out_trade_no},
       "$prepay $want", "$name: the number at the channel");
    $q->reply(200, signed('{"code_url":"weixin://x/y"}'));

    return payment_ok($c, $name, status => 'pending');
}


sub paid_notice {
    my ($number, %p) = @_;
    return notice(transaction(out_trade_no => $number, %p));
}


sub whose {
    Time::HiRes::sleep(0.05);
    open my $in, '<', server_root() . '/logs/whose.log' or die $!;
    my @line = <$in>;

    return $line[-1] // '';
}

run_tests();


__DATA__

=== TEST 1: each sends his own prefix, and is told his own number
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $n = number();

ordered(pay(order_id => $n), "aa$n", 'demo');
ordered(pay_as('b', order_id => $n, amount => 7), "ab_$n", 'b');
payment_ok(pay(order_id => $n), 'demo again', order_id => $n, amount => 100,
           merchant => 'demo');
payment_ok(pay_as('b', order_id => $n, amount => 7), 'b again',
           order_id => $n, amount => 7, merchant => 'b');
counts($channel, 0, 'nothing else');

# a query asks for what was sent, and believes no other number

for my $c ([ "aa$n", 200 ], [ "ab_$n", 502 ], [ $n, 502 ]) {
    my ($number, $status) = @$c;
    my $q = query($n);

    answered('GET', "/v3/pay/transactions/out-trade-no/aa$n?mchid=1900000001",
             $number, 200, signed(transaction(out_trade_no => $number)));
    is($q->answer->{status}, $status, "the answer is about $number");
}


=== TEST 2: a notice is of whom its number names
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $n = number();

ordered(pay(order_id => $n), "aa$n", 'demo');
ordered(pay_as('b', order_id => $n, amount => 7), "ab_$n", 'b');

for my $c ([ aa => demo => 100 ], [ ab_ => b => 7 ]) {
    my ($prefix, $merchant, $amount) = @$c;

    told_refund($merchant, paid_notice("$prefix$n", amount => {
                    total => $amount, payer_total => $amount,
                    currency => 'CNY' }),
                type => 'payment.succeeded', merchant => $merchant,
                amount_checked => 'true', 'data.object.order_id' => $n,
                'data.object.merchant' => $merchant,
                'data.object.amount' => $amount);
    is(whose(), "$merchant wechat $n acknowledged\n", "$merchant: the log");
}

payment_ok(pay(order_id => $n), 'demo', status => 'succeeded');
payment_ok(pay_as('b', order_id => $n, amount => 7), 'b',
           status => 'succeeded');

# nobody's: neither prefix, or nothing behind one

for my $number ("zz$n", $n, "AA$n", "ab$n", 'ab_', 'aa') {
    my $c = post_notice('/notify/wechat', paid_notice($number));

    like($c->answer->{status}, qr/^[45]/, "$number: refused");
}

counts($app, 0, 'not forwarded');


=== TEST 3: another merchant's amount is a mismatch of his own order only
--- http_config eval: $::http
--- config eval: $::config
--- error_log
that is not the amount of the order
--- steps
my $n = number();

ordered(pay(order_id => $n), "aa$n", 'demo');
ordered(pay_as('b', order_id => $n, amount => 7), "ab_$n", 'b');
told_refund('b', paid_notice("ab_$n"), type => 'payment.mismatch',
            merchant => 'b', 'data.object.status' => 'pending');
payment_ok(pay(order_id => $n), 'demo', status => 'pending');
payment_ok(pay_as('b', order_id => $n, amount => 7), 'b',
           status => 'pending');


=== TEST 4: S-1: another merchant's numbers are not there
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $n = number();
my $find = '/v3/pay/transactions/out-trade-no';

ordered(pay(order_id => $n), "aa$n", 'demo');

problem(as('b', 'GET', "/v1/payments/$n"), '422 field_missing never',
        'not known', param => 'channel');

my $c = as('b', 'GET', "/v1/payments/$n?channel=wechat");
answered('GET', "$find/ab_$n?mchid=1900000001", 'b asks for his own', 404,
         signed('{"code":"ORDER_NOT_EXIST","message":"none"}'));
problem($c, '404 not_found never', 'there is none');

$c = as('b', 'GET', "/v1/payments/$n?channel=wechat");
answered('GET', "$find/ab_$n?mchid=1900000001", 'b', 200,
         signed(transaction(out_trade_no => "aa$n")));
problem($c, '502 channel_response_invalid query', 'demo\'s is none of his');

problem(as('b', 'GET', "/v1/payments/$n?channel=own"),
        '403 channel_forbidden never', 'nor is demo\'s channel');
problem(as('b', 'POST', "/v1/payments/$n/refunds",
           '{"refund_id":"R1","amount":1}'), '422 field_missing never',
        'nothing to refund', param => 'channel');
problem(as('b', 'GET', '/v1/refunds/R1'), '422 field_missing never',
        'no refund');
counts($channel, 0, 'nothing else was sent');


=== TEST 5: refunds of each, and their notices
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $n = bought(prefix => 'aa', amount => 100);
my $r = "R$n";
my $c = refund($n, refund_id => $r, amount => 40);
my $b = decode(answered('POST', '/v3/refund/domestic/refunds', 'a refund', 200,
                        refunded("aa$n", "aa$r", 40))->{body});

is("$b->{out_trade_no} $b->{out_refund_no}", "aa$n aa$r", 'the numbers');
object_ok($c, 'a refund', refund_id => $r, order_id => $n,
          status => 'pending');
told_refund('its notice', refund_notice("aa$n", "aa$r", 40,
                                        status => 'SUCCESS'),
            type => 'refund.succeeded', merchant => 'demo',
            amount_checked => 'true', 'data.object.refund_id' => $r,
            'data.object.order_id' => $n);
object_ok(pay(order_id => $n), 'the payment', amount_refunded => 40);

like(post_notice('/notify/wechat', refund_notice("zz$n", "zz$r", 40,
                 status => 'SUCCESS'))->answer->{status}, qr/^[45]/,
     "nobody's refund: refused");
counts($app, 0, 'not forwarded');


=== TEST 6: sub-merchants
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $n = number();
my %sub = (c => '1900000109', d => '1900000110');
my %of = (appid => undef, mchid => undef, sp_appid => 'wx8888888888888888',
          sp_mchid => '1900000003', payer => { sp_openid => 'o1' });

for my $m (sort keys %sub) {
    told_as($m, paid_notice($n, %of, sub_mchid => $sub{$m}));
}

sub told_as {
    my ($m, $body) = @_;
    my $c = post_notice('/notify/parts', $body);
    my $q = $app->take;

    event_ok($q, $m, merchant => $m, 'data.object.order_id' => $n,
             amount_checked => 'false');
    $q->reply(204);
    acked($c, $m);
}

for my $id ('1900000111', '') {
    my $c = post_notice('/notify/parts', paid_notice($n, %of,
                                                     sub_mchid => $id));

    like($c->answer->{status}, qr/^[45]/, "sub-merchant [$id]: refused");
}

counts($app, 0, 'not forwarded');


=== TEST 7: the text that we had sent proves the amount, for its number
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $n = number();
my $echo = echo_text('b', $n, 100, 'CNY');

told_refund('b', paid_notice("ab_$n", attach => $echo), merchant => 'b',
            type => 'payment.succeeded', amount_checked => 'true');

$n = number();
told_refund('of another', paid_notice("ab_$n", attach => echo_text(
                'demo', $n, 100, 'CNY')),
            merchant => 'b', type => 'payment.mismatch');
