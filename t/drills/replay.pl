#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# One signed request, many times: at once over all workers, and after all
# that may make a gateway forget.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;
use Time::HiRes qw(sleep time);

my $nonces = $ENV{NONCES} // 10;        # of each kind, with each number of workers
my $copies = 200;


# a fresh zone refuses what is signed before it is a second old

sub warm {
    my $born = status()->{zone}{born};
    sleep 0.05 while time < $born + 1.1;
}


my ($guard, $body) = ('/shop/orders', '{"any":"thing"}');


# the location of it, and the window of all

sub guarded {
    my $window = shift;

    return "        pay_auth_window $window;\n        location /shop/ {\n"
           . "            pay_auth on;\n            proxy_pass http://APP;\n"
           . "        }\n";
}


sub replays {
    my ($workers) = @_;

    my $site = site(
        workers => $workers, listen => 'reuseport backlog=1024',
        server => guarded('300s')
    );

    my ($gate, $port) = ($site->{gate}, $site->{port}{gate});
    my %sum;

    for my $i (1 .. $nonces) {
        my $tag = "auth$workers-$i";
        my $q = request('POST', $guard, "$body$i", tag => $tag);
        my @a = burst($port, ($q) x $copies);

        is(tally(@a), '200: 1, 409 nonce_replayed: ' . ($copies - 1),
           "R-1 R-4 R-5: $copies copies through pay_auth, $workers workers, "
           . "nonce $i");
        is($gate->handled($tag), $workers, '... over all workers');
        is($site->{app}->count(qr/\Q$body\E$i\z/), 1,
           '... and the application saw one');
        $sum{auth} += @a;
    }

    for my $i (1 .. $nonces) {
        my ($tag, $order) = ("pay$workers-$i", Drill::number());
        my $q = payment(order => $order, tag => $tag);
        my @a = burst($port, ($q) x $copies);

        is(tally(@a), '200 pending: 1, 409 nonce_replayed: ' . ($copies - 1),
           "R-1 R-4 R-5: $copies copies of a payment, $workers workers, nonce $i");
        is($gate->handled($tag), $workers, '... over all workers');
        is($site->{channel}->count(qr/"$order"/), 1,
           '... and the channel saw one prepay');
        $sum{pay} += @a;
    }

    counted('%d workers: %d + %d requests with %d nonces, %d at the '
            . 'application, %d at the channel', $workers, $sum{auth},
            $sum{pay}, 2 * $nonces, $site->{app}->count,
            $site->{channel}->count);

    return $site;
}


# a request to the application and a payment, that pass

sub accepted {
    my %p = (order => number(), timestamp => 1 + int time, @_);

    my @new = (request('POST', $guard, $body, timestamp => $p{timestamp}),
               payment(%p));

    is(tally(map { ask($_) } @new), '200: 1, 200 pending: 1',
       'two requests, signed now, are accepted');

    return @new;
}


# what came before is refused, whatever the gateway has been through

sub after {
    my ($what, $want, @old) = @_;

    is(tally(map { ask($_) } @old), $want, $what);
}


# A window that becomes wider would take again what was accepted under the
# narrow one and has been forgotten since.

sub widened {
    my $site = site(workers => 2, server => guarded('2s'));
    my $gate = $site->{gate};

    warm();

    my @old = accepted();
    my $forgotten = time + 7;

    is(tally(map { ask($_) } @old), '409 nonce_replayed: 2',
       'R-1: sent again at once');
    sleep 0.1 while time < $forgotten;
    is(tally(map { ask($_) } @old), '401 timestamp_out_of_window: 2',
       'R-10: sent again when it is too old');

    my @young = accepted();

    $gate->conf(Drill::conf(%{ $site->{parts} }, server => guarded('300s')));
    ok($gate->reload, 'a reload: pay_auth_window 2s becomes 300s');

    my $cold = '503 store_unavailable: 2';

    after('R-10: what is forgotten is not taken again', $cold, @old);
    is(scalar(grep { !/^(?:409 nonce_replayed|503 store_unavailable)$/ }
              map { told(ask($_)) } @young), 0,
       'R-10: what is not yet forgotten is not, either');
    accepted();

    sleep 7;
    after('R-10: forgotten now, and not taken', $cold, @young);
    ok($gate->reload, 'one more reload');
    after('R-10: ... nor after one more reload', '503 store_unavailable: 4',
          @old, @young);

    is($site->{app}->count(qr/\Q$body\E/), 3,
       'R-10: the application saw each of its three requests once');
    is($site->{channel}->count(qr{^POST /v3/pay/}), 3,
       'R-10: ... and the channel each of its three payments');
}


for my $workers (2, 4) {
    my $site = replays($workers);
    my $gate = $site->{gate};

    if ($workers == 4) {
        forgetful($site, $gate);
    }

    finish();
}

widened();
finish();


sub forgetful {
    my ($site, $gate) = @_;

    warm();

    # signed now, not ahead of time: what a restart must not take again

    my $order = number();
    my @old = accepted(order => $order, timestamp => int time);

    my $refused = '409 nonce_replayed: 2';

    after('R-1: sent again', $refused, @old);

    ok($gate->reload, 'a reload');
    after('R-1: replays after a reload', $refused, @old);

    ok($gate->kill_workers, 'kill -9 of all workers');
    after('R-1: replays after kill -9 of all workers', $refused, @old);

    my $born = status()->{zone}{born};

    sleep 0.05 while time < $born + 1.1;

    ok($gate->stop, 'a full stop');
    $gate->start;

    my $cold = '503 store_unavailable: 2';
    my @before = (timestamp => status()->{zone}{born} - 1);

    isnt(status()->{zone}{born}, $born, 'the zone is new');
    after('R-7: replays after a restart: cold store', $cold, @old);
    after('R-7: ... and again, the refusal stores nothing', $cold, @old);
    after('R-7: what was never seen, but signed before it', $cold,
          request('POST', $guard, "$body!", @before), payment(@before));
    is(told(pay()), '200 pending', 'R-7: what is signed after it passes');

    # another master's zone is another zone; one of another size is not

    @old = two_more();

    ok($gate->upgrade(sub {
        my @told = map { told(ask($_)) } (@old) x 10;

        is(scalar(grep { /^(?:409 nonce_replayed|503 store_unavailable)$/ }
                  @told), @told,
           'R-7: replays while two masters run: known or cold, never taken');
    }), 'a binary upgrade');
    after('R-7: replays after a binary upgrade', $cold, @old);
    is(told(pay()), '200 pending', 'R-7: what is signed after it passes');

    @old = two_more();

    $gate->conf(Drill::conf(%{ $site->{parts} }, zone => '8m'));
    ok($gate->reload, 'a reload with another size of the zone');
    after('R-7: replays after a new size', $refused, @old);

    is($site->{channel}->count(qr/"$order"/), 1,
       'R-7: the first payment was sent to the channel once in all');
    is($site->{app}->count(qr/\Q$body\E\z/), 3,
       'R-7: the application saw each of its three requests once');
}


sub two_more {
    warm();

    my @old = accepted(timestamp => int time);

    # a zone that is made in this second would refuse all that is signed in it

    sleep 1.1;

    return @old;
}


done_testing;
