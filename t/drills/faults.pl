#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Redis is gone, hangs, is slow, talks nonsense, refuses, forgets: what each
# policy of pay_store_error makes of it, in time, and what the others notice.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Nodes;
use Drill::Proxy;
use Drill::Redis;
use Test::More;
use Time::HiRes qw(sleep time);

plan(skip_all => 'no redis-server: tools/setup.sh test')
    if !Drill::Redis::found();

my $bound = 0.5;                # for an answer, as seen by the client
my $back = 2;                   # ... until all is well again

my $redis = Drill::Redis->new('redis');
my $proxy = Drill::Proxy->new('proxy', $redis->port);

my $site = site(split => 1, workers => 2, listen => 'reuseport backlog=1024',
                http => pay_redis($redis->port), server => guards());
my $near = $site->{gate};
my $far = node('far', http => pay_redis($proxy->port), zone => '256k',
               server => guards() . "        pay_store_error allow;\n");

my ($slowest, $longest, $faults) = (0, 0, 0);


# fresh requests by each policy, all at once, and a page that needs no store

sub burst_of {
    my ($n, $tag, $each) = @_;

    my @q = map { my $p = $_; map { guard($p, tag => $tag) } 1 .. $each }
            @policies;
    my @a = burst($n->{port}, @q, ("GET /static HTTP/1.0\r\n\r\n") x 4);
    my @static = splice @a, @q;

    return (\@q, \@a, \@static);
}


sub by_policy {
    my ($each, @a) = @_;
    return join '; ', map { "$_ " . tally(splice @a, 0, $each) } @policies;
}


sub expected {
    my ($each, %told) = @_;
    return join '; ', map { "$_ $told{$_}: $each" } @policies;
}


