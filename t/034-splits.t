#
# Copyright (C) the ngx_pay authors
#
# Splits, returns and receivers; and a notice that has to ask the channel
# before it can be believed (docs/design.md 7, 8).
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

our $orders = '/v3/profitsharing/orders';
our $returns = '/v3/profitsharing/return-orders';

our $http = Pay::http(
    server => undef,
    channel => { host => "http://127.0.0.1:$channel->{port}" });

our $config = <<"_E" . call_block('/_pay', read => '16s');
        location /v1/ { pay_api; }
        location = /status { pay_status json; }

        location = /notify/wechat {
            pay_notify wechat;
            proxy_pass http://127.0.0.1:$app->{port};
        }
_E

our $json = JSON::PP->new->canonical->utf8;

sub shop { { type => 'merchant', account => '1900000109', @_ } }
sub person { { type => 'openid', account => 'oStaff', @_ } }

sub split_it {
    my ($id, $split, @receivers) = @_;
    my %more = ref $receivers[-1] eq 'ARRAY' ? @{ pop @receivers } : ();

    return post("/v1/payments/$id/splits",
                { split_id => $split, receivers => \@receivers, %more });
}


# what the channel says of it: RECEIVER is [TYPE, ACCOUNT, AMOUNT, RESULT]

sub said {
    my ($id, $split, $state, @receivers) = @_;

    return signed($json->encode({
        transaction_id => '42' . substr($id, 1), out_order_no => $split,
        order_id => "3008$split", state => $state, receivers => [ map { {
            type => $_->[0], account => $_->[1], amount => $_->[2],
            result => $_->[3], description => 'x', detail_id => '1',
            $_->[3] eq 'CLOSED' ? (fail_reason => 'ACCOUNT_ABNORMAL') : (),
            create_time => '2026-11-25T11:00:00+08:00',
            finish_time => '2026-11-25T12:00:00+08:00' } } @receivers ] }));
}

sub begun {
    my ($id, $split) = @_;
    my $c = split_it($id, $split, shop(amount => 30), person(amount => 10));

    answered('POST', $orders, 'a split', 200,
             said($id, $split, 'PROCESSING',
                  [ 'MERCHANT_ID', '1900000109', 30, 'PENDING' ],
                  [ 'PERSONAL_OPENID', 'oStaff', 10, 'PENDING' ]));

    return object_ok($c, 'a split', status => 'pending', object => 'split',
                     split_id => $split, order_id => $id);
}

sub find { "$orders/$_[1]?transaction_id=42" . substr $_[0], 1 }

sub split_notice {
    my ($id, $split) = @_;

    return notice($json->encode({
        mchid => '1900000001', transaction_id => '42' . substr($id, 1),
        order_id => "3008$split", out_order_no => $split,
        receiver => { type => 'MERCHANT_ID', account => '1900000109',
                      amount => 30, description => 'x' },
        success_time => '2026-11-25T12:00:00+08:00' }),
        original_type => 'profitsharing', aad => 'profitsharing');
}


run_tests();


__DATA__

=== TEST 1: a split, by amounts; what is sent, and what becomes of it
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $s = "S$id";
my $c = split_it($id, $s, shop(amount => 30), person(ratio => 1250));
my $b = decode(answered('POST', $orders, 'a split', 200,
                        said($id, $s, 'PROCESSING',
                             [ 'MERCHANT_ID', '1900000109', 30, 'PENDING' ],
                             [ 'PERSONAL_OPENID', 'oStaff', 12, 'PENDING' ]))
                ->{body});

is(join(' ', $b->{transaction_id}, map { "$_->{type} $_->{account} "
             . $_->{amount} } @{ $b->{receivers} }), '42' . substr($id, 1)
   . ' MERCHANT_ID 1900000109 30 PERSONAL_OPENID oStaff 12', 'what is sent');
object_ok($c, 'the split', status => 'pending', split_id => $s,
          order_id => $id, 'receivers.0.type' => 'merchant',
          'receivers.0.amount' => 30, 'receivers.1.amount' => 12,
          'receivers.1.status' => 'pending');

