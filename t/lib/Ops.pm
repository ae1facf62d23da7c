#
# Copyright (C) the ngx_pay authors
#
# Refunds, transfers and splits, for a suite with steps (Mock.pm) whose
# channel is the test itself: calls by the merchant, and what WeChat Pay
# answers and notifies.
#
#     use Ops;
#     Ops::site(channel => listener(), app => listener());
#
#     --- steps
#     my $id = bought(amount => 100);
#     my $c = refund($id, refund_id => 'R1', amount => 40);
#     $channel->take->reply(200, refunded($id, 'R1', 40));
#     object_ok($c, 'a refund', object => 'refund', status => 'pending');
#

package Ops;

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();
use Mock;
use Test::More ();

our @EXPORT = qw(bought refund refund_query refunded refund_notice object_ok
                 told_refund sums answered post get);

my $json = JSON::PP->new->canonical->utf8;
my %site;

# of an order number, how the channel calls it
my %transaction;


sub site { %site = (target => '/notify/wechat', @_) }


# JSON by POST or DELETE; a body may be text, too

sub post {
    my ($target, $body, %p) = @_;

    return call($p{method} // 'POST', $target,
                ref $body ? $json->encode($body) : $body);
}


sub get { call('GET', $_[0]) }


# a payment that has succeeded: its number

sub bought {
    my %p = (order_id => number(), amount => 100, @_);
    my $prefix = delete $p{prefix} // '';

    my $c = pay(%p);

    $site{channel}->take->reply(200, signed('{"code_url":"weixin://x/y"}'));
    $c->answer->{status} == 200 or Test::More::diag($c->{raw});

    my $t = $transaction{ $p{order_id} } = '42' . substr($p{order_id}, 1);

    $c = post_notice($site{target}, notice(transaction(
        out_trade_no => "$prefix$p{order_id}",
        transaction_id => $t,
        amount => { total => $p{amount}, payer_total => $p{amount},
                    currency => 'CNY', payer_currency => 'CNY' })));

    my $q = $site{app}->take;
    $q->reply(204);
    $c->answer->{status} == 204 or Test::More::fail("bought: $c->{raw}");

    return $p{order_id};
}


sub refund {
    my ($id, %p) = @_;

    return post("/v1/payments/$id/refunds", { amount => 100, %p });
}


sub refund_query { get("/v1/refunds/$_[0]" . ($_[1] // '')) }


# the members of a refund, as an answer has them

sub _refund {
    my ($id, $refund, $amount, %p) = @_;

    my $status = $p{status} // 'PROCESSING';
    my $total = delete $p{total} // 100;

    my %o = (
        refund_id => '503' . substr($refund, 1), out_refund_no => $refund,
        transaction_id => $transaction{$id} // '4200000000000001',
        out_trade_no => $id, channel => 'ORIGINAL',
        user_received_account => 'card of the buyer',
        create_time => '2026-11-25T11:00:00+08:00', status => $status,
        amount => { total => $total, refund => $amount,
                    payer_total => $total, payer_refund => $amount,
                    settlement_refund => $amount,
                    settlement_total => $total, discount_refund => 0,
                    currency => 'CNY' },
        %p
    );

    $o{success_time} = '2026-11-25T12:00:00+08:00' if $status eq 'SUCCESS';

    return \%o;
}


sub refunded { signed($json->encode(_refund(@_))) }


# the bytes of a notice of it

sub refund_notice {
    my ($id, $refund, $amount, %p) = @_;

    my $o = _refund($id, $refund, $amount, %p);

    $o->{refund_status} = delete $o->{status};
    $o->{mchid} = '1900000001';
    delete $o->{amount}{$_} for grep { !/^(?:payer_)?(?:total|refund)$/ }
                                keys %{ $o->{amount} };

    return notice($json->encode($o), event_type => "REFUND.$o->{refund_status}",
                  original_type => 'refund', aad => 'refund');
}


# a notice that the application gets as an event

sub told_refund {
    my ($name, $body, %want) = @_;

    my $c = post_notice($site{target}, $body);
    my $q = $site{app}->take;
    my $e = event_ok($q, $name, %want);

    $q->reply(204);
    acked($c, $name);

    return $e;
}


# object_ok(CLIENT, NAME, MEMBER => VALUE ...), "~" for null or absent

sub object_ok {
    my ($c, $name, %want) = @_;

    my $a = $c->answer;
    my $o = decode($a->{body});

    Test::More::is($a->{status}, 200, "$name: 200")
        or Test::More::diag($a->{raw});

    for my $m (sort keys %want) {
        my $v = $o;

        for (split /\./, $m) {
            $v = ref $v eq 'HASH' ? $v->{$_}
                 : ref $v eq 'ARRAY' ? $v->[$_] : undef;
        }

        $v = JSON::PP::is_bool($v) ? ($v ? 'true' : 'false') : $v // '~';
        Test::More::is($v, $want{$m}, "$name: $m");
    }

    return $o;
}


# what has been refunded of a payment, by the store: the same pay is no call

sub sums {
    my ($id, $amount, $refunded, $status, $name) = @_;

    object_ok(pay(order_id => $id, amount => $amount), $name,
              status => 'succeeded', amount_refunded => $refunded,
              refund_status => $status);
}


# the one call that comes is answered

sub answered {
    my ($method, $target, $name, @answer) = @_;

    my $q = $site{channel}->take;

    Test::More::is("$q->{method} $q->{target}", "$method $target",
                   "$name: $method $target");
    $q->reply(@answer);

    return $q;
}


1;
