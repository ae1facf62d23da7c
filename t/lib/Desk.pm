#
# Copyright (C) the ngx_pay authors
#
# The callback desk, for a suite with steps (Mock.pm): orders, notices about
# them, and what the merchant's application gets.
#
#     use Desk;
#     Desk::application(listener());
#
#     --- steps
#     my $id = order();
#     delivered(post_notice('/notify/wechat', paid($id)), 'a notice',
#               type => 'payment.succeeded');
#

package Desk;

use strict;
use warnings;

use Exporter qw(import);
use Mock;
use Test::More ();

our @EXPORT = qw(order paid delivered never waits notices);

my $app;


# the listener that the events go to

sub application { $app = shift }


# an order of the simulator's

sub order {
    my %p = (order_id => number(), @_);

    payment_ok(pay(%p), 'an order', status => 'pending',
               order_id => $p{order_id});

    return $p{order_id};
}


# a notice about an order, of bytes that are the same each time

sub paid {
    my ($id, %p) = @_;

    return notice(transaction(out_trade_no => $id, %p));
}


# delivered: the event, taken by the application with a 204

sub delivered {
    my ($c, $name, %want) = @_;

    my $q = $app->take;
    my $e = event_ok($q, $name, %want);

    $q->reply(204);
    acked($c, $name);
    counts($app, 0, "$name: once");

    return $e;
}


# never forwarded; parts as of post_notice

sub never {
    my ($name, $status, $body, %p) = @_;

    my $target = delete $p{target} // '/notify/wechat';
    my $c = post_notice($target, $body, %p);

    refused($c, $status, $name);
    counts($app, 0, "$name: not forwarded");
}


# nothing is stored of it, either: the order waits for its payment

sub waits {
    my ($id, $name) = @_;

    payment_ok(pay(order_id => $id), "$name: the order", status => 'pending');
}


# what pay_status tells of a channel's notices

sub notices {
    my ($ch) = grep { $_->{channel} eq ($_[0] // 'wechat') }
               @{ status_json()->{channels} };

    return $ch->{notices};
}


1;
