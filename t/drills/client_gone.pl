#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Who asked has left: a merchant while the channel works on a payment, a
# channel while the application works on an event.  The call goes on to its
# end and its outcome is kept.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Ways;
use Test::More;
use Time::HiRes qw(sleep time);

my $site = site(workers => 2);
my ($gate, $channel, $app, $port) = (@$site{qw(gate channel app)},
                                     $site->{port});


my @ways = ways();


sub prepays { $channel->requests(qr{^POST /v3/pay/\S+/native .*"$_[0]"}s) }


# all calls have come to their end

sub settled {
    my ($mock, $seconds) = @_;
    my $end = time + $seconds;

    while (time < $end) {
        return 1 if !grep { !$_->{answered} && !$_->{gone} } $mock->requests;
        sleep 0.05;
    }

    return 0;
}


# the tools themselves

{
    my $h = Drill::H2->new($port->{h2});
    my $q = payment();
    my $m = Drill::Loop::message(\$q, 0, 0);
    my @head = map { [ $_ => $m->{headers}{$_} ] }
               qw(authorization content-type);

    my $a = $h->answer($h->request('POST', '/v1/payments', $m->{body}, @head));
    is(told($a), '200 pending', 'H-9: a payment over HTTP/2');

    $a = $h->answer($h->request('POST', '/v1/payments', $m->{body}, @head));
    is(told($a), '409 nonce_replayed', 'H-9: ... and its replay');
    leave($h->sock, 'close');
}


# a payment: the client goes while the channel works, before or after the
# channel has the order

