#
# Copyright (C) the ngx_pay authors
#
# The unified API: what may be asked.  A request that is not exactly what it
# must be is refused by name, and nothing of it reaches the channel.
#

use strict;
use warnings;
use utf8;

use Encode qw(encode_utf8);
use IO::Socket::INET;
use POSIX qw(strftime);
use Test::Nginx::Socket 'no_plan';
use Pay;

no_long_string();
no_shuffle();
log_level('info');

sub secret { "k1 " . Pay::file($_[0], $_[1]) }

our %reader = (merchant => 'reader', secret => 'the secret of the reader');
our %mover = (merchant => 'mover', secret => 'the secret of the mover!');

my ($second) = Pay::http(channel => { mchid => '1900000002' },
                         zone => undef, merchant => undef, server => undef)
               =~ /( {4}pay_channel wechat \{.*?\n {4}\}\n)/s;

our $http = Pay::http(more => $second =~ s/wechat/second/r
    . '    pay_merchant reader { secret ' . secret(@reader{qw(merchant secret)})
    . "; operations query; channel second; }\n"
    . '    pay_merchant mover { secret ' . secret(@mover{qw(merchant secret)})
    . "; operations transfer refund; }\n");

our $api = Pay::locations();
our $id = sprintf 'A%d', time;

# a payment with other fields, and with other JSON

sub ask { { target => '/v1/payments', body => Pay::payment(@_) } }

sub raw {
    my ($name, $body, %more) = @_;

    return { target => '/v1/payments', name => $name, body => $body, %more };
}

sub in { strftime '%Y-%m-%dT%H:%M:%SZ', gmtime time + $_[0] }

sub lines { join '', map { "$_[0]\n" } @{ $_[1] } }

# JSON that is none, or that two readers would read differently

my $good = Pay::payment(order_id => 'json000001');

