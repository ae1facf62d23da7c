#
# Copyright (C) the ngx_pay authors
#
# The callback desk: what a channel, or somebody in its name, can send, what
# the application gets and does, and what is answered (docs/design.md 4.4, 8).
#

use strict;
use warnings;

use POSIX ();
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
our $app2 = listener();             # another one of it
our $nobody = refuser();            # an application that is down
our $catch = listener();            # where channel second sends its notices
our $deaf = listener();             # the channel deaf: what it hears, and says
our $sim = free_port();             # the real simulator

Desk::application($app);

my $gate = "http://127.0.0.1:$Mock::Port";


our $http = Pay::http(
    port => $sim,
    channel => { notify_url => "$gate/notify/wechat" },
    merchant => { channel => [ qw(wechat second deaf) ] },
    more => channel_block('second', host => "http://127.0.0.1:$sim",
                          mchid => '1900000002',
                          notify_url => "http://127.0.0.1:$catch->{port}/n")
            . channel_block('deaf', mchid => '1900000004',
                            host => "http://127.0.0.1:$deaf->{port}")
            . <<"_E");
    upstream app_of_demo { server 127.0.0.1:$app2->{port}; }

    upstream spare {
        server 127.0.0.1:$nobody->{port};
        server 127.0.0.1:$app2->{port} backup;
    }

    map \$pay_merchant \$app_of { default nobody; demo app_of_demo; }

    log_format notice '\$request_method \$status \$pay_notify_result '
                      '\$pay_channel \$pay_merchant \$pay_order_id '
                      '\$pay_error';
_E


# locations of pay_notify wechat: name, lines

my %location = (
    wechat => "proxy_pass http://127.0.0.1:$app->{port}/pay/notify;",

    plain => "proxy_pass http://127.0.0.1:$app->{port};",

    map => 'proxy_pass http://$app_of/hook;',

    seen => "proxy_pass http://127.0.0.1:$app->{port}/seen;
             proxy_set_header X-Seen '" . join('|', map { "\$$_" } qw(
                 request_method request_uri uri args is_args query_string
                 content_type content_length pay_merchant pay_channel
                 pay_order_id pay_amount pay_currency
             )) . "';
             proxy_set_header X-Client '" . join('|', map { "\$http_$_" } qw(
                 cookie authorization x_pay_verified wechatpay_signature
             )) . "';",

    fastcgi => "fastcgi_pass 127.0.0.1:$app->{port};
                fastcgi_param REQUEST_METHOD \$request_method;
                fastcgi_param QUERY_STRING \$query_string;
                fastcgi_param REQUEST_URI \$request_uri;
                fastcgi_param CONTENT_TYPE \$content_type;
                fastcgi_param CONTENT_LENGTH \$content_length;
                fastcgi_param MERCHANT \$pay_merchant;",

    backup => 'proxy_pass http://spare/hook;',

    down => "proxy_pass http://127.0.0.1:$nobody->{port}/hook;",

    impatient => "proxy_pass http://127.0.0.1:$app->{port}/hook;
                  proxy_read_timeout 500ms;",

    unbuffered => "proxy_pass http://127.0.0.1:$app->{port}/hook;
                   proxy_buffering off;",

    page => "proxy_pass http://127.0.0.1:$app->{port}/hook;
             proxy_intercept_errors on;
             error_page 301 302 401 404 500 502 503 504 /elsewhere;",

    named => "proxy_pass http://127.0.0.1:$nobody->{port}/hook;
              error_page 502 \@elsewhere;",

    canned => "return 200 'success';
               proxy_pass http://127.0.0.1:$app->{port}/hook;",

    nothing => "return 204;
                proxy_pass http://127.0.0.1:$app->{port}/hook;",

    tried => "try_files /index.html /nothing;
              proxy_pass http://127.0.0.1:$app->{port};",

    closed => "deny all;
               proxy_pass http://127.0.0.1:$app->{port}/hook;",

    small => "client_max_body_size 512;
              proxy_pass http://127.0.0.1:$app->{port}/hook;",

    file => "client_body_in_file_only on;
             proxy_pass http://127.0.0.1:$app->{port}/hook;",

    spill => "client_body_buffer_size 64;
              proxy_pass http://127.0.0.1:$app->{port}/hook;",

    stream => "proxy_request_buffering off;
               proxy_pass http://127.0.0.1:$app->{port}/hook;",

    gzip => "gzip on; gzip_types *; gzip_min_length 0;
             proxy_pass http://127.0.0.1:$app->{port}/hook;",

    'ssi' => "ssi on; ssi_types *; sub_filter_types *;
              proxy_pass http://127.0.0.1:$app->{port}/hook;"
);

our $config = join '', <<'_E', map({ <<"_L" } sort keys %location), <<"_E";

        location /v1/ { pay_api; }
        location = /status { pay_status json; }

_E
        location = /notify/$_ {
            access_log logs/notice.log notice;
            pay_notify wechat;
            $location{$_}
        }

_L
        location = /notify/second {
            access_log logs/notice.log notice;
            pay_notify second;
            proxy_pass http://127.0.0.1:$app->{port}/pay/notify;
        }

        location = /notify/deaf {
            access_log logs/notice.log notice;
            pay_notify deaf;
            proxy_pass http://127.0.0.1:$app->{port}/pay/notify;
        }

        location = /elsewhere {
            proxy_pass http://127.0.0.1:$app2->{port}/elsewhere;
        }

        location \@elsewhere {
            proxy_pass http://127.0.0.1:$app2->{port};
        }

        location = /sub/auth {
            auth_request /notify/wechat;
            proxy_pass http://127.0.0.1:$app2->{port}/behind;
        }

        location = /sub/mirror {
            mirror /notify/wechat;
            proxy_pass http://127.0.0.1:$app2->{port}/behind;
        }

        location = /hop/rewrite { rewrite ^ /notify/wechat last; }
        location = /hop/try { try_files /nothing /notify/wechat; }

        location = /hop/page {
            error_page 418 = /notify/wechat;
            return 418;
        }

_E

$config .= Pay::call_location();


# a button of the checkout page; the answer comes when the notices are sent

