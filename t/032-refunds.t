#
# Copyright (C) the ngx_pay authors
#
# Refunds: their sum, what is sent again and what is not, whose they are, and
# what is known when nobody has heard the answer (docs/design.md 7, 8).
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
our $dead = refuser();

Ops::site(channel => $channel, app => $app);

our $refunds = '/v3/refund/domestic/refunds';

our $http = Pay::http(
    server => undef,
    channel => { host => "http://127.0.0.1:$channel->{port}" },
    merchant => { channel => [ qw(wechat dead) ] },
    more => channel_block('dead', host => "http://127.0.0.1:$dead->{port}")
            . <<'_E');
    log_format refund '$pay_operation $pay_order_id $pay_object '
                      '$pay_object_id $pay_amount $pay_currency '
                      '$pay_payment_status $pay_error';
_E

our $config = <<"_E" . Pay::call_location();
        location /v1/ {
            pay_api;
            access_log logs/app.log refund;
        }

        location = /status { pay_status json; }

        location = /notify/wechat {
            pay_notify wechat;
            proxy_pass http://127.0.0.1:$app->{port};
            access_log logs/notice.log refund;
        }

        location = /notify/dead {
            pay_notify dead;
            proxy_pass http://127.0.0.1:$app->{port};
        }
_E


# one that the channel works on

sub begun {
    my ($id, $refund, $amount, %p) = @_;

    my $c = refund($id, refund_id => $refund, amount => $amount);
    answered('POST', $refunds, "refund of $amount", 200,
             refunded($id, $refund, $amount, %p));

    return object_ok($c, "refund of $amount", object => 'refund',
                     refund_id => $refund, amount => $amount);
}


run_tests();


__DATA__

=== TEST 1: a refund: what is sent, and the whole object
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $c = refund($id, refund_id => 'R1' . $id, amount => 40, reason => 'broken',
               metadata => { a => 'b' });
my $q = answered('POST', $refunds, 'the call', 200,
                 refunded($id, "R1$id", 40));
my $b = decode($q->{body});

is("$b->{out_trade_no} $b->{out_refund_no} $b->{reason}",
   "$id R1$id broken", 'the order, the refund and the reason');
is(join(' ', map { "$_=$b->{amount}{$_}" } sort keys %{ $b->{amount} }),
   'currency=CNY refund=40 total=100', 'the amounts, of the payment, too');

my $time = qr/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/;

like($c->answer->{body}, qr/\A\{"object":"refund","refund_id":"R1$id",
    "merchant":"demo","channel":"wechat","order_id":"$id",
    "channel_order_id":"42\d+","channel_refund_id":"503\w+",
    "status":"pending","amount":40,"currency":"CNY",
    "account":"card\ of\ the\ buyer","failure":null,"created_at":$time,
    "succeeded_at":null,"metadata":\{"a":"b"\},"test":true\}\z/x,
    'the object, all of it');


=== TEST 2: the same again: the object, without a call; other fields: conflict
--- http_config eval: $::http
--- config eval: $::config
--- steps
my ($id, $other) = (bought(), bought());
my $r = "R$id";

begun($id, $r, 40);

for (1 .. 2) {
    object_ok(refund($id, refund_id => $r, amount => 40), "again $_",
              status => 'pending', refund_id => $r, amount => 40,
              order_id => $id);
}

for my $c ([ $id, amount => 41 ], [ $id, amount => 40, reason => 'x' ],
           [ $id, amount => 40, funds => 'available' ],
           [ $id, amount => 40, metadata => { a => 'b' } ],
           [ $other, amount => 40 ]) {
    my ($order, @fields) = @$c;

    problem(refund($order, refund_id => $r, @fields),
            '409 idempotency_conflict never', "other: @fields[0, 1]",
            param => 'refund_id');
}

counts($channel, 0, 'nothing was sent');

# what is over stays over, and needs no channel

my $c = refund_query($r);
answered('GET', "$refunds/$r", 'a query', 200,
         refunded($id, $r, 40, status => 'SUCCESS'));
object_ok($c, 'a query', status => 'succeeded',
          succeeded_at => '2026-11-25T04:00:00Z');
object_ok(refund($id, refund_id => $r, amount => 40), 'again',
          status => 'succeeded');
counts($channel, 0, 'nothing was sent');