# ratios are the wish: they are not the amounts that they made

object_ok(split_it($id, $s, shop(amount => 30), person(ratio => 1250)),
          'again', status => 'pending');
problem(split_it($id, $s, shop(amount => 30), person(amount => 12)),
        '409 idempotency_conflict never', 'by amounts', param => 'split_id');
problem(split_it(bought(), $s, shop(amount => 30), person(ratio => 1250)),
        '409 idempotency_conflict never', 'of another payment');
counts($channel, 0, 'nothing was sent');

$c = get("/v1/splits/$s");
answered('GET', find($id, $s), 'a query', 200,
         said($id, $s, 'FINISHED',
              [ 'MERCHANT_ID', '1900000109', 30, 'SUCCESS' ],
              [ 'PERSONAL_OPENID', 'oStaff', 12, 'CLOSED' ]));
object_ok($c, 'a query', status => 'partially_succeeded',
          'receivers.0.status' => 'succeeded',
          'receivers.1.status' => 'failed');
object_ok(split_it($id, $s, shop(amount => 30), person(ratio => 1250)),
          'again', status => 'partially_succeeded');
counts($channel, 0, 'nothing was sent');


=== TEST 2: what can't be split
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $s = "S$id";
my $open = number();
my $c = pay(order_id => $open);
$channel->take->reply(200, signed('{"code_url":"weixin://x/y"}'));
payment_ok($c, 'an order', status => 'pending');

problem(split_it($open, $s, shop(amount => 1)), '409 state_conflict never',
        'not paid');

for my $t (
    [ 'split_limit', 'receivers', shop(amount => 101) ],
    [ 'split_limit', 'receivers', shop(amount => 60), person(amount => 41) ],
    [ 'split_limit', 'receivers', shop(ratio => 9000), person(ratio => 1001) ],
    [ 'amount_exceeds_order', 'base', shop(ratio => 1), [ base => 101 ] ],
    [ 'field_invalid', 'receivers', shop() ],
    [ 'field_invalid', 'receivers', shop(amount => 1, ratio => 1) ],
    [ 'field_invalid', 'receivers', [] ],
    [ 'amount_invalid', 'receivers[0].amount', shop(amount => 0) ],
    [ 'amount_invalid', 'receivers', shop(ratio => 1) ],
    [ 'field_invalid', 'receivers[0].ratio', shop(ratio => 10001) ],
    [ 'field_invalid', 'order_id', shop(amount => 1), [ order_id => 'x' ] ],
    [ 'receiver_invalid', 'receivers', shop(type => 'dog', amount => 1) ],
) {
    my ($code, $param, @receivers) = @$t;

    problem(split_it($id, $s, @receivers), "422 $code never",
            "$code $param", param => $param);
}

my $long = { map { ("k$_" => 'v' x 90) } 1 .. 19 };

problem(split_it($id, $s, (map { shop(account => "$_", amount => 1) }
                           1900000100 .. 1900000140), [ metadata => $long ]),
        '422 split_limit never', 'more than a record holds');
counts($channel, 0, 'nothing was sent');
begun($id, $s);


=== TEST 3: the answer is lost: the same again is the same split
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $s = "S$id";
my $c = split_it($id, $s, shop(amount => 30), person(amount => 10));
my $q = $channel->take;
$q->close;
problem($c, '504 outcome_unknown query', 'lost');
$c = split_it($id, $s, shop(amount => 30), person(amount => 10));
my $again = $channel->take;
is($again->{body}, $q->{body}, 'the same bytes');
$again->reply(200, said($id, $s, 'PROCESSING',
                        [ 'MERCHANT_ID', '1900000109', 30, 'PENDING' ],
                        [ 'PERSONAL_OPENID', 'oStaff', 10, 'PENDING' ]));
object_ok($c, 'the same again', status => 'pending');


