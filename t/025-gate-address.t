#
# Copyright (C) the ngx_pay authors
#
# The gate's allowlist and the client's address: realip, PROXY protocol, IPv6,
# IPv4 in IPv6, unix sockets; t/vectors/client-address.json.
#
# Its networks are not ours.  Two of them are played by parts of 127.0.0.0/8,
# from which a client here may come: 10.0.0.0/8 by 127.10.0.0/16 and
# 203.0.113.0/24 by 127.203.113.0/24.
#

use strict;
use warnings;

use Digest::SHA qw(sha1);
use FindBin;
use IO::Socket::INET;
use IO::Socket::IP;
use IO::Socket::UNIX;
use JSON::PP ();
use List::Util qw(uniq);
use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;
use Gate;

no_long_string();
no_shuffle();
log_level('info');

our $vectors = JSON::PP->new->utf8->decode(
    Pay::_read("$FindBin::Bin/vectors/client-address.json"));

our @real_ip = @{ $vectors->{real_ip} };
our $socket = Pay::file('none', '') =~ s/none$/gate.sock/r;
our @port = map { free_port() } 0 .. 20;

sub ours { $_[0] =~ s/\b10\.0\.0\.(\d)/127.10.0.$1/gr
                 =~ s/\b203\.0\.113\./127.203.113./gr
                 =~ s/^(127\.10\.0\.0)\/8$/$1\/16/r }


# Merchants of one rule: only() may come from there alone, but() from anywhere
# else; demo may come from everywhere.

our $merchants = '';
my %made;

sub merchant {
    my ($rules) = @_;

    my $name = 'm' . unpack 'H16', sha1($rules);
    my $secret = "a throwaway secret, of $rules";

    if (!$made{$name}++) {
        die "too late for $rules" if $::ready;
        $merchants .= "pay_merchant $name { secret k1 "
                      . Pay::file($name, $secret) . "; $rules }\n";
    }

    return (merchant => $name, secret => $secret);
}

sub only { merchant("allow $_[0]; deny all;") }
sub but { merchant("deny $_[0]; allow all;") }


# a signed request from an address of ours, or through a socket; PART before
# is sent in front of it