=== TEST 3: the sum of refunds is never more than the payment
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my ($r1, $r2, $r3, $r4) = map { "R$_$id" } 1 .. 4;

problem(refund($id, refund_id => $r1, amount => 101),
        '422 amount_exceeds_order never', 'more than all of it',
        param => 'amount');

begun($id, $r1, 60);
problem(refund($id, refund_id => $r2, amount => 41),
        '422 amount_exceeds_order never', 'more than the rest',
        param => 'amount');
counts($channel, 0, 'nothing was sent');

begun($id, $r2, 39);
begun($id, $r3, 1);
problem(refund($id, refund_id => $r4, amount => 1),
        '422 amount_exceeds_order never', 'nothing is left',
        param => 'amount');
sums($id, 100, 0, 'none', 'none of them has arrived');

my $c = refund_query($r1);
answered('GET', "$refunds/$r1", 'r1', 200,
         refunded($id, $r1, 60, status => 'SUCCESS'));
object_ok($c, 'r1', status => 'succeeded');
sums($id, 100, 60, 'partial', 'the first has arrived');

# one that failed at last leaves room for another

$c = refund_query($r2);
answered('GET', "$refunds/$r2", 'r2', 200,
         refunded($id, $r2, 39, status => 'CLOSED'));
object_ok($c, 'r2', status => 'closed');
problem(refund($id, refund_id => $r4, amount => 40),
        '422 amount_exceeds_order never', 'more than r2 was',
        param => 'amount');
begun($id, $r4, 39, status => 'SUCCESS');
sums($id, 100, 99, 'partial', 'two have arrived');

$c = refund_query($r3);
answered('GET', "$refunds/$r3", 'r3', 200,
         refunded($id, $r3, 1, status => 'SUCCESS'));
object_ok($c, 'r3', status => 'succeeded');
sums($id, 100, 100, 'full', 'all of it');
object_ok(refund($id, refund_id => $r4, amount => 39), 'the same again',
          status => 'succeeded');
counts($channel, 0, 'nothing was sent');


=== TEST 4: what was not paid is not refunded
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $c = pay(order_id => $id);
$channel->take->reply(200, signed('{"code_url":"weixin://x/y"}'));
payment_ok($c, 'an order', status => 'pending');

problem(refund($id, refund_id => "R$id"), '409 state_conflict never',
        'pending');

$c = close_order($id);
$channel->take->reply(204, signed(''));
payment_ok($c, 'closed', status => 'closed');
problem(refund($id, refund_id => "R$id"), '409 state_conflict never',
        'closed');
counts($channel, 0, 'nothing was sent');


=== TEST 5: R-15: the answer is lost: nobody knows, and the sum is taken
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my ($r, $other) = ("R1$id", "R2$id");

my $c = refund($id, refund_id => $r, amount => 60);
my $q = $channel->take;
$q->close;
problem($c, '504 outcome_unknown query', 'lost', channel => 'wechat');
counts($channel, 0, 'sent once');

problem(refund($id, refund_id => $other, amount => 41),
        '422 amount_exceeds_order never', 'its sum is taken');
problem(refund($id, refund_id => $r, amount => 41),
        '409 idempotency_conflict never', 'the same number, another amount');
counts($channel, 0, 'nothing was sent');

$c = refund($id, refund_id => $r, amount => 60);
my $again = $channel->take;
is($again->{body}, $q->{body}, 'the same again: the same bytes');
$again->reply(500);
answered('GET', "$refunds/$r", 'it is looked up', 500);
problem($c, '504 outcome_unknown query', '500 of it');

$c = refund($id, refund_id => $r, amount => 60);
answered('POST', $refunds, 'again', 200,
         refunded($id, $r, 60, status => 'SUCCESS'));
object_ok($c, 'known at last', status => 'succeeded');
sums($id, 100, 60, 'partial', 'in the payment, too');


=== TEST 6: nothing was sent: the refund is forgotten, and its sum is there
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $c = post_notice('/notify/dead', notice(transaction(
    out_trade_no => $id, attach => echo_text('demo', $id, 100, 'CNY'))));
my $q = $app->take;
$q->reply(204);
acked($c, 'a payment that nobody asked for');

