#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# The address of Redis leads to another server, and back to the first, which
# has never been away and knows nothing of what the other one has taken.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Nodes;
use Drill::Redis;
use Test::More;

plan(skip_all => 'no redis-server: tools/setup.sh test')
    if !Drill::Redis::found();

my @redis = map { Drill::Redis->new($_) } qw(one two);
my $link = Drill::dir() . '/redis.sock';


# the address moves: who is connected is thrown out

sub lead {
    my ($from, $to, @nodes) = @_;

    unlink $link;
    symlink $redis[$to]->socket, $link or die "$link: $!";
    return if !@nodes;

    $redis[$from]->command(qw(CLIENT KILL TYPE normal SKIPME yes));
    is(defined ready(@nodes) ? 1 : 0, 1, "all are at $redis[$to]{dir}"
                                         =~ s{\S+/}{}r);
}


lead(0, 0);

my $site = site(split => 1, workers => 2, listen => 'reuseport backlog=1024',
                http => "    pay_redis { server unix:$link; }\n",
                server => guards());
my ($a, $b) = ($site->{gate}, node('b'));

ready($a, $b);
lead(0, 1, $a, $b);
next_second();

my @q = map { guard('deny', body => "there-$_.", timestamp => int time) } 1, 2;

is(told(ask($q[0], $a->{port})), '200', 'accepted at a, by two');
is(told(ask($q[1], $b->{port})), '200', '... at b');

lead(1, 0, $a, $b);

is(told(ask($q[0], $b->{port})), '503 store_unavailable',
   'R-1: back at one: what two knew is not taken again by b');
is(told(ask($q[1], $a->{port})), '503 store_unavailable', '... nor by a');
is(told(ask($q[0], $a->{port})), '409 nonce_replayed', '... a knows its own');
is($site->{app}->count(qr/there-\d\.\z/), 2, '... nor by the application');

next_second();
is(told(ask(guard('deny', timestamp => int time))), '200',
   'what is signed from now on is accepted');

finish();
done_testing;
