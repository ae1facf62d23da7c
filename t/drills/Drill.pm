#
# Copyright (C) the ngx_pay authors
#
# What the drills share: the sandbox of conf-examples, with its ports changed
# and other servers between its parts, requests to it, and what its logs say.
#
#     use FindBin;
#     use lib "$FindBin::Bin", "$FindBin::Bin/../lib";
#     use Drill;
#     use Test::More;
#
#     my $site = site(workers => 4);
#     my $a = pay(order => number());
#     is(told($a), '200 pending', 'a payment');
#     finish();
#
# DRILL_KEEP=1 keeps the directory with configuration, logs and bytes.
#
# The site: $site->{gate}, a Drill::Nginx; the mocks $site->{channel} (in
# front of the simulator), {app} (the merchant's application) and {relay} (on
# a notice's way from the channel to the gateway); the numbers {port}{gate,
# h2, status, sim}.  All ends with the test.
#

package Drill;

use strict;
use warnings;

use Drill::H2;
use Drill::Loop;
use Drill::Mock;
use Exporter qw(import);
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP ();
use Pay;
use Socket qw(SOL_SOCKET SO_LINGER SHUT_WR);
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(
    site node channel_mock app_mock finish number request payment pay ask told
    tally burst burst_to send_raw answer_of leave press notice post_notice
    json status counted
);

our $Root = Pay::keys() =~ s{/conf-examples/.*}{}r;
our $Dir;

my ($main, $count, @nginx) = ($$, 0);
my $site;

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);


sub dir {
    if (!defined $Dir) {
        $Dir = tempdir('ngx_pay.XXXXXX', TMPDIR => 1,
                       CLEANUP => !$ENV{DRILL_KEEP});
        chmod 0755, $Dir;
    }

    return $Dir;
}


END {
    if ($$ == $main) {
        my $status = $?;
        $_->stop for @nginx;
        Drill::Mock::stop();
        $? = $status;
    }
}


# ports for nginx: below those that the system gives to clients

sub port {
    for (1 .. 200) {
        my $port = 20000 + int rand 12000;
        my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp',
                                      LocalPort => $port, Listen => 1);
        return $port if $s;
    }

    die "no port is free\n";
}


sub _read {
    open my $in, '<', $_[0] or die "$_[0]: $!";
    local $/;
    return <$in> // '';
}


sub _write {
    my ($path, $text) = @_;

    open my $out, '>', $path or die "$path: $!";
    print $out $text;
    close $out or die "$path: $!";

    return $path;
}


# what changes in the example must still be there to be changed

sub _change {
    my ($text, $n, $from, $to) = @_;
    my $done = $$text =~ s/$from/$to/g;

    die "conf-examples/sandbox: \"$from\" is there "
        . ($done || 0) . " times and not $n\n" if $done != $n;
}


# the module, or "" where it is linked in; a copy, so that a build beside the
# drill is not loaded by a reload

my $module;

sub _module {
    return $module if defined $module;

    my $path = $ENV{PAY_MODULE}
               // "$Root/build/module/ngx_http_pay_module.so";

    return $module = '' if $path eq '';

    $module = dir() . '/ngx_http_pay_module.so';
    copy($path, $module) or die "$path: $!";

    return $module;
}


# The sandbox's configuration.  Parts:
#
#     workers => 2
#     gate, status, sim => PORT
#     channel => PORT     where the gateway calls the channel
#     app => PORT         where it sends events
#     relay => PORT       where the channel sends notices
#     h2 => PORT          one more listener of the gateway
#     listen => ''        more parameters of its listener
#     main => ''          lines at the top, such as master_process off;
#     zone => '16m'
#     call => {}          lines of pay_proxy.conf that differ
#     wechat => ''        more lines of the channel's block
#     key => FILE         its private key, or store:URI
#     http, server, notify => ''
#                         more text: at http level, in the gateway's server,
#                         in the location of notices; APP and CHANNEL are the
#                         addresses of the mocks
#     tick => 1           0: nothing is done without a client
#     app_url => URL      of the application, in place of the port

