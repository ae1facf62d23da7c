#
# Copyright (C) the ngx_pay authors
#
# Transfers: what is sent once, what the receiver confirms, what can be
# cancelled, and every arrow of their notices (docs/design.md 7, 8).
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

our $bills = '/v3/fund-app/mch-transfer/transfer-bills';

our $http = Pay::http(
    server => undef,
    channel => { host => "http://127.0.0.1:$channel->{port}" },
    merchant => { operations => 'pay transfer transfer_query '
                                . 'transfer_cancel' });

our $config = <<"_E" . Pay::call_location();
        location /v1/ { pay_api; }
        location = /status { pay_status json; }

        location = /notify/wechat {
            pay_notify wechat;
            proxy_pass http://127.0.0.1:$app->{port};
        }
_E

sub ask_for {
    my ($id, %p) = @_;

    return post('/v1/transfers', {
        transfer_id => $id, amount => 25, currency => 'CNY',
        channel => 'wechat', to => { type => 'openid', openid => 'oReceiver' },
        description => 'a prize', purpose => { scene => '1000', reports => [
            { type => 'activity', content => 'a lottery' } ] }, %p });
}


# what the channel says of it

sub bill {
    my ($id, $state, %p) = @_;

    my %o = (
        out_bill_no => $id, transfer_bill_no => "13$id", state => $state,
        create_time => '2026-11-25T11:00:00+08:00', %p
    );

    $o{package_info} = 'affffddafdfafddffda=='
        if $state eq 'WAIT_USER_CONFIRM' && !exists $o{openid};

    $o{update_time} = '2026-11-25T12:00:00+08:00' if $state eq 'SUCCESS';

    return JSON::PP->new->canonical->encode(\%o);
}

sub found {
    my ($id, $state, %p) = @_;
    return signed(bill($id, $state, mch_id => '1900000001',
                       openid => 'oReceiver', transfer_amount => 25, %p));
}

sub bill_notice {
    my ($id, $state, %p) = @_;

    return notice(bill($id, $state, mch_id => '1900000001',
                       openid => 'oReceiver', transfer_amount => 25, %p),
                  event_type => 'MCHTRANSFER.BILL.FINISHED',
                  original_type => 'mch_payment', aad => 'mch_payment');
}

sub begun {
    my ($id, $state) = @_;
    my $c = ask_for($id);

    answered('POST', $bills, $state, 200, signed(bill($id, $state)));

    return object_ok($c, "begun, $state", object => 'transfer',
                     transfer_id => $id);
}


run_tests();


__DATA__

=== TEST 1: a transfer: what is sent, and the whole object
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $c = ask_for($id, metadata => { a => 'b' });
my $b = decode(answered('POST', $bills, 'a transfer', 200,
                        signed(bill($id, 'WAIT_USER_CONFIRM')))->{body});

is(join(' ', @$b{qw(out_bill_no openid transfer_amount transfer_remark
                    transfer_scene_id)}), "$id oReceiver 25 a prize 1000",
   'what is sent');

my $time = qr/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/;

like($c->answer->{body}, qr/\A\{"object":"transfer","transfer_id":"$id",
    "merchant":"demo","channel":"wechat","channel_transfer_id":"13$id",
    "status":"requires_action","amount":25,"currency":"CNY","next_action":
    \{"type":"user_confirm","params":\{"mchId":"1900000001","appId":"wx\d+",
    "package":"affffddafdfafddffda=="\}\},"failure":null,"created_at":$time,
    "succeeded_at":null,"metadata":\{"a":"b"\},"test":true\}\z/x,
    'the object, all of it');


=== TEST 2: the same again: no second transfer; other fields: conflict
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();

begun($id, 'WAIT_USER_CONFIRM');
object_ok(ask_for($id), 'again', status => 'requires_action',
          'next_action.params.package' => 'affffddafdfafddffda==');

for my $other ([ amount => 26 ], [ description => 'x' ],
               [ to => { type => 'openid', openid => 'oOther' } ],
               [ purpose => { scene => '1001' } ], [ metadata => { a => 1 } ])
{
    my $c = ask_for($id, @$other);

    is(decode($c->answer->{body})->{code},
       $other->[0] eq 'metadata' ? 'field_invalid' : 'idempotency_conflict',
       "another $other->[0]");
}

counts($channel, 0, 'nothing was sent');


=== TEST 3: R-15: the answer is lost: the same again is the same transfer
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $c = ask_for($id);
my $q = $channel->take;
$q->close;
problem($c, '504 outcome_unknown query', 'lost', channel => 'wechat');
problem(ask_for($id, amount => 26), '409 idempotency_conflict never',
        'another amount');
is(status_json()->{zone}{records}{kept}, 1, 'it is kept');

$c = ask_for($id);
my $again = $channel->take;
is($again->{body}, $q->{body}, 'the same bytes');
$again->reply(200, signed(bill($id, 'ACCEPTED')));
object_ok($c, 'the same again', status => 'pending', next_action => '~');
counts($channel, 0, 'once');


=== TEST 4: the channel did not take it: nothing is left of it
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $kept = status_json()->{zone}{records}{kept};

for my $amount (25, 26) {
    my $c = ask_for($id, amount => $amount);
    answered('POST', $bills, $amount, 403,
             signed('{"code":"NOT_ENOUGH","message":"no money"}'));
    problem($c, '422 balance_insufficient later', "refused, $amount");
}

is(status_json()->{zone}{records}{kept}, $kept, 'nothing is kept of it');


=== TEST 5: a cancel, and what is over
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $bill = "$bills/out-bill-no/$id";

begun($id, 'WAIT_USER_CONFIRM');

my $c = post("/v1/transfers/$id/cancel", '');
answered('POST', "$bill/cancel", 'a cancel', 200,
         signed(bill($id, 'CANCELING')));
