#
# Copyright (C) the ngx_pay authors
#
# pay_auth_dry_run: all is checked, counted and logged, the variables say what
# would have been, and nothing is refused.
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

our $http = Gate::http(more => <<'_E');
    log_format tried '$uri $status <$pay_merchant|$pay_key|$pay_auth_status|'
                     '$pay_auth_reason>';
_E

# what a gate says, one line each, and that all of it passes

our @tried = (
    [ '-|-|signature_missing|no_authorization', auth => undef ],
    [ '-|-|signature_missing|other_scheme', auth => 'Basic eA==' ],
    [ '-|-|signature_mismatch|signature', secret => 'wrong' ],
    [ '-|-|signature_mismatch|signature', merchant => 'nobody' ],
    [ '-|-|signature_mismatch|signature', key => 'k9' ],
    [ '-|-|signature_mismatch|signature', sign => { body => '{}' } ],
    [ '-|-|signature_mismatch|signature', sign => { target => '/' } ],
    [ '-|-|signature_malformed|ts_syntax', timestamp => 'now' ],
    [ '-|-|nonce_invalid|nonce_syntax', nonce => 'short' ],
    [ '-|-|algorithm_not_allowed|scheme', scheme => 'PAY-NONE' ],
    [ 'demo|k1|timestamp_out_of_window|ts_old', age => 400 ],
    [ 'demo|k1|timestamp_out_of_window|ts_future', age => -400 ],
    [ 'demo|k1|store_unavailable|cold_store', age => 200 ],
    [ 'shut|s1|ip_not_allowed|allowlist', merchant => 'shut', key => 's1',
      secret => 'the secret of one who may not come' ],
    [ 'demo|k1|ok|-', nonce => 'dry-run-012345678' ],
    [ 'demo|k1|nonce_replayed|replay', nonce => 'dry-run-012345678' ],
    [ 'demo|k1|nonce_replayed|replay', nonce => 'dry-run-012345678' ]
);

our $shut = 'pay_merchant shut { secret s1 '
            . Pay::file('shut', 'the secret of one who may not come')
            . "; deny all; }\n";

sub tried {
    my ($target) = @_;

    return map { my (undef, @call) = @$_;
                 +{ target => $target, body => '{"amount":1}', @call } }
           @tried;
}

run_tests();

__DATA__

=== TEST 1: nothing is refused, everything is told
--- http_config eval: $::http . $::shut
--- config
location /a {
    pay_auth on;
    pay_auth_dry_run on;
    access_log logs/mirror.log tried;
    proxy_pass http://app;
}
--- call eval: [ main::tried('/a') ]
--- error_code eval: [ (200) x @::tried ]
--- app_calls eval: qq{POST /a 200 [{"amount":1}]\n} x @::tried
--- mirror_calls eval: CORE::join '', map { "/a 200 <$_->[0]>\n" } @::tried


