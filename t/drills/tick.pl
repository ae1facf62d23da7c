#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Work without a client: the notice of a refund, which nobody asks for, reaches
# the application, whoever dies meanwhile (docs/design.md section 10).

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;
use Time::HiRes qw(sleep);

my $site;
my $n = 0;


# a paid order, of which everybody knows

sub paid {
    my $order = number();

    die "no payment\n" if told(pay(order => $order)) ne '200 pending';
    $site->{relay}->mode('pass');
    press($order, 'pay');

    return $order;
}


sub refund {
    my $order = shift;
    my $refund = number();

    my $a = ask(request('POST', "/v1/payments/$order/refunds",
                        qq({"refund_id":"$refund","amount":1})));

    return $a->{status} == 200 ? $refund : die told($a) . ": $a->{body}\n";
}


sub heard {
    my ($refund, $seconds) = @_;

    return $site->{app}->await(1, qr/"refund_id":"\Q$refund\E"/, $seconds);
}


sub tick { told(ask("$_[0] /_pay/tick HTTP/1.1\r\nHost: x\r\n"
                    . "Connection: close\r\n$_[1]", $site->{port}{sim})) }


$site = site(workers => 2);

my $order = paid();

ok(heard(refund($order), 20), 'a refund is told without anybody asking');

my $before = $site->{relay}->count;
sleep 2.5;
is($site->{relay}->count, $before, '... once');

is(tick('GET', "\r\n"), '204', 'anyone may call it, when nothing is due');
is(tick('POST', "Content-Length: 5\r\n\r\nhello"), '204',
   '... and what he sends is ignored');
is(tick('HEAD', "\r\n"), '204', '... by whatever method');


# whoever holds the lease dies

ok($site->{gate}->kill_workers, 'all workers die');
ok(heard(refund($order), 20), '... and the next ones send it');

my ($one) = $site->{gate}->workers;
$site->{gate}->killed($one);
ok($site->{gate}->await_workers($one), 'one of them dies');
ok(heard(refund($order), 20), '... and one sends it');


# between the answer and the notice

$site->{relay}->mode('pass');
my $refund = refund($order);
ok($site->{gate}->kill_workers, 'they die when the refund is made');
ok(heard($refund, 20), '... and it is told all the same');

$refund = refund($order);
ok($site->{gate}->reload, 'a reload when the refund is made');
ok(heard($refund, 20), '... and it is told all the same');

$refund = refund($order);
$site->{gate}->conf(Drill::conf(%{ $site->{parts} }, zone => '24m'));
ok($site->{gate}->reload, 'a reload with another size of the zone');
ok(heard($refund, 20), '... and it is told all the same');


# taken away, and given back

$site->{gate}->conf(Drill::conf(%{ $site->{parts} }, zone => '24m',
                                tick => 0));
ok($site->{gate}->reload, 'a reload without pay_tick');
is(tick('GET', "\r\n"), '404 -', '... which is not there');
$refund = refund($order);
ok(!heard($refund, 3), '... and nothing is sent by itself');
press($order, '');
ok(heard($refund, 10), '... but when somebody looks');

$site->{gate}->conf(Drill::conf(%{ $site->{parts} }, zone => '24m'));
ok($site->{gate}->reload, 'a reload with pay_tick again');
ok(heard(refund($order), 20), '... and a refund is told');

finish();


# one process that is all there is

$site = site(workers => 1, main => 'master_process off;');
$order = paid();

ok(heard(refund($order), 20), 'master_process off: a refund is told');

finish();

done_testing();
