#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# One signed request many times at once, to two nodes with one Redis, to one
# node with its zone, and to two nodes that do not know of each other.
#
# PAY_FULL=1: with 1000 nonces; NONCES=N: with so many.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Crowd;
use Drill::Nodes;
use Drill::Proxy;
use Drill::Redis;
use Test::More;
use Time::HiRes qw(time);

plan(skip_all => 'no redis-server: tools/setup.sh test')
    if !Drill::Redis::found();

my $copies = 200;
my $nonces = $ENV{NONCES} // ($ENV{PAY_FULL} ? 1000 : 40);

# one is to pass, however slow the machine is: late answers are for others

my %patient = (timeout => '10s', connect_timeout => '10s');


# N nonces by all connections; what they were told, in all, and whether each
# nonce was taken as often as it should

sub copies {
    my ($tag, $n, $each, @nodes) = @_;

    my $crowd = Drill::Crowd->new(map { [ $_->{port}, $copies / @nodes ] }
                                  @nodes);
    my (%sum, @odd);
    my $start = time;

    for my $i (1 .. $n) {
        my $told = $crowd->ask(guard('deny', keep => 1, tag => $tag,
                                     body => "$tag-$i."));

        $sum{$_} += $told->{$_} for keys %$told;

        push @odd, $i if join(' ', map { "$_:$told->{$_}" } sort keys %$told)
                         ne "200:$each 409 nonce_replayed:"
                            . ($copies - $each);
    }

    counted('%s: %d nonces, %d copies each: %s, in %.1f s', $tag, $n, $copies,
            join(', ', map { "$_: $sum{$_}" } sort keys %sum), time - $start);

    return (\%sum, @odd);
}


# what each node accepted of them, and what the application saw

my $app;

sub judged {
    my ($name, $tag, $n, $each, @nodes) = @_;

    my ($sum, @odd) = copies($tag, $n, $each, @nodes);

    is(join(',', map { "$_ $sum->{$_}" } sort keys %$sum),
       '200 ' . $n * $each . ',409 nonce_replayed '
       . $n * ($copies - $each), "$name: exactly " . $n * $each
       . " accepted, and nothing but nonce_replayed else");
    is("@odd", '', "... $each of each nonce");

    my @seen = $app->requests(qr/\Q$tag\E-\d+\.\z/);
    my %of;

    $of{$_}++ for map { $_->{body} } @seen;

    is(scalar @seen, $n * $each, '... as the application says');
    is(scalar(keys %of), $n, '... of each nonce');
    is($_->handled($tag), 2, "... $_->{name}: over both workers") for @nodes;
}


# other lines at http level from now on

sub change {
    my ($http, @nodes) = @_;

    for my $n (@nodes) {
        $n->conf(Drill::conf(%{ $n->{parts} }, http => $http));
        ok($n->reload, "$n->{name}: a reload with other lines");
    }
}


my $redis = Drill::Redis->new('redis');
my $proxy = Drill::Proxy->new('proxy', $redis->port);
my $site = site(split => 1, workers => 2, listen => 'reuseport backlog=1024',
                http => pay_redis($redis->port, %patient), server => guards());
my ($a, $b) = ($site->{gate}, node('b'));

$app = $site->{app};


judged('R-4, R-6: two nodes, one Redis', 'redis', $nonces, 1, $a, $b);

my @keys = @{ $redis->command('KEYS', 'ngxpay:n:*') };

is(scalar @keys, $nonces, '... Redis has a key for each');
cmp_ok($redis->command('TTL', $keys[0]), '>', 600,
       '... for twice the window, and more');


# others ask before it has answered

change(pay_redis($proxy->port, %patient), $a, $b);
$proxy->mode('slow', 0.05);
judged('R-5: two nodes, one Redis that is 50 ms away', 'slow', 5, 1, $a, $b);
$proxy->mode('');


# What was accepted under a narrow window and is forgotten is not accepted
# under a wider one, by whichever node.

{
    my %narrow = (http => pay_redis($redis->port),
                  server => guards() . "        pay_auth_window 2s;\n");
    my ($c, $d) = map { node($_, %narrow) } qw(c d);

    $redis->command('DEL', 'ngxpay:server');
    ready($c, $d);
    next_second();

    my @old = map { guard('deny', body => "wider-$_.", timestamp => int time) }
              1 .. 2;

    is(told(ask($old[0], $c->{port})), '200', 'window 2s: accepted by c');
    is(told(ask($old[1], $d->{port})), '200', '... by d');

    my $forgotten = time + 7;

    # as Redis itself would a minute later

    $redis->command('PEXPIRE', nonce_key($_), 6500) for @old;
    select undef, undef, undef, 0.1 while time < $forgotten;
    is($redis->command('EXISTS', map { nonce_key($_) } @old), 0,
       '... and forgotten');

    for my $n ($c, $d) {
        $n->conf(Drill::conf(%{ $n->{parts} }, server => guards()));
        ok($n->reload, "$n->{name}: a reload, pay_auth_window 300s");
    }

    ready($c, $d, $a);

    for my $n ($c, $d, $a) {
        my $told = join ' ', map { told(ask($_, $n->{port})) } @old;

        is($told, join(' ', ($n == $c ? '503 store_unavailable'
                                      : '409 nonce_replayed') x 2),
           "R-10: $n->{name}: what is forgotten is not taken again");
    }

    is($app->count(qr/wider-\d\.\z/), 2, '... nor by the application');
}


# each node has a memory of its own, as is documented

change('', $a, $b);
judged('R-4: one node, its zone', 'zone', $nonces, 1, $a);
judged('R-6: two nodes without Redis', 'apart', 10, 2, $a, $b);


finish();
done_testing;
