#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# /metrics while four workers work, are reloaded, given another zone, and
# killed: every reading is well formed, no counter ever goes down, and what
# was counted is what the clients were told.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Redis;
use Metrics;
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = Drill::Redis::found() ? Drill::Redis->new('redis') : undef;

my $site = site(
    workers => 4, listen => 'reuseport backlog=1024',
    http => $redis ? '    pay_redis { server 127.0.0.1:' . $redis->port
                     . "; timeout 2s; }\n" : '',
    server => "        location /shop/ {\n            pay_auth on;\n"
              . "            proxy_pass http://APP;\n        }\n"
);

my ($gate, $port) = ($site->{gate}, $site->{port});
my $scrape = "GET /metrics HTTP/1.0\r\n\r\n";

sub metrics { Metrics::parse(ask($scrape, $port->{status})->{body}) }
sub at { $_[0]->value("nginx_pay_$_[1]", @_[2 .. $#_]) // 0 }

sub good { request('GET', '/shop/orders', '') }
sub wrong { request('GET', '/shop/orders', '', secret => 'wrong') }
sub unsigned {
    return "GET /shop/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
           . "X-Drill: -\r\n\r\n";
}

my %result = (200 => 'ok', '401 signature_mismatch' => 'signature_mismatch',
              '401 signature_missing' => 'signature_missing');


# a fresh zone, and a fresh Redis, refuse what is older than they are

{
    my $m = metrics();
    my $born = at($m, 'zone_created_timestamp_seconds');
    my $other = at($m, 'redis_created_timestamp_seconds');

    sleep 0.05 while time < ($born > $other ? $born : $other) + 1.1;
}


# Clients, one request after another, and a reader of /metrics, until "over"
# says 1; between: what is done meanwhile, again and again.  Gives what the
# clients were told.

my ($readings, @bad) = (0);

sub run {
    my ($over, $between) = @_;
    my $loop = Drill::Loop->new;
    my ($running, $end, $last, %told, $client, $reader) = (0, 0);
    my @kinds = (\&good, \&good, \&wrong, \&unsigned);
    my $n = 0;

    $client = sub {
        if ($end) {
            $running--;
            return;
        }

        $loop->ask($port->{gate}, $kinds[$n++ % @kinds]->(), sub {
            my $a = shift;
            $told{ $a->{status} == 200 ? 200 : told($a) }++;
            $client->();
        });
    };

    $reader = sub {
        if ($end) {
            $running--;
            return;
        }

        $loop->ask($port->{status}, $scrape, sub {
            my $a = shift;

            # a worker may be killed while it tells

            if ($a->{status} == 200 && $a->{error} eq '') {
                my $m = Metrics::parse($a->{body});

                push @bad, $m->bad if $m->bad ne '';
                push @bad, Metrics::fallen($last, $m) if $last;
                $last = $m;
                $readings++;
            }

            $loop->after(0.02, $reader);
        });
    };

    my $tick;
    $tick = sub {
        return if $end;
        $between->();
        $end = $over->(\%told);
        $loop->after(0.05, $tick);
    };

    $running = 7;
    $client->() for 1 .. 6;
    $reader->();
    $tick->();
    $loop->run(sub { $end && !$running }, 120);

    return \%told;
}


# what the clients were told is what was counted, kind by kind

sub exact {
    my ($what, $m, $n, $told) = @_;

    for my $kind (sort keys %result) {
        is(at($n, gate_requests_total => result => $result{$kind})
           - at($m, gate_requests_total => result => $result{$kind}),
           $told->{$kind} // 0, "$what: counted as told: $kind");
    }
}


# four workers

{
    my $m = metrics();
    my $told = run(sub { ($_[0]{200} // 0) >= 400 }, sub { });
    my $n = metrics();

    exact('4 workers', $m, $n, $told);
    is(join(', ', grep { !$result{$_} } sort keys %$told), '',
       '... nothing else was told');
    is(at($n, signatures_total => form => 'five_lines',
          algorithm => 'hmac-sha256', result => 'valid')
       - at($m, signatures_total => form => 'five_lines',
            algorithm => 'hmac-sha256', result => 'valid'), $told->{200},
       '... and so are the signatures that held');
    is(at($n, gate_refused_total => reason => 'no_authorization')
       - at($m, gate_refused_total => reason => 'no_authorization'),
       $told->{'401 signature_missing'}, '... and the reasons');

    my $workers = $gate->handled('-');

    is($workers, 4, '... by all workers');
    counted('4 workers: %d requests that held, %d readings', $told->{200},
            $readings);
}


# reload, at least five times

{
    my ($m, $reloads, %old) = (metrics(), 0);

    my $told = run(sub { $reloads >= 6 }, sub {
        my @now = $gate->workers;

        return if @now < 4 || grep { $old{$_} } @now;

        %old = map { $_ => 1 } @now;
        $reloads++;
        kill 'HUP', $gate->{master} if $reloads < 6;
    });

    exact('5 reloads', $m, metrics(), $told);
    is(join(', ', grep { !$result{$_} } sort keys %$told), '',
       '... nothing else was told');
}


# the workers of before are gone, and say nothing of Redis

for (1 .. 400) {
    last if !$gate->leaving;
    sleep 0.05;
}

SKIP: {
    skip 'no redis-server', 1 if !$redis;
    is(at(metrics(), 'redis_up'), 1, 'Redis is up after the reloads');
}


# another size: what old workers count afterwards is lost, nothing before it

{
    my $m = metrics();
    my @old = $gate->workers;

    $gate->conf(Drill::conf(%{ $site->{parts} }, zone => '24m'));
    kill 'HUP', $gate->{master};
    ok($gate->await_workers(@old), 'another size of the zone');

    my $n = metrics();

    is(join("\n", Metrics::fallen($m, $n)), '', '... no counter went down');
    cmp_ok(at($n, 'zone_nonces_capacity'), '>', at($m, 'zone_nonces_capacity'),
           '... there is more room');
    is(at($n, 'zone_nonces'), at($m, 'zone_nonces'), '... for the same nonces');
    is(at($n, 'zone_frozen'), 0, '... and it is not frozen');
}


# kill -9 of a worker, again and again; some answers are lost with it

{
    my ($m, $kills, $at) = (metrics(), 0, 0);

    my $told = run(sub { $kills >= 8 }, sub {
        my @now = $gate->workers;

        return if @now < 4 || time < $at;

        $gate->killed($now[rand @now]);
        $kills++;
        $at = time + 0.2;
    });

    my $n = metrics();

    for my $kind (sort keys %result) {
        my $by = at($n, gate_requests_total => result => $result{$kind})
                 - at($m, gate_requests_total => result => $result{$kind});

        cmp_ok($by, '>=', $told->{$kind} // 0,
               "8 kills: all that was told is counted: $kind");
        cmp_ok($by - ($told->{$kind} // 0), '<=', 6 * $kills,
               '... and not much more');
    }

    my $lost = 0;
    $lost += $told->{$_} for grep { !$result{$_} } keys %$told;

    counted('%d kills: %d lost, %d repairs', $kills, $lost,
            at($n, 'zone_repairs_total'));
}

is(join("\n", @bad[0 .. ($#bad > 9 ? 9 : $#bad)]), '',
   'every reading is well formed, and no counter went down');
cmp_ok($readings, '>', 30, '... of many readings');
counted('%d readings', $readings);


# Redis goes, and comes again

SKIP: {
    skip 'no redis-server', 6 if !$redis;

    my $m = metrics();

    $redis->stop;
    is(told(ask(good())), '503 store_unavailable', 'Redis is stopped: refused');

    my $n = metrics();

    is(at($n, 'redis_up'), 0, '... it is down');
    is(at($n, 'store_errors_total') - at($m, 'store_errors_total'), 1,
       '... one operation was not answered');
    is(at($n, 'store_passed_total') - at($m, 'store_passed_total'), 0,
       '... and nobody else has decided');
    is(at($n, gate_requests_total => result => 'store_unavailable')
       - at($m, gate_requests_total => result => 'store_unavailable'), 1,
       '... it is counted');

    $redis->start;

    # each worker has a connection of its own to make

    my $row = 0;

    for (1 .. 400) {
        $row = ask(good())->{status} == 200 ? $row + 1 : 0;
        last if $row == 24;
        sleep 0.05 if $row == 0;
    }

    is("$row " . at(metrics(), 'redis_up'), '24 1', 'it is up again');
}


# a payment, its notice: now all that is documented is told, and all that is
# told is documented

$gate->await_workers;
$site->{relay}->mode('pass');

{
    my $order = number();

    is(told(pay(order => $order)), '200 pending', 'a payment');
    press($order, 'pay');
}

SKIP: {
    skip 'no redis-server', 3 if !$redis;

    my $text = ask($scrape, $port->{status})->{body};
    my $m = Metrics::parse($text);
    my $doc = Metrics::documented();

    # this node has no merchant with a certificate

    my $end = $doc->{nginx_pay_certificate_expiry_timestamp_seconds};

    $end->{labels} = 'channel' if $end->{labels} eq 'channel or key merchant';

    is(join("\n", map { "$_ $m->{family}{$_}{type} $m->{family}{$_}{labels}" }
                  sort keys %{ $m->{family} }),
       join("\n", map { "$_ $doc->{$_}{type} $doc->{$_}{labels}" }
                  sort keys %$doc), 'docs/metrics.md names every family');
    is(at($m, notices_total => channel => 'wechat', result => 'acknowledged'),
       1, 'one notice was acknowledged');

    my $said = Metrics::promtool($text);

    skip 'no promtool (Debian: prometheus)', 1 if !defined $said;
    is($said, '', 'promtool: nothing to say');
}

# a worker may die under the lock, which the master opens

finish(qr/shared memory zone "pay" was locked by/);
done_testing;
