#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# kill -9 of the gateway's workers, in the middle of a payment and of an
# event.  The simulated channel runs in an nginx of its own, which stays.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;
use Time::HiRes qw(sleep time);

my $site = site(workers => 2, split => 1);
my ($gate, $channel, $app, $port) = (@$site{qw(gate channel app)},
                                     $site->{port});


sub prepays { $channel->requests(qr{^POST /v3/pay/\S+/native .*"$_[0]"}s) }

sub events { $app->requests(qr/"order_id":"$_[0]"/) }

sub query { ask(request('GET', "/v1/payments/$_[0]", '')) }


# the channel at work: before it has the order, and after

for my $case ([ 'slow 1.2', 'before' ], [ 'late 1.2', 'after' ]) {
    my ($mode, $when) = @$case;
    my $order = number();
    my $what = "F-2: kill -9 $when the channel has the order";

    $channel->mode($mode);

    my $s = send_raw(payment(order => $order, amount => 250));

    ok($channel->await(1, qr/"$order"/), 'the channel is called');
    sleep 0.2 if $when eq 'after';
    ok($gate->kill_workers, "$what: all workers, new ones are there");

    my $a = answer_of($s);

    like($a->{error}, qr/^(?:closed|reset)$/, '... the connection dies');
    is($a->{raw}, '', '... without a word');

    $channel->mode('');
    is(told(pay(order => $order, amount => 251)), '409 idempotency_conflict',
       '... the number is kept: other fields, conflict');
    is(scalar(my @q = prepays($order)), 1, '... and nothing was sent');

    $a = pay(order => $order, amount => 250);

    is(told($a), '200 pending', '... the same again: the object');
    like(json($a->{body})->{next_action}{url} // '', qr/^\S+$/,
         '... with its code');

    my $calls = @q = prepays($order);

    is(scalar @q, 2, '... for which the same was sent again');
    is($q[1]{body}, $q[0]{body}, '... byte by byte');

    is(told(pay(order => $order, amount => 250)), '200 pending',
       '... and again: the object');
    is(scalar(@q = prepays($order)), 2, '... without a call');
    is(told(pay(order => $order, amount => 252)), '409 idempotency_conflict',
       '... other fields: conflict');

    # what the first call still does is nothing new

    for (1 .. 40) {
        last if !grep { !$_->{inner} } prepays($order);
        sleep 0.05;
    }

    my @inner = map { (split / /, $_->{inner} // '-')[1] } prepays($order);

    is("@inner", '200 200', '... the channel took both for one');

    $site->{relay}->mode('pass');

    my $page = press($order, 'pay');
    my @notices = @{ $page->{notices} // [] };

    is(scalar @notices, 1, '... it has one order, paid once');
    is($notices[0]{acknowledgement}{status}, 204, '... and acknowledged');

    $a = query($order);
    is(told($a), '200 succeeded', '... the order is paid');
    is(json($a->{body})->{amount_paid}, 250, '... with its amount');
    is(scalar(@q = events($order)), 1, '... one event');

    counted('kill -9 %s the channel has the order: %d calls, %d payments, '
            . '%d events', $when, $calls, scalar @notices, scalar @q);
}


# nobody asks again: a query tells

{
    my $order = number();

    $channel->mode('late 1');

    my $s = send_raw(payment(order => $order));

    $channel->await(1, qr/"$order"/);
    sleep 0.2;
    ok($gate->kill_workers, 'F-2: kill -9 of all workers');
    answer_of($s);
    $channel->mode('');
    is(told(query($order)), '200 pending', '... then a query: the order is '
       . 'there');
    is(told(pay(order => $order)), '200 pending', '... and can be had');
}


# the application at work

{
    my $order = number();

    pay(order => $order);

    my $bytes = notice($order);

    $app->mode('slow 1.2');

    my $s = send_raw($bytes);

    ok($app->await(1, qr/"$order"/), 'the event is at the application');
    is(told(post_notice($bytes)), '503 FAIL',
       'W-8: ... and a copy is told to come again');
    ok($gate->kill_workers, 'W-10: kill -9 while the application works');
    like(answer_of($s)->{error}, qr/^(?:closed|reset)$/,
         '... the connection dies');

    $app->mode('');
    is(told(post_notice($bytes)), '204',
       '... the next copy is delivered at once, and acknowledged');

    my @e = events($order);
    my %ids = map { $_->{headers}{'webhook-id'} => 1 } @e;

    is(scalar @e, 2, '... the application had it twice');
    is(scalar(keys %ids), 1, '... under the same id');
    is(json($e[0]{body})->{id}, json($e[1]{body})->{id}, '... in its body');

    $app->mode('500');
    is(told(post_notice($bytes)), '204', '... another copy: acknowledged');
    ok($gate->kill_workers, 'F-2: kill -9 again');
    is(told(post_notice($bytes)), '204', '... another copy: acknowledged');
    is(scalar(@e = events($order)), 2, '... and not delivered again');

    counted('kill -9 during an event: delivered %d times, %d ids', scalar @e,
            scalar keys %ids);
}

{
    my $n = status();

    is($n->{zone}{events_in_flight}, 0, 'nothing is in flight any more');
    cmp_ok($n->{zone}{repairs}, '<=', $gate->said('was locked by'),
           'D-14: no repair but after a death under the lock');
}


finish(qr/shared memory zone "pay" was locked by/);
done_testing;
