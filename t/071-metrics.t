#
# Copyright (C) the ngx_pay authors
#
# pay_status prometheus: the exposition, by promtool and by our own reader,
# and by docs/metrics.md; what is counted by closed lists.  All keys are made
# here and thrown away.
#

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 sha256);
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;
use Time::HiRes qw(sleep);
use Metrics;

no_long_string();
no_shuffle();
log_level('info');


sub made {
    my ($name, $what) = @_;
    my $path = Pay::file($name, '');

    system("openssl $what > $path 2>/dev/null") == 0
        or die "openssl $what failed\n";

    return $path;
}

our $ed = made('m.ed', 'genpkey -algorithm ED25519');
our $cert = made('m.crt', "req -x509 -new -key $ed -subj /CN=throwaway "
                          . "-days 2");
our $end = do {
    my ($text) = `openssl x509 -noout -enddate -in $cert` =~ /=(.*)/;
    my $t = `date -u -d '$text' +%s`;
    chomp $t;
    $t;
};
my $bare = made('m.pub', "pkey -pubout -in "
                         . made('m.rsa', 'genpkey -algorithm RSA -pkeyopt '
                                         . 'rsa_keygen_bits:2048'));

our $channel = listener();
our $sim = free_port();
our $nobody = free_port();

our $other = <<"_E";
    pay_merchant shop-2 {
        public_key c.1 $cert;
        public_key p1  $bare;
        operations pay query;
    }
_E