for my $amount (100, 70) {
    problem(refund($id, refund_id => "R$id", amount => $amount),
            '502 channel_unreachable same', "a refund of $amount",
            channel => 'dead');
}

is(status_json()->{zone}{records}{kept}, 0, 'nothing is kept of it');


=== TEST 7: a definite refusal leaves nothing behind
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $r = "R$id";

for my $amount (100, 70) {
    my $c = refund($id, refund_id => $r, amount => $amount);
    answered('POST', $refunds, $amount, 403,
             signed('{"code":"NOT_ENOUGH","message":"no money"}'));
    problem($c, '422 balance_insufficient later', "refused, $amount",
            channel_code => 'NOT_ENOUGH');
}

begun($id, "R2$id", 100);


=== TEST 8: a refusal of what was sent before says nothing of the first time
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $r = "R$id";

my $c = refund($id, refund_id => $r, amount => 60);
$channel->take->close;
problem($c, '504 outcome_unknown query', 'lost');

$c = refund($id, refund_id => $r, amount => 60);
answered('POST', $refunds, 'again', 403,
         signed('{"code":"NO_AUTH","message":"not now"}'));
problem($c, '502 channel_permission never', 'refused');
problem(refund($id, refund_id => "R2$id", amount => 41),
        '422 amount_exceeds_order never', 'its sum is taken still');
is(status_json()->{zone}{records}{kept}, 1, 'it is kept');

$c = refund_query($r);
answered('GET', "$refunds/$r", 'a query', 200,
         refunded($id, $r, 60, status => 'CLOSED'));
object_ok($c, 'it was closed', status => 'closed');
begun($id, "R2$id", 100);


=== TEST 9: locators, where the store has forgotten the payment
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my %r = (refund_id => "R$id", amount => 40);

problem(refund($id, %r), '422 field_missing never', 'no channel',
        param => 'channel');
problem(refund($id, %r, channel => 'none'), '403 channel_forbidden never',
        'no such channel', param => 'channel');
problem(refund($id, %r, channel => 'wechat'), '422 field_missing never',
        'no amount', param => 'order_amount');
problem(refund($id, %r, channel => 'wechat', order_amount => 39),
        '422 amount_exceeds_order never', 'a smaller amount',
        param => 'amount');
counts($channel, 0, 'nothing was sent');
is(status_json()->{zone}{records}{kept}, 0, 'nothing is kept of it');

my $c = refund($id, %r, channel => 'wechat', order_amount => 100);
my $b = decode(answered('POST', $refunds, 'all told', 200,
                        refunded($id, "R$id", 40))->{body});
is("$b->{out_trade_no} $b->{amount}{total}", "$id 100", 'what was told');
object_ok($c, 'all told', status => 'pending', order_id => $id,
          currency => 'CNY', channel => 'wechat');

object_ok(refund($id, %r, channel => 'wechat', order_amount => 100),
          'the same again', status => 'pending');
object_ok(refund($id, %r), '... which needs nothing told',
          status => 'pending');
problem(refund($id, %r, amount => 41, channel => 'wechat',
               order_amount => 100), '409 idempotency_conflict never',
        'another amount');
counts($channel, 0, 'nothing was sent');


=== TEST 10: refund_query: of nobody, of another, by locators
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought();
my $r = "R$id";

problem(refund_query($r), '422 field_missing never', 'not known here',
        param => 'channel');
problem(refund_query($r, '?channel=none'), '403 channel_forbidden never',
        'no such channel');
problem(refund_query('a.b', '?channel=wechat'), '422 field_invalid never',
        'no number', param => 'refund_id');
problem(refund_query($r, '?order_id=a%20b'), '422 field_invalid never',
        'no number', param => 'order_id');
problem(refund_query($r, '?order_amount=x'), '422 amount_invalid never',
        'no amount', param => 'order_amount');
problem(refund_query($r, '?reason=x'), '422 field_unknown never', 'unknown',
        param => 'reason');
counts($channel, 0, 'nothing was sent');

my $c = refund_query($r, '?channel=wechat');
answered('GET', "$refunds/$r", 'by channel', 404,
         signed('{"code":"RESOURCE_NOT_EXISTS","message":"none"}'));
problem($c, '404 not_found never', 'not known there');

# the payment tells the channel

