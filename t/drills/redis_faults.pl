#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# The Redis client against a server that says what no server should, late, in
# part, or never; and clients, workers and configurations that go while a
# command is under way.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::FakeRedis;
use Drill::TestRedis;
use IO::Socket::INET;
use Socket qw(inet_aton pack_sockaddr_in SOCK_STREAM PF_INET);
use Test::More;
use Time::HiRes qw(sleep time);

Drill::TestRedis::wanted();

my $fake = Drill::FakeRedis->new('fake');

# the defaults are for a server that has the processor to itself

my @slow = (timeout => '5s', connect_timeout => '5s');

my $n = Drill::TestRedis->new('faults', server => '127.0.0.1:' . $fake->port,
                              @slow);
my ($worker) = $n->workers;

sub good { qr/^ok - sent=1 "OK"/ }

# as it should be, within 2 s

sub recovers {
    my $what = shift;

    $fake->mode('');

    my $took = $n->until_redis(good(), qw(SET k v));

    ok(defined $took && $took <= 2, "... $what: works again within 2 s")
        or diag(defined $took ? "$took s" : 'not for 10 s');
}


# error replies

for my $word (qw(
    OOM READONLY NOREPLICAS LOADING MASTERDOWN MISCONF BUSY NOAUTH WRONGPASS
    NOPERM MOVED ASK TRYAGAIN CLUSTERDOWN ERR WRONGTYPE NOSCRIPT EXECABORT
)) {
    my $closes = $word =~ /^(?:READONLY|LOADING|MASTERDOWN|NOAUTH|WRONGPASS
                               |MOVED)$/x;

    recovers("before $word");

    my $connections = $fake->connections;
    my $errors = $n->status->{$word};

    $fake->mode('raw', "-$word 3999 127.0.0.1:6381\r\n");
    is($n->redis(qw(SET k v NX)), "error $word sent=1", "D-5: $word");
    recovers($word);
    cmp_ok($n->status->{$word}, '>', $errors, '... is counted');

    if ($closes) {
        cmp_ok($fake->connections, '>', $connections, '... and reconnects');

    } else {
        is($fake->connections, $connections, '... on the same connection');
    }
}

for ([ 'another word', "-NOTICE me\r\n" ], [ 'no word', "-\r\n" ],
     [ 'a longer word', "-READONLYX x\r\n" ], [ 'lower case', "-oom x\r\n" ])
{
    my ($name, $bytes) = @$_;

    $fake->mode('raw', $bytes);
    is($n->redis(qw(SET k v NX)), 'error error sent=1',
       "D-5: an error of $name");
}

{
    # what is under way beside a READONLY is not known

    $fake->mode('once', "-READONLY no\r\n");

    my @a = $n->many('beside', map { [ 'ECHO', "b$_" ] } 1 .. 10);

    is(scalar(grep { /^error READONLY / } @a), 1, 'one READONLY of ten');
    is(scalar(grep { /^(?:error (?:READONLY|closed)|declined|ok) / } @a), 10,
       '... the others: closed, or declined');

    for (grep { $a[$_] =~ /^ok/ } 0 .. 9) {
        is($a[$_], qq{ok - sent=1 "b@{[$_ + 1]}"}, '... or their own');
    }

    recovers('READONLY');
}


# what is no reply, or no reply to that

my %nonsense = (
    'garbage'             => "hello\r\n",
    'HTTP'                => "HTTP/1.1 400 Bad Request\r\n\r\n",
    'a bad integer'       => ":1x\r\n",
    'a bad length'        => "\$-2\r\n",
    'a length too large'  => "\$99999999999999999999\r\n",
    'an array too large'  => "*2000000000\r\n",
    'an array of many'    => "*1025\r\n",
    'a negative array'    => "*-2\r\n",
    'RESP3: a push'       => ">1\r\n+x\r\n",
    'RESP3: a map'        => "%1\r\n+x\r\n+y\r\n",
    'RESP3: a boolean'    => "#t\r\n",
    'RESP3: a double'     => ",1.5\r\n",
    'RESP3: nil'          => "_\r\n",
    'RESP3: text'         => "=5\r\ntxt:x\r\n",
    'RESP3: a number'     => "(12345678901234567890\r\n",
    'RESP3: a set'        => "~1\r\n+x\r\n",
);

for my $name (sort keys %nonsense) {
    my $connections = $fake->connections;

    $fake->mode('raw', $nonsense{$name});

    # hiredis 1.x takes RESP3's nil for a nil

    my $answer = $n->redis(qw(SET k v NX));

    if ($name eq 'RESP3: nil' && $answer eq 'ok - sent=1 nil') {
        pass("$name: is nil");

    } else {
        is($answer, 'error protocol sent=1', "$name: protocol");
        recovers($name);
        cmp_ok($fake->connections, '>', $connections,
               '... by a new connection');
    }
}

