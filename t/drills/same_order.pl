#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# One order number, wished for many times at once: each request has a nonce
# of its own, so the number alone must keep it to one payment.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;

my $copies = 100;
my $site = site(workers => 4, listen => 'reuseport backlog=1024');
my ($gate, $channel, $port) = ($site->{gate}, $site->{channel},
                               $site->{port}{gate});


sub prepays { $channel->count(qr{^POST /v3/pay/.*"$_[0]"}s) }


sub tallied {
    my %n = map { /^(.*): (\d+)$/ } split /, /, tally(@_);
    return \%n;
}


# the channel takes its time, or not: then those that come later get the
# object

my ($sent, $calls) = (0, 0);

for my $mode ('slow 0.5', '', 'late 0.3', '', '') {
    my $order = number();
    my $what = "R-15: $copies times at once, channel "
               . ($mode || 'as fast as it is');

    $channel->mode($mode);

    my @a = burst($port, map { payment(order => $order, tag => $order) }
                             1 .. $copies);
    my $n = tallied(@a);

    is(prepays($order), 1, "$what: one prepay at the channel");
    ok($n->{'200 pending'}, '... somebody has the object');
    is(($n->{'200 pending'} // 0) + ($n->{'409 in_progress'} // 0), $copies,
       '... the others the object, or in_progress') or diag(tally(@a));
    is($gate->handled($order), 4, '... over all workers');

    my %code = map { $_ => 1 } grep { defined }
               map { json($_->{body})->{next_action}{url} }
               grep { $_->{status} == 200 } @a;

    is(scalar(keys %code), 1, '... and all objects show the same code');

    if ($mode =~ /slow/) {
        is($n->{'200 pending'}, 1, '... while it lasts, nobody else has it');
    }

    my @retry = map { json($_->{body})->{retry} }
                grep { $_->{status} == 409 } @a;

    is(scalar(grep { $_ ne 'same' } @retry), 0,
       '... in_progress says: the same number again');

    is(told(pay(order => $order)), '200 pending', '... later: the object');
    is(told(pay(order => $order, amount => 101)), '409 idempotency_conflict',
       '... with another amount: conflict');
    is(prepays($order), 1, '... and the channel has heard of it once');

    counted('%s, channel %s: %s; prepays: %d', $copies, $mode || 'fast',
            tally(@a), prepays($order));
}


# two wishes for one number at once: one of them is the order

for my $round (1 .. 3) {
    my $order = number();

    $channel->mode($round == 1 ? 'slow 0.4' : '');

    my @a = burst($port, map { payment(order => $order,
                                       amount => $_ % 2 ? 100 : 700) }
                             1 .. $copies);

    my ($won) = map { json($_->{body})->{amount} }
                grep { $_->{status} == 200 } @a;
    my $odd = ($won // 0) == 100 ? 1 : 0;
    my @winners = map { $a[$_ - 1] } grep { $_ % 2 == $odd } 1 .. $copies;
    my @losers = map { $a[$_ - 1] } grep { $_ % 2 != $odd } 1 .. $copies;
    my $n = tallied(@winners);

    is(tally(@losers), '409 idempotency_conflict: ' . @losers,
       "R-15: two amounts at once, round $round: the one is refused");
    is(($n->{'200 pending'} // 0) + ($n->{'409 in_progress'} // 0), @winners,
       '... the other is the order') or diag(tally(@winners));
    is(prepays($order), 1, '... one prepay at the channel');

    my ($q) = $channel->requests(qr{^POST /v3/pay/.*"$order"}s);

    is(json($q->{body})->{amount}{total}, $won, '... of the amount that won');

    counted('two amounts, %d: %s; prepays: %d', $copies, tally(@a),
            prepays($order));
}


# each part of the wish is in it

my $order = number();
$channel->mode('slow 0.6');

my $first = send_raw(payment(order => $order));
$channel->await(1, qr/"$order"/);

my @other = map {
    request('POST', '/v1/payments', Pay::payment(
        order_id => $order, amount => 100, description => 'drill', @$_))
} [ amount => 99 ], [ description => 'drill2' ],
  [ metadata => { a => 'b' } ], [ expires_at => '2036-01-01T00:00:00Z' ],
  [ payer => { ip => '192.0.2.1' } ];

is(tally(burst($port, @other)), '409 idempotency_conflict: ' . @other,
   'R-15: other fields while the first is under way: conflict');
is(told(answer_of($first)), '200 pending', '... and the first is not touched');
is(tally(burst($port, @other)), '409 nonce_replayed: ' . @other,
   '... R-1: their nonces are used');
is(prepays($order), 1, '... one prepay');


finish();
done_testing;
