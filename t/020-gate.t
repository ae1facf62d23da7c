#
# Copyright (C) the ngx_pay authors
#
# The gate in front of a location: every part of a signed request, the header
# that carries it, time, nonce and addresses.
#

use strict;
use warnings;

use IO::Socket::IP;
use Test::Nginx::Socket 'no_plan';
use Pay;

no_long_string();
no_shuffle();
log_level('info');

our $other = 'another secret, of 31 characters';

# merchants, each with a key k1, by what they are there for

my %secret = (
    other => $other,
    open => 'the secret of nobody in particular',
    shut => 'the secret of one who may not come',
    order => 'the secret of one whose rules clash',
    narrow => 'the secret of a network far away',
    wide => 'the secret of a network around us',
    socket => 'the secret of a process next door'
);

my %rules = (
    other => 'allow 127.0.0.1; deny all;', open => '', shut => 'deny all;',
    order => 'deny 127.0.0.1; allow all;',
    narrow => 'allow 10.0.0.0/8; allow ::1; deny all;',
    wide => 'deny 127.0.0.2; deny 10.0.0.0/8; allow 127.0.0.0/8; deny all;',
    socket => 'allow unix:; deny all;'
);

our %merchant = map {
    $_ => [ merchant => $_, secret => $secret{$_} ]
} keys %secret;

our $http = Pay::http(channel => undef, server => undef, merchant => {
    secret => [ 'k1 ' . Pay::keys() . '/demo.k1',
                'k2 ' . Pay::file('k2', "the second key of demo\n") ],
    webhook_secret => undef
}, more => join '', map {
    "pay_merchant $_ { secret k1 " . Pay::file($_, $secret{$_})
    . "; $rules{$_} }\n"
} sort keys %secret);

# behind the gate an application that would answer anything

our $app = <<'_E';
location /app {
    pay_auth on;
    proxy_pass http://app;
}
_E

$http .= <<'_E';
    upstream app { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }

    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        access_log logs/app.log pay_call;
        location / { return 200 "app $request_uri\n"; }
    }
_E

our $socket = Pay::file('none', '') =~ s/none$/app.sock/r;

# a mutation of each part with the signature of what was there before

our @changed = (
    [ method => 'GET', 'POST' ], [ method => 'POST', 'PUT' ],
    [ method => 'GET', 'DELETE' ], [ method => 'GET', 'HEAD' ],
    [ target => '/app?a=1', '/app?a=2' ], [ target => '/app', '/app?' ],
    [ target => '/app?a=1', '/app' ], [ target => '/app', '/app/' ],
    [ target => '/app?a=1&b=2', '/app?b=2&a=1' ],
    [ target => '/app', '/%61pp' ],
    [ nonce => 'abcdefghijklmnop', 'abcdefghijklmnoP' ],
    [ body => '{"amount":1}', '{"amount":10}' ],
    [ body => '{"amount":1}', '{"amount":1} ' ],
    [ body => '{"amount":1}', '' ], [ body => '', '{}' ],
    [ body => "a\n", 'a' ], [ body => 'a', "a\n" ],
    [ timestamp => time + 200, time + 201 ],
    [ timestamp => time + 200, time + 199 ]
);

sub changed {
    my ($part, $signed, $sent) = @{ $_[0] };

    return { name => "$part of $_[1]", target => '/app',
             method => 'POST', sign => { $part => $signed },
             $part => $sent };
}


# one header value, in the forms that are asked for

our $N = 'nonce-of-16-chars';

sub value {
    my %p = (merchant => 'demo', key => 'k1', timestamp => time + 30,
             nonce => Pay::nonce(), signature => 'c2lnbmF0dXJl', @_);

    return join ',', map { "$_=\"$p{$_}\"" }
           qw(merchant key timestamp nonce signature);
}

sub form { { target => '/app', name => $_[0], auth => $_[1] } }

my $v = value();
my $p = 'PAY-HMAC-SHA256';

our @missing = map { form("\"$_\"", $_) } (
    '', 'Basic ZGVtbzpkZW1v', 'Bearer x', 'PAY', 'PAY_HMAC-SHA256 x',
    "HMAC $v", "XPAY-HMAC-SHA256 $v"
);