# hiredis 1.x reads it, 0.14 does not: the connection is kept or not

$fake->mode('raw', "*1\r\n" x 10 . ":1\r\n");
is($n->redis(qw(SET k v NX)), 'error protocol sent=1', 'too deep: protocol');

for ([ 'nine elements', "*9\r\n" . ":1\r\n" x 9 ],
     [ 'an array in an array', "*1\r\n*1\r\n:1\r\n" ],
     [ 'an empty array in an array', "*1\r\n*0\r\n" ])
{
    my ($name, $bytes) = @$_;

    recovers($name);

    my $connections = $fake->connections;

    $fake->mode('raw', $bytes);
    is($n->redis(qw(SET k v NX)), 'error protocol sent=1',
       "$name: cannot be told");
    recovers($name);
    is($fake->connections, $connections, '... by the same connection');
}

for ([ 'a nil array', "*-1\r\n", 'ok - sent=1 nil' ],
     [ 'an array of all', "*4\r\n+a\r\n:2\r\n\$-1\r\n-ERR\r\n",
       'ok - sent=1 "a" 2 nil error' ],
     [ 'an empty string', "\$0\r\n\r\n", 'ok - sent=1 ""' ],
     [ 'the largest integer', ":9223372036854775807\r\n",
       'ok - sent=1 9223372036854775807' ])
{
    my ($name, $bytes, $answer) = @$_;

    $fake->mode('raw', $bytes);
    is($n->redis('GET', 'k'), $answer, $name);
}

for ([ 'a second reply', "+OK\r\n+OK\r\n" ],
     [ 'an error after the reply', "+OK\r\n-ERR really\r\n" ],
     [ 'an array after the reply', "+OK\r\n*2\r\n+message\r\n+x\r\n" ],
     [ 'a nil after the reply', "+OK\r\n\$-1\r\n" ],
     [ 'half a reply after the reply', "+OK\r\n\$5\r\nab" ],
     [ 'garbage after the reply', "+OK\r\nhello" ])
{
    my ($name, $bytes) = @$_;

    recovers($name);

    $fake->mode('once', $bytes);
    is($n->redis(qw(SET k v)), 'ok - sent=1 "OK"', "$name: the first counts");

    my $next = $n->redis(qw(ECHO mine));

    like($next, qr/^(?:(?:error (?:protocol|closed)|declined) |ok - sent=1 "mine")/,
         'D-4: ... the second is nobody\'s');
    recovers($name);
}

is(join(' ', $n->workers), $worker, 'the worker has lived through all of it');


# in part, late, never

ok($n->change(timeout => undef, connect_timeout => undef),
   'reload: the timeouts are 200 ms');

for ([ 'closed', '' ], [ 'half a reply, closed', "\$5\r\nab" ],
     [ 'half a line, closed', '+O' ])
{
    my ($name, $bytes) = @$_;

    $fake->mode('close', $bytes);
    is($n->redis(qw(SET k v NX)), 'error closed sent=1', "D-1: $name");
    recovers($name);
}

$fake->mode('raw', "\$5\r\nab");
is($n->tagged('late', qw(SET k v NX)), 'error timeout sent=1',
   'half a reply, then nothing: a timeout');
recovers('half a reply');

$fake->mode('hang');
is($n->tagged('late', qw(SET k v NX)), 'error timeout sent=1',
   'D-1: nothing: a timeout');
is($n->static, "static\n", '... another location is unharmed');
recovers('nothing');

$fake->mode('slow', 0.05);
is($n->redis(qw(ECHO slow)), 'ok - sent=1 "slow"', 'D-1: 50 ms late: works');

$fake->mode('slow', 1);
is($n->tagged('late', qw(SET k v NX)), 'error timeout sent=1',
   'D-1, D-11: 1 s late: a timeout');
recovers('late');
cmp_ok($n->longest('late'), '<=', 0.5, 'D-1: ... all within 500 ms');

$fake->mode('dribble');
is($n->redis(qw(ECHO dribble)), 'ok - sent=1 "dribble"',
   'byte by byte: works');
$fake->mode('');