sub with { $good =~ s/^\{/{$_[0],/r }

our @json = (
    raw('C-5: a key twice', with('"amount":1')),
    raw('C-5: the same value twice', with('"amount":100')),
    raw('C-5: an escaped key twice', with('"\u0061mount":1')),
    raw('C-5: within an object', with('"metadata":{"a":"1","a":"2"}')),
    raw('C-5: within, escaped', with('"metadata":{"a":"1","\u0061":"2"}')),
    raw('C-5: within payer', with('"payer":{"ip":"1.1.1.1","ip":"2.2.2.2"}')),
    raw('C-5: an unknown key twice', with('"x":1,"x":1')),
    raw('C-14: a byte order mark', "\xef\xbb\xbf$good"),
    raw('C-14: UTF-16', join '', map { "$_\0" } split //, $good),
    raw('C-14: UTF-32', join '', map { "$_\0\0\0" } split //, $good),
    (map { raw("C-13: bytes $_->[0]",
               $good =~ s/a test/pack 'H*', $_->[0]/er) }
        [ 'c0af' ], [ 'eda080' ], [ 'f4908080' ], [ 'f5808080' ],
        [ 'e080af' ], [ 'ff' ], [ '80' ], [ 'c3' ], [ 'd6d0' ], [ '935c' ]),
    (map { raw("C-13: $_", $good =~ s/a test/$_/r) }
        '\ud800', '\udc00', '\ud800\u0041', '\udc00\ud800', '\ud800\ud800',
        '\ud8000', '\uD83D\u00e9'),
    (map { raw("C-15: $_->[0]", $good =~ s/a test/$_->[1]/r) }
        [ '\u0000', 'a\u0000b' ], [ 'a raw NUL', "a\0b" ]),
    raw('C-15: NUL in a key', with('"a\u0000":1')),
    raw('C-15: NUL behind it', "$good\0"),
    (map { raw("a raw $_->[0]", $good =~ s/a test/$_->[1]/r) }
        [ LF => "a\nb" ], [ CR => "a\rb" ], [ tab => "a\tb" ],
        [ '1f', "a\x1fb" ]),
    (map { raw("an escape $_", $good =~ s/a test/$_/r) }
        '\x41', '\u12', '\u12g4', '\\\'', '\0'),
    raw('no end', substr $good, 0, -1),
    raw('an open string', substr $good, 0, 20),
    raw('trailing garbage', "$good x"), raw('two of them', "$good$good"),
    raw('a comma too many', $good =~ s/\}$/,}/r),
    raw('no comma', $good =~ s/,/ /r), raw('a comment', "$good/* */"),
    raw('single quotes', $good =~ tr/"/'/r),
    raw('bare keys', $good =~ s/"amount"/amount/r),
    raw('a form feed', "\f$good"), raw('a vertical tab', "$good\x0b"),
    raw('a no-break space', "\xc2\xa0$good"),
    raw('a list', "[$good]"), raw('a string', '"x"'), raw('a number', '1'),
    raw('null', 'null'), raw('white space', " \n"),
    raw('none', '', method => 'POST'),
    (map { raw("P-5: depth $_", with('"metadata":' . '[' x $_ . ']' x $_)) }
        17, 5000),
    raw('P-5: nothing but opening', '[' x 60_000),
    raw('X-11: 2100 values', with('"metadata":['
                                  . join(',', (1) x 2100) . ']')),
    (map { raw("A: a number $_", with("\"x\":$_")) }
        '+1', '01', '.5', '1.', '0x64', 'NaN', 'Infinity', '-', '1e', '--1',
        '1_000')
);

# threats, section 4: amounts; those that are no JSON are above

our @amounts = map { raw("amount $_",
                         $good =~ s/"amount":100/"amount":$_/r) } (
    '0', '-1', '-0', '-100', '100.0', '1e2', '1E+2', '1e-2', '100.5',
    '1.005', '0.1', '1.0e2', '"100"', '" 100"', '"1,00"', '"0x64"', '""',
    encode_utf8('"１００"'), 'true', 'false', 'null', '[100]', '{}', '[]',
    '{"value":100}', '10000000000001', '9007199254740993', '4294967396',
    '18446744073709551716', '9223372036854775807', '9223372036854775808',
    '-9223372036854775808', '1000000000000000', '1' . '0' x 999, '1e400',
    '-1e400', '1e-400', '99999999999999999999999999'
);

# 2^32 + 100 is an amount like any other where nothing wraps

@amounts = grep { $_->{name} ne 'amount 4294967396' } @amounts;

# fields: what is sent, the code, param

our @fields = (
    (map { [ [ $_ => undef ], 'field_missing', $_ ] }
        qw(order_id currency description method channel)),
    [ [ amount => undef ], 'field_missing', 'amount' ],
    [ [ order_id => undef, amount => undef ], 'field_missing', 'order_id' ],

    (map { [ [ order_id => $_ ], 'field_invalid', 'order_id' ] }
        '', 'a', 'abcde', 'a' x 33, 'a' x 65, 'a b c d', 'order/1',
        'order.1', 'order+1', 'order%31', "e\x{301}1234", "\x{e9}12345",
        "order\x{200b}1", "\x{ff11}23456", "order1\r\nX-Admin: 1",
        '../../etc', \'1234567', \'null ', \'true ', \'["order1"] ',
        \'{"a":"b"} '),

    (map { [ [ currency => $_ ], 'currency_unsupported', 'currency' ] }
        'cny', 'XXX', 'ZZZ', 'USD', 'JPY', '', 'CN', 'CNYY', ' CNY',
        \'156', \'null ', \'["CNY"] '),

    (map { [ [ description => $_ ], 'field_invalid', 'description' ] }
        '', 'd' x 128, "\x{5546}" x 128, "\x{1f600}" x 128, 'd' x 1025,
        "a\nb", "a\x7fb", "a\x01b", \'null ', \'5', \'["a"] '),

    (map { [ [ method => $_ ], 'field_invalid', 'method' ] }
        '', 'QR_CODE', 'native', 'none', \'null ', \'7'),

    (map { [ [ channel => $_ ], 'field_invalid', 'channel' ] }
        '', 'we chat', 'we/chat', "wechat\n", 'c' x 65, \'null ', \'5'),

    (map { [ [ expires_at => $_ ], 'field_invalid', 'expires_at' ] }
        '', 'tomorrow', '2026-11-25', '2026-11-25T10:00:00',
        '2026-11-25 10:00:00Z', '2026-13-01T10:00:00Z',
        '2026-02-30T10:00:00Z', '2026-11-25T25:00:00Z',
        '2026-11-25T10:00:00+0800', '1970-01-01T00:00:00Z',
        '9999-12-31T23:59:59Z', in(-10), in(0), in(30),
        in(7 * 86400 + 600), \(time + 600 . ' '), \'null '),

    (map { [ [ metadata => $_->[0] ], 'field_invalid', $_->[1] ] }
        [ 'a', 'metadata' ], [ [ 'a' ], 'metadata' ], [ \'5', 'metadata' ],
        [ \'null ', 'metadata' ], [ { a => 1 }, 'metadata' ],
        [ { a => undef }, 'metadata' ], [ { a => { b => 'c' } }, 'metadata' ],
        [ { a => [ 'b' ] }, 'metadata' ], [ { '' => 'b' }, 'metadata' ],
        [ \'{"a":true} ', 'metadata' ],
        [ { map { ("k$_" => 'v') } 1 .. 21 }, 'metadata' ],
        [ { a => 'v' x 2049 }, 'metadata' ],
        [ { map { ("k$_" => 'v' x 120) } 1 .. 20 }, 'metadata' ]),

    [ [ capture => 'later' ], 'field_invalid', 'capture' ],
    [ [ capture => \'true ' ], 'field_invalid', 'capture' ],
    [ [ split => 'now' ], 'field_invalid', 'split' ],
    [ [ payer => 'x' ], 'field_invalid', 'payer' ],
    [ [ payer => \'null ' ], 'field_invalid', 'payer' ],
    [ [ payer => { openid => 'a b' } ], 'field_invalid', 'payer.openid' ],
    [ [ payer => { ip => 'localhost' } ], 'field_invalid', 'payer.ip' ],
    [ [ payer => { ip => "1.1.1.1\r\nX: y" } ], 'field_invalid', 'payer.ip' ],
    [ [ payer => { ip => \'1' } ], 'field_invalid', 'payer.ip' ],
    [ [ store => { id => '' } ], 'field_invalid', 'store.id' ],
    [ [ store => { id => 's' x 129 } ], 'field_invalid', 'store.id' ],
    [ [ store => { id => 's' x 33 } ], 'field_invalid', 'store.id' ],
    (map { [ [ return_url => $_ ], 'field_invalid', 'return_url' ] }
        '/done', 'ftp://shop.example/', 'javascript:alert(1)',
        'https://shop.example/a b', "https://shop.example/\x{e9}",
        'https://shop.example/' . 'a' x 1024, \'null '),
    [ [ cancel_url => 'shop.example' ], 'field_invalid', 'cancel_url' ],
    [ [ channel_options => 'x' ], 'field_invalid', 'channel_options' ],

    (map { [ [ $_ => 'x' ], 'field_unknown', $_ ] }
        'Amount', 'AMOUNT', 'amount ', 'subject', 'out_trade_no', 'notify_url',
        'test', 'status', 'merchant', 'mchid', 'sign', 'object', '', '$amount',
        'metadata.a', '__proto__', "\x{ff41}mount"),
    [ [ payer => { name => 'x' } ], 'field_unknown', 'payer.name' ],
    [ [ payer => { openid => 'x', 'a.b' => 'x' } ], 'field_unknown',
      'payer.a.b' ],
    [ [ store => { name => 'x' } ], 'field_unknown', 'store.name' ],
    [ [ channel_options => { attach => 'x' } ], 'field_unknown',
      'channel_options.attach' ],

    [ [ channel => 'none' ], 'channel_forbidden', 'channel' ],
    [ [ channel => 'second' ], 'channel_forbidden', 'channel' ],
    [ [ channel => 'Wechat' ], 'channel_forbidden', 'channel' ],
    (map { [ [ method => $_ ], 'operation_unsupported', 'method' ] }
        qw(barcode page card)),
    [ [ capture => 'manual' ], 'operation_unsupported', 'capture' ]
);

our %status = (field_missing => 422, field_invalid => 422,
               field_unknown => 422, currency_unsupported => 422,
               channel_forbidden => 403, operation_unsupported => 501);

# the helper gives texts as characters; an empty name is an empty param

sub field_call {
    my ($n, $f) = @_;

    return { %{ ask(order_id => sprintf('field%05d', $n), @{ $f->[0] }) },
             name => "$f->[2]: $f->[1]" };
}

sub field_line { "$status{$_[0][1]} " . encode_utf8("$_[0][1] $_[0][2]\n") }

# all that the server says to these bytes, which end by Connection: close

sub talk {
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => server_port(), Timeout => 3)
        or die "connect: $!";

    local $SIG{ALRM} = sub { die "no answer\n" };
    alarm 5;
    syswrite $s, join '', @_;
    my $all = do { local $/; <$s> };
    alarm 0;

    return $all;
}

run_tests();

__DATA__

=== TEST 1: C-5, C-13, C-14, C-15, P-5, P-9: JSON that is not strict
--- http_config eval: $::http
--- config eval: $::api
--- call eval: \@::json
--- problem eval: main::lines('400 json_invalid', \@::json)
--- channel_calls


=== TEST 2: forms of JSON that are good
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my $n = 0;
[ map { main::raw('', Pay::payment(order_id => $::id . 'j' . ++$n)
                      =~ s/a test/$_->[0]/r
                      =~ s/([:,{}])/$_->[1]$1$_->[1]/gr) }
  [ 'a test', '' ], [ '\u5546\u54c1', '' ], [ "\xe5\x95\x86", ' ' ],
  [ '\ud83d\ude00', "\r\n\t " ], [ "\xf0\x9f\x98\x80", '' ],
  [ '\/ \" \\\\', '' ] ]
--- channel_calls eval: "POST /v3/pay/transactions/native 200\n" x 6


=== TEST 3: A: every wrong amount, signed
--- http_config eval: $::http
--- config eval: $::api
--- call eval: \@::amounts
--- problem eval: main::lines('422 amount_invalid amount', \@::amounts)
--- channel_calls


=== TEST 4: A: amounts that are good, to the last unit
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { main::ask(order_id => $::id . "a$_", amount => 0 + $_) }
  (100, 1, 4294967396, 10000000000000) ]
--- json eval
[ map { "amount: $_\nstatus: pending" } 100, 1, 4294967396, 10000000000000 ]
--- channel_calls eval: "POST /v3/pay/transactions/native 200\n" x 4


=== TEST 5: fields missing, invalid, unknown; the first one is named
--- http_config eval: $::http
--- config eval: $::api
--- call eval: my $n = 0; [ map { main::field_call(++$n, $_) } @::fields ]
--- problem eval: CORE::join '', map { main::field_line($_) } @::fields
--- channel_calls


=== TEST 6: fields at their limits
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my $n = 0;
[ map { main::ask(order_id => $::id . 'f' . ++$n, @$_) }
  [ order_id => 'o' . substr $::id, -5 ],
  [ order_id => $::id . 'o' x (32 - length $::id) ],
  [ order_id => "_-$::id-_" ],
  [ description => 'd' ], [ description => 'd' x 127 ],
  [ description => "\x{5546}" x 127 ], [ description => "\x{1f600}" x 127 ],
  [ expires_at => main::in(300) ], [ expires_at => main::in(7 * 86400 - 60) ],
  [ expires_at => POSIX::strftime('%Y-%m-%dT%H:%M:%S.25+08:00',
                                  gmtime time + 28800 + 600) ],
  [ metadata => {} ], [ metadata => { map { ("k$_" => 'v') } 1 .. 20 } ],
  [ metadata => { a => 'v' x 2000 } ], [ metadata => { a => '' } ],
  [ capture => 'auto' ], [ split => 'none' ], [ split => 'later' ],
  [ payer => {} ], [ payer => { ip => '2001:db8::1', openid => 'o' } ],
  [ payer => { ip => '10.0.0.1' }, store => { id => 's' x 32 } ],
  [ return_url => 'https://shop.example/' . 'a' x 1003 ],
  [ channel_options => {} ] ]
--- json eval: [ ("status: pending\nnext_action.type: qr_code") x 22 ]
--- channel_calls eval: "POST /v3/pay/transactions/native 200\n" x 22


=== TEST 7: the gate: each route and each method wants a signature first
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { my $t = $_; map { { target => $t, auth => undef, method => $_,
                            body => $_ eq 'POST' ? 'x' : '' } }
        qw(GET POST PUT) }
  '/v1/', '/v1/payments', '/v1/payments/order1', '/v1/nothing',
  '/v1/channels' ]
