#
# Copyright (C) the ngx_pay authors
#
# What "nginx -t" refuses of locations with pay_..., and of those that they
# need; and what it takes.
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Refused;

no_long_string();
no_shuffle();
log_level('notice');

my $proxy = Pay::keys() . '/../../pay_proxy.conf';
my $auth = "location /a { pay_auth on; return 204; }\n";
my @none = (http => [ channel => undef, server => undef ]);
my @live = (mode => 'live', host => undef, sandbox_platform_key => undef,
            notify_url => 'https://pay.example.com/n');


# in a location

refused('pay_auth, a word', 'invalid value "yes" in "pay_auth"',
        at => 'pay_auth', @none, config => "location /a { pay_auth yes; }\n");

for ('0s', '61m', '2h') {
    refused("pay_auth_window $_", '"pay_auth_window" in location "/a" must be',
            @none, config => "location /a { pay_auth on; "
                             . "pay_auth_window $_; }\n");
}

refused('pay_auth_window, a word', 'invalid value', at => 'pay_auth_window',
        @none, config => "location /a { pay_auth on;\n"
                         . "pay_auth_window long;\n}\n");

for my $place (
    [ 'in the location', '', 'satisfy any;' ],
    [ 'in the server', 'satisfy any;', '' ]
) {
    my ($name, $server, $location) = @$place;

    refused("satisfy any $name with pay_auth",
            'could stand in for the check', at => 'pay_auth', @none,
            config => "$server\nlocation /a { pay_auth on; $location\n}\n");
    refused("satisfy any $name with pay_notify",
            'does not go together with "satisfy any"',
            config => "$server\n" . Pay::locations(notify => <<"_E"));
    $location
    pay_notify wechat;
    proxy_pass http://127.0.0.1:1;
_E
}

refused('satisfy any at http level with pay_auth of the server',
        'does not go together with "satisfy any"', at => 'pay_auth',
        http => [ @{ $none[1] }, more => 'satisfy any;' ],
        config => "pay_auth on;\n");
refused('satisfy any in a nested location',
        'does not go together with "satisfy any"', @none, config => <<'_E');
location /a {
    pay_auth on;
    location /a/b { satisfy any; return 204; }
}
_E
refused('satisfy any in an if', 'does not go together with "satisfy any"',
        @none, config => <<'_E');
location /a {
    pay_auth on;
    if ($arg_x) { set $y 1; }
    satisfy any;
}
_E

for my $word ('pay_api', 'pay_status json', 'pay_sandbox inbox') {
    my ($directive) = split ' ', $word;

    refused("$directive twice", qq{"$directive" directive is duplicate},
            at => $directive, config => Pay::locations()
            . "location /x {\n$word;\n$word;\n}\n");
    refused("$directive behind proxy_pass", qq{"$directive" directive }
            . 'conflicts with another handler', at => $directive,
            config => Pay::locations()
            . "location /x {\nproxy_pass http://127.0.0.1:1;\n$word;\n}\n");
    refused("$directive in front of proxy_pass", qq{"$directive"},
            config => Pay::locations()
            . "location /x {\n$word;\nproxy_pass http://127.0.0.1:1;\n}\n");
}

for my $word ('pay_api', 'pay_notify wechat', 'pay_status json',
              'pay_sandbox inbox')
{
    my ($directive) = split ' ', $word;

    refused("$directive in an if", qq{"$directive" directive is not allowed},
            at => $directive, config => Pay::locations()
            . "location /x {\nif (\$arg_x) {\n$word;\n}\n}\n");
    refused("$directive in limit_except",
            qq{"$directive" directive is not allowed}, at => $directive,
            config => Pay::locations()
            . "location /x {\nlimit_except GET {\n$word;\n}\n}\n");
}

for my $word ('pay_api', 'pay_status json', 'pay_sandbox inbox') {
    my ($directive) = split ' ', $word;

    for my $block ('if ($arg_x)', 'limit_except GET') {
        refused("$block with a handler of its own, $directive", 'a handler '
                . 'within "if" or "limit_except" does not go together',
                at => $directive, config => Pay::locations()
                . "location /x {\n$word;\n$block { proxy_pass "
                . "http://127.0.0.1:1; }\n}\n");
    }
}

refused('pay_api at server level', '"pay_api" directive is not allowed here',
        at => 'pay_api', config => "pay_api;\n" . Pay::locations());
refused('pay_status, a word', 'must be "json" or "prometheus"',
        at => 'pay_status', @none,
        config => "location /s {\npay_status xml;\n}\n");
refused('pay_sandbox, a word', 'must be "checkout", "inbox" or the name',
        at => 'pay_sandbox', @none,
        config => "location /s {\npay_sandbox nothing;\n}\n");
refused('a simulator without a channel', '"pay_sandbox" in location "/s" '
        . 'has no pay_channel of that driver', at => 'pay_sandbox', @none,
        config => "location /s {\npay_sandbox wechatpay_v3;\n}\n");


# pay_store_error; what is taken with a warning

