#
# Copyright (C) the ngx_pay authors
#
# What was wrong once, and must not come again: a block for each.  Those that
# take a reload or another process are in t/drills.
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;
use Desk;

no_long_string();
no_shuffle();
log_level('info');
master_on();
workers(1);
worker_connections(256);


our $app = listener();              # the merchant's application
our $app2 = listener();             # where nothing of a notice may come
our $deaf = listener();             # the channels deaf and buffered
our $catch = listener();            # where channel second sends its notices
our $sim = free_port();             # the real simulator

Desk::application($app);

my $gate = "http://127.0.0.1:$Mock::Port";


our $http = Pay::http(
    port => $sim,
    channel => { notify_url => "$gate/notify/wechat" },
    merchant => { channel => [ qw(wechat second deaf buffered) ] },
    more => channel_block('second', host => "http://127.0.0.1:$sim",
                          mchid => '1900000002',
                          notify_url => "http://127.0.0.1:$catch->{port}/n")
            . channel_block('deaf', mchid => '1900000004',
                            host => "http://127.0.0.1:$deaf->{port}")
            . channel_block('buffered', mchid => '1900000005',
                            pay_call => '/_buffered',
                            host => "http://127.0.0.1:$deaf->{port}")
            . "proxy_cache_path logs/cache keys_zone=c:1m;\n"
);


# locations of pay_notify wechat: name, lines; X-If makes the condition true

my $to = "proxy_pass http://127.0.0.1:$app->{port}/hook;";

my %location = (
    wechat => $to,

    set => "if (\$http_x_if) { set \$x 1; } $to",
    break => "if (\$http_x_if) { break; } $to",
    own => "if (\$http_x_if) { proxy_pass http://127.0.0.1:$app->{port}; }
            proxy_pass http://127.0.0.1:$app2->{port}/other;",
    limit => "limit_except GET { allow all; } $to",
    deny => "limit_except GET { deny all; } $to",
    both => "if (\$http_x_if) { set \$x 1; }
             limit_except GET { allow all; } $to",
    return => "if (\$http_x_if) { return 200 'success'; } $to",
    nothing => "if (\$http_x_if) { return 204; } $to",

    fastcgi => "fastcgi_pass 127.0.0.1:$app->{port};
                fastcgi_param REQUEST_METHOD \$request_method;
                fastcgi_param CONTENT_LENGTH \$content_length;",
    direct => "fastcgi_pass 127.0.0.1:$app->{port}; fastcgi_buffering off;",
    diskless => "fastcgi_pass 127.0.0.1:$app->{port};
                 fastcgi_max_temp_file_size 0;",
    alive => "fastcgi_pass 127.0.0.1:$app->{port}; fastcgi_keep_conn on;",
    scgi => "scgi_pass 127.0.0.1:$app->{port}; scgi_max_temp_file_size 0;",

    cached => "proxy_cache c; proxy_cache_methods POST; proxy_cache_key x;
               proxy_cache_valid 200 1h; $to"
);

our $places = join('', map({ <<"_L" } sort keys %location), <<"_E")
        location = /notify/$_ {
            pay_notify wechat;
            $location{$_}
        }

_L
        location = /notify/second { pay_notify second; $to }
        location = /notify/deaf { pay_notify deaf; $to }

        location = /elsewhere {
            proxy_pass http://127.0.0.1:$app2->{port}/elsewhere;
        }

_E
    . Pay::call_location()
    . call_block('/_buffered', connect => '5s', send => '16s', read => '16s',
                 more => "proxy_max_temp_file_size 0;\n")
      =~ s/(?<=proxy_buffering) +off/ on/r;

our $config = "location /v1/ { pay_api; }\n"
              . "location = /status { pay_status json; }\n" . $places;


# for a while the signature of one answer serves

my %good;

