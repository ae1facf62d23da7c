#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Payments of two nodes with one Redis: one number is one order, whichever
# node is asked, who dies or leaves, and when Redis goes.
#
# a reaches Redis through a proxy, b at once; both have "deny".  z is behind
# the proxy, too, and has "zone".

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Nodes;
use Drill::Proxy;
use Drill::Redis;
use Drill::Ways;
use Test::More;
use Time::HiRes qw(sleep time);

plan(skip_all => 'no redis-server: tools/setup.sh test')
    if !Drill::Redis::found();

my $redis = Drill::Redis->new('redis');
my $proxy = Drill::Proxy->new('proxy', $redis->port);

my %patient = (timeout => '500ms', connect_timeout => '500ms');

my $site = site(split => 1, workers => 2, listen => 'reuseport backlog=1024',
                http => pay_redis($proxy->port, %patient), server => guards());
my ($gate, $channel) = @$site{qw(gate channel)};
my ($a, $b) = ($gate, node('b', http => pay_redis($redis->port, %patient)));
my $z = node('z', server => guards() . "        pay_store_error zone;\n");

my ($kept, $open, $finished) = (2, 1, 0);       # classes of records


sub key { redis_key('o', 'demo', $_[0]) }

sub class { $redis->command('HGET', key($_[0]), 'c') }

sub owner { $redis->command('HGET', key($_[0]), 'o') }


# the holder of a claim has had his time

sub forsake { $redis->command('HSET', key($_[0]), 'e', 0) }

sub pay_at { my $n = shift; ask(payment(@_), $n->{port}) }

sub paid { told(pay_at(@_)) }