refused('pay_store_error, a word',
        '"pay_store_error" directive must be "deny", "zone" or "allow"',
        at => 'pay_store_error open', @none,
        config => "location /a { pay_auth on;\npay_store_error open;\n}\n");
refused('pay_store_error twice', '"pay_store_error" directive is duplicate',
        at => 'pay_store_error', @none,
        config => "location /a { pay_store_error deny;\n"
                  . "pay_store_error deny;\n}\n");

my $loose = Pay::file('loose.k1', 'ngx-pay-demo-loose-secret');
my $tight = Pay::file('tight.k1', 'ngx-pay-demo-tight-secret');
chmod 0640, $loose;
chmod 0600, $tight;

taken('pay_store_error zone without pay_redis',
      '"pay_store_error zone" has no effect without pay_redis', @none,
      config => "location /a { pay_auth on; pay_store_error zone; }\n");
taken('pay_auth without a pay_merchant',
      'location "/a" lets nobody in: there is no pay_merchant',
      http => [ channel => undef, server => undef, merchant => undef ],
      config => $auth);
taken('a secret that the group may read',
      'loose.k1" is a secret that others may read: chmod go-r',
      http => [ channel => undef, server => undef,
                merchant => { secret => "k1 $loose" } ], config => $auth);
taken('a secret that nobody else may read', '',
      http => [ channel => undef, server => undef, merchant =>
                { secret => "k1 $tight", webhook_secret => undef } ],
      config => "location /a { pay_auth on; pay_store_error allow; }\n",
      not => 'tight.k1" is a secret|pay_store_error|lets nobody in');


# an error page that makes a success of a refusal

my $page = 'that may make a success of a refusal: without "=" the page keeps';

for (map { ("$_ =200", "$_ =204", "$_ =") } 400, 401, 403, 409, 413, 500, 503) {
    my ($status) = /^(\d+)/;

    refused("pay_auth with error_page $_", "\"error_page $status =\" $page",
            at => 'pay_auth', @none,
            config => "location /a { pay_auth on;\nerror_page $_ /p;\n"
                      . "return 204; }\n");
}

for (
    [ 'among others', "location /a { pay_auth on;\n"
      . "error_page 404 502 503 = \@p;\nreturn 204; }\n" ],
    [ 'of the server', "error_page 401 =200 /p;\nlocation /a { pay_auth on;\n"
      . "return 204; }\n" ],
    [ 'below pay_auth of the server', "pay_auth on;\nlocation /b {\n"
      . "location /b/a { error_page 401 =200 /p; } }\n" ],
    [ 'in a named location', "location \@a { pay_auth on;\n"
      . "error_page 401 =200 /p; }\n" ],
    [ 'within an if', "location /a { pay_auth on;\n"
      . "if (\$arg_x) { error_page 401 =200 /p; } }\n" ],
    [ 'in a dry run', "location /a { pay_auth on; pay_auth_dry_run on;\n"
      . "error_page 401 =200 /p; }\n" ]
) {
    my ($name, $config) = @$_;

    refused("pay_auth with an error_page of success, $name", $page,
            at => 'pay_auth', @none, config => $config);
}

