#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Two servers behind an upstream{}, the first of them bad: a payment or an
# event reaches one of them, once.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;
use Time::HiRes qw(sleep);

my $site = site(workers => 1);
my ($gate, $app, $channel) = @$site{qw(gate app channel)};

my $channel2 = channel_mock('channel2', $site->{port}{sim});
my $app2 = app_mock('app2');
my $nobody = '127.0.0.1:' . Drill::port();

my $default = 'proxy_next_upstream error timeout';


# the gateway with these, and its servers forgiven

sub with {
    my (%p) = @_;

    $gate->conf(Drill::conf(%{ $site->{parts} }, %p));
    $gate->reload or die "no reload\n" . $gate->log;
}


sub channels {
    with(wechat => 'upstream wechat_servers;',
         http => "    upstream wechat_servers { $_[0] }\n",
         call => { proxy_read_timeout => '1s' });
}


sub apps {
    my ($servers, $more) = @_;

    with(http => "    upstream apps { $servers }\n",
         app_url => 'http://apps/pay/notify',
         notify => 'proxy_read_timeout 1s; ' . ($more // ''));
}


sub prepays { map { $_->count(qr{^POST /v3/pay/.*"$_[0]"}s) }
              $channel, $channel2 }

sub events { map { $_->count(qr/"order_id":"$_[0]"/) } $app, $app2 }


# the channel

my $two = "server CHANNEL; server 127.0.0.1:@{[ $channel2->port ]};";

for my $mode ('hang', 'drop') {
    my $order = number();
    my $what = "U-1: two channel servers, the first will $mode";

    channels($two);
    $channel->mode($mode);

    my $a = pay(order => $order);

    is(told($a), '504 outcome_unknown', "$what: unknown");
    is(json($a->{body})->{retry}, 'query', '... to be queried');
    is(join(' + ', prepays($order)), '1 + 0',
       '... and the payment has arrived once');

    is(told(pay(order => $order)), '200 pending',
       '... asked for again: the object');
    is(join(' + ', prepays($order)), '1 + 1', '... by the other server');
    is(told(pay(order => $order)), '200 pending', '... and again');
    is(join(' + ', prepays($order)), '1 + 1', '... without a call');

    counted('first channel server: %s: %s, 1 + 0 calls; asked again: %s',
            $mode, told($a), join(' + ', prepays($order)));
}

$two = "server $nobody; server 127.0.0.1:@{[ $channel2->port ]};";

{
    my $order = number();

    channels($two);

    my $a = pay(order => $order);

    is(told($a), '502 channel_unreachable', 'U-2: the first refuses: nothing '
       . 'was sent');
    is(json($a->{body})->{retry}, 'same', '... the same again');
    is(join(' + ', prepays($order)), '0 + 0', '... nothing has arrived');
    is(told(pay(order => $order)), '200 pending', '... the object');
    is(join(' + ', prepays($order)), '0 + 1', '... by one call');
}


# what would send it twice is refused, and what runs is left alone

{
    my @workers = $gate->workers;

    $gate->conf(Drill::conf(%{ $site->{parts} },
                            call => { proxy_next_upstream => 'error' }));
    kill 'HUP', $gate->{master};

    for (1 .. 100) {
        last if $gate->said(qr/\[emerg\].*"proxy_next_upstream off"/);
        sleep 0.05;
    }

    is($gate->said(qr/\[emerg\].*"proxy_next_upstream off"/), 1,
       'U-1: a call location that sends again is refused');
    is("@{[ $gate->workers ]}", "@workers", 'F-12: ... the workers stay');
    is(told(pay()), '200 pending', 'F-12: ... and work');
}


# the application

$two = "server APP; server 127.0.0.1:@{[ $app2->port ]};";

for my $case ([ hang => '' ], [ drop => '' ],
              [ 503 => "$default http_503;" ])
{
    my ($mode, $more) = @$case;
    my $order = number();
    my $what = "U-1: two applications, the first: $mode";

    apps($two, $more);
    $channel->mode('');
    is(told(pay(order => $order)), '200 pending', 'an order');
    $app->mode($mode);

    my $bytes = notice($order);

    is(told(post_notice($bytes)), '503 FAIL',
       "$what: the channel is to come again");
    is(join(' + ', events($order)), '1 + 0', '... the event has arrived once');

    # 503 is no failure of the server, so it is asked in its turn

    is(told(post_notice($bytes)), '204', '... the next copy: acknowledged');
    is(join(' + ', events($order)), '1 + 1', '... by the other');

    my %ids = map { $_->{headers}{'webhook-id'} => 1 }
              map { $_->requests(qr/"order_id":"$order"/) } $app, $app2;

    is(scalar(keys %ids), 1, '... under the same id');
    is(told(post_notice($bytes)), '204', '... a third: acknowledged');
    is(join(' + ', events($order)), '1 + 1', '... by neither');
}

for my $servers ("server $nobody; server APP;",
                 "server $nobody; server APP backup;")
{
    my $order = number();

    apps($servers);
    is(told(pay(order => $order)), '200 pending', 'an order');
    $app->mode('');
    is(told(post_notice(notice($order))), '204',
       'U-1: the first application refuses: the second accepts');
    is(join(' + ', events($order)), '1 + 0', '... the event arrived once');
}


finish(qr/\[emerg\].*"proxy_next_upstream off"/);
done_testing;
