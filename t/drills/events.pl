#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Notices of one event at two nodes with one Redis.
#
# a reaches Redis through a proxy, b at once; both have "deny".  z is behind
# the proxy, too, and has "zone".

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Nodes;
use Drill::Proxy;
use Drill::Redis;
use Drill::Ways;
use Test::More;
use Time::HiRes qw(sleep time);

plan(skip_all => 'no redis-server: tools/setup.sh test')
    if !Drill::Redis::found();

my $redis = Drill::Redis->new('redis');
my $proxy = Drill::Proxy->new('proxy', $redis->port);

my %patient = (timeout => '500ms', connect_timeout => '500ms');

my $site = site(split => 1, workers => 2, listen => 'reuseport backlog=1024',
                http => pay_redis($proxy->port, %patient), server => guards());
my ($app, $channel) = @$site{qw(app channel)};
my ($a, $b) = ($site->{gate}, node('b', http => pay_redis($redis->port,
                                                          %patient)));
my $z = node('z', server => guards() . "        pay_store_error zone;\n");


sub at { my ($n, $bytes) = @_; told(ask($bytes, $n->{port})) }

sub events { $app->requests(qr/"order_id":"$_[0]"/) }

sub ids { my %ids = map { $_->{headers}{'webhook-id'} => 1 } events(@_);
          return keys %ids }


# a paid order, and the bytes that tell of it, of which nobody has heard yet

sub paid {
    my $order = number();

    ask(payment(order => $order), $b->{port});

    return ($order, notice($order));
}


# where Redis has it, once there was an event

sub key { return redis_key('e', (ids($_[0]))[0]) }

sub up { is(defined ready(@_) ? 1 : 0, 1, '... all have their Redis again') }


# accepted at one, and then at the other

{
    my ($order, $bytes) = paid();

    is(at($a, $bytes), '204', 'W-7: a notice at a: acknowledged');
    $app->mode('500');
    is(at($b, $bytes), '204', '... its copy at b: acknowledged at once');
    is(at($a, $bytes), '204', '... its copy at a, too');
    $app->mode('');
    is(scalar(my @e = events($order)), 1, '... the application was asked once');
    is($redis->command('GET', key($order)), '+200',
       '... and its answer is in Redis');
    cmp_ok($redis->command('TTL', key($order)), '>', 86400, '... for long');
}


# both at once, many

{
    my ($order, $bytes) = paid();

    $app->mode('slow 0.4');

    my @a = burst_to(map { [ $_->{port}, $bytes ] } ($a, $b) x 10);

    is(tally(@a), '204: 1, 503 FAIL: 19', 'W-8: 20 copies at both nodes at '
       . 'once: one is delivered');
    is(scalar(my @e = events($order)), 1, '... the application was asked once');
    $app->mode('');
    is(join(' ', map { at($_, $bytes) } ($a, $b) x 2), '204 204 204 204',
       '... then all are acknowledged');
    is(scalar(@e = events($order)), 1, '... without asking it again');
    counted('20 copies of a notice at two nodes at once: %s', tally(@a));
}


# being delivered at one, and then the application refuses

{
    my ($order, $bytes) = paid();

    $app->mode('slow 0.6');

    my $s = send_raw($bytes, $a->{port});

    $app->await(1, qr/"$order"/);
    is(at($b, $bytes), '503 FAIL', 'W-8: under way at a: b says later');
    is(told(answer_of($s)), '204', '... a has it delivered');
    is(at($b, $bytes), '204', '... then b acknowledges');
    is(scalar(my @e = events($order)), 1, '... the application was asked once');
}

{
    my ($order, $bytes) = paid();

    $app->mode('500');
    is(at($a, $bytes), '503 FAIL', 'W-9: the application refuses at a');
    is($redis->command('EXISTS', key($order)), 0, '... nobody holds it');
    $app->mode('');
    is(at($b, $bytes), '204', '... b delivers the next copy');
    is(scalar(my @e = events($order)), 2, '... the application had it twice');
    is(scalar(my @ids = ids($order)), 1, '... under one id');
}


# the worker is killed in the middle

{
    my ($order, $bytes) = paid();

    $app->mode('slow 0.8');

    my $s = send_raw($bytes, $a->{port});

    $app->await(1, qr/"$order"/);
    ok($a->kill_workers, 'F-2: kill -9 of a while the application works');
    like(answer_of($s)->{error}, qr/^(?:closed|reset)$/,
         '... the connection dies');
    $app->mode('');
    is(at($b, $bytes), '503 FAIL', '... b: it is under way');
    is(at($a, $bytes), '503 FAIL', '... a, too: it is in Redis');
    cmp_ok($redis->command('PTTL', key($order)), '<=', 90000,
           '... but not for ever');

    # the end of the claim

    $redis->command('DEL', key($order));
    is(at($b, $bytes), '204', '... at its end b delivers it');
    is(at($a, $bytes), '204', '... and a acknowledges');
    is(scalar(my @e = events($order)), 2, '... the application had it twice');
    is(scalar(my @ids = ids($order)), 1, '... under one id');
}


# the channel leaves: while a record is asked for, the event, the application,
# and while its answer is told

