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


sub replays {
    my ($workers) = @_;

    my $site = site(
        workers => $workers, listen => 'reuseport backlog=1024',
        server => "        location /shop/ {\n            pay_auth on;\n"
                  . "            proxy_pass http://APP;\n"
                  . "        }\n"
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


# what came before is refused, whatever the gateway has been through

sub after {
    my ($what, $want, @old) = @_;

    is(tally(map { ask($_) } @old), $want, $what);
}


for my $workers (2, 4) {
    my $site = replays($workers);
    my $gate = $site->{gate};

    if ($workers == 4) {
        forgetful($site, $gate);
    }

    finish();
}


sub forgetful {
    my ($site, $gate) = @_;

    warm();

    # signed now, not ahead of time: what a restart must not take again

    my $order = number();
    my @old = (request('POST', $guard, $body, timestamp => int time),
               payment(order => $order, timestamp => int time));

    is(tally(map { ask($_) } @old), '200: 1, 200 pending: 1',
       'two requests are accepted');

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

    isnt(status()->{zone}{born}, $born, 'the zone is new');
    after('R-7: replays after a restart: cold store', $cold, @old);
    after('R-7: ... and again, the refusal stores nothing', $cold, @old);
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

    my @old = (request('POST', $guard, $body, timestamp => int time),
               payment(timestamp => int time));

    is(tally(map { ask($_) } @old), '200: 1, 200 pending: 1',
       'two more requests are accepted');

    # a zone that is made in this second would refuse all that is signed in it

    sleep 1.1;

    return @old;
}


done_testing;