=== TEST 4: finish, and a return
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my ($s, $f, $r) = map { "$_$id" } qw(S F R);

begun($id, $s);

my $c = post("/v1/payments/$id/splits/finish", { split_id => $f });
answered('POST', "$orders/unfreeze", 'finish', 200,
         said($id, $f, 'FINISHED',
              [ 'MERCHANT_ID', '1900000001', 60, 'SUCCESS' ]));
object_ok($c, 'finish', object => 'split', status => 'succeeded',
          split_id => $f, order_id => $id);
object_ok(post("/v1/payments/$id/splits/finish", { split_id => $f }),
          'again', status => 'succeeded');
problem(split_it($id, $f, shop(amount => 1)),
        '409 idempotency_conflict never', 'a split of that number');

my %back = (return_id => $r, amount => 20, receiver => shop());
my $said = sub {
    return signed($json->encode({
        order_id => "3008$s", out_order_no => $s, out_return_no => $r,
        return_id => "3009$r", return_mchid => '1900000109', amount => 20,
        result => $_[0], description => 'x',
        create_time => '2026-11-25T11:00:00+08:00',
        finish_time => '2026-11-25T12:00:00+08:00' }));
};

$c = post("/v1/splits/$s/returns", \%back);
my $b = decode(answered('POST', $returns, 'a return', 200,
                        $said->('PROCESSING'))->{body});
is(join(' ', @$b{qw(out_order_no out_return_no return_mchid amount)}),
   "$s $r 1900000109 20", 'what is sent');
object_ok($c, 'a return', object => 'split_return', return_id => $r,
          split_id => $s, status => 'pending', amount => 20);
object_ok(post("/v1/splits/$s/returns", \%back), 'again',
          status => 'pending');
problem(post("/v1/splits/$s/returns", { %back, amount => 21 }),
        '409 idempotency_conflict never', 'another amount',
        param => 'return_id');
problem(post("/v1/splits/$f/returns", \%back),
        '409 idempotency_conflict never', 'of another split');
problem(get("/v1/splits/$f/returns/$r"), '404 not_found never',
        'it is not there');

$c = get("/v1/splits/$s/returns/$r");
answered('GET', "$returns/$r?out_order_no=$s", 'a query', 200,
         $said->('SUCCESS'));
object_ok($c, 'a query', status => 'succeeded', split_id => $s);
counts($channel, 0, 'nothing else was sent');


=== TEST 5: receivers
--- http_config eval: $::http
--- config eval: $::config
--- steps
my %r = (channel => 'wechat', receiver => shop(relation => 'STORE',
                                               name => undef));
delete $r{receiver}{name};

my $c = post('/v1/receivers', \%r);
my $reply = '{"type":"MERCHANT_ID","account":"1900000109",'
            . '"relation_type":"STORE"}';
answered('POST', '/v3/profitsharing/receivers/add', 'add', 200,
         signed($reply));
object_ok($c, 'added', object => 'receiver', account => '1900000109',
          channel => 'wechat', deleted => 'false', relation => 'STORE');

$c = post('/v1/receivers', \%r, method => 'DELETE');
answered('POST', '/v3/profitsharing/receivers/delete', 'delete', 200,
         signed($reply));
object_ok($c, 'deleted', account => '1900000109', deleted => 'true');

$c = post('/v1/receivers', \%r);
$channel->take->close;
problem($c, '502 channel_response_invalid query', 'lost');
problem(post('/v1/receivers', { %r, channel => 'none' }),
        '403 channel_forbidden never', 'another channel');
problem(post('/v1/receivers', { channel => 'wechat' }),
        '422 field_missing never', 'nobody', param => 'receiver');


=== TEST 6: what the store has forgotten
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $s = "S$id";

problem(split_it($id, $s, shop(amount => 30)), '422 field_missing never',
        'no channel', param => 'channel');
problem(split_it($id, $s, shop(amount => 30), [ channel => 'wechat' ]),
        '422 field_missing never', 'no number of the channel',
        param => 'channel_order_id');
