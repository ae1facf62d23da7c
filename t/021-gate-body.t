#
# Copyright (C) the ngx_pay authors
#
# The gate and the request's body: however it comes, its bytes are what is
# signed, and they are what the application gets.
#

use strict;
use warnings;

use IO::Socket::INET;
use Test::Nginx::Socket 'no_plan';
use Pay;

no_long_string();
no_shuffle();
log_level('info');

our $http = Pay::http(channel => undef, server => undef,
                      merchant => { webhook_secret => undef }) . <<'_E';
    upstream app { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }

    # an application that keeps every body, byte by byte, in a file

    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        access_log logs/app.log pay_call;
        client_max_body_size 2m;
        client_body_temp_path logs/bodies;

        location / {
            client_body_in_file_only on;
            proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/sink/;
        }

        location /sink/ {
            access_log off;
            return 200 "app $request_method $content_length\n";
        }
    }
_E

our $app = <<'_E';
pay_auth on;
location /app { proxy_pass http://app; }
location /small { client_body_buffer_size 1k; proxy_pass http://app; }
location /file { client_body_in_file_only clean; proxy_pass http://app; }
location /keep { client_body_in_file_only on; proxy_pass http://app; }
location /single { client_body_in_single_buffer on;
                   client_body_buffer_size 16k; proxy_pass http://app; }
location /stream { proxy_request_buffering off; proxy_http_version 1.1;
                   client_body_buffer_size 1k; proxy_pass http://app; }
location /limit { client_max_body_size 1k; proxy_pass http://app; }
_E

# all bytes there are, in a disorder of its own

our $bytes = join '', map { chr(($_ * 7919 + ($_ >> 8) * 31) % 256) }
                      1 .. 921600;

sub part { substr $bytes, $_[1] // 0, $_[0] }

# what the application has got is what the calls of these numbers sent

add_response_body_check(sub {
    my ($block, undef, $i, undef, $dry) = @_;

    my $sent = $block->pipelined_requests // $block->request // [];

    return if $dry || $i != $#$sent;

    my $call = $block->call;
    my @files = sort glob server_root() . '/logs/bodies/*';

    if (!defined $block->app_bodies) {
        unlink @files;
        return;
    }

    my @want = map {
        my $c = $call->[$_];
        $c->{chunked} ? join '', @{ $c->{chunked} } : $c->{body} // ''
    } split ' ', $block->app_bodies;

    is(scalar @files, scalar @want, $block->name . ' - number of bodies');

    for my $n (0 .. $#want) {
        open my $in, '<:raw', $files[$n] // '/dev/null' or die;
        local $/;
        my $got = <$in> // '';

        ok($got eq $want[$n], $block->name . " - body $n as it was sent, "
                              . length($got) . ' bytes');
        unlink $files[$n] // ();
    }
});

# HTTP/2 by hand: a body without a length, in DATA frames of so many bytes;
# gives the answer's data

sub frame { pack('N', length $_[2]) =~ s/^.//sr . pack 'CCN a*',
                 @_[0, 1], 1, $_[2] }

sub literal {
    return join '', "\0", map {
        (length $_ < 127 ? chr length $_
         : "\x7f" . pack 'w', length($_) - 127) . $_
    } @_;
}

sub h2 {
    my ($size, $sent, $signed) = @_;
    my $port = $Test::Nginx::Util::RandPorts->{TEST_NGINX_RAND_PORT_2};
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 3)
        or die "connect: $!";

    my $head = join '', map { literal(@$_) }
        [ ':method', 'POST' ], [ ':scheme', 'http' ], [ ':path', '/app' ],
        [ ':authority', 'localhost' ],
        [ 'authorization', Pay::authorization(
            method => 'POST', target => '/app', body => $signed // $sent) ];

    my @data = unpack "(a$size)*", $sent;
    my $out = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . "\0\0\0\4\0\0\0\0\0"
              . frame(1, 4, $head)
              . join('', map { frame(0, $_ == $#data, $data[$_]) } 0 .. $#data);

    local $SIG{ALRM} = sub { die "no answer\n" };
    alarm 5;
    syswrite $s, $out;

    my ($in, $body, $end) = ('', '', 0);

    while (!$end && sysread $s, $in, 65536, length $in) {
        while (length $in >= 9) {
            my ($length, $type, $flags) = unpack 'N CC', "\0$in";
            last if length $in < 9 + $length;

            $body .= substr $in, 9, $length if $type == 0;
            $end = 1 if ($type <= 1 && $flags & 1) || $type == 7;
            substr $in, 0, 9 + $length, '';
        }
    }

    alarm 0;
    return $body;
}

run_tests();

__DATA__

=== TEST 1: H-14: sizes around the buffers of memory and file
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => '/small', body => main::part($_) } }
  1, 2, 1023, 1024, 1025, 2048, 4096, 8191, 8192, 8193, 16383, 16384, 16385,
  100_000 ]
--- app_bodies: 0 1 2 3 4 5 6 7 8 9 10 11 12 13
--- app_calls eval: "POST /small 200\n" x 14


=== TEST 2: H-14: 900 KB in memory, in a file, in one buffer, as a stream
--- http_config eval: $::http
--- config eval: $::app
--- timeout: 10
--- call eval
[ map { { target => $_, body => $::bytes } }
  qw(/app /small /file /keep /single /stream) ]
--- app_bodies: 0 1 2 3 4 5


=== TEST 3: H-14: small ones in the same
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => $_, body => main::part(700) } }
  qw(/app /small /file /keep /single /stream) ]
--- app_bodies: 0 1 2 3 4 5


=== TEST 4: no body, and an empty one
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ (map { { target => $_, method => 'POST' } }
   qw(/app /small /file /keep /single /stream)),
  { target => '/app', method => 'PUT', headers => [ 'Content-Length: 0' ] },
  { target => '/app' }, { target => '/app', method => 'DELETE' } ]
--- app_calls
POST /app 200
POST /small 200
POST /file 200
POST /keep 200
POST /single 200
POST /stream 200
PUT /app 200
GET /app 200
DELETE /app 200


=== TEST 5: C-22: a body is signed with any method
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ (map { { target => '/app', method => $_, body => "of $_" } }
   qw(GET PUT PATCH DELETE OPTIONS)),
  (map { { target => '/app', method => $_, body => 'x',
           sign => { body => '' } } } qw(GET PUT PATCH DELETE OPTIONS)) ]
--- problem eval: "-\n" x 5 . "401 signature_mismatch\n" x 5
--- app_bodies: 0 1 2 3 4


=== TEST 6: H-14: chunked, in one packet
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => $_->[0], chunked => $_->[1] } }
  [ '/app', [ 'a' ] ], [ '/app', [ '{"a":', '1}' ] ],
  [ '/app', [ ('ab') x 500 ] ], [ '/small', [ main::part(1023), 'x' ] ],
  [ '/small', [ main::part(1024), 'x' ] ],
  [ '/small', [ map { main::part(3000, $_ * 3000) } 0 .. 30 ] ],
  [ '/file', [ 'in', 'a', 'file' ] ],
  [ '/single', [ map { main::part(700, $_ * 700) } 0 .. 9 ] ],
  [ '/stream', [ map { main::part(900, $_ * 900) } 0 .. 9 ] ],
  [ '/app', [ main::part(900_000) ] ] ]
--- app_bodies: 0 1 2 3 4 5 6 7 8 9


=== TEST 7: H-14: chunked, in pieces that come one by one
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ map { { target => $_, pieces => 0.05,
          chunked => [ '{"a":', '"', main::part(1500), "\r\n", '"}' ] } }
  qw(/app /small /file /keep /single /stream) ]