our @algorithm = map { form($_, "$_ $v") } (
    'pay-hmac-sha256', 'PAY-HMAC-SHA1', 'PAY-HMAC-MD5', 'PAY-NONE',
    'PAY-RSA-SHA1', 'PAY-RSA-PSS-SHA512', 'PAY-HMAC-SHA2560'
);

# words that are known: which kind of key there is, is told to nobody

our @other_key = map { form($_, "$_ $v") }
    'PAY-RSA-SHA256', 'PAY-ECDSA-P256-SHA256', 'PAY-ED25519', 'PAY-SM2-SM3';

our @malformed = (
    (map { form("\"$_\"", $_) }
        'PAY-', $p, "$p,$v", "$p\t$v", "$p=$v", "PAY-HMAC_SHA256 $v"),
    (map { my $n = $_; form("no $n", "$p " . $v =~ s/,?$n="[^"]*"//r
                                     =~ s/^,//r) }
        qw(merchant key timestamp nonce signature)),
    (map { my $n = $_; form("$n twice", "$p $v,"
                            . ($v =~ /($n="[^"]*")/)[0]) }
        qw(merchant key timestamp nonce signature)),
    (map { my $n = $_; form("$n empty", "$p " . value($n => '')) }
        qw(merchant key timestamp signature)),
    form('an unknown one', "$p $v,realm=\"x\""),
    form('in capitals', "$p " . $v =~ s/merchant/Merchant/r),
    form('unquoted', "$p " . $v =~ s/"demo"/demo/r),
    form('single quotes', "$p " . $v =~ s/"demo"/'demo'/r),
    form('a space before =', "$p " . $v =~ s/merchant=/merchant =/r),
    form('a space behind =', "$p " . $v =~ s/merchant=/merchant= /r),
    form('an escape', "$p " . value(merchant => 'de\\"mo')),
    form('semicolons', "$p " . $v =~ tr/,/;/r),
    form('spaces for commas', "$p " . $v =~ tr/,/ /r),
    form('nothing for commas', "$p " . $v =~ tr/,//dr),
    form('a tab', "$p " . $v =~ s/,/,\t/r),
    form('a comma first', "$p ,$v"), form('a comma last', "$p $v,"),
    form('two commas', "$p " . $v =~ s/,/,,/r),
    form('no last quote', "$p " . $v =~ s/"$//r),
    form('more behind it', "$p $v x"), form('two of them', "$p $v, $p $v"),
    (map { form("merchant $_", "$p " . value(merchant => $_)) }
        'a b', 'a/b', 'a%62', "d\xc3\xa9mo", 'm' x 65),
    (map { form("key $_", "$p " . value(key => $_)) }
        'k 1', 'k/1', 'k' x 65),
    form('a signature of 2049', "$p " . value(signature => 'A' x 2049)),
    form('bytes above 7e', "$p " . value(signature => "\xff\xfe"))
);

# R-11

our @times = map { form("timestamp $_", "$p " . value(timestamp => $_)) } (
    time . '000', time . '000000', time . '.5', '-1', '-' . time,
    '+' . time, ' ' . time, '0' . time, substr(time, 0, 9), '0x6925d2ff',
    '1e9', 'now', '0000000000', '0' . substr(time, 1),
    "\xef\xbc\x91" . substr(time, 1), '17671956OO'
);

# R-13

our @nonces = map { form("nonce $_", "$p " . value(nonce => $_)) } (
    '', 'a' x 15, 'a' x 65, 'abcdefgh ijklmnop', 'abcdefghijklmno.',
    'abcdefghijklmno+', 'abcdefghijklmno=', 'abcdefghijklmno/',
    'abc%0Adefghijklmn', "abcdefghijklmn\xc3\xa9", '../../../../../..'
);

sub repeat { join '', map { "$_[0]\n" } @{ $_[1] } }

sub sockets_v6 {
    return IO::Socket::IP->new(LocalHost => '::ffff:127.0.0.1',
                               Listen => 1, V6Only => 0) ? 1 : 0;
}

run_tests();

__DATA__

=== TEST 1: C-20: signed requests pass, and what is behind sees the raw target
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[
    { target => '/app' }, { target => '/app', body => '{}' },
    { target => '/app?a=%2f&b=%2F&c' }, { target => '/app?a=%2541' },
    { target => '/%61pp' }, { target => '/x/../app' },
    { target => '//app' }, { target => '/app', method => 'DELETE' },
    { target => '/app', version => 'HTTP/1.0' },
    { target => '/app?' }, { target => "/app?\xc3\xa9" }
]
--- response_body eval
[ "app /app\n", "app /app\n", "app /app?a=%2f&b=%2F&c\n",
  "app /app?a=%2541\n", "app /%61pp\n", "app /x/../app\n", "app //app\n",
  "app /app\n", "app /app\n", "app /app?\n", "app /app?\xc3\xa9\n" ]


=== TEST 2: C-23: each part changed alone, with the stale signature
--- http_config eval: $::http
--- config eval: $::app
--- call eval: my $i; [ map { main::changed($_, ++$i) } @::changed ]
--- problem eval
CORE::join '', map { $_->[2] eq 'HEAD' ? "-\n" : "401 signature_mismatch\n" }
         @::changed
--- error_code eval: [ (401) x @::changed ]
--- app_calls


=== TEST 3: C-23: the same, unchanged, do pass
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { my ($part, $signed) = @$_; +{ target => '/app', $part => $signed } }
  grep { $_->[0] ne 'nonce' } @::changed ]
--- response_body_like eval
[ map { 'app /' } grep { $_->[0] ne 'nonce' } @::changed ]


=== TEST 4: C-7, C-9: the target is signed as it is sent, not decoded
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[
    { target => '/app?x=%2f', sign => { target => '/app?x=%2F' } },
    { target => '/app?x=%2F', sign => { target => '/app?x=/' } },
    { target => '/app?x=%2541', sign => { target => '/app?x=%41' } },
    { target => '/app?x=+', sign => { target => '/app?x=%20' } },
    { target => '/%61pp', sign => { target => '/app' } },
    { target => '/x/../app', sign => { target => '/app' } },
    { target => '//app', sign => { target => '/app' } },
    { target => '/app', sign => { target => '/x/../app' } }
]
--- problem eval: "401 signature_mismatch\n" x 8
--- app_calls


=== TEST 5: C-1: a boundary between two parts cannot be moved
--- http_config eval: $::http
--- config eval: $::app
--- call eval
my $t = time + 30;
[
    { target => '/app', body => 'z', nonce => 'x' x 20,
      sign => { nonce => 'x' x 16, body => 'xxxxz' } },
    { target => '/app', body => 'xxxxz', nonce => 'x' x 16,
      sign => { nonce => 'x' x 20, body => 'z' } },
    { target => '/app', body => "z\n", nonce => 'y' x 16,
      sign => { body => 'z' } },
    { target => '/app', body => 'z', nonce => 'y' x 16,
      sign => { body => "z\n" } },
    { target => '/app', timestamp => $t, nonce => 'z' x 16,
      sign => { target => "/app\n$t", timestamp => 'z' x 16, nonce => '' } }
]
--- problem
401 signature_mismatch
401 signature_mismatch
401 signature_mismatch
401 signature_mismatch
401 signature_mismatch
--- app_calls


=== TEST 6: K-13: merchant, key or secret wrong: one answer
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[
    { target => '/app', merchant => 'nobody' },
    { target => '/app', key => 'k9' },
    { target => '/app', secret => 'ngx-pay-demo-secreT' },
    { target => '/app', key => 'k2' },
    { target => '/app', merchant => 'other' },
    { target => '/app', merchant => 'Demo' },
    { target => '/app', merchant => 'demo.' },
    { target => '/app', secret => '' },
    { target => '/app', merchant => 'shut' },
    { target => '/app', merchant => 'shut', key => 'k9' }
]
--- error_code eval: [ (401) x 10 ]
--- response_body_like eval
[ ('^\{"type":"about:blank","title":"Unauthorized","status":401,'
   . '"detail":"The signature does not hold for this merchant, key and '
   . 'request.","code":"signature_mismatch","retry":"never",'
   . '"request_id":"[0-9a-f]{32}"\}$') x 10 ]
--- app_calls


=== TEST 7: another merchant, and another key of the same
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[
    { target => '/app', @{ $::merchant{other} } },
    { target => '/app', key => 'k2', secret => 'the second key of demo' }
]
--- app_calls
GET /app 200
GET /app 200


=== TEST 8: no signature, or that of another scheme
--- http_config eval: $::http
--- config eval: $::app
--- call eval: [ { target => '/app', auth => undef }, @::missing ]
--- problem eval: main::repeat('401 signature_missing', [ 0, @::missing ])
--- app_calls


=== TEST 9: K-1, K-2: the scheme must be that of the key
--- http_config eval: $::http
--- config eval: $::app
--- call eval: \@::algorithm
--- problem eval: main::repeat('401 algorithm_not_allowed', \@::algorithm)
--- app_calls


=== TEST 9.1: K-1, K-2, K-3: the algorithm of another kind of key
--- http_config eval: $::http
--- config eval: $::app
--- call eval: \@::other_key
--- problem eval: main::repeat('401 signature_mismatch', \@::other_key)
--- app_calls


=== TEST 10: another scheme, correctly signed
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => '/app', scheme => $_ } }
  qw(pay-hmac-sha256 Pay-Hmac-Sha256 PAY-HMAC-SHA512) ]
--- problem eval: "401 algorithm_not_allowed\n" x 3
--- app_calls


=== TEST 11: malformed headers
--- http_config eval: $::http
--- config eval: $::app
--- call eval: \@::malformed
--- problem eval: main::repeat('400 signature_malformed', \@::malformed)
--- app_calls


=== TEST 12: R-11: timestamps that are not ten digits
--- http_config eval: $::http
--- config eval: $::app
--- call eval: \@::times
--- problem eval: main::repeat('400 signature_malformed', \@::times)
--- app_calls


=== TEST 13: R-13, C-1: nonces of other characters or lengths
--- http_config eval: $::http
--- config eval: $::app
--- call eval: \@::nonces
--- problem eval: main::repeat('400 nonce_invalid', \@::nonces)
--- app_calls


=== TEST 14: R-13: nonces at the limits, and by bytes
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => '/app', nonce => $_ } }
  ('a' x 16, 'A' x 16, '-' x 64, '_' x 64, 'aB0-_' x 4) ]