problem(split_it($id, $s, shop(ratio => 30), [ channel => 'wechat' ]),
        '422 field_missing never', 'of what', param => 'base');
problem(get("/v1/splits/$s?channel=wechat"), '422 field_missing never',
        'a query', param => 'channel_order_id');
counts($channel, 0, 'nothing was sent');

my $c = get("/v1/splits/$s?channel=wechat&channel_order_id=42"
            . substr($id, 1));
answered('GET', find($id, $s), 'a query', 200,
         said($id, $s, 'FINISHED',
              [ 'MERCHANT_ID', '1900000109', 30, 'SUCCESS' ]));
object_ok($c, 'a query', status => 'succeeded',
          'receivers.0.amount' => 30);


=== TEST 7: a notice that asks the channel: the event tells what it says
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = bought(amount => 100);
my $s = "S$id";

begun($id, $s);

my $body = split_notice($id, $s);
my $c = post_notice('/notify/wechat', $body);

answered('GET', find($id, $s), 'a query', 200,
         said($id, $s, 'FINISHED',
              [ 'MERCHANT_ID', '1900000109', 30, 'SUCCESS' ],
              [ 'PERSONAL_OPENID', 'oStaff', 10, 'SUCCESS' ]));

my $q = $app->take;
event_ok($q, 'the event', type => 'split.succeeded',
         'data.object.split_id' => $s, 'data.object.order_id' => $id,
         'data.object.status' => 'succeeded');
$q->reply(204);
acked($c, 'the notice');
object_ok(split_it($id, $s, shop(amount => 30), person(amount => 10)),
          'it is known', status => 'succeeded');
counts($channel, 0, 'asked once');

# ... and where it does not: nobody has judged it

$id = bought(amount => 100);
$s = "S$id";
begun($id, $s);
$body = split_notice($id, $s);

$c = post_notice('/notify/wechat', $body);
$channel->take->close;
refused($c, 503, 'no answer');

$c = post_notice('/notify/wechat', $body);
answered('GET', find($id, $s), 'a query', 500);
refused($c, 503, 'a bad answer');

$c = post_notice('/notify/wechat', $body);
answered('GET', find($id, $s), 'a query', 200,
         said($id, "X$s", 'FINISHED',
              [ 'MERCHANT_ID', '1900000109', 30, 'SUCCESS' ]));
like($c->answer->{status}, qr/^[45]/, 'an answer about another');
counts($app, 0, 'not forwarded');
object_ok(split_it($id, $s, shop(amount => 30), person(amount => 10)),
          'as it was', status => 'pending');


=== TEST 8: N-4: the channel does not wait for its own answer
--- http_config eval: $::http
--- config eval: $::config
--- error_log
did not answer in time what its notice needs
--- steps
my $id = bought(amount => 100);
my $s = "S$id";

begun($id, $s);

my $c = post_notice('/notify/wechat', split_notice($id, $s));
my $q = $channel->take;

refused($c, 503, 'at the deadline');
between($c->{took}, 3.5, 4.9, 'its seconds');

# what comes then is nobody's any more, and nothing breaks

$q->reply(200, said($id, $s, 'FINISHED',
                    [ 'MERCHANT_ID', '1900000109', 30, 'SUCCESS' ],
                    [ 'PERSONAL_OPENID', 'oStaff', 10, 'SUCCESS' ]));
Time::HiRes::sleep(0.3);
counts($app, 0, 'not forwarded');

$c = post_notice('/notify/wechat', split_notice($id, $s));
answered('GET', find($id, $s), 'the next copy', 200,
         said($id, $s, 'FINISHED',
              [ 'MERCHANT_ID', '1900000109', 30, 'SUCCESS' ],
              [ 'PERSONAL_OPENID', 'oStaff', 10, 'SUCCESS' ]));
$q = $app->take;
event_ok($q, 'the event', type => 'split.succeeded');
$q->reply(204);
acked($c, 'the notice');