{
    # one reply is late: whoever asked after it must not have it

    my $count = $fake->count('ECHO');

    $fake->mode('slow', 0.5);

    my $s = send_raw($n->bytes('-', qw(ECHO victim)), $n->{port});

    ok($fake->await(1 + $count, 'ECHO'), 'one waits');
    $fake->mode('');

    is(answer_of($s)->{body}, 'error timeout sent=1', 'D-4: ... for nothing');
    recovers('late');

    my @a = map { $n->many('d4', map { [ 'ECHO', "d$_" ] } 1 .. 20) } 1 .. 50;

    is(scalar(grep { $a[$_] eq 'ok - sent=1 "d' . ($_ % 20 + 1) . '"' }
              0 .. $#a), 1000, 'D-4: ... and the next 1000 have their own');
}


# what is said before anything is asked

for ([ 'no more clients', "-ERR max number of clients reached\r\n" ],
     [ 'a greeting', "+HELLO\r\n" ], [ 'nothing', '' ])
{
    my ($name, $bytes) = @$_;

    $fake->mode('accept', $bytes);
    ok($n->change, "$name: a new worker");
    like($n->until_redis(qr/^declined not_connected/, 'PING'), qr/./,
         '... has no connection');
    recovers($name);
}

for my $word (qw(LOADING MASTERDOWN NOAUTH ERR)) {
    $fake->mode('greet', "-$word really\r\n");
    $n->change;
    like($n->until_redis(qr/^declined not_connected/, 'PING'), qr/./,
         "$word to the greeting: no connection");
    recovers("$word to the greeting");
}

$fake->mode('greet', "+OK\r\n");
$n->change;
is($n->redis(qw(SET k v)), 'ok - sent=1 "OK"',
   'INFO without a word of what is asked for: connected');
cmp_ok($n->said('test redis: ready ""'), '>=', 1, '... no run_id is told');

$fake->mode('greet', ":1\r\n");
$n->change;
is($n->redis(qw(GET k)), 'ok - sent=1 1', 'INFO is a number: connected');
cmp_ok($n->said('\[warn\] .* INFO is refused \(no text\)'), '>=', 1,
       '... with a warning');

$fake->mode('deaf');
$n->change;
like($n->tagged('deaf', 'PING'),
     qr/^(?:error (?:timeout|not_connected)|declined not_connected) sent=0/,
     'D-1: deaf from the beginning: nothing is sent');
like($n->until_redis(qr/^declined/, 'PING'), qr/./, '... later at once');
cmp_ok($n->longest('deaf'), '<=', 0.5, '... within 500 ms');
is($n->static, "static\n", '... another location is unharmed');
recovers('deaf');


# nobody is there, nobody takes the connection

{
    # a backlog that is full: what comes is dropped, as by a firewall

    socket my $s, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
    bind $s, pack_sockaddr_in(0, inet_aton('127.0.0.1')) or die "bind: $!";
    listen $s, 0 or die "listen: $!";

    my ($port) = Socket::unpack_sockaddr_in(getsockname $s);
    my @full = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
                         Proto => 'tcp', Blocking => 0) } 1 .. 4;

    $n->change(server => "127.0.0.1:$port");
    like($n->tagged('dropped', 'PING'),
         qr/^(?:error (?:timeout|not_connected)|declined not_connected) sent=0/,
         'D-1: SYN is dropped: nothing is sent');
    like($n->until_redis(qr/^declined/, 'PING'), qr/./, '... later at once');
    cmp_ok($n->longest('dropped'), '<=', 0.5, '... within 500 ms');
    cmp_ok($n->said('not_connected: timed out'), '>=', 1,
           '... as the log says');
    is($n->static, "static\n", '... another location is unharmed');
}

$n->change(server => '127.0.0.1:' . Drill::port());
like($n->until_redis(qr/^declined not_connected sent=0/, 'PING'), qr/./,
     'D-1: refused: declined');
cmp_ok($n->said('not_connected: Connection refused'), '>=', 1,
       '... as the log says');

{
    my ($lines, $start) = ($n->said('Connection refused'), int time);

    $n->redis('PING') for 1 .. 100;
    sleep 1.5;
    cmp_ok($n->said('Connection refused') - $lines, '<=',
           2 + int(time) - $start, 'L-1: one line a second');
}

$n->change(server => 'unix:' . Drill::dir() . '/nobody.sock');
is($n->redis('PING'), 'declined not_connected sent=0',
   'no such unix socket: declined');


# PING when nobody asks

$n->change(server => '127.0.0.1:' . $fake->port, idle => '200ms', @slow,
           timeout => '1s');
recovers('idle');

{
    my $pings = $fake->count('PING');

    ok($fake->await($pings + 3, 'PING'), 'idle: PING, and again');

    my $connects = $n->status->{connects};

    $fake->mode('noping');
    ok($fake->await($fake->count('PING') + 1, 'PING'), '... unanswered');

    my $end = time + 10;
    sleep 0.05 while $n->status->{connects} == $connects && time < $end;

    cmp_ok($n->status->{connects}, '>', $connects, '... a new connection');
    recovers('PING unanswered');
}

