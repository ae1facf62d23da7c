#
# Copyright (C) the ngx_pay authors
#
# H-15: the gate in the compositions that nginx's own directives make.  Of
# five copies of each request (see t/lib/Gate.pm) one may reach what is
# protected, once and with its own bytes.
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;
use Gate;

no_long_string();
no_shuffle();
log_level('info');

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
my $a = Pay::authorization(method => 'POST', target => '/a', body => 'x');
my @c = (target => '/a', body => 'x', auth => $a);
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
