#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# The Redis client against a real redis-server: what it answers, who may
# connect, and what happens when it stops, hangs, or is of no use.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Drill::Redis;
use Drill::TestRedis;
use Test::More;
use Time::HiRes qw(sleep time);

Drill::TestRedis::wanted('redis-server');

my $redis = Drill::Redis->new('redis');

# the defaults are for a server that has the processor to itself

my @slow = (timeout => '5s', connect_timeout => '5s');
my @default = (timeout => undef, connect_timeout => undef);

my $n = Drill::TestRedis->new('real', server => '127.0.0.1:' . $redis->port,
                              @slow);

my $run_id = ($redis->command('INFO', 'server') =~ /run_id:(\w+)/)[0];

sub ok_within_2s {
    my ($what, @words) = @_;
    my $took = $n->until_redis(qr/^ok /, @words ? @words : 'PING');

    ok(defined $took && $took <= 2, "D-1: $what: again within 2 s")
        or diag(defined $took ? "$took s" : 'not for 10 s');
}

# a process that has just begun may still have waited for it

my $none = qr/^(?:declined|error) not_connected sent=0/;

# everything of a normal user's is thrown out: the next command is on a new
# connection

sub reconnect {
    $redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}


# replies

is($n->redis(qw(SET k v NX EX 100)), 'ok - sent=1 "OK"', 'SET NX: new');
is($n->redis(qw(SET k v NX EX 100)), 'ok - sent=1 nil', '... and seen');
is($n->redis('SET', 'k', "a b\0c\r\n", 'XX'), 'ok - sent=1 "OK"',
   'bytes that mean something elsewhere');
is($redis->command('GET', 'k'), "a b\0c\r\n", '... arrive as they are');
is($n->redis(qw(INCR number)), 'ok - sent=1 1', 'an integer');
is($n->redis(qw(MGET number nobody)), 'ok - sent=1 "1" nil', 'an array');
is($n->redis(qw(LRANGE nobody 0 -1)), 'ok - sent=1', 'an empty array');
is($n->redis('RPUSH', 'list', 1 .. 9), 'ok - sent=1 9', 'a list');
is($n->redis(qw(LRANGE list 0 7)), 'ok - sent=1 ' . join(' ', map { qq{"$_"} }
   1 .. 8), '... of which eight can be told');
is($n->redis(qw(LRANGE list 0 8)), 'error protocol sent=1', '... nine cannot');
is($n->redis('EVAL', 'return {1, {2}}', 0), 'error protocol sent=1',
   'an array in an array cannot');
is($n->redis('EVAL', 'return {1, {err="ERR x"}}', 0), 'ok - sent=1 1 error',
   'an error in an array is that element');
is($n->redis(qw(SET list v NX)), 'ok - sent=1 nil', 'D-10: a list is "seen"');
is($n->redis(qw(INCR list)), 'error WRONGTYPE sent=1', 'D-10: wrong type');
is($n->redis(qw(NONSENSE)), 'error ERR sent=1', 'D-5: ERR');
is($n->redis('EVALSHA', 'f' x 40, 0), 'error NOSCRIPT sent=1', 'NOSCRIPT');
is($n->redis('EVAL', 'return redis.error_reply("SOMETHING else")', 0),
   'error error sent=1', 'an error of another word');
is($n->redis('DEL', 1 .. 31), 'ok - sent=1 0', '32 words');
is($n->redis('DEL', 1 .. 32), 'declined memory sent=0', '... are the most');
is($n->status->{connects}, 1, 'all of it on one connection');

my $big = 'x' x 3000;

is($n->redis('SET', 'big', $big), 'ok - sent=1 "OK"', 'a larger value');
is(scalar(grep { $_ eq qq{ok - sent=1 "$big"} }
          $n->many('big', map { [ qw(GET big) ] } 1 .. 20)), 20,
   '... comes whole: replies of more than one read');


# many at a time

