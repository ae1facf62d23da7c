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

our @EXPORT = qw(order paid delivered never waits notices fcgi_take fcgi_reply);

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


# An event by FastCGI: connection, body, parameters (of one that is there
# twice both values).

sub fcgi_take {
    my $c = $app->wait or die 'nobody came';
    my ($params, $body, %p) = ('', '');

    while (1) {
        while (length $c->{buf} < 8) {
            $c->more(8) or die 'cut short';
        }

        my (undef, $type, undef, $n, $pad) = unpack 'CCnnC', $c->{buf};

        while (length $c->{buf} < 8 + $n + $pad) {
            $c->more(8) or die 'cut short';
        }

        my $data = substr $c->{buf}, 8, $n;
        $c->{buf} = substr $c->{buf}, 8 + $n + $pad;

        $params .= $data if $type == 4;
        $body .= $data if $type == 5;
        last if $type == 5 && $n == 0;
    }

    while (length $params) {
        my @n = map {
            my $n = unpack 'C', $params;
            $n = unpack('N', $params) & 0x7fffffff if $n > 127;
            $params = substr $params, $n > 127 ? 4 : 1;
            $n;
        } 1, 2;

        my ($name, $value) = unpack "a$n[0] a$n[1]", $params;
        $params = substr $params, $n[0] + $n[1];
        push @{ $p{$name} }, $value;
    }

    return ($c, $body, { map { $_ => join ' | ', @{ $p{$_} } } keys %p });
}


# its answer, by records, with the one that ends it unless $end is 0

sub fcgi_reply {
    my ($c, $text, $end) = @_;

    for my $piece (unpack '(a32768)*', $text) {
        $c->send(pack('CCnnCC', 1, 6, 1, length $piece, 0, 0) . $piece);
    }

    $c->send(pack('CCnnCC', 1, 3, 1, 8, 0, 0) . "\0" x 8) if $end // 1;
    $c->close;
}


1;
