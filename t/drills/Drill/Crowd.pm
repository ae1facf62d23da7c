#
# Copyright (C) the ngx_pay authors
#
# Connections that stay, and the same bytes on all of them at once.
#
#     my $crowd = Drill::Crowd->new(map { [ $_->{port}, 100 ] } $a, $b);
#     my $n = $crowd->ask($bytes);        # { '200' => 1, '409 ...' => 199 }
#

package Drill::Crowd;

use strict;
use warnings;

use Drill::Loop;
use Errno qw(EAGAIN EINTR);
use Time::HiRes qw(time);


# pairs of port and number

sub new {
    my ($class, @to) = @_;

    my @socks = map {
        my ($port, $n) = @$_;
        map { Drill::Loop::connect($port) // die "connect: $!" } 1 .. $n
    } @to;

    return bless { socks => \@socks }, $class;
}


sub size { scalar @{ $_[0]{socks} } }


# The request must be for a connection that stays.  None has the last byte
# before all have the others.

sub ask {
    my ($c, $bytes, $seconds) = @_;
    my $socks = $c->{socks};
    my $end = time + ($seconds // 60);
    my ($left, $bits, %told, %buf) = (scalar @$socks, '');

    local $SIG{PIPE} = 'IGNORE';

    syswrite $_, $bytes, length($bytes) - 1 for @$socks;

    for (@$socks) {
        syswrite $_, substr $bytes, -1;
        vec($bits, fileno $_, 1) = 1;
    }

    while ($left) {
        select my $ready = $bits, undef, undef, 0.5;

        if (time > $end) {
            $told{timeout} += $left;
            last;
        }

        for (@$socks) {
            my $fd = fileno $_;

            next if !vec $ready, $fd, 1;

            my $t = _told($_, \$buf{$fd}) // next;

            $told{$t}++;
            vec($bits, $fd, 1) = 0;
            $left--;
        }
    }

    return \%told;
}


# undef: there is more to come

sub _told {
    my ($s, $buf) = @_;

    $$buf //= '';

    my $n = sysread $s, $$buf, 65536, length $$buf;

    return undef if !defined $n && ($! == EAGAIN || $! == EINTR);

    my $m = Drill::Loop::answer($$buf, !$n);

    return $n ? undef : 'closed' if !$m;

    my ($code) = $m->{body} =~ /"code":"(\w+)"/;

    return join ' ', $m->{status}, $code // ();
}


1;
