#
# Copyright (C) the ngx_pay authors
#
# pay_status json: what is counted, and that both forms tell the same.
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;
use Metrics;

no_long_string();
no_shuffle();
log_level('info');

our $sim = free_port();
our $http = Pay::http(port => $sim);
our $config = Pay::locations() . <<'_E';
    location = /status { pay_status json; }
    location = /metrics { pay_status prometheus; }
_E


sub metrics { Metrics::parse(ask('GET', '/metrics')->answer->{body}) }

run_tests();

__DATA__

=== TEST 1: counters move as they should
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $m = metrics();
my $before = status_json();

payment_ok(pay(order_id => $id), 'a payment');
problem(pay(order_id => $id, amount => 0), '422 amount_invalid never');
is(ask('GET', "/v1/payments/$id")->answer->{status}, 401, 'no signature');

my $s = status_json();
my $n = metrics();

is($s->{gate}{ok} - $before->{gate}{ok}, 2, 'gate: ok');
is($s->{gate}{signature_missing}, 1, 'gate: signature_missing');
is($s->{gate_reasons}{no_authorization}, 1, 'gate: the reason');
is(join(' ', keys %{ $s->{gate_reasons} }), 'no_authorization', '... alone');
is($s->{gate_dry_run}, 0, 'no dry run');
is($s->{signatures}{five_lines}{'hmac-sha256'}{valid}, 2, 'signatures: valid');
is($s->{signatures}{five_lines}{'hmac-sha256'}{invalid}, undef, '... alone');
is($s->{requests}{pay}{ok}, 1, 'pay: ok');
is($s->{requests}{pay}{refused}, 1, 'pay: refused');
is($s->{errors}{amount_invalid}, 1, 'errors');
is($s->{channels}[0]{calls}{answered}, 1, 'the channel answered once');
is($s->{channels}[0]{last_notice}, undef, 'no notice');
is($s->{channels}[0]{calls_within_seconds}{30}, 1, 'within 30 seconds');
is($s->{zone}{nonces}, 2, 'two nonces live');
cmp_ok($s->{zone}{cells_free}, '<', $before->{zone}{cells_free}, 'a record');
is($s->{zone}{frozen}, 0, 'the zone is not frozen');
ok(!exists $s->{redis}, 'no Redis, and nothing of it');

is($n->value('nginx_pay_gate_requests_total', result => 'ok')
   - $m->value('nginx_pay_gate_requests_total', result => 'ok'), 2,
   'Prometheus: gate');
is($n->value('nginx_pay_requests_total', operation => 'pay',
             outcome => 'ok'), 1, 'Prometheus: requests');
is($n->value('nginx_pay_channel_calls_total', channel => 'wechat',
             result => 'answered'), 1, 'Prometheus: calls');



=== TEST 2: JSON and Prometheus tell the same
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $s = status_json();
my $m = metrics();
my @path = (
    [ gate_requests => 'gate', 'result' ],
    [ gate_refused => 'gate_reasons', 'reason' ],
    [ gate_dry_run => 'gate_dry_run' ],
    [ signatures => 'signatures', 'form', 'algorithm', 'result' ],
    [ requests => 'requests', 'operation', 'outcome' ],
    [ errors => 'errors', 'code' ],
    [ store_errors => 'store.errors' ], [ store_passed => 'store.passed' ],
    [ store_allowed => 'store.allowed' ],
    [ zone_repairs => 'zone.repairs' ],
    [ zone_nonces_refused => 'zone.nonces_refused', 'reason' ],
    [ zone_records_dropped => 'zone.records_dropped' ],
    [ zone_records_refused => 'zone.records_refused' ],
    [ channel_calls => 'channels.0.calls', 'result' ],
    [ notices => 'channels.0.notices', 'result' ],
);

my %said = map { $_ => 1 } map { "nginx_pay_$_->[0]_total" } @path;
my @silent = grep { $m->{family}{$_}{type} eq 'counter' && !$said{$_} }
             keys %{ $m->{family} };

is("@silent", '', 'all counters are compared');

for my $p (@path) {
    my ($name, $path, @labels) = @$p;
    my (%flat, @walk);
    my $v = $s;

    $v = ref $v eq 'ARRAY' ? $v->[$_] : $v->{$_} for split /\./, $path;
    @walk = ([ $v ]);

    while (my $w = shift @walk) {
        my ($value, @names) = @$w;
        if (ref $value) {
            push @walk, map { [ $value->{$_}, @names, $_ ] } keys %$value;
        } else {
            $flat{"@names"} = $value if $value != 0;
        }
    }

    my %told;

    for (keys %{ $m->{series} }) {
        next if !/^nginx_pay_${name}_total(?:\{(.*)\})?$/;
        my %l = ($1 // '') =~ /(\w+)="([^"]*)"/g;
        $told{"@l{@labels}"} = $m->{series}{$_} if $m->{series}{$_} != 0;
    }

    is(join(', ', map { "$_ $flat{$_}" } sort keys %flat),
       join(', ', map { "$_ $told{$_}" } sort keys %told), $name);
}

is($s->{zone}{born}, $m->value('nginx_pay_zone_created_timestamp_seconds'),
   'the zone is as old');
is($s->{zone}{records}{$_}, $m->value('nginx_pay_zone_records', class => $_),
   "records: $_") for qw(finished open kept);
is($s->{channels}[0]{certificate_not_after},
   $m->value('nginx_pay_certificate_expiry_timestamp_seconds',
             channel => 'wechat'), 'a certificate ends at the same time');
is($s->{channels}[0]{calls_within_seconds}{$_},
   $m->value('nginx_pay_channel_call_duration_seconds_bucket',
             channel => 'wechat', le => $_), "calls within $_ s")
    for qw(0.05 0.1 0.25 0.5 1 2.5 5 10 30);
is($s->{channels}[0]{call_milliseconds} / 1000,
   0 + $m->value('nginx_pay_channel_call_duration_seconds_sum',
             channel => 'wechat'), 'together as long');



=== TEST 3: methods
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $path ('/status', '/metrics') {
    is(ask($_, $path, '{}')->answer->{status}, 405, "$_ $path")
        for qw(POST PUT DELETE PATCH OPTIONS);

    my $get = ask('GET', $path)->answer;
    my $head = ask('HEAD', $path)->answer;

    is($get->{status}, 200, "GET $path");
    is($head->{status}, 200, "HEAD $path");
    is($head->{type}, $get->{type}, '... of the same type');
    is($head->{body}, '', '... without a body');
    cmp_ok($head->header('Content-Length') // 0, '>', 100,
           '... but with its length');
}

is(ask('GET', '/status')->answer->{type}, 'application/json', 'JSON: type');
is(ask('GET', '/metrics')->answer->{type},
   'text/plain; version=0.0.4; charset=utf-8', 'Prometheus: type');
