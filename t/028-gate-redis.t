#
# Copyright (C) the ngx_pay authors
#
# H-15: the gate where it waits for Redis.  First blocks of 023-gate-idiom.t
# again, whose requests are now taken up by another event than the one that
# brought them; then what may happen to a request while it waits: CLIENT PAUSE
# makes Redis as slow as a block wants it.
#

use strict;
use warnings;

use FindBin;
use IO::Socket::UNIX;
use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;

my $main = $$;
my $socket = Pay::file('none', '') =~ s/none$/redis.sock/r;
my $pid;


sub redis {
    my $s = IO::Socket::UNIX->new(Peer => $socket) or return '';

    print $s join ' ', @_, "\r\n";

    return <$s> // '';
}

END {
    my $status = $?;

    if ($pid && $$ == $main) {
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }

    $? = $status;
}

my ($server) = grep { -x } map { "$_/redis-server" } split /:/, $ENV{PATH};

if (!$server) {
    SKIP: { skip('redis-server is not installed', 1) }
    exit 0;
}

$pid = fork // die "fork: $!";

if (!$pid) {
    open STDOUT, '>', '/dev/null';
    exec $server, '--port', 0, '--unixsocket', $socket, '--save', '',
         '--dir', $socket =~ s{/[^/]*\z}{}r, '--daemonize', 'no'
        or die "exec: $!";
}

for (1 .. 200) {
    last if redis('PING') =~ /PONG/;
    select undef, undef, undef, 0.05;
}

$ENV{PAY_STORE} = "    pay_redis { server unix:$socket; timeout 5s; }";


# the other suite: its Perl here, and those of its blocks that are named

my ($code, $blocks) = split /^__DATA__\n/m,
                      Pay::_read("$FindBin::Bin/023-gate-idiom.t"), 2;

$code =~ s/^run_tests\(\);\n//m or die 'no run_tests()';
$code =~ s/^use Test::Nginx.*\n//m;
eval "package main;\n$code\n1" or die $@;

my $wanted = qr/kind of location|pages for errors|limit_req|if: return|
                rewrites|try_files|X-Accel|auth_request\ in\ front|
                makes\ a\ GET|mirror,|SSI,\ addition|slice|FastCGI|
                every\ variable|one\ connection|HTTP\/2|in\ a\ file|
                stops\ in\ the\ middle|other\ form/x;
my @again = grep { /\A=== TEST \d+: .*$wanted/ }
            split /^(?==== TEST)/m, $blocks;

die 'blocks are missing' if @again < 20;

Test::Base::spec_string(join('', @again) . do { local $/; <DATA> });

run_tests();

__DATA__

