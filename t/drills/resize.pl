#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Reloads with another size of the zone: larger, smaller, too small, refused
# for another reason; at rest, in the middle of a payment and of an event, and
# under load with workers that die.  What was known must be known after it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;

# it races with a lock that it writes to itself: not in every run
unless ($ENV{PAY_FULL}) {
    print "1..0 # SKIP only with PAY_FULL=1\n";
    exit;
}

use Drill::Redis;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

my $guard = <<'END';
        location = /guard {
            pay_auth on;
            empty_gif;
        }
END

my $site = site(workers => 2, split => 1, server => $guard, zone => '1m',
                listen => 'backlog=1024');
my ($gate, $channel, $app, $port) = (@$site{qw(gate channel app)},
                                     $site->{port});


# what is signed now, not ahead of time

sub now { (timestamp => int time) }

sub knock { request('GET', '/guard', '', now(), @_) }

sub prepays { $channel->count(qr{^POST /v3/pay/\S+/native .*"$_[0]"}s) }

sub events { $app->count(qr/"order_id":"$_[0]"/) }


# a fresh zone refuses what is signed before it is a second old

sub warm {
    my $born = status(@_)->{zone}{born};
    sleep 0.05 while time < $born + 1.1;
}


sub sized {
    my $size = shift;

    $gate->conf(Drill::conf(%{ $site->{parts} }, zone => $size, @_));
}


# waits until the log says it once more

sub until_said {
    my ($what, $before) = @_;

    for (1 .. 400) {
        return 1 if $gate->said($what) > $before;
        sleep 0.02;
    }

    return 0;
}


# nginx -t tells what fits

sub tested {
    my ($size, @options) = @_;
    my $nginx = $ENV{NGINX_BIN} // '/usr/sbin/nginx';
    my $dir = Drill::dir();
    my $file = Drill::_write("$dir/gate/test.conf", Drill::conf(
        %{ $site->{parts} }, zone => $size,
        http => "    pay_auth_window 100s;\n"));
    my $text = `$nginx -t @options -p $dir/gate/ -c $file 2>&1`;

    is($?, 0, "nginx -t @options, a zone of $size");
    unlink $file;

    return $text;
}

for (
    [ '256k', 1700, 2200, 240, 300, 500, 800 ],
    [ '16m', 135000, 145000, 20000, 21000, 47000, 48000 ]
) {
    my ($size, @bounds) = @$_;
    my $text = tested($size);
    my @n = $text =~ /^nginx:\ pay_zone\ "pay":\ (\d+)\ nonces\ of\ 28\ bytes:
                      \ (\d+)\ signed\ requests\ a\ second,\ (\d+)\ from
                      \ one\ merchant,\ each\ kept\ for\ twice\ pay_auth_window\ of\ 100\ s;\ (\d+)\ records
                      \ of\ 512\ bytes,\ (\d+)\ events\ of\ 44\ bytes$/xm;

    is(scalar @n, 5, '... it tells what fits') or diag($text);

    my ($rate, $one) = splice @n, 1, 2;

    is($rate, int($n[0] / 202), '... how many requests a second');
    is($one, int($n[0] / 2 / 202), '... and how many from one merchant');

    for my $what (qw(nonces records events)) {
        my ($n, $from, $to) = (shift @n, splice @bounds, 0, 2);
        ok($n >= $from && $n <= $to, "... $n $what");
    }
}

unlike(tested('1m', '-q'), qr{pay_zone}, '... and not with -q');


# what there is before the first of it

warm();

my $born = status()->{zone}{born};
my (@knocks, @orders, @notices);

for (1 .. 64) {
    my $bytes = knock();
    push @knocks, $bytes if ask($bytes)->{status} == 200;
}

is(scalar @knocks, 64, '64 requests are accepted');

for (1 .. 4) {
    my $order = number();

    is(told(pay(order => $order, amount => 300)), '200 pending', 'an order');
    push @orders, $order;
}

# a pay page makes two notices of the first two; the application takes them

for my $order (@orders[0, 1]) {
    my $bytes = notice($order);

    is(told(post_notice($bytes)), '204', 'a notice is acknowledged');
    push @notices, $bytes;
}


# all of it is still known, and no one called for it again