for my $mode ('slow 1', 'late 1') {
    my (%order, %client, %before);

    $channel->mode($mode);

    for my $way (@ways) {
        $order{$way} = number();
        $client{$way} = begin($way, payment(order => $order{$way}));
    }

    is(scalar(grep { $channel->await(1, qr/"$order{$_}"/) } @ways),
       scalar @ways, "the channel, $mode, is called for all");

    my @early = grep { $_->{answered} } map { prepays($order{$_}) } @ways;

    is(scalar @early, 0, 'nothing has been answered yet');

    go($_, $client{$_}) for @ways;

    ok(settled($channel, 10), 'all calls come to an end');
    sleep 0.2;
    $channel->mode('');

    is(told(answer_of($client{'half-close'}[0])), '200 pending',
       'who has closed one half only is answered');

    my ($answered, $again) = (0, 0);

    for my $way (@ways) {
        my @q = prepays($order{$way});

        is(scalar @q, 1, "U-7: client gone by $way, channel $mode: one "
                         . 'prepay');
        is($q[0]{left} // 'stayed', 'stayed',
           '... the gateway waits for the answer');
        like($q[0]{answer} // '', qr{^HTTP/1.1 200 }, '... and gets it');
        $answered += $q[0]{answer} ? 1 : 0;

        my $a = pay(order => $order{$way});

        is(told($a), '200 pending', '... the object is there');
        like(json($a->{body})->{next_action}{url} // '', qr/^\S+$/,
             '... with its code');
        is(told(pay(order => $order{$way}, amount => 5)),
           '409 idempotency_conflict', '... other fields: conflict');
        is(scalar(@q = prepays($order{$way})), 1,
           '... and the channel is not called again');
        $again += @q - 1;
    }

    counted('channel %s: %d clients gone, %d calls answered, %d second calls',
            $mode, scalar @ways, $answered, $again);
}


# the client goes at once: maybe before its request has been read, maybe
# while a thread signs

{
    my (@orders, $calls);

    for my $round (1 .. 10) {
        for my $way (grep { $_ ne 'half-close' } @ways) {
            my $order = number();
            my $client = begin($way, payment(order => $order));

            push @orders, $order;
            sleep 0.0005 * ($round - 1);
            go($way, $client);
        }
    }

    sleep 0.3;
    ok(settled($channel, 10), 'all calls come to an end');

    $calls = map { prepays($_) } @orders;

    my %n;
    $n{ told(pay(order => $_)) }++ for @orders;
    is(join(', ', map { "$_: $n{$_}" } sort keys %n),
       '200 pending: ' . @orders, 'U-7: clients gone at once: all orders can '
       . 'be had');

    my @twice = grep { prepays($_) != 1 } @orders;

    is("@twice", '', '... each by one prepay');
    is(scalar(grep { $_->{gone} } map { prepays($_) } @orders), 0,
       '... that nobody cut short');

    counted('%d clients gone at once: %d of their payments were sent all the '
            . 'same; second calls: %d', scalar @orders, $calls,
            scalar @twice);
}


# a close moves money, too

{
    my (%order, %client);
    my @some = ('TCP RST', 'HTTP/2 RST_STREAM', 'HTTP/2 GOAWAY and close');

    for my $way (@some) {
        $order{$way} = number();
        is(told(pay(order => $order{$way})), '200 pending', 'an order');
    }

    $channel->mode('late 0.8');
    $client{$_} = begin($_, request('POST', "/v1/payments/$order{$_}/close",
                                    '')) for @some;

    $channel->await(1, qr{/$order{$_}/close}) for @some;
    go($_, $client{$_}) for @some;
    ok(settled($channel, 10), 'all calls come to an end');
    sleep 0.2;
    $channel->mode('');

    for my $way (@some) {
        my @q = $channel->requests(qr{/$order{$way}/close});

        is(scalar(grep { $_->{answered} } @q), 1,
           "U-7: client gone by $way while closing: the channel's answer is "
           . 'read');
        is(told(pay(order => $order{$way})), '200 closed',
           '... the order is closed');
        is($channel->count(qr{/$order{$way}/close}), 1, '... by one call');
    }
}


# a query is nobody's money: it may end with its client

{
    my $order = number();

    is(told(pay(order => $order)), '200 pending', 'an order');

    $channel->mode('slow 0.8');

    my @some = ('close', 'TCP RST', 'HTTP/2 RST_STREAM');
    my %client = map {
        $_ => begin($_, request('GET', "/v1/payments/$order", ''))
    } @some;

    $channel->await(3, qr{^GET /v3/pay/\S+/$order});
    go($_, $client{$_}) for @some;
    ok(settled($channel, 10), 'the queries come to an end');

    my @q = $channel->requests(qr{^GET /v3/pay/\S+/$order});

    is(scalar @q, 3, 'three queries');
    $channel->mode('');
    is(told(ask(request('GET', "/v1/payments/$order", ''))), '200 pending',
       '... and a fourth is answered');
    counted('%d of 3 queries were given up with their clients',
            scalar grep { $_->{gone} } @q);
}


# the channel goes while the application works on an event

sub events { $app->requests(qr/"order_id":"$_[0]"/) }

my @senders = grep { $_ ne 'half-close' } @ways;

for my $case ([ 'slow 1', 'in time' ], [ 'slow 5', 'too late' ]) {
    my ($mode, $when) = @$case;
    my (%order, %notice, %client);

    for my $way (@senders) {
        $order{$way} = number();
        pay(order => $order{$way});
        $notice{$way} = notice($order{$way});
    }

    $app->mode($mode);
    $client{$_} = begin($_, $notice{$_}) for @senders;
    $app->await(1, qr/"$order{$_}"/) for @senders;
    go($_, $client{$_}) for @senders;

    # a copy, while the first is with the application

    sleep 0.2;
    is(told(post_notice($notice{$senders[0]})), '503 FAIL',
       'W-8: a copy while the event is on its way: the channel comes again');

    ok(settled($app, 12), 'all events come to an end');
    sleep 0.2;
    $app->mode('500');          # whoever is asked again refuses

    my ($accepted, $again) = (0, 0);

    for my $way (@senders) {
        my @q = events($order{$way});

        is(scalar @q, 1, "U-7: channel gone by $way, application $when: one "
                         . 'event');
        ok($q[0]{answered} && !$q[0]{gone},
           '... its answer is waited for, and read');
        $accepted += $q[0]{answered} ? 1 : 0;

        my $a = post_notice($notice{$way});

        is(told($a), '204', '... the next copy is acknowledged');
        cmp_ok($a->{ended} - $a->{began}, '<', 0.6, '... at once');
        is(scalar(@q = events($order{$way})), 1,
           '... and the application is not called again');
        $again += @q - 1;
    }

    counted('application %s: %d channels gone, %d events accepted, %d second '
            . 'calls', $mode, scalar @senders, $accepted, $again);
}

my $n = status()->{channels}[0]{notices};

is($n->{repeated}, 2 * @senders, 'the copies are counted as repeated');
is($n->{in_flight}, 2, '... and as in flight');
is($n->{failed} + $n->{store} + $n->{refused}, 0, 'no notice failed');
is(status()->{zone}{events_in_flight}, 0, 'nothing is in flight any more');


finish();
done_testing;