sub press {
    my ($id, $action, $channel) = @_;

    $channel //= 'wechat';

    return send_raw("POST /sandbox/checkout/$channel/$id HTTP/1.1\r\n"
        . "Host: a\r\nConnection: close\r\nAccept: application/json\r\n"
        . "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        . length("action=$action") . "\r\n\r\naction=$action", $sim);
}


sub last_line {
    Time::HiRes::sleep(0.05);
    open my $in, '<', server_root() . '/logs/notice.log' or die $!;
    my @line = <$in>;

    return $line[-1] // '';
}


run_tests();


__DATA__

=== TEST 1: a payment by the real simulator: one event, and 204
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order(amount => 1234, metadata => { shop => '7' });
my $c = press($id, 'pay');
my $q = $app->take;

my $e = event_ok($q, 'event');

my $now = POSIX::strftime('%Y-%m-%dT%H:%M', gmtime);
my $paid = decode($q->{body})->{data}{object};
my $time = qr/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/;

like($q->{body}, qr/\A\{"id":"evt_[a-z2-7]{26}","type":"payment.succeeded",
    "created_at":$time,"api_version":"v1","merchant":"demo",
    "channel":"wechat","source":"notice","test":true,"amount_checked":true,
    "data":\{"object":\{"object":"payment","order_id":"$id",
    "merchant":"demo","channel":"wechat","method":"qr_code",
    "channel_order_id":"420000\d{22}","status":"succeeded","amount":1234,
    "currency":"CNY","amount_paid":1234,"amount_refunded":0,
    "refund_status":"none","next_action":null,
    "payer":\{"openid":"o[\w-]+"\},"failure":null,"closing":false,
    "late":false,"created_at":$time,"expires_at":$time,"paid_at":$time,
    "closed_at":null,"metadata":\{"shop":"7"\},"test":true\}\}\}\z/x,
    'the event, all of it');

ok($c->silent, 'the channel waits for the application');
$q->reply(204);

my $a = decode($c->answer->{body});

is($a->{state}, 'SUCCESS', 'it is paid at the channel');
is(scalar @{ $a->{notices} }, 1, 'one notice was enough');
is_deeply($a->{notices}[0], {
    kind => 'payment', number => $id, payment => 1, attempt => 1,
    url => "http://127.0.0.1:$Mock::Port/notify/wechat",
    event => $e->{id}, application_status => 204,
    acknowledgement => { status => 204, body => '', accepted => JSON::PP::true }
}, 'and acknowledged');
counts($app, 0, 'once');

payment_ok(pay(order_id => $id, amount => 1234, metadata => { shop => '7' }),
           'the order', status => 'succeeded', amount_paid => 1234,
           next_action => '~', paid_at => $paid->{paid_at},
           channel_order_id => $paid->{channel_order_id});
payment_ok(query($id), 'query', status => 'succeeded');
is(last_line(), "POST 204 acknowledged wechat demo $id -\n", 'the log');
--- no_error_log
[error]



=== TEST 2: a notice of the simulator, taken on its way and looked into
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order(channel => 'second', amount => 77);
my $c = press($id, 'pay', 'second');
my $n = $catch->take;

is($n->{line}, 'POST /n HTTP/1.1', 'where it goes');

my $o = decode($n->{body});
my $r = $o->{resource};
my $plain = unseal(MIME::Base64::decode_base64($r->{ciphertext}), $r->{nonce},
                   $r->{associated_data});
my $t = decode($plain);

is($o->{event_type}, 'TRANSACTION.SUCCESS', 'what it says');
is("$t->{out_trade_no} $t->{mchid} $t->{trade_state} $t->{amount}{total}",
   "$id 1900000002 SUCCESS 77", 'what is sealed in it');
is($t->{attach}, echo_text('demo', $id, 77, 'CNY'), 'the text that we sent');

# somebody keeps it, and changes it on the way

my @head = grep { /^(?:Content-Type|Wechatpay)/ } split /\r\n/, $n->{head};
my $send = sub {
    my ($body, @h) = @_;
    return ask('POST', '/notify/second', $body, @h);
};

my %change = (
    'a byte of the body' => [ 401, $n->{body} =~ s/SUCCESS/SUCCESs/r, @head ],
    'a byte of the ciphertext' => [ 401,
        $n->{body} =~ s/("ciphertext":"....)(.)/$1 . ($2 eq 'A' ? 'B' : 'A')/er,
        @head ],
    'white space behind' => [ 401, "$n->{body}\n", @head ],
    'no body' => [ 401, '', @head ],
    'a byte less' => [ 401, substr($n->{body}, 0, -1), @head ]
);

for my $name (qw(Timestamp Nonce Signature Serial)) {
    my ($line) = grep { /^Wechatpay-$name:/ } @head;
    my @others = grep { !/^Wechatpay-$name:/ } @head;

    $change{"no Wechatpay-$name"} = [ 401, $n->{body}, @others ];
    $change{"an empty Wechatpay-$name"}
        = [ 401, $n->{body}, @others, "Wechatpay-$name:" ];
    $change{"Wechatpay-$name twice"} = [ 401, $n->{body}, @head, $line ];
    $change{"another Wechatpay-$name"} = [ 401, $n->{body}, @others,
        $line =~ s/(\d)(?=\D*\z)/($1 + 1) % 10/er ];
}

$change{'two signatures, the first is good'}
    = [ 401, $n->{body}, @head, 'Wechatpay-Signature: AAAA' ];

for my $name (sort keys %change) {
    my ($status, $body, @h) = @{ $change{$name} };
    refused($send->($body, @h), $status, "W-1: $name");
    counts($app, 0, "W-1: $name: not forwarded");
}

is(notices('second')->{refused}, scalar keys %change, 'all are counted');
payment_ok(pay(order_id => $id, channel => 'second', amount => 77), 'the order',
           status => 'pending');

# the real one, then its copies

my $first = $send->($n->{body}, @head);
my $e = delivered($first, 'the real one', type => 'payment.succeeded',
                  channel => 'second', 'data.object.order_id' => $id,
                  amount_checked => 'true');
is($first->header('Pay-Event'), $e->{id}, 'a sandbox tells the event');
is($first->header('Pay-Application-Status'), 204, 'and what became of it');

for (1, 2) {
    acked($send->($n->{body}, @head), 'W-7: a copy');
    counts($app, 0, 'W-7: a copy is not forwarded');
}

is(last_line(), "POST 204 repeated second demo $id -\n", 'the log');
is(notices('second')->{repeated}, 2, 'copies are counted');

# channel second's notice at the location of wechat

refused(ask('POST', '/notify/wechat', $n->{body}, @head), 403,
        "W-4: another account's notice");
counts($app, 0, "W-4: another account's notice is not forwarded");

$n->reply(204);
is(decode($c->answer->{body})->{notices}[0]{acknowledgement}{status}, 204,
   'the simulator has its answer');



=== TEST 3: W-1: forged: whoever signs it, the key decides
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);

never('the key of somebody', 401, $body, key => foreign_key());
never('K-17: a serial that is not configured', 401, $body,
      serial => 'PUB_KEY_ID_0119000000012026112500000000000002');
never('no signature', 401, $body, drop => [ 'Wechatpay-Signature' ]);
never('a signature that is no base64', 401, $body, signature => '***');
never('an empty one, as base64 has it', 401, $body, signature => '====');
never('a signature of other bytes', 401, $body, over => "$body ");
never('K-1: another algorithm is named', 401, $body,
      type => 'WECHATPAY2-SM2-WITH-SM3');
never('an algorithm twice', 401, $body,
      add => [ 'Wechatpay-Signature-Type: WECHATPAY2-SHA256-RSA2048' ]);
never('not signed at all', 401, $body, drop => [ map { "Wechatpay-$_" }
      qw(Timestamp Nonce Signature Serial Signature-Type) ]);

waits($id, 'forged');
is(last_line(), "POST 401 refused wechat - - signature_missing\n", 'the log');
--- no_error_log
[error]



=== TEST 4: W-12: signature probes fail like any forgery, and are counted
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $before = notices()->{probe};

never('a probe', 401, paid($id), signature => 'WECHATPAY/SIGNTEST/abc==');
is(last_line(), "POST 401 probe wechat - - signature_mismatch\n", 'the log');
is(notices()->{probe}, $before + 1, 'counted');
waits($id, 'a probe');
--- no_error_log
[error]



=== TEST 5: W-7: stale and future notices
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);