$c = refund_query($r, "?order_id=$id");
answered('GET', "$refunds/$r", 'by order', 200,
         refunded($id, $r, 30, status => 'SUCCESS'));
object_ok($c, 'by order', status => 'succeeded', amount => 30,
          order_id => $id, currency => 'CNY');
sums($id, 100, 30, 'partial', 'the payment knows it now');
problem(refund($id, refund_id => "R2$id", amount => 71),
        '422 amount_exceeds_order never', 'and the rest');

# an answer about another refund is no answer

$c = refund_query($r, "?channel=wechat");
answered('GET', "$refunds/$r", 'another', 200, refunded($id, "X$r", 30));
problem($c, '502 channel_response_invalid query', 'another one');


=== TEST 11: refund notices, as a table
--- http_config eval: $::http
--- config eval: $::config
--- steps
my @arrows = (
    # from, to, event or the arrow is dropped, room that is left of 100 - 40
    [ PROCESSING => SUCCESS => 'succeeded', 60 ],
    [ PROCESSING => CLOSED => 'closed', 100 ],
    [ PROCESSING => ABNORMAL => 'requires_action', 60 ],
    [ ABNORMAL => SUCCESS => 'succeeded', 60 ],
    [ ABNORMAL => CLOSED => 'closed', 100 ],
    [ SUCCESS => CLOSED => undef, 60 ],
    [ SUCCESS => ABNORMAL => undef, 60 ],
    [ CLOSED => SUCCESS => undef, 100 ],
    [ CLOSED => ABNORMAL => undef, 100 ],
);

my %ours = (PROCESSING => 'pending', SUCCESS => 'succeeded',
            CLOSED => 'closed', ABNORMAL => 'requires_action');

for my $a (@arrows) {
    my ($from, $to, $event, $room) = @$a;
    my $id = bought(amount => 100);
    my $r = "R$id";
    my $name = "$from to $to";

    begun($id, $r, 40, status => $from);

    my $body = refund_notice($id, $r, 40, status => $to);
    my $state = $ours{defined $event ? $to : $from};

    if (defined $event) {
        my $e = told_refund($name, $body, type => "refund.$event",
            amount_checked => 'true', source => 'notice',
            'data.object.object' => 'refund', 'data.object.refund_id' => $r,
            'data.object.order_id' => $id, 'data.object.status' => $state,
            'data.object.amount' => 40);
        acked(post_notice('/notify/wechat', $body), "$name: again");

    } else {
        acked(post_notice('/notify/wechat', $body), "$name: dropped");
    }

    counts($app, 0, "$name: the application hears of it once");

    my $c = refund_query($r);
    answered('GET', "$refunds/$r", $name, 500);
    problem($c, '502 channel_response_invalid query', "$name: the channel");

    sums($id, 100, $state eq 'succeeded' ? (40, 'partial') : (0, 'none'),
         "$name: the payment");
    problem(refund($id, refund_id => "X$r", amount => $room + 1),
            '422 amount_exceeds_order never', "$name: no more than $room");
    begun($id, "X$r", $room);
}


=== TEST 12: a notice with another amount is a mismatch, and changes nothing
--- http_config eval: $::http
--- config eval: $::config
--- error_log
that is not its amount
--- steps
my $id = bought(amount => 100);
my $r = "R$id";

begun($id, $r, 40);
told_refund('mismatch', refund_notice($id, $r, 41, status => 'SUCCESS'),
            type => 'refund.mismatch', amount_checked => 'false',
            'data.object.status' => 'pending', 'data.object.amount' => 40);
object_ok(refund($id, refund_id => $r, amount => 40), 'it is as it was',
          status => 'pending');
sums($id, 100, 0, 'none', 'the payment');


=== TEST 13: a refund that somebody else made of our payment
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $r = "M$id";

told_refund('by hand', refund_notice($id, $r, 70, status => 'SUCCESS'),
            type => 'refund.succeeded', amount_checked => 'false',
            'data.object.refund_id' => $r, 'data.object.order_id' => $id,
            'data.object.amount' => 70);
sums($id, 100, 70, 'partial', 'the payment knows it');
problem(refund($id, refund_id => "R$id", amount => 31),
        '422 amount_exceeds_order never', 'no more than the rest');

# the same number: for how much it was only the channel knows

