#
# Copyright (C) the ngx_pay authors
#
# Ways for a client to go while its request is under way.
#
#     for my $way (ways()) {
#         my $client = begin($way, payment());
#         go($way, $client);
#     }
#

package Drill::Ways;

use strict;
use warnings;

use Drill;
use Drill::H2;
use Drill::Loop;
use Exporter qw(import);
use Time::HiRes qw(sleep time);

our @EXPORT = qw(ways begin go go_when);


# the version of HTTP, and how

my %ways = (
    'close' => [ 1 => sub { leave($_[0], 'close') } ],
    'half-close' => [ 1 => sub { leave($_[0], 'shutdown') } ],
    'TCP RST' => [ 1 => sub { leave($_[0], 'reset') } ],
    'HTTP/2 RST_STREAM' => [ 2 => sub { $_[0]->cancel($_[1]) } ],
    'HTTP/2 RST_STREAM and close' => [ 2 => sub {
        $_[0]->cancel($_[1]);
        leave($_[0]->sock, 'close');
    } ],
    'HTTP/2 GOAWAY and close' => [ 2 => sub {
        $_[0]->goaway;
        leave($_[0]->sock, 'close');
    } ],
    'HTTP/2 close' => [ 2 => sub { leave($_[0]->sock, 'close') } ],
    'HTTP/2 TCP RST' => [ 2 => sub { leave($_[0]->sock, 'reset') } ]
);


sub ways { sort keys %ways }


# The bytes of a request, as they are or over HTTP/2, to the site's gate.  What
# a client was stays in sight until it goes.

sub begin {
    my ($way, $bytes) = @_;

    return [ send_raw($bytes) ] if $ways{$way}[0] == 1;

    my $q = Drill::Loop::message(\$bytes, 0, 0);
    my ($method, $target) = split ' ', $q->{line};
    my $h = Drill::H2->new(Drill::ports()->{h2});
    my $stream = $h->request($method, $target, $q->{body},
        map { [ $_ => $q->{headers}{$_} ] }
        grep { !/^(?:host|connection|content-length)$/ }
        sort keys %{ $q->{headers} });

    return [ $h, $stream ];
}


sub go { my ($way, $client) = @_; $ways{$way}[1]->(@$client) }


# Each when it is time: lists of a way, a client, and what says so.  Whether all
# have gone.

sub go_when {
    my @all = @_;
    my $end = time + 10;

    while (@all && time < $end) {
        my @stay;

        for (@all) {
            my ($way, $client, $now) = @$_;

            if ($now->()) {
                go($way, $client);

            } else {
                push @stay, $_;
            }
        }

        @all = @stay;
        sleep 0.005;
    }

    return !@all;
}


1;