--- app_calls eval: "GET /app 200\n" x 5


=== TEST 15: forms that are good too
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map {
    my $form = $_;

    { target => '/app', auth => sub {
        my ($scheme, @p) = split /[ ,]/,
                           Pay::authorization(target => '/app');

        return "$scheme " . $form->(@p);
    } }
} sub { CORE::join ', ', @_ }, sub { CORE::join ' , ', @_ },
  sub { '  ' . CORE::join ',', @_ },
  sub { CORE::join ',', CORE::reverse @_ } ]
--- app_calls eval: "GET /app 200\n" x 4


=== TEST 16: C-21: the header twice, in each order, and by another case
--- http_config eval: $::http
--- config eval: $::app
--- call eval
my $good = sub {
    my $name = shift;

    return sub { "$name: " . Pay::authorization(target => '/app') };
};
[
    { target => '/app', headers => [ 'Authorization: Basic eA==' ] },
    { target => '/app', auth => 'Basic eA==',
      headers => [ $good->('Authorization') ] },
    { target => '/app', headers => [ $good->('authorization') ] },
    { target => '/app', headers => [ 'Authorization: ' ] },
    { target => '/app', auth => undef,
      headers => [ $good->('AUTHORIZATION') ] },
    { target => '/app', auth => undef,
      headers => [ $good->('X_Authorization') ] }
]
--- error_code eval: [ 400, 400, 400, 400, 200, 401 ]
--- app_calls
GET /app 200