{
    my @a = $n->many('many', map { [ 'SET', "n$_", 1, 'NX' ],
                                   [ 'SET', "n$_", 1, 'NX' ] } 1 .. 100);

    is(scalar(grep { $_ eq 'ok - sent=1 "OK"' } @a), 100,
       '200 at a time: each of 100 keys is new once');
    is(scalar(grep { $_ eq 'ok - sent=1 nil' } @a), 100, '... and seen once');

    @a = $n->many('echo', map { [ 'ECHO', "e$_" ] } 1 .. 200);

    is(scalar(grep { $a[$_] eq qq{ok - sent=1 "e@{[$_ + 1]}"} } 0 .. 199), 200,
       'D-4: 200 at a time: each has its own reply');
    is($n->status->{connects}, 1, '... on one connection');
}


# the hook comes first

is($n->said("test redis: ready \"$run_id\""), 1,
   'D-13: the run_id is told when the connection is ready');
is($n->said('test redis: first answer ok 1'), 1,
   '... and a command sent from there is answered');


# a server that hangs

{
    ok($n->change(@default), 'reload: the timeouts are 200 ms');
    ok_within_2s('a new worker');
    $redis->pause;

    my @a = $n->many('hang', map { [ 'ECHO', "h$_" ] } 1 .. 20);

    is(scalar(grep { /^(?:error (?:timeout|closed) sent=1|declined )/ } @a), 20,
       'D-1: SIGSTOP: nobody is told that it worked');
    ok(scalar(grep { /^error timeout sent=1/ } @a), '... but of a timeout');
    cmp_ok($n->longest('hang'), '<=', 0.5, '... within 500 ms');

    is($n->tagged('down', 'PING'), 'declined not_connected sent=0',
       'D-2: the next is not queued');
    is($n->static, "static\n", '... another location is unharmed');

    sleep 1;

    @a = map { $n->tagged('down', 'PING') } 1 .. 20;

    is(scalar(grep { $_ eq 'declined not_connected sent=0' } @a), 20,
       'D-2: ... nor later');
    cmp_ok($n->longest('down'), '<=', 0.25, '... each at once');

    $redis->resume;
    ok_within_2s('resumed');

    @a = map { $n->many('after', map { [ 'ECHO', "a$_" ] } 1 .. 20) } 1 .. 5;
    is(scalar(grep { $a[$_] eq 'ok - sent=1 "a' . (1 + $_ % 20) . '"' }
              0 .. 99), 100,
       'D-4: and no reply of before is taken for another');
}


# a server that is gone

{
    my $before = $n->status;

    $redis->stop;

    like($n->redis('PING'), qr/^(?:declined not_connected|error closed) /,
         'D-1: killed: not told that it worked');
    like($n->until_redis(qr/^declined not_connected sent=0/, 'PING'), qr/./,
         '... refused: at once');
    is($n->static, "static\n", '... another location is unharmed');

    sleep 1.2;

    $redis->start;
    ok_within_2s('restarted', qw(SET k v NX));
    is($n->redis(qw(GET k)), 'ok - sent=1 "v"',
       'D-13: what was known before is not known any more');

    $run_id = ($redis->command('INFO', 'server') =~ /run_id:(\w+)/)[0];

    is($n->said("test redis: ready \"$run_id\""), 1,
       '... and the new run_id is told');
    cmp_ok($n->status->{connect_errors}, '>=', $before->{connect_errors} + 2,
           '... after some attempts, counted');
    is($n->status->{reconnects}, $before->{reconnects} + 1,
       '... of which one succeeded');
}


# a server that is of no use

$n->change(@slow);
$redis->command(qw(CONFIG SET maxmemory 1));
is($n->redis(qw(SET o 1 NX)), 'error OOM sent=1', 'D-5: maxmemory is reached');
$redis->command(qw(CONFIG SET maxmemory 0));
is($n->redis(qw(SET o 1 NX)), 'ok - sent=1 "OK"',
   '... and not any more: the connection is the same');

$redis->command(qw(CONFIG SET min-replicas-to-write 1));
is($n->redis(qw(SET r 1 NX)), 'error NOREPLICAS sent=1', 'D-5: no replica');
$redis->command(qw(CONFIG SET min-replicas-to-write 0));