=== TEST 101: a client that leaves while its nonce is asked for
--- http_config eval: $Gate::http
--- config
location /a { pay_auth on; proxy_pass http://app; }
location /quick { return 200 "quick"; }
--- steps
my @bytes = map { Gate::bytes({ target => '/a', body => "body $_",
                                nonce => Pay::nonce(),
                                timestamp => time + 30,
                                headers => [ 'Connection: close' ] }) } 1 .. 4;

is(send_raw($bytes[0])->answer->{status}, 200, 'as ever');
like(redis('DBSIZE'), qr/:[1-9]/, 'there is something in Redis');
like(redis('CLIENT PAUSE 600'), qr/OK/, 'Redis is slow');

my @c = map { send_raw($_) } @bytes[1 .. 3];

is(ask('GET', '/quick')->answer->{body}, 'quick',
   'nobody else waits meanwhile');
ok($c[2]->silent(0.1), 'the gate waits');
$c[0]->close;
$c[1]->reset;
is($c[2]->answer->{status}, 200, 'who stayed is let through');

is(send_raw($_)->answer->{status}, 409, 'nobody is let through again')
    for @bytes;

my %n;
$n{$_}++ for Gate::calls(2);
is($n{'POST /a 200 [body 1]'}, 1, 'one call');
is($n{'POST /a 200 [body 4]'}, 1, '... and one');
is(scalar(grep { $_ > 1 } values %n), 0, '... and none twice');


=== TEST 102: requests behind one another in a connection, while they wait
--- http_config eval: $Gate::http
--- config
location /a { pay_auth on; proxy_pass http://app; }
location /file { pay_auth on; client_body_buffer_size 1k;
                 proxy_pass http://app; }
--- steps
my @five = (Gate::five('/a'), Gate::five('/file', body => 'x' x 3000));

redis('CLIENT PAUSE 400');

my $c = send_raw(join '', map { Gate::bytes($_) } @five);

is($c->read->{status}, $_, "in their order: $_")
    for (401, 401, 401, 200, 409) x 2;
is(join(' ', Gate::calls(2)), 'POST /a 200 [{"amount":1}] POST /file 200 ['
   . 'x' x 3000 . ']', 'two calls');


=== TEST 103: copies of one request, side by side, all of them waiting
--- http_config eval: $Gate::http
--- config
location /a { pay_auth on; proxy_pass http://app; }
--- steps
my $bytes = Gate::bytes({ target => '/a', body => 'x', nonce => Pay::nonce(),
                          timestamp => time + 30,
                          headers => [ 'Connection: close' ] });

redis('CLIENT PAUSE 400');

my @c = map { send_raw($bytes) } 1 .. 30;
my %n;

$n{ $_->answer->{status} }++ for @c;
is_deeply(\%n, { 200 => 1, 409 => 29 }, 'R-1, R-5: one of thirty');
is(scalar(Gate::calls(1)), 1, 'one call');


=== TEST 104: HTTP/2: streams that are reset while they wait
--- http_config eval: $Gate::http
--- config
listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 http2;
location /a { pay_auth on; proxy_pass http://app; }
location /try { pay_auth on; try_files /no @app; }
location @app { pay_auth on; proxy_pass http://app; }
--- steps
my $port = $Test::Nginx::Util::RandPorts->{TEST_NGINX_RAND_PORT_2};
my ($h, $gone) = map { Drill::H2->new($port) } 1, 2;

my $call = sub {
    my ($h, $target, $body) = @_;

    return $h->request('POST', $target, $body, [ 'authorization' =>
        Pay::authorization(method => 'POST', target => $target,
                           body => $body) ]);
};

redis('CLIENT PAUSE 500');

my @reset = map { $call->($h, $_, "reset $_") } qw(/a /try /a /try);
my @stay = map { $call->($h, $_, "stays $_") } qw(/a /try);

$call->($gone, '/a', "gone $_") for 1 .. 3;
select undef, undef, undef, 0.1;
$h->cancel($_) for @reset;
$gone->goaway;
close $gone->sock;

is($h->answer($_)->{status}, 200, 'what stays is let through') for @stay;
is($h->answer($call->($h, '/a', 'later'))->{status}, 200,
   'the connection goes on');

my @calls = Gate::calls(3);
my %n;

$n{ /\[(.*)\]/ ? $1 : $_ }++ for @calls;
is($n{$_}, 1, "$_: one call") for 'stays /a', 'stays /try', 'later';
is(scalar(grep { $_ > 2 } values %n), 0, 'what was reset: one each at most');


=== TEST 105: D-11: an answer that comes too late is no answer
--- http_config eval
Gate::http() =~ s/timeout 5s/timeout 200ms/r
--- config
location /a { pay_auth on; proxy_pass http://app; }
location /page { pay_auth on; error_page 503 @page; proxy_pass http://app; }
location @page { return 503 "later"; }
--- provoked
--- steps
my %call = (target => '/a', body => 'x', nonce => Pay::nonce(),
            timestamp => time + 30, headers => [ 'Connection: close' ]);
my $bytes = Gate::bytes(\%call);

is(send_raw(Gate::bytes({ %call, nonce => Pay::nonce() }))->answer->{status},
   200, 'as ever');
redis('CLIENT PAUSE 900');

my $c = send_raw($bytes);
my $p = send_raw(Gate::bytes({ %call, target => '/page',
                               nonce => Pay::nonce() }));

is($c->answer->{status}, 503, 'nobody knows');
is(decode($c->{body})->{code}, 'store_unavailable', '... store_unavailable');
is($p->answer->{body}, 'later', '... and an error page for it');

my $status;

for (1 .. 100) {
    $status = send_raw(Gate::bytes({ %call, nonce => Pay::nonce() }))
              ->answer->{status};
    last if $status == 200;
    select undef, undef, undef, 0.1;
}

is($status, 200, 'Redis is back: a new signature passes');

my $again = send_raw($bytes)->answer->{status};

like($again, qr/^(?:200|409)$/, 'the first one: used, or it never came there');
is(send_raw($bytes)->answer->{status}, 409, '... and once at most');
is(scalar(Gate::calls(2)), $again == 200 ? 3 : 2, 'as many calls');