sub known {
    my $what = shift;
    my $calls = $channel->count;
    my $seen = $app->count;

    is(tally(map { ask($_) } @knocks), '409 nonce_replayed: ' . @knocks,
       "R-7: $what: replays accepted: 0");

    is(tally(map { pay(order => $_, amount => 300) } @orders),
       '200 pending: 2, 200 succeeded: 2', '... the orders are there');
    is(tally(map { pay(order => $_, amount => 301) } @orders),
       '409 idempotency_conflict: 4', '... with all that was asked for');
    is($channel->count, $calls, '... and the channel was not called');

    $app->mode('500');
    is(tally(map { post_notice($_) } @notices), '204: 2',
       'W-8: ... accepted events are acknowledged at once');
    is($app->count, $seen, '... without the application');
    $app->mode('');

    my $bytes = knock();
    is(told(ask($bytes)), '200 -', '... a new request is accepted');
    is(told(ask($bytes)), '409 nonce_replayed', '... once');
    is(status()->{zone}{born}, $born, '... there was no cold start');
}


known('the first size');

my $requests = status()->{gate}{ok};

for my $size ('4m', '4m', '512k', '512k', '256k', '2m') {
    sized($size);
    ok($gate->reload, "a reload with $size");
    known("a reload with $size");
}

cmp_ok(status()->{gate}{ok}, '>=', $requests, 'counters go on');
is($gate->said('a new size: took over'), 4, 'four of them were new sizes');

# one after the other, before the workers of the last have gone

my $ended = $gate->said('gracefully shutting down');

for my $size ('3m', '1m', '5m') {
    my $before = $gate->said('a new size: took over');

    sized($size);
    kill 'HUP', $gate->{master};
    ok(until_said('a new size: took over', $before), "a reload with $size");
}

ok(until_said('gracefully shutting down', $ended + 5), 'three in a row');

for (1 .. 200) {
    last if $gate->workers == 2
            && Drill::Nginx::_children($gate->{master}) == 2;
    sleep 0.05;
}

known('three in a row');


# a reload that fails: the sockets are opened after the zone was made

{
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1,
                                      Proto => 'tcp') or die "listen: $!";
    my @workers = sort $gate->workers;
    my $order = number();
    my ($tries, $frozen, $taken_on) = (0, 0, 0);

    $channel->mode('slow 1');
    my $s = send_raw(payment(order => $order));
    $channel->await(1, qr/"$order"/);

    sized('2m', http => '    server { listen 127.0.0.1:' . $taken->sockport
                        . "; }\n");

    for my $n (1, 2) {
        my $said = $gate->said('still could not bind');
        my (%told, @sent);

        kill 'HUP', $gate->{master};

        while ($gate->said('still could not bind') == $said) {
            my $bytes = knock();
            my $t = told(ask($bytes));

            $told{$t}++;
            push @knocks, $bytes if $t eq '200 -';
            last if $tries++ > 5000;
        }

        $frozen += $told{'503 store_unavailable'} // 0;
        $taken_on += $told{'200 -'} // 0;
        is(join(', ', grep { !/^(?:200 -|503 store_unavailable)$/ }
                      keys %told), '',
           "a reload that cannot bind, $n: answers are 200 or 503");

        my $end = time + 10;
        my $t = '';

        while ($t ne '200 -' && time < $end) {
            my $bytes = knock();

            $t = told(ask($bytes));
            push @knocks, $bytes if $t eq '200 -';
        }

        is($t, '200 -', '... the zone of before is thawed');
        is(join(' ', sort $gate->workers), "@workers",
           '... the workers are those of before');
        known('a reload that cannot bind');

        if ($n == 1) {
            is(told(answer_of($s)), '200 pending',
               '... a payment that was under way is answered');
            $channel->mode('');
            is(told(pay(order => $order)), '200 pending', '... and known');
            is(prepays($order), 1, '... and was sent once');
        }
    }

    cmp_ok($frozen, '>', 0, '... it was frozen while nginx tried');
    counted('two reloads that could not bind: %d accepted, %d times 503',
            $taken_on, $frozen);

    # broken before any zone is made

    my $said = $gate->said('unknown directive');

    sized('3m', http => "    nonsense;\n");
    kill 'HUP', $gate->{master};
    ok(until_said('unknown directive', $said), 'a broken configuration');
    known('a broken configuration');

    sized('2m');
    ok($gate->reload, 'then a good one with 2m');
    isnt(join(' ', sort $gate->workers), "@workers", '... by new workers');
    known('then a good one');
}


# in the middle of a payment, and of an event

