#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Workers of the gateway are killed at random while it is under load; merchant
# and channel come again, as they do.  Then the books are compared: channel,
# gateway, application.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{STORM} || 8;
my $pause = 0.12;               # from one kill to the next

my $site = site(workers => 4, split => 1, server => <<'END');
        location = /guard {
            pay_auth on;
            empty_gif;
        }
END
my ($gate, $channel, $app, $relay, $port) =
    (@$site{qw(gate channel app relay)}, $site->{port});

my $loop = Drill::Loop->new;
my ($running, $over, $kills) = (0, 0, 0);
my (%orders, %told, @accepted, @guarded, @taken, @odd);


# what is signed now, not ahead of time

sub now { (timestamp => int time) }


# asks until it is answered as wanted

sub until_told {
    my ($what, $make, $want, $then, $keep) = @_;

    my $bytes = $make->();

    $loop->ask($port->{gate}, $bytes, sub {
        my $a = shift;
        my $t = told($a);

        $told{"$what: $t"}++;

        # an answer of the gateway itself: its nonce is used

        push @$keep, $bytes if $a->{status} == 200;

        return $then->($a) if $t eq $want;

        push @odd, "$what: $t"
            if $t !~ /^(?:closed|reset|refused|409\ in_progress
                          |50[234]\ (?:channel_unreachable|channel_busy
                                       |outcome_unknown))$/x;

        $loop->after(0.03 + rand 0.1, sub {
            until_told($what, $make, $want, $then, $keep);
        });
    }, 12);
}


my $task;
$task = sub {

    if ($over) {
        $running--;
        return;
    }

    my $order = number();
    my $amount = 100 + keys %orders;

    $orders{$order} = $amount;

    until_told('pay', sub {
        payment(order => $order, amount => $amount, now());
    }, '200 pending', sub {

        $loop->ask($port->{sim}, Drill::press_bytes($order, 'pay'), sub {
            $told{'button: ' . $_[0]{status}}++;

            until_told('query', sub {
                request('GET', "/v1/payments/$order", '', now());
            }, '200 succeeded', sub { $task->() }, []);
        });
    }, \@accepted);
};


my $guard;
$guard = sub {

    if ($over) {
        $running--;
        return;
    }

    # now and then what has been accepted before comes again

    if (@guarded && rand() < 0.2) {
        my $old = $guarded[ rand @guarded ];

        $loop->ask($port->{gate}, $old, sub {
            my $t = told($_[0]);
            $told{"replay: $t"}++;
            push @taken, $t if $t !~ /^(?:409 nonce_replayed|closed|reset)$/;
            $guard->();
        }, 12);
        return;
    }

    my $bytes = request('GET', '/guard', '', now());

    $loop->ask($port->{gate}, $bytes, sub {
        my $a = shift;

        push @guarded, $bytes if $a->{status} == 200;
        $told{"guard: " . ($a->{error} || $a->{status})}++;
        $guard->();
    }, 12);
};


my $killer;
$killer = sub {
    return if $over;

    my @pids = $gate->workers;

    if (@pids) {
        $gate->killed($pids[ rand @pids ]);
        $kills++;
    }

    $loop->after($pause, $killer);
};


# a zone does not take what is signed in its first second

sleep 0.05 while time < status()->{zone}{born} + 1.1;

my $before = status()->{zone};

for (1 .. 8) {
    $running++;
    $task->();
}

for (1 .. 4) {
    $running++;
    $guard->();
}

# neither is so fast that nobody is ever in the middle of something

$channel->mode('slow 0.04');
$app->mode('slow 0.04');
$relay->mode('pass');
$loop->after(0.3, $killer);
$loop->after($seconds, sub { $over = 1 });

ok($loop->run(sub { $over && !$running }, $seconds + 60),
   "F-2: $kills kills in $seconds s, and all orders are created and paid")
    or diag("$running are not at their end");

ok($gate->await_workers, '... all workers are there');
is("@odd", '', '... no answer but those that a death explains');


# the channel comes again, until it has been told

$channel->mode('');
$app->mode('');

my ($copies, $untold) = (0, 0);