my $c = refund($id, refund_id => $r, amount => 70);
answered('POST', $refunds, 'asked for', 200,
         refunded($id, $r, 70, status => 'SUCCESS'));
object_ok($c, 'the same', status => 'succeeded', amount => 70);
sums($id, 100, 70, 'partial', 'once');


=== TEST 14: while one runs, a copy is told so
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $r = "R$id";
my $c = refund($id, refund_id => $r, amount => 60);
my $q = $channel->take;

problem(refund($id, refund_id => $r, amount => 60), '409 in_progress same',
        'a copy');
problem(refund($id, refund_id => "X$r", amount => 60),
        '422 amount_exceeds_order never', 'another, of more than the rest');
$q->reply(200, refunded($id, $r, 60));
object_ok($c, 'the first', status => 'pending');
counts($channel, 0, 'once');


=== TEST 15: U-7: the client leaves: what the channel says is known
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $r = "R$id";
my $c = refund($id, refund_id => $r, amount => 60);
my $q = $channel->take;

close $c->{sock};
Time::HiRes::sleep(0.2);
$q->reply(200, refunded($id, $r, 60, status => 'SUCCESS'));
Time::HiRes::sleep(0.3);

object_ok(refund($id, refund_id => $r, amount => 60), 'it is known',
          status => 'succeeded');
sums($id, 100, 60, 'partial', 'to the payment, too');
counts($channel, 0, 'once');


=== TEST 16: what is asked for must be right before anything is sent
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my %r = (refund_id => "R$id", amount => 40);

for my $c (
    [ { %r, refund_id => undef }, 'field_invalid refund_id' ],
    [ { amount => 40 }, 'field_missing refund_id' ],
    [ { %r, refund_id => 'a b' }, 'field_invalid refund_id' ],
    [ { %r, refund_id => 'x' x 65 }, 'field_invalid refund_id' ],
    [ { %r, amount => 0 }, 'amount_invalid amount' ],
    [ { %r, amount => -1 }, 'amount_invalid amount' ],
    [ { %r, amount => '40' }, 'amount_invalid amount' ],
    [ { %r, currency => 'USD' }, 'currency_unsupported currency' ],
    [ { %r, currency => 'XXQ' }, 'currency_unsupported currency' ],
    [ { %r, order_id => $id }, 'field_unknown order_id' ],
    [ { %r, reason => '' }, 'field_invalid reason' ],
    [ { %r, funds => 'mine' }, 'field_invalid funds' ],
) {
    my ($body, $want) = @$c;
    my ($code, $param) = split / /, $want;

    problem(post("/v1/payments/$id/refunds", $body),
            "422 $code never", $want, param => $param);
}

problem(post("/v1/payments/a.b/refunds", \%r), '422 field_invalid never',
        'a number in the path', param => 'order_id');
problem(post("/v1/payments/$id/refunds?channel=wechat", \%r),
        '422 field_invalid never', 'a body and a query string');
problem(post("/v1/payments/$id/refunds?channel=wechat", ''),
        '400 json_invalid never', 'a query string alone');
problem(post("/v1/payments/$id/refunds", ''), '400 json_invalid never',
        'nothing');
counts($channel, 0, 'nothing was sent');
begun($id, $r{refund_id}, 100);


=== TEST 17: variables
--- http_config eval: $::http
--- config eval: $::config
--- steps
our ($order, $refund, $gone);
$order = bought(amount => 100);
($refund, $gone) = ("R$order", "G$order");

truncate server_root() . '/logs/app.log', 0;
begun($order, $refund, 60, status => 'SUCCESS');
problem(refund($order, refund_id => $gone, amount => 41),
        '422 amount_exceeds_order never', 'too much');
told_refund('a notice', refund_notice($order, $refund, 60,
                                      status => 'SUCCESS'),
            type => 'refund.succeeded');
Time::HiRes::sleep(0.1);

my $log = sub {
    open my $in, '<', server_root() . "/logs/$_[0]" or die $!;
    my @line = <$in>;
    return @line;
};

is(join('', $log->('app.log')),
   "refund $order refund $refund 60 CNY succeeded -\n"
   . "refund $order refund $gone 41 CNY pending amount_exceeds_order\n",
   'of calls');
is(($log->('notice.log'))[-1],
   "- $order refund $refund 60 CNY succeeded -\n", 'of a notice');