=== TEST 17: K-11: base64 in another form than the one
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map {
    my $form = $_;

    { target => '/app', auth => sub {
        return Pay::authorization(target => '/app')
               =~ s/signature="(.*)"/'signature="' . $form->($1) . '"'/er;
    } }
} sub { "$_[0] " }, sub { " $_[0]" }, sub { "$_[0]=" }, sub { "$_[0]====" },
  sub { $_[0] =~ s/=$//r }, sub { $_[0] =~ s/(.)=$/chr(ord($1) + 1) . '='/er },
  sub { lc $_[0] }, sub { substr $_[0], 0, 43 }, sub { "$_[0]$_[0]" },
  sub { unpack 'H*', MIME::Base64::decode_base64($_[0]) },
  sub { 'A' x 43 . '=' }, sub { ' ' }, sub { '=' } ]
--- problem eval: "401 signature_mismatch\n" x 13
--- app_calls


=== TEST 18: R-12, R-10: the window, ahead
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ { target => '/app', age => -300 }, { target => '/app', age => -310 },
  { target => '/app', age => -86400 },
  { target => '/app', timestamp => '9999999999' } ]
--- problem
-
401 timestamp_out_of_window
401 timestamp_out_of_window
401 timestamp_out_of_window
--- app_calls
GET /app 200