{
    my $connects = $n->status->{connects};

    $redis->command('REPLICAOF', '127.0.0.1', 1);
    is($n->redis(qw(SET p 1 NX)), 'error READONLY sent=1', 'D-5: a replica');
    like($n->redis(qw(SET p 1 NX)), qr/^(?:declined|error) /,
         '... whose connection is not used again');
    $redis->command(qw(REPLICAOF NO ONE));
    ok_within_2s('promoted', qw(SET p 1 NX));
    cmp_ok($n->status->{connects}, '>', $connects, '... by a new connection');
}


# one that evicts

{
    $redis->command(qw(CONFIG SET maxmemory-policy allkeys-lru));
    reconnect();
    ok_within_2s('thrown out');

    is($n->said('\[error\] .* maxmemory-policy is "allkeys-lru" and not'), 1,
       'D-6: an evicting policy: an error for each connect');
    is($n->status->{evicting}, 1, '... counted');
    $redis->command(qw(CONFIG SET maxmemory-policy noeviction));
}


# a database, a unix socket

ok($n->change(database => 3), 'reload: database 3');
is($n->redis(qw(SET where 3 NX)), 'ok - sent=1 "OK"', '... is written to');
is($redis->command(qw(EXISTS where)), 0, '... and not database 0');

ok($n->change(database => undef, server => 'unix:' . $redis->socket),
   'reload: a unix socket');
is($n->redis(qw(EXISTS where)), 'ok - sent=1 0', '... answers');
$redis->stop;
like($n->until_redis(qr/^declined not_connected/, 'PING'), qr/./,
     '... and is gone');
$redis->start;
ok_within_2s('restarted, by a unix socket');

ok($n->change(server => '127.0.0.1:' . $redis->port, database => 16),
   'reload: a database that is not there');
like($n->redis('PING'), $none, '... no connection');
cmp_ok($n->said('SELECT is refused'), '>=', 1, '... as the log says');


# who may

{
    my $password = 'drill only: Sesame';
    my $file = Drill::_write(Drill::dir() . '/password', "$password\n");

    $redis->{config}{requirepass} = qq{"$password"};
    $redis->stop;
    $redis->start;
    $redis->{config}{requirepass} = $password;

    $n->change(database => undef);
    like($n->redis('PING'), $none,
         'D-5: a password is required and not there');
    cmp_ok($n->said(': NOAUTH: error reply'), '>=', 1, '... as the log says');

    Drill::_write($file, 'another');
    $n->change(password_file => $file);
    like($n->redis('PING'), $none, '... or wrong');
    cmp_ok($n->said(': WRONGPASS: error reply'), '>=', 1,
           '... as the log says');

    my $lines = $n->said(': WRONGPASS: error reply');
    my $errors = $n->status->{connect_errors};

    sleep 2.1;
    cmp_ok($n->said(': WRONGPASS: error reply') - $lines, '<=', 3,
           '... once a second');
    cmp_ok($n->status->{connect_errors} - $errors, '<=', 12,
           '... and attempts become fewer');

    Drill::_write($file, "$password\n");
    $n->change;
    is($n->redis('PING'), 'ok - sent=1 "PONG"', '... and right');

    # a user that may no more than it has to

    is($redis->command('ACL', 'SETUSER', 'pay', 'on', '>of the user',
                       '~ngxpay:*', '+set', '+ping'), 'OK', 'an ACL user');
    Drill::_write($file, 'of the user');
    $n->change(user => 'pay');

    is($n->redis(qw(SET ngxpay:a 1 NX)), 'ok - sent=1 "OK"',
       'D-10: SET and PING are enough');
    is($n->said('\[warn\] .* INFO is refused \(NOPERM\)'), 1,
       '... one warning that INFO is not permitted');
    is($n->said('test redis: ready ""'), 1, '... and no run_id is told');
    is($n->redis(qw(SET b 1 NX)), 'error NOPERM sent=1',
       'D-5: a key that it may not');
    is($n->redis(qw(INCR ngxpay:b)), 'error NOPERM sent=1',
       '... a command that it may not');

    $redis->command('ACL', 'SETUSER', 'pay', '-ping');
    $n->change;
    is($n->redis(qw(SET ngxpay:c 1 NX)), 'ok - sent=1 "OK"',
       'D-10: SET alone will do');

    unlike($n->log, qr/Sesame|of the user/, 'L-2: no password in the log');
}


is($n->static, "static\n", 'another location is there');
finish();
done_testing;