--- app_bodies: 0 1 2 3 4 5


=== TEST 8: C-23: bodies that are not what was signed
--- http_config eval: $::http
--- config eval: $::app
--- timeout: 10
--- call eval
my $long = main::part(100_000);
[ map { my $c = $_; map { { target => $_, %$c } } qw(/app /small /file) }
  { body => 'x' . $long, sign => { body => 'y' . $long } },
  { body => $long . 'x', sign => { body => $long . 'y' } },
  { body => $long . 'x', sign => { body => $long } },
  { body => $long, sign => { body => $long . 'x' } },
  { body => $long, sign => { body => '' } },
  { chunked => [ $long, 'x' ], sign => { body => $long } },
  { chunked => [ 'ab', 'c' ], sign => { body => "2\r\nab\r\n1\r\nc\r\n" } } ]
--- problem eval: "401 signature_mismatch\n" x 21
--- app_bodies eval: ''
--- app_calls


=== TEST 9: C-19: another writing of the same JSON is another body
--- http_config eval: $::http
--- config eval: $::app
--- call eval
my $wide = '{"a":  1}';
[ { target => '/app', body => $wide },
  { target => '/app', body => $wide, sign => { body => '{"a":1}' } } ]
--- problem
-
401 signature_mismatch
--- app_bodies: 0


