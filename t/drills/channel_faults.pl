#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# A channel that spoils its answers, and an application that fails: the order
# is kept and asked for again by its number, the event comes again under its
# id.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;
use Time::HiRes qw(sleep);

my $site = site(workers => 4, call => { proxy_read_timeout => '2s' });
my ($gate, $channel, $app, $relay, $port)
    = (@$site{qw(gate channel app relay)}, $site->{port});


sub prepays { $channel->count(qr{^POST /v3/pay/\S+/native .*"$_[0]"}s) }

sub events { $app->requests(qr/"order_id":"$_[0]"/) }


# an order at the channel, with all as it should be

sub order {
    my $order = number();

    $channel->mode('');
    $app->mode('');
    is(told(pay(order => $order)), '200 pending', 'an order');

    return $order;
}


# the page's answer to a button that is pressed while the application does
# this: what it says when the notices have been sent

sub pressed {
    my ($order, $action, $mode) = @_;

    $app->mode($mode);

    my $s = send_raw(Drill::press_bytes($order, $action), $port->{sim});

    $app->await(1, qr/"order_id":"$order"/);
    $app->mode('');

    return @{ json(answer_of($s)->{body})->{notices} // [] };
}


sub acks { join ' ', map { $_->{acknowledgement}{status} // 0 } @_ }


# what a channel can do

for my $mode ('reset', 'drop', 'hang', 'cut', 'unsigned', 'big 180000',
              'big 300000')
{
    my $order = number();
    my $what = "U: the channel's answer: $mode";

    $channel->mode($mode);

    my $a = pay(order => $order);

    is(told($a), '504 outcome_unknown', "$what: unknown");
    is(json($a->{body})->{retry}, 'query', '... to be queried');
    is(prepays($order), 1, 'U-1: ... sent once');

    $channel->mode('');
    is(told(pay(order => $order, amount => 7)), '409 idempotency_conflict',
       '... the number is kept');
    is(prepays($order), 1, '... and nothing was sent');
    is(told(pay(order => $order)), '200 pending',
       '... the same number again: the object');
    is(prepays($order), 2, '... by one more call');
}


# An application that fails, then not: the channel comes again by itself.  It
# calls through the same location, and waits for longer.

$gate->conf(Drill::conf(%{ $site->{parts} }, call => {}));
ok($gate->reload, 'a reload');
$relay->mode('pass');

{
    my $order = order();
    my @n = pressed($order, 'pay', '');

    is(acks(@n), '204', 'a good notice');

    my @e = events($order);

    is(scalar @e, 1, '... one event');
    is($e[0]{headers}{'webhook-id'}, $n[0]{event}, '... that the page names');
    is(json($e[0]{body})->{type}, 'payment.succeeded', '... of its type');
}

for my $mode ('500', '302', 'half', 'reset') {
    my $order = order();
    my @n = pressed($order, 'pay', $mode);

    is(acks(@n), '503 204', "W-9: the application answers $mode, then 200");

    my %ids = map { $_ => 1 } map { $_->{event} // '-' } @n;
    my @e = events($order);

    is(scalar(keys %ids), 1, '... with one event id');
    is(scalar @e, 2, '... the application had it twice');
    is(scalar(grep { !$ids{ $_->{headers}{'webhook-id'} } } @e), 0,
       '... by that id');
}

{
    my $order = order();
    my @n = pressed($order, 'pay', 'slow 4.5');

    is(acks(@n), '503 204', 'W-8: later than the deadline, then recorded');
    is(scalar(my @e = events($order)), 1,
       '... the application was called once');
    is($n[0]{event}, $n[1]{event}, '... of one event');
}

{
    my $order = order();
    my @n = pressed($order, 'pay_twice', '');
    my %type = map { $_->{headers}{'webhook-id'} => json($_->{body})->{type} }
               events($order);

    is(acks(@n), '204 204', 'two real payments of one order');
    is(join(' ', map { $type{ $_->{event} // '' } // '-' } @n),
       'payment.succeeded payment.duplicate', '... are two events');
}

{
    my $n = status();

    is($n->{zone}{events_in_flight}, 0, 'nothing is in flight any more');

    # what is whole but not signed is an answer here, and no answer above

    is($n->{channels}[0]{calls}{unknown}, 5, 'five answers were not whole');
}


finish();
done_testing;