--- problem eval: "401 signature_missing\n" x 15
--- channel_calls


=== TEST 8: the gate: refusals come in the same words
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my @n = (target => '/v1/payments/order1', nonce => 'api-0123456789abc');
[ { @n, secret => 'wrong' }, { @n, sign => { method => 'POST' } },
  { @n, age => 301 }, { @n, age => 290 }, { @n, nonce => 'short' },
  { @n, scheme => 'PAY-NONE' }, { @n }, { @n },
  { @n, target => 'http://localhost/v1/payments/order1' } ]
--- problem
401 signature_mismatch
401 signature_mismatch
401 timestamp_out_of_window
503 store_unavailable
400 nonce_invalid
401 algorithm_not_allowed
422 field_missing channel
409 nonce_replayed
400 signature_malformed
--- channel_calls


=== TEST 9: routes
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { my ($m, $t) = split ' '; { method => $m, target => $t } }
  'GET /v1/', 'GET /v1/nothing', 'POST /v1/payments/', 'GET /v1/payments/',
  'GET /v1/payments/order1/', 'GET /v1/payments/order1/nothing',
  'POST /v1/payments/order1/close/', 'POST /v1/Payments',
  'GET /v1/payments/a/b/c', 'GET /v1/payment' ]
--- problem eval: "404 route_unknown\n" x 10
--- channel_calls