for my $off (-301, -86400 * 90, 301, 86400) {
    never("$off s from now", 401, $body, timestamp => int(time) + $off);
}

for my $bad ('0', '-1', '+' . int time, int(time) . '.5', int(time) . '000',
             '99999999999999999999', 'now')
{
    never("timestamp $bad", 401, $body, timestamp => $bad);
}

waits($id, 'stale');
is(last_line(), "POST 401 refused wechat - - timestamp_out_of_window\n",
   'the log');

my $e = delivered(post_notice('/notify/wechat', $body,
                              timestamp => int(time) - 280), '280 s old',
                  type => 'payment.succeeded');
acked(post_notice('/notify/wechat', $body, timestamp => int(time) + 280),
      'the same, signed anew, 280 s ahead');
counts($app, 0, 'is a copy');



=== TEST 6: W-13: methods
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);
my (undef, @head) = signed_by($body);

for my $method (qw(PUT PATCH DELETE)) {
    refused(ask($method, '/notify/wechat', $body, @head), 405, $method);
}

my (undef, @get) = signed_by('');

for my $target ('/notify/wechat', "/notify/wechat?out_trade_no=$id&"
                . 'trade_status=TRADE_SUCCESS&sign=AAAA')
{
    refused(ask('GET', $target, '', @get), 405, "GET $target");
    refused(ask('GET', $target, $body, @head), 405, "GET $target, a body");

    my $c = ask('HEAD', $target, '', @get)->answer;
    is($c->{status}, 405, "HEAD $target");
}

is(ask('OPTIONS', '/notify/wechat', '', @get)->answer->{status}, 405,
   'OPTIONS');
is(ask('TRACE', '/notify/wechat')->answer->{status}, 405, 'TRACE');

counts($app, 0, 'none of them is forwarded');
waits($id, 'methods');
like(last_line(), qr/ 405 /, 'the log');



=== TEST 7: W-14, W-20: content types and encodings
--- http_config eval: $::http
--- config eval: $::config
--- steps
use IO::Compress::Gzip;

my $id = order();
my $body = paid($id);

for my $type ('text/xml', 'application/x-www-form-urlencoded', 'text/plain',
              'application/jsonx', 'application/problem+json', '')
{
    never("Content-Type: $type", 415, $body, drop => [ 'Content-Type' ],
          add => [ "Content-Type: $type" ]);
}

never('Content-Type twice', 415, $body,
      add => [ 'Content-Type: application/json' ]);
never('no Content-Type', 415, $body, method => 'POST',
      drop => [ 'Content-Type' ], add => [ 'Content-Type:' ]);

for my $encoding (qw(gzip deflate br identity)) {
    never("Content-Encoding: $encoding", 415, $body,
          add => [ "Content-Encoding: $encoding" ]);
}

my $zip;
IO::Compress::Gzip::gzip(\$body, \$zip);

never('gzip, its bytes are signed', 415, $zip,
      add => [ 'Content-Encoding: gzip' ]);
never('gzip, its bytes are signed, not said', 400, $zip);
never('gzip, the plain bytes are signed', 415, $zip, over => $body,
      add => [ 'Content-Encoding: gzip' ]);

waits($id, 'types');

delivered(post_notice('/notify/wechat', $body, drop => [ 'Content-Type' ],
                      add => [ 'Content-Type: Application/JSON;charset=utf-8'
                      ]), 'a charset');



=== TEST 8: W-14, P-1: signed, and not what a notice is
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);