sub good {
    my $text = shift // '{"code_url":"weixin://wxpay/good"}';

    if (!$good{$text} || time - $good{$text}[0] > 60) {
        $good{$text} = [ time, signed($text) ];
    }

    return @{ $good{$text} }[1 .. $#{ $good{$text} }];
}


# a notice of channel deaf

our @deaf = (mchid => '1900000004');

sub told { post_notice('/notify/deaf', paid($_[0], @deaf, @_[1 .. $#_])) }


# an answer of so many bytes that says how it goes on

sub padded {
    my ($n) = @_;
    my $text = '{"code_url":"weixin://wxpay/good","pad":""}';

    return $text =~ s/""/'"' . 'x' x ($n - length $text) . '"'/er;
}


run_tests();


__DATA__

=== TEST 1: W-1: a forged notice is refused within if and limit_except
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $where (qw(set break own limit both)) {
    my $id = order();
    my $body = paid($id);
    my @if = (target => "/notify/$where", add => [ 'X-If: 1' ]);

    never("$where, the key of somebody", 401, $body, @if,
          key => foreign_key());
    never("$where, not signed", 401, $body, @if, drop => [
          map { "Wechatpay-$_" } qw(Timestamp Nonce Signature Serial) ]);
    never("$where, PUT", 405, $body, @if, method => 'PUT');

    refused(ask('GET', "/notify/$where", '', 'X-If: 1'), 405,
            "$where, GET");
    is(ask('HEAD', "/notify/$where", '', 'X-If: 1')->answer->{status}, 405,
       "$where, HEAD");

    waits($id, $where);

    delivered(post_notice("/notify/$where", $body, add => [ 'X-If: 1' ]),
              "$where, a good one", type => 'payment.succeeded',
              'data.object.order_id' => $id);
    acked(post_notice("/notify/$where", $body, add => [ 'X-If: 1' ]),
          "$where, its copy");
    counts($app, 0, "$where, its copy is not forwarded");
}

counts($app2, 0, 'the other handler of a location is not asked');

# no condition, no difference

my $id = order();
never('set, no X-If, forged', 401, paid($id), target => '/notify/set',
      key => foreign_key());
delivered(post_notice('/notify/set', paid($id)), 'set, no X-If');
--- no_error_log
[error]



=== TEST 2: limit_except with deny: nothing is forwarded, nothing is answered
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();

for my $key (undef, foreign_key()) {
    my $a = post_notice('/notify/deny', paid($id), key => $key)->answer;
    is($a->{status}, 403, 'deny');
}

counts($app, 0, 'not forwarded');
waits($id, 'deny');



=== TEST 3: H-15: return within an if of the location is withheld
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);

for my $where (qw(return nothing)) {
    for my $key (undef, foreign_key()) {
        my $a = post_notice("/notify/$where", $body, key => $key,
                            add => [ 'X-If: 1' ])->answer;

        is($a->{status}, 500, "$where: withheld");
        unlike($a->{body}, qr/success/, "$where: its text, too");
    }

    my $a = ask('GET', "/notify/$where", '', 'X-If: 1')->answer;
    is($a->{status}, 500, "$where: withheld from a GET");
}

counts($app, 0, 'not forwarded');
waits($id, 'return');

delivered(post_notice('/notify/return', $body), 'where it is not so',
          'data.object.order_id' => $id);
--- error_log
a response of status 200 that was not checked is withheld
a response of status 204 that was not checked is withheld



=== TEST 4: pay_status, pay_sandbox and pay_api with an if in their location
--- http_config eval: $::http
--- config eval
my $if = 'if ($http_x_if) { set $x 1; }';
my $limit = 'limit_except GET POST { allow all; }';

"location /v1/ { $if $limit pay_api; }
location = /status { pay_status json; $if }
location = /metrics { $limit $if pay_status prometheus; }
location /v3/ { $if pay_sandbox wechatpay_v3; }
location /sandbox/checkout/ { pay_sandbox checkout; $limit $if }
location = /sandbox/inbox { pay_sandbox inbox; $if }
" . $::places
--- steps
my $on = 'X-If: 1';
my $id = number();

for my $if ([], [ $on ]) {
    my $a = ask('GET', '/status', '', @$if)->answer;
    is($a->{status}, 200, "status @$if");
    ok(decode($a->{body})->{zone}, "status @$if: the object");

    $a = ask('GET', '/metrics', '', @$if)->answer;
    is($a->{status}, 200, "metrics @$if");
    like($a->{body}, qr/^nginx_pay_gate_requests_total/m, "metrics @$if: the text");

    $a = ask('GET', '/sandbox/inbox', '', 'Accept: application/json',
             @$if)->answer;
    is($a->{status}, 200, "inbox @$if");
    ok(decode($a->{body})->{events}, "inbox @$if: the list")
        or diag($a->{body});

    # the simulator refuses what is not signed, in its own words

    $a = ask('POST', '/v3/pay/transactions/native', '{}', @$if)->answer;
    is($a->{status}, 401, "simulator @$if");
    is(decode($a->{body})->{code}, 'SIGN_ERROR', "simulator @$if: its code");

    payment_ok(call('POST', '/v1/payments', Pay::payment(
        order_id => $id, channel => 'wechat'), @$if), "pay @$if",
        status => 'pending', order_id => $id);
    problem(ask('GET', "/v1/payments/$id", '', @$if),
            '401 signature_missing never', "not signed @$if");

    $a = ask('GET', "/sandbox/checkout/wechat/$id", '',
             'Accept: application/json', @$if)->answer;
    is($a->{status}, 200, "checkout @$if");
    is(decode($a->{body})->{order_id}, $id, "checkout @$if: the order")
        or diag($a->{body});
}
--- no_error_log
[error]



=== TEST 5: W-6: what nobody could check is not checked by its copy
--- http_config eval: $::http =~ s/pay_secret [^;]*;//r
--- config eval: $::config
--- steps
for my $attach (undef, 'table 7', echo_text('demo', 'T-any', 100, 'CNY')) {
    my $id = number();
    my $name = defined $attach ? substr $attach, 0, 7 : 'no text';
    my $body = paid($id, attach => $attach, transaction_id => "4200$id");

    my $c = post_notice('/notify/wechat', $body);
    my $q = $app->take;
    my $e = event_ok($q, "$name, first", type => 'payment.succeeded',
        amount_checked => 'false', 'data.object.order_id' => $id,
        'data.object.amount' => 100, 'data.object.amount_paid' => 100);

    $q->reply(500);
    refused($c, 503, "$name, the application failed");

    for my $same ($body, paid($id, attach => $attach,
                              transaction_id => "4200$id",
                              bank_type => 'OTHER'))
    {
        $c = post_notice('/notify/wechat', $same);
        $q = $app->take;

        my $again = event_ok($q, "$name, a copy",
            type => 'payment.succeeded', amount_checked => 'false',
            'data.object.amount' => 100, 'data.object.amount_paid' => 100);

        is($again->{id}, $e->{id}, "$name, a copy: the same event");
        $q->reply(500);
        refused($c, 503, "$name, the application failed again");
    }

    delivered(post_notice('/notify/wechat', $body), "$name, the last copy",
              amount_checked => 'false');
    acked(post_notice('/notify/wechat', $body), "$name, one more");
    counts($app, 0, "$name, one more: not forwarded");
}



=== TEST 6: the merchant's own pay of an order that a notice has told of
--- http_config eval: $::http
--- config eval: $::config
--- steps
local $Mock::Channel = 'deaf';

# for how much it was asked nobody knows

my $id = number();
delivered(told($id), 'not checked', amount_checked => 'false');

for my $amount (100, 101) {
    problem(pay(order_id => $id, amount => $amount),
            '409 already_paid never', "not checked, pay of $amount");
}

problem(close_order($id), '409 already_paid never', 'not checked, close');

my $c = query($id);
$deaf->take->reply(200, signed(transaction(
    out_trade_no => $id, @deaf, transaction_id => '4200043')));
is($c->answer->{status}, 200, 'not checked, query');

# our own text proves it

$id = number();
delivered(told($id, attach => echo_text('demo', $id, 100, 'CNY'),
               transaction_id => '4200044'), 'checked',
          amount_checked => 'true');

payment_ok(pay(order_id => $id), 'checked, pay of as much',
           status => 'succeeded', amount => 100, amount_paid => 100,
           channel_order_id => '4200044', next_action => '~');
problem(pay(order_id => $id, amount => 101),
        '409 idempotency_conflict never', 'checked, pay of more',
        param => 'order_id');
problem(pay(order_id => $id, channel => 'wechat'),
        '409 idempotency_conflict never', 'checked, pay by another channel');
payment_ok(pay(order_id => $id), 'checked, pay again',
           status => 'succeeded');

counts($deaf, 0, 'none of them was sent');
counts($app, 0, 'no event more');



=== TEST 7: U-3: a refusal that comes behind a notice forgets nothing
--- http_config eval: $::http
--- config eval: $::config
--- steps
local $Mock::Channel = 'deaf';

my %refusal = (
    'PARAM_ERROR' => [ '422 channel_rejected never', 400,
        good('{"code":"PARAM_ERROR","message":"no"}') ],
    'SIGN_ERROR, not signed' => [ '502 channel_auth_failed never', 401,
        '{"code":"SIGN_ERROR","message":"no"}',
        'Content-Type: application/json' ]
);

for my $name (sort keys %refusal) {
    my ($want, @answer) = @{ $refusal{$name} };
    my $id = number();
    my $c = pay(order_id => $id);
    my $q = $deaf->take;

    delivered(told($id, transaction_id => "4200$id"),
              "$name: the notice, meanwhile", type => 'payment.succeeded',
              amount_checked => 'true');
    $q->reply(@answer);
    problem($c, $want, "$name: the refusal");

    problem(pay(order_id => $id, amount => 101),
            '409 idempotency_conflict never', "$name: another amount",
            param => 'order_id');
    payment_ok(pay(order_id => $id), "$name: the same again",
               status => 'succeeded', amount_paid => 100,
               channel_order_id => "4200$id");
    problem(close_order($id), '409 already_paid never', "$name: close");
    counts($deaf, 0, "$name: that needs no call");

    $c = query($id);
    $deaf->take->reply(200, signed(transaction(
        out_trade_no => $id, @deaf, transaction_id => "4200$id")));
    payment_ok($c, "$name: query", status => 'succeeded');
}



=== TEST 8: R-1: pay_auth of the server does not use up the nonce of pay_api
--- http_config eval: $::http
--- config eval
"pay_auth on;\n"
. "location /v1/ { pay_api; }\n"
. "location /v1/payments { pay_auth on; pay_api; }\n"
. "location = /status { pay_auth off; pay_status json; }\n"
. "location = /guarded { pay_status json; }\n"
. $::places
--- steps
my $before = status_json()->{gate};
my $id = number();

payment_ok(pay(order_id => $id), 'pay', status => 'pending');
payment_ok(query($id), 'query', status => 'pending');
payment_ok(close_order($id), 'close', status => 'closed');
is(call('GET', '/v1/channels')->answer->{status}, 200, 'channels');
is(call('GET', '/guarded')->answer->{status}, 200, 'a location behind it');

my $body = Pay::payment(order_id => number(), channel => 'wechat');
my $auth = 'Authorization: ' . Pay::authorization(
    method => 'POST', target => '/v1/payments', body => $body);

payment_ok(ask('POST', '/v1/payments', $body, $auth), 'pay',
           status => 'pending');
problem(ask('POST', '/v1/payments', $body, $auth),
        '409 nonce_replayed query', 'a replay');

my $gate = status_json()->{gate};

is($gate->{ok} - ($before->{ok} // 0), 6, 'each was looked at once');
is($gate->{nonce_replayed} - ($before->{nonce_replayed} // 0), 1,
   'and one was a replay');

problem(ask('GET', "/v1/payments/$id"), '401 signature_missing never',
        'not signed');
is(ask('GET', '/guarded')->answer->{status}, 401, 'not signed, behind it');

# a notice has a signature of its own

my $paid = order();
never('a forged notice', 401, paid($paid), key => foreign_key());
delivered(post_notice('/notify/wechat', paid($paid)), 'a notice',
          'data.object.order_id' => $paid);



=== TEST 9: conditions and ranges change no answer
--- http_config eval: $::http
--- config eval: $::config
--- steps
my @date = map { "$_: Wed, 25 Nov 2015 00:00:00 GMT" } qw(
    If-Modified-Since If-Unmodified-Since
);

my %header = (
    'If-Match' => [ 'If-Match: "x"' ],
    'If-Match, any' => [ 'If-Match: *' ],
    'If-None-Match' => [ 'If-None-Match: *' ],
    'If-Modified-Since' => [ $date[0] =~ s/2015/2099/r ],
    'If-Unmodified-Since' => [ $date[1] ],
    'Range' => [ 'Range: bytes=0-9' ],
    'Range, the end' => [ 'Range: bytes=-1' ],
    'Range, not there' => [ 'Range: bytes=9999999-' ],
    'If-Range' => [ 'Range: bytes=0-9', 'If-Range: "x"' ],
    'all' => [ 'If-Match: "x"', 'If-None-Match: *', @date,
               'Range: bytes=0-0,2-2' ]
);

sub whole {
    my ($c, $name) = @_;

    my $a = $c->answer;

    ok($a->{whole}, "$name: whole") or diag($a->{raw});
    is(scalar $a->header('Content-Range'), undef, "$name: no range");
}

for my $name (sort keys %header) {
    my @h = @{ $header{$name} };
    my $id = number();
    my $body = Pay::payment(order_id => $id, channel => 'wechat');

    for my $n (1, 2) {
        my $c = call('POST', '/v1/payments', $body, @h);
        payment_ok($c, "$name: pay, $n", order_id => $id,
                   status => 'pending');
        whole($c, "$name: pay, $n");
    }

    my $c = call('GET', "/v1/payments/$id", '', @h);
    payment_ok($c, "$name: query", status => 'pending');
    whole($c, "$name: query");

    problem(call('POST', '/v1/payments', $body =~ s/"amount":100/"amount":101/r, @h),
            '409 idempotency_conflict never', "$name: a problem");

    $c = call('GET', '/v1/channels', '', @h);
    is($c->answer->{status}, 200, "$name: channels");
    whole($c, "$name: channels");

    never("$name: forged", 401, paid($id), key => foreign_key(),
          add => \@h);
    delivered(post_notice('/notify/wechat', paid($id), add => \@h),
              "$name: a notice");
    is(ask('GET', '/status', '', @h)->answer->{status}, 200,
       "$name: status");
}

my $id = order();
my $c = call('POST', "/v1/payments/$id/close", '', @{ $header{all} });
payment_ok($c, 'close', status => 'closed');
whole($c, 'close');



=== TEST 10: the answer at the deadline closes; a channel that is gone by then
--- http_config eval: $::http
--- config eval: $::config
--- steps
# a connection that would stay

sub kept {
    my ($body, @head) = signed_by($_[0]);

    return send_raw("POST /notify/wechat HTTP/1.1\r\nHost: a\r\n"
                    . join('', map { "$_\r\n" } @head)
                    . 'Content-Length: ' . length($body) . "\r\n\r\n$body");
}

my $soon = kept(paid(order()));
$app->take->reply(204);
$soon->read;
is("$soon->{status} " . $soon->header('Connection'), '204 keep-alive',
   'in time: the connection stays');

my @body = map { paid(order()) } 1 .. 3;
my @c = map { kept($_) } @body;
my @q = map { $app->take } @body;

# two channels that leave before it, and one that stays

Time::HiRes::sleep(1);
$c[1]->reset;
$c[2]->close;

$c[0]->read;
is("$c[0]{status} " . $c[0]->header('Connection'), '503 close',
   'at the deadline: the connection closes');
is($c[0]{body}, '{"code":"FAIL","message":"try again"}', 'and says FAIL');

# accepted later than that, all the same

Time::HiRes::sleep(0.5);
$_->reply(200, 'ok') for @q;
Time::HiRes::sleep(0.2);

for my $i (0 .. 2) {
    my $a = acked(post_notice('/notify/wechat', $body[$i]),
                  (qw(stayed reset closed))[$i] . ', the next copy');
    between($a->{took}, 0, 3, 'at once');
}

counts($app, 0, 'each was sent to the application once');
is(status_json()->{zone}{events_in_flight}, 0, 'none is on its way');
ok($c[0]->gone, 'the connection is closed');
--- error_log
after the channel's deadline



=== TEST 11: H-6: an answer larger than the buffers does not hang
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $channel (qw(deaf buffered)) {
    for my $n (140 * 1024, 180000, 262144) {
        my $id = number();
        my $name = "$channel, $n bytes";

        # not signed: nobody knows, and the number is kept

        my $c = pay(order_id => $id, channel => $channel);
        $deaf->take->reply(200, ' ' x $n, 'Content-Type: text/plain');
        problem($c, '504 outcome_unknown query', "$name, not signed");
        between($c->{took}, 0, 5, "$name, not signed");
        problem(pay(order_id => $id, channel => $channel, amount => 101),
                '409 idempotency_conflict never', "$name, not signed: kept");

        # without a length, and cut

        $c = pay(order_id => $id, channel => $channel);
        my $q = $deaf->take;
        $q->send("HTTP/1.1 200 OK\r\nContent-Length: $n\r\n\r\n"
                 . ' ' x ($n - 1));
        $q->close;
        problem($c, '504 outcome_unknown query', "$name, cut");
        between($c->{took}, 0, 5, "$name, cut");

        # signed, in two parts, and by chunks

        my ($body, @head) = good(padded($n));

        $c = pay(order_id => $id, channel => $channel);
        $q = $deaf->take;
        $q->send("HTTP/1.1 200 OK\r\n" . join('', map { "$_\r\n" } @head)
                 . "Content-Length: $n\r\n\r\n" . substr $body, 0, $n / 2);
        Time::HiRes::sleep(0.2);
        $q->send(substr $body, $n / 2);
        payment_ok($c, "$name, signed", status => 'pending',
                   'next_action.url' => 'weixin://wxpay/good');
        between($c->{took}, 0, 5, "$name, signed");
        $q->close;

        $c = pay(channel => $channel);
        $deaf->take->reply(200, sprintf("%x\r\n%s\r\n0\r\n\r\n", $n, $body),
                           @head, 'Transfer-Encoding: chunked');
        payment_ok($c, "$name, signed, chunked", status => 'pending');
        between($c->{took}, 0, 5, "$name, signed, chunked");

        counts($deaf, 0, "$name: once each");
    }
}



=== TEST 12: W-2: one number on two channels: a record and an event of each
--- http_config eval: $::http
--- config eval: $::config
--- steps
my @second = (mchid => '1900000002');
my $id = order();

my $e = delivered(post_notice('/notify/second',
    paid($id, @second, transaction_id => '42001')), 'by second',
    type => 'payment.succeeded', channel => 'second', merchant => 'demo',
    'data.object.order_id' => $id, 'data.object.channel' => 'second');

waits($id, 'by second');

# what second has told is kept, apart

acked(post_notice('/notify/second', paid($id, @second,
      transaction_id => '42001', bank_type => 'OTHER')), 'by second, a copy');
counts($app, 0, 'by second, a copy: not forwarded');

my $twice = delivered(post_notice('/notify/second',
    paid($id, @second, transaction_id => '42002')),
    'by second, another payment', type => 'payment.duplicate',
    channel => 'second');
isnt($twice->{id}, $e->{id}, 'another event');

acked(post_notice('/notify/second', notice(
    transaction(out_trade_no => $id, @second, trade_state => 'CLOSED'),
    event_type => 'TRANSACTION.CLOSED')), 'by second, closed');
waits($id, 'by second, closed');

# the order of wechat is paid by its own notice only

my $own = delivered(post_notice('/notify/wechat',
    paid($id, transaction_id => '42001')), 'by wechat',
    type => 'payment.succeeded', channel => 'wechat',
    amount_checked => 'true', 'data.object.channel' => 'wechat');
isnt($own->{id}, $e->{id}, 'an event of its own, of the same number');

payment_ok(pay(order_id => $id), 'the order', status => 'succeeded',
           channel => 'wechat', channel_order_id => '42001');

# while the one is asked, the other tells

$id = number();
my $c = pay(order_id => $id, channel => 'deaf');
my $q = $deaf->take;

delivered(post_notice('/notify/second', paid($id, @second)),
          'by second, meanwhile', type => 'payment.succeeded',
          channel => 'second', amount_checked => 'false');
$q->reply(200, good());
payment_ok($c, 'by deaf', status => 'pending', channel => 'deaf');
counts($deaf, 0, 'once');



=== TEST 13: X-Accel-Redirect and no end, by FastCGI: no acknowledgement
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $notice = paid($id);

my %act = (
    'X-Accel-Redirect' => [ "X-Accel-Redirect: /elsewhere\r\n\r\nok" ],
    'X-Accel-Redirect, 500' => [
        "Status: 500\r\nX-Accel-Redirect: /elsewhere\r\n\r\n" ],
    'no end' => [ "Status: 200\r\n\r\nok", 0 ],
    'no end, no body' => [ "Status: 200\r\n\r\n", 0 ],
    'no end, a 204' => [ "Status: 204\r\n\r\n", 0 ],
    'no end, long' => [ "Status: 200\r\n\r\n" . 'x' x 50000, 0 ],
    'the head alone' => [ "Status: 200\r\n", 0 ],
    'less than announced' => [
        "Status: 200\r\nContent-Length: 3\r\n\r\nok" ],
    'too long' => [ "Status: 200\r\n\r\n" . 'x' x 300000 ]
);

for my $where (qw(fastcgi direct diskless alive)) {
    for my $name (sort keys %act) {
        my $c = post_notice("/notify/$where", $notice);
        my ($q) = fcgi_take($app);

        fcgi_reply($q, @{ $act{$name} });
        counts($app2, 0, "$where, $name: the event goes nowhere else");
        refused($c, 503, "$where, $name");
        between($c->{took}, 0, 3, "$where, $name");
    }
}

# what is whole

for my $where (qw(fastcgi direct diskless alive)) {
    my $n = 0;

    for my $text ("Content-Type: text/plain\r\n\r\n",
                  "Status: 204\r\n\r\n", "Status: 200\r\n\r\nok",
                  "Status: 200\r\nContent-Length: 2\r\n\r\nok",
                  "Status: 200\r\n\r\n" . 'x' x 60000)
    {
        my $c = post_notice("/notify/$where", paid(order()));
        my ($q) = fcgi_take($app);
        my $name = "$where, whole, " . ++$n;

        fcgi_reply($q, $text);
        acked($c, $name);
        between($c->{took}, 0, 3, $name);
    }
}

counts($app, 0, 'no more');
is(status_json()->{zone}{events_in_flight}, 0, 'none is on its way');



=== TEST 14: an answer larger than the buffers, by SCGI
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $n = '';

for my $case ([ 204, "Status: 200\r\n\r\n" . 'x' x 60000 ],
              [ 204, "Status: 200\r\nContent-Length: 2\r\n\r\nok" ],
              [ 503, "Status: 200\r\nContent-Length: 3\r\n\r\nok" ],
              [ 503, "Status: 200\r\n\r\n" . 'x' x 300000 ])
{
    my ($want, $text) = @$case;
    my $c = post_notice('/notify/scgi', paid(order()));
    my $q = $app->wait;

    # the request is read, or the answer would be a reset

    while ($q->{buf} !~ /"test":true\}\}\}\z/) {
        $q->more(5) or die 'no request';
    }

    $q->send($text);
    $q->close;

    my $name = 'SCGI, ' . length($text) . ' bytes';
    $want == 204 ? acked($c, $name) : refused($c, $want, $name);
    between($c->{took}, 0, 3, $name);
}

counts($app, 0, 'no more');
is(status_json()->{zone}{events_in_flight}, 0, 'none is on its way');



=== TEST 15: an answer out of the cache is none of the application
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $c = post_notice('/notify/cached', paid(order()));
$app->take->reply(200, 'ok');
acked($c, 'the first event');

my $body = paid(order());
$c = post_notice('/notify/cached', $body);

if (my $q = $app->wait(0.5)) {
    $q->read->reply(200, 'ok');
    acked($c, 'the second event');

} else {
    refused($c, 503, 'the second event, which nobody had');
    delivered(post_notice('/notify/wechat', $body), 'its copy, elsewhere');
}



=== TEST 16: a page that makes a success of a failure, within an if
--- http_config eval: $::http
--- config eval
qq{
    location = /ok { return 200 'success'; }

    location = /notify/wechat {
        pay_notify wechat;
        proxy_pass http://127.0.0.1:1;

        if (\$http_x_if) {
            error_page 413 =200 /ok;
        }
    }
} . Pay::call_location()
--- must_die
--- error_log
[emerg]
that makes a success of a failure
--- suppress_stderr