taken('pay_auth with other error pages', '', @none, config => <<'_E');
error_page 404 =200 /index.html;
error_page 502 504 = @down;
location /a { pay_auth on; error_page 401 403 /p; error_page 409 =410 /p;
              error_page 404 408 =200 /p; error_page 400 =302 /p;
              error_page 503 https://a.example/; return 204; }
location /open { pay_auth off; error_page 401 403 500 503 =200 /p; }
location @down { pay_auth off; return 503; }
_E


# pay_notify

my $pass = "proxy_pass http://127.0.0.1:1;\n";

for (
    [ 'an unknown channel', "pay_notify none;\n$pass",
      '"pay_notify none" in location "/notify/wechat": there is no such' ],
    [ 'without proxy_pass', "pay_notify wechat;\n",
      'needs proxy_pass, fastcgi_pass or the like', 'pay_notify' ],
    [ 'twice', "pay_notify wechat;\npay_notify wechat;\n$pass",
      '"pay_notify" directive is duplicate', 'pay_notify' ],
    [ 'without an argument', "pay_notify;\n$pass",
      'invalid number of arguments', 'pay_notify' ],
    [ 'an error page that would acknowledge', "pay_notify wechat;\n$pass"
      . "error_page 500 502 =200 /ok;\n", 'that makes a success of a failure',
      'pay_notify' ],
    [ 'in a location of pay_api', "pay_api;\npay_notify wechat;\n",
      '"pay_notify"' ]
) {
    my ($name, $lines, $text, $at) = @$_;

    refused("pay_notify, $name", $text, at => $at,
            config => Pay::locations(notify => $lines));
}

refused('pay_notify for a merchant without webhook_secret',
        'whose pay_merchant has no "webhook_secret"', at => 'pay_notify',
        merchant(webhook_secret => undef));
refused('pay_notify for a channel of nobody', '"pay_notify" in location '
        . '"/notify/wechat" is for a channel that no pay_merchant names',
        at => 'pay_notify', merchant(channel => undef));


# the call location

my $api = "location /v1/ { pay_api; }\n";
my $calls = 'calls channel "wechat" through "/_pay": there must be a '
            . '"location = /_pay { internal;';

for (
    [ 'missing', '', $calls ],
    [ 'not exact', "location /_pay { internal; include $proxy; }", $calls ],
    [ 'a regex', "location ~ ^/_pay\$ { internal; include $proxy; }",
      $calls ],
    [ 'not internal', "location = /_pay { include $proxy; }", $calls ],
    [ 'another name', "location = /_pays { internal; include $proxy; }",
      $calls ],
    [ 'another name than pay_call says', "pay_call /_call;\n"
      . "location = /_pay { internal; include $proxy; }",
      'through "/_call": there must be a "location = /_call' ],
    [ 'without proxy_pass', "location = /_pay { internal; }",
      'names a location without proxy_pass' ],
    [ 'with a return', "location = /_pay { internal; return 204; }",
      'names a location without proxy_pass' ],
    [ 'without proxy_next_upstream off',
      "location = /_pay { internal; proxy_pass \$pay_url; }",
      'that may send a payment twice: it needs "proxy_next_upstream off"' ],
    [ 'proxy_next_upstream error', "location = /_pay { internal; proxy_pass "
      . "\$pay_url; proxy_next_upstream error; }",
      'that may send a payment twice: it needs "proxy_next_upstream off"' ],
    [ 'proxy_intercept_errors on', "location = /_pay { internal; proxy_pass "
      . "\$pay_url; proxy_next_upstream off; proxy_intercept_errors on; }",
      'with "proxy_intercept_errors on"' ]
) {
    my ($name, $lines, $text) = @$_;

    refused("call location, $name", $text, at => 'pay_api',
            config => "$api$lines\n");
}

refused('the call location of a notice is missing', $calls,
        config => "location = /n { pay_notify wechat; $pass }\n");
refused('the call location is in another server', $calls, config => $api,
        http => [ more => "server { listen 127.0.0.1:\$TEST_NGINX_RAND_PORT_3;"
                  . " location = /_pay { internal; include $proxy; } }\n" ]);
refused('the call location of a checkout page is missing', $calls,
        config => "location /c/ { pay_sandbox checkout; }\n");
refused('a channel of its own call location', 'through "/_own": there must',
        http => [ channel => { pay_call => '/_own' } ]);
refused('pay_call, no URI', 'must be the URI of an internal location',
        at => 'pay_call', config => "pay_call pay;\n" . Pay::locations());
refused('pay_call twice', '"pay_call" directive is duplicate',
        at => 'pay_call',
        config => "pay_call /_pay;\npay_call /_pay;\n" . Pay::locations());


# a live channel: https, verified, and somebody who knows its address

my $resolver = "resolver 127.0.0.1:1;\n";
my @lived = (http => [ channel => { @live }, server => undef ]);

refused('a live channel without proxy_ssl_verify', 'that does not verify '
        . 'the channel\'s certificate: it needs "proxy_ssl_verify on"',
        @lived, config => "$resolver$api" . <<'_E');
location = /_pay {
    internal;
    proxy_pass $pay_url;
    proxy_next_upstream off;
    proxy_ssl_server_name on;
}
_E
refused('a live channel without resolver', 'pay_channel "wechat": host '
        . '"api.mch.weixin.qq.com" needs a "resolver"',
        at => 'pay_channel wechat', @lived,
        config => Pay::locations(notify => undef));
refused('an upstream that does not exist', 'host "elsewhere" needs a',
        at => 'pay_channel wechat',
        http => [ channel => { @live, upstream => 'elsewhere' },
                  server => undef ],
        config => Pay::locations(notify => undef));
refused('a sandbox host without resolver', 'host "channel.example:80" needs',
        at => 'pay_channel wechat',
        channel(host => 'http://channel.example:80'));


# what is taken

my $tell = 'pay_channel "wechat": driver wechatpay_v3';

taken('a live channel with a resolver', "$tell, serial ", @lived,
      config => $resolver . Pay::locations(notify => undef));
taken('a live channel with an upstream of its name', "$tell, serial ",
      http => [ channel => { @live }, server => undef, more =>
          "upstream api.mch.weixin.qq.com { server 127.0.0.1:1; }\n" ],
      config => Pay::locations(notify => undef));
taken('a live channel with an upstream of another name', "$tell, serial ",
      http => [ channel => { @live, upstream => 'wechat' }, server => undef,
                more => "upstream wechat { server 127.0.0.1:1; }\n" ],
      config => Pay::locations(notify => undef));
taken('the spare host of the driver', "$tell, serial ",
      http => [ channel => { @live, host => 'https://api2.mch.weixin.qq.com',
                             mode => undef }, server => undef ],
      config => $resolver . Pay::locations(notify => undef));
taken('pay_notify off', '',
      config => Pay::locations(notify => "pay_notify off;\n$pass"));
taken('satisfy any where nothing is checked', '', @none, config =>
      "$auth location /b { satisfy any; allow 127.0.0.1; deny all; }\n");

run_refused();