=== TEST 10: C-20: a path in another form than the plain one
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { { target => $_, method => 'POST', body => '{}' } }
  '/v1/x/../payments', '/v1/./payments', '/v1//payments', '//v1/payments',
  '/v1/%70ayments', '/v1/payments%2forder1', '/x/../v1/payments',
  '/v1/payments/order1%2Fclose', '/v1/payments/order1%0a',
  '/v1/payments/ord%65r1/close', '/%76%31/payments' ]
--- problem eval: "404 route_unknown\n" x 11
--- channel_calls


=== TEST 11: methods
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { my ($m, $t) = split ' '; { method => $m, target => $t } }
  'GET /v1/payments', 'PUT /v1/payments', 'DELETE /v1/payments/order1',
  'POST /v1/payments/order1', 'PATCH /v1/payments/order1',
  'GET /v1/payments/order1/close', 'POST /v1/channels',
  'GET /v1/transfers', 'OPTIONS /v1/payments' ]
--- problem eval: "405 method_not_allowed\n" x 9
--- channel_calls


=== TEST 12: HEAD
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { { target => $_, method => 'HEAD' } }
  '/v1/payments/order1', '/v1/payments', '/v1/nothing' ]
--- error_code eval: [ 405, 405, 405 ]
--- response_body eval: [ '', '', '' ]
--- response_headers eval
[ ('Content-Type: application/problem+json') x 3 ]
--- channel_calls


