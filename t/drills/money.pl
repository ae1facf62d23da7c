#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Money under stress, counted: replays in parallel, one number in parallel, a
# channel that hangs, resets or answers half, a client that leaves, a reload
# and a killed worker in the middle, an application that fails.  The real
# simulator stands behind a mock channel that records and spoils.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP ();
use Pay;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep);

$| = 1;

my $root = "$FindBin::Bin/../..";
my $dir = tempdir('ngx_pay.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $keys = Pay::keys();
my $main = $$;
my ($n, $failed, $count, @kids) = (0, 0, 0);

sub ok {
    my ($yes, $name) = @_;
    $n++;
    $failed += !$yes;
    print $yes ? '' : 'not ', "ok $n - $name\n";
    return $yes;
}

sub is {
    my ($got, $want, $name) = @_;
    ok($got eq $want, $name) or print "#    got: $got\n#   want: $want\n";
}

sub port {
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
        or die $!;
    return $s->sockport;
}

my %port = map { $_ => port() } qw(gate sim channel app);

sub spill {
    my ($name, $text) = @_;
    open my $f, '>', "$dir/$name.new" or die $!;
    print $f $text;
    close $f;
    rename "$dir/$name.new", "$dir/$name" or die $!;
}

sub slurp {
    open my $f, '<', "$dir/$_[0]" or return '';
    local $/;
    return scalar(<$f>) // '';
}

sub note {
    open my $f, '>>', "$dir/$_[0]" or die $!;
    syswrite $f, "$_[1]\n";
}

sub lines {
    my ($file, $re) = @_;
    return scalar grep { /$re/ } split /\n/, slurp($file);
}

# a message by its Content-Length; bounded in time, whatever the peer does

sub read_http {
    my ($s) = @_;
    my $t = '';

    eval {
        local $SIG{ALRM} = sub { die "late\n" };
        alarm 30;

        while (sysread $s, $t, 65536, length $t) {
            next if $t !~ /\r\n\r\n/;
            my ($head, $body) = split /\r\n\r\n/, $t, 2;
            my ($len) = $head =~ /^content-length:\s*(\d+)/im;
            last if length($body) >= ($len // 0);
        }

        alarm 0;
    };

    alarm 0;
    return $t;
}

# a server of the test: a process a connection, gone with the test

sub mock {
    my ($port, $answer) = @_;
    my $l = IO::Socket::INET->new(Listen => 512, LocalAddr => '127.0.0.1',
                                  LocalPort => $port, ReuseAddr => 1) or die;
    my $pid = fork // die $!;

    if ($pid) {
        push @kids, $pid;
        return;
    }

    open STDOUT, '>', '/dev/null';
    $SIG{CHLD} = 'IGNORE';
    $SIG{ALRM} = sub { POSIX::_exit(0) };

    while (getppid() == $main) {
        my $c = $l->accept or next;
        my $kid = fork;

        if (!defined $kid || $kid) {
            close $c;
            next;
        }

        my $q = read_http($c);
        $answer->($c, $q) if $q;
        close $c;
        POSIX::_exit(0);
    }

    POSIX::_exit(0);
}

sub reset_on { setsockopt $_[0], SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 }

sub channel {
    my ($c, $q) = @_;
    my ($line) = $q =~ /^(.*?)\r/;
    my ($no) = $q =~ /"out_trade_no":"([^"]+)"/;
    my $mode = slurp('channel.mode');

    note('channel.log', $line . ' ' . ($no // ''));

    if ($mode eq 'reset') {
        reset_on($c);
        return;
    }

    if ($mode eq 'hang') {
        sleep 3;
        return;
    }

    sleep $1 if $mode =~ /^slow (\S+)/;

    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port{sim}")
        or return;
    syswrite $s, $q;
    my $a = read_http($s);

    $a =~ s/Wechatpay-Signature: [^\r]*\r\n//i if $mode eq 'unsigned';
    $a = substr $a, 0, length($a) - 9 if $mode eq 'cut';
    $a = "HTTP/1.1 200 OK\r\nContent-Length: $1\r\n\r\n" . ' ' x $1
        if $mode =~ /^big (\d+)/;
    syswrite $c, $a;
}

sub app {
    my ($c, $q) = @_;
    my ($id) = $q =~ /^webhook-id: (\S+)\r/im;
    my ($type) = $q =~ /"type":"([a-z.]+)"/;
    my $mode = slurp('app.mode');

    note('app.log', "$id $type");

    if ($mode eq 'cut') {
        syswrite $c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok";
        return;
    }

    sleep $1 if $mode =~ /^slow (\S+)/;
    my $status = $mode =~ /^\d+$/ ? $mode : 200;
    syswrite $c, "HTTP/1.1 $status X\r\nContent-Length: 0\r\n"
                 . "Connection: close\r\n\r\n";
}

make_path("$dir/logs");
spill('nginx.conf', <<"END");
load_module $root/build/module/ngx_http_pay_module.so;
worker_processes 4;
pid logs/nginx.pid;
error_log logs/error.log info;
@{[ $> ? '' : 'user root;' ]}
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;
    uwsgi_temp_path u; scgi_temp_path s;
    pay_zone zone=pay:4m;
    pay_secret $keys/echo.key;
    pay_channel wechat {
        driver wechatpay_v3; mode sandbox;
        host http://127.0.0.1:$port{channel};
        appid wx8888888888888888; mchid 1900000001;
        certificate $keys/apiclient_cert.pem;
        certificate_key $keys/apiclient_key.pem;
        platform_key PUB_KEY_ID_01 $keys/platform_pub.pem;
        api_v3_key $keys/apiv3.key;
        notify_url http://127.0.0.1:$port{gate}/notify;
        sandbox_platform_key $keys/platform_key.pem;
    }
    pay_merchant demo {
        secret k1 $keys/demo.k1; channel wechat;
        webhook_secret $keys/demo.whsec;
    }
    server {
        listen 127.0.0.1:$port{gate} reuseport backlog=1024;
        location /v1/ { pay_api; }
        location = /notify { pay_notify wechat;
                             proxy_pass http://127.0.0.1:$port{app}; }
        location /a/ { pay_auth on; alias $dir/html/; }
        location = /_pay { internal;
                           include $root/conf-examples/sandbox-timeouts; }
    }
    server {
        listen 127.0.0.1:$port{sim};
        location /v3/ { pay_sandbox wechatpay_v3; }
        location /sandbox/checkout/ { pay_sandbox checkout; }
        location = /_pay { internal;
                           include $root/conf-examples/pay_proxy.conf; }
    }
}
END

# the shipped call location, with a shorter wait for the channel

{
    open my $f, '<', "$root/conf-examples/pay_proxy.conf" or die $!;
    my $text = join '', <$f>;
    $text =~ s/^proxy_read_timeout.*$/proxy_read_timeout 2s;/m or die;
    spill('pay_proxy.conf', $text);
    my $conf = slurp('nginx.conf');
    $conf =~ s!\S+/sandbox-timeouts!$dir/pay_proxy.conf! or die;
    spill('nginx.conf', $conf);
}

make_path("$dir/html");
spill("html/$_", "ok\n") for 1 .. 10, 'cold', 'warm';

sub pid { slurp('logs/nginx.pid') =~ /(\d+)/ ? $1 : 0 }

sub workers {
    my $p = pid();
    open my $f, '<', "/proc/$p/task/$p/children" or return;
    return split ' ', <$f> // '';
}

sub start {
    system($ENV{NGINX_BIN} // '/usr/sbin/nginx', '-e', 'logs/error.log', '-p',
           "$dir/", '-c', "$dir/nginx.conf") == 0 or die 'nginx';

    for (1 .. 50) {
        last if workers() == 4;
        sleep 0.1;
    }
}

sub stop {
    my $p = pid() or return;
    kill 'TERM', $p;

    for (1 .. 100) {
        last unless -e "$dir/logs/nginx.pid";
        sleep 0.05;
    }
}

END {
    if ($$ == $main) {
        my $status = $?;
        stop();
        kill 'TERM', @kids;
        $? = $status;
    }
}

sub send_to {
    my ($port, $text) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or return;
    syswrite $s, $text;
    return $s;
}

sub request {
    my ($method, $target, $body, %p) = @_;
    my $auth = Pay::authorization(method => $method, target => $target,
                                  body => $body, %p);

    return "$method $target HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
           . "Authorization: $auth\r\nContent-Type: application/json\r\n"
           . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}

sub answer {
    my ($s) = @_;
    my $t = $s ? read_http($s) : '';
    my ($status) = $t =~ /^HTTP\S+ (\d+)/;
    my ($json) = $t =~ /\r\n\r\n(\{.*)/s;
    my $o = $json ? eval { JSON::PP::decode_json($json) } : undef;
    return ($status // 0, $o // {});
}

sub ask { answer(send_to($port{gate}, request(@_))) }

sub pay_body {
    my ($no, $amount) = @_;
    return '{"order_id":"' . $no . '","amount":' . ($amount // 100)
           . ',"currency":"CNY","description":"drill","method":"qr_code",'
           . '"channel":"wechat"}';
}

sub pay { ask('POST', '/v1/payments', pay_body(@_)) }

sub told {
    my ($status, $o) = @_;
    return join ' ', $status, $o->{code} // $o->{status} // '-';
}

sub number { sprintf 'D%05d%06d', $main % 100000, ++$count }

sub press {
    my ($no, $action) = @_;
    my $b = 'action=' . ($action // 'pay');
    my $s = send_to($port{sim},
        "POST /sandbox/checkout/wechat/$no HTTP/1.1\r\nHost: x\r\n"
        . "Accept: application/json\r\nConnection: close\r\n"
        . 'Content-Length: ' . length($b) . "\r\n\r\n$b");
    my ($status, $o) = answer($s);
    return @{ $o->{notices} // [] };
}

sub acks { join ' ', map { $_->{acknowledgement}{status} // 0 } @_ }

sub tally {
    my %t;
    $t{(answer($_))[0]}++ for @_;
    return join ' ', map { "$_:$t{$_}" } sort keys %t;
}

sub mode {
    spill('channel.mode', $_[0]);
    spill('app.mode', $_[1] // '200');
}

sub channel_saw { lines('channel.log', "/native.*$_[0]") }

sub fresh {
    my $no = number();
    mode('pass');
    pay($no);
    return $no;
}

mode('pass');
mock($port{channel}, \&channel);
mock($port{app}, \&app);
start();


# replays

for my $round (1 .. 10) {
    my $q = request('GET', "/a/$round", '');
    is(tally(map { send_to($port{gate}, $q) } 1 .. 200), '200:1 409:199',
       "R-4: 200 parallel copies, exactly one passes (round $round)");
}

my $no = number();
my $replay = request('POST', '/v1/payments', pay_body($no));
is(tally(map { send_to($port{gate}, $replay) } 1 .. 200), '200:1 409:199',
   'R-4: 200 parallel copies of a payment');
is(channel_saw($no), 1, '... and the channel saw it once');


# one number, many wishes

$no = number();
mode('slow 0.3');
my %seen;
my @s = map { send_to($port{gate}, request('POST', '/v1/payments',
                                           pay_body($no))) } 1 .. 100;
$seen{(answer($_))[0]}++ for @s;
is(channel_saw($no), 1, 'R-15: one number 100 times at once: sent once');
is(($seen{200} // 0) + ($seen{409} // 0), 100,
   '... the others have the object or in_progress');
is(told(pay($no, 101)), '409 idempotency_conflict', '... other fields');


# what a channel can do

for my $m ('reset', 'hang', 'cut', 'unsigned', 'big 180000', 'big 300000') {
    $no = number();
    mode($m);
    is(told(pay($no)), '504 outcome_unknown', "U: channel: $m");
    is(channel_saw($no), 1, "U-1: $m: sent once");
    mode('pass');
    is(told(pay($no, 7)), '409 idempotency_conflict',
       "U: $m: the number is kept");
    is(told(pay($no)), '200 pending', "U: $m: the same number again");
}


# the client leaves

for my $how ('close', 'reset') {
    $no = number();
    mode('slow 0.7');
    my $c = send_to($port{gate}, request('POST', '/v1/payments',
                                         pay_body($no)));
    sleep 0.3;
    reset_on($c) if $how eq 'reset';
    close $c;
    sleep 0.9;
    mode('pass');
    is(told(pay($no)), '200 pending',
       "U-7: the client leaves by $how: the outcome is known");
    is(channel_saw($no), 1, '... and nothing is sent again');
}


# a reload, and killed workers, in the middle

$no = number();
mode('slow 1');
my $c = send_to($port{gate}, request('POST', '/v1/payments', pay_body($no)));
sleep 0.3;
kill 'HUP', pid();
is(told(answer($c)), '200 pending', 'F-1: a reload in the middle of a pay');
sleep 0.5;

$no = number();
$c = send_to($port{gate}, request('POST', '/v1/payments', pay_body($no)));
sleep 0.3;
kill 'KILL', workers();
is((answer($c))[0], 0, 'F-2: kill -9 of all workers: the connection is gone');
sleep 1;
mode('pass');
is(told(pay($no, 8)), '409 idempotency_conflict', 'F-2: the number is kept');
is(told(pay($no)), '200 pending', 'F-2: ... and settled');
is(channel_saw($no), 2, 'F-2: ... by sending the same number again');
is((answer(send_to($port{gate}, $replay)))[0], 409,
   'R-1: a replay after reload and kill is refused');


# the application

$no = fresh();
my @sent = press($no);
is(acks(@sent), '204', 'a good notice');
my $id = $sent[0]{event} // 'none';
is(lines('app.log', "^$id payment.succeeded"), 1, '... one event');

for my $m ('500', '302', 'cut') {
    $no = fresh();
    mode('pass', $m);
    my $kid = fork // die;

    if ($kid == 0) {
        sleep 0.7;
        mode('pass');
        POSIX::_exit(0);
    }

    @sent = press($no);
    waitpid $kid, 0;
    is(acks(@sent), '503 204', "W-9: the application answers $m, then 200");
    my %ids = map { ($_->{event} // '') => 1 } @sent;
    is(scalar(keys %ids), 1, '... with one event id');
}

$no = fresh();
mode('pass', 'slow 4.5');
@sent = press($no);
is(acks(@sent), '503 204', 'W-8: later than the deadline, then recorded');
$id = $sent[0]{event} // 'none';
is(lines('app.log', "^$id"), 1, '... the application was called once');

$no = fresh();
@sent = press($no, 'pay_twice');
my %type = map { split ' ' } split /\n/, slurp('app.log');
is(join(' ', map { $type{ $_->{event} // '' } // '-' } @sent),
   'payment.succeeded payment.duplicate', 'two real payments of one order');


# a new zone knows nothing of what was accepted before

stop();
start();
is(told(ask('GET', '/a/cold', '', timestamp => int(time) - 5)),
   '503 store_unavailable', 'R-7: signed before the zone was made');
is((ask('GET', '/a/warm', '', timestamp => int(time) + 2))[0], 200,
   'R-7: signed now');

stop();

my @bad = grep { /\[(alert|emerg|crit)\]|Sanitizer/
                 && !/exited on signal 9/ && !/shared memory zone.*locked/ }
          split /\n/, slurp('logs/error.log');
ok(!@bad, 'no alert in the log');
print "# $_\n" for @bad[0 .. ($#bad > 4 ? 4 : $#bad)];

print "1..$n\n";
exit($failed ? 1 : 0);
