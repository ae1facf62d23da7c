#
# Copyright (C) the ngx_pay authors
#
# H-15: the gate in the compositions that nginx's own directives make.  Of
# five copies of each request (see t/lib/Gate.pm) one may reach what is
# protected, once and with its own bytes.
#

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/drills";

use Test::Nginx::Socket 'no_plan';
use Drill::H2;
use Pay;
use Mock;
use Gate;

no_long_string();
no_shuffle();
log_level('info');

our $fcgi = listener();             # an application by FastCGI
our $raw = listener();              # one whose every byte is seen

run_tests();

__DATA__

=== TEST 1: a gate of the server is in every kind of location
--- http_config eval: $Gate::http
--- config
pay_auth on;
location /plain { proxy_pass http://app; }
location = /exact { proxy_pass http://app; }
location ^~ /first/ { proxy_pass http://app; }
location ~ \.php$ { proxy_pass http://app; }
location ~* ^/re/(?<name>\w+)$ { proxy_pass http://app/by/$name; }
location /deep/ { location /deep/er/ { location /deep/er/est {
    proxy_pass http://app; } } }
--- call eval
[ map { Gate::five($_) }
  qw(/plain /exact /first/x.php /x.php /RE/x /deep/er/est) ]
--- problem eval: $Gate::five x 6
--- app_calls
POST /plain 200 [{"amount":1}]
POST /exact 200 [{"amount":1}]
POST /first/x.php 200 [{"amount":1}]
POST /x.php 200 [{"amount":1}]
POST /by/x 200 [{"amount":1}]
POST /deep/er/est 200 [{"amount":1}]


=== TEST 2: off, on and off again, by prefix and by regex
--- http_config eval: $Gate::http
--- config
pay_auth on;
location /off/ {
    pay_auth off;
    proxy_pass http://app;
    location /off/in { proxy_pass http://app; }
    location ~ ^/off/on/ {
        pay_auth on;
        proxy_pass http://app;
        location ~ \.x$ { proxy_pass http://app; }
        location ~ \.off$ { pay_auth off; proxy_pass http://app; }
    }
}
--- call eval
[ Gate::get('/off/on/a'), Gate::get('/off/on/a.x'),
  map { { target => $_, auth => undef } } qw(/off/ /off/in /off/on/a.off) ]
--- problem eval: $Gate::five x 2 . "-\n" x 3
--- app_calls
GET /off/on/a 200 []
GET /off/on/a.x 200 []
GET /off/ 200 []
GET /off/in 200 []
GET /off/on/a.off 200 []


=== TEST 3: a gate of http, off in one server and on again in a location
--- http_config eval
Gate::http(app => 'pay_auth off;', more => <<'_E');
    pay_auth on;

    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        pay_auth off;
        location /open { proxy_pass http://app; }
        location /on { pay_auth on; proxy_pass http://app; }
    }
_E
--- config
location /a { proxy_pass http://app; }
location /open {
    pay_auth off;
    proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_2;
}
location /on {
    pay_auth off;
    proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_2;
}
--- call eval
[ Gate::five('/a'), Gate::five('/on'), { target => '/open', auth => undef } ]
--- problem eval: $Gate::five x 2 . "-\n"
--- app_calls
POST /a 200 [{"amount":1}]
POST /on 200 [{"amount":1}]
GET /open 200 []


=== TEST 4: pages for errors of a checked request, as a site has them
--- http_config eval: $Gate::http
--- config
pay_auth on;
error_page 404 /404.html;
error_page 500 502 503 504 /50x.html;
location = /50x.html { root html; }
location /app { proxy_pass http://app; }
location /missing { root html; }
location /down { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_3; }
--- user_files
>>> 404.html
page of 404
>>> 50x.html
page of 50x
--- call eval
[ map { Gate::get($_) } qw(/app /missing /down /404.html /50x.html) ]
--- problem eval: $Gate::five x 5
--- error_code eval
[ (401, 401, 401, 200, 409), (401, 401, 401, 404, 409),
  (401, 401, 401, 502, 409), @Gate::codes, @Gate::codes ]
--- response_body_like eval
[ ('signature_m') x 3, '^app GET', 'replayed',
  ('signature_m') x 3, '^page of 404$', 'replayed',
  ('signature_m') x 3, '^page of 50x$', 'replayed',
  ('signature_m') x 3, '^page of 404$', 'replayed',
  ('signature_m') x 3, '^page of 50x$', 'replayed' ]
--- app_calls
GET /app 200 []


=== TEST 5: satisfy all: addresses of nginx's own, in either order
--- http_config eval: $Gate::http
--- config
satisfy all;
location /in { allow 127.0.0.0/8; deny all; pay_auth on;
               proxy_pass http://app; }
location /out { pay_auth on; deny 127.0.0.0/8; allow all;
                proxy_pass http://app; }
--- call eval: [ Gate::five('/in'), Gate::five('/out') ]
--- problem eval: $Gate::five x 2
--- error_code eval: [ @Gate::codes, 401, 401, 401, 403, 409 ]
--- app_calls
POST /in 200 [{"amount":1}]


=== TEST 6: satisfy all: auth_basic wants the same header, nobody comes in
--- http_config eval: $Gate::http
--- config
location /a {
    pay_auth on;
    auth_basic "a";
    auth_basic_user_file html/users;
    proxy_pass http://app;
    location /a/off { auth_basic off; proxy_pass http://app; }
}
--- user_files
>>> users
demo:{PLAIN}demo
--- call eval
[ { target => '/a' }, { target => '/a', auth => 'Basic ZGVtbzpkZW1v' },
  { target => '/a', headers => [ 'Authorization: Basic ZGVtbzpkZW1v' ] },
  Gate::five('/a/off') ]
--- problem eval
"-\n401 signature_missing\n-\n" . $Gate::five
--- error_code eval: [ 401, 401, 400, @Gate::codes ]
--- app_calls
POST /a/off 200 [{"amount":1}]


=== TEST 7: limit_req comes first: what it refuses has used no nonce
--- http_config eval
Gate::http(more => <<'_E');
    limit_req_zone $http_x_client zone=few:1m rate=1r/m;
    limit_req_status 429;
_E
--- config
location /a { pay_auth on; limit_req zone=few; proxy_pass http://app; }
location /b { pay_auth on; limit_req zone=few; limit_req_status 503;
              proxy_pass http://app; }
--- call eval
my $text;
my @c = (target => '/a', body => 'x', auth => sub {
    $text //= Pay::authorization(method => 'POST', target => '/a', body => 'x');
});
my $from = sub { (headers => [ "X-Client: $_[0]" ]) };

[ { target => '/a', auth => undef, $from->('one') },
  { @c, $from->('one') }, { target => '/b', $from->('one') },
  { @c, $from->('two') }, { @c, $from->('two') }, { @c, $from->('three') } ]
--- problem
401 signature_missing
-
-
-
-
409 nonce_replayed
--- error_code eval: [ 401, 429, 503, 200, 429, 409 ]
--- app_calls
POST /a 200 [x]


=== TEST 8: limit_req holds a request back: it is checked once, later
--- http_config eval
Gate::http(more => <<'_E');
    limit_req_zone $server_name zone=slow:1m rate=20r/s;
_E
--- config
limit_req zone=slow burst=50;
location /a { pay_auth on; proxy_pass http://app; }
--- steps
my @five = map { my ($request, $head) = Pay::_call($_);
                 my ($line, $body) = split /\n/, $request, 2;
                 "$line\r\nHost: a\r\nConnection: close\r\n"
                 . join('', map { "$_\r\n" } split /\n/, $head)
                 . "\r\n$body" } Gate::five('/a');

my @c = map { send_raw($_) } @five, @five[3, 4], @five[0 .. 2];
my %n;

$n{ $_->answer->{status} }++ for @c;

is(join(' ', map { "$_: $n{$_}" } sort keys %n), '200: 1, 401: 6, 409: 3'
   =~ tr/,//dr, 'ten at once, held back');


=== TEST 9: limit_conn, and both in their dry run
--- http_config eval
Gate::http(more => <<'_E');
    limit_conn_zone $server_name zone=conn:1m;
    limit_req_zone $server_name zone=few:1m rate=1r/m;
_E
--- config
location /a { pay_auth on; limit_conn conn 1; limit_req zone=few;
              limit_req_dry_run on; proxy_pass http://app; }
--- call eval: [ Gate::five('/a') ]
--- problem eval: $Gate::five
--- app_calls
POST /a 200 [{"amount":1}]


=== TEST 10: if: return, set, rewrite, proxy_pass, one in another location
--- http_config eval: $Gate::http
--- config
location /return { pay_auth on; if ($arg_x) { return 403 "if"; }
                   proxy_pass http://app; }
location /set { pay_auth on; set $to none; if ($arg_x) { set $to set; }
                proxy_pass http://app/$to; }
location /break { pay_auth on;
                  if ($arg_x) { rewrite ^ /broken break; }
                  proxy_pass http://app; }
location /last { if ($arg_x) { rewrite ^ /behind last; } return 404; }
location /behind { pay_auth on; proxy_pass http://app; }
location /pass { pay_auth on; if ($arg_x) { proxy_pass http://app; }
                 return 403; }
location /two { pay_auth on; if ($arg_x) { set $a 1; }
                if ($arg_y) { proxy_pass http://app; } }
location /method { pay_auth on; proxy_pass http://app;
                   if ($request_method = POST) { proxy_pass http://app; } }
--- call eval
[ { target => '/return?x=1', auth => undef }, { target => '/return?x=1' },
  { target => '/return', auth => undef }, { target => '/return' },
  map { Gate::five($_) }
  qw(/set?x=1 /break?x=1 /last?x=1 /two?x=1&y=1 /method) ]
--- problem eval
"-\n-\n401 signature_missing\n-\n" . $Gate::five x 5
--- error_code eval: [ 403, 403, 401, 200, (@Gate::codes) x 5 ]
--- app_calls
GET /return 200 []
POST /set 200 [{"amount":1}]
POST /broken?x=1 200 [{"amount":1}]
POST /behind?x=1 200 [{"amount":1}]
POST /two?x=1&y=1 200 [{"amount":1}]
POST /method 200 [{"amount":1}]


=== TEST 11: if and rewrite see no merchant yet, for nothing is checked
--- http_config eval: $Gate::http
--- config
location /a {
    pay_auth on;
    if ($pay_merchant) { return 403 "seen"; }
    if ($pay_auth_status) { return 403 "seen"; }
    set $early "<$pay_merchant$pay_key$pay_auth_status$pay_auth_reason>";
    add_header X-Early $early always;
    add_header X-Late $pay_merchant always;
    proxy_pass http://app;
}
--- call eval: [ Gate::five('/a') ]
--- problem eval: $Gate::five
--- response_headers eval
[ ("X-Early: <>\n! X-Late") x 3, ("X-Early: <>\nX-Late: demo") x 2 ]
--- app_calls
POST /a 200 [{"amount":1}]


=== TEST 12: rewrites from one checked location to another, checked once
--- http_config eval: $Gate::http
--- config
location /one { pay_auth on; rewrite ^/one(.*) /two$1 last;
                proxy_pass http://app; }
location /two { pay_auth on; rewrite ^/two(.*) /three$1 last;
                proxy_pass http://app; }
location /three { pay_auth on; proxy_pass http://app; }
location /gone { pay_auth on; rewrite ^ https://a.example/ permanent; }
location /loop { pay_auth on; rewrite ^ /loop last; proxy_pass http://app; }
--- call eval
[ Gate::five('/one?a=%2f'), { target => '/gone' }, { target => '/loop' } ]
--- problem eval: $Gate::five . "-\n-\n"
--- error_code eval: [ @Gate::codes, 301, 500 ]
--- app_calls
POST /three?a=%2f 200 [{"amount":1}]


=== TEST 13: try_files to a file, a location, a name and a status
--- http_config eval: $Gate::http
--- config
location /file { pay_auth on; try_files /page.txt =404; }
location /uri { pay_auth on; try_files /none.txt /app?by=uri; }
location /name { pay_auth on; try_files /none.txt @app; }
location /open { pay_auth on; try_files /none.txt @open; }
location /status { pay_auth on; try_files /none.txt =404; }
location /app { pay_auth on; proxy_pass http://app; }
location @app { pay_auth on; proxy_pass http://app; }
location @open { proxy_pass http://app; }
--- user_files
>>> page.txt
secret page
--- call eval
[ Gate::get('/file'), (map { Gate::five($_) } qw(/uri /name /open)),
  Gate::get('/status') ]
--- problem eval: $Gate::five x 5
--- error_code eval: [ (@Gate::codes) x 4, 401, 401, 401, 404, 409 ]
--- response_body_unlike eval
[ ('secret') x 3, 'xxx', ('secret') x 21 ]
--- app_calls
POST /app?by=uri 200 [{"amount":1}]
POST /name 200 [{"amount":1}]
POST /open 200 [{"amount":1}]


=== TEST 14: X-Accel-Redirect out of a checked location, and into one
--- http_config eval: $Gate::http
--- config
location /accel { pay_auth on; proxy_pass http://app;
                  location /accel/open { proxy_pass http://app; pay_auth off; } }
location /checked { pay_auth on; proxy_pass http://app; }
location /internal { internal; proxy_pass http://app; }
location /files/ { internal; pay_auth on; alias html/; }
location @named { pay_auth on; rewrite ^ /named break; proxy_pass http://app; }
--- user_files
>>> file.txt
secret file
--- call eval
[ map { Gate::get($_) }
  qw(/accel?/checked?a=1 /accel?/internal /accel?/files/file.txt
     /accel?@named) ]
--- problem eval: $Gate::five x 4
--- response_body_unlike eval
[ (('app|secret') x 3, 'xxx', 'app|secret') x 4 ]
--- app_calls
GET /accel?/checked?a=1 200 []
GET /checked?a=1 200 []
GET /accel?/internal 200 []
GET /internal 200 []
GET /accel?/files/file.txt 200 []
GET /accel?@named 200 []
GET /named?@named 200 []


=== TEST 15: X-Accel-Redirect of an open location: the check is not left out
--- http_config eval: $Gate::http
--- config
location /accel { proxy_pass http://app; }
location /checked { pay_auth on; proxy_pass http://app; }
location /files/ { internal; pay_auth on; alias html/; }
location @named { pay_auth on; rewrite ^ /named break; proxy_pass http://app; }
--- user_files
>>> file.txt
secret file
--- call eval
[ map { Gate::get($_) }
  qw(/accel?/checked /accel?/files/file.txt /accel?@named) ]
--- problem eval: $Gate::five x 3
--- response_body_unlike eval
[ (('app|secret') x 3, 'xxx', 'app|secret') x 3 ]
--- app_calls
GET /accel?/checked 200 []
GET /accel?/checked 200 []
GET /accel?/checked 200 []
GET /accel?/checked 200 []
GET /checked 200 []
GET /accel?/checked 200 []
GET /accel?/files/file.txt 200 []
GET /accel?/files/file.txt 200 []
GET /accel?/files/file.txt 200 []
GET /accel?/files/file.txt 200 []
GET /accel?/files/file.txt 200 []
GET /accel?@named 200 []
GET /accel?@named 200 []
GET /accel?@named 200 []
GET /accel?@named 200 []
GET /named?@named 200 []
GET /accel?@named 200 []


=== TEST 16: auth_request in front of a checked location: it is asked last
--- http_config eval: $Gate::http
--- config
pay_auth on;
auth_request /ask;
location = /ask {
    internal;
    auth_request off;
    proxy_pass http://app/mirror/asked;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
}
location /a { proxy_pass http://app; }
location /no { auth_request /refuse; proxy_pass http://app; }
location = /refuse { internal; auth_request off; pay_auth off; return 403; }
--- call eval: [ Gate::five('/a'), Gate::five('/no') ]
--- problem eval: $Gate::five x 2
--- error_code eval: [ @Gate::codes, 401, 401, 401, 403, 409 ]
--- app_calls
POST /a 200 [{"amount":1}]
--- mirror_calls
GET /mirror/asked 200 []


=== TEST 17: auth_request into a checked location is no check of its parent
--- http_config eval: $Gate::http
--- config
location /a { auth_request /gate; proxy_pass http://app; }
location = /gate { internal; pay_auth on; proxy_pass http://app/asked;
                   proxy_pass_request_body off;
                   proxy_set_header Content-Length ""; }
location /b { auth_request /b; pay_auth on; proxy_pass http://app; }
--- call eval: [ Gate::five('/a'), Gate::get('/b') ]
--- problem eval: "-\n" x 5 . "$Gate::five"
--- error_code eval: [ (403) x 5, @Gate::codes ]
--- app_calls
GET /b 200 []
GET /b 200 []


=== TEST 18: error_page 401 in place of our answer: page, status, address
--- http_config eval: $Gate::http
--- config
location /page { pay_auth on; error_page 401 /sign.html;
                 proxy_pass http://app; }
location /json { pay_auth on; error_page 401 @json; proxy_pass http://app; }
location /code { pay_auth on; error_page 401 =403 @code;
                 proxy_pass http://app; }
location /away { pay_auth on; error_page 401 https://a.example/sign;
                 proxy_pass http://app; }
location /more { pay_auth on; error_page 401 =418 /sign.html;
                 error_page 409 =410 /sign.html; proxy_pass http://app; }
location /other { pay_auth on; error_page 404 500 502 /sign.html;
                  proxy_pass http://app; }
location = /sign.html { }
location @json { default_type application/json; return 401 '{"sign":"it"}'; }
location @code { default_type text/x; return 403 "sign it"; }
--- user_files
>>> sign.html
page: sign it
--- call eval: [ map { Gate::five($_) } qw(/page /json /code /away /more /other) ]
--- error_code eval
[ @Gate::codes, @Gate::codes, 403, 403, 403, 200, 409, 302, 302, 302, 200, 409,
  418, 418, 418, 200, 410, @Gate::codes ]
--- response_body_like eval
[ ('^page: sign it$') x 3, '^app', 'nonce_replayed',
  ('^\{"sign":"it"\}$') x 3, '^app', 'nonce_replayed',
  ('^sign it$') x 3, '^app', 'nonce_replayed',
  ('302 Found') x 3, '^app', 'nonce_replayed',
  ('^page: sign it$') x 3, '^app', '^page: sign it$',
  ('signature_m') x 3, '^app', 'nonce_replayed' ]
--- app_calls
POST /page 200 [{"amount":1}]
POST /json 200 [{"amount":1}]
POST /code 200 [{"amount":1}]
POST /away 200 [{"amount":1}]
POST /more 200 [{"amount":1}]
POST /other 200 [{"amount":1}]


=== TEST 19: an error page of the application's own 401, for a checked request
--- http_config eval
Gate::http(app => <<'_E');
        location /deny { return 401 "app says no\n"; }
_E
--- config
location /deny {
    pay_auth on;
    proxy_intercept_errors on;
    error_page 401 @page;
    proxy_pass http://app;
}
location /none {
    pay_auth on;
    proxy_intercept_errors on;
    recursive_error_pages on;
    error_page 404 = @next;
    proxy_pass http://app;
}
location @page { return 401 "page\n"; }
location @next { pay_auth on; proxy_intercept_errors on;
                 error_page 404 = /last; rewrite ^ /none/too break;
                 proxy_pass http://app; }
location /last { pay_auth on; proxy_pass http://app; }
--- call eval: [ Gate::five('/deny'), Gate::five('/none') ]
--- error_code eval: [ 401, 401, 401, 401, 409, @Gate::codes ]
--- response_body_like eval
[ ('^page$') x 4, 'nonce_replayed', ('signature_m') x 3, '^app GET',
  'nonce_replayed' ]
--- app_calls
POST /deny 401 []
POST /none 404 []
POST /none/too 404 []
GET /last 200 [{"amount":1}]


=== TEST 20: a redirect that makes a GET of it: what was signed is not what is
asked for, and is refused; a named location keeps the method and the body
--- http_config eval: $Gate::http
--- config
location /uri { error_page 404 = /checked; return 404; }
location /accel { proxy_pass http://app; }
location /name { error_page 418 = @checked; return 418; }
location /checked { pay_auth on; proxy_pass http://app; }
location @checked { pay_auth on; proxy_pass http://app; }
--- call eval
[ map { Gate::five($_) } qw(/uri /accel?/checked /name) ]
--- problem eval
("401 signature_missing\n" . "401 signature_mismatch\n" x 4) x 2
. $Gate::five
--- app_calls
POST /accel?/checked 200 []
POST /accel?/checked 200 []
POST /accel?/checked 200 []
POST /accel?/checked 200 []
POST /accel?/checked 200 []
POST /name 200 [{"amount":1}]


=== TEST 21: mirror, with the body, without it, and into a checked location
--- http_config eval: $Gate::http
--- config
location /with { pay_auth on; mirror /m; proxy_pass http://app; }
location /without { pay_auth on; mirror /n; mirror_request_body off;
                    proxy_pass http://app; }
location /checked { pay_auth on; mirror /o; mirror /o; proxy_pass http://app; }
location = /m { internal; proxy_pass http://app/mirror/m;
                proxy_set_header X-Merchant $pay_merchant; }
location = /n { internal; proxy_pass http://app/mirror/n;
                proxy_pass_request_body off;
                proxy_set_header Content-Length ""; }
location = /o { internal; pay_auth on; proxy_pass http://app/mirror/o; }
--- call eval: [ map { Gate::five($_) } qw(/with /without /checked) ]
--- problem eval: $Gate::five x 3
--- app_calls
POST /with 200 [{"amount":1}]
POST /without 200 [{"amount":1}]
POST /checked 200 [{"amount":1}]
--- mirror_calls
POST /mirror/m 200 [{"amount":1}]
POST /mirror/n 200 []
POST /mirror/o 200 [{"amount":1}]
POST /mirror/o 200 [{"amount":1}]


=== TEST 22: SSI, addition and sub_filter out of a checked location
--- http_config eval: $Gate::http
--- config
location = /page.html { pay_auth on; ssi on; }
location /add { pay_auth on; addition_types *; add_before_body /b;
                add_after_body /c; proxy_pass http://app; }
location /sub { pay_auth on; sub_filter_types *; sub_filter app APP;
                proxy_pass http://app; }
location = /b { pay_auth on; proxy_pass http://app/b; }
location = /c { internal; proxy_pass http://app/mirror/c; }
--- user_files
>>> page.html
<<!--#include virtual="/b" set="x" --><!--#echo var="x" encoding="none" -->>
--- call eval: [ map { Gate::get($_) } qw(/page.html /add /sub) ]
--- problem eval: $Gate::five x 3
--- response_body_like eval
[ ('signature_m') x 3, '^<app GET /sink/b\n>$', 'nonce_replayed',
  ('signature_m') x 3, '^app GET /sink/b\napp GET /sink/add\napp GET /sink/c$',
  'nonce_replayed',
  ('signature_m') x 3, '^APP GET', 'nonce_replayed' ]
--- app_calls
GET /b 200 []
GET /add 200 []
GET /b 200 []
GET /sub 200 []
--- mirror_calls
GET /mirror/c 200 []


=== TEST 23: the same out of open pages shows nothing, signed or not
--- http_config eval: $Gate::http
--- config
location = /page.html { ssi on; ssi_types *; }
location /add { addition_types *; add_before_body /b; root html; }
location = /b { pay_auth on; proxy_pass http://app/b; }
location = /c { pay_auth on; root html; }
location = /d { pay_auth on; return 200 "secret of a return"; }
--- user_files
>>> page.html
<<!--#include virtual="/b" --><!--#include virtual="/c" --><!--#include virtual="/d" -->>
>>> c
secret of a file
>>> add
added
--- call eval: [ Gate::get('/page.html'), Gate::get('/add') ]
--- error_code eval: [ (200) x 10 ]
--- response_body_unlike eval: [ ('app|secret of a file') x 10 ]
--- app_calls


=== TEST 24: slice: each part is a subrequest of a checked request
--- http_config eval
Gate::http(more => "proxy_cache_path logs/cache keys_zone=c:1m;\n")
--- config
location /file.txt {
    pay_auth on;
    slice 8;
    proxy_cache c;
    proxy_cache_key $uri$slice_range;
    proxy_set_header Range $slice_range;
    proxy_http_version 1.1;
    proxy_cache_valid 200 206 1h;
    proxy_pass http://app/files/file.txt;
}
--- user_files
>>> file.txt
secret, in parts of eight
--- call eval
[ Gate::get('/file.txt'), Gate::get('/file.txt'),
  Gate::get('/file.txt', headers => [ 'Range: bytes=10-14' ]) ]
--- problem eval: $Gate::five x 3
--- error_code eval: [ @Gate::codes, @Gate::codes, 401, 401, 401, 206, 409 ]
--- response_body_like eval
[ ('signature_m') x 3, '^secret, in parts of eight$', 'nonce_replayed',
  ('signature_m') x 3, '^secret, in parts of eight$', 'nonce_replayed',
  ('signature_m') x 3, '^ part$', 'nonce_replayed' ]
--- app_calls
GET /files/file.txt 206 []
GET /files/file.txt 206 []
GET /files/file.txt 206 []
GET /files/file.txt 206 []


=== TEST 25: a cached answer, stale, that a subrequest renews
--- http_config eval
Gate::http(more => "proxy_cache_path logs/cache keys_zone=c:1m;\n")
--- config
location /a {
    pay_auth on;
    proxy_cache c;
    proxy_cache_valid 200 1s;
    proxy_cache_use_stale updating;
    proxy_cache_background_update on;
    add_header X-Cache $upstream_cache_status always;
    proxy_pass http://app;
}
--- steps
my @seen;

for (1 .. 40) {
    my $a = call('GET', '/a')->answer;
    push @seen, $a->header('X-Cache') // $a->{status};
    last if $seen[-1] eq 'STALE';
    is(ask('GET', '/a')->answer->{status}, 401, 'nobody else sees it');
    select undef, undef, undef, 0.25;
}

is($seen[0], 'MISS', 'the first is asked for');
is($seen[-1], 'STALE', 'a stale one comes');
is(join(' ', calls(2)), 'GET /a 200 [] GET /a 200 []', 'and is renewed, once');

sub calls { Gate::calls(@_) }


=== TEST 26: files: a directory, an index, a download, none
--- http_config eval: $Gate::http
--- config
pay_auth on;
location /list/ { pay_auth on; autoindex on; root html; }
location /get/ { pay_auth on; alias html/list/; }
--- user_files
>>> list/file.txt
secret file
>>> dir/index.html
secret index
--- call eval
[ map { Gate::get($_) }
  qw(/list/ /list/file.txt /get/file.txt /dir/ /dir /nothing) ]
--- problem eval: $Gate::five x 6
--- error_code eval
[ (@Gate::codes) x 4, 401, 401, 401, 301, 409, 401, 401, 401, 404, 409 ]
--- response_body_unlike eval
[ ((('secret|file') x 3, 'xxx', 'secret|file') x 4), ('secret|file') x 10 ]


=== TEST 27: dav: what is written was signed, and it wants a file
--- http_config eval: $Gate::http
--- config
location /dav/ {
    pay_auth on;
    dav_methods PUT DELETE MKCOL COPY MOVE;
    create_full_put_path on;
    client_body_in_file_only clean;
    root html;
}
location /read/ { alias html/dav/; }
--- call eval
[ Gate::five('/dav/a.txt', method => 'PUT'),
  { target => '/read/a.txt', auth => undef },
  Gate::five('/dav/a.txt', body => '', method => 'DELETE'),
  { target => '/read/a.txt', auth => undef } ]
--- error_code eval
[ 401, 401, 401, 201, 409, 200, 401, 401, 401, 204, 409, 404 ]
--- response_body_like eval
[ ('') x 5, '^\{"amount":1\}$', ('') x 6 ]


=== TEST 28: FastCGI: parameters and body of the one that was signed
--- http_config eval: $Gate::http
--- config eval
<<"_E";
location /php {
    pay_auth on;
    fastcgi_pass 127.0.0.1:$::fcgi->{port};
    fastcgi_param REQUEST_METHOD \$request_method;
    fastcgi_param REQUEST_URI \$request_uri;
    fastcgi_param CONTENT_LENGTH \$content_length;
    fastcgi_param REMOTE_USER \$pay_merchant;
}
_E
--- steps
my @five = map { Gate::bytes($_) }
           Gate::five('/php?a=%2f', headers => [ 'Connection: close' ]);

is(send_raw($_)->answer->{status}, 401, 'refused') for @five[0 .. 2];

my $c = send_raw($five[3]);
my ($q, $body, $p) = fcgi_take($fcgi);

is($body, '{"amount":1}', 'the body');
is("$p->{REQUEST_METHOD} $p->{REQUEST_URI} $p->{CONTENT_LENGTH} "
   . $p->{REMOTE_USER}, 'POST /php?a=%2f 12 demo', 'the parameters');

fcgi_reply($q, "Content-Type: text/plain\r\n\r\nok");
is($c->answer->{body}, 'ok', 'the answer');
is(send_raw($five[4])->answer->{status}, 409, 'a replay');
counts($fcgi, 0, 'one call');


=== TEST 29: a merchant for the application, that nobody else can name
--- http_config eval
Gate::http(more => <<"_E");
    map \$pay_merchant \$of_merchant {
        default 127.0.0.1:1;
        demo 127.0.0.1:$::raw->{port};
    }
_E
--- config
location /a {
    pay_auth on;
    proxy_set_header X-Merchant $pay_merchant;
    proxy_set_header X-Key $pay_key;
    proxy_set_header Authorization "";
    proxy_pass http://$of_merchant;
}
--- steps
my %c = (target => '/a?x', body => "a\0\xff\r\n", headers => [
    'X-Merchant: evil', 'X-Key: evil', 'X-Other: of the client',
    'Connection: close' ]);

is(send_raw(Gate::bytes({ %c, auth => undef }))->answer->{status}, 401,
   'refused');

my $c = send_raw(Gate::bytes(\%c));
my $q = $raw->take;

is($q->{line}, 'POST /a?x HTTP/1.0', 'the line');
is($q->{body}, "a\0\xff\r\n", 'the body');
is(scalar $q->header('X-Merchant'), 'demo', 'X-Merchant');
is(scalar $q->header('X-Key'), 'k1', 'X-Key');
is(scalar $q->header('X-Other'), 'of the client', "the client's own");
is(scalar $q->header('Authorization'), undef, 'no Authorization');
$q->reply(200, 'ok');
is($c->answer->{body}, 'ok', 'the answer');
counts($raw, 0, 'one call');


=== TEST 30: every variable, in the log, a map, a header and a subrequest
--- http_config eval
Gate::http(more => <<'_E');
    map "$pay_merchant/$pay_auth_status" $both { default $pay_key-$pay_error;
                                                 "/" neither; }
    log_format vars '$uri <$pay_merchant|$pay_key|$pay_auth_status|'
        '$pay_auth_reason|$pay_operation|$pay_channel|$pay_order_id|'
        '$pay_amount|$pay_currency|$pay_payment_status|$pay_error|'
        '$pay_channel_code|$pay_channel_time|$pay_event|$pay_notify_result|'
        '$pay_url|$pay_host|$pay_upstream> $both';
_E
--- config
access_log logs/mirror.log vars;
log_subrequest on;
location = /a { pay_auth on; add_after_body /sub; addition_types *;
                add_header X-Pay "<$pay_merchant $pay_auth_status $both>" always;
                proxy_pass http://app; }
location = /sub { internal; addition_types none/none;
                  return 200 "$pay_merchant $pay_key $pay_auth_status $both\n"; }
location = /off { add_header X-Pay "<$pay_merchant $both>" always; return 204; }
location = /page { pay_auth on; error_page 401 /told; proxy_pass http://app; }
location = /told { return 401 "$pay_auth_reason $pay_error $both\n"; }
--- call eval
[ Gate::five('/a'), { target => '/off' },
  { target => '/page', auth => undef }, { target => '/page', key => 'k9' } ]
--- error_code eval: [ @Gate::codes, 204, 401, 401 ]
--- response_headers eval
[ 'X-Pay: < signature_missing -signature_missing>',
  ('X-Pay: < signature_mismatch -signature_mismatch>') x 2,
  'X-Pay: <demo ok k1->', 'X-Pay: <demo nonce_replayed k1-nonce_replayed>',
  'X-Pay: < neither>', '', '' ]
--- response_body_like eval
[ ('signature_m') x 3, "\ndemo k1 ok k1-\$", 'nonce_replayed', '^$',
  '^no_authorization signature_missing -signature_missing$',
  '^signature signature_mismatch -signature_mismatch$' ]
--- mirror_calls
/a <-|-|signature_missing|no_authorization|-|-|-|-|-|-|signature_missing|-|-|-|-|-|-|-> -signature_missing
/a <-|-|signature_mismatch|signature|-|-|-|-|-|-|signature_mismatch|-|-|-|-|-|-|-> -signature_mismatch
/a <-|-|signature_mismatch|signature|-|-|-|-|-|-|signature_mismatch|-|-|-|-|-|-|-> -signature_mismatch
/sub <demo|k1|ok|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-> k1-
/a <demo|k1|ok|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-> k1-
/a <demo|k1|nonce_replayed|replay|-|-|-|-|-|-|nonce_replayed|-|-|-|-|-|-|-> k1-nonce_replayed
/off <-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-> neither
/told <-|-|signature_missing|no_authorization|-|-|-|-|-|-|signature_missing|-|-|-|-|-|-|-> -signature_missing
/told <-|-|signature_mismatch|signature|-|-|-|-|-|-|signature_mismatch|-|-|-|-|-|-|-> -signature_mismatch


=== TEST 31: the same in the log of what never was a request
--- http_config eval
Gate::http(more => <<'_E');
    log_format vars '$status <$pay_merchant$pay_key$pay_auth_status'
        '$pay_auth_reason$pay_operation$pay_channel$pay_order_id$pay_amount'
        '$pay_currency$pay_payment_status$pay_error$pay_channel_code'
        '$pay_channel_time$pay_event$pay_notify_result$pay_url$pay_host'
        '$pay_upstream>';
_E
--- config
pay_auth on;
access_log logs/mirror.log vars;
error_page 400 413 @page;
error_page 404 405 408 414 =200 @page;
location /a { client_max_body_size 1; proxy_pass http://app; }
location @page { pay_auth off; return 200 "$pay_merchant$pay_auth_status."; }
--- steps
my $empty = '<' . '-' x 18 . '>';

for (
    [ "GARBAGE\r\n\r\n", 'no request' ],
    [ "GET /a HTTP/1.1\r\n\r\n", 'no Host' ],
    [ "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 'two of them' ],
    [ "GET /" . 'a' x 40000 . " HTTP/1.1\r\nHost: a\r\n\r\n", 'long' ],
    [ "GET /a HTTP/1.1\r\nHost: a\r\nX: " . 'a' x 40000 . "\r\n\r\n", 'big' ],
    [ "CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n", 'CONNECT' ],
    [ "TRACE /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 'TRACE' ],
    [ "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx", 'body' ]
) {
    my ($bytes, $name) = @$_;
    my $c = send_raw($bytes)->answer;

    unlike($c->{raw}, qr/\nServer: [^\n]*\n.*app /s, "$name: no application");
    like($c->{status}, qr/^(?:[2-5]\d\d)$/, "$name: an answer");
}

my $log = Test::Nginx::Util::server_root() . '/logs/mirror.log';
my @lines;

for (1 .. 40) {
    @lines = split /\n/, Pay::_read($log);
    last if @lines >= 8;
    select undef, undef, undef, 0.05;
}

is(scalar @lines, 8, 'a line of each');
is(scalar(grep { !/ \Q$empty\E$/ } @lines), 0, 'nothing in them')
    or diag join "\n", @lines;
is(Pay::_read(Test::Nginx::Util::server_root() . '/logs/app.log'), '',
   'no call');


=== TEST 32: H-16: satisfy any, wherever pay_auth is in effect
--- config
--- steps
my $conf = sub {
    my ($http, $server) = @_;

    return Gate::checked("pay_zone zone=p:1m;\npay_merchant m { secret k1 "
                         . Pay::keys() . "/demo.k1; }\n$http\nserver {\n"
                         . 'listen unix:' . Pay::file('none', '')
                         . ".sock;\n$server\n}\n");
};

my $any = 'satisfy any; allow all;';

for (
    [ 'both of http', "pay_auth on; $any", '' ],
    [ 'gate of http, any of a server', 'pay_auth on;', $any ],
    [ 'gate of http, any of a location', 'pay_auth on;',
      "location /a { $any }" ],
    [ 'gate of a server, any of http', $any, 'pay_auth on;' ],
    [ 'both of a server', '', "$any pay_auth on;" ],
    [ 'both of a server, all in one location', '',
      "$any pay_auth on; location / { satisfy all; }" ],
    [ 'any of a server, gate of a location', '',
      "$any location /a { pay_auth on; }" ],
    [ 'any of a location, gate of one in it', '',
      "location /a { $any location /a/b { pay_auth on; } }" ],
    [ 'gate of a location, any of one in it', '',
      "location /a { pay_auth on; location ~ b { $any } }" ],
    [ 'off between them', '', "pay_auth on; location /a { pay_auth off; "
      . "location /a/b { pay_auth on; $any } }" ],
    [ 'a named location', '', "location \@a { pay_auth on; $any }" ],
    [ 'an exact location', '', "location = /a { pay_auth on; $any }" ],
    [ 'a regex', '', "location ~ \\.a\$ { pay_auth on; $any }" ],
    [ 'an internal one', '', "location /a { internal; pay_auth on; $any }" ],
    [ 'with auth_basic', '', "location /a { pay_auth on; satisfy any; "
      . 'auth_basic "a"; auth_basic_user_file u; }' ],
    [ 'with auth_request', '', "location /a { pay_auth on; satisfy any; "
      . 'auth_request /b; }' ],
    [ 'with an if', '', "location /a { pay_auth on; $any "
      . 'if ($arg_x) { set $y 1; } }' ],
    [ 'with limit_except', '', "location /a { pay_auth on; $any "
      . 'limit_except GET { deny all; } }' ],
    [ 'any behind the gate', '', "location /a { satisfy any; pay_auth on; }" ]
) {
    my ($name, @texts) = @$_;

    like($conf->(@texts), qr/^\[emerg\] "pay_auth" in .* "satisfy any": /,
         $name);
}

for (
    [ 'off in the location', '', "pay_auth on; location /a { pay_auth off; "
      . "$any }" ],
    [ 'in another location', '', "location /a { pay_auth on; } "
      . "location /b { $any }" ],
    [ 'all again', '', "$any location /a { satisfy all; pay_auth on; } "
      . 'location / { }' ],
    [ 'satisfy all', '', 'satisfy all; pay_auth on;' ]
) {
    my ($name, @texts) = @$_;

    is($conf->(@texts), '', "taken: $name");
}


=== TEST 33: one connection, kept: refused and let through in turns
--- http_config eval: $Gate::http
--- config
pay_auth on;
location /a { proxy_pass http://app; }
location /small { client_body_buffer_size 16; proxy_pass http://app; }
location /file { client_body_in_file_only clean; proxy_pass http://app; }
location /stream { proxy_request_buffering off; proxy_http_version 1.1;
                   proxy_pass http://app; }
location /413 { client_max_body_size 4; proxy_pass http://app; }
location /page { error_page 401 /sign.html; proxy_pass http://app; }
location = /sign.html { pay_auth off; return 401 "sign it\n"; }
--- steps
my $c = send_raw('');
my $say = sub {
    my ($want, @calls) = @_;

    for my $call (@calls) {
        my @pieces = split /(?<=\r\n\r\n)/, Gate::bytes($call), 2;

        for my $bytes (@pieces) {
            $c->send($bytes);
            select undef, undef, undef, 0.01;
        }

        my $want = shift @$want;
        my $got = $c->read->{status};

        if ($got == 100) {
            like($c->{buf}, qr/^$|^HTTP/, 'then the answer');
            $got = $c->read->{status};
        }

        is($got, $want, "$call->{target} $want");
    }
};

my $long = join '', map { "line $_ of the body\n" } 1 .. 500;
my @expect = (headers => [ 'Expect: 100-continue' ]);

$say->([ 401, 401, 401, 200, 409 ], Gate::five($_, body => "of $_"))
    for qw(/a /small /file /stream);
$say->([ 401, 401, 401, 200, 409 ], Gate::five("$_?c", chunked =>
       [ 'a', 'bcd', "\r\n0\r\n\r\n", 'x' x 40 ], body => "abcd\r\n0\r\n\r\n"
       . 'x' x 40)) for qw(/a /small /file /stream);
$say->([ 401, 401, 401, 200, 409 ], Gate::five("$_?l", body => $long))
    for qw(/a /small /file /stream);
$say->([ 401, 401, 401, 200, 409 ], Gate::five("$_?e", body => "of $_",
       @expect)) for qw(/a /small /file /stream);
$say->([ 401, 401, 401, 200, 409 ], Gate::five('/page'));
$say->([ 401, 200, 200 ], { target => '/page', auth => undef,
       body => $long }, { target => '/a?1' }, { target => '/a?2' });

my @calls = Gate::calls(20 + 500 * 4);
my @of = grep { /^POST / } @calls;

is(scalar @of, 17, 'as many calls as were let through');
is(scalar(grep { /^GET/ } @calls), 2, '... and those without a body');
is(scalar(grep { /\[of \/\w+\]$/ } @calls), 8, '... with their bodies')
    or diag join "\n", @calls;
is(scalar(grep { /^line 500 of the body$/ } @calls), 4, '... the long ones');

$c->send(Gate::bytes({ target => '/413', body => 'xxxx' }));
is($c->read->{status}, 200, '413: as long as may be');
$c->send(Gate::bytes({ target => '/413', body => 'xxxxx' }));
is($c->read->{status}, 413, '413: longer');


=== TEST 34: HTTP/2: the compositions again
--- http_config eval: $Gate::http
--- config
location /a { pay_auth on; proxy_pass http://app; }
location /rewrite { rewrite ^ /a last; }
location /try { pay_auth on; try_files /no @app; }
location /named { error_page 418 = @app; return 418; }
location /mirrored { pay_auth on; mirror /m; proxy_pass http://app; }
location /asked { pay_auth on; auth_request /m; proxy_pass http://app; }
location /page { pay_auth on; error_page 401 @page; proxy_pass http://app; }
location /returned { pay_auth on; return 200 "secret"; }
location = /m { internal; proxy_pass_request_body off;
                proxy_set_header Content-Length "";
                proxy_pass http://app/mirror/m; }
location @app { pay_auth on; proxy_pass http://app; }
location @page { return 401 "sign it\n"; }
--- http2
--- call eval
[ (map { Gate::five($_) }
   qw(/a?x=%2f /rewrite /try /named /mirrored /asked /page)),
  { target => '/returned' } ]
--- error_code eval: [ (@Gate::codes) x 7, 500 ]
--- response_body_unlike eval: [ ((('app') x 3, 'xxx', 'app') x 7), 'secret' ]
--- app_calls
POST /a?x=%2f 200 [{"amount":1}]
POST /a 200 [{"amount":1}]
POST /try 200 [{"amount":1}]
POST /named 200 [{"amount":1}]
POST /mirrored 200 [{"amount":1}]
POST /asked 200 [{"amount":1}]
POST /page 200 [{"amount":1}]
--- mirror_calls
POST /mirror/m 200 []
GET /mirror/m 200 []


=== TEST 35: HTTP/2: frames, copies side by side, a client that resets
--- http_config eval: $Gate::http
--- config
listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 http2;
location /a { pay_auth on; proxy_pass http://app; }
location /small { pay_auth on; client_body_buffer_size 16;
                  proxy_pass http://app; }
location /file { pay_auth on; client_body_in_file_only clean;
                 proxy_pass http://app; }
location /stream { pay_auth on; proxy_request_buffering off;
                   proxy_http_version 1.1; proxy_pass http://app; }
--- steps
my $port = $Test::Nginx::Util::RandPorts->{TEST_NGINX_RAND_PORT_2};
my $h = Drill::H2->new($port);

# HEADERS with the header of a call, then what the caller sends

my $open = sub {
    my ($h, $call, @more) = @_;

    my $stream = $h->{stream} += 2;
    my $auth = Pay::authorization(method => 'POST', %$call);
    my $block = join '', map { "\0" . join '', map {
        Drill::H2::_length(length $_) . $_ } @$_
    } [ ':method', 'POST' ], [ ':scheme', 'http' ],
      [ ':path', $call->{target} ], [ ':authority', 'a' ],
      [ 'authorization', $auth ], @more;

    $h->_frame(Drill::H2::HEADERS, Drill::H2::END_HEADERS, $stream, $block);

    return $stream;
};
my $data = sub {
    my ($h, $stream, $bytes, $end, $pad) = @_;

    $h->_frame(Drill::H2::DATA, ($end ? 1 : 0) | ($pad ? 8 : 0), $stream,
               $pad ? chr($pad) . $bytes . "\0" x $pad : $bytes);
};

my %want;

for my $where (qw(/a /small /file /stream)) {
    for my $frames (
        [ 'one' ], [ 'in ', 'two' ], [ '', 'and', '', ' empty', '' ],
        [ split //, 'one byte each' ], [ map { 'x' x 1000 } 1 .. 20 ]
    ) {
        my $body = join '', @$frames;
        my $name = "$where, " . @$frames . ' frames';
        my $stream = $open->($h, { target => $where, body => $body });

        $data->($h, $stream, $frames->[$_], $_ == $#$frames)
            for 0 .. $#$frames;
        is($h->answer($stream)->{status}, 200, $name);
        $want{"POST $where 200 [$body]"}++;

        $stream = $open->($h, { target => $where, body => "$body." });
        $data->($h, $stream, $frames->[$_], $_ == $#$frames)
            for 0 .. $#$frames;
        is($h->answer($stream)->{status}, 401, "$name, a byte is missing");
    }

    my $stream = $open->($h, { target => $where, body => 'padded' });
    $data->($h, $stream, 'pad', 0, 100);
    $data->($h, $stream, 'ded', 1, 1);
    is($h->answer($stream)->{status}, 200, "$where, padding");
    $want{"POST $where 200 [padded]"}++;

    # a length that is not that of the body

    for my $length (3, 5) {
        $stream = $open->($h, { target => $where, body => 'four' },
                          [ 'content-length', $length ]);
        $data->($h, $stream, 'four', 1);
        like($h->answer($stream)->{status}, qr/^(?:400|0)$/,
             "$where, a length of $length");
    }

    # copies of one request, the bodies in turns

    my %copy = (target => $where, body => 'abc', nonce => Pay::nonce(),
                timestamp => time + 30);
    my @s = map { $open->($h, \%copy) } 1 .. 8;

    for my $i (0 .. 2) {
        $data->($h, $_, substr('abc', $i, 1), $i == 2) for @s;
    }

    is(join(' ', sort map { $h->answer($_)->{status} } @s),
       '200' . ' 409' x 7, "$where, copies side by side");
    $want{"POST $where 200 [abc]"}++;

    # resets: before, within and behind the body

    for my $sent ('', 'ha') {
        $stream = $open->($h, { target => $where, body => 'half' });
        $data->($h, $stream, $sent, 0) if $sent ne '';
        $h->cancel($stream);
    }
}

# what is reset at once may have been let through, once; it is not two

my %last = (target => '/a', body => 'last', nonce => Pay::nonce());
my $gone = $open->($h, \%last);
$data->($h, $gone, 'last', 1);
$h->cancel($gone);

my $again = $open->($h, \%last);
$data->($h, $again, 'last', 1);
like($h->answer($again)->{status}, qr/^(?:200|409)$/, 'sent, reset, and again');

my $end = $open->($h, { target => '/a', body => 'end' });
$data->($h, $end, 'end', 1);
is($h->answer($end)->{status}, 200, 'the connection goes on');
$want{'POST /a 200 [end]'}++;

# a connection that closes within a body

my $h2 = Drill::H2->new($port);
my $half = $open->($h2, { target => '/a', body => 'half' });
$data->($h2, $half, 'ha', 0);
$h2->goaway;
close $h2->sock;
select undef, undef, undef, 0.2;

my %got;
my $n = 0;
$n += $_ for values %want;
$got{$_}++ for grep { !/ (?:200|499) \[last\]$/ } Gate::calls($n);
is_deeply(\%got, \%want, 'the application has got that, each once');
is(scalar(grep { / \[last\]$/ } Gate::calls($n)) <= 1 ? 1 : 0, 1,
   'and what was reset at most once');


=== TEST 36: methods: what is signed is what is asked
--- http_config eval: $Gate::http
--- config
location /a { pay_auth on; proxy_pass http://app; }
location /b { pay_auth on; limit_except GET POST { deny all; }
              proxy_pass http://app; }
--- call eval
[ (map { Gate::five('/a', method => $_) }
   qw(GET PUT PATCH DELETE OPTIONS PROPFIND LOCK PURGE X_Y)),
  Gate::get('/a', method => 'HEAD'), Gate::get('/a', method => 'OPTIONS'),
  Gate::five('/b', method => 'PUT'),
  map { { target => '/a', method => $_ } } qw(TRACE get CONNECT) ]
--- error_code_like eval
[ ('401', '401', '401', '200', '409') x 11, '401', '401', '401', '403', '409',
  '405', '40', '40' ]
--- response_body_like eval
[ ('') x 45, ('^$') x 5, ('') x 13 ]
--- app_calls
GET /a 200 [{"amount":1}]
PUT /a 200 [{"amount":1}]
PATCH /a 200 [{"amount":1}]
DELETE /a 200 [{"amount":1}]
OPTIONS /a 200 [{"amount":1}]
PROPFIND /a 200 [{"amount":1}]
LOCK /a 200 [{"amount":1}]
PURGE /a 200 [{"amount":1}]
X_Y /a 200 [{"amount":1}]
HEAD /a 200 []
OPTIONS /a 200 []


=== TEST 37: a body in a file: for the mirror, an error page, a second try
--- http_config eval
Gate::http(app => <<'_E', more => <<'_M');
        location /none/ {
            access_log logs/app.log pay_app;
            proxy_intercept_errors on;
            error_page 401 =404 @none;
            proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/refuse;
        }
        location = /refuse { access_log off; return 401; }
        location @none { return 404 "app none\n"; }
_E
    upstream first { server 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
                     server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 backup; }
_M
--- config
client_body_buffer_size 1k;
pay_auth on;
location /mirrored { mirror /m; proxy_pass http://app; }
location = /m { internal; proxy_pass http://app/mirror/m; }
location /none/ { proxy_intercept_errors on; error_page 404 = @next;
                  proxy_pass http://app; }
location @next { rewrite ^ /next break; proxy_pass http://app; }
location /tried { proxy_pass http://first; }
location /if { if ($arg_x) { proxy_pass http://app; } }
--- call eval
[ map { Gate::five($_, body => 'a body, ' x 200) }
  qw(/mirrored /none/ /tried /if?x=1) ]
--- problem eval: $Gate::five x 4
--- app_calls eval
CORE::join '', map { "POST $_ [" . 'a body, ' x 200 . "]\n" }
    '/mirrored 200', '/none/ 404', '/next 200', '/tried 200', '/if?x=1 200'
--- mirror_calls eval: 'POST /mirror/m 200 [' . 'a body, ' x 200 . "]\n"


=== TEST 38: an internal location, and what a checked one leads to, from outside
--- http_config eval: $Gate::http
--- config
pay_auth on;
location /in { internal; proxy_pass http://app; }
location /page { error_page 404 /in; proxy_intercept_errors on;
                 proxy_pass http://app/none; }
--- call eval: [ Gate::get('/in'), Gate::get('/page') ]
--- error_code eval: [ (404) x 5, 401, 401, 401, 404, 409 ]
--- app_calls
GET /none 404 []
GET /in 200 []


=== TEST 39: our own handlers behind the gate: a status page, the unified API,
a desk for notices, which have their own
--- http_config eval: Pay::http()
--- config eval
"pay_auth on;\n" . Pay::locations() . <<'_E';
location = /status { pay_status json; }
location = /metrics { pay_status prometheus; }
_E
--- call eval
[ Gate::get('/status'), Gate::get('/metrics'), Gate::get('/v1/none'),
  Gate::five('/v1/payments', body => '{}'),
  { target => '/notify/wechat', auth => undef, body => '{}' } ]
--- error_code_like eval
[ ('401', '401', '401', '200', '409') x 2, '401', '401', '401', '404', '409',
  '401', '401', '401', '4[02]', '409', '[45]\d\d' ]
--- response_body_unlike eval
[ (('nonces') x 3, 'xxx', 'nonces') x 2, ('xxx') x 11 ]
--- channel_calls


=== TEST 40: a gate cannot be opened by a condition
--- config
--- steps
my $keys = Pay::keys();
my $socket = Pay::file('none', '') . '.sock';
my $said = sub {
    return Gate::checked("pay_zone zone=p:1m;\npay_merchant m { secret k1 "
                         . "$keys/demo.k1; }\nserver { listen unix:$socket;\n"
                         . "location /a { pay_auth on; $_[0]\n}\n}\n");
};

for my $line ('pay_auth off;', 'pay_auth on;', 'pay_auth_window 10s;') {
    like($said->("$_ { $line }"), qr/^\[emerg\] "pay_auth\w*" directive is not /,
         "$_ { $line }")
        for 'if ($arg_x)', 'limit_except GET';
}

like($said->($_), qr/^\[emerg\]/, $_)
    for 'pay_auth off;', 'pay_auth on;', 'pay_auth $arg_x;', 'pay_auth 1;',
        'pay_auth_window $arg_x;';


=== TEST 41: what the guard withholds does not get out by an error page either
--- http_config eval: $Gate::http
--- config
location /same { pay_auth on; error_page 500 /same; return 200 "secret"; }
location /name { pay_auth on; error_page 500 @other; return 200 "secret"; }
location /open { pay_auth on; error_page 500 /page; return 200 "secret"; }
location /app { pay_auth on; error_page 500 @app; return 200 "secret"; }
location /code { pay_auth on; error_page 401 =418 /other;
                 proxy_pass http://app; }
location /lost { error_page 404 /other; return 404; }
location /last { error_page 404 /over; return 404; }
location /away { error_page 404 /back; return 404; }
location /other { pay_auth on; return 200 "secret"; }
location /over { pay_auth on; rewrite ^ /other last; }
location /back { pay_auth on; rewrite ^ /page last; }
location @other { pay_auth on; return 200 "secret"; }
location @app { pay_auth on; proxy_pass http://app; }
location = /page { return 200 "a page"; }
--- call eval
[ map { my $c = $_; map { { target => $_, %$c } }
                    qw(/same /name /open /app /code /lost /last /away) }
  { auth => undef }, { secret => 'wrong' } ]
--- error_code eval: [ (500, 500, 500, 401, 500, 500, 500, 404) x 2 ]
--- response_body_like eval
[ ('500 Internal', '500 Internal', '^a page$', '"signature_m',
   '500 Internal', '500 Internal', '500 Internal', '^a page$') x 2 ]
--- response_body_unlike eval: [ ('secret|app') x 16 ]
--- app_calls


=== TEST 42: ... nor by that of the server, of a subrequest, nor by a return there
--- http_config eval: $Gate::http
--- config
pay_auth on;
error_page 401 404 /told;
if ($uri = /told) { return 200 "secret"; }
location /a { proxy_pass http://app; }
location /ssi.html { pay_auth off; ssi on; }
location /part { pay_auth off; error_page 404 /hidden; return 404; }
location /hidden { return 200 "secret"; }
--- user_files
>>> ssi.html
<<!--#include virtual="/part" -->>
--- call eval
[ { target => '/a', auth => undef }, { target => '/a', secret => 'wrong' },
  { target => '/ssi.html', auth => undef } ]
--- error_code eval: [ 500, 500, 200 ]
--- response_body_unlike eval: [ ('secret|app') x 3 ]
--- app_calls


=== TEST 43: the status of an error page in a checked location, for the checked
--- http_config eval: $Gate::http
--- config
location /lost { error_page 404 /page; return 404; }
location /name { error_page 418 @page; return 418; }
location /page { pay_auth on; proxy_pass http://app; }
location @page { pay_auth on; proxy_pass http://app; }
--- call eval
[ map { my $t = $_; map { { target => $t, %$_ } }
                    {}, { auth => undef }, { secret => 'wrong' } }
  qw(/lost /name) ]
--- error_code eval: [ 404, 401, 401, 418, 401, 401 ]
--- response_body_like eval
[ ('^app GET', '"status":401', '"status":401') x 2 ]
--- app_calls
GET /page 200 []
GET /name 200 []


=== TEST 44: a mirror of the server and a page for refusals: checked, it mirrors
nothing that is not
--- http_config eval: $Gate::http
--- config
mirror /m;
location /a { pay_auth on; error_page 401 /page; proxy_pass http://app; }
location = /page { return 401 "sign it"; }
location /file { pay_auth on; error_page 401 /page.html; proxy_pass http://app; }
location = /page.html { }
location = /m { internal; pay_auth on; proxy_pass http://app/mirror/m; }
--- user_files
>>> page.html
sign it
--- call eval: [ Gate::five('/a'), Gate::five('/file') ]
--- error_code eval: [ (@Gate::codes) x 2 ]
--- app_calls
POST /a 200 [{"amount":1}]
POST /file 200 [{"amount":1}]
--- mirror_calls
POST /mirror/m 200 [{"amount":1}]
POST /mirror/m 200 [{"amount":1}]


=== TEST 45: a body that stops in the middle: 408, and no nonce is used
--- http_config eval: $Gate::http
--- config
client_body_timeout 300ms;
location /a { pay_auth on; error_page 408 =200 @app; proxy_pass http://app; }
location @app { proxy_pass http://app; }
--- steps
my %call = (target => '/a', body => 'abcdef', nonce => Pay::nonce(),
            timestamp => time + 30, headers => [ 'Connection: close' ]);
my $bytes = Gate::bytes(\%call);

for my $cut (1, 3) {
    my $c = send_raw(substr $bytes, 0, -$cut);

    like($c->answer->{status}, qr/^(?:0|408)$/, "$cut bytes are missing");
}

my $chunked = Gate::bytes({ %call, chunked => [ 'abc', 'def' ] });
my $c = send_raw(substr $chunked, 0, -5);

like($c->answer->{status}, qr/^(?:0|408)$/, 'the last chunk is missing');
is(send_raw($bytes)->answer->{status}, 200, 'then the whole of it');
is(send_raw($bytes)->answer->{status}, 409, '... once');
is(join(' ', Gate::calls(1)), 'POST /a 200 [abcdef]', 'one call');


=== TEST 46: HTTP/2: odd paths and hosts
--- http_config eval: $Gate::http
--- config
listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 http2;
location /a { pay_auth on; proxy_pass http://app; }
--- steps
my $port = $Test::Nginx::Util::RandPorts->{TEST_NGINX_RAND_PORT_2};
my @passed;

my $try = sub {
    my ($path, $signed, @more) = @_;
    my $h = Drill::H2->new($port);

    return $h->answer($h->request('POST', $path, 'x', [ 'authorization' =>
        Pay::authorization(method => 'POST', target => $signed // $path,
                           body => 'x') ], @more));
};

for my $path ('/a', '//a', '/./a', '/%61', '/a?x=%2f', '/a?x#y', '/x/../a',
              "/a?\xff")
{
    is($try->($path)->{status}, 200, "$path");
    push @passed, $path;
}

is($try->(@$_)->{status}, 401, "@$_: not signed so")
    for [ '//a', '/a' ], [ '/a?x=%2f', '/a?x=%2F' ], [ '/a?x#y', '/a?x' ],
        [ '/x/../a', '/a' ];

for my $path ('a', '*', '', 'http://a/a', '/a b', "/a\0", "/a\n") {
    isnt($try->($path)->{status} // 0, 200, "'$path': refused");
}

for ([ 'two of them', [ 'authorization', 'x' ] ],
     [ 'capitals', [ 'Authorization', 'x' ] ],
     [ 'another host', [ 'host', 'b' ] ],
     [ 'transfer-encoding', [ 'transfer-encoding', 'chunked' ] ],
     [ 'a method too many', [ ':method', 'GET' ] ])
{
    my ($name, $line) = @$_;
    my $status = $try->('/a', undef, $line)->{status} // 0;

    like($status, qr/^(?:0|200|400|401)$/, $name);
    push @passed, '/a' if $status == 200;
}

is_deeply([ map { (split)[1] } Gate::calls(scalar @passed) ], \@passed,
          'what the application got');


=== TEST 47: satisfy all: auth_basic, and a signature that leaves it its header
--- http_config eval: $Gate::http
--- config eval
my $users = Pay::file('users', "demo:{PLAIN}demo\n");
<<"_E";
location /a {
    pay_auth on;
    auth_basic "a";
    auth_basic_user_file $users;
    proxy_pass http://app;
}
_E
--- call eval
my @basic = (auth => 'Basic ZGVtbzpkZW1v');
[ Gate::five_messages('/a?x=%2f', @basic), Gate::five_messages('/a'),
  Gate::five_messages('/a', auth => 'Basic ZGVtbzp3cm9uZw=='),
  Gate::five_messages('/a', @basic, body => '') ]
--- error_code eval
[ @Gate::codes, (401, 401, 401, 401, 409) x 2, 401, 401, 400, 200, 409 ]
--- response_body_like eval
[ 'signature_missing', ('signature_mismatch') x 2, '^app POST', 'replayed',
  (('signature_m') x 3, '401 Auth', 'replayed') x 2,
  ('signature_m') x 3, '^app GET', 'replayed' ]
--- app_calls
POST /a?x=%2f 200 [{"amount":1}]
GET /a 200 []


=== TEST 48: the compositions by the other form of signature
--- http_config eval: $Gate::http
--- config
location /rewrite { rewrite ^/rewrite(.*) /b$1 last; }
location /b { pay_auth on; proxy_pass http://app; }
location /try { pay_auth on; try_files /no /b; }
location /named { error_page 418 = @app; return 418; }
location /mirrored { pay_auth on; mirror /m; proxy_pass http://app; }
location /page { pay_auth on; error_page 401 @page; proxy_pass http://app; }
location /file { pay_auth on; client_body_in_file_only clean;
                 proxy_pass http://app; }
location = /m { internal; pay_auth on; proxy_pass http://app/mirror/m; }
location @app { pay_auth on; proxy_pass http://app; }
location @page { return 401 "sign it\n"; }
--- call eval
[ (map { Gate::five_messages($_) }
   qw(/rewrite?x=%2f /try /named /mirrored /page /file)),
  Gate::five_messages('/file', chunked => [ '{"amount":', '1}' ]) ]
--- error_code eval: [ (@Gate::codes) x 7 ]
--- response_body_unlike eval: [ (('app') x 3, 'xxx', 'app') x 7 ]
--- app_calls
POST /b?x=%2f 200 [{"amount":1}]
POST /b 200 [{"amount":1}]
POST /named 200 [{"amount":1}]
POST /mirrored 200 [{"amount":1}]
POST /page 200 [{"amount":1}]
POST /file 200 [{"amount":1}]
POST /file 200 [{"amount":1}]
--- mirror_calls
POST /mirror/m 200 [{"amount":1}]


=== TEST 49: one nonce in two forms is one nonce; two forms at once are refused
or are one
--- http_config eval: $Gate::http
--- config
location /a { pay_auth on; proxy_pass http://app; }
--- call eval
my %c = (target => '/a', body => 'x', nonce => 'two-forms-012345');
my $message = sub { my %p = (%c, @_); +{ headers => [ sub {
    Gate::message(%p) } ] } };
[ { %c, %{ $message->() }, auth => undef }, { %c },
  { %c, nonce => 'two-forms-012346' },
  { %c, %{ $message->(nonce => 'two-forms-012346') }, auth => undef },
  { %c, %{ $message->(nonce => 'two-forms-012347') }, secret => 'wrong' },
  { %c, %{ $message->(nonce => 'two-forms-012347', secret => 'wrong') },
    nonce => 'two-forms-012348' },
  { %c, %{ $message->(nonce => 'two-forms-012347') }, auth => undef } ]
--- error_code_like eval
[ '200', '409', '200', '409', '40[01]', '200|40[01]', '200' ]


=== TEST 50: H-15: a return of a checked location, by subrequests of an open one
--- http_config eval: $Gate::http
--- config
location = /ssi.html { ssi on; ssi_types *; }
location = /set.html { ssi on; ssi_types *; }
location /add { addition_types *; add_after_body /b; root html; }
location = /b { pay_auth on; return 200 "secret of a return"; }
location = /c { pay_auth on; if ($uri) { return 200 "secret of an if"; } }
--- user_files
>>> ssi.html
<<!--#include virtual="/b" --><!--#include virtual="/c" -->>
>>> set.html
<<!--#include virtual="/b" set="x" --><!--#echo var="x" -->>
>>> add
added
--- call eval: [ map { Gate::get($_) } qw(/ssi.html /set.html /add) ]
--- error_code eval: [ (200) x 15 ]
--- response_body_unlike eval: [ ('secret') x 15 ]


=== TEST 51: H-15: auth_request to a checked location that only returns
--- http_config eval: $Gate::http
--- config
location /a { auth_request /ok; proxy_pass http://app; }
location /b { auth_request /if; proxy_pass http://app; }
location = /ok { internal; pay_auth on; return 204; }
location = /if { internal; pay_auth on; if ($uri) { return 200; } }
--- call eval: [ map { Gate::five($_) } qw(/a /b) ]
--- error_code_like eval: [ ('^(?:401|403|500)$') x 10 ]
--- app_calls
