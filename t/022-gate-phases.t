#
# Copyright (C) the ngx_pay authors
#
# H-15: the gate among nginx's phases.  Whatever stands around a location with
# pay_auth, nothing of it gets out unchecked, and nothing unchecked reaches
# the application behind it.
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;

no_long_string();
no_shuffle();
log_level('info');

our $http = Pay::http(channel => undef, server => undef,
                      merchant => { webhook_secret => undef }) . <<'_E';
    upstream app { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }

    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        access_log logs/app.log pay_call;
        location / { return 200 "secret $request_method $request_uri\n"; }
        location /none { return 404 "no secret\n"; }
        location /accel {
            add_header X-Accel-Redirect /inside$is_args$args;
            return 200 "accel\n";
        }
    }
_E

# the same request unsigned, badly signed, and signed

sub thrice {
    my ($target, %more) = @_;

    return [ { target => $target, auth => undef, %more },
             { target => $target, secret => 'wrong', %more },
             { target => $target, %more } ];
}

our $refused = "401 signature_missing\n401 signature_mismatch\n";

run_tests();

__DATA__

=== TEST 1: H-15: return below 300 is withheld, and told of
--- http_config eval: $::http
--- config
location /a { pay_auth on; return 200 "secret"; }
--- call eval: main::thrice('/a')
--- error_code eval: [ 500, 500, 500 ]
--- response_body_unlike eval: [ ('secret') x 3 ]
--- error_log
[error]
pay: a response of status 200 that was not checked is withheld


