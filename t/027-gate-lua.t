#
# Copyright (C) the ngx_pay authors
#
# H-15: the gate beside Lua, which reads bodies, makes subrequests and moves
# requests from location to location by itself.
#

use strict;
use warnings;

# its modules stand in front of ours, as in a distribution's nginx.conf

BEGIN {
    if (($ENV{PAY_LUA_MODULES} // '') eq '') {
        print "1..0 # SKIP nginx's Lua module is not to be had\n";
        exit 0;
    }

    $ENV{TEST_NGINX_LOAD_MODULES} = join ' ', $ENV{PAY_LUA_MODULES},
                                    $ENV{TEST_NGINX_LOAD_MODULES} // ();
}

use Test::Nginx::Socket 'no_plan';
use Pay;
use Gate;

no_long_string();
no_shuffle();
log_level('info');

run_tests();

__DATA__

=== TEST 1: content by Lua, behind the gate
--- http_config eval: $Gate::http
--- config
location /a {
    pay_auth on;
    content_by_lua_block {
        ngx.req.read_body()
        ngx.say("lua ", ngx.var.pay_merchant, " ", ngx.req.get_body_data())
    }
}
location /none { pay_auth off; content_by_lua_block {
    ngx.say("<", ngx.var.pay_merchant or "", ">") } }
--- call eval: [ Gate::five('/a'), { target => '/none', auth => undef } ]
--- problem eval: $Gate::five . "-\n"
--- response_body_like eval
[ ('signature_m') x 3, '^lua demo \{"amount":1\}$', 'replayed', '^<>$' ]


=== TEST 2: subrequests of an open location see nothing of a checked one
--- http_config eval: $Gate::http
--- config
location /open {
    content_by_lua_block {
        for _, uri in ipairs{ "/b", "/file.txt", "/c", "/return", "/say" } do
            local r = ngx.location.capture(uri, { method = ngx.HTTP_GET })
            ngx.say(uri, " ", r.status, " ", r.status < 300 and r.body or "")
        end
    }
}
location /b { pay_auth on; proxy_pass http://app; }
location /c { pay_auth on; content_by_lua_block { ngx.say("secret") } }
location /return { pay_auth on; if ($uri) { rewrite ^ /b last; } }
location /say { pay_auth on; empty_gif; }
location = /file.txt { pay_auth on; }
--- user_files
>>> file.txt
secret
--- call eval: [ Gate::get('/open') ]
--- error_code eval: [ (200) x 5 ]
--- response_body eval
[ ("/b 403 \n/file.txt 403 \n/c 403 \n/return 403 \n/say 403 \n") x 5 ]
--- app_calls


=== TEST 3: of a checked one they do, in the name of the one request
--- http_config eval: $Gate::http
--- config
location /a {
    pay_auth on;
    content_by_lua_block {
        local one, two = ngx.location.capture_multi{ { "/b" }, { "/b" } }
        ngx.print(one.body, two.body)
    }
}
location /b { pay_auth on; proxy_pass http://app; }
--- call eval: [ Gate::get('/a') ]
--- problem eval: $Gate::five
--- app_calls
GET /b 200 []
GET /b 200 []


=== TEST 4: exec and set_uri into, out of and between checked locations
--- http_config eval: $Gate::http
--- config
location /exec { content_by_lua_block { ngx.exec("/checked", "by=exec") } }
location /named { content_by_lua_block { ngx.exec("@checked") } }
location /uri { rewrite_by_lua_block { ngx.req.set_uri("/checked", true) } }
location /twice { pay_auth on;
                  content_by_lua_block { ngx.exec("/checked", "by=twice") } }
location /out { pay_auth on; content_by_lua_block { ngx.exec("/inside") } }
location /inside { internal; proxy_pass http://app; }
location /checked { pay_auth on; proxy_pass http://app; }
location @checked { pay_auth on; proxy_pass http://app; }
--- call eval
[ map { Gate::five($_) } qw(/exec /named /uri /twice /out) ]
--- problem eval: $Gate::five x 5
--- app_calls
POST /checked?by=exec 200 [{"amount":1}]
POST /named 200 [{"amount":1}]
POST /checked 200 [{"amount":1}]
POST /checked?by=twice 200 [{"amount":1}]
POST /inside 200 [{"amount":1}]


=== TEST 5: a body that Lua has read before the gate is the one that is checked
--- http_config eval: $Gate::http
--- config
location /read {
    pay_auth on;
    rewrite_by_lua_block { ngx.req.read_body() }
    proxy_pass http://app;
}
location /file {
    pay_auth on;
    client_body_in_file_only on;
    rewrite_by_lua_block { ngx.req.read_body() }
    proxy_pass http://app;
}
location /discard {
    pay_auth on;
    rewrite_by_lua_block { ngx.req.discard_body() }
    proxy_pass http://app;
}
location /changed {
    pay_auth on;
    rewrite_by_lua_block {
        ngx.req.read_body()
        ngx.req.set_body_data('{"amount":9}')
    }
    proxy_pass http://app;
}
--- call eval
[ (map { Gate::five($_) } qw(/read /file /changed)),
  Gate::five('/changed', sign => { body => '{"amount":9}' }),
  Gate::five('/discard'), Gate::five('/discard', sign => { body => '' }) ]
--- error_code eval
[ (@Gate::codes) x 2, (401) x 5, 401, 401, 401, 200, 409, (401) x 8, 200, 409 ]
--- app_calls
POST /read 200 [{"amount":1}]
POST /file 200 [{"amount":1}]
POST /changed 200 [{"amount":9}]
POST /discard 200 []


=== TEST 6: Lua in the rewrite phase says something: it does not get out
--- http_config eval: $Gate::http
--- config
location /say { pay_auth on; rewrite_by_lua_block { ngx.say("secret") }
                proxy_pass http://app; }
location /exit { pay_auth on; rewrite_by_lua_block { ngx.exit(200) }
                 proxy_pass http://app; }
location /status { pay_auth on; rewrite_by_lua_block { ngx.exit(403) }
                   proxy_pass http://app; }
--- call eval
[ map { { target => $_, auth => undef } } qw(/say /exit /status) ]
--- error_code_like eval: [ '^(?:|500|401)$', '^(?:|500|401)$', '^403$' ]
--- response_body_unlike eval: [ ('secret|app') x 3 ]
--- app_calls


=== TEST 7: Lua in the access phase adds a rule and opens nothing
--- http_config eval: $Gate::http
--- config
location /ok { pay_auth on; access_by_lua_block { ngx.exit(ngx.OK) }
               proxy_pass http://app; }
location /no { pay_auth on; access_by_lua_block { ngx.exit(403) }
               proxy_pass http://app; }
location /say { pay_auth on; access_by_lua_block { ngx.say("lua") }
                proxy_pass http://app; }
location /exec { pay_auth on; access_by_lua_block { ngx.exec("/ok") }
                 proxy_pass http://app; }
location /asked {
    pay_auth on;
    access_by_lua_block {
        local r = ngx.location.capture("/app", { method = ngx.HTTP_GET })
        if r.status ~= 200 then ngx.exit(403) end
    }
    proxy_pass http://app;
}
location /app { internal; pay_auth on; proxy_pass http://app/mirror/asked;
                proxy_pass_request_body off;
                proxy_set_header Content-Length ""; }
--- call eval
[ map { Gate::five($_) } qw(/ok /no /say /exec /asked) ]
--- error_code_like eval
[ (('401') x 3, '200', '409'), (('40[13]') x 3, '403', '40[39]'),
  (('401|200') x 3, '200', '409|200'), (('401') x 3, '200', '409'),
  (('40[13]') x 3, '200', '40[39]') ]
--- app_calls
POST /ok 200 [{"amount":1}]
POST /ok 200 [{"amount":1}]
POST /asked 200 [{"amount":1}]
--- mirror_calls
GET /mirror/asked 200 []