{
    my @ways = grep { /^(?:close|TCP RST|HTTP.2 RST_STREAM)$/ } ways();
    my (%of, @going);

    for my $phase (qw(record event application answer)) {
        $of{"$_ at $phase"} = [ paid() ] for @ways;
    }

    $proxy->mode('slow', 0.15);
    $app->mode('slow 0.3');

    for my $who (sort keys %of) {
        my ($way, $phase) = $who =~ /^(.*) at (.*)$/;
        my ($order, $bytes) = @{ $of{$who} };
        my $record = redis_key('o', 'demo', $order);
        my %when = (
            record => sub { $proxy->count($record) },
            event => sub { $proxy->count($record) > 2 },
            application => sub { $app->count(qr/"$order"/) },
            answer => sub {
                $app->count(qr/"$order"/) && $proxy->count(key($order)) > 1;
            }
        );

        push @going, [ $way, begin($way, $bytes), $when{$phase} ];
    }

    my @orders = map { $_->[0] } values %of;

    ok(go_when(@going), 'W-10: a channel leaves, 12 times');
    is(scalar(grep { $app->await(1, qr/"$_"/) } @orders), @orders,
       '... all events are delivered');
    is(scalar(grep { $proxy->await(2, key($_)) } @orders), @orders,
       '... which is told');
    sleep 0.3;
    $proxy->mode('');
    $app->mode('500');

    for my $who (sort keys %of) {
        is(at($b, $of{$who}[1]), '204', "W-10: $who: b acknowledges a copy");
    }

    $app->mode('');
    is(join(' ', map { scalar(my @e = events($_)) } @orders),
       join(' ', (1) x @orders), '... the application was asked once for each');
}


# Redis goes

{
    my ($order, $bytes) = paid();
    my ($other, $notice) = paid();

    $proxy->mode('hold');
    is(at($a, $bytes), '503 FAIL', 'D-3: Redis is away: a, by deny, refuses');
    is(at($a, $bytes), '503 FAIL', '... again, and at once');
    is(scalar(my @e = events($order)), 0, '... the application is not asked');
    is(at($z, $notice), '204', '... z, by zone, delivers');
    is(at($z, $notice), '204', '... and acknowledges a copy');
    is(scalar(@e = events($other)), 1, '... the application was asked once');
    $proxy->mode('');
    up($a, $z);
    is(at($a, $bytes), '204', '... it is back: a delivers');
    is(at($b, $bytes), '204', '... and b acknowledges');
    is(scalar(@e = events($order)), 1, '... the application was asked once');
    is(at($z, $notice), '204', '... z acknowledges what it had');
    is(at($b, $notice), '204', '... of which b knows nothing: it delivers');

    my $n = @e = events($other);

    is($n, 2, '... the application had that twice');
    is(scalar(my @ids = ids($other)), 1, '... under one id');
    counted('a notice that "zone" delivered without Redis, and its copies: '
            . 'the application had it %d times, %d id', $n, scalar @ids);
}

for my $node ($a, $z) {
    my ($order, $bytes) = paid();

    # the claim is in Redis, and that it was delivered only in the zone

    $app->mode('slow 0.3');

    my $s = send_raw($bytes, $node->{port});

    $app->await(1, qr/"$order"/);
    $proxy->mode('hold');
    is(told(answer_of($s)), '204', 'D-11: Redis goes while the application '
       . "works: $node->{name} acknowledges");
    $app->mode('');
    $proxy->mode('');
    up($node);
    is(at($node, $bytes), '204', '... a copy is acknowledged');
    is(at($b, $bytes), '503 FAIL', '... b thinks that it is under way');
    is(scalar(my @e = events($order)), 1, '... the application was asked once');
    $redis->command('DEL', key($order));
}

# whatever a holder's name begins with, it is no acknowledgement

{
    my ($order, $bytes) = paid();

    $app->mode('500');
    at($b, $bytes);
    $app->mode('');

    for my $c (0 .. 9, 'a' .. 'f') {
        $redis->command('SET', key($order), $c x 32);
        is(at($b, $bytes), '503 FAIL', "W-8: $c... has it: later");
    }

    $redis->command('DEL', key($order));
    is(at($b, $bytes), '204', '... nobody has: delivered');
    is(scalar(my @e = events($order)), 2, '... and not before');
}


# somebody has written under our names

{
    my ($order, $bytes) = paid();

    $app->mode('500');
    at($b, $bytes);
    $app->mode('');
    $redis->command('RPUSH', key($order), 'x');
    is(at($b, $bytes), '503 FAIL', 'D-10: a list where the event is: later');
    is(scalar(my @e = events($order)), 1, '... the application is not asked');
    $redis->command('DEL', key($order));
    is(at($b, $bytes), '204', '... it is gone: delivered');
}


# a reload, in the middle of all of it: they begin one after the other, and
# the first is at its end when the last begins

{
    my @of = map { [ paid() ] } 1 .. 10;

    $proxy->mode('slow', 0.15);
    $app->mode('slow 0.3');

    for (@of) {
        push @$_, send_raw($_->[1], $a->{port});
        sleep 0.1;
    }

    ok($a->reload, 'F-1: a reload');
    is(tally(map { answer_of($_->[2]) } @of), '204: 10',
       '... all are acknowledged');
    $proxy->mode('');
    $app->mode('500');
    is(join(' ', map { at($b, $_->[1]), at($a, $_->[1]) } @of),
       join(' ', (204) x 20), '... and so are the copies, at both');
    $app->mode('');
    is(join('', map { scalar(my @e = events($_->[0])) } @of), '1' x 10,
       '... the application was asked once for each');
}

up($a, $b, $z);


is(status($_)->{zone}{events_in_flight}, 0,
   "all is over: nothing is in flight at $_->{name}") for $a, $b, $z;

my @held = grep { ($redis->command('GET', $_) // '') !~ /^\+\d+$/ }
           @{ $redis->command('KEYS', 'ngxpay:e:*') };

is("@held", '', '... nor in Redis');

my ($n, @claims) = records($redis);

is("@claims", '', "... none of $n records is held");
ok($_->stop('QUIT'), "$_->{name} leaves when all is done") for $a, $b, $z;

finish();
done_testing;