=== TEST 2: H-15: return 204, return in an if, a rewrite to it
--- http_config eval: $::http
--- config
location /a { pay_auth on; return 204; }
location /b { pay_auth on; if ($arg_x) { return 200 "secret"; }
              proxy_pass http://app; }
location /c { rewrite ^ /a last; }
location /d { pay_auth on; if ($request_method = GET) { return 201; } }
--- call eval
[ map { { target => $_, auth => undef } } qw(/a /b?x=1 /c /d) ]
--- error_code eval: [ (500) x 4 ]
--- response_body_unlike eval: [ ('secret') x 4 ]
--- app_calls


=== TEST 3: return of 300 and more tells nothing of the application
--- http_config eval: $::http
--- config
location /a { pay_auth on; return 302 /elsewhere; }
location /b { pay_auth on; return 403; }
location /c { pay_auth on; return 404; }
--- call eval: [ map { { target => $_, auth => undef } } qw(/a /b /c) ]
--- error_code eval: [ 302, 403, 404 ]


=== TEST 4: H-15: rewrite into a checked location: the target is the raw one
--- http_config eval: $::http
--- config
location /a { rewrite ^/a(.*) /b$1 last; }
location /b { pay_auth on; proxy_pass http://app; }
--- call eval
[ @{ main::thrice('/a?x=1') },
  { target => '/a', sign => { target => '/b' } } ]
--- problem eval: $::refused . "-\n401 signature_mismatch\n"
--- app_calls
GET /b 200


=== TEST 5: H-15: rewrite break inside of one, and in the server
--- http_config eval: $::http
--- config
rewrite ^/s(.*) /b$1;
location /b { pay_auth on; rewrite ^/b(.*) /app$1 break;
              proxy_pass http://app; }
--- call eval: [ @{ main::thrice('/b?x=1') }, @{ main::thrice('/s') } ]
--- problem eval: "$::refused-\n" x 2
--- app_calls
GET /app 200
GET /app 200


=== TEST 6: H-15: error_page with a page that is not checked
--- http_config eval: $::http
--- config
location /a { pay_auth on; error_page 401 /page; proxy_pass http://app; }
location /page { return 200 "sign it"; }
--- call eval: main::thrice('/a')
--- error_code eval: [ 401, 401, 200 ]
--- response_headers eval
[ ('WWW-Authenticate: PAY-HMAC-SHA256') x 2, '! WWW-Authenticate' ]
--- response_body_like eval: [ '^sign it$', '^sign it$', '^secret' ]
--- app_calls
GET /a 200


=== TEST 7: H-15: error_page with =200 is for what the gate does not say
--- http_config eval: $::http
--- config
location /a { pay_auth on; error_page 404 405 =200 /page; return 404; }
location /page { return 200 "a page"; }
--- call eval: main::thrice('/a')
--- error_code eval: [ 200, 200, 200 ]
--- response_body_like eval: [ ('^a page$') x 3 ]
--- app_calls


=== TEST 8: H-15: a static error page under pay_auth of the server
--- http_config eval: $::http
--- config
pay_auth on;
error_page 401 /page.html;
location /a { proxy_pass http://app; }
--- user_files
>>> page.html
sign it
--- call eval: [ @{ main::thrice('/a') }, @{ main::thrice('/page.html') } ]
--- error_code eval: [ 401, 401, 200, 401, 401, 200 ]
--- app_calls
GET /a 200


=== TEST 9: H-15: the same with =403
--- http_config eval: $::http
--- config
pay_auth on;
error_page 401 =403 /page.html;
location /a { proxy_pass http://app; }
--- user_files
>>> page.html
sign it
--- call eval: main::thrice('/a')
--- error_code_like eval: [ '^4', '^4', '^200' ]
--- app_calls
GET /a 200


=== TEST 10: H-15: error_page to the application does not reach it unchecked
--- http_config eval: $::http
--- config
pay_auth on;
location /a { error_page 401 =418 @app; proxy_pass http://app; }
location /b { error_page 401 @app; proxy_pass http://app; }
location /c { error_page 401 /a; proxy_pass http://app; }
location @app { proxy_pass http://app; }
--- call eval
[ map { @{ main::thrice($_, body => '{"amount":1}') } } qw(/a /b /c) ]
--- error_code_like eval: [ ('^[45]', '^[45]', '^200') x 3 ]
--- response_body_like eval: [ ('', '', '^secret POST') x 3 ]
--- app_calls
POST /a 200
POST /b 200
POST /c 200


=== TEST 11: H-15: the same by recursive error pages
--- http_config eval: $::http
--- config
pay_auth on;
recursive_error_pages on;
error_page 401 @one;
error_page 403 500 @two;
location /a { proxy_pass http://app; }
location @one { proxy_pass http://app; }
location @two { proxy_pass http://app; }
--- call eval: main::thrice('/a')
--- error_code_like eval: [ '^[45]', '^[45]', '^200' ]
--- app_calls
GET /a 200


=== TEST 12: H-15: error_page for other refusals of ours
--- http_config eval: $::http
--- config
pay_auth on;
error_page 400 403 409 503 @app;
location /a { proxy_pass http://app; }
location @app { proxy_pass http://app; }
--- call eval
[ { target => '/a', nonce => 'H-15-0123456789a' },
  { target => '/a', nonce => 'H-15-0123456789a' },
  { target => '/a', nonce => 'short' }, { target => '/a', age => 290 } ]
--- error_code_like eval: [ '^200', ('^[45]') x 3 ]
--- app_calls
GET /a 200


=== TEST 13: H-15: error_page into a checked location from one that is not
--- http_config eval: $::http
--- config
location /a { error_page 404 = /b; return 404; }
location /c { error_page 418 = @c; return 418; }
location /d { error_page 404 /b; root html; }
location /b { pay_auth on; proxy_pass http://app; }
location @c { pay_auth on; proxy_pass http://app; }
--- call eval: [ map { @{ main::thrice($_) } } qw(/a /c /d) ]
--- problem eval: "$::refused-\n" x 3
--- error_code eval: [ 401, 401, 200, 401, 401, 200, 401, 401, 404 ]
--- app_calls
GET /b 200
GET /c 200
GET /b 200


=== TEST 14: the application's own errors, for a request that was checked
--- http_config eval: $::http
--- config
location /none {
    pay_auth on;
    proxy_intercept_errors on;
    error_page 404 = @app;
    proxy_pass http://app;
}
location @app { pay_auth on; rewrite ^ /found break; proxy_pass http://app; }
location /down {
    pay_auth on;
    error_page 502 = @app;
    proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_3;
}
--- call eval: [ @{ main::thrice('/none') }, @{ main::thrice('/down') } ]
--- problem eval: "$::refused-\n" x 2
--- app_calls
GET /none 404
GET /found 200
GET /found 200


=== TEST 15: R-1: an inherited gate does not see its own nonce as a replay
--- http_config eval: $::http
--- config
pay_auth on;
location /try { try_files /nothing /b; }
location /named { try_files /nothing @app; }
location /accel { proxy_pass http://app; }
location /dir/ { root html; index page.html; }
location /b { proxy_pass http://app; }
location /inside { internal; proxy_pass http://app; }
location @app { proxy_pass http://app; }
--- user_files
>>> dir/page.html
secret page
--- call eval
[ map { @{ main::thrice($_) } } qw(/try /named /accel?a=1 /dir/) ]
--- problem eval: "$::refused-\n" x 4
--- response_body_like eval: [ ('signature_mi', 'signature_mi', '^secret') x 4 ]
--- app_calls
GET /b 200
GET /named 200
GET /accel 200
GET /inside 200


=== TEST 16: H-15: try_files from a location that is not checked
--- http_config eval: $::http
--- config
location /a { try_files /nothing /b; }
location /c { try_files /nothing @app; }
location /b { pay_auth on; proxy_pass http://app; }
location @app { pay_auth on; proxy_pass http://app; }
--- call eval: [ map { @{ main::thrice($_) } } qw(/a /c) ]
--- problem eval: "$::refused-\n" x 2
--- app_calls
GET /b 200
GET /c 200


=== TEST 17: H-15: auth_request in front of, and behind, the gate
--- http_config eval: $::http
--- config
location /a { pay_auth on; auth_request /ok; proxy_pass http://app; }
location /b { pay_auth on; auth_request /no; proxy_pass http://app; }
location = /ok { return 204; }
location = /no { return 403; }
--- call eval: [ @{ main::thrice('/a') }, @{ main::thrice('/b') } ]
--- error_code_like eval: [ '401', '401', '200', '40[13]', '40[13]', '403' ]
--- app_calls
GET /a 200


=== TEST 18: H-15: a checked location by auth_request lets nobody in
--- http_config eval: $::http
--- config
location /a { auth_request /gate; proxy_pass http://app; }
location = /gate { internal; pay_auth on; proxy_pass http://app; }
--- call eval
[ { target => '/a', auth => undef }, { target => '/a', secret => 'wrong' } ]
--- error_code_like eval: [ '^[45]', '^[45]' ]
--- app_calls


=== TEST 19: H-15: mirror out of a checked location, after the check
--- http_config eval: $::http
--- config
location /a { pay_auth on; mirror /m; empty_gif; }
location = /m { internal; proxy_pass http://app/mirrored; }
--- call eval: main::thrice('/a')
--- problem eval: "$::refused-\n"
--- app_calls
GET /mirrored 200


=== TEST 20: H-15: mirror into a checked location reaches nothing unchecked
--- http_config eval: $::http
--- config
location /a { mirror /m; proxy_pass http://app; }
location = /m { internal; pay_auth on; proxy_pass http://app/mirrored; }
--- call eval
[ { target => '/a', auth => undef }, { target => '/a', secret => 'wrong' } ]
--- wait: 0.1
--- app_calls
GET /a 200
GET /a 200


=== TEST 21: H-15: SSI shows nothing of a checked location
--- http_config eval: $::http
--- config
location /page.html { ssi on; ssi_types *; }
location /b { pay_auth on; proxy_pass http://app; }
location /file.txt { pay_auth on; }
--- user_files
>>> page.html
<<!--#include virtual="/b?x=1" -->|<!--#include virtual="/file.txt" -->>
>>> file.txt
secret
--- call eval
[ map { { target => '/page.html', %$_ } }
  { auth => undef }, { secret => 'wrong' } ]
--- response_body_unlike eval: [ 'secret', 'secret' ]
--- app_calls


=== TEST 22: H-15: SSI of a page that was checked
--- http_config eval: $::http
--- config
pay_auth on;
location /page.html { ssi on; ssi_types *; }
location /b { proxy_pass http://app; }
--- user_files
>>> page.html
<<!--#include virtual="/b?x=1" -->>
--- call eval: main::thrice('/page.html')
--- problem eval: "$::refused-\n"
--- response_body_like eval
[ 'signature_missing', 'signature_mismatch', '^<secret GET /b' ]
--- app_calls
GET /b 200


=== TEST 23: H-15: post_action
--- http_config eval: $::http
--- config
location /a { post_action /b; return 204; }
location /b { pay_auth on; proxy_pass http://app; }
--- call eval
[ { target => '/a', auth => undef }, { target => '/a', secret => 'wrong' } ]
--- error_code eval: [ 204, 204 ]
--- wait: 0.1
--- app_calls


=== TEST 24: nested locations, off and on again
--- http_config eval: $::http
--- config
location /a {
    pay_auth on;
    proxy_pass http://app;
    location /a/b { proxy_pass http://app; }
    location /a/off { pay_auth off; proxy_pass http://app;
        location /a/off/on { pay_auth on; proxy_pass http://app; }
    }
    location ~ \.x$ { proxy_pass http://app; }
}
--- call eval
[ map { @{ main::thrice($_) } } qw(/a /a/b /a/b.x /a/off/on /a/off) ]
--- error_code eval: [ (401, 401, 200) x 4, 200, 200, 200 ]
--- app_calls
GET /a 200
GET /a/b 200
GET /a/b.x 200
GET /a/off/on 200
GET /a/off 200
GET /a/off 200
GET /a/off 200


=== TEST 25: pay_auth of http and server, off in a location
--- http_config eval
"pay_auth on;\n$::http" =~ s/(location \/ \{)/$1 pay_auth off;/r
--- config
location /a { proxy_pass http://app; }
location /pub { pay_auth off; return 200 "public"; }
--- call eval: [ @{ main::thrice('/a') }, @{ main::thrice('/pub') } ]
--- error_code eval: [ 401, 401, 200, 200, 200, 200 ]
--- app_calls eval: "GET /a 200\n"


=== TEST 26: if with a proxy_pass of its own, and limit_except
--- http_config eval: $::http
--- config
location /a { pay_auth on;
              if ($arg_x) { proxy_pass http://app; } }
location /b { pay_auth on; limit_except GET { allow all; }
              proxy_pass http://app; }
location /c { pay_auth on; limit_except GET { deny all; }
              proxy_pass http://app; }
--- call eval
[ @{ main::thrice('/a?x=1') }, @{ main::thrice('/b') },
  @{ main::thrice('/b', method => 'POST') },
  @{ main::thrice('/c', method => 'POST') } ]
--- error_code_like eval
[ ('401', '401', '200') x 3, '40[13]', '40[13]', '403' ]
--- app_calls
GET /a 200
GET /b 200
POST /b 200


=== TEST 27: static files, a range of one, a cached answer, HEAD
--- http_config eval
"proxy_cache_path logs/cache keys_zone=c:1m;\n$::http"
--- config
pay_auth on;
location /file.txt { }
location /c { proxy_cache c; proxy_cache_valid 200 1m; proxy_pass http://app; }
--- user_files
>>> file.txt
secret
--- call eval
[ @{ main::thrice('/file.txt') },
  @{ main::thrice('/file.txt', headers => [ 'Range: bytes=0-2' ]) },
  (CORE::reverse @{ main::thrice('/c') }), { target => '/c' },
  @{ main::thrice('/file.txt', method => 'HEAD') } ]
--- error_code eval
[ 401, 401, 200, 401, 401, 206, 200, 401, 401, 200, 401, 401, 200 ]
--- app_calls
GET /c 200


=== TEST 28: the rules of nginx's own come in addition
--- http_config eval: $::http
--- config
location /a { pay_auth on; deny all; proxy_pass http://app; }
location /b { pay_auth on; satisfy all; allow 127.0.0.1; deny all;
              proxy_pass http://app; }
--- call eval: [ @{ main::thrice('/a') }, @{ main::thrice('/b') } ]
--- error_code_like eval: [ '40[13]', '40[13]', '403', 401, 401, 200 ]
--- app_calls
GET /b 200


=== TEST 29: the answer of a refusal: type, and none for HEAD
--- http_config eval: $::http
--- config
default_type text/html;
add_header X-More yes always;
location /a { pay_auth on; proxy_pass http://app; }
--- call eval
[ { target => '/a', auth => undef },
  { target => '/a', auth => undef, method => 'HEAD' },
  { target => '/a', auth => undef, body => 'x' } ]
--- problem
401 signature_missing
-
401 signature_missing
--- error_code eval: [ 401, 401, 401 ]
--- response_headers eval
[ ("Content-Type: application/problem+json\nX-More: yes") x 3 ]
--- response_body_like eval: [ '^\{', '^$', '^\{' ]


=== TEST 30: a request to the default server of an unknown host
--- http_config eval: $::http
--- config
location /a { pay_auth on; proxy_pass http://app; }
--- call eval
[ { target => '/a', headers => [ 'Host: elsewhere.example' ] },
  { target => '/a', auth => undef, headers => [ 'Host: elsewhere.example' ] } ]
--- problem
-
401 signature_missing
--- app_calls
GET /a 200


=== TEST 31: X-2: a body that fails, and an error page that is checked, too
--- http_config eval: $::http
--- config
pay_auth on;
error_page 413 /page;
location /page { alias conf/nginx.conf; }
location /a { client_max_body_size 1k; proxy_pass http://app; }
location /b { client_max_body_size 1k; error_page 413 @b;
              proxy_pass http://app; }
location @b { proxy_pass http://app; }
location /c { client_max_body_size 1k; error_page 413 /open;
              proxy_pass http://app; }
location /open { pay_auth off; return 200 "open\n"; }
location /d { client_max_body_size 1k; error_page 413 @dry;
              proxy_pass http://app; }
location @dry { pay_auth_dry_run on; rewrite ^ /open break;
                proxy_pass http://app; }
--- call eval
[ map { { target => $_, chunked => [ 'x' x 1024, 'x' ] } } qw(/a /b /c /d) ]
--- error_code eval: [ 413, 413, 413, 413 ]
--- response_body_like eval: [ '413 Request', '413 Request', '^open$', '^secret' ]
--- app_calls
POST /open 200
