#
# Copyright (C) the ngx_pay authors
#
# pay_status: what is counted, as JSON and for Prometheus.
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;

no_long_string();
no_shuffle();
log_level('info');

our $sim = free_port();
our $http = Pay::http(port => $sim);
our $config = Pay::locations() . <<'_E';
    location = /status { pay_status json; }
    location = /metrics { pay_status prometheus; }
_E


# name{labels} => value

sub metrics {
    my $body = ask('GET', '/metrics')->answer->{body};
    my %m = $body =~ /^(nginx_pay_\S+) (\d+)$/mg;
    return ($body, \%m);
}

run_tests();

__DATA__

=== TEST 1: counters move as they should
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my (undef, $m) = metrics();
my $before = status_json();

payment_ok(pay(order_id => $id), 'a payment');
problem(pay(order_id => $id, amount => 0), '422 amount_invalid never');
is(ask('GET', "/v1/payments/$id")->answer->{status}, 401, 'no signature');

my $s = status_json();
my (undef, $n) = metrics();

is($s->{gate}{ok} - $before->{gate}{ok}, 2, 'gate: ok');
is($s->{gate}{signature_missing}, 1, 'gate: signature_missing');
is($s->{requests}{pay}{ok}, 1, 'pay: ok');
is($s->{requests}{pay}{error}, 1, 'pay: error');
is($s->{errors}{amount_invalid}, 1, 'errors');
is($s->{channels}[0]{calls}{answered}, 1, 'the channel answered once');
is($s->{zone}{nonces}, 2, 'two nonces live');
cmp_ok($s->{zone}{cells_free}, '<', $before->{zone}{cells_free}, 'a record');

is($n->{'nginx_pay_gate_total{result="ok"}'}
   - $m->{'nginx_pay_gate_total{result="ok"}'}, 2, 'Prometheus: gate');
is($n->{'nginx_pay_requests_total{operation="pay",outcome="ok"}'}, 1,
   'Prometheus: requests');
is($n->{'nginx_pay_channel_calls_total{channel="wechat",result="answered"}'},
   1, 'Prometheus: calls');



=== TEST 2: the exposition is well formed
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $a = ask('GET', '/metrics')->answer;
is($a->{status}, 200, 'status');
is($a->{type}, 'text/plain; version=0.0.4; charset=utf-8', 'type');

my ($family, %seen, @bad) = ('');

for my $line (split /\n/, $a->{body}) {
    if ($line =~ /^# HELP (\S+) \S/) {
        push @bad, $line if $seen{$1}++;
        $family = $1;
    } elsif ($line =~ /^# TYPE (\S+) (counter|gauge)$/) {
        push @bad, $line if $1 ne $family;
    } elsif ($line !~ /^\Q$family\E(\{\w+="[^"\\]*"(,\w+="[^"\\]*")?\})? \d+$/)
    {
        push @bad, $line;
    }
}

is(join("\n", @bad), '', 'every line');
cmp_ok(scalar(keys %seen), '>', 10, 'families');
like($a->{body}, qr/\n\z/, 'ends with a line end');



=== TEST 3: methods
--- http_config eval: $::http
--- config eval: $::config
--- steps
is(ask('POST', '/status', '{}')->answer->{status}, 405, 'POST');
is(ask('HEAD', '/metrics')->answer->{status}, 200, 'HEAD');