never('no body', 400, '');
never('no JSON', 400, 'return_code=SUCCESS');
never('XML', 400, '<xml><return_code>SUCCESS</return_code></xml>');
never('JSON is cut', 400, substr $body, 0, -1);
never('JSON, and more', 400, "${body}{}");
never('an array', 400, "[$body]");
never('no event_type', 400, $body =~ s/"event_type":"[^"]*",//r);
never('a key twice', 400, $body =~ s/\A\{/{"summary":"x",/r);
never('a key twice in the resource', 400,
      $body =~ s/"nonce":/"nonce":"000000000000","nonce":/r);
never('no resource', 400, '{"event_type":"TRANSACTION.SUCCESS"}');
never('a resource that is text', 400,
      '{"event_type":"TRANSACTION.SUCCESS","resource":"x"}');
never('no ciphertext', 400, $body =~ s/"ciphertext"/"cipher"/r);
never('UTF-8 that is none', 400, $body =~ s/paid/p\xc0\xafd/r);
never('too deep', 400, $body =~ s/\A\{/'{"a":' . '[' x 40 . ']' x 40 . ','/er);

waits($id, 'no notice');



=== TEST 9: K-15: seals that do not hold
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $plain = transaction(out_trade_no => $id);

never('the tag is cut', 500, notice($plain, spoil => sub {
    substr $_[0], 0, -1 }));
never('the tag is gone', 500, notice($plain, spoil => sub {
    substr $_[0], 0, -16 }));
never('a bit of the tag', 500, notice($plain, spoil => sub {
    $_[0] ^ ("\0" x (length($_[0]) - 1) . "\1") }));
never('a bit of the text', 500, notice($plain, spoil => sub {
    $_[0] ^ ("\0" x 40 . "\1" . "\0" x (length($_[0]) - 41)) }));
never('a tag alone, 15 bytes', 500, notice($plain, spoil => sub {
    substr $_[0], -15 }));
never('the key of another account', 500, notice($plain, key => 'k' x 32));
never('a nonce of 11', 500, notice($plain, ciphertext => MIME::Base64::encode_base64(
    seal($plain, '012345678901', 'transaction'), ''), nonce => '01234567890'));
never('a nonce of 13', 500, notice($plain, ciphertext => MIME::Base64::encode_base64(
    seal($plain, '012345678901', 'transaction'), ''), nonce => '0123456789012'));
never('another associated_data', 500, notice($plain, ciphertext =>
    MIME::Base64::encode_base64(seal($plain, '012345678901', 'other'), ''),
    nonce => '012345678901'));
never('a ciphertext that is no base64', 500, notice($plain,
                                                    ciphertext => '%%%%'));
never('an empty one', 500, notice($plain, ciphertext => ''));
never('K-1: another algorithm is named', 500, notice($plain,
                                                algorithm => 'AEAD_SM4_GCM'));
never('an empty plaintext', 400, notice(''));
never('a plaintext that is no JSON', 400, notice('SUCCESS'));
never('a plaintext that is no object', 400, notice('[1]'));
never('W-16: two amounts in it', 400, notice(
    $plain =~ s/"amount":/"amount":{"total":1,"currency":"CNY"},"amount":/r));
never('W-16: two totals in it', 400, notice(
    $plain =~ s/"total":/"total":1,"total":/r));

waits($id, 'seals');

# no associated_data is an empty one

my $body = notice($plain, aad => '');
delivered(post_notice('/notify/wechat', $body), 'an empty associated_data');



=== TEST 10: W-2: verified, and not for us
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();

never('another mchid', 403, paid($id, mchid => '1900000002'));
never('another appid', 403, paid($id, appid => 'wx8888888888888889'));
never('no mchid', 403, paid($id, mchid => undef));
never('no appid', 403, paid($id, appid => undef));
never('a mchid that is a number', 403, paid($id, mchid => 1900000001));
never('a mchid that is longer', 403, paid($id, mchid => '19000000011'));
never("a service provider's", 403, paid($id, sp_mchid => '1900000001'));
never("a sub-merchant's", 403, paid($id, sub_mchid => '1900000003'));
never('another account, of a kind that we do not know', 403, notice(
    '{"mchid":"1900000002","refund_status":"SUCCESS"}',
    event_type => 'REFUND.SUCCESS', original_type => 'refund'));

is(last_line(), "POST 403 refused wechat - - channel_forbidden\n", 'the log');

never('no out_trade_no', 400, notice(transaction()));
never('W-16: success, says the envelope, and NOTPAY the order', 409,
      paid($id, trade_state => 'NOTPAY'));
never('paid, but how much?', 400, paid($id, amount => undef));
never('paid, but by which payment?', 400, paid($id, transaction_id => undef));

for my $amount ('100.0', '1e2', '-100', '"100"', '0', '99999999999999999999',
                'true', 'null', '0100')
{
    never("A-3: total $amount", 400, notice(
        transaction(out_trade_no => $id) =~ s/"total":100/"total":$amount/r));
}

waits($id, 'not for us');



=== TEST 11: W-6: another amount: payment.mismatch, acknowledged, no success
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order(amount => 500);
my $body = paid($id, transaction_id => '4200007',
                amount => { total => 1, payer_total => 1, currency => 'CNY' });

# the application must have it before the channel is told

my $c = post_notice('/notify/wechat', $body);
my $q = $app->take;
event_ok($q, 'mismatch, first', type => 'payment.mismatch');
$q->reply(500);
refused($c, 503, 'mismatch, the application failed');

my $e = delivered(post_notice('/notify/wechat', $body), 'mismatch',
    type => 'payment.mismatch', amount_checked => 'false',
    'data.object.order_id' => $id, 'data.object.status' => 'pending',
    'data.object.amount' => 500, 'data.object.amount_paid' => 1,
    'data.object.channel_order_id' => '4200007',
    'data.object.paid_at' => '~');

is(last_line(), "POST 204 mismatch wechat demo $id -\n", 'the log');
acked(post_notice('/notify/wechat', $body), 'a copy');
counts($app, 0, 'a copy is not forwarded');

payment_ok(pay(order_id => $id, amount => 500), 'the order',
           status => 'pending', amount_paid => 0, channel_order_id => '~');

# another currency is another amount

delivered(post_notice('/notify/wechat', paid($id,
    amount => { total => 500, payer_total => 500, currency => 'JPY' })),
    'another currency', type => 'payment.mismatch',
    'data.object.status' => 'pending');

# and the right one is still believed

delivered(post_notice('/notify/wechat', paid($id,
    amount => { total => 500, payer_total => 480, currency => 'CNY' })),
    'the right amount, with a coupon', type => 'payment.succeeded',
    amount_checked => 'true', 'data.object.amount' => 500,
    'data.object.amount_paid' => 480);

is(notices()->{mismatch}, 2, 'counted');
--- error_log
says that order
that is not the amount of the order



=== TEST 12: an order that the store has forgotten
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();

# the text that the channel gives back proves it

delivered(post_notice('/notify/wechat', paid($id,
    attach => echo_text('demo', $id, 100, 'CNY'))), 'our text',
    type => 'payment.succeeded', amount_checked => 'true', merchant => 'demo',
    'data.object.order_id' => $id, 'data.object.status' => 'succeeded',
    'data.object.amount' => 100, 'data.object.amount_paid' => 100,
    'data.object.method' => '~', 'data.object.created_at' => '~');

# without it nobody knows

$id = number();
delivered(post_notice('/notify/wechat', paid($id)), 'no text',
    type => 'payment.succeeded', amount_checked => 'false');

$id = number();
delivered(post_notice('/notify/wechat', paid($id, attach => 'table 7')),
    'a text of somebody else', type => 'payment.succeeded',
    amount_checked => 'false');

# a text of ours that does not hold

my %bad = (
    'another amount' => sub { echo_text('demo', $_[0], 1, 'CNY') },
    'another currency' => sub { echo_text('demo', $_[0], 100, 'USD') },
    'another order' => sub { echo_text('demo', number(), 100, 'CNY') },
    'another merchant' => sub { echo_text('other', $_[0], 100, 'CNY') },
    'a text that is cut' => sub { substr echo_text('demo', $_[0], 100, 'CNY'),
                                  0, -1 },
    'a text of that form' => sub { 'p1.demo.' . 'A' x 43 }
);

for my $name (sort keys %bad) {
    $id = number();
    delivered(post_notice('/notify/wechat', paid($id,
        attach => $bad{$name}->($id))), $name, type => 'payment.mismatch',
        'data.object.order_id' => $id, 'data.object.status' => 'pending');
}



=== TEST 13: the same number on two channels is two orders
--- http_config eval: $::http
--- config eval: $::config
--- steps
my @id = (order(amount => 100), order(amount => 100), order(amount => 300));

for my $id (@id) {
    my $amount = $id eq $id[2] ? 300 : 100;

    delivered(post_notice('/notify/second', paid($id, mchid => '1900000002',
        amount => { total => $amount, payer_total => $amount,
                    currency => 'CNY' })), "$id by second",
        type => 'payment.succeeded', channel => 'second',
        'data.object.order_id' => $id, 'data.object.channel' => 'second',
        'data.object.amount' => $amount,
        'data.object.status' => 'succeeded');

    payment_ok(pay(order_id => $id, amount => $amount), "$id by wechat",
               status => 'pending');
}



=== TEST 14: W-8: a copy while the first is on its way
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);

my $c = post_notice('/notify/wechat', $body);
my $q = $app->take;

for (1 .. 3) {
    refused(post_notice('/notify/wechat', $body), 503, 'a copy');
}

counts($app, 0, 'the application has one at a time');
is(last_line(), "POST 503 in_flight wechat demo $id -\n", 'the log');
is(status_json()->{zone}{events_in_flight}, 1, 'one is counted');

event_ok($q, 'the event', 'data.object.order_id' => $id);
$q->reply(200, 'ok');
acked($c, 'the first');
acked(post_notice('/notify/wechat', $body), 'a copy, then');
counts($app, 0, 'is not forwarded');

is(status_json()->{zone}{events_in_flight}, 0, 'none is counted');
is(notices()->{in_flight}, 3, 'copies are counted');



=== TEST 15: W-9: whatever is no whole 2xx is a failure; then a 2xx
--- http_config eval: $::http
--- config eval: $::config
--- steps
my %act = (
    'a 500' => sub { $_[0]->reply(500, 'oh') },
    'a 503' => sub { $_[0]->reply(503) },
    'a 404' => sub { $_[0]->reply(404, 'no') },
    'a 401' => sub { $_[0]->reply(401) },
    'a 302' => sub { $_[0]->reply(302, '', "Location: http://127.0.0.1:$app2->{port}/") },
    'a 304' => sub { $_[0]->reply(304) },
    'a 300' => sub { $_[0]->reply(300, 'x') },
    closed => sub { $_[0]->close },
    reset => sub { $_[0]->reset },
    'closed within the head' => sub { $_[0]->send("HTTP/1.1 200 O");
                                      $_[0]->close },
    'the head alone' => sub {
        $_[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        $_[0]->close;
    },
    'the head alone, reset' => sub {
        $_[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        $_[0]->reset;
    },
    'a byte less than announced' => sub {
        $_[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok");
        $_[0]->close;
    },
    'chunked without the last chunk' => sub {
        $_[0]->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    . "2\r\nok\r\n");
        $_[0]->close;
    },
    'no HTTP' => sub { $_[0]->send("ok\n"); $_[0]->close }
);

for my $where (qw(wechat unbuffered)) {
    for my $name (sort keys %act) {
        my $id = order();
        my $body = paid($id);
        my $c = post_notice("/notify/$where", $body);
        my $q = $app->take;
        my $id1 = event_ok($q, "$where, $name")->{id};

        $act{$name}->($q);
        refused($c, 503, "$where, $name");
        counts($app, 0, "$where, $name: it is not sent again by itself");

        # the channel comes again, and so does the event, by the same id

        my $e = delivered(post_notice("/notify/$where", $body),
                          "$where, after $name",
                          type => 'payment.succeeded');
        is($e->{id}, $id1, "$where, $name: the same event");
    }
}

counts($app2, 0, 'no redirect is followed');
is(last_line() =~ s/ T\S+/ ID/r, "POST 204 acknowledged wechat demo ID -\n",
   'the log');
--- error_log
the application did not accept event
status 200, answer not whole



=== TEST 16: W-9: answers that are a whole 2xx
--- http_config eval: $::http
--- config eval: $::config
--- steps
my %act = (
    'an empty 200' => sub { $_[0]->reply(200) },
    'a 204' => sub { $_[0]->reply(204) },
    'a 201' => sub { $_[0]->reply(201, 'made') },
    'a 202' => sub { $_[0]->reply(202, 'later') },
    'a 200 with FAIL' => sub { $_[0]->reply(200, '{"code":"FAIL"}') },
    'chunked' => sub { $_[0]->reply(200, "2\r\nok\r\n0\r\n\r\n",
                                    'Transfer-Encoding: chunked') },
    'to the end' => sub { $_[0]->send("HTTP/1.0 200 OK\r\n\r\nok");
                          $_[0]->close },
    gzip => sub { $_[0]->reply(200, "\x1f\x8bxx", 'Content-Encoding: gzip') },
    'headers of all kinds' => sub {
        $_[0]->reply(200, 'ok', 'Set-Cookie: a=b', 'Location: /x',
                     'X-Accel-Buffering: no', 'Cache-Control: max-age=9',
                     'Content-Type: text/html; charset=gbk');
    },
    '60000 bytes' => sub { $_[0]->reply(200, 'x' x 60000) }
);

for my $where (qw(wechat unbuffered gzip ssi)) {
    for my $name (sort keys %act) {
        my $id = order();
        my $c = post_notice("/notify/$where", paid($id));

        $act{$name}->($app->take);
        acked($c, "$where, $name");
        unlike($c->{head}, qr/cookie|location|gbk|gzip|max-age/i,
               "$where, $name: nothing of the application's goes out");
    }
}

counts($app, 0, 'once each');



=== TEST 17: W-9: an answer that is too long is cut off, and is none
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $where (qw(wechat unbuffered)) {
    for my $n (70000, 300000) {
        my $body = paid(order());
        my $c = post_notice("/notify/$where", $body);

        $app->take->reply(200, 'x' x $n);
        refused($c, 503, "$where, $n bytes");
        between($c->{took}, 0, 3, "$where, $n bytes, at once");
        delivered(post_notice("/notify/$where", $body), "$where, then less");
    }

    my $c = post_notice("/notify/$where", paid(order()));
    my $q = $app->take;
    $q->send("HTTP/1.1 200 OK\r\n\r\n");

    for (1 .. 64) {
        $q->send('x' x 65536);
        last if $q->{broken};
    }

    refused($c, 503, "$where, without an end");
    ok($q->{broken}, "$where, without an end: the connection is given up");
}



=== TEST 18: W-9: an application that is down, and one that has a backup
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);

my $c = post_notice('/notify/down', $body);
refused($c, 503, 'down');
between($c->{took}, 0, 3, 'at once');
is(last_line(), "POST 503 failed wechat demo $id -\n", 'the log');

# the same event by a location whose application has a backup

$c = post_notice('/notify/backup', $body);
my $q = $app2->take;
event_ok($q, 'by the backup', 'data.object.order_id' => $id);
$q->reply(204);
acked($c, 'by the backup');
counts($app2, 0, 'once');

# accepted is accepted, whoever has it

acked(post_notice('/notify/down', $body), 'a copy');
payment_ok(pay(order_id => $id), 'the order', status => 'succeeded');
--- error_log
Connection refused
the application did not accept event



=== TEST 19: the deadline: failure at about 4 s, and what comes late counts
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $before = notices()->{late};
my @name = ('late 200', 'late 500', 'head in time, body late', 'never');
my @body = map { paid(order()) } @name;
my (@c, @q);

for my $i (0 .. $#name) {
    $c[$i] = post_notice('/notify/wechat', $body[$i]);
    $q[$i] = $app->take;
}

$q[2]->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");

for my $i (0 .. $#name) {
    refused($c[$i], 503, $name[$i]);
    between($c[$i]{took}, 3.7, 4.9, $name[$i]);
}

# the calls run on, and the requests with them: copies have to wait

for my $i (0 .. $#name) {
    refused(post_notice('/notify/wechat', $body[$i]), 503,
            "$name[$i], a copy meanwhile");
}

counts($app, 0, 'the application is not called again');

$q[0]->reply(200, 'ok');
$q[1]->reply(500, 'oh');
$q[2]->send('k');
$q[2]->close;
$q[3]->close;
Time::HiRes::sleep(0.2);

for my $i (0, 2) {
    acked(post_notice('/notify/wechat', $body[$i]), "$name[$i], next copy");
    counts($app, 0, "$name[$i], next copy: the application has it");
}

for my $i (1, 3) {
    delivered(post_notice('/notify/wechat', $body[$i]),
              "$name[$i], next copy");
}

is(notices()->{late}, $before + 4, 'counted');

open my $log, '<', server_root() . '/logs/notice.log' or die $!;
is(scalar(grep { /^POST 503 late wechat demo T\S+ -$/ } <$log>), 4,
   'the log, when the calls are over');
is(status_json()->{zone}{events_in_flight}, 0, 'none is on its way');
--- error_log
did not answer event
after the channel's deadline



=== TEST 20: an application slower than its own proxy_read_timeout
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $body = paid(order());
my $c = post_notice('/notify/impatient', $body);
my $q = $app->take;

refused($c, 503, 'silence');
between($c->{took}, 0.4, 3, 'after proxy_read_timeout');
ok($q->gone, 'the connection is given up');
delivered(post_notice('/notify/wechat', $body), 'then');
--- error_log
upstream timed out



=== TEST 21: W-10: a channel that leaves: the event goes its way
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $how (qw(close reset)) {
    my $id = order();
    my $body = paid($id);
    my $c = post_notice('/notify/wechat', $body);
    my $q = $app->take;

    $how eq 'close' ? $c->close : $c->reset;
    Time::HiRes::sleep(0.1);
    event_ok($q, $how, 'data.object.order_id' => $id);
    $q->reply(204);
    Time::HiRes::sleep(0.1);

    acked(post_notice('/notify/wechat', $body), "$how, the next copy");
    counts($app, 0, "$how: the application has it");
}



=== TEST 22: error_page of the location is not followed by the event
--- http_config eval: $::http
--- config eval: $::config
--- steps
my %act = (
    'a 302' => sub { $_[0]->reply(302, '', 'Location: /elsewhere') },
    'a 404' => sub { $_[0]->reply(404, 'no') },
    'a 500' => sub { $_[0]->reply(500, 'no') },
    closed => sub { $_[0]->close }
);

for my $name (sort keys %act) {
    my $body = paid(order());
    my $c = post_notice('/notify/page', $body);

    $act{$name}->($app->take);
    refused($c, 503, $name);
    counts($app2, 0, "$name: no other application is asked");
    delivered(post_notice('/notify/page', $body), "after $name");
}

my $body = paid(order());
refused(post_notice('/notify/named', $body), 503, 'refused');
counts($app2, 0, 'refused: no other application is asked');
delivered(post_notice('/notify/wechat', $body), 'after it');

# a forged one is answered in the channel's words, not by a page

never('forged', 401, $body, key => foreign_key(), target => '/notify/page');
counts($app2, 0, 'forged: no page is asked');



=== TEST 23: X-Accel-Redirect of the application moves nothing
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $status (200, 500) {
    my $body = paid(order());
    my $c = post_notice('/notify/wechat', $body);

    $app->take->reply($status, 'ok', 'X-Accel-Redirect: /elsewhere');
    counts($app2, 0, "$status: the event goes nowhere else");
    refused($c, 503, "$status: an answer from elsewhere would be none");
    delivered(post_notice('/notify/wechat', $body), "$status, next copy");
}



=== TEST 24: H-15: return, try_files, deny in the location
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);

for my $name (qw(canned nothing)) {
    my $a = post_notice("/notify/$name", $body)->answer;
    is($a->{status}, 500, "$name: withheld");
    unlike($a->{body}, qr/success/, "$name: its text, too");

    $a = ask('GET', "/notify/$name")->answer;
    is($a->{status}, 500, "$name: withheld from a GET");
}

my $a = post_notice('/notify/closed', $body)->answer;
is($a->{status}, 403, 'deny: 403');

$a = post_notice('/notify/small', $body)->answer;
is($a->{status}, 413, 'client_max_body_size: 413');

counts($app, 0, 'none of them is forwarded');
waits($id, 'none of them');

# what try_files finds is no acknowledgement

$a = post_notice('/notify/tried', $body);
my $q = $app->wait(0.5);

if ($q) {
    $q->read;
    event_ok($q, 'tried: the event', 'data.object.order_id' => $id);
    $q->reply(204);
    acked($a, 'tried');

} else {
    cmp_ok($a->answer->{status}, '>=', 400, 'tried: no acknowledgement');
}
--- error_log
a response of status 200 that was not checked is withheld



=== TEST 25: H-15: subrequests into the location
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $body = paid($id);

my $a = post_notice('/sub/auth', $body)->answer;
is($a->{status}, 403, 'auth_request');
counts($app2, 0, 'auth_request: nothing behind it is reached');

my $c = post_notice('/sub/mirror', $body);
my $q = $app2->take;
is($q->{target}, '/behind', 'mirror: the request itself goes on');
$q->reply(200, 'x');
is($c->answer->{status}, 200, 'mirror');

counts($app, 0, 'neither is forwarded');
waits($id, 'subrequests');



=== TEST 26: H-15: internal redirects into the location
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $hop (qw(rewrite try)) {
    my $id = order();
    my $body = paid($id);

    never("$hop, forged", 401, $body, key => foreign_key(),
          target => "/hop/$hop");
    delivered(post_notice("/hop/$hop", $body), $hop,
              'data.object.order_id' => $id);
    acked(post_notice("/hop/$hop", $body), "$hop, a copy");
    counts($app, 0, "$hop, a copy is not forwarded");
}

# error_page makes a GET of it

my $id = order();
my $c = post_notice('/hop/page', paid($id));

refused($c, 405, 'page');
counts($app, 0, 'page: not forwarded');
waits($id, 'page');



=== TEST 27: H-14: bodies in a file, in pieces, in chunks
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $wide = sub { paid($_[0], detail => 'x' x ($_[1] // 2000)) };

for my $where (qw(wechat file spill stream)) {
    my $id = order();
    my $body = $wide->($id);

    never("$where, forged", 401, $body, over => "$body ",
          target => "/notify/$where");
    delivered(post_notice("/notify/$where", $body), "$where, by length",
              'data.object.order_id' => $id);

    $id = order();
    $body = $wide->($id);

    my (undef, @head) = signed_by($body);
    my $c = ask('POST', "/notify/$where",
                join('', map({ sprintf "%x\r\n%s\r\n", length, $_ }
                             unpack '(a333)*', $body), "0\r\n\r\n"),
                @head, 'Transfer-Encoding: chunked');

    delivered($c, "$where, by chunks", 'data.object.order_id' => $id);

    # the head, then the body in three pieces

    $id = order();
    $body = $wide->($id);
    (undef, @head) = signed_by($body);

    $c = send_raw("POST /notify/$where HTTP/1.1\r\nHost: a\r\n"
                  . "Connection: close\r\n"
                  . join('', map { "$_\r\n" } @head)
                  . 'Content-Length: ' . length($body) . "\r\n\r\n");

    for my $piece (unpack '(a1500)*', $body) {
        Time::HiRes::sleep(0.05);
        $c->send($piece);
    }

    delivered($c, "$where, in pieces", 'data.object.order_id' => $id);
}

# sizes around those of buffers, and the limit

for my $n (8000, 16000, 100000) {
    my $id = order();
    my $body = paid($id, detail => 'x' x $n);

    delivered(post_notice('/notify/wechat', $body), "$n bytes and more",
              'data.object.order_id' => $id);
}

my $a = post_notice('/notify/wechat', ' ' x (1024 * 1024 + 1))->answer;
is($a->{status}, 413, 'X-2: 1 MiB and a byte');
counts($app, 0, 'is not forwarded');

# a body that never comes whole

my $body = paid(order());
my (undef, @head) = signed_by($body);
my $c = send_raw("POST /notify/wechat HTTP/1.1\r\nHost: a\r\n"
                 . join('', map { "$_\r\n" } @head)
                 . 'Content-Length: ' . length($body) . "\r\n\r\n"
                 . substr $body, 0, -1);
$c->close;
counts($app, 0, 'a cut body is not forwarded');



=== TEST 28: H-3, H-4: what reaches the application, byte for byte
--- http_config eval: $::http
--- config eval: $::config
--- steps
my @evil = (
    'webhook-id: evil', 'webhook-timestamp: 1', 'webhook-signature: v1,AAAA',
    'X-Pay-Verified: 1', 'X_Pay_Verified: 1', 'Pay-Event: evil',
    'Authorization: Bearer evil', 'Cookie: a=b', 'X-Forwarded-For: 1.2.3.4',
    'X-Real-IP: 1.2.3.4', 'Forwarded: for=1.2.3.4', 'User-Agent: Mozilla/4.0',
    'Accept: */*', 'Accept-Encoding: gzip', 'Request-ID: 1', 'Pragma: no-cache',
    'X-HTTP-Method-Override: DELETE', 'Range: bytes=0-0', 'Expect:',
    'If-None-Match: *', 'TE: trailers', 'Upgrade: h2c', 'Referer: http://e/',
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
);

sub golden {
    my ($q, $name, $target, $host, @more) = @_;

    is($q->{head} =~ s/^(webhook-timestamp: )\d{10}/${1}T/mr
           =~ s/^(webhook-id: evt_)[a-z2-7]{26}/${1}ID/mr
           =~ s/^(webhook-signature: v1,)[A-Za-z0-9+\/]{43}=/${1}S/mr,
       join('', map { "$_\r\n" } "POST $target HTTP/1.0", @more,
            "Host: $host", 'Connection: close',
            'Content-Length: ' . length $q->{body},
            'Content-Type: application/json', 'webhook-id: evt_ID',
            'webhook-timestamp: T', 'webhook-signature: v1,S'), $name);
}

my %want = (
    'wechat' => [ '/pay/notify', "127.0.0.1:$app->{port}" ],
    'wechat?sign=AAAA&x=/' => [ '/pay/notify', "127.0.0.1:$app->{port}" ],
    'plain?sign=AAAA' => [ '/notify/plain', "127.0.0.1:$app->{port}" ],
    'file?x=1' => [ '/hook', "127.0.0.1:$app->{port}" ]
);

for my $where (sort keys %want) {
    my $body = paid(order());
    my $c = post_notice("/notify/$where", $body, add => \@evil);
    my $q = $app->take;

    golden($q, "$where: the head", @{ $want{$where} });
    event_ok($q, $where);
    is($q->{buf}, '', "$where: nothing behind the body");
    $q->reply(204);
    acked($c, $where);
}

# proxy_pass by map, with $pay_merchant

my $c = post_notice('/notify/map?sign=x', paid(order()), add => \@evil);
my $q = $app2->take;
golden($q, 'map: the head', '/hook', 'app_of_demo');
event_ok($q, 'map');
$q->reply(204);
acked($c, 'map');

# variables in the location

my $id = order();
$c = post_notice('/notify/seen?sign=x', paid($id), add => \@evil);
$q = $app->take;
is($q->header('X-Seen'), 'POST|/notify/seen|/notify/seen||||'
   . 'application/json|' . length($q->{body}) . "|demo|wechat|$id|100|CNY",
   'the variables of nginx and ours');
is($q->header('X-Client'), '|||', "nothing of the client's");
$q->reply(204);
acked($c, 'seen');



=== TEST 29: the event by FastCGI
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $notice = paid($id);
my $c = post_notice('/notify/fastcgi?sign=AAAA', $notice,
                    add => [ 'webhook-id: evil', 'Cookie: a=b',
                             'Authorization: Bearer evil', 'Proxy: evil',
                             'X-Pay-Verified: 1' ]);
my ($q, $body, $p) = fcgi_take($app);
my $e = decode($body);

is($e->{data}{object}{order_id}, $id, 'the event');
is_deeply([ sort keys %$p ], [ sort qw(
    REQUEST_METHOD QUERY_STRING REQUEST_URI CONTENT_TYPE CONTENT_LENGTH
    MERCHANT HTTP_CONTENT_TYPE HTTP_WEBHOOK_ID HTTP_WEBHOOK_TIMESTAMP
    HTTP_WEBHOOK_SIGNATURE
) ], "nothing of the client's") or diag join ' ', sort keys %$p;
is($p->{REQUEST_METHOD}, 'POST', 'REQUEST_METHOD');
is($p->{QUERY_STRING}, '', 'QUERY_STRING');
is($p->{REQUEST_URI}, '/notify/fastcgi', 'REQUEST_URI');
is($p->{CONTENT_TYPE}, 'application/json', 'CONTENT_TYPE');
is($p->{CONTENT_LENGTH}, length $body, 'CONTENT_LENGTH');
is($p->{MERCHANT}, 'demo', '$pay_merchant');
is($p->{HTTP_WEBHOOK_ID}, $e->{id}, 'webhook-id');

fcgi_reply($q, "Status: 500\r\n\r\n");
refused($c, 503, 'a 500');

# an answer without its end is none

$c = post_notice('/notify/fastcgi', $notice);
($q) = fcgi_take($app);
fcgi_reply($q, "Status: 200\r\n\r\nok", 0);
refused($c, 503, 'an answer without its end');

$c = post_notice('/notify/fastcgi', $notice);
($q) = fcgi_take($app);
fcgi_reply($q, "Content-Type: text/plain\r\n\r\nok");
acked($c, 'a 200');
counts($app, 0, 'no more');



=== TEST 30: a second real payment of one order: payment.duplicate
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $c = press($id, 'pay_twice');

my $q = $app->take;
my $first = event_ok($q, 'the first', type => 'payment.succeeded');
$q->reply(204);

$q = $app->take;
my $second = event_ok($q, 'the second', type => 'payment.duplicate',
    amount_checked => 'true', 'data.object.order_id' => $id,
    'data.object.status' => 'succeeded');
isnt($second->{id}, $first->{id}, 'another event');
isnt($second->{data}{object}{channel_order_id},
     $first->{data}{object}{channel_order_id}, 'another payment');
$q->reply(204);

my $n = decode($c->answer->{body})->{notices};
is_deeply([ map { "$_->{payment} $_->{attempt} $_->{application_status} "
                  . "$_->{acknowledgement}{status}" } @$n ],
          [ '1 1 204 204', '2 1 204 204' ], 'both are acknowledged');
counts($app, 0, 'once each');

payment_ok(pay(order_id => $id), 'the order is paid by the first',
           status => 'succeeded',
           channel_order_id => $first->{data}{object}{channel_order_id});
--- error_log
was paid twice



=== TEST 31: paid after it was closed: late
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();

payment_ok(close_order($id), 'close', status => 'closed');

my $c = press($id, 'pay_late');
my $q = $app->take;
event_ok($q, 'late', type => 'payment.succeeded', amount_checked => 'true',
         'data.object.status' => 'succeeded', 'data.object.late' => 'true',
         'data.object.closed_at' => '~');
$q->reply(204);
is(decode($c->answer->{body})->{notices}[0]{acknowledgement}{status}, 204,
   'acknowledged');
payment_ok(pay(order_id => $id), 'the order', status => 'succeeded',
           late => 'true');
problem(close_order($id), '409 already_paid never', 'close');



=== TEST 32: W-15: verified, and of a kind that we do not know
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my $before = notices()->{other};
my $n = 0;

for my $event ([ 'BRAND.NEW', 'brand_new', '{}' ],
               [ 'TRANSACTION.CLOSED', 'transaction', transaction(
                   out_trade_no => $id, trade_state => 'CLOSED') ],
               [ 'TRANSACTION.NEW', 'transaction', transaction(
                   out_trade_no => $id, trade_state => 'HALF') ])
{
    my ($type, $original, $plain) = @$event;

    acked(post_notice('/notify/wechat', notice($plain, event_type => $type,
                      original_type => $original)), $type);
    is(last_line(), "POST 204 other wechat - - -\n", "$type: the log");
    $n++;
}

counts($app, 0, 'none is forwarded');
is(notices()->{other}, $before + $n, 'counted');
waits($id, 'other kinds');



=== TEST 33: U-3: a notice settles an outcome that nobody knew
--- http_config eval: $::http
--- config eval: $::config
--- steps
local $Mock::Channel = 'deaf';

my @paid = (mchid => '1900000004', transaction_id => '4200042');
my $id = number();
my $c = pay(order_id => $id, metadata => { shop => '7' });

$deaf->take->close;
problem($c, '504 outcome_unknown query', 'pay');

delivered(post_notice('/notify/deaf', paid($id, @paid)), 'the notice',
          type => 'payment.succeeded', amount_checked => 'true',
          'data.object.metadata.shop' => '7', 'data.object.late' => 'false');

payment_ok(pay(order_id => $id, metadata => { shop => '7' }), 'pay again',
           status => 'succeeded', channel_order_id => '4200042',
           next_action => '~');
counts($deaf, 0, 'that needs no call');

# while the call is on its way

$id = number();
$c = pay(order_id => $id);
my $q = $deaf->take;

delivered(post_notice('/notify/deaf', paid($id, @paid)),
          'the notice is faster', type => 'payment.succeeded',
          amount_checked => 'true');
$q->reply(200, signed('{"code_url":"weixin://wxpay/late"}'));
payment_ok($c, 'pay, the answer comes then', status => 'succeeded',
           next_action => '~', amount_paid => 100);
payment_ok(pay(order_id => $id), 'pay again', status => 'succeeded');

# and the call has failed, then

$id = number();
$c = pay(order_id => $id);
$q = $deaf->take;
delivered(post_notice('/notify/deaf', paid($id, @paid)), 'the notice');
$q->reset;
problem($c, '504 outcome_unknown query', 'pay, no answer comes then');
payment_ok(pay(order_id => $id), 'pay again', status => 'succeeded');

# or the channel refuses what was paid: the order is not forgotten

$id = number();
$c = pay(order_id => $id);
$q = $deaf->take;
delivered(post_notice('/notify/deaf', paid($id, @paid)), 'the notice');
$q->reply(400, signed('{"code":"PARAM_ERROR","message":"no"}'));
problem($c, '422 channel_rejected never', 'pay, a refusal comes then');
payment_ok(pay(order_id => $id), 'pay again', status => 'succeeded');
counts($deaf, 0, 'once each');

# what the notice said is not undone by what a query says, nor by a notice

$c = query($id);
$deaf->take->reply(200, signed(transaction(
    out_trade_no => $id, mchid => '1900000004', trade_state => 'CLOSED',
    transaction_id => undef, amount => undef)));
is($c->answer->{status}, 200, 'query: closed, says the channel');

acked(post_notice('/notify/deaf', notice(
    transaction(out_trade_no => $id, mchid => '1900000004',
                trade_state => 'CLOSED'),
    event_type => 'TRANSACTION.CLOSED')), 'closed, says a notice');
payment_ok(pay(order_id => $id), 'pay', status => 'succeeded');
counts($app, 0, 'no event of that');



=== TEST 34: the same payment, told by other words, is the same event
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = order();
my @same = (transaction_id => '4200099');

my $e = delivered(post_notice('/notify/wechat', paid($id, @same)), 'first');

acked(post_notice('/notify/wechat', paid($id, @same, bank_type => 'OTHER',
      payer => { openid => 'oSomebody' },
      success_time => '2026-11-25T11:11:11+08:00')), 'in other words');
counts($app, 0, 'is a copy');
like($e->{id}, qr/\Aevt_/, 'its id');

# the id is of what happened, not of when: another zone makes the same

my $id2 = order();
my $e2 = delivered(post_notice('/notify/wechat', paid($id2, @same)),
                   'another order by the same number');
isnt($e2->{id}, $e->{id}, 'another order is another event');



=== TEST 35: satisfy any does not go together with pay_notify
--- http_config eval: $::http
--- config eval
qq{
    location = /status { pay_status json; }

    location = /notify/wechat {
        pay_notify wechat;
        satisfy any;
        allow all;
        proxy_pass http://127.0.0.1:1;
    }
} . Pay::call_location()
--- must_die
--- error_log
[emerg]
does not go together with "satisfy any"
--- suppress_stderr



=== TEST 36: nor does a page that makes a success of a failure
--- http_config eval: $::http
--- config eval
qq{
    error_page 503 =200 /ok;

    location = /notify/wechat {
        pay_notify wechat;
        proxy_pass http://127.0.0.1:1;
    }
} . Pay::call_location()
--- must_die
--- error_log
[emerg]
that makes a success of a failure
--- suppress_stderr