=== TEST 19: R-7, R-10: within the window but older than the store
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ { target => '/app', age => 290 }, { target => '/app', age => 301 },
  { target => '/app', timestamp => '1732190400' } ]
--- problem
503 store_unavailable
401 timestamp_out_of_window
401 timestamp_out_of_window
--- response_headers eval
[ 'Retry-After: 1', '! Retry-After', '! Retry-After' ]
--- app_calls


=== TEST 20: R-10: a store that has run for some time
--- http_config eval: $::http
--- config eval: $::app
--- init: select undef, undef, undef, 2.5
--- call eval: { target => '/app' }
--- app_calls
GET /app 200


=== TEST 21: R-10: takes what was signed before now
--- http_config eval: $::http
--- config eval: $::app
--- call eval: [ map { { target => '/app', age => $_ } } 0, 1 ]
--- app_calls
GET /app 200
GET /app 200


=== TEST 22: R-1: the same bytes twice, and thrice
--- http_config eval: $::http
--- config eval: $::app
--- call eval: [ ({ target => '/app', nonce => 'R-1-0123456789abc' }) x 3 ]
--- problem
-
409 nonce_replayed
409 nonce_replayed
--- app_calls
GET /app 200


=== TEST 23: R-1: the nonce alone makes a replay, whatever else is new
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => '/app', nonce => 'R-1-0123456789abd', @$_ } }
  [], [ body => '{}' ], [ age => -90 ], [ target => '/app?x' ],
  [ method => 'PUT' ] ]
--- problem
-
409 nonce_replayed
409 nonce_replayed
409 nonce_replayed
409 nonce_replayed
--- app_calls
GET /app 200


=== TEST 24: R-2: a nonce is not used up by who cannot sign
--- http_config eval: $::http
--- config eval: $::app
--- call eval
my @n = (target => '/app', nonce => 'R-2-0123456789abc');
[ { @n, secret => 'wrong' }, { @n, merchant => 'other' },
  { @n, key => 'k9' }, { @n, sign => { target => '/' } },
  { @n, scheme => 'PAY-NONE' }, { @n, age => 301 }, { @n, age => 290 },
  { @n }, { @n } ]
--- problem
401 signature_mismatch
401 signature_mismatch
401 signature_mismatch
401 signature_mismatch
401 algorithm_not_allowed
401 timestamp_out_of_window
503 store_unavailable
-
409 nonce_replayed
--- app_calls
GET /app 200


=== TEST 25: R-2: a replay with a bad signature is told nothing
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ { target => '/app', nonce => 'R-2-0123456789abd' },
  { target => '/app', nonce => 'R-2-0123456789abd', secret => 'wrong' } ]
--- problem
-
401 signature_mismatch


=== TEST 26: R-3: one nonce of two merchants, and of two keys of one
--- http_config eval: $::http
--- config eval: $::app
--- call eval
my @n = (target => '/app', nonce => 'R-3-0123456789abc');
my @k2 = (key => 'k2', secret => 'the second key of demo');
[ { @n }, { @n, @{ $::merchant{other} } }, { @n, @k2 },
  { @n }, { @n, @{ $::merchant{other} } }, { @n, @k2 } ]