=== TEST 10: C-19: the same in a file
--- http_config eval: $::http
--- config eval: $::app
--- call eval
my $pad = ' ' x 900_000;
[ { target => '/small', body => "{\"a\":1$pad}" },
  { target => '/small', body => "{\"a\":1$pad}",
    sign => { body => '{"a":1}' } },
  { target => '/small', body => "{\"a\":1$pad}",
    sign => { body => "{\"a\":1$pad }" } } ]
--- problem
-
401 signature_mismatch
401 signature_mismatch
--- app_bodies: 0


=== TEST 11: H-1: Content-Encoding is not undone
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ { target => '/app', body => "\x1f\x8b\x08\0\0\0\0\0",
    headers => [ 'Content-Encoding: gzip' ] } ]
--- app_bodies: 0


=== TEST 12: X-2: over the limit of the location, announced
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ { target => '/limit', body => main::part(1024) },
  { target => '/limit', body => main::part(1025) } ]
--- error_code eval: [ 200, 413 ]
--- app_bodies: 0


=== TEST 13: X-2: over the limit, in chunks
--- http_config eval: $::http
--- config eval: $::app
--- call eval
[ { target => '/limit', chunked => [ main::part(1000), 'x' x 25 ] },
  { target => '/limit', chunked => [ main::part(1000), 'x' x 24 ] } ]
--- error_code eval: [ 413, 200 ]
--- app_bodies: 1