sub counters {
    my $s = status($_[0]);

    return { (map { $_ => $s->{gate}{$_} // 0 }
              qw(ok store_unavailable nonce_replayed)),
             %{ $s->{store} } };
}


# how long until the strictest is content, with both workers

sub recovers {
    my ($n, $name) = @_;
    my $took = ready($n) // 10;

    cmp_ok($took, '<=', $back, "D-1: $name: recovered within $back s");
    $longest = $took if $took > $longest;
}


my %closed = (deny => '503 store_unavailable', zone => '200', allow => '200');

sub fault {
    my ($name, $n, %f) = @_;
    my ($tag, $each) = ('f' . ++$faults, 4);
    my $before = counters($n);

    $f{begin}->();

    for my $when ('at once', 'later') {
        my ($q, $a, $static) = burst_of($n, $tag, $each);

        is(by_policy($each, @$a), expected($each, %closed), "$name, $when");
        cmp_ok(within(@$a), '<=', $bound,
               "D-1, D-2: ... all answers within $bound s");
        is(tally(@$static), '200 -: 4', '... another location is unharmed');
        cmp_ok(within(@$static), '<=', $bound, '... and in time');

        $slowest = within(@$a) if within(@$a) > $slowest;

        is(tally(burst($n->{port}, @$q)), '409 nonce_replayed: ' . 3 * $each,
           'D-3: ... replays are refused by all policies: the zone knows')
            if $when eq 'at once';
    }

    my $after = counters($n);
    my %grown = map { $_ => $after->{$_} - $before->{$_} } keys %$after;

    is("@grown{qw(ok store_unavailable nonce_replayed)}", '16 8 12',
       '... counted as such');

    is("@grown{qw(errors passed allowed)}", '24 16 0',
       '... times that Redis did not know, and those that went on');

    my @reasons = reasons($n, $tag);

    like("@reasons", qr/^(?:replay ?|$f{reasons} ?)+$/,
         "... reason: @reasons");

    $f{end}->();
    recovers($n, $name);
}


# nobody there, or as good as nobody

fault('refused', $near, reasons => qr/closed|not_connected/,
      begin => sub { $redis->stop }, end => sub { $redis->start });

fault('black-holed: stopped', $near, reasons => qr/timeout|closed|not_connected/,
      begin => sub { $redis->pause }, end => sub { $redis->resume });

fault('black-holed: a listener that never answers', $far,
      reasons => qr/timeout|closed|not_connected/,
      begin => sub { $proxy->mode('hold') }, end => sub { $proxy->mode('') });

fault('slow, 1 s', $far, reasons => qr/timeout|closed|not_connected/,
      begin => sub { $proxy->mode('slow', 1) },
      end => sub { $proxy->mode('') });

fault('D-11: answers are lost', $far, reasons => qr/timeout|closed|not_connected/,
      begin => sub { $proxy->mode('mute') }, end => sub { $proxy->mode('') });

fault('garbage', $far, reasons => qr/protocol|closed|not_connected/,
      begin => sub { $proxy->mode('garbage') },
      end => sub { $proxy->mode('') });

fault('half a reply', $far, reasons => qr/closed|not_connected/,
      begin => sub { $proxy->mode('cut') }, end => sub { $proxy->mode('') });

{
    $proxy->mode('slow', 0.05);

    my ($q, $a) = burst_of($far, 'slow', 4);

    is(by_policy(4, @$a), expected(4, map { $_ => '200' } @policies),
       'D-1: slow, 50 ms: works');
    is(tally(burst($far->{port}, @$q)), '409 nonce_replayed: 12',
       '... replays are replays');
    $proxy->mode('');
}


# there, and of no use

fault('D-5: OOM', $near, reasons => qr/OOM/,
      begin => sub { $redis->command(qw(CONFIG SET maxmemory 1)) },
      end => sub { $redis->command(qw(CONFIG SET maxmemory 0)) });

fault('D-5: READONLY', $near, reasons => qr/READONLY|not_connected|closed/,
      begin => sub {
          $redis->command('REPLICAOF', '127.0.0.1', Drill::port());
      },
      end => sub { $redis->command(qw(REPLICAOF NO ONE)) });

fault('D-5: NOAUTH', $near, reasons => qr/not_connected|closed/,
      begin => sub {
          $redis->command(qw(CONFIG SET requirepass x));
          $redis->{config}{requirepass} = 'x';
          $redis->command(qw(CLIENT KILL TYPE normal SKIPME yes));

          # the next attempt is at most a second away

          for (1 .. 60) {
              last if $near->said(': NOAUTH: error reply');
              select undef, undef, undef, 0.05;
          }
      },
      end => sub {
          $redis->command(qw(CONFIG SET requirepass), '');
          delete $redis->{config}{requirepass};
      });

cmp_ok($near->said(': NOAUTH: error reply'), '>=', 1, '... as the log says');

fault('D-5: NOPERM', $near, reasons => qr/NOPERM/,
      begin => sub { $redis->command(qw(ACL SETUSER default -eval)) },
      end => sub { $redis->command(qw(ACL SETUSER default +@all)) });

fault('D-10: a string where our hash is', $near, reasons => qr/WRONGTYPE/,
      begin => sub { $redis->command(qw(SET ngxpay:server x)) },
      end => sub { $redis->command(qw(DEL ngxpay:server)) });

fault('D-10: no number where our time is', $near, reasons => qr/ERR/,
      begin => sub { $redis->command(qw(HSET ngxpay:server born x)) },
      end => sub { $redis->command(qw(DEL ngxpay:server)) });

{
    my @q = map { guard($_) } @policies;

    $redis->command('RPUSH', nonce_key($_), 'x') for @q;
    is(by_policy(1, burst($near->{port}, @q)),
       expected(1, map { $_ => '409 nonce_replayed' } @policies),
       'D-10: a list where the nonce goes: seen, by all policies');
}


# it comes back, and knows or does not

for my $case ([ 'restarted with its data', sub {
                    $redis->command('SAVE');
                    lose($redis, 1);
                } ],
              [ 'restarted without its data', sub { lose($redis) } ],
              [ 'FLUSHALL', sub { $redis->command('FLUSHALL') } ])
{
    my ($name, $do) = @$case;
    my @old = map { guard($_, timestamp => int time,
                          tag => "old $name" =~ s/ /-/gr) } @policies;

    $do->();

    my ($q, $a) = burst_of($near, 'back', 4);
    my @deny = splice @$a, 0, 4;

    is(tally(@$a), '200: 8', "$name: zone and allow pass what is new");
    like(tally(@deny), qr/^(?:200: \d(?:, )?)?(?:503 store_unavailable: \d)?$/,
         '... deny, as soon as it is back');
    cmp_ok(within(@$a, @deny), '<=', $bound, "... within $bound s");
    recovers($near, $name);

    is(by_policy(1, burst($near->{port}, @old)), expected(1, %closed),
       'D-13: ... what was signed before goes by the policy');
    is(join(' ', reasons($near, "old $name" =~ s/ /-/gr)), 'cold_redis',
       '... reason: cold_redis');
    is(tally(burst($near->{port}, @$q, @old)), '409 nonce_replayed: 15',
       '... and all are known now');
}

# the answer was lost, the nonce is used: here and there

{
    my ($q, $new) = map { guard('deny') } 1 .. 2;

    $proxy->mode('mute');
    is(told(ask($q, $far->{port})), '503 store_unavailable',
       'D-11: the answer is lost: refused');
    is(told(ask($q, $far->{port})), '409 nonce_replayed',
       '... the same again: used, as the zone knows');
    is(told(ask($q, $near->{port})), '409 nonce_replayed',
       '... at another node: used, as Redis knows');
    $proxy->mode('');
    recovers($far, 'lost answers');
    is(told(ask($new, $far->{port})), '200', '... signed anew: accepted');
}


# the zone cannot tell, either: allow, and only allow, passes

{
    next_second();

    my @q = map { guard($_, timestamp => int time) } @policies;

    $near->stop;
    $near->start;
    is(by_policy(1, burst($near->{port}, @q)),
       expected(1, map { $_ => '200' } @policies),
       'R-7: a zone that was just made, with a Redis that knows: accepted');

    $redis->stop;
    $near->stop;
    @q = map { guard($_, timestamp => int time) } @policies;
    $near->start;

    my @a = burst($near->{port}, @q);

    is(by_policy(1, @a), 'deny 503 store_unavailable: 1; '
       . 'zone 503 store_unavailable: 1; allow 200: 1',
       'D-3: ... without Redis: allow alone passes');
    $redis->start;
    recovers($near, 'restarted, both');
}

{
    my ($full, $n) = ('', 0);

    $proxy->mode('hold');

    while ($n < 4000) {
        my @a = burst($far->{port}, map { guard('zone') } 1 .. 100);

        $n += grep { $_->{status} == 200 } @a;
        ($full) = grep { $_ ne '200' } map { told($_) } @a;
        last if defined $full;
    }

    is($full, '503 store_unavailable', 'R-8: a full zone, no Redis: zone '
       . 'refuses');
    is(by_policy(1, burst($far->{port}, map { guard($_) } @policies)),
       'deny 503 store_unavailable: 1; zone 503 store_unavailable: 1; '
       . 'allow 200: 1', 'D-3: ... allow alone passes');

    # ... but no money without a record: here are those of unknown outcome

    my ($kept, $last) = (0, '');

    $site->{channel}->mode('drop');

    while ($kept < 1000 && $last eq '') {
        my @orders = map { number() } 1 .. 50;
        my @a = burst($far->{port}, map { payment(order => $_) } @orders);
        my ($i) = grep { told($a[$_]) ne '504 outcome_unknown' } 0 .. $#a;

        $kept += grep { told($_) eq '504 outcome_unknown' } @a;
        $last = $orders[$i] if defined $i;
        is(told($a[$i]), '503 store_unavailable', 'D-3: allow, and no room for '
           . 'a payment: refused') if defined $i;
    }

    is($site->{channel}->count(qr/"\Q$last\E"/), 0, '... nothing is sent');
    is($site->{channel}->count(qr{^POST /v3/pay/}), $kept,
       '... what was sent has its record');
    counted('... and %d payments of unknown outcome', $kept);
    $site->{channel}->mode('');

    $proxy->mode('');
    recovers($far, 'a full zone');
    is(by_policy(1, burst($far->{port}, map { guard($_) } @policies)),
       expected(1, map { $_ => '200' } @policies),
       'R-8: ... with Redis: it knows for both');
    counted('a zone of 256k took %d nonces of one merchant more', $n);
}


# What Redis took when the zone had no room for it is not taken again when the
# zone has room and Redis is away.  A nonce lives for 6 seconds there.

{
    my $small = node('small', http => pay_redis($redis->port), zone => '256k',
                     server => guards() . "        pay_auth_window 2s;\n");

    ready($small);
    next_second();

    my ($began, $refused) = (time, 0);

    while ($refused < 50 && time < $began + 4) {
        burst($small->{port}, map { guard('deny', timestamp => int time) }
                              1 .. 100);
        $refused = status($small)->{zone}{nonces_refused}{merchant};
    }

    my $filled = time;

    cmp_ok($refused, '>=', 50, 'R-8: with Redis a full zone refuses nobody');
    sleep 0.1 while time < $began + 4.5;

    my ($q, $more) = map { guard('zone', tag => 'small',
                                 timestamp => 2 + int time) } 1 .. 2;

    is(told(ask($q, $small->{port})), '200', '... one more');
    $redis->stop;
    sleep 0.1 while time < $filled + 6.1 && time < $began + 8;
    is(told(ask($q, $small->{port})), '503 store_unavailable',
       'R-1: it has room again, and no Redis: the same is not known');
    is(told(ask($more, $small->{port})), '503 store_unavailable',
       '... nor is another of its time');
    is(join(' ', reasons($small, 'small')), 'zone_full',
       '... reason: zone_full');
    $redis->start;
    recovers($near, 'Redis is back');
}


# Whose body is late comes to an old worker when the new ones have the zone in
# another size: what that one takes, the new zone does not know.

{
    my %redis = (http => pay_redis($redis->port), server => guards());
    my $grown = node('grown', %redis, zone => '1m');

    ready($grown);
    next_second();

    my %q = map { $_ => guard($_, tag => 'grown') } @policies;
    my %s = map { $_ => send_raw(substr($q{$_}, 0, -1), $grown->{port}) }
            @policies;

    sleep 0.2;
    $grown->conf(Drill::conf(%{ $grown->{parts} }, zone => '2m'));
    ok($grown->reload, 'a reload with another size of the zone');
    syswrite $s{$_}, substr $q{$_}, -1 for @policies;

    is(join('; ', map { "$_ " . told(answer_of($s{$_})) } @policies),
       'deny 200; zone 503 store_unavailable; allow 200',
       'R-7: an old worker, a frozen zone and Redis');
    ready($grown);
    $redis->stop;
    is(join('; ', map { "$_ " . told(ask($q{$_}, $grown->{port})) }
                  @policies[0, 1]),
       'deny 503 store_unavailable; zone 200',
       '... without Redis: what has passed does not pass again');
    $redis->start;
    recovers($near, 'Redis is back');
}


# many, when it is down

{
    $redis->stop;
    burst($near->{port}, guard('deny'));

    my @t;

    for (1 .. 20) {
        my @a = burst($near->{port}, map { guard('deny') } 1 .. 50);
        push @t, map { $_->{ended} - $_->{began} } @a;
    }

    @t = sort { $a <=> $b } @t;

    cmp_ok($t[989], '<=', $bound,
           'D-2: down: 99 % of 1000 answers within the bound');
    counted('Redis down: 1000 answers, median %.0f ms, p99 %.0f ms, longest '
            . '%.0f ms', map { 1000 * $t[$_] } 499, 989, 999);
}


counted('%d faults, 3 policies: slowest answer %.0f ms, slowest recovery '
        . '%.0f ms', $faults, 1000 * $slowest, 1000 * $longest);

for ([ $near, 'near' ], [ $far, 'far' ]) {
    my ($n, $name) = @$_;

    cmp_ok($n->said('refused, by "pay_store_error deny"'), '>=', 1,
           "D-3: $name: deny is logged");
    cmp_ok($n->said('the zone of this node decides'), '>=', 1,
           '... and the passes of the open policies');

    my %lines;

    for (split /\n/, $n->log) {
        $lines{"$1 $2"}++ if /^(\S+ \S+ \S+ \d+)#.* not know: \w+; (\w+)/;
    }

    is(scalar(grep { $_ > 1 } values %lines), 0,
       'L-1: ... a line a second of each, for each worker');
}

finish();
done_testing;
