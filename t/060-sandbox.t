#
# Copyright (C) the ngx_pay authors
#
# The sandbox: the pages behind the codes, in both languages and as JSON, the
# buttons and what they do, notices that are repeated, and the stand-in for an
# application (docs/design.md section 11).
#

use strict;
use warnings;
use utf8;

use Digest::SHA qw(hmac_sha256);
use Encode qw(encode_utf8);
use JSON::PP ();
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;

no_long_string();
no_shuffle();
log_level('info');
master_on();
workers(1);
worker_connections(256);


our $app = listener();
our $sim = free_port();
our $away = refuser();

my $gate = "http://127.0.0.1:$Mock::Port";


our $http = Pay::http(
    port => $sim,
    channel => { notify_url => "$gate/notify/wechat" },
    merchant => { channel => [ qw(wechat lost) ] },
    more => channel_block('lost', host => "http://127.0.0.1:$sim",
                          mchid => '1900000002',
                          notify_url => "http://127.0.0.1:$away->{port}/n")
);

our $config = Pay::locations(notify => <<"_E");
            pay_notify wechat;
            proxy_pass http://127.0.0.1:$app->{port}/pay/notify;
_E

# the same with the stand-in for an application

our $whole = Pay::locations(notify => <<"_E");
            pay_notify wechat;
            proxy_pass http://127.0.0.1:$sim/sandbox/inbox;
_E


sub order {
    my %p = (order_id => number(), @_);

    payment_ok(pay(%p), 'an order', status => 'pending');

    return $p{order_id};
}


# a request to the server of the sandbox