$n->change(idle => undef);


# AUTH and SELECT are the first words

{
    my $file = Drill::_write(Drill::dir() . '/password', "pass word\r\n");

    $n->change(user => 'me', password_file => $file, database => 5);
    recovers('AUTH');

    my ($last) = sort { $b <=> $a } map { $_->[0] } $fake->commands;
    my @words = grep { $_->[0] == $last } $fake->commands;

    is("@{ $words[0] }[1 .. 3]", 'AUTH me pass word', 'the first word: AUTH');
    is("@{ $words[1] }[1 .. 2]", 'SELECT 5', '... then SELECT');
    is(join(',', map { "$_->[1] " . ($_->[2] // '') } @words[2 .. 4]),
       'INFO server,INFO memory,PING ', '... then what it asks for itself');
    is($words[5][1], 'INCR', '... then what the hook sent');

    $n->change(user => undef, database => undef);
    recovers('AUTH');
    ($last) = sort { $b <=> $a } map { $_->[0] } $fake->commands;
    @words = grep { $_->[0] == $last } $fake->commands;
    is("@{ $words[0] }[1 .. $#{ $words[0] }]", 'AUTH pass word',
       'without a user: AUTH with the password alone');

    $n->change(password_file => undef);
}


# clients, workers and configurations that go

$n->change(timeout => '5s', workers => 2);
recovers('workers');

for my $how (qw(close reset)) {
    my $count = $fake->count('ECHO');

    $fake->mode('slow', 0.3);

    my @gone = map { send_raw($n->bytes('-', 'ECHO', "g$_"), $n->{port}) }
               1 .. 20;

    ok($fake->await($count + 20, 'ECHO'), "$how: 20 commands are under way");
    leave($_, $how) for @gone;
    sleep 0.5;
    $fake->mode('');

    my @a = $n->many('-', map { [ 'ECHO', "s$_" ] } 1 .. 50);

    is(scalar(grep { $a[$_] eq qq{ok - sent=1 "s@{[$_ + 1]}"} } 0 .. 49), 50,
       '... and answered when nobody is there: the next have their own');
}

sub under_way {
    my $count = $fake->count('ECHO');

    $fake->mode('slow', $_[0]);

    my @s = map { send_raw($n->bytes('-', 'ECHO', "w$_"), $n->{port}) }
            1 .. 20;

    ok($fake->await($count + 20, 'ECHO'), "... 20 commands are under way");

    return @s;
}

{
    my @s = under_way(1);

    ok($n->reload, 'F-1: reload while they are');
    $fake->mode('');

    my @a = map { answer_of($_)->{body} } @s;

    is(scalar(grep { $a[$_] eq qq{ok - sent=1 "w@{[$_ + 1]}"} } 0 .. 19), 20,
       '... all are answered');
}

{
    my @s = under_way(1);

    $fake->mode('');
    $n->change(timeout => '200ms');
    answer_of($_) for @s;

    my $end = time + 10;
    sleep 0.05 while $n->leaving && time < $end;

    is(scalar(my @l = $n->leaving), 0, 'F-1: ... and old workers end');
    $n->change(timeout => '5s');
    recovers('reload');
}

{
    # new workers are asked before they are connected

    my (@all, $reloads);

    $fake->mode('slow', 0.01);

    for (1 .. 3) {
        $reloads++ if $n->reload;
        push @all, $n->many('-', map { [ 'ECHO', 'x' ] } 1 .. 30);
    }

    is($reloads, 3, 'F-1: three reloads');
    is(scalar(grep { $_ eq 'ok - sent=1 "x"' } @all), 90,
       '... nobody is refused because of a worker that has just begun');
}

{
    my @s = under_way(2);

    $fake->mode('');
    ok($n->kill_workers, 'F-2: kill -9 while they are');
    is(scalar(grep { answer_of($_)->{error} =~ /^(?:closed|reset)$/ } @s), 20,
       '... their connections die');
    recovers('kill -9');
}

{
    my @s = under_way(2);

    ok($n->stop('QUIT'), 'QUIT while they are: nginx ends');

    my @a = map { answer_of($_)->{body} } @s;

    is(scalar(grep { $a[$_] eq qq{ok - sent=1 "w@{[$_ + 1]}"} } 0 .. 19), 20,
       '... after all are answered');
}

$fake->mode('');
$n->start;
recovers('start');

{
    my @s = under_way(5);

    ok($n->stop('TERM'), 'TERM while they are: nginx ends');
    is(scalar(grep { answer_of($_)->{error} =~ /^(?:closed|reset)$/ } @s), 20,
       '... at once');
}


finish();
done_testing;