=== TEST 13: H-2: the request behind a HEAD with a body
--- http_config eval: $::http
--- config eval: $::api
--- init
package main;
my $body = "GET /v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
like(talk("HEAD /v1/payments HTTP/1.1\r\nHost: localhost\r\n"
          . "Content-Length: " . length($body) . "\r\n\r\n$body"
          . "GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\n"
          . "Authorization: " . Pay::authorization(target => '/v1/nothing')
          . "\r\nConnection: close\r\n\r\n"),
     qr{^HTTP/1.1\ 405\ (?:(?!\r\n\r\n).)*\r\n\r\n
        HTTP/1.1\ 404\ (?:(?!HTTP/).)*"code":"route_unknown"[^\}]*\}$}xs,
     'H-2: two requests, two answers');
--- call eval: [ { target => '/v1/nothing' } ]
--- problem
404 route_unknown


=== TEST 14: operations of a merchant, and what is not built yet
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ { %::reader, %{ main::ask(channel => 'second') } },
  { %::reader, target => '/v1/payments/order1/close', method => 'POST' },
  { %::mover, %{ main::ask() } },
  { %::mover, target => '/v1/payments/order1' },
  { target => '/v1/transfers', body => '{}' },
  { target => '/v1/transfers/t1' },
  { target => '/v1/transfers/t1/cancel', method => 'POST' },
  { %::mover, target => '/v1/transfers', body => '{}' },
  { target => '/v1/payments/order1/refunds', body => '{}' },
  { target => '/v1/payments/order1/capture', method => 'POST' },
  { target => '/v1/refunds/r1' }, { target => '/v1/statements/2026-01-01' },
  { %::reader, target => '/v1/payments/order1' } ]
