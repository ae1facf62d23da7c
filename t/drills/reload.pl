#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Reloads: in the middle of all that waits, and twenty of them under load.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;
use Time::HiRes qw(sleep time);

my $site = site(workers => 2);
my ($gate, $channel, $app, $port) = (@$site{qw(gate channel app)},
                                     $site->{port});


sub query { request('GET', "/v1/payments/$_[0]", '', tag => $_[0]) }

sub prepays { $channel->count(qr{^POST /v3/pay/\S+/native .*"$_[0]"}s) }


# what is begun, a reload while it waits, and what is said in the end, by a
# worker of before

my %old;

sub reload_amid {
    my $what = shift;

    %old = map { $_ => 1 } $gate->workers;
    ok($gate->reload, "F-1: a reload while $what");
    ok(scalar(grep { $old{$_} } $gate->leaving),
       '... an old worker stays for it');
}


sub by_old {
    my ($method, $tag, $status, $name) = @_;

    for (1 .. 40) {
        my @lines = grep { $_->[2] eq $method && $_->[1] == $status }
                    $gate->access($tag);

        if (@lines) {
            ok($old{ $lines[0][0] }, "... $name");
            return;
        }

        sleep 0.05;
    }

    fail("... $name");
}


{
    my ($order, $open, $shut) = (number(), number(), number());

    is(told(pay(order => $_)), '200 pending', 'an order') for $open, $shut;
    $channel->mode('slow 1.5');

    my $pay = send_raw(payment(order => $order, tag => $order));
    my $query = send_raw(query($open));
    my $close = send_raw(request('POST', "/v1/payments/$shut/close", '',
                                 tag => 'close'));

    $channel->await(1, $_) for qr/"$order"/, qr{$shut/close}, qr{^GET .*$open};
    reload_amid('the channel works on a payment, a query and a close');

    $channel->mode('');
    is(told(pay(order => $order)), '409 in_progress',
       '... a new worker knows that it is under way');
    is(told(pay(order => $order, amount => 3)), '409 idempotency_conflict',
       '... and for how much');
    is(told(pay()), '200 pending', '... and serves others');

    is(told(answer_of($pay)), '200 pending', '... the payment is answered');
    by_old('POST', $order, 200, 'by an old worker');
    is(told(answer_of($query)), '200 pending', '... the query is answered');
    by_old('GET', $open, 200, 'by an old worker');
    is(told(answer_of($close)), '200 closed', '... the close is answered');
    by_old('POST', 'close', 200, 'by an old worker');

    is(told(pay(order => $order)), '200 pending', '... the object is there');
    is(prepays($order), 1, '... and the channel was called once');

    for (1 .. 100) {
        last if !$gate->leaving;
        sleep 0.05;
    }

    is(scalar $gate->leaving, 0, '... the old workers have gone');
}


# an event on its way: in time, and past the deadline

for my $case ([ 'slow 1.5', '204' ], [ 'slow 4.7', '503 FAIL' ]) {
    my ($mode, $want) = @$case;
    my $order = number();

    pay(order => $order);

    my $bytes = notice($order);

    $app->mode($mode);

    my $s = send_raw($bytes =~ s/\r\n/\r\nX-Drill: $order\r\n/r);

    $app->await(1, qr/"$order"/);
    reload_amid("the application works on an event, $mode");
    $app->mode('500');
    is(told(post_notice($bytes)), '503 FAIL',
       '... a new worker knows that the event is on its way');
    is(told(answer_of($s)), $want, "... the channel is told $want");

    for (1 .. 60) {
        last if ($app->requests(qr/"$order"/))[0]{answered};
        sleep 0.05;
    }

    by_old('POST', $order, substr($want, 0, 3), 'by an old worker');
    is(told(post_notice($bytes)), '204', '... the next copy is acknowledged');
    is($app->count(qr/"$order"/), 1, '... and the application was called once');
}


# the pay page waits before it sends a notice again