sub code { json($_[0]{body})->{next_action}{url} // 'no code' }

sub query { told(ask(request('GET', "/v1/payments/$_[1]", ''), $_[0]{port})) }

sub close_at {
    my ($n, $order) = @_;
    return told(ask(request('POST', "/v1/payments/$order/close", '{}'),
                    $n->{port}));
}

sub prepays {
    return scalar(my @q = $channel->requests(
        qr{^POST /v3/pay/\S+/native .*"$_[0]"}s));
}


sub up { is(defined ready(@_) ? 1 : 0, 1, '... all have their Redis again') }


# what has been said of it is in the store: nobody holds it

sub settled {
    my $end = time + 10;

    while (time < $end) {
        return 1 if !grep { owner($_) } @_;
        sleep 0.02;
    }

    return 0;
}


# the same at both nodes at once

for my $mode ('slow 0.4', '') {
    my ($order, $copies) = (number(), 20);

    $channel->mode($mode);

    my @a = burst_to(map { [ $_->{port}, payment(order => $order) ] }
                     ($a, $b) x $copies);
    my %n = map { /^(.*): (\d+)$/ } split /, /, tally(@a);

    is(prepays($order), 1, 'R-15: one number at both nodes at once: one '
       . 'prepay at the channel');
    ok($n{'200 pending'}, '... somebody has the object');
    is(($n{'200 pending'} // 0) + ($n{'409 in_progress'} // 0), 2 * $copies,
       '... the others, too, or in_progress') or diag(tally(@a));
    is($n{'200 pending'}, 1, '... while it lasts, nobody else has it')
        if $mode;

    my %code = map { code($_) => 1 } grep { $_->{status} == 200 } @a;

    is(scalar(keys %code), 1, '... all of them the same code');
    counted('%d times at once at two nodes, channel %s: %s; prepays: %d',
            scalar @a, $mode || 'fast', tally(@a), prepays($order));
}

{
    my $order = number();

    $channel->mode('slow 0.3');

    my @a = burst_to(map {
        ([ $a->{port}, payment(order => $order, amount => 100) ],
         [ $b->{port}, payment(order => $order, amount => 700) ])
    } 1 .. 10);
    my ($won) = map { json($_->{body})->{amount} }
                grep { $_->{status} == 200 } @a;
    my @lost = grep { ($_ % 2 ? 700 : 100) != ($won // 0) } 0 .. $#a;

    is(tally(@a[@lost]), '409 idempotency_conflict: 10',
       'R-15: two amounts at two nodes at once: one is refused');
    is(prepays($order), 1, '... one prepay');
    $channel->mode('');
}


# one after the other

{
    my $order = number();
    my $first = pay_at($a, order => $order);
    my $second = pay_at($b, order => $order);

    is(told($first), '200 pending', 'a payment at a');
    is(told($second), '200 pending', '... the same at b: the object');
    is(code($second), code($first), '... with the same code');
    is(prepays($order), 1, '... and no call');
    is(paid($b, order => $order, amount => 101), '409 idempotency_conflict',
       '... with another amount at b: conflict');
    is(class($order), $open, '... its record is open');
    is(query($b, $order), '200 pending', '... a query at b');
    is(close_at($b, $order), '200 closed', '... closed at b');
    is(query($a, $order), '200 closed', '... as a says, too');
    is(paid($a, order => $order), '200 closed', '... whatever it is asked');
    is(class($order), $finished, '... its record is finished');
    cmp_ok($redis->command('TTL', key($order)), '>', 86400,
           '... and goes, some time');
    is(status($_)->{zone}{records}{open} + status($_)->{zone}{records}{kept}, 0,
       "... nothing of it is in the zone of $_->{name}") for $a, $b;
}

{
    my $order = number();

    pay_at($a, order => $order);
    $site->{relay}->mode('pass');
    press($order, 'pay');
    is(query($b, $order), '200 succeeded', 'a notice of it at a: paid, at b');
    is(close_at($b, $order), '409 already_paid', '... and not to be closed');
}


# the worker is killed while the channel works

for my $case ([ 'slow 1', 'before' ], [ 'late 1', 'after' ]) {
    my ($mode, $when) = @$case;
    my $order = number();

    $channel->mode($mode);

    my $s = send_raw(payment(order => $order), $a->{port});

    ok($channel->await(1, qr/"$order"/), 'the channel is called');
    sleep 0.1 if $when eq 'after';
    ok($a->kill_workers, "F-2: kill -9 of a, $when the channel has the order");
    answer_of($s);
    $channel->mode('');

    is(paid($b, order => $order), '409 in_progress', '... b: in progress');
    is(paid($a, order => $order), '409 in_progress', '... a, too');
    is(paid($b, order => $order, amount => 7), '409 idempotency_conflict',
       '... another amount: conflict');
    is(close_at($b, $order), '409 in_progress', '... not to be closed now');
    is(prepays($order), 1, '... nothing is sent');

    forsake($order);
    is(paid($b, order => $order, amount => 7), '409 idempotency_conflict',
       '... at the end of the claim: conflict still');
    is(prepays($order), 1, '... without a call');
    is(class($order), $kept, '... its outcome is unknown');
    is(owner($order), undef, '... and nobody holds it');
    is(paid($b, order => $order), '200 pending', '... the same: the object');
    is(prepays($order), 2, '... for which the same was sent again');
    is(class($order), $open, '... and it is known');
    is(paid($_, order => $order), '200 pending', "... at $_->{name}, too")
        for $a, $b;
    is(prepays($order), 2, '... without a call');
}


# the client leaves: while the nonce is asked for, the claim, the channel, and
# while the outcome is told

{
    my @ways = grep { /^(?:close|TCP RST|HTTP.2 RST_STREAM)$/ } ways();
    my (%of, @going);

    $proxy->mode('slow', 0.15);
    $channel->mode('slow 0.3');

    for my $phase (qw(nonce claim call outcome)) {
        for my $way (@ways) {
            my $order = $of{"$way at $phase"} = number();
            my $bytes = payment(order => $order);
            my %when = (
                nonce => sub { $proxy->count(nonce_key($bytes)) },
                claim => sub { $proxy->count(key($order)) },
                call => sub { $channel->count(qr/"$order"/) },
                outcome => sub { $proxy->count(key($order)) > 1 }
            );

            push @going, [ $way, begin($way, $bytes), $when{$phase} ];
        }
    }

    my @orders = values %of;

    ok(go_when(@going), 'U-7: 12 clients leave');
    is(scalar(grep { $channel->await(1, qr/"$_"/) } @orders), @orders,
       '... the channel is called for all');
    is(scalar(grep { $proxy->await(3, key($_)) } @orders), @orders,
       '... its answer is told');
    $proxy->mode('');
    $channel->mode('');
    ok(settled(@orders), '... nobody holds a record');

    for my $who (sort keys %of) {
        is(paid($b, order => $of{$who}), '200 pending',
           "U-7: $who: b has the object");
        is(prepays($of{$who}), 1, '... without a call');
    }
}


# Redis goes while the channel works: what the channel said is the answer,
# and what the store knows is that it does not

for my $node ($a, $z) {
    for my $mode ([ 'hold' ], [ 'mute' ]) {
        my $order = number();

        $channel->mode('slow 0.4');

        my $s = send_raw(payment(order => $order), $node->{port});

        $channel->await(1, qr/"$order"/);
        $proxy->mode(@$mode);
        is(told(answer_of($s)), '200 pending', "D-11: Redis goes ($mode->[0]) "
           . "during a call of $node->{name}: the answer is the channel's");
        $channel->mode('');
        $proxy->mode('');
        up($node);

        is(class($order), $kept, '... its outcome is unknown');
        is(paid($b, order => $order), '409 in_progress', '... b: in progress');
        is(query($b, $order), '200 pending', '... a query at b');
        is(class($order), $open, '... and it is known');
        is(query($node, $order), '200 pending', "... to $node->{name}, too");
        forsake($order);
        is(paid($b, order => $order), '200 pending', '... the object, at the '
           . 'end of the claim');
        is(owner($order), undef, '... nobody holds it');
        is(prepays($order), 2, '... the same was sent again, for its code');
    }
}


# ... and before: nothing is sent by "deny", and made in the zone by "zone"

{
    my ($refused, $order, $closed) = (number(), number(), number());

    $proxy->mode('hold');

    is(paid($a, order => $refused), '503 store_unavailable',
       'D-3: Redis is away: a, by deny, refuses');
    is(query($a, $refused), '503 store_unavailable', '... a query, too');
    is(prepays($refused), 0, '... nothing is sent');

    my $first = pay_at($z, order => $order);

    is(told($first), '200 pending', '... z, by zone, pays');
    is(paid($z, order => $closed), '200 pending', '... and another');
    is(paid($z, order => $order), '200 pending', '... the same: the object');
    is(paid($z, order => $order, amount => 5), '409 idempotency_conflict',
       '... with another amount: conflict');
    is(query($z, $order), '200 pending', '... a query');
    is(prepays($order), 1, '... one prepay');

    $proxy->mode('');
    up($a, $z);

    is($redis->command('EXISTS', key($order)), 0, '... Redis has none of it');
    is(query($b, $order), '422 field_missing', '... b has not, either');
    is(query($z, $order), '200 pending', '... z has');

    my $moved = pay_at($z, order => $order);

    is(told($moved), '200 pending', 'with its next claim');
    is(code($moved), code($first), '... it is as it was');
    is(class($order), $open, '... and in Redis');
    is(paid($b, order => $order), '200 pending', '... and b has it');
    is(paid($b, order => $order, amount => 5), '409 idempotency_conflict',
       '... as it is');
    is(prepays($order), 1, '... without a call');
    is(close_at($z, $closed), '200 closed', '... a close is a claim');
    is(query($b, $closed), '200 closed', '... and b has it');

    my $zone = status($z)->{zone};

    is(join(' ', map { $zone->{records}{$_} } qw(open kept finished)),
       '0 0 0', '... the zone of z has none any more');
    is(paid($a, order => $refused), '200 pending', '... what was refused is '
       . 'paid now');
}


# somebody has written under our names

{
    my $order = number();

    $redis->command('SET', key($order), 'x');
    is(paid($b, order => $order), '503 store_unavailable',
       'D-10: a string where the record is: refused');
    is(query($b, $order), '503 store_unavailable', '... a query, too');
    is(prepays($order), 0, '... nothing is sent');
    $redis->command('DEL', key($order));

    $redis->command('HSET', key($order), 'v', 1, 'c', 1, 'd', 'nonsense');
    like(paid($b, order => $order), qr/^5\d\d /, '... no record in the record');
    like(query($b, $order), qr/^5\d\d /, '... a query, too');
    is(owner($order), undef, '... nobody holds it');
    is(prepays($order), 0, '... nothing is sent');
    $redis->command('DEL', key($order));
}


# a reload, in the middle of all of it: they begin one after the other, and
# the first is at its end when the last begins

{
    my (%of, @order);

    $proxy->mode('slow', 0.15);
    $channel->mode('slow 0.3');

    for (1 .. 16) {
        push @order, number();
        $of{ $order[-1] } = send_raw(payment(order => $order[-1]), $a->{port});
        sleep 0.06;
    }

    ok($a->reload, 'F-1: a reload');

    my @a = map { answer_of($of{$_}) } @order;

    is(tally(@a), '200 pending: 16', '... all are answered');
    $proxy->mode('');
    $channel->mode('');
    ok(settled(@order), '... nobody holds a record');
    is(tally(map { pay_at($b, order => $_) } @order), '200 pending: 16',
       '... b has the objects');
    is(join('', map { prepays($_) } @order), '1' x 16, '... without a call');
}

up($a, $b, $z);


my ($n, @held) = records($redis);

is("@held", '', "all is over: none of $n records is held");
ok($_->stop('QUIT'), "$_->{name} leaves when all is done") for $a, $b, $z;

finish();
done_testing;
