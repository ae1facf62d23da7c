#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# The Redis client by TLS, where the module was built with hiredis 1.0 or
# newer: the server's certificate has to hold, by CA and by name.

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
plan(skip_all => 'the module was built without TLS to Redis (hiredis < 1.0)')
    if !Drill::TestRedis::tls();

my $dir = Drill::dir();

sub openssl {
    system("openssl @_ >> $dir/openssl.log 2>&1") == 0
        or die Drill::_read("$dir/openssl.log");
}

my $new = 'req -x509 -days 2 -nodes -newkey ec '
          . '-pkeyopt ec_paramgen_curve:P-256';

openssl("$new -subj /CN=$_ -keyout $dir/$_.key -out $dir/$_.pem")
    for qw(ca another);
openssl("$new -subj /CN=server -keyout $dir/server.key -out $dir/server.pem "
        . "-CA $dir/ca.pem -CAkey $dir/ca.key -addext "
        . "subjectAltName=DNS:redis.test,IP:127.0.0.1 -addext "
        . 'basicConstraints=critical,CA:FALSE');

my $port = Drill::port();
my $redis = eval {
    Drill::Redis->new('redis', 'tls-port' => $port, 'tls-auth-clients' => 'no',
                      'tls-cert-file' => "$dir/server.pem",
                      'tls-key-file' => "$dir/server.key",
                      'tls-ca-cert-file' => "$dir/ca.pem")
} or plan(skip_all => 'redis-server without TLS');

my %tls = (tls => 'on', tls_ca => "$dir/ca.pem", tls_name => 'redis.test');
my $n = Drill::TestRedis->new('tls', server => "127.0.0.1:$port", %tls);

is($n->redis(qw(SET k v NX)), 'ok - sent=1 "OK"', 'S-1: CA and name hold');

my @a = $n->many('-', map { [ 'ECHO', "e$_" ] } 1 .. 200);

is(scalar(grep { $a[$_] eq qq{ok - sent=1 "e@{[$_ + 1]}"} } 0 .. 199), 200,
   '... 200 at a time');

my $big = 'x' x 3000;

$n->redis('SET', 'big', $big);
is(scalar(grep { $_ eq qq{ok - sent=1 "$big"} }
          $n->many('big', map { [ qw(GET big) ] } 1 .. 50)), 50,
   '... replies of more than one record');

ok($n->change(tls_name => undef), 'without tls_name');
is($n->redis(qw(EXISTS k)), 'ok - sent=1 1', '... the address is verified');

for ([ 'another name', tls_name => 'another.test' ],
     [ 'another address', tls_name => '127.0.0.2' ],
     [ 'another CA', tls_ca => "$dir/another.pem" ],
     [ 'a server without TLS', server => '127.0.0.1:' . $redis->port ])
{
    my ($name, @change) = @$_;

    $n->change(%tls, server => "127.0.0.1:$port", @change);
    like($n->until_redis(qr/^declined not_connected/, 'PING'), qr/./,
         "S-1: $name: not connected");
    sleep 0.5;
    is($n->redis('PING'), 'declined not_connected sent=0', '... nor later');
}

cmp_ok($n->said('not_connected: certificate verify failed'), '>=', 3,
       '... as the log says');

$n->change(%tls, server => "127.0.0.1:$port");
is($n->redis(qw(EXISTS k)), 'ok - sent=1 1', '... and again as it was');

$redis->pause;
is($n->tagged('hang', qw(SET k v)), 'error timeout sent=1',
   'D-1: SIGSTOP: a timeout');
$redis->resume;

my $took = $n->until_redis(qr/^ok /, 'PING');

ok(defined $took && $took <= 2, '... resumed: again within 2 s');
cmp_ok($n->longest('hang'), '<=', 0.5, '... within 500 ms');

finish();
done_testing;