{
    my ($order, $other) = (number(), number());

    pay(order => $other);

    my $bytes = notice($other);

    $channel->mode('slow 1.5');
    $app->mode('slow 1.5');

    my $pay = send_raw(payment(order => $order, amount => 700));
    my $event = send_raw($bytes);

    $channel->await(1, qr/"$order"/);
    $app->await(1, qr/"$other"/);

    sized('4m');
    ok($gate->reload, 'F-1: a new size in the middle of a payment and an '
       . 'event');

    $channel->mode('');
    $app->mode('');

    is(told(pay(order => $order, amount => 701)), '409 idempotency_conflict',
       '... the payment is known');
    is(prepays($order), 1, '... and was sent once');
    is(told(pay(order => $order, amount => 700)), '200 pending',
       '... its outcome is not: the same is sent again');
    is(prepays($order), 2, '... by the new worker');
    is(told(answer_of($pay)), '200 pending', '... the old worker answers too');
    is(told(pay(order => $order, amount => 700)), '200 pending',
       '... then it is known');
    is(prepays($order), 2, '... and not sent again');

    is(told(post_notice($bytes)), '204', '... the event is delivered again');
    is(events($other), 2, '... by the new worker');
    is(told(answer_of($event)), '204', '... the old worker ends it too');
    is(told(post_notice($bytes)), '204', '... another copy: acknowledged');
    is(events($other), 2, '... and not delivered again');

    my %ids = map { $_->{headers}{'webhook-id'} => 1 }
              $app->requests(qr/"$other"/);

    is(scalar(keys %ids), 1, '... of one event');

    $site->{relay}->mode('pass');
    is(scalar @{ press($order, 'pay')->{notices} // [] }, 1,
       '... the channel has one order, paid once');
    is(told(ask(request('GET', "/v1/payments/$order", ''))), '200 succeeded',
       '... and so have we');
    $site->{relay}->mode('');
}


# nobody asks for it but a query

{
    my $order = number();

    $channel->mode('slow 1');

    my $s = send_raw(payment(order => $order));

    $channel->await(1, qr/"$order"/);
    sized('1m');
    ok($gate->reload, 'F-1: a new size in the middle of a payment');
    answer_of($s);
    $channel->mode('');
    is(told(ask(request('GET', "/v1/payments/$order", ''))), '200 pending',
       '... then a query: it is there');
}


# A worker that holds the lock while the new zone is made, and dies so.  The
# lock is the first word of the zone, which is a mapping of just its size.

sub hold {
    my ($size, $pid) = @_;
    no warnings 'portable';
    my $master = $gate->{master};

    open my $maps, '<', "/proc/$master/maps" or return 0;

    my ($at) = map { /^(\w+)-(\w+) rw-s/ && hex($2) - hex($1) == $size
                     ? hex $1 : () } <$maps>;

    open my $mem, '+<:unix', "/proc/$master/mem" or return 0;
    defined $at && sysseek $mem, $at, 0 or return 0;

    return (syswrite $mem, pack 'Q', $pid) // 0;
}

SKIP: {
    my ($worker) = $gate->workers;

    sized('2m');

    skip('memory of a process cannot be written here', 24)
        if !hold(1 << 20, $worker);

    my $said = $gate->said('a new size: took over');

    kill 'HUP', $gate->{master};
    sleep 0.5;
    is($gate->said('a new size: took over'), $said,
       'D-14: while a worker holds the lock, nothing is copied');
    $gate->killed($worker);
    ok(until_said('a new size: took over', $said),
       '... it dies, and the reload goes on');
    ok($gate->await_workers($worker), '... with new workers');

    for (1 .. 200) {
        last if Drill::Nginx::_children($gate->{master}) == 2;
        sleep 0.05;
    }

    known('a death under the lock');

    # one that lives and does not let go

    my ($stuck) = $gate->workers;

    hold(2 << 20, $stuck);
    sized('1m');
    kill 'HUP', $gate->{master};
    ok(until_said('is locked by', 0), 'D-14: a lock that is held on: no copy');
    $gate->killed($stuck);
    ok($gate->await_workers($stuck), '... the next death opens it');
    known('a lock that was held');
    ok($gate->reload, 'then 1m');
}


# sizes that cannot hold what must not be forgotten

sub fill {
    my ($n, $want, $make) = @_;
    my %told;

    while ($n > 0) {
        my @bytes = map { $make->() } 1 .. ($n < 50 ? $n : 50);

        $told{ told($_) }++ for burst($port->{gate}, @bytes);
        push @knocks, $bytes[0] if $want eq '200 -';
        $n -= @bytes;
    }

    return join ', ', map { "$_: $told{$_}" } sort keys %told;
}


my $small = qr/is too small for what must not be forgotten/;

{
    is(fill(2300, '200 -', \&knock), '200 -: 2300', '2300 more requests');

    my $live = status()->{zone}{nonces};

    sized('256k');
    kill 'HUP', $gate->{master};
    ok(until_said($small, 0), 'R-8: a size with too few nonces is refused');
    known('a size with too few nonces');

    my ($n, $least) = $gate->log =~ /$small: (\d+) nonces.* (\d+)k is the/;

    cmp_ok($n, '>=', $live, '... it tells how many there are');
    cmp_ok($least, '<', 512, '... and the least size');

    sized("${least}k");
    ok($gate->reload, "... which is enough: ${least}k");
    is(tally(map { ask($_) } @knocks), '409 nonce_replayed: ' . @knocks,
       'R-7: ... replays accepted: 0');
    is(told(ask(knock())), '503 store_unavailable',
       'R-8: ... a merchant over the half of it waits');

    sized('1m');
    ok($gate->reload, '... until there is more room');
    known('more room');
}

{
    $channel->mode('drop');
    is(fill(300, '', sub { payment(now()) }), '504 outcome_unknown: 300',
       '300 payments whose outcome is not known');
    $channel->mode('');

    my $kept = status()->{zone}{records}{kept};
    my $said = $gate->said($small);

    cmp_ok($kept, '>=', 300, '... are kept');
    sized('256k');
    kill 'HUP', $gate->{master};
    ok(until_said($small, $said), '... a size with too few records is refused');
    known('a size with too few records');

    my ($least) = (split /\n/, ($gate->log =~ /.*$small.* (\d+k) is the/s)[0]);

    sized($least);
    ok($gate->reload, "... the least size: $least");
    is(status()->{zone}{records}{kept}, $kept, '... all of them are kept');

    sized('16m');
    ok($gate->reload, '... more room');
    is(status()->{zone}{records}{kept}, $kept, '... all of them are kept');
}


# under load, and with workers that die: new requests, and those of before

{
    my $loop = Drill::Loop->new;
    my (%told, %again, @accepted, $over, $running, $reloads);
    my @sizes = map { "${_}m" } 12, 16, 16, 8, 24, 12, 12, 8, 16;
    my $replayed = 0;

    my $fresh;
    $fresh = sub {
        return $running-- if $over;

        my $bytes = knock();

        $loop->ask($port->{gate}, $bytes, sub {
            my $t = told($_[0]);

            $told{$t}++;
            push @accepted, $bytes if $t eq '200 -';
            $loop->after(0.004, $fresh);
        });
    };

    my $replay;
    $replay = sub {
        return $running-- if $over;
        return $loop->after(0.01, $replay) if !@accepted;

        my $n = @accepted - 1;
        my $bytes = $accepted[rand > 0.5 ? $n : rand $n];

        $loop->ask($port->{gate}, $bytes, sub {
            $again{ told($_[0]) }++;
            $replayed++;
            $loop->after(0.002, $replay);
        });
    };

    my (%before, $reload);
    $reload = sub {
        my @now = $gate->workers;

        if (%before && (@now < $gate->{workers} || grep { $before{$_} } @now))
        {
            return $loop->after(0.02, $reload);
        }

        return $over = 1 if !@sizes;

        sized(shift @sizes);
        $reloads++;
        %before = map { $_ => 1 } @now;
        kill 'HUP', $gate->{master};
        $loop->after(0.2, $reload);
    };

    my $kills = 0;
    my $kill;
    $kill = sub {
        return if $over;

        my @now = $gate->workers;

        # not the one that a reload has just told to go: it may be counted
        # twice

        if (@now == $gate->{workers} && !grep { !$before{$_} } @now) {
            $gate->killed($now[rand @now]);
            $kills++;
        }

        $loop->after(0.3, $kill);
    };

    $fresh->(), $running++ for 1 .. 4;
    $replay->(), $running++ for 1 .. 4;
    $reload->();
    $loop->after(0.1, $kill);
    $loop->run(sub { $over && !$running }, 90);

    is($reloads, 9, 'F-1 F-2: 9 reloads under load');

    my $ok = $told{'200 -'} // 0;
    my $frozen = ($told{'503 store_unavailable'} // 0)
                 + ($again{'503 store_unavailable'} // 0);

    is($again{'200 -'} // 0, 0, "R-7: ... accepted replays of $replayed: 0");
    is(join(', ', grep { !/^(?:200|409|503|closed|reset|refused)/ }
                  keys %told, keys %again), '', '... and no other answers');
    is(tally(map { ask($_) } @accepted), "409 nonce_replayed: $ok",
       "R-7: ... and in the end, of $ok");
    cmp_ok($ok, '>', 200, '... which is a load');

    counted('%d reloads, %d kills: %d accepted, %d replays sent, %d times '
            . '503, %d connections lost', $reloads, $kills, $ok,
            $replayed + $ok, $frozen,
            map { my $n = 0; $n += $_ // 0 for @$_; $n }
            [ map { ($told{$_}, $again{$_}) } qw(closed reset refused) ]);

    known('under load');
}


# one process

{
    my %p = (%{ $site->{parts} }, workers => 1, h2 => undef,
             main => 'master_process off;');

    $site->{port}{gate} = $p{gate} = Drill::port();
    $site->{port}{status} = $p{status} = Drill::port();
    $p{sim} = Drill::port();

    my $one = Drill::Nginx->new('one', Drill::conf(%p, zone => '1m'),
                                $p{gate});

    $one->{status} = $p{status};
    warm($one);
    @knocks = map { knock() } 1 .. 64;
    is(tally(map { ask($_) } @knocks), '200 -: 64',
       'master_process off: 64 requests are accepted');
    is(tally(map { ask($_) } @knocks), '409 nonce_replayed: 64',
       'R-7: ... replays accepted: 0');

    $one->conf(Drill::conf(%p, zone => '2m'));
    kill 'HUP', $one->{master};

    for (1 .. 200) {
        last if $one->said('keeps its size while');
        sleep 0.02;
    }

    is($one->said('keeps its size while'), 1, '... a new size is refused');
    is(tally(map { ask($_) } @knocks), '409 nonce_replayed: 64',
       'R-7: ... replays accepted: 0');
    is(told(ask(knock())), '200 -', '... and it goes on');
}


# with Redis the workers of before may go on: the new ones ask it, too

SKIP: {
    skip('no redis-server', 8) if !Drill::Redis::found();

    my $redis = Drill::Redis->new('redis');
    my $port = Drill::port();
    my %p = (%{ $site->{parts} }, gate => $port, h2 => undef, http =>
             "    pay_redis {\n        server 127.0.0.1:"
             . $redis->port . ";\n    }\n");

    $site->{port}{gate} = $port;
    $site->{port}{status} = $p{status} = Drill::port();
    $p{sim} = Drill::port();

    my $shared = Drill::Nginx->new('shared', Drill::conf(%p, zone => '1m'),
                                   $port);
    my $end = time + 10;

    # Redis is answered for from the second on in which it was met

    while (time < $end && told(ask(knock())) ne '200 -') {
        sleep 0.1;
    }

    @knocks = map { knock() } 1 .. 32;
    is(tally(map { ask($_) } @knocks), '200 -: 32',
       'pay_redis: 32 requests are accepted');

    my $order = number();

    $channel->mode('slow 1');
    my $s = send_raw(payment(order => $order));
    $channel->await(1, qr/"$order"/);

    my %told;
    my $ended = $shared->said('gracefully shutting down');

    $shared->conf(Drill::conf(%p, zone => '2m'));
    kill 'HUP', $shared->{master};

    for (1 .. 2000) {
        my $bytes = knock();
        my $t = told(ask($bytes));

        $told{$t}++;
        push @knocks, $bytes if $t eq '200 -';
        last if $shared->said('gracefully shutting down') >= $ended + 2;
    }

    ok($shared->await_workers, '... a new size');
    is(join(', ', keys %told), '200 -', '... nobody is refused meanwhile');
    is(tally(map { ask($_) } @knocks), '409 nonce_replayed: ' . @knocks,
       'R-7: ... replays accepted: 0');
    is(told(pay(order => $order, amount => 3)), '409 idempotency_conflict',
       '... a payment under way is known');
    is(told(answer_of($s)), '200 pending', '... it ends');
    $channel->mode('');
    is(told(pay(order => $order)), '200 pending', '... and is known');
    is(prepays($order), 1, '... and was sent once');
    counted('a new size with pay_redis: %d accepted meanwhile, 0 times 503',
            @knocks - 32);
}


finish($small, qr/is locked by/, qr/could not bind|bind\(\) to .* failed/,
       qr/unknown directive "nonsense"/, qr/keeps its size while/,
       qr/shared memory zone "pay" was locked by/);
done_testing;