sub page {
    my ($method, $target, $body, @headers) = @_;

    my $form = 'Content-Type: application/x-www-form-urlencoded';

    return send_raw("$method $target HTTP/1.1\r\nHost: pay.example:8082\r\n"
        . "Connection: close\r\n" . join('', map { "$_\r\n" }
            ($body // '') ne '' && !grep({ /^content-type/i } @headers)
            ? $form : (), @headers)
        . 'Content-Length: ' . length($body // '') . "\r\n\r\n"
        . ($body // ''), $sim);
}


our @JSON = 'Accept: application/json';

sub press {
    my ($id, $action, $channel, @headers) = @_;

    return page('POST', '/sandbox/checkout/' . ($channel // 'wechat')
                . "/$id", "action=$action", @headers ? @headers : @JSON);
}


# an event at the inbox, signed with the secret of demo

sub event_headers {
    my ($body, %p) = @_;

    $p{id} //= 'evt_test';
    $p{at} //= time;
    open my $in, '<', Pay::keys() . '/demo.whsec' or die $!;
    my ($secret) = <$in> =~ /^whsec_(\S+)/;

    $p{signature} //= 'v1,' . encode_base64(
        hmac_sha256("$p{id}.$p{at}.$body", decode_base64($secret)), '');

    return ('Content-Type: application/json', "webhook-id: $p{id}",
            "webhook-timestamp: $p{at}", "webhook-signature: $p{signature}");
}


sub inbox { decode(page('GET', '/sandbox/inbox', '', @JSON)->answer->{body}) }


# a refund, as our own gateway may or may not ask for it yet: signed by hand

sub sim_refund {
    my ($id, $number, $amount, $total, %more) = @_;

    return channel_call('POST', '/v3/refund/domestic/refunds',
        JSON::PP::encode_json({
            out_trade_no => $id, out_refund_no => $number, %more,
            amount => { refund => $amount, total => $total,
                        currency => 'CNY' }
        }));
}


# a call to the simulator as the merchant makes it, in curl and openssl

sub channel_call {
    my ($method, $target, $body, $raw) = @_;

    my $t = time;
    my $nonce = sprintf '%032x', rand 1e9;
    my $sig = sign_text("$method\n$target\n$t\n$nonce\n" . ($body // '')
                        . "\n", Pay::keys() . '/apiclient_key.pem');

    my $c = page($method, $target, $body // '', 'Accept: application/json',
        'User-Agent: test', (defined $body ? 'Content-Type: application/json'
                                           : ()),
        'Authorization: WECHATPAY2-SHA256-RSA2048 mchid="1900000001",'
        . "nonce_str=\"$nonce\",signature=\"$sig\",timestamp=\"$t\","
        . 'serial_no="' . serial() . '"');

    return $raw ? $c : $c->answer;
}


# all that comes until the connection is closed

sub rest {
    my ($c) = @_;
    my $text = '';

    while (IO::Select->new($c->{sock})->can_read($Mock::Patience)) {
        sysread($c->{sock}, $text, 65536, length $text) or return $text;
    }

    return "$text (and it is not closed)";
}


sub serial {
    open my $in, '<', Pay::keys() . '/apiclient_cert.pem' or die $!;
    my ($text) = openssl(join('', <$in>), 'x509', '-noout', '-serial', '-in')
                 =~ /=(\w+)/;
    return $text;
}


# every page is UTF-8, runs nothing, loads nothing, is closed

sub page_ok {
    my ($c, $status, $name, $lang) = @_;

    my $a = $c->answer;

    is("$a->{status} $a->{type}", "$status text/html; charset=utf-8", $name);
    like($a->header('Content-Security-Policy'),
         qr/\Adefault-src 'none'; .*frame-ancestors 'none'/,
         "$name: nothing runs, nothing is framed");
    is($a->header('Cache-Control'), 'no-store', "$name: not kept");
    is($a->header('X-Content-Type-Options'), 'nosniff', "$name: not guessed");
    like($a->{body}, qr/\A<!DOCTYPE\x20html>\n<html\x20lang="\Q$lang\E">.*
                        <\/html>\n\z/xs, "$name: whole, and its language");
    unlike(join("\n", $a->{body} =~ /<[^>]*>/g),
           qr/<script|<img|<iframe|<link|\son\w+=|javascript:/i,
           "$name: no script, nothing from elsewhere");

    # every tag that was opened is closed

    my @open;
    my $bad = '';

    while ($a->{body} =~ m{<(/?)(\w+)[^>]*>}g) {
        my ($end, $tag) = ($1, $2);
        next if $tag =~ /^(?:meta|input)$/;
        push @open, $tag and next if !$end;
        my $last = pop @open // '-';
        $bad .= "$last/$tag " if $last ne $tag;
    }

    is($bad . join(' ', @open), '', "$name: tags in pairs");

    return $a->{body};
}


run_tests();


__DATA__

=== TEST 1: the checkout page, in English
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $o = payment_ok(pay(order_id => $id, amount => 1234567,
                       description => "tea \x{8336}"), 'pay');
my ($path) = $o->{next_action}{url} =~ m{\Ahttp://127.0.0.1:$sim(/.*)\z};

is($path, "/sandbox/checkout/wechat/$id", 'the code is the address');

for my $accept ('', 'text/html', 'text/html,application/xhtml+xml,*/*;q=0.8',
                '*/*')
{
    my $html = page_ok(page('GET', $path, '', $accept ? "Accept: $accept"
                            : ()), 200, "GET, Accept: $accept", 'en');

    like($html, qr{<title>Checkout</title>}, 'title');
    like($html, qr{Sandbox: a simulation, no money moves\.}, 'banner');
    like($html, qr{<p class="amount">12345\.67 CNY</p>}, 'amount');
    like($html, qr{<th>Description</th><td>tea \xe8\x8c\xb6</td>},
         'description');
    like($html, qr{<th>Merchant account</th><td>1900000001</td>}, 'account');
    like($html, qr{<th>Order</th><td>$id</td>}, 'order');
    like($html, qr{<th>Channel</th><td>wechat</td>}, 'channel');
    like($html, qr{<th>State</th><td>NOTPAY</td>}, 'state');
    like($html, qr{<th>Expires</th><td>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ</td>},
         'expires');
    like($html, qr{<th>Notices\ go\ to</th><td>http://127.0.0.1:$Mock::Port
                   /notify/wechat</td>}x, 'notices');

    is(join(' ', $html =~ /<button type="submit" name="action" value="(\w+)">/g),
       'pay decline pay_twice pay_late', 'four buttons, none is off');
    is(() = $html =~ /<form method="post">/g, 1, 'one form, to itself');
    unlike($html, qr{<h2>}, 'nothing to tell of notices yet');
}

counts($app, 0, 'looking does nothing');



=== TEST 2: and in Chinese, by what the browser wants
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $path = '/sandbox/checkout/wechat/' . order();

my %want = (
    'zh' => 'zh-CN', 'zh-CN' => 'zh-CN', 'zh-Hans-CN' => 'zh-CN',
    'ZH-tw' => 'zh-CN', 'zh-CN,zh;q=0.9,en;q=0.8' => 'zh-CN',
    'de,zh;q=0.1' => 'zh-CN', 'en;q=0.5,zh;q=0.6' => 'zh-CN',
    'en' => 'en', 'en-GB,zh;q=0.9' => 'en', 'zh;q=0' => 'en',
    'zh;q=0.2,en;q=0.3' => 'en', 'de' => 'en', '*' => 'en', '' => 'en',
    'zhx' => 'en', ';;,,q=1' => 'en'
);

for my $accept (sort keys %want) {
    my $lang = $want{$accept};
    my $html = page_ok(page('GET', $path, '', "Accept-Language: $accept"),
                       200, "Accept-Language: $accept", $lang);

    like($html, $lang eq 'en' ? qr{<h1>Checkout</h1>}
         : qr{<h1>\xe6\x94\xb6\xe9\x93\xb6\xe5\x8f\xb0</h1>},
         "Accept-Language: $accept: heading");
}

my $html = page('GET', $path, '', 'Accept-Language: zh')->answer->{body};

for my $word ("\x{652f}\x{4ed8}", "\x{62d2}\x{7edd}\x{652f}\x{4ed8}",
              "\x{91cd}\x{590d}\x{652f}\x{4ed8}",
              "\x{8d85}\x{65f6}\x{540e}\x{652f}\x{4ed8}")
{
    my $bytes = Encode::encode_utf8($word);
    like($html, qr{>$bytes</button>}, "button $bytes");
}

like($html, qr{<td>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00</td>},
     "times are Beijing's");

# twice is no wish

$html = page('GET', $path, '', 'Accept-Language: zh', 'Accept-Language: zh');
like($html->answer->{body}, qr{<html lang="en">}, 'two headers: none');



=== TEST 3: escaping: what a merchant writes is text
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $evil = q{<script>alert(1)</script>"'&amp;<img src=x onerror=y>};
my $id = order(description => $evil);

my $html = page_ok(page('GET', "/sandbox/checkout/wechat/$id"), 200,
                   'a description', 'en');
like($html, qr{<td>&lt;script&gt;alert\(1\)&lt;/script&gt;&quot;&\#39;&amp;
               amp;&lt;img\ src=x\ onerror=y&gt;</td>}x, 'is escaped');

my $j = decode(page('GET', "/sandbox/checkout/wechat/$id", '',
                    @JSON)->answer->{body});
is($j->{order_id}, $id, 'JSON');

# what is asked for is not repeated

for my $target ("/sandbox/checkout/<script>/$id",
                '/sandbox/checkout/wechat/%3Cscript%3Ealert(1)%3C/script%3E')
{
    my $a = page('GET', $target)->answer;
    is($a->{status}, 404, "GET $target");
    unlike($a->{body}, qr/script/, 'its text is not in the page');
}

my $a = page('POST', "/sandbox/checkout/wechat/$id",
             'action=%3Cscript%3E')->answer;
is($a->{status}, 400, 'an action');
unlike($a->{body}, qr/<script|%3Cscript/, 'its text is not in the page');



=== TEST 4: pay: one notice, one event, one acknowledgement
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order(amount => 250);
my $c = press($id, 'pay');

my $q = $app->take;
my $e = event_ok($q, 'event', type => 'payment.succeeded',
                 'data.object.order_id' => $id);
$q->reply(200, 'thanks');

my $a = $c->answer;
is("$a->{status} $a->{type}", '200 application/json', 'JSON');
is_deeply(decode($a->{body}), {
    channel => 'wechat', order_id => $id, action => 'pay',
    state => 'SUCCESS', message => undef, refunds => [], pending => [],
    notices => [ {
        kind => 'payment', number => $id, payment => 1, attempt => 1,
        event => $e->{id},
        url => "http://127.0.0.1:$Mock::Port/notify/wechat",
        application_status => 200, acknowledgement => {
            status => 204, body => '', accepted => JSON::PP::true } } ]
}, 'what became of it') or diag $a->{body};

# once more: it is paid

$a = press($id, 'pay')->answer;
my $j = decode($a->{body});
is("$a->{status} $j->{state} $j->{action} $j->{message}",
   '409 SUCCESS pay The order is already paid.', 'pay again');
is(scalar @{ $j->{notices} }, 0, 'no notice');

for my $action (qw(decline pay_twice pay_late)) {
    is(press($id, $action)->answer->{status}, 409, "$action: it is paid");
}

counts($app, 0, 'the application heard of it once');

$j = decode(page('GET', "/sandbox/checkout/wechat/$id", '',
                 @JSON)->answer->{body});
is_deeply($j, { channel => 'wechat', order_id => $id, action => undef,
                state => 'SUCCESS', message => undef, notices => [],
                refunds => [], pending => [] },
          'GET, as JSON');

my $html = page_ok(page('GET', "/sandbox/checkout/wechat/$id"), 200,
                   'GET, as a page', 'en');
is(join(' ', $html =~ /value="(\w+)" disabled>/g), 'pay decline pay_twice',
   'what makes no sense is off');
--- no_error_log
[error]



=== TEST 5: the same by a browser: a page that tells
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $c = press($id, 'pay', 'wechat', 'Accept: text/html');

my $e = event_ok(my $q = $app->take, 'event');
$q->reply(201);

my $html = page_ok($c, 200, 'POST', 'en');
like($html, qr{<h2>Notices</h2>}, 'notices');
like($html, qr{<tr><td>payment\ 1</td><td>1</td><td>201</td><td>$e->{id}</td>
               <td>204<pre></pre></td><td\ class="yes">yes</td></tr>}x,
     'its line');

$html = page_ok(press($id, 'pay', 'wechat', 'Accept: text/html'), 409,
                'POST again', 'en');
like($html, qr{role="status">The order is already paid\.</p>}, 'says why');
like($html, qr{No notice was sent\.}, 'and that there was none');

$html = page_ok(press($id, 'pay', 'wechat', 'Accept-Language: zh'), 409,
                'POST again', 'zh-CN');
like($html, qr{role="status">\xe8\xae\xa2\xe5\x8d\x95}, 'says why in Chinese');



=== TEST 6: decline: no notice, and the order stays
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();

my $a = press($id, 'decline')->answer;
my $j = decode($a->{body});

is("$a->{status} $j->{state} $j->{action}", '200 NOTPAY decline', 'decline');
like($j->{message}, qr/\AThe payment was declined\./, 'says so');
is_deeply($j->{notices}, [], 'no notice');
counts($app, 0, 'no event');

payment_ok(query($id), 'query', status => 'pending');
payment_ok(pay(order_id => $id), 'pay again', status => 'pending');

# the payer tries again

my $c = press($id, 'pay');
$app->take->reply(204);
is(decode($c->answer->{body})->{state}, 'SUCCESS', 'then pay');
payment_ok(query($id), 'query', status => 'succeeded');



=== TEST 7: pay_late: an order that was closed
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
payment_ok(close_order($id), 'close', status => 'closed');

for my $action (qw(pay decline pay_twice)) {
    my $a = press($id, $action)->answer;
    my $j = decode($a->{body});

    is("$a->{status} $j->{state}", '409 CLOSED', "$action: it is closed");
    like($j->{message}, qr/Only a late payment/, "$action: says so");
}

my $html = page_ok(page('GET', "/sandbox/checkout/wechat/$id"), 200,
                   'the page', 'en');
like($html, qr{<td>CLOSED</td>}, 'its state');
is(join(' ', $html =~ /value="(\w+)">/g), 'pay_late', 'one button is left');

my $c = press($id, 'pay_late');
event_ok(my $q = $app->take, 'event', type => 'payment.succeeded',
         'data.object.late' => 'true');
$q->reply(204);
is(decode($c->answer->{body})->{state}, 'SUCCESS', 'paid');
payment_ok(query($id), 'query', status => 'succeeded', late => 'true');

# an order that is not closed takes it as well

$id = order();
$c = press($id, 'pay_late');
event_ok($q = $app->take, 'event', type => 'payment.succeeded',
         'data.object.late' => 'false');
$q->reply(204);
is(decode($c->answer->{body})->{state}, 'SUCCESS', 'paid');



=== TEST 8: pay_twice: two payments, two notices
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $c = press($id, 'pay_twice');
my @e;

for my $type (qw(payment.succeeded payment.duplicate)) {
    my $q = $app->take;
    push @e, event_ok($q, $type, type => $type);
    counts($app, 0, "$type: one at a time");
    $q->reply(204);
}

my $n = decode($c->answer->{body})->{notices};
is_deeply([ map { [ @$_{qw(payment attempt event)} ] } @$n ],
          [ [ 1, 1, $e[0]{id} ], [ 2, 1, $e[1]{id} ] ], 'both are listed');
--- error_log
was paid twice



=== TEST 9: notices are sent up to three times, as a channel does
--- http_config eval: $::http
--- config eval: $::config
--- steps
# the application fails once, in each way a notice can fail

my $id = order();
my $c = press($id, 'pay');
my $e = event_ok(my $q = $app->take, 'the first');
$q->reply(500, 'oh');

ok($c->silent(0.5), 'a pause');
$q = $app->take(5);
is(event_ok($q, 'the second')->{id}, $e->{id}, 'the same event');
$q->reply(204);

my $n = decode($c->answer->{body})->{notices};
is_deeply([ map { [ @$_{qw(payment attempt application_status event)},
                    @{ $_->{acknowledgement} }{qw(status body accepted)} ] }
            @$n ],
    [ [ 1, 1, 500, $e->{id}, 503, '{"code":"FAIL","message":"try again"}',
        JSON::PP::false ],
      [ 1, 2, 204, $e->{id}, 204, '', JSON::PP::true ] ], 'both are told');

# and then always: three attempts, a second and two apart

$id = order();
$c = press($id, 'pay', 'wechat', 'Accept: text/html');
my @at;

for (1 .. 3) {
    my $q = $app->take(8);
    push @at, Time::HiRes::time();
    $q->close;
}

my $html = page_ok($c, 200, 'POST', 'en');
between($at[1] - $at[0], 0.9, 2.5, 'the second attempt');
between($at[2] - $at[1], 1.8, 3.5, 'the third attempt');
is(() = $html =~ m{<td class="no">no</td>}g, 3, 'three that failed');
like($html, qr{<tr><td>payment\ 1</td><td>3</td><td>none</td><td>evt_\w+</td>
    <td>503<pre>\{&quot;code&quot;:&quot;FAIL&quot;,&quot;message&quot;:
    &quot;try\ again&quot;\}</pre></td>}x, 'the third');
counts($app, 0, 'three times');

payment_ok(query($id), 'the order is paid all the same',
           status => 'succeeded');
--- error_log
the application did not accept event



=== TEST 10: a notify URL that nobody is at
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order(channel => 'lost');
my $c = press($id, 'pay', 'lost');
my $n = decode($c->answer(20)->{body})->{notices};

is_deeply($n, [ map { {
    kind => 'payment', number => $id, payment => 1, attempt => $_,
    event => undef, application_status => undef,
    url => "http://127.0.0.1:$away->{port}/n",
    acknowledgement => { status => undef, body => '',
                         accepted => JSON::PP::false }
} } 1 .. 3 ], 'three attempts, no answer');
payment_ok(query($id), 'query', status => 'succeeded');
--- error_log
Connection refused



=== TEST 11: actions, forms, methods, orders that are wrong
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $path = "/sandbox/checkout/wechat/$id";

for my $body ('', 'action=', 'action', 'action=return', 'action=PAY',
              'action=pay+', 'Action=pay', 'act=pay', 'action=pay&action=pay',
              'action=pay&action=decline', 'action=%zz', 'action=pay%00',
              '{"action":"pay"}', 'pay', '=', '&&',
              join '&', 'action=pay', map { "a$_=b" } 1 .. 40)
{
    my $a = page('POST', $path, $body, @JSON)->answer;
    my $j = decode($a->{body});

    is("$a->{status} " . ($j->{message} // '-'),
       '400 action must be pay, decline, pay_twice or pay_late, or with a part'
       . ' refund, refund_fail or refund_close', 'POST ' . substr $body, 0,
       30);
    is($j->{state}, 'NOTPAY', 'and does nothing');
}

for my $target ('/sandbox/checkout/', '/sandbox/checkout/wechat',
                '/sandbox/checkout/wechat/', "/sandbox/checkout//$id",
                "/sandbox/checkout/alipay/$id", "/sandbox/checkout/$id",
                '/sandbox/checkout/wechat/' . number(), "$path/", "$path/x",
                "$path%00", '/sandbox/checkout/wechat/' . 'x' x 300)
{
    for my $method (qw(GET POST)) {
        my $a = page($method, $target, $method eq 'POST' ? 'action=pay' : '',
                     @JSON)->answer;
        is($a->{status}, $target =~ /%00/ ? 400 : 404, "$method $target");
    }
}

for my $method (qw(PUT DELETE PATCH OPTIONS HEAD)) {
    my $a = page($method, $path, '')->answer;
    is($a->{status}, 405, "$method");
}

# nothing about bytes of the number: it is a name

is(page('GET', "$path?action=pay", '', @JSON)->answer->{status}, 200,
   'GET with arguments');
counts($app, 0, 'a GET presses nothing');
is(decode(page('GET', $path, '', @JSON)->answer->{body})->{state}, 'NOTPAY',
   'nothing has changed it');

# more members of a form do no harm

my $c = page('POST', $path, 'x=1&action=pay&y=%E8%8C%B6', @JSON);
$app->take->reply(204);
is(decode($c->answer->{body})->{state}, 'SUCCESS', 'more members');



=== TEST 12: the inbox lists what it was sent, newest first, and verifies
--- http_config eval: $::http
--- config eval: $::config
--- steps
is_deeply(inbox(), { events => [] }, 'empty') if !@{ inbox()->{events} };

my $html = page_ok(page('GET', '/sandbox/inbox'), 200, 'GET', 'en');
like($html, qr{<title>Inbox</title>}, 'title');
like($html, qr{No event has come yet\.}, 'nothing yet');
like(page('GET', '/sandbox/inbox', '', 'Accept-Language: zh')
     ->answer->{body}, qr{<h1>\xe6\x94\xb6\xe4\xbb\xb6\xe7\xae\xb1</h1>},
     'in Chinese');

# one that holds

my $body = '{"id":"evt_a","type":"payment.succeeded","merchant":"demo"}';
my $a = page('POST', '/sandbox/inbox', $body, event_headers($body),
             'X-Extra: 1', 'X-Extra: 2')->answer;
is("$a->{status} $a->{type} $a->{body}",
   '200 application/json {"received":true}', 'one that holds');

my $e = inbox()->{events}[0];
is($e->{verified}, JSON::PP::true, 'verified');
is_deeply($e->{body}, decode($body), 'its body');
like($e->{received_at}, qr/\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\z/, 'when');
is($e->{headers}{'webhook-id'}, 'evt_test', 'its headers, in lower case');
is($e->{headers}{'x-extra'}, '1, 2', 'of two of a name one list');
is($e->{raw}, undef, 'no raw text');

# and some that do not

my %bad = (
    'a signature of other bytes' => [ $body, event_headers("$body ") ],
    'another id' => [ $body, map { s/evt_test/evt_tost/r }
                      event_headers($body) ],
    'a timestamp that is old' => [ $body, event_headers($body,
                                   at => time - 301) ],
    'a timestamp to come' => [ $body, event_headers($body,
                               at => time + 302) ],
    'no signature' => [ $body, grep { !/signature/ } event_headers($body) ],
    'two signature headers' => [ $body, event_headers($body),
                                 (event_headers($body))[3] ],
    'two ids' => [ $body, event_headers($body), 'webhook-id: evt_test' ],
    'another version' => [ $body, map { s/: v1,/: v2,/r }
                           event_headers($body) ],
    'an unknown merchant' => [ ('{"merchant":"nobody"}') x 1,
                               event_headers('{"merchant":"nobody"}') ],
    'no merchant' => [ '{"type":"x"}', event_headers('{"type":"x"}') ],
    'no JSON' => [ 'hello', event_headers('hello') ]
);

for my $name (sort keys %bad) {
    my ($text, @head) = @{ $bad{$name} };
    my $a = page('POST', '/sandbox/inbox', $text, @head)->answer;

    is("$a->{status} $a->{body}", '401 {"received":false}', $name);

    my $e = inbox()->{events}[0];
    is($e->{verified}, JSON::PP::false, "$name: listed, not verified");
}

is(scalar @{ inbox()->{events} }, 1 + keys %bad, 'all are listed');
is(scalar(grep { $_->{verified} } @{ inbox()->{events} }), 1,
   'one is verified');

# several signatures: one that holds is enough

$a = page('POST', '/sandbox/inbox', $body, map {
    s/^(webhook-signature: )/${1}v1,AAAA /r } event_headers($body))->answer;
is($a->{status}, 200, 'several signatures');

$html = page_ok(page('GET', '/sandbox/inbox'), 200, 'the page', 'en');
is(() = $html =~ m{<td class="yes">verified</td>}g, 2, 'verified');
is(() = $html =~ m{<td class="no">NOT verified</td>}g, scalar keys %bad,
   'not verified');

is(page('DELETE', '/sandbox/inbox', '')->answer->{status}, 405, 'DELETE');
is(page('HEAD', '/sandbox/inbox', '')->answer->{status}, 405, 'HEAD');



=== TEST 13: the inbox: bodies of all kinds, as text
--- http_config eval: $::http
--- config eval: $::config
--- steps
my %body = (
    nothing => '',
    html => '<script>alert(1)</script>',
    quotes => q({"a":"\"\\\\<b>&","b":[1,{"c":null}],"c":1e999999999999}),
    bytes => join('', map { chr } 0 .. 255),
    utf8 => "{\"a\":\"\xe8\x8c\xb6\"}",
    deep => '{"a":' . '[' x 14 . ']' x 14 . '}',
    'too deep' => '[' x 5000,
    twice => '{"a":1,"a":2}',
    number => '12345678901234567890.12345',
    long => '"' . 'x' x 2000 . '"'
);

for my $name (sort keys %body) {
    my $a = page('POST', '/sandbox/inbox', $body{$name},
                 'Content-Type: application/json',
                 'X-Evil: <b>"\'</b>')->answer;
    is($a->{status}, 401, "$name: not verified");

    my $e = inbox()->{events}[0];
    ok(exists $e->{body} || exists $e->{raw}, "$name: listed");

    my $html = page_ok(page('GET', '/sandbox/inbox'), 200, "$name, page",
                       'en');
    like($html, qr/X-Evil: &lt;b&gt;&quot;&#39;&lt;\/b&gt;/,
         "$name: headers are escaped");
}

# too much for its store is refused, and no harm

my $a = page('POST', '/sandbox/inbox', 'x' x 300000,
             'Content-Type: text/plain')->answer;
cmp_ok($a->{status}, '>=', 400, '300000 bytes');
is(page('GET', '/sandbox/inbox')->answer->{status}, 200, 'the page');



=== TEST 14: the inbox keeps a hundred
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $n (1 .. 110) {
    my $body = "{\"type\":\"n$n\",\"merchant\":\"demo\"}";
    page('POST', '/sandbox/inbox', $body, event_headers($body))->answer;
}

my $e = inbox()->{events};
is(scalar @$e, 100, 'a hundred');
is($e->[0]{body}{type}, 'n110', 'the newest first');
is($e->[99]{body}{type}, 'n11', 'the oldest are gone');



=== TEST 15: all of it together: pay, press, and the event is in the inbox
--- http_config eval: $::http
--- config eval: $::whole
--- steps
my $id = order(amount => 888);
my $j = decode(press($id, 'pay')->answer->{body});
my $n = $j->{notices}[0];

is("$n->{application_status} $n->{acknowledgement}{status}", '200 204',
   'the inbox took it, the channel has its acknowledgement');

my $e = inbox()->{events};
is(scalar @$e, 1, 'one event');
is($e->[0]{verified}, JSON::PP::true, 'verified');
is($e->[0]{body}{id}, $n->{event}, 'the event of the notice');
is($e->[0]{headers}{'webhook-id'}, $n->{event}, 'its id');
is($e->[0]{body}{type}, 'payment.succeeded', 'its type');
is($e->[0]{body}{data}{object}{order_id}, $id, 'its order');
is($e->[0]{body}{data}{object}{amount}, 888, 'its amount');

my $html = page_ok(page('GET', '/sandbox/inbox'), 200, 'the page', 'en');
like($html, qr{<td>payment\.succeeded</td>}, 'type');
like($html, qr{<td>$n->{event}</td>}, 'event');
like($html, qr{&quot;order_id&quot;: &quot;$id&quot;}, 'body, readable');

$id = order();
$j = decode(press($id, 'pay_twice')->answer->{body});
is(scalar @{ $j->{notices} }, 2, 'twice');
is(join(' ', map { $_->{body}{type} } @{ inbox()->{events} }),
   'payment.duplicate payment.succeeded payment.succeeded', 'newest first');



=== TEST 16: the simulator is as strict as the channel
--- http_config eval: $::http
--- config eval: $::config
--- steps
# its own suite is in t/unit and t/interop; here: that it is one by HTTP

for my $bad ([ 'GET', '/v3/pay/transactions/out-trade-no/T1?mchid=1900000001' ],
             [ 'POST', '/v3/pay/transactions/native', '{}' ],
             [ 'POST', '/v3/pay/transactions/out-trade-no/T1/close', '{}' ],
             [ 'GET', '/v3/nothing' ])
{
    my ($method, $target, $body) = @$bad;
    my $a = page($method, $target, $body // '', 'Accept: application/json',
                 'Content-Type: application/json')->answer;

    is("$a->{status} " . decode($a->{body})->{code}, '401 SIGN_ERROR',
       "$method $target, not signed");
    is($a->header('Wechatpay-Signature'), undef, 'and so is the answer');
}

is(page('DELETE', '/v3/pay/transactions/native', '')->answer->{status}, 405,
   'DELETE');



=== TEST 17: refunds: the page shows them, and sends what is due
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order(amount => 1000);
my $path = "/sandbox/checkout/wechat/$id";
my $said = listener();
my $url = "http://127.0.0.1:$said->{port}/refunded";

my $c = press($id, 'pay');
$app->take->reply(204);
is($c->answer->{status}, 200, 'paid');

my $a = sim_refund($id, "R$id", 300, 1000, notify_url => $url);
my $j = decode($a->{body});
is("$a->{status} $j->{status}", '200 PROCESSING', 'a refund is accepted');
is(sim_refund($id, "R$id", 301, 1000, notify_url => $url)->{status}, 400,
   'the same number with another amount');
is(sim_refund($id, "S$id", 701, 1000)->{status}, 400, 'too much');

$j = decode(channel_call('GET', "/v3/refund/domestic/refunds/R$id")->{body});
is("$j->{status} $j->{out_trade_no}", "SUCCESS $id", 'its query');

$j = decode(channel_call('GET', '/v3/pay/transactions/id/'
                         . "$j->{transaction_id}?mchid=1900000001")->{body});
is("$j->{trade_state} $j->{out_trade_no}", "REFUND $id",
   'the payment by its transaction_id');

# whoever looks at the page has the notice sent

$c = page('GET', $path, '', @JSON);
my $q = $said->take;
is("$q->{method} $q->{target}", 'POST /refunded', 'its notice');
is(decode($q->{body})->{event_type}, 'REFUND.SUCCESS', 'of its success');
$q->reply(204);

$j = decode($c->answer->{body});
is($j->{state}, 'REFUND', 'the page: state');
is_deeply($j->{refunds}, [ { refund_id => "R$id", amount => 300,
                             state => 'SUCCESS' } ], 'refunds');
is_deeply([ map { [ @$_{qw(kind number payment attempt)} ] }
            @{ $j->{notices} } ], [ [ 'refund', "R$id", undef, 1 ] ],
          'the notice that was sent');
is_deeply($j->{pending}, [], 'nothing is left');

my $html = page_ok(page('GET', $path), 200, 'the page', 'en');
like($html, qr{<h2>Refunds</h2>}, 'refunds');
like($html, qr{<tr><td>R$id</td><td>3\.00 CNY</td><td>SUCCESS</td>}, 'one');
counts($said, 0, 'the notice came once');

is(page('POST', $path, "action=refund&part=R$id", @JSON)->answer->{status},
   409, 'a button of a refund that is over');
is(page('POST', $path, 'action=refund_close&part=X', @JSON)->answer->{status},
   409, 'of one that is none');



=== TEST 18: amounts that force a case of the wire
--- http_config eval: $::http
--- config eval: $::config
--- steps
sub prepay {
    my ($id, $total) = @_;

    return channel_call('POST', '/v3/pay/transactions/native',
        JSON::PP::encode_json({
            appid => 'wx8888888888888888', mchid => '1900000001',
            description => 'd', out_trade_no => $id,
            notify_url => "http://127.0.0.1:$Mock::Port/notify/wechat",
            amount => { total => $total, currency => 'CNY' }
        }), @_[2 .. $#_]);
}

# 902: nothing comes, and it is done

my $id = number();
my $c = prepay($id, 902, 1);
is(rest($c), '', 'lost: the connection is closed');
is(decode(channel_call('GET', "/v3/pay/transactions/out-trade-no/$id?mchid="
                       . '1900000001')->{body})->{trade_state}, 'NOTPAY',
   'and it is done');
is(prepay($id, 902)->{status}, 200, 'asked again: it is told');

# 904: half of it comes

$id = number();
my $text = rest(prepay($id, 904, 1));
my ($head, $body) = split /\r\n\r\n/, $text, 2;
my ($length) = $head =~ /^Content-Length: (\d+)/mi;
like($head, qr{\AHTTP/1\.1 200 }, 'truncated: 200');
is(length $body, int $length / 2, 'half of the body');
is(prepay($id, 904)->{status}, 200, 'asked again: whole');

# 905, 906: 5xx with and without the deed

$id = number();
is(prepay($id, 905)->{status}, 500, 'an error, and it is done');
is(prepay($id, 905)->{status}, 200, 'asked again: told');
$id = number();
is(prepay($id, 906)->{status}, 503, "an error, try $_") for 1 .. 2;

# 903: later than anybody waits

$id = number();
ok(prepay($id, 903, 1)->silent(1), 'late: nothing comes for a while');
is(prepay($id, 903)->{status}, 200, 'asked again: at once');

# and by our own gateway: the outcome is not known, then it is

$id = number();
problem(pay(order_id => $id, amount => 1902), '504 outcome_unknown query',
        'a payment whose answer is lost');
payment_ok(query($id), 'query', status => 'pending');
--- no_error_log
[alert]