{
    my $order = number();

    pay(order => $order);
    $app->mode('500');
    $site->{relay}->mode('pass');

    my $s = send_raw(Drill::press_bytes($order, 'pay'), $port->{sim});

    $app->await(1, qr/"$order"/);
    sleep 0.2;
    reload_amid('the sandbox waits to send a notice again');
    $app->mode('');

    my $page = json(answer_of($s)->{body});

    is(join(' ', map { $_->{acknowledgement}{status} }
                 @{ $page->{notices} // [] }), '503 204',
       '... it does so, and tells of both');

    my %ids = map { $_->{headers}{'webhook-id'} => 1 }
              $app->requests(qr/"$order"/);

    is(scalar(keys %ids), 1, '... of one event');
}


# a worker that must not wait for what it has

{
    my ($order, $paid) = (number(), number());

    $app->mode('');
    pay(order => $paid);

    my $bytes = notice($paid);

    $gate->conf(Drill::conf(%{ $site->{parts} },
                            main => 'worker_shutdown_timeout 1s;'));
    ok($gate->reload, 'a reload: worker_shutdown_timeout 1s');

    $channel->mode('slow 4');
    $app->mode('slow 4');

    my $pay = send_raw(payment(order => $order));
    my $notice = send_raw($bytes);

    $channel->await(1, qr/"$order"/);
    $app->await(1, qr/"$paid"/);
    reload_amid('the channel and the application work, for too long');

    like(answer_of($pay)->{error}, qr/^(?:closed|reset)$/,
         '... the payment is cut off');
    like(answer_of($notice)->{error}, qr/^(?:closed|reset)$/,
         '... the notice is, and not acknowledged');

    $channel->mode('');
    $app->mode('');
    is(told(pay(order => $order, amount => 3)), '409 idempotency_conflict',
       '... the number is kept');
    is(prepays($order), 1, '... and nothing was sent');

    is(told(post_notice($bytes)), '204', '... the next copy is acknowledged');

    my @e = $app->requests(qr/"$paid"/);
    my %ids = map { $_->{headers}{'webhook-id'} => 1 } @e;

    is(scalar @e, 2, '... the application had the event again');
    is(scalar(keys %ids), 1, '... under the same id');

    is(told(pay(order => $order)), '200 pending',
       '... the same number again: the object');
    is(prepays($order), 2, '... by one more call');
    is(told(pay(order => $order)), '200 pending', '... and again');
    is(prepays($order), 2, '... without a call');

    $gate->conf(Drill::conf(%{ $site->{parts} }));
    ok($gate->reload, 'a reload: no limit');
}


# under load

{
    my $loop = Drill::Loop->new;
    my ($reloads, $orders, $requests, $running, $over) = (0, 0, 0, 0, 0);
    my (@failed, %order);

    $channel->mode('');
    $app->mode('');
    $site->{relay}->mode('pass');

    my $check = sub {
        my ($what, $a, $ok) = @_;

        $requests++;
        push @failed, "$what: " . told($a) . ' ' . substr $a->{raw}, 0, 300
            if !$ok;

        return $ok;
    };

    # an order: created, paid, its event delivered, asked for, asked for again

    my $task;
    $task = sub {
        my $order = number();

        if ($over) {
            $running--;
            return;
        }

        $order{$order} = 1;

        $loop->ask($port->{gate}, payment(order => $order), sub {
            my $a = shift;

            $check->('pay', $a, told($a) eq '200 pending')
                or return $task->();

            $loop->ask($port->{sim}, Drill::press_bytes($order, 'pay'), sub {
                my $page = json($_[0]{body});
                my @told = map { $_->{acknowledgement}{status} }
                           @{ $page->{notices} // [] };

                $check->('notice', $_[0], "@told" eq '204')
                    or return $task->();

                $loop->ask($port->{gate}, query($order), sub {
                    $check->('query', $_[0],
                             told($_[0]) eq '200 succeeded');

                    $loop->ask($port->{gate}, payment(order => $order), sub {
                        $check->('again', $_[0],
                                 told($_[0]) eq '200 succeeded');
                        $task->();
                    });
                });
            });
        });
    };

    my (%before, $reload);
    my $begun = time;

    $reload = sub {
        if (%before) {
            my @now = $gate->workers;

            if (@now < $gate->{workers} || grep { $before{$_} } @now) {
                $loop->after(0.02, $reload);
                return;
            }

            $reloads++;
        }

        if ($reloads == 20) {
            $over = 1;
            return;
        }

        %before = map { $_ => 1 } $gate->workers;

        $loop->after(0.15, sub {
            kill 'HUP', $gate->{master};
            $loop->after(0.05, $reload);
        });
    };

    for (1 .. 6) {
        $running++;
        $task->();
    }

    $reload->();
    $loop->run(sub { $over && !$running }, 60);

    my $took = time - $begun;

    is($reloads, 20, 'F-1: 20 reloads under load');
    is(scalar @failed, 0, "... $requests requests and not one failed")
        or diag(join "\n", @failed[0 .. ($#failed > 4 ? 4 : $#failed)]);
    cmp_ok($requests, '>', 100, '... which is a load');

    my @orders = sort keys %order;
    my (%calls, %events);

    $calls{$_}++ for map { $_->{body} =~ /"out_trade_no":"(\w+)"/ }
                     $channel->requests(qr{^POST /v3/pay/});
    $events{$_}++ for map { $_->{body} =~ /"order_id":"(\w+)"/ }
                      $app->requests;

    is(scalar(grep { ($calls{$_} // 0) != 1 } @orders), 0,
       '... each order was sent to the channel once');
    is(scalar(grep { ($events{$_} // 0) != 1 } @orders), 0,
       '... and its event to the application once');

    counted('%d reloads in %.1f s: %d orders, %d requests, %d failed',
            $reloads, $took, scalar @orders, $requests, scalar @failed);
}


finish();
done_testing;