--- problem
-
-
-
409 nonce_replayed
409 nonce_replayed
409 nonce_replayed
--- app_calls eval: "GET /app 200\n" x 3


=== TEST 27: I-1: addresses, in the order of the rules
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => '/app', name => $_, @{ $::merchant{$_} },
          headers => [ 'X-Forwarded-For: 10.0.0.1', 'X-Real-IP: 10.0.0.1',
                       'Forwarded: for=10.0.0.1' ] } }
  qw(open shut order narrow wide socket) ]
--- problem
-
403 ip_not_allowed
403 ip_not_allowed
403 ip_not_allowed
-
403 ip_not_allowed
--- app_calls eval: "GET /app 200\n" x 2


=== TEST 28: I-7: the address is looked at behind the signature, the nonce
behind the address
--- http_config eval: $::http
--- config eval: $::app
--- call eval
my @n = (target => '/app', nonce => 'I-7-0123456789abc',
         @{ $::merchant{shut} });
[ { @n, secret => 'wrong' }, { @n, key => 'k9' }, { @n, age => 301 }, { @n },
  { @n } ]
--- problem
401 signature_mismatch
401 signature_mismatch
401 timestamp_out_of_window
403 ip_not_allowed
403 ip_not_allowed
--- app_calls


=== TEST 29: C-22: the absolute form is refused, whatever is signed
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => "http://evil.test/app",
          sign => { target => $_ }, headers => [ 'Host: localhost' ] } }
  '/app', 'http://evil.test/app' ]
--- problem
400 signature_malformed
400 signature_malformed
--- app_calls


=== TEST 30: C-22: what overrides a method elsewhere does nothing here
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ { target => '/app', headers => [ 'X-HTTP-Method-Override: DELETE' ] },
  { target => '/app', headers => [ 'X-HTTP-Method-Override: DELETE' ],
    sign => { method => 'DELETE' } } ]
--- problem
-
401 signature_mismatch
--- app_calls
GET /app 200


=== TEST 31: HTTP/0.9 has no header
--- http_config eval: $::http
--- config eval: $::app
--- raw_request eval: "GET /app\r\n"
--- http09
--- response_body_like: "code":"signature_missing"
--- app_calls


=== TEST 32: R-14: the application is down: the nonce stays used
--- http_config eval: $::http
--- config
location /down {
    pay_auth on;
    proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_2;
}
--- call eval: [ ({ target => '/down', nonce => 'R-14-0123456789ab' }) x 2 ]
--- problem
-
409 nonce_replayed
--- error_code eval: [ 502, 409 ]


=== TEST 33: I-2: behind realip the address is the client's
--- http_config eval: $::http
--- config eval
"set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\n$::app"
--- call eval
my @n = (target => '/app', headers => [ 'X-Forwarded-For: 10.0.0.1' ]);
[ { @n, @{ $::merchant{narrow} } }, { @n, @{ $::merchant{wide} } }, { @n } ]
--- problem
-
403 ip_not_allowed
403 ip_not_allowed
--- app_calls
GET /app 200