object_ok($c, 'it is on its way', status => 'pending');

$c = get("/v1/transfers/$id");
answered('GET', $bill, 'a query', 200, found($id, 'CANCELLED'));
object_ok($c, 'cancelled', status => 'closed');

object_ok(post("/v1/transfers/$id/cancel", '{}'), 'again',
          status => 'closed');
object_ok(ask_for($id), 'the same transfer', status => 'closed');
counts($channel, 0, 'nothing was sent');

my $done = number();
begun($done, 'SUCCESS');
problem(post("/v1/transfers/$done/cancel", ''), '409 state_conflict never',
        'what has arrived is not cancelled');
counts($channel, 0, 'nothing was sent');

# the answer to a cancel is lost: the transfer is as it was

my $lost = number();
begun($lost, 'WAIT_USER_CONFIRM');
$c = post("/v1/transfers/$lost/cancel", '');
$channel->take->close;
problem($c, '504 outcome_unknown query', 'lost');
object_ok(ask_for($lost), 'as it was', status => 'requires_action');


=== TEST 6: transfer notices, as a table
--- http_config eval: $::http
--- config eval: $::config
--- steps
my %ours = (ACCEPTED => 'pending', SUCCESS => 'succeeded', FAIL => 'failed',
            CANCELLED => 'closed', WAIT_USER_CONFIRM => 'requires_action');

for my $a (
    # from, to, 1: an event, 0: dropped
    [ ACCEPTED => SUCCESS => 1 ], [ ACCEPTED => FAIL => 1 ],
    [ ACCEPTED => CANCELLED => 1 ], [ ACCEPTED => WAIT_USER_CONFIRM => 1 ],
    [ WAIT_USER_CONFIRM => SUCCESS => 1 ],
    [ WAIT_USER_CONFIRM => FAIL => 1 ],
    [ WAIT_USER_CONFIRM => CANCELLED => 1 ],
    [ SUCCESS => FAIL => 1 ], [ SUCCESS => CANCELLED => 0 ],
    [ SUCCESS => WAIT_USER_CONFIRM => 0 ], [ FAIL => SUCCESS => 0 ],
    [ FAIL => CANCELLED => 0 ], [ CANCELLED => SUCCESS => 0 ],
    [ CANCELLED => FAIL => 0 ], [ CANCELLED => ACCEPTED => 0 ],
) {
    my ($from, $to, $event) = @$a;
    my $id = number();
    my $name = "$from to $to";

    begun($id, $from);

    my $body = bill_notice($id, $to);

    if ($event) {
        told_refund($name, $body, type => "transfer.$ours{$to}",
            amount_checked => 'true', 'data.object.object' => 'transfer',
            'data.object.transfer_id' => $id, 'data.object.amount' => 25,
            'data.object.status' => $ours{$to});
    }

    acked(post_notice('/notify/wechat', $body), $event ? "$name: again"
                                                       : "$name: dropped");
    counts($app, 0, "$name: told once");

    my $c = get("/v1/transfers/$id");
    $channel->take->close;
    $c->answer;

    object_ok(ask_for($id), $name, status => $ours{$event ? $to : $from});
    counts($channel, 0, "$name: nothing was sent");
}


=== TEST 7: another amount is a mismatch; a number that we do not know
--- http_config eval: $::http
--- config eval: $::config
--- error_log
that is not its amount
--- steps
my ($id, $other) = (number(), number());

begun($id, 'ACCEPTED');
told_refund('mismatch', bill_notice($id, 'SUCCESS', transfer_amount => 26),
            type => 'transfer.mismatch', amount_checked => 'false',
            'data.object.status' => 'pending', 'data.object.amount' => 25);
object_ok(ask_for($id), 'as it was', status => 'pending');
told_refund('unknown', bill_notice($other, 'SUCCESS'),
            type => 'transfer.succeeded', amount_checked => 'false',
            'data.object.transfer_id' => $other,
            'data.object.amount' => 25);


=== TEST 8: what the store has forgotten; what must be right
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $bill = "$bills/out-bill-no/$id";

problem(get("/v1/transfers/$id"), '422 field_missing never', 'a query',
        param => 'channel');
problem(post("/v1/transfers/$id/cancel", ''), '422 field_missing never',
        'a cancel', param => 'channel');

my $c = get("/v1/transfers/$id?channel=wechat");
answered('GET', $bill, 'a query', 200, found($id, 'SUCCESS'));
object_ok($c, 'a query', status => 'succeeded', amount => 25);

$c = post("/v1/transfers/$id/cancel", '{"channel":"wechat"}');
answered('POST', "$bill/cancel", 'a cancel', 200,
         signed(bill($id, 'CANCELING')));
object_ok($c, 'a cancel', status => 'pending');

for my $t (
    [ to => { type => 'openid' }, 'field_missing', 'to' ],
    [ to => { openid => 'o1' }, 'field_missing', 'to.type' ],
    [ to => { type => 'card', card_no => '6222000000000001' },
      'field_invalid', 'to.type' ],
    [ amount => 0, 'amount_invalid', 'amount' ],
    [ currency => 'USD', 'currency_unsupported', 'currency' ],
    [ transfer_id => 'x' x 33, 'field_invalid', 'transfer_id' ],
    [ transfer_id => 'a_b', 'field_invalid', 'transfer_id' ],
    [ payer => {}, 'field_unknown', 'payer' ],
) {
    my ($field, $value, $code, $param) = @$t;

    problem(ask_for(number(), $field => $value), "422 $code never",
            "$field: $code", param => $param);
}

problem(ask_for(number(), channel => 'none'), '403 channel_forbidden never',
        'another channel');
counts($channel, 0, 'nothing was sent');