our $config = Pay::locations() . <<'_E';
    location = /status { pay_status json; }
    location = /metrics { pay_status prometheus; }
    location /dry {
        pay_auth on;
        pay_auth_dry_run on;
        proxy_pass http://127.0.0.1:$server_port/ok;
    }

    location /gate { pay_auth on; proxy_pass http://127.0.0.1:$server_port/ok; }
    location = /ok { return 200 "ok\n"; }
_E

our $http = Pay::http(
    port => $sim, more => $other . channel_block('second', notify_url =>
        'http://127.0.0.1:$TEST_NGINX_SERVER_PORT/notify/second',
        host => "http://127.0.0.1:$nobody", mchid => '1900000002'));

# the same with a Redis that is not there

our $redis = "    pay_redis { server 127.0.0.1:$nobody; timeout 100ms; }\n"
             . Pay::http(port => $sim);

sub text { ask('GET', '/metrics')->answer->{body} }
sub metrics { Metrics::parse(text()) }
sub at { $_[0]->value("nginx_pay_$_[1]", @_[2 .. $#_]) }


# what was counted between two readings: "SERIES N", sorted, but for gauges

sub moved {
    my ($one, $two) = @_;

    return join "\n", sort map {
        my $by = $two->{series}{$_} - ($one->{series}{$_} // 0);
        my ($family) = /^(\w+?)(?:_bucket|_sum|_count)?(?:\{|$)/;
        my $type = ($two->{family}{$family} // { type => '' })->{type};
        $type ne 'gauge' && $by ? s/^nginx_pay_//r . " $by" : ();
    } keys %{ $two->{series} };
}


# a signed GET in the form of RFC 9421, by the secret of merchant demo

sub signed_message {
    my ($target, %p) = @_;

    my ($path, $query) = $target =~ /^([^?]*)(\?.*)?$/;
    my $params = '("@method" "@authority" "@path" "@query");created='
                 . (time + 30) . ';nonce="' . Pay::nonce()
                 . '";keyid="demo/k1";tag="ngx-pay"' . ($p{more} // '');
    my $base = join "\n", '"@method": GET', '"@authority": gateway.example',
        "\"\@path\": $path", '"@query": ' . ($query // '?'),
        "\"\@signature-params\": $params";

    return ask('GET', $target, undef, "Signature-Input: pay=$params",
               'Signature: pay=:' . encode_base64(hmac_sha256(
                   $base, $p{secret} // 'ngx-pay-demo-secret'), '') . ':');
}

run_tests();

__DATA__

=== TEST 1: the exposition is well formed
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $a = ask('GET', '/metrics')->answer;
is($a->{status}, 200, 'status');
is($a->{type}, 'text/plain; version=0.0.4; charset=utf-8', 'type');

my $m = Metrics::parse($a->{body});
is($m->bad, '', 'every line');
cmp_ok(scalar keys %{ $m->{family} }, '>=', 25, 'families');

my %seconds = map { $_ => 1 } grep { /seconds/ } keys %{ $m->{family} };
is(join(' ', grep { !/_(?:timestamp_|duration_)?seconds(?:_total)?$/ }
             keys %seconds), '', 'seconds are the unit');

SKIP: {
    my $said = Metrics::promtool($a->{body});
    skip 'no promtool (Debian: prometheus)', 2 if !defined $said;
    is($said, '', 'promtool: nothing to say');
    isnt(Metrics::promtool("# TYPE x counter\nx 1\n"), '',
         '... of which it is capable');
}



=== TEST 2: the reader sees what is wrong
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $head = "# HELP nginx_pay_a_total A b.\n# TYPE nginx_pay_a_total counter\n";
my $h = 'nginx_pay_d_seconds';
my $hist = "# HELP $h D e.\n# TYPE $h histogram\n";

is(Metrics::parse($head . "nginx_pay_a_total{x=\"\\\"\"} 1\n")->bad, '',
   'an escape');
is(Metrics::parse($hist . "${h}_bucket{le=\"1\"} 1\n"
   . "${h}_bucket{le=\"+Inf\"} 2\n${h}_sum 0.1\n${h}_count 2\n")->bad, '',
   'a histogram');

for ([ 'twice', $head . "nginx_pay_a_total 1\nnginx_pay_a_total 2\n" ],
     [ 'no HELP', "# TYPE nginx_pay_a_total counter\nnginx_pay_a_total 1\n" ],
     [ 'of another family', $head . "nginx_pay_b_total 1\n" ],
     [ 'a quote', $head . "nginx_pay_a_total{x=\"\"\"} 1\n" ],
     [ 'a label twice', $head . "nginx_pay_a_total{x=\"1\",x=\"2\"} 1\n" ],
     [ 'no number', $head . "nginx_pay_a_total x\n" ],
     [ 'no line end', $head . 'nginx_pay_a_total 1' ],
     [ 'no _total', $head =~ s/_total//gr . "nginx_pay_a 1\n" ],
     [ 'a count', $hist . "${h}_bucket{le=\"+Inf\"} 2\n${h}_sum 1\n"
                  . "${h}_count 3\n" ],
     [ 'buckets that fall', $hist . "${h}_bucket{le=\"1\"} 3\n"
                  . "${h}_bucket{le=\"+Inf\"} 2\n${h}_sum 1\n"
                  . "${h}_count 2\n" ])
{
    isnt(Metrics::parse($_->[1])->bad, '', "seen: $_->[0]");
}

my ($one, $two) = map { Metrics::parse($head . "nginx_pay_a_total $_\n") }
                  1, 2;

is(join(' ', Metrics::fallen($one, $two)), '', 'a counter that rose');
is(join(' ', Metrics::fallen($two, $one)), 'nginx_pay_a_total: 2, then 1',
   'one that fell');



=== TEST 3: docs/metrics.md and the exposition are of one mind
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $m = metrics();
my $doc = Metrics::documented();

for my $name (sort keys %$doc) {
    my $f = $m->{family}{$name};

    next if !$f && $name =~ /^nginx_pay_(?:redis_|last_notice_)/;

    is($f ? "$f->{type}: $f->{labels}" : 'none',
       "$doc->{$name}{type}: $doc->{$name}{labels}", "documented: $name");
}

is(join(' ', grep { !$doc->{$_} } sort keys %{ $m->{family} }), '',
   'all that is told is documented');
is(join(' ', grep { /redis/ } sort keys %{ $m->{family} }), '',
   'nothing of Redis without it');



=== TEST 4: the alerts of the docs can be loaded, and know their families
--- http_config eval: $::http
--- config eval: $::config
--- steps
my ($rules) = Metrics::_read(Pay::keys() . '/../../../docs/metrics.md')
              =~ /^```yaml\n(groups:.*?)^```$/ms;
my $doc = Metrics::documented();
my %used = map { $_ => 1 } $rules =~ /\b(nginx_pay_\w+)/g;

delete $used{nginx_pay_channel_call_duration_seconds_bucket};
cmp_ok(scalar keys %used, '>=', 10, 'families in alerts');
is(join(' ', grep { !$doc->{$_} } sort keys %used), '', '... all documented');

SKIP: {
    my ($tool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH};
    skip 'no promtool (Debian: prometheus)', 1 if !$tool;

    my $file = Pay::file('rules.yml', $rules);
    my $said = `$tool check rules $file 2>&1`;
    is($?, 0, 'promtool: the rules are good') or diag($said);
}



=== TEST 5: reasons are a closed list, and it is whole
--- http_config eval: $::redis
--- config eval: $::config
--- steps
my @told = metrics()->names('nginx_pay_gate_refused_total', 'reason');
my @redis = metrics()->names('nginx_pay_redis_errors_total', 'reason');
my %redis = map { $_ => 1 } @redis;

is(join(' ', grep { !$redis{$_} } @told), join(' ', Metrics::reasons()),
   'the words of the sources, and no others');
is(join(' ', grep { $redis{$_} } @told), join(' ', @redis),
   '... and those of Redis');

my $doc = Metrics::_read(Pay::keys() . '/../../../docs/errors.md');

is(join(' ', grep { $_ ne 'other' && $doc !~ /`$_`/ } @told), '',
   'docs/errors.md says what each of them means');



=== TEST 6: each refusal moves its own counters, by one
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $hmac = 'signatures_total{form="five_lines",algorithm="hmac-sha256",';
my $auth = sub { 'Authorization: ' . Pay::authorization(target => '/gate',
                                                        @_) };
my $once = $auth->();

# an unknown merchant is tried with the algorithm that it names

my @case = (
    [ 'accepted', [ $once ], "${hmac}result=\"valid\"}", 'ok' ],
    [ 'again', [ $once ], "${hmac}result=\"valid\"}", 'nonce_replayed',
      'replay' ],
    [ 'nothing', [], undef, 'signature_missing', 'no_authorization' ],
    [ 'another scheme', [ 'Authorization: Basic eDp5' ], undef,
      'signature_missing', 'other_scheme' ],
    [ 'half', [ 'Authorization: PAY-HMAC-SHA256 merchant="demo"' ], undef,
      'signature_malformed', 'param_missing' ],
    [ 'an unknown scheme', [ $auth->(scheme => 'PAY-MD5') ], undef,
      'algorithm_not_allowed', 'scheme' ],
    [ 'a short nonce', [ $auth->(nonce => 'x') ], undef, 'nonce_invalid',
      'nonce_syntax' ],
    [ 'a wrong secret', [ $auth->(secret => 'x') ],
      "${hmac}result=\"invalid\"}", 'signature_mismatch', 'signature' ],
    [ 'nobody', [ $auth->(merchant => 'x y') ], undef, 'signature_malformed',
      'merchant_syntax' ],
    [ 'a stranger', [ $auth->(merchant => 'evil') ],
      "${hmac}result=\"invalid\"}", 'signature_mismatch', 'signature' ],
    [ 'an algorithm of another', [ $auth->(scheme => 'PAY-ED25519') ],
      'signatures_total{form="five_lines",algorithm="ed25519",'
      . 'result="invalid"}', 'signature_mismatch', 'signature' ],
    [ 'an algorithm of nobody', [ $auth->(scheme => 'PAY-SM2-SM3') ],
      'signatures_total{form="five_lines",algorithm="sm2-sm3",'
      . 'result="invalid"}', 'signature_mismatch', 'signature' ],
    [ 'old', [ $auth->(timestamp => time - 1000) ],
      "${hmac}result=\"valid\"}", 'timestamp_out_of_window', 'ts_old' ],
    [ 'of the future', [ $auth->(timestamp => time + 1000) ],
      "${hmac}result=\"valid\"}", 'timestamp_out_of_window', 'ts_future' ],
    [ 'of before the zone', [ $auth->(timestamp => time - 200) ],
      "${hmac}result=\"valid\"}", 'store_unavailable', 'cold_store' ],
);

my $m = metrics();

for my $c (@case) {
    my ($name, $headers, $signature, $result, $reason) = @$c;

    ask('GET', '/gate', undef, @$headers)->answer;

    my $n = metrics();

    is(moved($m, $n), join("\n", sort grep { defined }
        defined $reason ? "gate_refused_total{reason=\"$reason\"} 1" : undef,
        "gate_requests_total{result=\"$result\"} 1",
        defined $signature ? "$signature 1" : undef), $name);

    $m = $n;
}



=== TEST 7: X-9 L-5: no label comes from a request, and no series
--- http_config eval: $::http
--- config eval: $::config
--- steps
ask('GET', '/gate', undef, 'Authorization: ' . Pay::authorization(
    target => '/gate', merchant => 'evil-merchant', key => 'evil-key'
))->answer;
ask('GET', '/gate', undef, 'Authorization: PAY-EVIL merchant="evil"')->answer;
ask('EVIL', '/v1/evil', undef)->answer;
call('GET', '/v1/evil', undef)->answer;
call('GET', '/v1/payments/EVIL0001?channel=evil', undef)->answer;
ask('POST', '/notify/wechat', '{"evil":1}', 'Wechatpay-Serial: evil')->answer;

my $series = join "\n", sort keys %{ metrics()->{series} };

for my $n (1 .. 20) {
    ask('GET', "/gate?$n", undef, 'Authorization: ' . Pay::authorization(
        target => "/gate?$n", merchant => "evil-$n", key => "evil-$n"
    ))->answer;
    call('GET', "/v1/payments/EVIL000$n?channel=evil-$n", undef)->answer;
}

is(join("\n", sort keys %{ metrics()->{series} }), $series,
   'X-9: requests with other words, the same series');
unlike(text() . ask('GET', '/status')->answer->{body},
       qr/evil|ngx-pay-demo-secret|BEGIN/i,
       'L-5: no word that only requests had, nothing of a key');
is(metrics()->bad, '', 'every line');
is(at(metrics(), requests_total => operation => 'none',
      outcome => 'refused'), 1, 'a route that there is not');



=== TEST 8: the form of RFC 9421 has counters of its own
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $m = metrics();
my $of = 'signatures_total{form="message",algorithm="hmac-sha256",';

is(signed_message('/gate')->answer->{status}, 200, 'accepted');

my $n = metrics();

is(moved($m, $n), "gate_requests_total{result=\"ok\"} 1\n"
   . "${of}result=\"valid\"} 1", '... and counted');

is(signed_message('/gate', secret => 'x')->answer->{status}, 401, 'refused');
$m = metrics();
is(moved($n, $m), "gate_refused_total{reason=\"signature\"} 1\n"
   . "gate_requests_total{result=\"signature_mismatch\"} 1\n"
   . "${of}result=\"invalid\"} 1", '... and counted');

is(signed_message('/gate', more => ';alg="rot13"')->answer->{status}, 401,
   'an unknown algorithm');
is(moved($m, metrics()), "gate_refused_total{reason=\"alg\"} 1\n"
   . 'gate_requests_total{result="algorithm_not_allowed"} 1',
   '... is refused before');



=== TEST 9: a dry run is counted beside what would have been
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $m = metrics();

is(ask('GET', '/dry')->answer->{status}, 200, 'it passes');
is(moved($m, metrics()), "gate_dry_run_total 1\n"
   . "gate_refused_total{reason=\"no_authorization\"} 1\n"
   . 'gate_requests_total{result="signature_missing"} 1', 'and is counted');



=== TEST 10: outcomes of the unified API, calls and their durations
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $m = metrics();
my $ok = "gate_requests_total{result=\"ok\"} 1\n";
my $valid = 'signatures_total{form="five_lines",algorithm="hmac-sha256",'
            . 'result="valid"} 1';

payment_ok(pay(), 'a payment');

my $n = metrics();
my $moved = moved($m, $n);

# the times are what they are

$moved =~ s/^channel_call_duration_seconds_(?:bucket|sum)\{.*\n//mg;

is($moved, "channel_call_duration_seconds_count{channel=\"wechat\"} 1\n"
   . "channel_calls_total{channel=\"wechat\",result=\"answered\"} 1\n"
   . "${ok}requests_total{operation=\"pay\",outcome=\"ok\"} 1\n$valid",
   '... one call that was answered');
is(at($n, channel_call_duration_seconds_bucket => channel => 'wechat',
      le => '+Inf')
   - at($m, channel_call_duration_seconds_bucket => channel => 'wechat',
        le => '+Inf'), 1, '... in one bucket');

problem(pay(amount => -1), '422 amount_invalid never');
is(moved($n, $m = metrics()), "errors_total{code=\"amount_invalid\"} 1\n"
   . "${ok}requests_total{operation=\"pay\",outcome=\"refused\"} 1\n$valid",
   'refused');

is(call('GET', '/v1/channels', undef)->answer->{status}, 200, 'channels');
is(moved($m, $n = metrics()),
   "${ok}requests_total{operation=\"channels\",outcome=\"ok\"} 1\n$valid",
   '... without a call');



=== TEST 11: a call that is slow, one that is cut short, and one not sent
--- http_config eval: Pay::http(port => $::sim, channel => { host => "http://127.0.0.1:$::channel->{port}" })
--- config eval: $::config
--- steps
my $m = metrics();
my $c = pay();
my $q = $channel->take;

sleep 0.6;
$q->reply(200, signed('{"code_url":"weixin://x"}'));
payment_ok($c, 'after 0.6 seconds');

my $n = metrics();
my @bucket = map { at($n, channel_call_duration_seconds_bucket =>
                      channel => 'wechat', le => $_) } qw(0.1 0.25 30 +Inf);

is("@bucket", '0 0 1 1', 'one call, longer than 0.25 seconds');
cmp_ok(at($n, channel_call_duration_seconds_sum => channel => 'wechat'), '>=',
       0.4, '... and so is the sum');
is(at($n, channel_calls_total => channel => 'wechat', result => 'answered'),
   1, 'answered');

$c = pay();
$q = $channel->take;
$q->close;
problem($c, '504 outcome_unknown query');
$m = metrics();
is(at($m, channel_calls_total => channel => 'wechat', result => 'unknown'),
   1, 'unknown');
is(at($m, requests_total => operation => 'pay', outcome => 'unknown'), 1,
   '... and so is the outcome of the request');
is(at($m, channel_call_duration_seconds_count => channel => 'wechat'), 2,
   '... in the histogram, too');
is($m->bad, '', 'every line');



=== TEST 12: a channel that nobody can reach
--- http_config eval: Pay::http(port => $::sim, channel => { host => "http://127.0.0.1:$::nobody" })
--- config eval: $::config
--- steps
problem(pay(), '502 channel_unreachable same');

my $m = metrics();

is(at($m, channel_calls_total => channel => 'wechat', result => 'not_sent'),
   1, 'not sent');
is(at($m, requests_total => operation => 'pay', outcome => 'failed'), 1,
   'failed');
is(at($m, errors_total => code => 'channel_unreachable'), 1, 'by its code');



=== TEST 13: S-9: certificates of channels and of keys, and no bare key
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $m = metrics();
my $name = 'nginx_pay_certificate_expiry_timestamp_seconds';
my %told = map { $_ => $m->{series}{$_} } grep { /^$name/ }
           keys %{ $m->{series} };

is(join(' ', sort map { s/^$name//r } keys %told),
   '{channel="second"} {channel="wechat"} {merchant="shop-2",key="c.1"}',
   'who has one');
is($told{"$name\{merchant=\"shop-2\",key=\"c.1\"}"}, $main::end,
   'the end that openssl tells');

my $s = status_json();

is(scalar @{ $s->{keys} }, 1, 'JSON: one key');
is(join(' ', map { "$_ $s->{keys}[0]{$_}" } sort keys %{ $s->{keys}[0] }),
   "certificate_not_after $main::end key c.1 merchant shop-2", '... the same');



=== TEST 14: what the zone has no room for
--- http_config eval: Pay::http(port => $::sim, zone => 'zone=pay:256k')
--- config eval: $::config
--- steps
my $m = metrics();
my $half = int(at($m, 'zone_nonces_capacity') / 2);

# by one connection; the half of one merchant, and one more

my ($codes, $batch, @after) = ('', 100);

for (my $sent = 0; $sent < $half + 3; $sent += $batch) {
    my $n = $half + 3 - $sent < $batch ? $half + 3 - $sent : $batch;

    my $c = send_raw(join '', map {
        "GET /gate HTTP/1.1\r\nHost: x\r\nAuthorization: "
        . Pay::authorization(target => '/gate') . "\r\n"
        . ($_ == $n ? "Connection: close\r\n" : '') . "\r\n"
    } 1 .. $n);

    my $text = '';
    1 while sysread($c->{sock}, $text, 65536, length $text);
    $codes .= join '', map { "$_ " } $text =~ m{HTTP/1.1 (\d+)}g;
    push @after, $text =~ /^Retry-After: (\d+)\r$/mg;
}

ok($codes eq '200 ' x $half . '503 ' x 3,
   'half of the ring, and three too many');
is(scalar(grep { $_ > 400 && $_ <= 602 } @after), 3,
   'Retry-After: until the oldest one expires');

my $n = metrics();

is(at($n, 'zone_nonces'), $half, 'nonces');
is(at($n, zone_nonces_refused_total => reason => 'merchant'), 3,
   'refused: the merchant has its half');
is(at($n, zone_nonces_refused_total => reason => $_), 0, "... not: $_")
    for qw(ring clock);
is(at($n, gate_refused_total => reason => 'zone_full'), 3, 'by reason');
is(at($n, gate_requests_total => result => 'store_unavailable'), 3,
   'by result');



=== TEST 15: a Redis that is not there
--- http_config eval: $::redis
--- config eval: $::config . "location /allow { pay_auth on; pay_store_error allow; return 204; }\n location /zone { pay_auth on; pay_store_error zone; proxy_pass http://127.0.0.1:\$server_port/ok; }\n"
--- steps
my $m = metrics();

is(at($m, 'redis_up'), 0, 'down');
is($m->{family}{nginx_pay_redis_last_answer_timestamp_seconds}, undef,
   'no answer, and no time of it');

my $go = sub {
    my $path = shift;
    return ask('GET', $path, undef, 'Authorization: '
               . Pay::authorization(target => $path))->answer->{status};
};

is($go->('/gate'), 503, 'deny');
is($go->('/zone'), 200, 'zone');

my $n = metrics();

is(at($n, 'store_errors_total'), 2, 'not answered');
is(at($n, 'store_passed_total'), 1, '... one of them by the zone');
is(at($n, 'store_allowed_total'), 0, '... none because nobody knew');
cmp_ok(at($n, redis_errors_total => reason => 'not_connected')
       + at($n, redis_errors_total => reason => 'closed')
       + at($n, redis_errors_total => reason => 'timeout'), '==', 2,
       'each has its reason');
cmp_ok(at($n, 'redis_last_error_timestamp_seconds'), '>', time - 60,
       'a time of the last one');
cmp_ok(at($n, 'redis_connect_errors_total'), '>=', 1, 'attempts');
is(at($n, 'redis_commands_total') + at($n, 'redis_answered_total'),
   0 + at($n, 'redis_commands_total'), 'no answer');
is($n->bad, '', 'every line');

my $s = status_json();

is($s->{redis}{up}, 0, 'JSON: down');
is($s->{redis}{last_answer}, undef, '... no answer');
is($s->{store}{errors}, 2, '... the store');

is(at($n, gate_refused_total => reason => 'cold_store'), 0,
   'the zone has not refused yet');
is(ask('GET', '/zone', undef, 'Authorization: '
       . Pay::authorization(target => '/zone', timestamp => time - 200))
   ->answer->{status}, 503, 'zone: what is older than it');
is(at(metrics(), gate_refused_total => reason => 'cold_store'), 1,
   '... by the reason of the zone, which was asked last');



=== TEST 16: the example in the docs is what is told
--- http_config eval: $::redis . $::other
--- config eval: $::config
--- steps
my ($text) = Metrics::_read(Pay::keys() . '/../../../docs/metrics.md')
             =~ /^```json\n(.*?)^```$/ms;
my $doc = decode($text);
my $s = status_json();

is(join(' ', sort keys %{ $_->[1] }), join(' ', sort keys %{ $_->[2] }),
   $_->[0])
    for [ 'all', $doc, $s ], map { [ $_, $doc->{$_}, $s->{$_} ] }
                             qw(gate zone store redis);

is(join(' ', sort keys %{ $doc->{$_}[0] }),
   join(' ', sort keys %{ $s->{$_}[0] }), $_) for qw(channels keys);
is(join(' ', sort keys %{ $doc->{channels}[0]{$_} }),
   join(' ', sort keys %{ $s->{channels}[0]{$_} }), "channels: $_")
    for qw(calls notices calls_within_seconds);