=== TEST 2: counted, each by its reason
--- http_config eval: $::http . $::shut
--- config
location /a { pay_auth on; pay_auth_dry_run on; proxy_pass http://app; }
location = /status { pay_status json; }
--- steps
my (%want, %got);

for my $t (@tried) {
    $want{ (split /\|/, $t->[0])[2] }++;
}

for my $c (tried('/a')) {
    is(send_raw(Gate::bytes({ %$c, headers => [ 'Connection: close' ] }))
       ->answer->{status}, 200, 'passes');
}

my $gate = status_json()->{gate};

is($gate->{$_} // 0, $want{$_}, "counted: $_") for sort keys %want;
is(status_json()->{zone}{nonces}, 1, 'one nonce is kept');
is(scalar(Gate::calls(scalar @tried)), scalar @tried, 'all came through');


=== TEST 3: logged
--- http_config eval: $::http
--- config
location /a { pay_auth on; pay_auth_dry_run on; proxy_pass http://app; }
--- call eval: { target => '/a', secret => 'wrong', signature => 'SIGNED/BY' }
--- error_log eval: qr/pay: .*signature_mismatch/
--- no_error_log
SIGNED/BY
--- app_calls
GET /a 200 []


=== TEST 4: a fault of ours does not refuse either, and is an error
--- http_config eval: $::http
--- config
location /a { pay_auth on; pay_auth_dry_run on; proxy_pass http://app; }
--- call eval: { target => '/a', age => 200 }
--- error_log eval: qr/\[error\].*pay: .*store_unavailable/
--- app_calls
GET /a 200 []


=== TEST 5: of http, server and location; off, there is a gate again
--- http_config eval
Gate::http(app => 'pay_auth off;', more => <<'_E');
    pay_auth on;
    pay_auth_dry_run on;

    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        pay_auth_dry_run off;
        location / { proxy_pass http://app; }
        location /try { pay_auth_dry_run on; proxy_pass http://app; }
    }
_E
--- config
location /http { proxy_pass http://app; }
location /off { pay_auth_dry_run off; proxy_pass http://app;
                location /off/on { pay_auth_dry_run on;
                                   proxy_pass http://app; } }
location /none { pay_auth off; proxy_pass http://app/ok; }
location /two { pay_auth off;
                proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
location /try { pay_auth off;
                proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
--- call eval
[ Gate::five('/http'), Gate::five('/off'), Gate::five('/off/on'),
  Gate::five('/none'), Gate::five('/two'), Gate::five('/try') ]
--- error_code eval
[ (200) x 5, @Gate::codes, (200) x 10, @Gate::codes, (200) x 5 ]
--- app_calls eval
CORE::join '', map { my ($n, $line) = @$_; qq{POST $line 200 [{"amount":1}]\n} x $n }
[ 5, '/http' ], [ 1, '/off' ], [ 5, '/off/on' ], [ 5, '/ok' ], [ 1, '/two' ],
[ 5, '/try' ]


=== TEST 6: no gate, no dry run: nothing is looked at
--- http_config eval: $::http
--- config
pay_auth_dry_run on;
location /a { access_log logs/mirror.log tried; proxy_pass http://app; }
location /b { pay_auth on; pay_auth_dry_run off; proxy_pass http://app; }
--- call eval
[ { target => '/a', nonce => 'dry-run-012345679' },
  { target => '/b', nonce => 'dry-run-012345679' } ]
--- app_calls
GET /a 200 []
GET /b 200 []
--- mirror_calls
/a 200 <-|-|-|->


=== TEST 7: a nonce of the dry run is used in earnest
--- http_config eval: $::http
--- config
location /a { pay_auth on; pay_auth_dry_run on; proxy_pass http://app; }
location /b { pay_auth on; proxy_pass http://app; }
--- call eval
my @n = (nonce => 'dry-run-012345680');
[ { target => '/a', @n }, { target => '/b', @n }, { target => '/a', @n } ]
--- problem
-
409 nonce_replayed
-
--- app_calls
GET /a 200 []
GET /a 200 []


=== TEST 8: error pages are for what is refused
--- http_config eval: $::http . $::shut
--- config
error_page 400 401 403 409 503 @page;
location /a { pay_auth on; pay_auth_dry_run on; proxy_pass http://app; }
location @page { return 200 "page"; }
--- call eval: [ main::tried('/a') ]
--- response_body_like eval: [ ('^app POST') x @::tried ]


=== TEST 9: subrequests, redirects, files and our own handlers
--- http_config eval: $::http
--- config
pay_auth on;
pay_auth_dry_run on;
location = /ssi.html { ssi on; ssi_types *; }
location = /part { proxy_pass http://app; }
location /try { try_files /none /app; }
location /named { try_files /none @app; }
location /asked { auth_request /ok; proxy_pass http://app; }
location /mirrored { mirror /m; proxy_pass http://app; }
location = /ok { internal; proxy_pass http://app/mirror/ok;
                 proxy_pass_request_body off;
                 proxy_set_header Content-Length ""; }
location = /m { internal; proxy_pass http://app/mirror/m; }
location /app { proxy_pass http://app; }
location @app { proxy_pass http://app; }
location = /status { pay_status json; }
--- user_files
>>> ssi.html
<<!--#include virtual="/part" -->>
>>> file.txt
a file
--- call eval
[ map { Gate::get($_) }
  qw(/ssi.html /try /named /asked /mirrored /file.txt /status) ]
--- error_code eval: [ (200) x 35 ]
--- response_body_like eval
[ ('^<app GET /sink/part') x 5, ('^app GET') x 20, ('^a file$') x 5,
  ('"gate"') x 5 ]


=== TEST 10: in earnest or not, a gate does not go with satisfy any
--- http_config eval: $::http
--- config
location /a { pay_auth on; pay_auth_dry_run on; satisfy any; allow all; }
--- must_die: 1
--- error_log eval: qr/\[emerg\].*satisfy any/


=== TEST 11: other rules go on refusing
--- http_config eval: $::http
--- config
location /deny { pay_auth on; pay_auth_dry_run on; deny all;
                 proxy_pass http://app; }
location /size { pay_auth on; pay_auth_dry_run on; client_max_body_size 4;
                 proxy_pass http://app; }
location /none { pay_auth on; pay_auth_dry_run on; proxy_pass http://app; }
--- call eval
[ map { Gate::five($_) } qw(/deny /size /none) ]
--- error_code eval: [ (403) x 5, (413) x 5, (404) x 5 ]


=== TEST 12: bodies, by HTTP/2 and in files, go on to the application
--- http_config eval: $::http
--- config
pay_auth on;
pay_auth_dry_run on;
location /a { proxy_pass http://app; }
location /small { client_body_buffer_size 1k; proxy_pass http://app; }
location /stream { proxy_request_buffering off; proxy_http_version 1.1;
                   proxy_pass http://app; }
--- http2
--- call eval
[ map { Gate::five($_, body => 'a body, ' x 200) } qw(/a /small /stream) ]
--- error_code eval: [ (200) x 15 ]
--- app_calls eval
CORE::join '', map { my $line = "POST $_ 200 [" . 'a body, ' x 200 . "]\n";
                     ($line) x 5 } qw(/a /small /stream)


=== TEST 13: a word
--- http_config eval: $::http
--- config
location /a { pay_auth on; pay_auth_dry_run maybe; }
--- must_die: 1
--- error_log eval: qr/\[emerg\].*invalid value "maybe"/


=== TEST 14: from a dry run into a gate in earnest, and out of one
--- http_config eval: $::http
--- config
location /dry { pay_auth on; pay_auth_dry_run on; try_files /no /real; }
location /real { pay_auth on; proxy_pass http://app; }
location /named { pay_auth on; pay_auth_dry_run on; try_files /no @real; }
location @real { pay_auth on; proxy_pass http://app; }
location /rewrite { pay_auth on; pay_auth_dry_run on;
                    rewrite ^ /real last; }
location = /ssi.html { pay_auth on; pay_auth_dry_run on; ssi on;
                       ssi_types *; }
location /both { pay_auth on; try_files /no /dryer; }
location /dryer { pay_auth on; pay_auth_dry_run on; proxy_pass http://app; }
--- user_files
>>> ssi.html
<<!--#include virtual="/real" -->>
--- call eval
[ (map { Gate::five($_) } qw(/dry /named /rewrite /both)),
  Gate::get('/ssi.html') ]
--- error_code eval: [ (@Gate::codes) x 4, (200) x 5 ]
--- response_body_unlike eval
[ (('app') x 3, 'xxx', 'app') x 4, ('app') x 3, 'xxx', 'app' ]
--- app_calls
POST /real 200 [{"amount":1}]
POST /named 200 [{"amount":1}]
POST /real 200 [{"amount":1}]
POST /dryer 200 [{"amount":1}]
GET /real 200 []