sub conf {
    my %p = (workers => 2, listen => '', zone => '16m', call => {},
             wechat => '', tick => 1, key => 'keys/apiclient_key.pem',
             main => '', http => '', server => '', notify => '', @_);

    my $keys = Pay::keys();
    my $text = _read("$Root/conf-examples/sandbox/nginx.conf");
    my $call = _read("$Root/conf-examples/pay_proxy.conf");
    my $module = _module();
    my $url = $p{app_url} // "http://127.0.0.1:$p{app}/pay/notify";

    # the drills speak to one channel

    _change(\$text, 1, qr/^ {4}pay_channel alipay \{.*?^ {4}\}\n/ms, '');
    _change(\$text, 1, qr/^ +channel +alipay;\n/m, '');
    _change(\$text, 1, qr{^ {8}location = /notify/alipay \{.*?^ {8}\}\n}ms, '');
    _change(\$text, 1, qr{^ {8}location /gateway.do \{.*?^ {8}\}\n}ms, '');

    for my $word (sort keys %{ $p{call} }) {
        $call =~ s/^($word\s+).*;$/$1$p{call}{$word};/m
            or die "pay_proxy.conf has no $word\n";
    }

    my $proxy = _write(dir() . "/pay_proxy.$count.conf", $call);
    $count++;

    _change(\$text, 1, qr/^load_module .*;$/m,
            $module eq '' ? '' : "load_module $module;");
    _change(\$text, 1, qr/^worker_processes .*;$/m,
            "worker_processes $p{workers};\n$p{main}");
    _change(\$text, 1, qr{access_log +logs/access.log;},
            "log_format drill '\$pid \$status \$request_method \$uri "
            . "\$http_x_drill \$http_webhook_id \$pay_auth_reason';\n"
            . "    access_log logs/access.log drill;\n$p{http}");
    _change(\$text, 1, qr/zone=pay:16m/, "zone=pay:$p{zone}");
    _change(\$text, 1, qr{proxy_pass  http://127.0.0.1:8082/sandbox/inbox;},
            "$p{notify}\n            proxy_pass  $url;");
    _change(\$text, 1, qr/(?<=notify_url) +http:\S+:8080/,
            " http://127.0.0.1:$p{relay}");
    _change(\$text, 1, qr/(?<= host) +http:\S+:8082;/,
            " http://127.0.0.1:$p{channel};\n        $p{wechat}");
    _change(\$text, 1, qr{(?<=certificate_key) +keys/apiclient_key.pem;},
            " \"$p{key}\";");
    _change(\$text, 1, qr/listen +127.0.0.1:8080;/,
            "listen 127.0.0.1:$p{gate} $p{listen};\n"
            . ($p{h2} ? "        listen 127.0.0.1:$p{h2} http2;\n" : '')
            . $p{server});
    _change(\$text, 1, qr/(?<=listen) +127.0.0.1:8081;/,
            " 127.0.0.1:$p{status};");
    _change(\$text, 1, qr/(?<=listen) +127.0.0.1:8082;/,
            " 127.0.0.1:$p{sim};");
    $text =~ s{(?<=[ "])keys/}{$keys/}g;
    _change(\$text, 2, qr{\S*pay_proxy.conf}, $proxy);
    _change(\$text, 1, qr{include +\S*pay_tick.conf;},
            $p{tick} ? "include $Root/conf-examples/pay_tick.conf;" : '');
    $text =~ s/\bAPP\b/127.0.0.1:$p{app}/g;
    $text =~ s/\bCHANNEL\b/127.0.0.1:$p{channel}/g;

    return $text;
}


# Mocks of another name, with the modes that those of the site have:
#
#     ''                        as fast as it is
#     'slow 1', 'late 1'        the channel waits before, or after, the
#                               simulator has had the request
#     'slow 1', '500'           the application waits; its status
#     'hang', 'drop', 'reset'   no answer, and maybe no connection either
#     'unsigned', 'cut'         the simulator's answer without its signature,
#                               or without its last bytes
#     'big 180000'              in its place as many spaces
#     'half'                    the application's answer without its last bytes

sub channel_mock {
    my ($name, $port) = @_;
    return Drill::Mock->new(dir(), $name, sub { _channel($port, $_[1]) });
}


sub app_mock {
    my $name = shift;
    return Drill::Mock->new(dir(), $name, sub { _app($_[1]) });
}


sub _channel {
    my ($port, $mode) = @_;

    return { $mode => 1 } if $mode =~ /^(?:hang|drop|reset)$/;

    my ($word, $n) = split ' ', $mode;
    my %plan = (forward => $port);

    $word //= '';
    $plan{wait} = $n if $word eq 'slow';
    $plan{then} = $n if $word eq 'late';
    $plan{spoil} = sub { _spoil($word, $n, $_[0]) }
        if $word =~ /^(?:unsigned|cut|big)$/;

    return \%plan;
}


sub _spoil {
    my ($how, $n, $bytes) = @_;

    return substr $bytes, 0, -9 if $how eq 'cut';
    return $bytes =~ s/^Wechatpay-Signature: [^\r]*\r\n//mir
        if $how eq 'unsigned';

    return "HTTP/1.1 200 OK\r\nContent-Length: $n\r\n\r\n" . ' ' x $n;
}


sub _app {
    my $mode = shift;

    return { $mode => 1 } if $mode =~ /^(?:hang|drop|reset)$/;
    return { raw => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok" }
        if $mode eq 'half';
    return { wait => $1 } if $mode =~ /^slow (\S+)/;

    return { status => $mode || 200 };
}


# Parts as of conf; and:
#
#     split => 1      the simulator in an nginx of its own, {sim}, that nobody
#                     kills

sub site {
    my %p = @_;

    my %port = map { $_ => port() } qw(gate h2 status sim);
    my $s = $site = { port => \%port };

    $s->{channel} = channel_mock('channel', $port{sim});
    $s->{app} = app_mock('app');

    # a notice is kept, and the channel told that it has been taken

    $s->{relay} = Drill::Mock->new(dir(), 'relay', sub {
        return $_[1] eq 'pass' ? { forward => $port{gate} }
                               : { status => 204 };
    });

    %p = (%port, channel => $s->{channel}->port, app => $s->{app}->port,
          relay => $s->{relay}->port, %p);

    if ($p{split}) {
        $s->{sim} = Drill::Nginx->new('sim', conf(
            %p, gate => port(), status => port(), h2 => undef, http => '',
            server => '', notify => '', wechat => '', app_url => undef,
            workers => 2, listen => ''), $port{sim});
        $p{sim} = port();
    }

    $s->{parts} = \%p;
    $s->{gate} = Drill::Nginx->new('gate', conf(%p), $port{gate});
    $s->{gate}{status} = $port{status};
    $s->{gate}{parts} = \%p;

    return $s;
}


# the numbers of its ports

sub ports { $site->{port} }


# One more gate of the site, with a zone of its own; parts as of conf, those
# that differ.  Its {port} and {status} are numbers of its own; {parts}: all
# that its configuration was made of.

sub node {
    my ($name, %p) = @_;
    my ($gate, $status) = (port(), port());

    %p = (%{ $site->{parts} }, sim => port(), h2 => undef, %p, gate => $gate,
          status => $status);

    my $n = Drill::Nginx->new($name, conf(%p), $gate);

    $n->{status} = $status;
    $n->{parts} = \%p;

    return $n;
}


# ends the test: all that runs, and a look into the logs; what the drill
# itself provoked is given as patterns

sub finish {
    my @allowed = @_;

    for my $n (@nginx) {
        ok($n->stop, "$n->{name}: nginx ends when it is told");
        is($n->said('exited on signal 9$'), $n->{killed},
           "$n->{name}: workers that died are those that were killed");
        is(join("\n", $n->bad(@allowed)), '', "$n->{name}: no [alert], "
           . '[emerg], [crit], signal or sanitizer in the error log');
    }

    @nginx = ();
    Drill::Mock::stop();
}


sub json {
    my $o = eval { JSON::PP->new->utf8->decode($_[0]) };
    return ref $o eq 'HASH' ? $o : {};
}


# a fresh order number of 12 characters

sub number { sprintf 'D%05d%06d', $main % 100000, ++$count }


# bytes of a signed request; timestamp, nonce and more as Pay::authorization;
# headers => [LINE], tag: what is asked for in the access log, keep => 1: for a
# connection that stays

sub request {
    my ($method, $target, $body, %p) = @_;

    my $headers = join '', map { "$_\r\n" } @{ delete $p{headers} // [] },
                  (delete $p{keep} ? () : 'Connection: close'),
                  'X-Drill: ' . (delete $p{tag} // '-');
    my $auth = Pay::authorization(timestamp => 2 + int time, method => $method,
                                  target => $target, body => $body, %p);

    $headers .= "Content-Type: application/json\r\nContent-Length: "
                . length($body) . "\r\n" if $body ne '';

    return "$method $target HTTP/1.1\r\nHost: gateway.sandbox\r\n"
           . "Authorization: $auth\r\n$headers\r\n$body";
}


# payment(order => N, amount => 100, ...): bytes of a pay request

sub payment {
    my %p = (order => number(), amount => 100, @_);

    my $body = Pay::payment(order_id => delete $p{order}, description =>
                            'drill', amount => delete $p{amount});

    return request('POST', '/v1/payments', $body, %p);
}


# requests of which nobody has seen the last byte before all have the others

sub burst {
    my ($port, @bytes) = @_;
    return burst_to(map { [ $port, $_ ] } @bytes);
}


# ... to several servers: pairs of port and bytes

sub burst_to {
    my @to = @_;

    my $loop = Drill::Loop->new;
    my (@sock, @answers);

    for (@to) {
        my ($port, $bytes) = @$_;
        my $s = Drill::Loop::connect($port) or die "connect: $!";
        push @sock, $s;
        $loop->write($s, substr $bytes, 0, -1);
    }

    for my $i (0 .. $#to) {
        syswrite $sock[$i], substr $to[$i][1], -1;
    }

    my $left = @to;

    for my $i (0 .. $#to) {
        $loop->expect($sock[$i], sub { $answers[$i] = shift; $left-- });
    }

    $loop->run(sub { !$left }, 40);

    return @answers;
}


# one request, one answer

sub ask {
    my ($bytes, $port, $seconds) = @_;
    my ($loop, $answer) = (Drill::Loop->new);

    $loop->ask($port // $site->{port}{gate}, $bytes, sub { $answer = shift },
               $seconds);
    $loop->run(sub { $answer }, 30);

    return $answer;
}


sub pay { ask(payment(@_)) }


# status, and an error's code or the payment's state: "409 in_progress"

sub told {
    my $a = shift;

    return $a->{error} if $a->{error};

    my $o = json($a->{body});

    return join ' ', $a->{status}, $o->{code} // $o->{status}
                                   // ($a->{body} eq '' ? () : '-');
}


# told of many: "200 pending: 1, 409 nonce_replayed: 199"

sub tally {
    my %n;

    $n{ told($_) }++ for @_;

    return join ', ', map { "$_: $n{$_}" } sort keys %n;
}


# a connection where the request has been written, and its answer

sub send_raw {
    my ($bytes, $port) = @_;

    my $s = Drill::Loop::connect($port // $site->{port}{gate})
        or die "connect: $!";

    syswrite $s, $bytes;

    return $s;
}


sub answer_of {
    my ($s, $seconds) = @_;
    my ($loop, $answer) = (Drill::Loop->new);

    $loop->expect($s, sub { $answer = shift }, $seconds // 25);
    $loop->run(sub { $answer }, 30);

    return $answer;
}


# leave(SOCKET, 'close' | 'reset' | 'shutdown')

sub leave {
    my ($s, $how) = @_;

    return shutdown $s, SHUT_WR if $how eq 'shutdown';

    setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
        if $how eq 'reset';
    close $s;
}


# A button of the pay page.  Gives what the page tells: status and the JSON.

sub press_bytes {
    my ($order, $action) = @_;
    my $body = $action ? "action=$action" : '';

    return ($action ? 'POST' : 'GET')
           . " /sandbox/checkout/wechat/$order HTTP/1.1\r\nHost: x\r\n"
           . "Accept: application/json\r\nConnection: close\r\n"
           . ($action ? 'Content-Length: ' . length($body) . "\r\n" : '')
           . "\r\n$body";
}


sub press {
    my $a = ask(press_bytes(@_), $site->{port}{sim});

    return { status => $a->{status}, %{ json($a->{body}) } };
}


# the bytes of the notice that an order is paid, which nobody has sent yet

sub notice {
    my $order = shift;
    my $before = $site->{relay}->count;

    $site->{relay}->mode('');
    press($order, 'pay');

    my @all = $site->{relay}->requests;

    die "the channel made " . (@all - $before) . " notices of $order\n"
        if @all != $before + 1;

    return $all[-1]{raw};
}


sub post_notice { ask($_[0], $site->{port}{gate}, $_[1]) }


# of the gate, or of another node

sub status {
    my $n = shift // $site->{gate};
    my $a = ask("GET /status HTTP/1.0\r\n\r\n", $n->{status});
    return json($a->{body});
}


# a line of proof

sub counted { diag(sprintf shift, @_) }


package Drill::Nginx;

use strict;
use warnings;

use File::Path qw(make_path);
use Time::HiRes qw(sleep time);

my $bad = qr/\[(?:alert|crit|emerg)\]|exited\ on\ signal
             |Sanitizer|runtime\ error:/x;


# starts it, and waits until it answers at the port

sub new {
    my ($class, $name, $text, $port) = @_;

    my $dir = Drill::dir() . "/$name";
    my $n = bless { name => $name, dir => $dir, port => $port, killed => 0 },
                  $class;

    make_path("$dir/logs", "$dir/temp");
    unlink glob "$dir/logs/*.log";      # of a site before it
    push @nginx, $n;
    $n->conf($text);
    $n->start;

    return $n;
}


sub conf { Drill::_write("$_[0]{dir}/nginx.conf", $_[1]) }


sub start {
    my $n = shift;
    my $nginx = $ENV{NGINX_BIN} // '/usr/sbin/nginx';

    my $text = Drill::_read("$n->{dir}/nginx.conf");
    my ($want) = $text =~ /^master_process off;/m
                 ? 0 : $text =~ /^worker_processes (\d+);/m;

    # as a daemon: one in the foreground takes no new binary

    my $status = system($nginx, '-p', "$n->{dir}/", '-c',
                        "$n->{dir}/nginx.conf", '-e',
                        "$n->{dir}/logs/error.log");

    die "nginx did not start:\n" . $n->_tail if $status != 0;

    $n->{workers} = $want;

    for (1 .. 200) {
        ($n->{master}) = $n->masters;

        return if $n->{master} && $n->workers == $want
                  && Drill::Loop::connect($n->{port});

        sleep 0.05;
    }

    die "nginx does not answer:\n" . $n->_tail;
}


# the masters there are: more than one while a binary is being replaced

sub masters {
    my $n = shift;
    my @pids;

    for my $file ("$n->{dir}/logs/nginx.pid", "$n->{dir}/logs/nginx.pid.oldbin")
    {
        my ($pid) = -f $file ? Drill::_read($file) =~ /(\d+)/ : ();
        push @pids, $pid if $pid;
    }

    return grep { _alive($_) } @pids;
}


# a dead process that nobody has asked about is dead

sub _alive {
    open my $in, '<', "/proc/$_[0]/stat" or return 0;
    return (<$in> // '') =~ /\) ([A-Z]) / && $1 ne 'Z';
}


# 1 if it ended by itself within the time

sub stop {
    my ($n, $signal) = @_;
    my @masters = $n->masters or return 1;
    my $end = time + 20;

    kill $signal // 'TERM', @masters;

    while (time < $end) {
        return 1 if !grep { _alive($_) } @masters;
        sleep 0.02;
    }

    kill 'KILL', map { ($_, _children($_)) } @masters;

    return 0;
}


sub _children {
    my $pid = shift;

    if (open my $in, '<', "/proc/$pid/task/$pid/children") {
        return split ' ', <$in> // '';
    }

    # where the kernel has no such file

    my @pids;

    for my $file (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $file or next;
        my ($child, $parent) = (<$in> // '') =~ /\A(\d+) .*\) \S (\d+)/ or next;
        push @pids, $child if $parent == $pid;
    }

    return @pids;
}


sub _title {
    open my $in, '<', "/proc/$_[0]/cmdline" or return '';
    my $title = <$in> // '';
    return $title =~ s/\0.*//sr;
}


# pids of the workers, without those that are going

sub workers_of {
    my ($n, $pid) = @_;
    return grep { _title($_) =~ /worker process$/ } _children($pid);
}


sub workers { $_[0]->workers_of($_[0]{master}) }


# those that finish what they have

sub leaving {
    my $n = shift;
    return grep { _title($_) =~ /worker process is shutting down/ }
           _children($n->{master});
}


# waits until the workers are others than these, and all there

sub await_workers {
    my ($n, @old) = @_;
    my %old = map { $_ => 1 } @old;
    my $end = time + 20;

    while (time < $end) {
        my @now = $n->workers;
        return 1 if @now == $n->{workers} && !grep { $old{$_} } @now;
        sleep 0.01;
    }

    return 0;
}


sub reload {
    my $n = shift;
    my @old = $n->workers;

    kill 'HUP', $n->{master};

    return $n->await_workers(@old);
}


# A new binary beside the old one, then in its place; what is to be done while
# both work is given.

sub upgrade {
    my ($n, $between) = @_;
    my $file = "$n->{dir}/logs/nginx.pid";
    my $old = $n->{master};
    my $end = time + 20;

    kill 'USR2', $old;

    while (time < $end) {
        my ($new) = -f "$file.oldbin" && -f $file
                    ? Drill::_read($file) =~ /(\d+)/ : ();

        if ($new && $n->workers_of($new) == $n->{workers}) {
            $between->();
            kill 'QUIT', $old;
            sleep 0.02 while time < $end && _alive($old);
            $n->{master} = $new;
            return !_alive($old);
        }

        sleep 0.02;
    }

    return 0;
}


# all workers, at once

sub kill_workers {
    my $n = shift;
    my @old = $n->workers;

    $n->killed(@old);

    return $n->await_workers(@old);
}


sub killed {
    my ($n, @pids) = @_;
    $n->{killed} += kill 'KILL', @pids;
}


sub log { Drill::_read("$_[0]{dir}/logs/error.log") }


sub _tail {
    my @lines = split /^/, $_[0]->log;
    return join '', @lines > 15 ? @lines[-15 .. -1] : @lines;
}


sub bad {
    my ($n, @allowed) = @_;

    push @allowed, qr/exited on signal 9$/;         # counted

    return grep { my $line = $_;
                  $line =~ $bad && !grep { $line =~ $_ } @allowed }
           split /\n/, $n->log;
}


# how often the log says it

sub said {
    my ($n, $what) = @_;
    return scalar(my @lines = grep { /$what/ } split /\n/, $n->log);
}


# the access log: lists of pid, status, method, uri, tag, webhook id, reason

sub access {
    my ($n, $tag) = @_;

    return grep { !defined $tag || $_->[4] eq $tag }
           map { [ split ' ' ] }
           split /\n/, Drill::_read("$n->{dir}/logs/access.log");
}


# the different workers that logged it

sub handled {
    my ($n, $tag) = @_;
    my %pids = map { $_->[0] => 1 } $n->access($tag);

    return scalar keys %pids;
}


1;