--- problem
403 operation_forbidden
403 operation_forbidden
403 operation_forbidden
403 operation_forbidden
403 operation_forbidden
403 operation_forbidden
403 operation_forbidden
422 field_missing transfer_id
422 field_missing refund_id
501 operation_unsupported
422 field_missing channel
422 field_missing channel
422 field_missing channel
--- channel_calls


=== TEST 15: media types
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my $n = 0;
[ map { { %{ main::ask(order_id => $::id . 'm' . ++$n) }, type => $_,
          name => $_ } }
  'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx',
  'application/json; charset=gbk', 'application/json; charset=utf-16',
  'application/json; charset=utf-8; x=y', 'application/json, text/plain',
  'json', 'text/json', 'application/problem+json', '',
  'application/json; version=1',
  'application/json', 'Application/JSON', 'application/json;charset=utf-8',
  'application/json; charset=UTF-8', 'application/json;' ]
--- problem eval: "415 media_type_unsupported\n" x 12 . "-\n" x 5
--- channel_calls eval: "POST /v3/pay/transactions/native 200\n" x 5


=== TEST 16: a media type missing, and twice
--- http_config eval: $::http
--- config eval: $::api
--- raw_request eval
sub {
    my $body = Pay::payment();
    "POST /v1/payments HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    . 'Content-Length: ' . length($body) . "\r\nAuthorization: "
    . Pay::authorization(method => 'POST', target => '/v1/payments',
                         body => $body) . "\r\n\r\n$body"
}
--- problem
415 media_type_unsupported
--- channel_calls


=== TEST 17: a media type that is there twice
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { { %{ main::ask() }, headers => [ "Content-Type: $_" ] } }
  'application/json', 'text/plain' ]
--- problem eval: "415 media_type_unsupported\n" x 2
--- channel_calls


=== TEST 18: encodings of the body
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ map { { %{ main::ask() }, headers => [ "Content-Encoding: $_" ] } }
  'gzip', 'identity', 'br', '', 'x' ]
--- problem eval: "415 encoding_unsupported\n" x 5
--- channel_calls


