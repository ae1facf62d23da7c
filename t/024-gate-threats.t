#
# Copyright (C) the ngx_pay authors
#
# Rows of the threat catalogue that touch the gate and have no block in the
# other suites: what nginx's parser lets through (H-1), canonicalization (C),
# keys (K), replay and the store (R).
#

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 sha256);
use MIME::Base64 qw(encode_base64);
use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;
use Gate;

no_long_string();
no_shuffle();
log_level('info');

our $secret = 'ngx-pay-demo-secret';
our $keys = Pay::keys();

our $gate = <<'_E';
location /a { pay_auth on; proxy_pass http://app; }
location = /status { pay_status json; }
_E


# The text of a signed request, where only this and that is another: line,
# target, signed (the target of the signature), body, what is signed of it,
# framing (lines in place of Content-Length), head (more lines), end (of a
# line), raw (the body as it is on the wire).

sub raw {
    my %p = (method => 'POST', target => '/a', body => '{"amount":1}',
             head => [], host => 'Host: a', end => "\r\n", @_);

    my $auth = Pay::authorization(method => $p{method},
                                  target => $p{signed} // $p{target},
                                  body => $p{body}, %{ $p{auth} // {} });
    my $sent = $p{raw} // $p{body};
    my $framing = $p{framing} // [ 'Content-Length: ' . length $sent ];

    return join('', map { $_ . $p{end} }
                $p{line} // "$p{method} $p{target} HTTP/1.1",
                grep({ defined } $p{host}), @$framing,
                'Connection: close', "Authorization: $auth", @{ $p{head} }, '')
           . $sent;
}

sub chunks {
    my ($eol, @chunks) = @_;

    return join('', map { sprintf("%x", length) . $eol . $_ . $eol } @chunks)
           . "0$eol$eol";
}


# What comes of it is one of these: nothing, or exactly one call with the body
# that was signed.  Gives the status.

my $seen = 0;

sub fate {
    my ($bytes, $name, $body) = @_;

    my $a = send_raw($bytes)->answer;
    my $want = $seen + ($a->{status} == 200 ? 1 : 0);
    my @calls = Gate::calls($want);

    main::is(scalar @calls, $want, "$name: $a->{status}, and as many calls");
    main::like($calls[-1], qr/ 200 \[\Q$body\E\]$/, "$name: its body")
        if $a->{status} == 200 && defined $body;
    $seen = @calls;

    return $a->{status};
}

sub begin { $seen = 0 }

sub signed_with {
    my ($make, %call) = @_;

    my %p = (target => '/a', timestamp => time + 30, nonce => Pay::nonce(),
             %call);
    my $text = join '', map { "$_\n" } 'POST', @p{qw(target timestamp nonce)},
               $p{body};

    return { %p, method => 'POST',
             signature => encode_base64($make->($text), '') };
}


# the keys that are not HMAC, where this build has them

our $with_keys = Gate::checked("pay_zone zone=p:1m;\npay_merchant m {\n"
    . "secret k1 $keys/demo.k1;\npublic_key r1 $keys/platform_pub.pem;\n}\n")
    eq '' ? 1 : 0;

run_tests();

__DATA__

=== TEST 1: H-1: lengths and codings that two parsers would read differently
--- http_config eval: $Gate::http
--- config eval: $::gate
--- provoked
--- steps
begin();

my $n = 'Content-Length: 12';

for (
    [ 'length and chunked', 400, [ $n, 'Transfer-Encoding: chunked' ] ],
    [ 'chunked and length', 400, [ 'Transfer-Encoding: chunked', $n ] ],
    [ 'two lengths', 400, [ $n, $n ] ],
    [ 'two that differ', 400, [ $n, 'Content-Length: 2' ] ],
    [ 'a sign', 400, [ 'Content-Length: +12' ] ],
    [ 'a list', 400, [ 'Content-Length: 12, 12' ] ],
    [ 'less than none', 400, [ 'Content-Length: -1' ] ],
    [ 'hexadecimal', 400, [ 'Content-Length: 0xc' ] ],
    [ 'of 20 digits', 400, [ 'Content-Length: 99999999999999999999' ] ],
    [ 'a space before the colon', 400, [ 'Content-Length : 12' ] ],
    [ 'xchunked', 501, [ 'Transfer-Encoding: xchunked' ] ],
    [ 'a list of codings', 501, [ 'Transfer-Encoding: chunked, identity' ] ],
    [ 'identity', 501, [ 'Transfer-Encoding: identity' ] ],
    [ 'two codings', 400, [ ('Transfer-Encoding: chunked') x 2 ] ],
    [ 'a vertical tab', '(?:400|501)', [ "Transfer-Encoding: \x0bchunked" ] ]
) {
    my ($name, $status, $framing) = @$_;
    my $raw = "@$framing" =~ /chunked/ ? chunks("\r\n", '{"amount":1}')
                                       : undef;

    like(fate(raw(framing => $framing, raw => $raw), $name), qr/^$status$/,
         "$name: refused");
}

is(fate(raw(line => 'POST /a HTTP/1.0', framing =>
            [ 'Transfer-Encoding: chunked' ], raw => chunks("\r\n", 'x'),
            body => 'x'), 'chunked in HTTP/1.0'), 400, 'refused');

# more than was announced is the next request, less is none

my $two = raw(body => 'ab', raw => 'abGET /a HTTP/1.1' . "\r\nHost: a\r\n\r\n",
              framing => [ 'Content-Length: 2' ]) =~ s/Connection: close\r\n//r;
is(fate($two, 'more than announced', 'ab'), 200, 'the first');

my $c = send_raw(raw(framing => [ 'Content-Length: 20' ]));
shutdown $c->{sock}, 1;
like($c->answer->{status}, qr/^(?:0|400)$/, 'less than announced');
is(fate(raw(), 'and then', '{"amount":1}'), 200, 'another');


=== TEST 2: H-1: chunks: as they are decoded, or not at all
--- http_config eval: $Gate::http
--- config eval: $::gate
--- provoked
--- steps
begin();

my @framing = (framing => [ 'Transfer-Encoding: chunked' ], body => 'abcdef');

for (
    [ 'as they should be', chunks("\r\n", 'abc', 'def'), '200' ],
    [ 'one byte each', chunks("\r\n", split //, 'abcdef'), '200' ],
    [ 'extensions', "3;a=b\r\nabc\r\n3;x\r\ndef\r\n0;y\r\n\r\n", '200|400' ],
    [ 'bare LF', chunks("\n", 'abc', 'def'), '200|400' ],
    [ 'a leading zero', "0003\r\nabc\r\n03\r\ndef\r\n0\r\n\r\n", '200|400' ],
    [ 'capitals and small', "00006\r\nabcdef\r\n000\r\n\r\n", '200|400' ],
    [ 'a trailer', "6\r\nabcdef\r\n0\r\nX-Evil: 1\r\nAuthorization: x\r\n\r\n",
      '200|400' ],
    [ 'a size of 16 f', "ffffffffffffffff\r\nabcdef\r\n0\r\n\r\n", '400' ],
    [ 'a size of 17 digits', "10000000000000006\r\nabcdef\r\n0\r\n\r\n",
      '400' ],
    [ 'less than nothing', "-6\r\nabcdef\r\n0\r\n\r\n", '400' ],
    [ '0x', "0x6\r\nabcdef\r\n0\r\n\r\n", '400' ],
    [ 'a space', " 6\r\nabcdef\r\n0\r\n\r\n", '400' ],
    [ 'no size', "\r\nabcdef\r\n0\r\n\r\n", '400' ],
    [ 'too short a size', "5\r\nabcdef\r\n0\r\n\r\n", '400' ],
    [ 'another body', chunks("\r\n", 'abc', 'deg'), '401' ],
    [ 'the framing in the body', chunks("\r\n", "3\r\nabc\r\n", 'def'),
      '401' ],
    [ 'less than was signed', chunks("\r\n", 'abc'), '401' ],
    [ 'nothing', "0\r\n\r\n", '401' ]
) {
    my ($name, $raw, $status) = @$_;

    like(fate(raw(@framing, raw => $raw), $name, 'abcdef'),
         qr/^(?:$status)$/, "$name: $status");
}

# a signature in the trailer is none

is(fate(raw(@framing, raw => "6\r\nabcdef\r\n0\r\nAuthorization: "
            . Pay::authorization(method => 'POST', target => '/a',
                                 body => 'abcdef') . "\r\n\r\n")
        =~ s/Authorization: .*\r\n//r, 'signed in the trailer'), 401,
   'unsigned');

my $c = send_raw(raw(@framing, raw => "6\r\nabcdef\r\n"));
shutdown $c->{sock}, 1;
like($c->answer->{status}, qr/^(?:0|400)$/, 'without an end');
is(fate(raw(), 'and then', '{"amount":1}'), 200, 'another');


=== TEST 3: H-1: heads that are odd
--- http_config eval: $Gate::http
--- config eval: $::gate
--- provoked
--- steps
begin();

for (
    [ 'a folded line', '400', head => [ 'X-A: 1', ' 2' ] ],
    [ 'a space before the colon', '400', head => [ 'X-A : 1' ] ],
    [ 'NUL in a value', '400', head => [ "X-A: a\0b" ] ],
    [ 'a bare CR', '400', head => [ "X-A: a\rb" ] ],
    [ 'the byte 01', '200|400', head => [ "X-A: a\x01b" ] ],
    [ 'the byte ff', '200|400', head => [ "X-A: a\xffb" ] ],
    [ 'two Host', '400', head => [ 'Host: b' ] ],
    [ 'no Host', '400', host => undef ],
    [ 'an empty Host', '400|200', host => 'Host: ' ],
    [ 'a Host with a path', '400', host => 'Host: a/b' ],
    [ 'bare LF', '200|400', end => "\n" ],
    [ 'HTTP/1.2', '200|400|505', line => 'POST /a HTTP/1.2' ],
    [ 'HTTP/2.0', '505', line => 'POST /a HTTP/2.0' ],
    [ 'HTTP/11', '400|505', line => 'POST /a HTTP/11' ],
    [ 'a small method', '400', line => 'post /a HTTP/1.1', method => 'post' ],
    [ 'a tab', '400', line => "POST\t/a\tHTTP/1.1" ],
    [ 'two spaces', '200|400', line => 'POST  /a HTTP/1.1' ],
    [ 'an odd Expect', '200|417', head => [ 'Expect: bogus' ] ],
    [ 'an upgrade', '200', head => [ 'Upgrade: h2c',
                                     'HTTP2-Settings: AAMAAABkAAQAAP__' ] ],
    [ 'Connection: Authorization', '200|401',
      head => [ 'Connection: Authorization' ] ],
    [ 'a line of 40000', '400', head => [ 'X-A: ' . 'a' x 40000 ] ],
    [ 'a target of 40000', '414', target => '/a?' . 'a' x 40000 ]
) {
    my ($name, $status, @parts) = @$_;

    like(fate(raw(@parts), $name, '{"amount":1}'), qr/^(?:$status)$/,
         "$name: $status");
}


=== TEST 4: H-1, C-7, C-9, C-20: odd targets: what was signed is what is passed
--- http_config eval: $Gate::http
--- config eval: $::gate
--- provoked
--- steps
begin();

for my $target (
    '/a?%00', '/a?a=%zz', '/a?a=%', '/a?a=%0d%0aX-Evil:%201', '/a%0d%0aX-E:1',
    '/a?a=1&a=2', '/a?A=1&a=2', '/a?%61=1', '/a?a=%2541', '/a??', '/a?#x',
    '/a#x', "/a?\xff\xfe", '//a', '/./a', '/x/../a', '/%2e/a', '/x/%2e%2e/a',
    '/%61', '/a%2fb', '/a/../a', '/a;p=1', '/a?a=%c0%af', '/a?+', '/a?a=b=c',
    '/a?/../../b', '/a?http://evil.test/', '/a?a[]=1&a[b]=2'
) {
    my $status = fate(raw(target => $target), $target, '{"amount":1}');

    is($status, 200, "$target: passes");

    my ($line) = (Gate::calls(1))[-1];
    my $passed = (split ' ', $line)[1];

    is($passed, $target, "$target: what the application gets");

    # the same path or parameter, written in another way, was not signed

    for my $other (
        $target =~ s/%2e/./gr, $target =~ s/%61/a/r, "$target&",
        $target =~ s/%([0-9a-f]{2})/'%' . uc $1/ger, $target =~ s/#.*//r,
        $target =~ s{//}{/}r, $target =~ s{/\./}{/}r,
        $target =~ s{/x/\.\.}{}r, $target =~ s/\+/%20/r
    ) {
        next if $other eq $target;
        is(fate(raw(target => $target, signed => $other), $target), 401,
           "$target: not signed as $other");
    }
}

like(fate(raw(target => $_), $_), qr/^(?:400|404)$/, "$_: refused")
    for '/a%00', '/a%zz', '/a%', '/../a', '/a/../../a', '*', 'a';


=== TEST 5: C-1: a line end in a part, written in any way
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
begin();

for my $part (qw(merchant key nonce timestamp signature)) {
    for my $end ("\\n", '%0a', '%0A', '&#10;', "\x0b", "\x7f", "\xc2\x85",
                 "\xe2\x80\xa8")
    {
        my $value = { merchant => 'demo', key => 'k1', nonce => 'n' x 16,
                      timestamp => time + 30, signature => 'x' x 44 }->{$part};
        my $status = fate(raw(auth => { $part => "$value$end" }),
                          "$part$end");

        like($status, qr/^40[01]$/, "$part and $end");
    }
}


=== TEST 6: C-13, C-14, C-15: whatever the bytes of a body mean
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
begin();

for (
    [ 'GBK', "{\"a\":\"\x93\x5c\"}", 'application/json; charset=gbk' ],
    [ 'a byte order mark', "\xef\xbb\xbf{}", 'application/json' ],
    [ 'UTF-16', "\xff\xfe{\0}\0", 'application/json; charset=utf-16' ],
    [ 'UTF-32', "{\0\0\0}\0\0\0", 'application/json' ],
    [ 'not UTF-8', "\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", 'text/plain' ],
    [ 'NUL first', "\0{}", 'application/json' ],
    [ 'NUL within', "{\"a\0b\":1}", 'application/json' ],
    [ 'only NUL', "\0" x 9, 'application/octet-stream' ],
    [ 'CR LF', "\r\n\r\n", 'text/plain' ],
    [ 'a body that looks like its own signature', "POST\n/a\n", 'text/plain' ]
) {
    my ($name, $body, $type) = @$_;
    my @head = (head => [ "Content-Type: $type" ]);

    # the log has a line for each line of the body: the last of it is enough

    my $c = send_raw(raw(body => $body, @head))->answer;
    is($c->{status}, 200, "$name: passes");

    (my $cut = $body) =~ s/\0.*//s;
    (my $other = $body) =~ tr/\0/ /;

    for ([ 'the bytes in front of NUL', $cut ], [ 'spaces for NUL', $other ],
         [ 'a NUL behind it', "$body\0" ], [ 'one less', substr $body, 1 ],
         [ 'no mark', $body =~ s/^\xef\xbb\xbf//r ])
    {
        next if $_->[1] eq $body;
        is(send_raw(raw(body => $_->[1], raw => $body, @head))->answer
           ->{status}, 401, "$name: not signed by $_->[0]");
    }
}


=== TEST 7: C-16: nothing of a request becomes a header, or a line of the log
--- http_config eval
Gate::http(more => <<'_E');
    log_format one '$request_uri $pay_merchant $pay_key $pay_auth_reason';
_E
--- config
access_log logs/mirror.log one;
location /a {
    pay_auth on;
    add_header X-Who "$pay_merchant $pay_key" always;
    proxy_set_header X-Who "$pay_merchant $pay_key";
    proxy_pass http://app;
}
--- steps
my @evil = map { "demo$_" } '%0d%0aX-Evil:1', "\\r\\nX-Evil: 1", "\tx", ' x',
           "\x01", "\x7f", "\xff", '"', '\\"', "'", '{', '$pay_key';
my $n = 0;

for my $evil (@evil) {
    for my $part (qw(merchant key)) {
        my $a = send_raw(raw(auth => { $part => $evil }))->answer;

        is($a->{status}, 400, "$part $evil: refused");
        is($a->header('X-Evil'), undef, '... no header of its own');
        is($a->header('X-Who') =~ s/ //gr, '', '... and nothing of it in ours');
        $n++;
    }
}

send_raw(raw(target => '/a?%0d%0a'))->answer;

my $log = Test::Nginx::Util::server_root() . '/logs/mirror.log';

select undef, undef, undef, 0.2;

my @lines = split /\n/, Pay::_read($log);

is(scalar @lines, $n + 1, 'a line of each');
is(scalar(grep { /evil/i } @lines), 0, '... which does not tell');


=== TEST 8: C-17: parts as long as may be, and longer
--- http_config eval
Gate::http(more => 'pay_merchant ' . 'm' x 64 . ' { secret ' . 'k' x 64
                   . " $::keys/echo.key; }\n")
--- config eval: $::gate
--- steps
begin();

my $echo = Pay::_read("$keys/echo.key") =~ s/\s+\z//r;
my %long = (merchant => 'm' x 64, key => 'k' x 64, secret => $echo);

is(fate(raw(auth => { %long }), 'all of 64', '{"amount":1}'), 200, 'passes');

for my $size (65, 100, 1000, 7000) {
    is(fate(raw(auth => { %long, $_ => 'm' x $size }), "$_ of $size"), 400,
       "$_ of $size") for qw(merchant key nonce);
}

is(fate(raw(auth => { signature => 'A' x $_ }), "a signature of $_"),
   $_ > 2048 ? 400 : 401, "a signature of $_") for 1, 2048, 2049, 6000;
like(fate(raw(auth => { signature => 'A' x 40000 }), 'of 40000'), qr/^400$/,
     'a signature of 40000');
is(fate(raw(auth => { timestamp => '1' x $_ }), "a timestamp of $_"), 400,
   "a timestamp of $_") for 9, 11, 1000;
is(fate(raw(head => [ map { "X-$_: a" } 1 .. 200 ]), '200 lines',
        '{"amount":1}'), 200, '200 lines');


=== TEST 9: C-19: JSON that means the same in other bytes
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
begin();

my $sent = '{"a":1,"b":"/","c":1.0}';

is(fate(raw(body => $sent), 'its own bytes', $sent), 200, 'passes');
is(fate(raw(body => $_, raw => $sent), $_), 401, "not signed as $_")
    for '{"b":"/","a":1,"c":1.0}', '{"a": 1, "b": "/", "c": 1.0}',
        '{"a":1,"b":"\/","c":1.0}', '{"a":1,"b":"\u002f","c":1.0}',
        '{"a":1,"b":"/","c":1}', "$sent\n", "\n$sent";


=== TEST 10: C-21: the header, hidden in others
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
begin();

for my $name (qw(X-Authorization Proxy-Authorization X_Authorization
                 Authorization_ X-Original-Authorization WWW-Authenticate
                 X-Forwarded-Authorization Cookie))
{
    is(fate(raw() =~ s/^Authorization:/$name:/mr, $name), 401,
       "$name is not it");
}

is(fate(raw(head => [ 'Authorization: x' ]), 'one more'), 400, 'one more');
is(fate(raw() =~ s/^Authorization:/AUTHORIZATION:/mr, 'capitals',
        '{"amount":1}'), 200, 'capitals');


=== TEST 11: C-22: a method or a host of another header
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
begin();

for my $name (qw(X-HTTP-Method-Override X-HTTP-Method X-Method-Override)) {
    is(fate(raw(head => [ "$name: DELETE" ]), $name, '{"amount":1}'), 200,
       "$name: what was signed");
    is(fate(raw(auth => { method => 'DELETE' }, head => [ "$name: DELETE" ]),
            $name), 401, "$name: does not count");
}

for my $name (qw(X-Original-URL X-Rewrite-URL X-Forwarded-Uri)) {
    is(fate(raw(signed => '/b', head => [ "$name: /b" ]), $name), 401,
       "$name: does not count");
}

is(fate(raw(line => 'POST http://a/a HTTP/1.1'), 'absolute'), 400,
   'the absolute form');
is(fate(raw(host => 'Host: another.example'), 'Host', '{"amount":1}'), 200,
   'the host is not signed: a nonce holds in all servers');


=== TEST 12: R-1: the same bytes to another server, and by another Host
--- http_config eval
Gate::http(more => <<'_E');
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        pay_auth_window 600s;
        location /a { pay_auth on; proxy_pass http://app; }
    }
_E
--- config eval: "server_name one;\n$::gate"
--- steps
my $other = $Test::Nginx::Util::RandPorts->{TEST_NGINX_RAND_PORT_2};

for my $first ($Mock::Port, $other) {
    my $bytes = raw(auth => { nonce => Pay::nonce(), timestamp => time + 30 });

    is(send_raw($bytes, $first)->answer->{status}, 200, 'once');
    is(send_raw($bytes, $_)->answer->{status}, 409, 'and nowhere else')
        for $other, $Mock::Port;
    is(send_raw($bytes =~ s/Host: a/Host: b/r, $other)->answer->{status}, 409,
       'by no other name');
}

is(scalar(Gate::calls(2)), 2, 'two calls');


=== TEST 13: K-1, K-3: what is not the secret makes no signature
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
begin();

my $name = 'demo';
my %try = (
    'nothing' => '', 'the name of the merchant' => 'demo', 'of the key' => 'k1',
    'the path of the file' => "$keys/demo.k1",
    'base64 of it' => encode_base64($secret, ''),
    'hex of it' => unpack('H*', $secret), 'with LF' => "$secret\n",
    'with NUL' => "$secret\0", 'its digest' => sha256($secret),
    'of the first 16 bytes' => substr($secret, 0, 16),
    'a public key in PEM' => Pay::_read("$keys/platform_pub.pem"),
    'the same without LF' => Pay::_read("$keys/platform_pub.pem") =~ s/\n\z//r,
    'a certificate' => Pay::_read("$keys/apiclient_cert.pem"),
    'what signs events' => Pay::_read("$keys/demo.whsec") =~ s/\s+\z//r,
    'zeros' => "\0" x 32
);

for my $what (sort keys %try) {

    # NUL behind a secret shorter than a block is the same key of HMAC

    my $status = fate(raw(auth => { secret => $try{$what} }), $what);

    is($status, $what eq 'with NUL' ? 200 : 401, "HMAC by $what");
}

# other constructions over the right secret

my %made = (
    'K-5: H(secret, text)' => sub { sha256($secret . $_[0]) },
    'K-5: H(text, secret)' => sub { sha256($_[0] . $secret) },
    'H(secret, text, secret)' => sub { sha256($secret . $_[0] . $secret) },
    'HMAC of the digest' => sub { hmac_sha256(sha256($_[0]), $secret) },
    'HMAC, arguments swapped' => sub { hmac_sha256($secret, $_[0]) },
    'SHA-1' => sub { Digest::SHA::hmac_sha1($_[0], $secret) },
    'SHA-512' => sub { Digest::SHA::hmac_sha512($_[0], $secret) },
    'a half of it' => sub { substr hmac_sha256($_[0], $secret), 0, 16 },
    'one byte less' => sub { substr hmac_sha256($_[0], $secret), 0, 31 },
    'one more' => sub { hmac_sha256($_[0], $secret) . "\0" },
    'inverted' => sub { ~hmac_sha256($_[0], $secret) },
    'nothing' => sub { '' }
);

for my $what (sort keys %made) {
    my $auth = signed_with($made{$what}, body => '{"amount":1}');

    like(fate(raw(auth => $auth), $what), qr/^40[01]$/, $what);
}

is(fate(raw(auth => signed_with(sub { hmac_sha256($_[0], $secret) },
                                body => '{"amount":1}')), 'HMAC',
        '{"amount":1}'), 200, 'the right one');


=== TEST 14: K-5: a signature that is known cannot be made longer
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
begin();

# the state of SHA-256 behind what was hashed, goes on with the attacker's text

my $extend = sub {
    my ($digest, $length, $more) = @_;
    my $pad = "\x80" . "\0" x ((55 - $length) % 64)
              . pack 'NN', 0, 8 * $length;
    my $blocks = ($length + length $pad) / 64;
    my $sha = Digest::SHA->new(256);

    $sha->putstate("alg:256\nH:"
        . join(':', unpack '(H8)8', $digest) . "\nblock:"
        . join(':', ('00') x 64) . "\nblockcnt:0\nlenhh:0\nlenhl:0\nlenlh:0\n"
        . 'lenll:' . 512 * $blocks . "\n") or die 'putstate';
    $sha->add($more);

    return ($sha->digest, $pad);
};

my %p = (target => '/a', timestamp => time + 30, nonce => Pay::nonce());
my $body = '{"amount":1}';
my $text = join '', map { "$_\n" } 'POST', @p{qw(target timestamp nonce)},
           $body;

# that the extension itself is right: H(secret, text) made longer

my ($check, $pad) = $extend->(sha256($secret . $text),
                              length "$secret$text", '&x');

is(unpack('H*', $check), unpack('H*', sha256("$secret$text$pad&x")),
   'the attack works on a plain digest');

for my $front (0, length $secret, 64) {
    for my $mac (hmac_sha256($text, $secret), sha256($secret . $text)) {
        my ($forged, $pad) = $extend->($mac, $front + length $text, "0\n");

        # text . pad . "0\n" is signed, so the body ends before the last LF

        is(fate(raw(body => "$body\n${pad}0", auth => {
            %p, signature => encode_base64($forged, '') }), "front $front"),
           401, "made longer behind $front bytes");
    }
}


=== TEST 15: K-10: a signature that breaks a decoder harms nobody else
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
begin();

for my $bad ('MA==', 'MAYCAQECAQE=', encode_base64("\x30\x84\xff\xff\xff\xff",
             ''), encode_base64("\0" x 64, ''), encode_base64("\xff" x 256, ''),
             '====', 'A', '!' x 44, '-_' x 22)
{
    for my $scheme (qw(PAY-HMAC-SHA256 PAY-RSA-SHA256 PAY-ECDSA-P256-SHA256
                       PAY-ED25519 PAY-SM2-SM3))
    {
        is(fate(raw(auth => { scheme => $scheme, signature => $bad }),
                "$scheme $bad"), 401, "$scheme: $bad");
    }

    is(fate(raw(), 'the next', '{"amount":1}'), 200, '... and the next passes');
}


=== TEST 16: K-1, K-3: a public key is no secret
--- skip_eval: 40: !$::with_keys
--- http_config eval
Gate::http(merchant => { webhook_secret => undef,
                         public_key => "r1 $::keys/platform_pub.pem" })
--- config eval: $::gate
--- steps
begin();

my $pem = Pay::_read("$keys/platform_pub.pem");

for my $scheme (qw(PAY-HMAC-SHA256 PAY-RSA-SHA256 PAY-ECDSA-P256-SHA256
                   PAY-ED25519 PAY-SM2-SM3))
{
    for my $key (qw(k1 r1)) {
        for my $s ($pem, $pem =~ s/\n\z//r, $pem =~ s/-.*\n|\n//gr, '') {
            is(fate(raw(auth => { scheme => $scheme, key => $key,
                                  secret => $s }), "$scheme $key"), 401,
               "$scheme by key $key, HMAC of its text");
        }

        next if $key eq 'k1' && $scheme eq 'PAY-HMAC-SHA256';

        is(fate(raw(auth => { scheme => $scheme, key => $key }),
                "$scheme $key"), 401, "$scheme by key $key, HMAC of k1");
    }
}

my $rsa = signed_with(sub { MIME::Base64::decode_base64(sign_text($_[0])) },
                      body => '{"amount":1}', key => 'r1',
                      scheme => 'PAY-RSA-SHA256');

is(fate(raw(auth => { %$rsa, scheme => 'PAY-HMAC-SHA256' }), 'RSA'), 401,
   'a good RSA signature under the word of HMAC');
is(fate(raw(auth => { %$rsa, key => 'k1' }), 'RSA'), 401, 'under the key k1');
is(fate(raw(auth => $rsa), 'RSA', '{"amount":1}'), 200, 'under its own');
is(fate(raw(), 'HMAC', '{"amount":1}'), 200, 'HMAC goes on');


=== TEST 17: R-2: who cannot sign takes no room
--- http_config eval: $Gate::http
--- config eval: $::gate
--- steps
my $live = sub { status_json()->{zone}{nonces} };

is(send_raw(raw())->answer->{status}, 200, 'a good one');

my $before = $live->();
my $c = send_raw('');
my $n = 0;

for (1 .. 20) {
    $c->send(join '', map { raw(auth => { secret => 'wrong' })
                            =~ s/Connection: close\r\n//r } 1 .. 50);
    $n += $c->read->{status} == 401 for 1 .. 50;
}

is($n, 1000, 'a thousand with bad signatures are refused');
is($live->(), $before, '... and none of their nonces is kept');
is($before >= 1 ? 1 : 0, 1, '... where those of good ones are');
is(send_raw(raw())->answer->{status}, 200, 'a good one again');


=== TEST 18: R-8: a full ring refuses, and forgets nothing
--- http_config eval
Gate::http(zone => 'zone=pay:256k',
           more => "pay_merchant other { secret o1 $::keys/echo.key; }\n")
--- config eval: "pay_auth_window 5s;\n$::gate"
--- provoked
--- steps
my $echo = Pay::_read("$keys/echo.key") =~ s/\s+\z//r;
my @other = (merchant => 'other', key => 'o1', secret => $echo);
my $zone = sub { status_json()->{zone} };
my $capacity = $zone->()->{nonces_capacity};

# the window is short: wait until the zone is older than what is signed now

for (1 .. 100) {
    last if send_raw(raw(auth => { timestamp => time }))->answer->{status}
            == 200;
    select undef, undef, undef, 0.1;
}

my (%n, @first, $full, $c);

for my $batch (1 .. 3 * $capacity / 100) {
    my @bytes = map { raw(auth => { timestamp => time, nonce => Pay::nonce() })
                      =~ s/Connection: close\r\n//r } 1 .. 100;

    @first = @bytes[0 .. 9] if $batch == 1;
    $c = send_raw('') if $batch % 5 == 1;
    $c->send(join '', @bytes);

    for (1 .. 100) {
        my $a = $c->read;
        $n{"$a->{status} " . (decode($a->{body})->{code} // '')}++;
        $full = $a if $a->{status} == 503;
    }

    last if $full;
}

my $live = $zone->()->{nonces};

ok($full, 'it fills') or diag join ', ', map { "$_: $n{$_}" } sort keys %n;
is(join(' ', sort keys %n), '200  503 store_unavailable',
   'what was not taken was refused');
ok($live <= $capacity, "live nonces within the capacity of $capacity");
ok($live <= $capacity / 2 + 1, "... and one merchant has half of it, $live");
like($full->header('Retry-After') // '', qr/^(?:[1-9]|1[0-2])$/,
     'Retry-After: until the oldest one expires');

$c = send_raw('');
$c->send(join '', @first);

for (1 .. 10) {
    my $a = $c->read;
    like("$a->{status} " . (decode($a->{body})->{code} // ''),
         qr/^(?:409 nonce_replayed|401 timestamp_out_of_window)$/,
         'R-8: the first of them is no news');
}

is(send_raw(raw(auth => { @other, timestamp => time }))->answer->{status},
   200, 'another merchant has room');

# and when they have expired there is room again: 2 x 5 + 2 seconds

my $status;

for (1 .. 300) {
    $status = send_raw(raw(auth => { timestamp => time }))->answer->{status};
    last if $status == 200;
    select undef, undef, undef, 0.2;
}

is($status, 200, 'room again when they have expired');


=== TEST 19: R-9, R-10: a nonce outlives the time in which it could pass
--- http_config eval: $Gate::http
--- config eval: "pay_auth_window 4s;\n$::gate"
--- steps
for (1 .. 100) {
    last if send_raw(raw(auth => { timestamp => time }))->answer->{status}
            == 200;
    select undef, undef, undef, 0.1;
}

# as far ahead as may be: it stays within the window for twice its length

my $bytes = raw(auth => { timestamp => time + 3, nonce => Pay::nonce() });
my $a = send_raw($bytes)->answer;
my %n;

is($a->{status}, 200, 'ahead of the clock');
like($a->header('Date'), qr/GMT$/, 'an answer has a date');

for (1 .. 100) {
    $a = send_raw($bytes)->answer;
    $n{ "$a->{status} " . (decode($a->{body})->{code} // '') }++;
    last if $a->{status} != 409;
    select undef, undef, undef, 0.2;
}

is(join(', ', sort keys %n), '401 timestamp_out_of_window, 409 nonce_replayed',
   'a replay, until it is too old, and never anything else');
is(scalar(grep { /\{"amount":1\}/ } Gate::calls(2)), 2, 'one call');
like($a->header('Date'), qr/GMT$/, 'so does a refusal');


=== TEST 20: R-14: the application was down: a new signature gets through
--- http_config eval
Gate::http(more => <<'_E');
    upstream late { server 127.0.0.1:$TEST_NGINX_RAND_PORT_3; }
_E
--- config eval
"location /late { pay_auth on; proxy_pass http://late; }\n" . $::gate
--- steps
my $bytes = raw(target => '/late', auth => { nonce => Pay::nonce() });

is(send_raw($bytes)->answer->{status}, 502, 'down');
is(send_raw($bytes)->answer->{status}, 409, '... the nonce is used');

my $app = listener($Test::Nginx::Util::RandPorts->{TEST_NGINX_RAND_PORT_3});

is(send_raw($bytes)->answer->{status}, 409, 'up: still used');

# nginx leaves a server alone for a while that it found down, unless it is one

my $c = send_raw(raw(target => '/late'));

$app->take->reply(200, 'ok');
is($c->answer->{status}, 200, '... a new one gets through');
counts($app, 0, '... once');


=== TEST 21: R-14: 413 and a broken body use no nonce
--- http_config eval: $Gate::http
--- config
location /a { pay_auth on; client_max_body_size 20; proxy_pass http://app; }
--- steps
begin();

my %auth = (nonce => Pay::nonce(), timestamp => time + 30);
my $long = 'x' x 21;

is(fate(raw(body => $long, auth => \%auth), 'too long'), 413, 'too long');
is(fate(raw(body => $long, raw => chunks("\r\n", $long), framing =>
            [ 'Transfer-Encoding: chunked' ], auth => \%auth), 'too long'),
   413, 'in chunks');

my $c = send_raw(raw(raw => '{"am', framing => [ 'Content-Length: 12' ],
                     auth => \%auth));
shutdown $c->{sock}, 1;
$c->answer;

is(fate(raw(auth => \%auth), 'the nonce', '{"amount":1}'), 200,
   'the nonce is still good');
is(fate(raw(auth => \%auth), 'again'), 409, '... once');


=== TEST 22: L-1: the line of a refusal: who says to have signed, and the id
that the answer has; a name, and no other text of a stranger's
--- http_config eval: Gate::http()
--- config eval: $::gate
--- steps
my $message = join "\r\n", 'Signature-Input: p=("@method" "@authority" '
    . '"@path" "@query");created=1795305600;nonce="' . 'a' x 32
    . '";tag="ngx-pay";keyid="evil text/k1"', 'Signature: p=:AAAA:';

for (
    [ 'a key of nobody', { merchant => 'no.body', key => 'k-9' },
      'signature', 'merchant "", claimed "no.body/k-9"' ],
    [ 'a scheme of nobody', { scheme => 'PAY-NONE' },
      'scheme', 'merchant "", claimed "demo/k1"' ],
    [ 'no name', { merchant => 'x, claimed' },
      'merchant_syntax', 'merchant ""' ],
    [ 'a long one', { merchant => 'm' x 65 },
      'merchant_syntax', 'merchant ""' ],
    [ 'no name in a message', undef, 'keyid_syntax', 'merchant ""' ],
    [ 'late', { timestamp => time - 1000 },
      'ts_old', 'merchant "demo", key "k1"' ]
) {
    my ($name, $auth, $reason, $who) = @$_;
    my $bytes = raw(method => 'GET', body => '', framing => [],
                    auth => $auth // {});

    $bytes =~ s/^Authorization: [^\r]*/$message/m if !$auth;

    my $id = decode(send_raw($bytes)->answer->{body})->{request_id};
    my ($line) = grep { /request_id "$id"/ } split /\n/, Pay::_read(
        Test::Nginx::Util::server_root() . '/logs/error.log');

    like($line // '', qr/reason "$reason", \Q$who\E, request_id "$id", client:/,
         $name);
    unlike($line // '', qr/evil|mmm|x, claimed|p=:/, "... $name: no more");
}