=== TEST 14: a body that breaks off is no request
--- http_config eval: $::http
--- config eval: $::app
--- raw_request eval
sub {
    "POST /app HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
    . 'Authorization: ' . Pay::authorization(method => 'POST',
                                             target => '/app', body => '123')
    . "\r\n\r\n123"
}
--- shutdown
--- ignore_response
--- wait: 0.2
--- no_error_log
[error]
--- access_log eval: qr{"POST /app HTTP/1.1" 400 0}
--- app_bodies
--- no_access_log eval: qr{" 200 }


=== TEST 15: H-2: behind a refused body the next request is read aright
--- http_config eval: $::http
--- config eval: $::app
--- pipelined
--- call eval
my $smuggled = "GET /app?b HTTP/1.1\r\nHost: localhost\r\n\r\n";
[ { target => '/app', body => $smuggled, auth => undef },
  { target => '/app', body => $smuggled, sign => { body => '{}' } },
  { target => '/small', body => $smuggled x 50, auth => undef },
  { target => '/app', chunked => [ $smuggled, 'x' ], auth => undef },
  { target => '/app', chunked => [ $smuggled, 'x' ], nonce => '/' },
  { target => '/app?a', body => $smuggled }, { target => '/app' } ]
--- problem
401 signature_missing
401 signature_mismatch
401 signature_missing
401 signature_missing
400 nonce_invalid
-
-
--- app_calls
POST /app 200
GET /app 200


=== TEST 16: R-1: the second copy in one connection is a replay
--- http_config eval: $::http
--- config eval: $::app
--- pipelined
--- call eval
[ ({ target => '/app', body => '{}', nonce => 'R-1-pipelined-01' }) x 3,
  { target => '/app' } ]
--- problem
-
409 nonce_replayed
409 nonce_replayed
-
--- app_calls
POST /app 200
GET /app 200


=== TEST 17: H-2: bodies in one connection that are good
--- http_config eval: $::http
--- config eval: $::app
--- pipelined
--- call eval
[ { target => '/app', body => main::part(10) },
  { target => '/small', body => main::part(5000) },
  { target => '/app', chunked => [ 'a', 'b' ] },
  { target => '/app', body => main::part(3) } ]
--- app_bodies: 0 1 2 3


=== TEST 18: H-13: Expect: 100-continue, signed
--- http_config eval: $::http
--- config eval: $::app
--- raw_request eval
sub {
    return [
        "POST /app HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        . "Expect: 100-continue\r\nConnection: close\r\n"
        . 'Authorization: ' . Pay::authorization(
            method => 'POST', target => '/app', body => '{}') . "\r\n\r\n",
        '{}'
    ];
}
--- raw_request_middle_delay: 0.2
--- error_code: 100
--- response_body_like eval: qr{^HTTP/1.1 200 OK.*\napp POST 2\n$}s
--- app_calls
POST /app 200


=== TEST 19: H-13: Expect: 100-continue, not signed; the next one is read
--- http_config eval: $::http
--- config eval: $::app
--- raw_request eval
sub {
    return [
        "POST /app HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        . "Expect: 100-continue\r\n\r\n",
        "{}GET /app HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        . 'Authorization: ' . Pay::authorization(target => '/app')
        . "\r\n\r\n"
    ];
}
--- raw_request_middle_delay: 0.2
--- error_code_like: ^(100|401)$
--- response_body_like eval
qr{"code":"signature_missing".*HTTP/1.1 200 OK.*\napp GET \n$}s
--- app_calls
GET /app 200


=== TEST 20: H-9: HTTP/2, small bodies and none
--- http_config eval: $::http
--- config eval: $::app
--- http2
--- call eval
[ { target => '/app', body => '{"a":1}' }, { target => '/app?a=%2f' },
  { target => '/small', body => main::part(700) },
  { target => '/file', body => main::part(700) },
  { target => '/app', method => 'POST', headers => [ 'Content-Length: 0' ] },
  { target => '/app', body => '{"a":1}', sign => { body => '{"a":2}' } },
  { target => '/app?a=%2f', sign => { target => '/app?a=%2F' } },
  { target => '/app', sign => { method => 'POST' } },
  { target => '/app', auth => undef, body => 'x' },
  { target => '/app', nonce => 'H-9-0123456789abc', body => 'a' },
  { target => '/app', nonce => 'H-9-0123456789abc', body => 'a' } ]
--- problem eval
"-\n" x 5 . "401 signature_mismatch\n" x 3 . "401 signature_missing\n-\n"
. "409 nonce_replayed\n"
--- app_bodies: 0 2 3 4 9


=== TEST 21: H-9: HTTP/2, 100 kB and 900 kB
--- http_config eval: $::http
--- config eval: $::app
--- http2
--- timeout: 10
--- call eval
[ (map { { target => $_, body => main::part(100_000) } }
   qw(/app /small /file /single /stream)),
  { target => '/app', body => $::bytes },
  { target => '/small', body => $::bytes },
  { target => '/small', body => main::part(100_000),
    sign => { body => main::part(99_999) } } ]
--- problem eval: "-\n" x 7 . "401 signature_mismatch\n"
--- app_bodies: 0 1 2 3 4 5 6


=== TEST 22: H-9, C-21: HTTP/2, the header twice
--- http_config eval: $::http
--- config eval: $::app
--- http2
--- call eval
[ { target => '/app', headers => [ 'Authorization: Basic eA==' ] } ]
--- error_code: 400
--- app_calls


=== TEST 23: H-9: HTTP/2, no length, frames of one byte and of many
--- http_config eval: $::http
--- config eval
"listen 127.0.0.1:\$TEST_NGINX_RAND_PORT_2 http2;\n$::app"
--- init
package main;
my $t = 'H-9: frames of';
is(main::h2(1, '{"amount":1}'), "app POST 12\n", "$t one byte");
is(main::h2(5, '{"amount":1}'), "app POST 12\n", "$t five");
is(main::h2(999, main::part(40_000)), "app POST 40000\n", "$t 999");
like(main::h2(1, '{"amount":1}', '{"amount":2}'),
     qr/"code":"signature_mismatch"/, "$t one byte, another body");
like(main::h2(999, main::part(40_000), main::part(39_999)),
     qr/"code":"signature_mismatch"/, "$t 999, another body");
--- call eval: [ { target => '/app' } ]
--- app_calls
POST /app 200
POST /app 200
POST /app 200
GET /app 200