=== TEST 19: C-17, X-2: the limit of the body
--- http_config eval: $::http
--- config eval: $::api
--- call eval
my $pad = sub { my ($n, $b) = ($_[0], Pay::payment(@_[1 .. $#_]));
                $b . ' ' x ($n - length $b) };
[ main::raw('at', $pad->(65536, order_id => $::id . 'b1')),
  main::raw('over', $pad->(65537)),
  main::raw('far over', $pad->(900_000)),
  main::raw('unsigned', $pad->(65537), auth => undef),
  main::raw('over, in chunks', undef,
            chunked => [ $pad->(65536), ' ' ]),
  main::raw('at, in chunks', undef,
            chunked => [ $pad->(65535, order_id => $::id . 'b2'), ' ' ]) ]
--- problem
-
413 body_too_large
413 body_too_large
413 body_too_large
413 body_too_large
-
--- channel_calls eval: "POST /v3/pay/transactions/native 200\n" x 2


=== TEST 20: C-19: the body in a file, in chunks, in pieces, over HTTP/2
--- http_config eval: $::http
--- config eval: "client_body_buffer_size 1k;\n$::api"
--- call eval
my $b = sub { Pay::payment(description => 'd' x 100, metadata =>
                           { a => 'v' x 1500 }) };
[ { target => '/v1/payments', body => $b->() },
  { target => '/v1/payments', chunked => [ split /(?<=,)/, $b->() ] },
  { target => '/v1/payments', chunked => [ split /(?<=,)/, $b->() ],
    pieces => 0.02 },
  { target => '/v1/payments', body => $b->(), sign => { body => $b->() } } ]
--- problem eval: "-\n" x 3 . '401 signature_mismatch'
--- channel_calls eval: "POST /v3/pay/transactions/native 200\n" x 3


=== TEST 21: H-9: over HTTP/2
--- http_config eval: $::http
--- config eval: "client_body_buffer_size 1k;\n$::api"
--- http2
--- call eval
[ main::ask(), main::ask(metadata => { a => 'v' x 1500 }),
  main::ask(amount => 0), { target => '/v1/nothing' },
  { %{ main::ask() }, sign => { body => '{}' } } ]
--- problem
-
-
422 amount_invalid amount
404 route_unknown
401 signature_mismatch
--- channel_calls eval: "POST /v3/pay/transactions/native 200\n" x 2


=== TEST 22: a problem stays one whatever error_page says
--- http_config eval: $::http
--- config eval
"error_page 400 401 404 405 409 413 415 422 501 503 = /page;\n"
. "recursive_error_pages on;\n"
. "location = /page { return 200 '<html>'; }\n"
. Pay::locations(notify => undef)
--- call eval
[ { target => '/v1/nothing' }, { target => '/v1/payments' },
  { target => '/v1/payments', auth => undef }, main::ask(amount => 0),
  main::raw('', '{'), { %{ main::ask() }, type => 'text/html' },
  { target => '/v1/payments/order1/capture', method => 'POST' },
  { target => '/v1/payments', age => 290 },
  main::raw('', ' ' x 65537),
  { target => '/v1/payments/nothing1?channel=wechat' } ]
--- problem
404 route_unknown
405 method_not_allowed
401 signature_missing
422 amount_invalid amount
400 json_invalid
415 media_type_unsupported
501 operation_unsupported
503 store_unavailable
413 body_too_large
404 not_found
--- response_headers eval
[ ('Content-Type: application/problem+json') x 10 ]


=== TEST 23: H-15: pay_api under satisfy any, return, and an if
--- http_config eval: $::http
--- config eval
"satisfy any;\nallow all;\n" . Pay::locations(notify => undef)
. "location /v1/deep/ { pay_api; if (\$arg_x) { set \$y 1; } }\n"
--- call eval
[ { target => '/v1/payments', auth => undef, body => Pay::payment() },
  { target => '/v1/deep/?x=1', auth => undef },
  { target => '/v1/deep/?x=1' } ]
--- problem
401 signature_missing
401 signature_missing
404 route_unknown
--- channel_calls


=== TEST 24: H-15: pay_api is no subrequest's
--- http_config eval: $::http
--- config eval
Pay::locations(notify => undef)
. "location /page { ssi on; ssi_types *; return 200 "
. "'<!--#include virtual=\"/v1/channels\" -->'; }\n"
. "location /mirrored { mirror /v1/payments; return 204; }\n"
--- call eval
[ { target => '/page', auth => undef },
  { target => '/page', sign => { target => '/v1/channels' } },
  { target => '/mirrored', body => Pay::payment(), auth => undef },
  { target => '/mirrored', body => Pay::payment(),
    sign => { target => '/v1/payments' } } ]
--- error_code eval: [ 200, 200, 204, 204 ]
--- response_body_unlike eval: [ ('channel') x 4 ]
--- wait: 0.1
--- channel_calls


=== TEST 25: H-5: the call location is not for clients
--- http_config eval: $::http
--- config eval: $::api
--- call eval
[ { target => '/_pay', auth => undef }, { target => '/_pay' },
  { target => '/_pay', body => '{}' }, { target => '/_pay/v3' } ]
--- error_code eval: [ (404) x 4 ]
--- channel_calls