sub from {
    my ($peer, $port, %call) = @_;

    my $s = ref $peer ? $peer
            : IO::Socket::INET->new(LocalAddr => $peer, PeerPort => $port,
                                    PeerAddr => '127.0.0.1', Proto => 'tcp')
              || die "connect from $peer: $!";

    my $c = Mock::Connection::new($s);
    my $before = delete $call{before} // '';

    $c->send($before . Gate::bytes({
        target => '/a', %call,
        headers => [ 'Connection: close', @{ $call{headers} // [] } ] }));

    return $c->answer;
}

sub seen { $_[0]{status} . ' ' . ($_[0]->header('X-Address') // '') }

# the status, and the code of a refusal

sub told {
    my $a = shift;

    return $a->{status} == 200 || $a->{status} == 0 ? $a->{status}
           : "$a->{status} " . (decode($a->{body})->{code} // '-');
}

our $denied = '403 ip_not_allowed';

our $gate = <<'_E';
add_header X-Address $remote_addr always;
location /a { pay_auth on; proxy_pass http://app; }
_E

sub server {
    my ($listen, $lines) = @_;

    return "server {\n    listen $listen;\n    $lines\n$gate}\n";
}

sub by_v6 { IO::Socket::IP->new(PeerHost => '::1', PeerPort => $_[0]) }

sub by_unix { IO::Socket::UNIX->new(Peer => "$socket$_[0]") }

sub no_v6 { !IO::Socket::IP->new(LocalHost => '::1', Listen => 1) }

sub no_mapped {
    return !IO::Socket::IP->new(LocalHost => '::ffff:127.0.0.1', Listen => 1,
                                V6Only => 0);
}


# whom the blocks below ask for

only($_), but($_) for uniq(
    (grep { /^[\d.]+$/ }
     map { ours($_->{peer}), $_->{remote_addr} && ours($_->{remote_addr}),
           map { split ', ', ours($_) } @{ $_->{x_forwarded_for} } } @real_ip),
    (grep { defined } map { $_->{src} } @{ $vectors->{proxy_protocol} }),
    qw(127.0.0.1 127.0.0.0/8 0.0.0.0/0 ::1 ::/0 unix: all 1.2.3.4
       198.51.100.1 2001:db8::/32 2001:db8::1)
);

our $ready = 1;
our $http = Gate::http(merchant => { webhook_secret => undef, deny => undef,
                                     allow => 'all' }, more => $merchants);

run_tests();

__DATA__

=== TEST 1: I-1, I-2: the vectors of realip
--- http_config eval
my $n = 0;
$::http . CORE::join '', map {
    main::server("127.0.0.1:$::port[$n++]", CORE::join(' ', map {
        'set_real_ip_from ' . main::ours($_) . ';'
    } @{ $_->{set_real_ip_from} }) . ' real_ip_header X-Forwarded-For; '
      . 'real_ip_recursive ' . ($_->{real_ip_recursive} ? 'on;' : 'off;'))
} @::real_ip
--- config eval: $::gate
--- steps
for my $n (0 .. $#real_ip) {
    my $v = $real_ip[$n];
    my $want = ours($v->{remote_addr});
    my @lines = map { ours($_) } @{ $v->{x_forwarded_for} };
    my @head = (headers => [ map { "X-Forwarded-For: $_" } @lines ]);
    my @how = (ours($v->{peer}), $port[$n], @head);

    is(seen(from(@how)), "200 $want", "$v->{name}: the address");
    is(told(from(@how, only($want))), 200, "$v->{name}: allowed as $want");
    is(told(from(@how, but($want))), $denied, "$v->{name}: denied as $want");

    for my $other (ours($v->{peer}), map { split ', ' } @lines) {
        next if $other eq $want || $other !~ /^[\d.]+$/;

        is(told(from(@how, only($other))), $denied,
           "$v->{name}: not let in as $other");
        is(told(from(@how, but($other))), 200,
           "$v->{name}: not kept out as $other");
    }
}


=== TEST 2: I-6: the vectors of the PROXY protocol
--- http_config eval
$::http
. main::server("127.0.0.1:$::port[0] proxy_protocol",
               'set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;')
. main::server("127.0.0.1:$::port[1] proxy_protocol", '')
. main::server("127.0.0.1:$::port[2] proxy_protocol",
               'set_real_ip_from 192.0.2.0/24; real_ip_header proxy_protocol;')
. main::server("127.0.0.1:$::port[3]",
               'set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;')
--- config eval: $::gate
--- provoked
--- steps
for my $v (@{ $vectors->{proxy_protocol} }) {
    my $before = $v->{bytes_utf8} // pack 'H*', $v->{bytes_hex};
    my $try = sub { from('127.0.0.1', $port[shift], before => $before, @_) };

    if ($v->{error}) {
        is(seen($try->(0)), '0 ', "$v->{name}: no request");
        next;
    }

    my $want = $v->{src} // '127.0.0.1';

    is(seen($try->(0)), "200 $want", "$v->{name}: the address");
    is(told($try->(0, only($want))), 200, "$v->{name}: allowed as $want");
    is(told($try->(0, but($want))), $denied, "$v->{name}: denied as $want");
    is(told($try->(0, but($want), headers => [ 'X-Forwarded-For: 1.2.3.4' ])),
       $denied, "$v->{name}: and no header helps");

    # where nobody said that it is the address, and where the peer may not

    for my $n (1, 2) {
        is(seen($try->($n)), '200 127.0.0.1', "$v->{name}: not asked for, $n");
        is(told($try->($n, only('127.0.0.1'))), 200, '... the peer is let in');
        is(told($try->($n, but('127.0.0.1'))), $denied, '... or kept out');
    }

    # where it is not expected it is no request

    like($try->(3)->{status}, qr/^(?:0|400)$/, "$v->{name}: not expected");
}

is(seen(from('127.0.0.1', $port[0])), '0 ', 'none: no request');


=== TEST 3: I-6: PROXY protocol: in pieces, with TLVs, other families, twice
--- http_config eval
$::http
. main::server("127.0.0.1:$::port[0] proxy_protocol",
               'set_real_ip_from 127.0.0.0/8; real_ip_header proxy_protocol;')
--- config eval: $::gate
--- provoked
--- steps
my $v2 = sub { "\r\n\r\n\0\r\nQUIT\n" . pack 'CCn/a*', @_ };
my $ip4 = pack 'C4 C4 nn', 192, 0, 2, 1, 198, 51, 100, 1, 56324, 443;
my $ip6 = pack('H32', '20010db8' . '0' x 23 . '1')
          . pack('H32', '20010db8' . '0' x 23 . '2') . pack 'nn', 56324, 443;
my $v1 = "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n";

for (
    [ 'TLVs', $v2->(0x21, 0x11, $ip4 . pack('Cn/a*', 4, 'x' x 200)),
      '200 192.0.2.1' ],
    [ 'TCP6', $v2->(0x21, 0x21, $ip6), '200 2001:db8::1' ],
    [ 'UNSPEC', $v2->(0x21, 0x00, ''), '200 127.0.0.1' ],
    [ 'UDP4', $v2->(0x21, 0x12, $ip4), '200 127.0.0.1' ],
    [ 'UNIX', $v2->(0x21, 0x31, 'x' x 216), '200 127.0.0.1' ],
    [ 'LOCAL with an address', $v2->(0x20, 0x11, $ip4), '200 127.0.0.1' ],
    [ 'cut short', $v2->(0x21, 0x11, substr $ip4, 0, 8), '0 ' ],
    [ 'two of them', $v1 . $v1, '400 ' ],
    [ 'a line of 108', 'PROXY TCP4 ' . '1' x 200 . "\r\n", '0 ' ],
    [ 'no address', "PROXY TCP4 evil 198.51.100.1 1 2\r\n", '0 ' ],
    [ 'IPv4 as TCP6', "PROXY TCP6 192.0.2.1 ::1 1 2\r\n", '200 192.0.2.1' ],
    [ 'mapped', "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n",
      '200 ::ffff:192.0.2.1' ]
) {
    my ($name, $before, $want) = @$_;

    my $a = from('127.0.0.1', $port[0], before => $before);
    my $got = $a->{status} eq '400' ? '400 ' : seen($a);

    is($got, $want, $name);
}

is(told(from('127.0.0.1', $port[0], only('192.0.2.1'), before =>
             "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n")), 200,
   'I-3: a mapped address is let in by its IPv4');
is(told(from('127.0.0.1', $port[0], but('192.0.2.1'), before =>
             "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n")), $denied,
   '... and kept out by it');

my $s = send_raw(substr($v1, 0, 20), $port[0]);
select undef, undef, undef, 0.1;
$s->send(substr($v1, 20) . Gate::bytes({ target => '/a', only('192.0.2.1'),
         headers => [ 'Connection: close' ] }));
like($s->answer->{status}, qr/^(?:0|200)$/, 'in pieces');


=== TEST 4: I-3, I-5: IPv6 peers and IPv4 rules, and the other way round
--- skip_eval: 20: main::no_v6()
--- http_config eval
$::http . main::server("[::1]:$::port[0]", '')
--- config eval: $::gate
--- steps
for (
    [ only('::1'), 200 ], [ but('::1'), $denied ],
    [ only('::/0'), 200 ], [ but('::/0'), $denied ],
    [ only('127.0.0.1'), $denied ], [ but('127.0.0.1'), 200 ],
    [ only('0.0.0.0/0'), $denied ], [ but('0.0.0.0/0'), 200 ],
    [ only('unix:'), $denied ], [ but('unix:'), 200 ],
    [ only('all'), 200 ], [ but('all'), $denied ]
) {
    my $want = pop @$_;
    my %m = @$_;

    is(told(from(by_v6($port[0]), undef, %m)), $want,
       "::1, $m{secret}");
}


=== TEST 5: I-3: IPv4 by an IPv6 listener
--- skip_eval: 20: main::no_mapped()
--- http_config eval
$::http . main::server("[::ffff:127.0.0.1]:$::port[0] ipv6only=off", '')
--- config eval: $::gate
--- steps
for (
    [ only('127.0.0.1'), 200 ], [ but('127.0.0.1'), $denied ],
    [ only('127.0.0.0/8'), 200 ], [ but('127.0.0.0/8'), $denied ],
    [ only('0.0.0.0/0'), 200 ], [ but('0.0.0.0/0'), $denied ],
    [ only('::1'), $denied ], [ but('::1'), 200 ],
    [ only('::/0'), $denied ], [ but('::/0'), 200 ],
    [ only('all'), 200 ], [ but('all'), $denied ]
) {
    my $want = pop @$_;
    my %m = @$_;

    is(told(from('127.0.0.1', $port[0], %m)), $want,
       "::ffff:127.0.0.1, $m{secret}");
}


=== TEST 6: I-5: addresses of IPv6 that tell of an IPv4 one are not that
--- http_config eval
$::http
. main::server("127.0.0.1:$::port[0]",
               'set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;')
--- config eval: $::gate
--- steps
for (
    [ '64:ff9b::7f00:1', $denied, 200 ], [ '2002:7f00:1::', $denied, 200 ],
    [ '::7f00:1', $denied, 200 ], [ '::ffff:0:7f00:1', $denied, 200 ],
    [ '::ffff:127.0.0.1', 200, $denied ], [ '::ffff:7f00:1', 200, $denied ],
    [ '[::1]:80', $denied, 200 ], [ '[::1]', 200, $denied ],
    [ '127.0.0.1:80', 200, $denied ]
) {
    my ($address, $only, $but) = @$_;
    my @head = (headers => [ "X-Forwarded-For: $address" ]);

    is(told(from('127.0.0.1', $port[0], @head, only('127.0.0.1'))), $only,
       "$address and allow 127.0.0.1");
    is(told(from('127.0.0.1', $port[0], @head, but('127.0.0.1'))), $but,
       "$address and deny 127.0.0.1");
}


=== TEST 7: I-1: what realip does not understand leaves the peer
--- http_config eval
$::http
. main::server("127.0.0.1:$::port[0]",
               'set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For; '
               . 'real_ip_recursive on;')
. main::server("127.0.0.1:$::port[1]",
               'set_real_ip_from 127.0.0.1; real_ip_header Forwarded;')
. main::server("127.0.0.1:$::port[2]",
               'set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;')
. main::server("127.0.0.1:$::port[3]",
               'set_real_ip_from 127.0.0.1; real_ip_header X-Client;')
--- config eval: $::gate
--- steps
for (
    [ 0, 'X-Forwarded-For: unknown' ], [ 0, 'X-Forwarded-For: 1.2.3.4.5' ],
    [ 0, 'X-Forwarded-For: 1.2.3.256' ], [ 0, 'X-Forwarded-For: 0x01020304' ],
    [ 0, 'X-Forwarded-For: 1.2.772' ], [ 0, 'X-Forwarded-For:' ],
    [ 0, 'X-Forwarded-For: 1.2.3.4, _hidden' ], [ 0, 'X-Real-IP: 1.2.3.4' ],
    [ 0, 'X_Forwarded_For: 1.2.3.4' ], [ 0, 'Forwarded: for=1.2.3.4' ],
    [ 1, 'Forwarded: for=1.2.3.4' ], [ 1, 'Forwarded: for="[2001:db8::1]"' ],
    [ 1, 'X-Forwarded-For: 1.2.3.4' ], [ 2, 'X-Forwarded-For: 1.2.3.4' ],
    [ 2, 'X-Real-IP: for=1.2.3.4' ], [ 3, 'X-Real-IP: 1.2.3.4' ],
    [ 3, 'X_Client: 1.2.3.4' ]
) {
    my ($n, $line) = @$_;
    my @how = ('127.0.0.1', $port[$n], headers => [ $line ]);

    is(told(from(@how, only('1.2.3.4'))), $denied, "$n, $line: not 1.2.3.4");
    is(told(from(@how, only('127.0.0.1'))), 200, "$n, $line: the peer");
}

for ([ 0, 'X-Forwarded-For: 1.2.3.4' ], [ 2, 'X-Real-IP: 1.2.3.4' ],
     [ 3, 'X-Client: 1.2.3.4' ])
{
    my ($n, $line) = @$_;
    my @how = ('127.0.0.1', $port[$n], headers => [ $line ]);

    is(told(from(@how, only('1.2.3.4'))), 200, "$n, $line: 1.2.3.4");
    is(told(from(@how, only('127.0.0.1'))), $denied, "$n, $line: no peer");
    is(told(from('127.0.0.2', @how[1 .. 3], only('1.2.3.4'))), $denied,
       "$n, $line: of somebody who is not trusted");
}


=== TEST 8: I-2: realip of a location, behind a rewrite, a name and an error
--- http_config eval: $::http
--- config
add_header X-Address $remote_addr always;
real_ip_header X-Forwarded-For;
location /a { pay_auth on; set_real_ip_from 127.0.0.1; proxy_pass http://app; }
location /r { rewrite ^ /a last; }
location /n { try_files /nothing @a; }
location /e { error_page 404 = /a; return 404; }
location /i { pay_auth on; set_real_ip_from 127.0.0.1; try_files /no /a; }
location /p { pay_auth on; proxy_pass http://app; }
location @a { pay_auth on; set_real_ip_from 127.0.0.1; proxy_pass http://app; }
--- steps
my @head = (headers => [ 'X-Forwarded-For: 1.2.3.4' ]);

for my $target (qw(/a /r /n /e /i)) {
    my @how = ('127.0.0.1', $Mock::Port, target => $target);

    is(told(from(@how, @head, only('1.2.3.4'))), 200, "$target: 1.2.3.4");
    is(told(from(@how, @head, only('127.0.0.1'))), $denied,
       "$target: no peer");
    is(told(from(@how, only('127.0.0.1'))), 200, "$target: the peer alone");
}

is(told(from('127.0.0.1', $Mock::Port, target => '/p', @head,
             only('1.2.3.4'))), $denied, 'a location without it');


=== TEST 9: I-1: an address does not stay on a connection
--- http_config eval
$::http
. main::server("127.0.0.1:$::port[0]",
               'set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;')
--- config eval: $::gate
--- steps
my $c = send_raw('', $port[0]);
my @head = (headers => [ 'X-Forwarded-For: 1.2.3.4' ]);
my @want;

for ([ 200, only('1.2.3.4'), @head ], [ $denied, only('1.2.3.4') ],
     [ 200, only('127.0.0.1') ], [ $denied, only('127.0.0.1'), @head ],
     [ 200, but('127.0.0.1'), @head ], [ $denied, but('127.0.0.1') ])
{
    my ($want, %call) = @$_;

    $c->send(Gate::bytes({ target => '/a', %call }));
    is(told($c->read), $want, "one by one: $call{secret}");
    push @want, $want;
}

$c->send(join '', map { my (undef, %call) = @$_;
                        Gate::bytes({ target => '/a', %call }) }
         [ 200, only('1.2.3.4'), @head ], [ $denied, only('1.2.3.4') ],
         [ 200, only('127.0.0.1') ], [ $denied, only('127.0.0.1'), @head ]);
is(told($c->read), $_, 'all at once') for 200, $denied, 200, $denied;


=== TEST 10: I-6: a unix socket is none of the addresses there are
--- http_config eval
$::http
. main::server("unix:${main::socket}0", '')
. main::server("unix:${main::socket}1",
               'set_real_ip_from unix:; real_ip_header X-Forwarded-For;')
. main::server("unix:${main::socket}2 proxy_protocol",
               'set_real_ip_from unix:; real_ip_header proxy_protocol;')
--- config eval: $::gate
--- steps
for (
    [ only('unix:'), 200 ], [ but('unix:'), $denied ],
    [ only('all'), 200 ], [ but('all'), $denied ],
    [ only('0.0.0.0/0'), $denied ], [ but('0.0.0.0/0'), 200 ],
    [ only('::/0'), $denied ], [ but('::/0'), 200 ],
    [ only('127.0.0.1'), $denied ], [ merchant => 'demo', 200 ]
) {
    my $want = pop @$_;
    my %m = @$_;

    is(told(from(by_unix(0), undef, %m)), $want,
       'unix, ' . ($m{secret} // 'demo'));
}

my @head = (headers => [ 'X-Forwarded-For: 1.2.3.4' ]);

is(told(from(by_unix(0), undef, @head, only('1.2.3.4'))), $denied,
   'a header of nobody');
is(told(from(by_unix(1), undef, @head, only('1.2.3.4'))), 200,
   'realip from unix:');
is(told(from(by_unix(1), undef, @head, only('unix:'))), $denied,
   '... no socket any more');
is(told(from(by_unix(1), undef, only('unix:'))), 200, '... without a header');
is(told(from(by_unix(2), undef, only('1.2.3.4'), before =>
             "PROXY TCP4 1.2.3.4 127.0.0.1 1 2\r\n")), 200,
   'PROXY protocol from unix:');
is(told(from(by_unix(2), undef, only('unix:'), before =>
             "PROXY UNKNOWN\r\n")), 200, '... unknown');


=== TEST 11: I-1: whatever else a client says about itself
--- http_config eval: $::http
--- config eval: $::gate
--- steps
for my $line (
    'X-Forwarded-For: 1.2.3.4', 'X-Real-IP: 1.2.3.4', 'Forwarded: for=1.2.3.4',
    'X-Client-IP: 1.2.3.4', 'True-Client-IP: 1.2.3.4', 'Via: 1.1 1.2.3.4',
    'X-Originating-IP: 1.2.3.4', 'Client-IP: 1.2.3.4', 'Host: 1.2.3.4'
) {
    my @how = ('127.0.0.1', $Mock::Port, headers => [ $line ]);

    like(told(from(@how, only('1.2.3.4'))), qr/^(?:403|400)/, "only, $line");
    next if $line =~ /^Host/;
    is(told(from(@how, but('127.0.0.1'))), $denied, "but, $line");
}

is(scalar(Gate::calls(1)), 0, 'and nothing came through');


=== TEST 12: I-4: what is no address or network, or reads like another one
--- http_config eval: $::http
--- config eval: $::gate
--- steps
my $said = sub {
    return Gate::checked("pay_zone zone=p:1m;\npay_merchant m {\nsecret k1 "
                         . Pay::keys() . "/demo.k1;\n$_[0];\n}\n"
                         . "server { listen unix:${socket}t; pay_auth on; }");
};

for my $rule (qw(allow deny)) {
    for my $bad (
        '0x7f.1', '0x7f.0.0.1', '127.1', '2130706433', '1.2.3', '1.2.3.4.5',
        '127.0.0.256', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/',
        '10.0.0.0/255.0.0.0', '::1/129', '::1/', '[::1]', '[::1]:80',
        '127.0.0.1:80', 'fe80::1%lo', 'localhost', 'unix', 'unix:/a', 'ALL',
        '*', '$remote_addr', '1.2.3.4,5.6.7.8', '""'
    ) {
        like($said->("$rule $bad"), qr/^\[emerg\] .* has an invalid address /,
             "$rule $bad");
    }

    for my $mapped ('::ffff:127.0.0.1', '::ffff:0:0/96', '::ffff:7f00:1') {
        like($said->("$rule $mapped"),
             qr/^\[emerg\] .* has an IPv4 address in IPv6 notation/,
             "I-3: $rule $mapped");
    }

    for my $wide ('10.0.0.1/8', '10.0.0.1/0', '::1/64') {
        like($said->("$rule $wide"), qr/^\[warn\] low address bits of \Q$wide/,
             "$rule $wide");
    }

    is($said->("$rule $_"), '', "$rule $_")
        for '10.0.0.0/8', '0.0.0.0/0', '::/0', '2001:db8::/32', '127.0.0.1/32',
            '::ffff:0:0:0/96', '::/90',
            '::1/128', 'unix:', 'all';
}

# digits are decimal, whatever they begin with: 010 is 10 and not 8

is($said->('allow 010.0.0.1'), '', 'allow 010.0.0.1');


=== TEST 13: ... which is
--- http_config eval
Gate::http(merchant => { webhook_secret => undef, deny => undef,
                         allow => undef, include => Pay::file('rules',
                         "allow 010.0.0.1; deny all;\n") })
. main::server("127.0.0.1:$::port[0]",
               'set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;')
--- config eval: $::gate
--- steps
my @how = ('127.0.0.1', $port[0], headers => );

is(told(from(@how, [ 'X-Real-IP: 10.0.0.1' ])), 200, '10.0.0.1 is let in');
is(told(from(@how, [ 'X-Real-IP: 8.0.0.1' ])), $denied, '8.0.0.1 is not');