for my $q ($relay->requests) {
    next if ($q->{answer} // '') =~ m{^HTTP/1.1 204 };

    my $t = told(post_notice($q->{raw}));

    $copies++;
    $untold++ if $t ne '204';
}

is($untold, 0, "... $copies notices come again, and are acknowledged");


# the books

my (%events, %ids, %types, %prepays, %at);

for my $q ($app->requests) {
    my $e = json($q->{body});
    my $o = $e->{data}{object}{order_id} // '-';
    my $id = $q->{headers}{'webhook-id'};

    push @{ $events{$o} }, $e;
    $ids{$o}{$id} = 1;
    $types{ $e->{type} // '-' }++;

    my $t = $q->{answered} or next;
    $at{$id} = $t if !defined $at{$id} || $t < $at{$id};
}

for my $q ($channel->requests(qr{^POST /v3/pay/\S+/native })) {
    push @{ $prepays{ json($q->{body})->{out_trade_no} } }, $q->{body};
}

my @orders = sort keys %orders;
my (@lost, @wrong, @double, @forgotten, @other);
my ($duplicates, $resent) = (0, 0);

for my $o (@orders) {
    my $page = press($o);
    my @e = @{ $events{$o} // [] };
    my %same = map { $_ => 1 } @{ $prepays{$o} // [] };

    push @lost, $o if !@e || ($page->{state} // '') ne 'SUCCESS';
    push @double, $o if keys %{ $ids{$o} // {} } > 1;
    push @wrong, $o if grep { $_->{data}{object}{amount} != $orders{$o}
                              || $_->{data}{object}{amount_paid} != $orders{$o}
                              || $_->{data}{object}{status} ne 'succeeded' }
                       @e;
    push @other, $o if keys %same != 1;

    $duplicates += @e - 1 if @e;
    $resent += @{ $prepays{$o} // [] } - 1;

    push @forgotten, $o
        if told(pay(order => $o, amount => 7)) ne '409 idempotency_conflict';
}

cmp_ok(scalar @orders, '>', 20, 'a load: ' . @orders . ' orders');
is("@lost", '', 'F-2: each is paid at the channel, and its event is at the '
   . 'application');
is("@wrong", '', '... with its amount');
is("@double", '', '... always under one id');
is(join(' ', sort keys %types), 'payment.succeeded', '... and of one type');
is(scalar(grep { !exists $orders{$_} } keys %events), 0,
   '... there are no other events');
is("@other", '', '... what was sent again to the channel was the same');
is("@forgotten", '', '... and no number has been forgotten');


# acknowledged only after the application

my ($acks, $early) = (0, 0);

for my $q ($relay->requests) {
    next if ($q->{answer} // '') !~ m{^HTTP/1.1 204 };

    my ($id) = $q->{answer} =~ /^Pay-Event: (\S+)\r$/mi;

    $acks++;
    $early++ if !defined $id || !defined $at{$id}
                || $at{$id} > $q->{answered} + 0.02;
}

is($early, 0, "F-2: $acks acknowledgements, none before the application's");


# no nonce has been forgotten

my %again;
$again{ told(ask($_)) }++ for @accepted, @guarded[0 .. ($#guarded > 999
                                                        ? 999 : $#guarded)];

is("@taken", '', 'R-1 D-14: no replay was accepted in the storm');
is(join(' ', keys %again), '409 nonce_replayed',
   'R-1 D-14: ... nor is one after it');

my $zone = status()->{zone};
my $locked = $gate->said('shared memory zone "pay" was locked by');

is($zone->{born}, $before->{born}, 'D-14: the zone is the one of before');
cmp_ok($zone->{repairs}, '<=', $locked,
       'D-14: no repair but after a death under the lock');
cmp_ok($locked, '<=', $kills, '... and those were kills');
is($zone->{events_in_flight}, 0, 'nothing is in flight any more');
cmp_ok($kills, '>=', $seconds * 3, 'a storm');

counted('%d kills in %d s, %d under the lock, %d repairs', $kills, $seconds,
        $locked, $zone->{repairs});
counted('%d orders: %d prepays sent again, %d events twice, %d acknowledged, '
        . '%d notices came again after', scalar @orders, $resent, $duplicates,
        $acks, $copies);
counted('%d replays after the storm; %d guarded requests passed in it',
        scalar(@accepted) + (@guarded > 1000 ? 1000 : @guarded),
        scalar @guarded);
counted('%s: %d', $_, $told{$_}) for sort keys %told;


finish(qr/shared memory zone "pay" was locked by/);
done_testing;
