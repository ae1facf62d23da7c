#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Refunds at two nodes with one Redis: one number is one refund, and their sum
# is never more than the payment, whoever asks, how many at once, and who dies.
#
# The channel's own answers to refunds are made here: the sum of what it was
# asked for is known to the byte.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Mock;
use Drill::Nodes;
use Drill::Redis;
use Drill::Ways;
use Test::More;
use Time::HiRes qw(sleep time);

require Mock;

plan(skip_all => 'no redis-server: tools/setup.sh test')
    if !Drill::Redis::found();

my $port_file = Drill::dir() . '/sim.port';


# refunds are answered here, all else by the simulator

sub refunded {
    my ($request) = @_;
    my $o = Drill::json($request->{body});

    my ($body, @head) = Mock::signed(JSON::PP->new->canonical->encode({
        refund_id => "50$o->{out_refund_no}", transaction_id => '4200001',
        out_refund_no => $o->{out_refund_no}, status => 'PROCESSING',
        out_trade_no => $o->{out_trade_no}, channel => 'ORIGINAL',
        user_received_account => 'x', funds_account => 'UNSETTLED',
        create_time => '2026-11-25T11:00:00+08:00',
        amount => { %{ $o->{amount} }, payer_refund => 1 } }));

    return join("\r\n", 'HTTP/1.1 200 OK', @head,
                'Content-Length: ' . length $body, 'Connection: close', '', '')
           . $body;
}

my $channel = Drill::Mock->new(Drill::dir(), 'refunds', sub {
    my ($request, $mode) = @_;

    if ($request->{line} !~ m{^POST /v3/refund/}) {
        open my $in, '<', $port_file or die $!;
        return { forward => <$in> };
    }

    return { drop => 1 } if $mode eq 'drop';

    my ($wait) = $mode =~ /^slow (\S+)/;

    return { raw => refunded($request), $wait ? (wait => $wait) : () };
});

my $redis = Drill::Redis->new('redis');
my %patient = (timeout => '2s', connect_timeout => '2s');
my $site = site(split => 1, workers => 2, channel => $channel->port,
                listen => 'reuseport backlog=1024',
                http => pay_redis($redis->port, %patient));
my $a = $site->{gate};
my $b = node('b', http => pay_redis($redis->port, %patient));

open my $out, '>', $port_file or die $!;
print $out $site->{port}{sim};
close $out;

$site->{relay}->mode('pass');


sub refund {
    my ($order, $refund, $amount) = @_;

    return request('POST', "/v1/payments/$order/refunds",
                   qq({"refund_id":"$refund","amount":$amount}));
}


sub refund_at {
    my ($n, @refund) = @_;
    return told(ask(refund(@refund), $n->{port}));
}


# what the channel was asked for, by number

sub sent {
    my $order = shift;
    my %n;

    for my $q ($channel->requests(qr{^POST /v3/refund/.*"$order"}s)) {
        my $o = json($q->{body});
        push @{ $n{ $o->{out_refund_no} } }, $o->{amount}{refund};
    }

    return %n;
}


sub sum {
    my %n = @_;
    my $sum = 0;

    $sum += $_->[0] for values %n;

    return $sum;
}


sub bought {
    my $order = number();

    is(told(ask(payment(order => $order, amount => 100), $a->{port})),
       '200 pending', 'an order of 100');
    press($order, 'pay');
    is(told(ask(payment(order => $order, amount => 100), $b->{port})),
       '200 succeeded', '... is paid, as b knows');

    return $order;
}


# one refund, wished for many times at both nodes at once

for my $mode ('slow 0.5', '') {
    my ($order, $copies) = (bought(), 20);

    $channel->mode($mode);

    my @a = burst_to(map { [ $_->{port}, refund($order, "R$order", 60) ] }
                     ($a, $b) x $copies);
    my %n = map { /^(.*): (\d+)$/ } split /, /, tally(@a);
    my %sent = sent($order);

    is(scalar(map { @$_ } values %sent), 1, 'R-15: one refund, 40 times at '
       . 'two nodes: it is sent once');
    ok($n{'200 pending'}, '... somebody has the object');
    is(($n{'200 pending'} // 0) + ($n{'409 in_progress'} // 0), 2 * $copies,
       '... the others, too, or in_progress') or diag(tally(@a));
    counted('%d times at once, channel %s: %s', scalar @a, $mode || 'fast',
            tally(@a));
}


# many refunds of one payment: what is sent is never more than it was

for my $amount (10, 7, 100) {
    my $order = bought();
    my $copies = 20;
    my $room = int(100 / $amount);

    $channel->mode($amount == 7 ? '' : 'slow 0.3');

    my $i = 0;
    my @a = burst_to(map { [ $_->{port}, refund($order, 'R' . $i++ . $order,
                                               $amount) ] }
                     ($a, $b) x $copies);
    my %n = map { /^(.*): (\d+)$/ } split /, /, tally(@a);
    my %sent = sent($order);

    is(scalar(keys %sent), $room, "40 refunds of $amount at once: $room are "
       . 'sent');
    is(sum(%sent), $room * $amount, '... of ' . $room * $amount . ' in sum');
    is(scalar(grep { @$_ != 1 } values %sent), 0, '... each of them once');
    is($n{'200 pending'}, $room, '... and have their objects');
    is($n{'422 amount_exceeds_order'}, 2 * $copies - $room,
       '... the others are more than the payment') or diag(tally(@a));
    counted('40 refunds of %d of a payment of 100: %s; sent: %d', $amount,
            tally(@a), sum(%sent));
}


# the worker is killed while the channel has the refund

for my $mode ('slow 1', 'drop') {
    my $order = bought();
    my $r = "R$order";

    $channel->mode($mode);

    my $s = send_raw(refund($order, $r, 60), $a->{port});

    ok($channel->await(1, qr{refund.*"$r"}s), 'the channel has a refund');

    if ($mode eq 'drop') {
        is(told(answer_of($s)), '504 outcome_unknown', 'F-2: no answer');

    } else {
        ok($a->kill_workers, 'F-2: kill -9 of a, while the channel works');
        answer_of($s);
        is(refund_at($b, $order, $r, 60), '409 in_progress',
           '... b: in progress');
    }

    $channel->mode('');

    is(refund_at($_, $order, "X$order", 41), '422 amount_exceeds_order',
       "... its sum is taken, says $_->{name}") for $a, $b;
    is(refund_at($b, $order, $r, 61), '409 idempotency_conflict',
       '... another amount: conflict');

    $redis->command('HSET', redis_key('r', 'demo', $r), 'e', 0)
        if $mode ne 'drop';

    is(refund_at($b, $order, $r, 60), '200 pending',
       '... the same again, at its end: the object');
    is(refund_at($_, $order, $r, 60), '200 pending',
       "... $_->{name} has it") for $a, $b;
    is(refund_at($a, $order, "Y$order", 40), '200 pending',
       '... and the rest');

    my %sent = sent($order);

    is(join(' ', map { "$_->[0]x" . @$_ } @sent{sort keys %sent}),
       '60x2 40x1', '... sent: the first twice by one number, the rest once');
}


my ($n, @held) = records($redis);

is("@held", '', "all is over: none of $n records is held");
ok($_->stop('QUIT'), "$_->{name} leaves when all is done") for $a, $b;

finish();
done_testing;