=== TEST 34: I-3: an IPv4-mapped peer is an IPv4 peer
--- skip_eval: 9: !main::sockets_v6()
--- http_config eval
$::http . <<'_E';
server {
    listen [::ffff:127.0.0.1]:$TEST_NGINX_RAND_PORT_2 ipv6only=off;
    location /app { pay_auth on; access_log logs/app.log pay_call;
                    empty_gif; }
}
_E
--- config
location /app { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
--- call eval
[ map { { target => '/app', @{ $::merchant{$_} } } } qw(wide narrow order) ]
--- problem
-
403 ip_not_allowed
403 ip_not_allowed
--- app_calls
GET /app 200
GET /app 403
GET /app 403


=== TEST 35: I-6: a unix socket is allowed only by its name
--- http_config eval
$::http . <<"_E";
server {
    listen unix:$::socket;
    location /app { pay_auth on; empty_gif; }
}
_E
--- config eval
"location /app { proxy_pass http://unix:$::socket:; }\n"
--- call eval
[ map { { target => '/app', @{ $::merchant{$_} } } } qw(socket wide open) ]
--- problem
-
403 ip_not_allowed
-


=== TEST 36: the window of a location, of its server, and the least one
--- http_config eval: $::http
--- config
pay_auth_window 100s;
location /wide { pay_auth on; pay_auth_window 1000s; return 404; }
location /own { pay_auth on; pay_auth_window 20s; empty_gif; }
location /server { pay_auth on; empty_gif; }
location /deep { pay_auth on; location /deep/a { empty_gif; } }
--- call eval
[ map { { target => $_->[0], age => -$_->[1] } }
  [ '/own', 20 ], [ '/own', 30 ], [ '/server', 100 ], [ '/server', 110 ],
  [ '/deep/a', 100 ], [ '/deep/a', 110 ] ]
--- problem
-
401 timestamp_out_of_window
-
401 timestamp_out_of_window
-
401 timestamp_out_of_window


=== TEST 37: $pay_merchant, $pay_key, $pay_auth_status, $pay_auth_reason
--- http_config eval
$::http . <<'_E';
log_format pay_gate '<$pay_merchant|$pay_key|$pay_auth_status|'
                    '$pay_auth_reason|$pay_error>';
_E
--- config eval
"access_log logs/app.log pay_gate;\n$::app" . <<'_E';
location /plain { return 204; }
_E
--- call eval
my @n = (target => '/app', nonce => 'V-1-0123456789abc');
[ { @n }, { @n }, { @n, secret => 'wrong' }, { @n, merchant => 'nobody' },
  { @n, key => 'k9' }, { @n, age => 301 }, { @n, age => -310 },
  { @n, age => 290, nonce => 'V-2-0123456789abc' },
  { @n, @{ $::merchant{shut} } }, { @n, nonce => 'short' },
  { @n, scheme => 'PAY-NONE' }, { @n, auth => undef },
  { @n, auth => 'Basic x' }, { @n, headers => [ 'Authorization: x' ] },
  { @n, timestamp => 'now' }, { @n, merchant => 'a b' },
  { @n, target => 'http://localhost/app' },
  { target => '/plain', auth => undef } ]
--- error_code eval
[ 200, 409, 401, 401, 401, 401, 401, 503, 403, 400, 401, 401, 401, 400, 400,
  400, 400, 204 ]
--- app_calls
GET /app 200
<demo|k1|ok|-|->
<demo|k1|nonce_replayed|replay|nonce_replayed>
<-|-|signature_mismatch|signature|signature_mismatch>
<-|-|signature_mismatch|signature|signature_mismatch>
<-|-|signature_mismatch|signature|signature_mismatch>
<demo|k1|timestamp_out_of_window|ts_old|timestamp_out_of_window>
<demo|k1|timestamp_out_of_window|ts_future|timestamp_out_of_window>
<demo|k1|store_unavailable|cold_store|store_unavailable>
<shut|k1|ip_not_allowed|allowlist|ip_not_allowed>
<-|-|nonce_invalid|nonce_syntax|nonce_invalid>
<-|-|algorithm_not_allowed|scheme|algorithm_not_allowed>
<-|-|signature_missing|no_authorization|signature_missing>
<-|-|signature_missing|other_scheme|signature_missing>
<-|-|-|-|->
<-|-|signature_malformed|ts_syntax|signature_malformed>
<-|-|signature_malformed|merchant_syntax|signature_malformed>
<-|-|signature_malformed|absolute_form|signature_malformed>
<-|-|-|-|->


=== TEST 38: L-1: a refusal is a line of info that shows no signature
--- http_config eval: $::http
--- config eval: $::app
--- call eval: { target => '/app', secret => 'wrong', signature => 'SIGNED/BY' }
--- problem
401 signature_mismatch
--- response_headers
WWW-Authenticate: PAY-HMAC-SHA256
--- error_log
[info]
pay: gate refused: signature_mismatch, reason "signature"
--- no_error_log
[error]
SIGNED/BY


=== TEST 39: a missing store is an error of ours
--- http_config eval: $::http
--- config eval: $::app
--- call eval: { target => '/app', age => 290 }
--- problem
503 store_unavailable
--- error_log
[error]
pay: gate refused: store_unavailable, reason "cold_store"
