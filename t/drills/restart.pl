#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# What was accepted before comes again, to both nodes, after all that may make
# them or their Redis forget.  The closed policy takes none of it; how much
# the open ones take is told.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Nodes;
use Drill::Redis;
use Test::More;
use Time::HiRes qw(sleep time);

plan(skip_all => 'no redis-server: tools/setup.sh test')
    if !Drill::Redis::found();

my $each = 20;                  # requests by each policy, before each event

my $redis = Drill::Redis->new('redis');
my $site = site(split => 1, workers => 2, listen => 'reuseport backlog=1024',
                http => pay_redis($redis->port), server => guards());
my ($a, $b) = ($site->{gate}, node('b'));
my (%sum, %told);


# signed now, not ahead of time, and accepted

sub accepted {
    my %old;

    ok(ready($a, $b), 'both nodes have their Redis');
    next_second();

    for my $policy (@policies) {
        my @q = map { guard($policy, timestamp => int time) } 1 .. $each;

        is(tally(burst($a->{port}, @q)), "200: $each",
           "... $each are accepted, by $policy");
        $old{$policy} = \@q;
    }

    return \%old;
}


# how many pass at a node that must not

sub again {
    my ($policy, $node, @old) = @_;
    my @a = burst($node->{port}, @old);

    $told{$policy}{ told($_) }++ for @a;
    $sum{$policy}{asked} += @a;

    return grep { $_->{status} == 200 } @a;
}


# each event: what is to be done, and how many each policy then takes of
# $each, at a and at b

sub event {
    my ($name, $old, $do, %takes) = @_;

    $do->();

    for my $policy (@policies) {
        my @q = @{ $old->{$policy} };
        my @n = map { scalar(my @taken = again($policy, $_, @q)) } $a, $b;

        $sum{$policy}{taken} += $n[0] + $n[1];
        is("@n", join(' ', map { $_ * $each } @{ $takes{$policy} // [ 0, 0 ] }),
           "$name: replays that a and b take, by $policy");
    }

    my @q = map { @$_ } values %$old;
    my @a = burst_to(map { [ $a->{port}, $_ ], [ $b->{port}, $_ ] } @q);

    is(scalar(grep { $_->{status} == 200 } @a), 0, '... once more: none');
}


my %elsewhere = (zone => [ 0, 1 ], allow => [ 0, 1 ]);
my $old = accepted();

event('R-6: at another node', $old, sub { });
event('R-1: after a reload', $old,
      sub { ok($_->reload, "a reload of $_->{name}") for $a, $b });
event('R-1: after kill -9 of all workers', $old,
      sub { ok($_->kill_workers, "kill -9, $_->{name}") for $a, $b });
event('R-7: after a restart of a', accepted(), sub { $a->stop; $a->start });
event('D-13: while Redis is down', accepted(), sub { $redis->stop },
      %elsewhere);
$redis->start;

event('D-13: after a restart of Redis without its data', accepted(),
      sub { lose($redis); ready($a, $b) }, %elsewhere);
event('D-13: after a restart of Redis with its data', accepted(),
      sub { $redis->command('SAVE'); lose($redis, 1); ready($a, $b) });

$redis->command('SAVE');
event('D-13: after Redis is restored from what was saved before', accepted(),
      sub { lose($redis, 1); ready($a, $b) }, %elsewhere);
event('D-13: after FLUSHALL', accepted(),
      sub { $redis->command('FLUSHALL') }, %elsewhere);

# nobody knows any more: by "allow", that is no reason; then Redis knows

event('R-7, D-13: after all have lost all', accepted(), sub {
    $_->stop for $a, $b;
    lose($redis);
    $_->start for $a, $b;
    ready($a, $b);
}, allow => [ 1, 0 ]);


for (@policies) {
    my $told = $told{$_};

    counted('%s: %d replays, %d taken: %s', $_, $sum{$_}{asked},
            $sum{$_}{taken}, join ', ', map { "$_: $told->{$_}" }
                                        sort keys %$told);
}

is($sum{deny}{taken}, 0, 'R-1, R-7, D-13: by deny, none in all');

finish();
done_testing;
