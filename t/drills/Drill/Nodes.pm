#
# Copyright (C) the ngx_pay authors
#
# What the drills about several nodes and their Redis share.
#
#     my $redis = Drill::Redis->new('redis');
#     my $site = site(split => 1, http => pay_redis($redis->port),
#                     server => guards());
#     my $b = node('b');
#     is(told(ask(guard('deny'), $b->{port})), '200', '...');
#

package Drill::Nodes;

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Drill;
use Exporter qw(import);
use Pay;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(
    @policies pay_redis guards guard next_second redis_key nonce_key lose
    ready records reasons within
);

our @policies = qw(deny zone allow);


# lines that differ from the defaults: name => value

sub pay_redis {
    my ($port, %lines) = @_;

    return "    pay_redis {\n        server 127.0.0.1:$port;\n"
           . join('', map { "        $_ $lines{$_};\n" } sort keys %lines)
           . "    }\n";
}


# A location for each policy, in front of the application, and one that has
# nothing to do with all that.

sub guards {
    my $text = "        location = /static { return 200 'static\\n'; }\n"
               . "        keepalive_requests 1000000;\n";

    for (@policies) {
        $text .= "        location /$_/ {\n            pay_auth on;\n"
                 . "            pay_store_error $_;\n"
                 . "            proxy_pass http://APP;\n        }\n";
    }

    return $text;
}


# bytes for such a location; what else as of Drill::request

sub guard {
    my ($policy, %p) = @_;
    my $body = delete $p{body} // 'anything';

    return request('POST', "/$policy/", $body, %p);
}


# what is signed from now on is signed after all that has happened

sub next_second {
    my $end = int(time) + 1.02;
    sleep 0.02 while time < $end;
}


# where Redis has it: kind is n, o (a payment), r (a refund) or e; the names
# are those of the store

sub redis_key {
    my ($kind, @names) = @_;
    my %what = (n => 'nonce', o => 'payment', r => 'refund', e => 'event');

    push @names, '' while @names < 3;

    return 'ngxpay:' . ($kind eq 'r' ? 'o' : $kind) . ':' . substr sha256_hex(
        join '', map { pack('n', length) . $_ } $what{$kind}, @names), 0, 32;
}


# what a signed request's nonce is called there

sub nonce_key {
    my ($nonce) = $_[0] =~ /,nonce="([^"]+)"/ or die 'no nonce';
    return redis_key('n', 'demo', 'k1', $nonce);
}


# gone, its data too; back with nothing, or with what was saved

sub lose {
    my ($redis, $keep) = @_;

    $redis->stop;
    unlink "$redis->{dir}/dump.rdb" if !$keep;
    $redis->start;
}


# Until all workers of these nodes have their Redis: how long it took; undef:
# they have not, not for 10 seconds

sub ready {
    my @nodes = @_;
    my $start = time;

    while (time < $start + 10) {
        my @a = burst_to(map { [ $_->{port}, guard('deny') ] } (@nodes) x 6);

        return time - $start if !grep { told($_) ne '200' } @a;
        sleep 0.02;
    }

    return undef;
}


# The records in Redis: how many, and those that somebody has claimed

sub records {
    my $redis = shift;
    my @keys = @{ $redis->command('KEYS', 'ngxpay:o:*') };

    return (scalar @keys,
            grep { $redis->command('HEXISTS', $_, 'o') } @keys);
}


# the different reasons for which requests of that tag were refused

sub reasons {
    my ($n, $tag) = @_;
    my %reasons = map { $_->[6] => 1 } $n->access($tag);

    delete $reasons{'-'};

    return sort keys %reasons;
}


# the longest that one of these answers took

sub within {
    my ($longest) = sort { $b <=> $a } map { $_->{ended} - $_->{began} } @_;
    return $longest;
}


1;
