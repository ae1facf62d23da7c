#
# Copyright (C) the ngx_pay authors
#
# A tiny HTTP/2 client (RFC 9113) over a plain connection, with prior
# knowledge: preface, SETTINGS, HEADERS by literals without Huffman, DATA,
# RST_STREAM, GOAWAY.  Of an answer it reads the status and the body.
#

package Drill::H2;

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

use constant {
    DATA => 0, HEADERS => 1, RST_STREAM => 3, SETTINGS => 4, PING => 6,
    GOAWAY => 7, END_STREAM => 1, ACK => 1, END_HEADERS => 4, PADDED => 8,
    CANCEL => 8
};


sub new {
    my ($class, $port) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', Proto => 'tcp',
                                  PeerPort => $port) or die "connect: $!";
    binmode $s;

    my $h = bless { sock => $s, buf => '', stream => -1, of => {} }, $class;

    $h->_bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    $h->_frame(SETTINGS, 0, 0, '');

    return $h;
}


sub sock { $_[0]{sock} }


sub _bytes {
    my ($h, $bytes) = @_;

    local $SIG{PIPE} = 'IGNORE';
    syswrite $h->{sock}, $bytes;
}


sub _frame {
    my ($h, $type, $flags, $stream, $payload) = @_;

    $h->_bytes(substr(pack('N', length $payload), 1)
               . pack('CCN', $type, $flags, $stream) . $payload);
}


# an integer with a prefix of 7 bits, the first bit 0: a length

sub _length {
    my $n = shift;

    return chr $n if $n < 127;

    my $out = chr 127;
    $n -= 127;

    while ($n >= 128) {
        $out .= chr(128 | $n & 127);
        $n >>= 7;
    }

    return $out . chr $n;
}


# gives the number of the stream

sub request {
    my ($h, $method, $path, $body, @headers) = @_;

    my $stream = $h->{stream} += 2;
    my $block = '';

    unshift @headers, [ ':method' => $method ], [ ':scheme' => 'http' ],
            [ ':path' => $path ], [ ':authority' => 'gateway.sandbox' ];
    push @headers, [ 'content-length' => length $body ] if $body ne '';

    $block .= "\0" . _length(length $_->[0]) . $_->[0]
              . _length(length $_->[1]) . $_->[1] for @headers;

    $h->_frame(HEADERS, END_HEADERS | ($body eq '' ? END_STREAM : 0), $stream,
               $block);
    $h->_frame(DATA, END_STREAM, $stream, $body) if $body ne '';

    return $stream;
}


sub cancel { $_[0]->_frame(RST_STREAM, 0, $_[1], pack 'N', CANCEL) }

sub goaway { $_[0]->_frame(GOAWAY, 0, 0, pack 'NN', 0, 0) }


# 200 and the like are indexed; the rest are a literal under the name of one

sub _status {
    my $block = shift;
    my %known = (0x88 => 200, 0x89 => 204, 0x8a => 206, 0x8b => 304,
                 0x8c => 400, 0x8d => 404, 0x8e => 500);

    $block =~ s/\A[\x20-\x3f]+//;           # a new size of the table

    return $known{ ord $block } if $known{ ord $block };
    return $1 if $block =~ /\A[\x08-\x0e\x18-\x1e\x48-\x4e]\x03(\d{3})/;

    # Huffman: "0" to "2" take 5 bits, "3" to "9" take 6

    my ($n) = $block =~ /\A[\x08-\x0e\x18-\x1e\x48-\x4e]([\x81-\x83])/
        or return 0;
    my $bits = unpack 'B*', substr $block, 2, ord($n) & 0x7f;
    my $status = '';

    while (length $status < 3) {
        my $five = oct '0b' . substr $bits, 0, 5;

        if ($five < 3) {
            $status .= $five;
            substr $bits, 0, 5, '';

        } else {
            $status .= oct('0b' . substr $bits, 0, 6) - 0x19 + 3;
            substr $bits, 0, 6, '';
        }
    }

    return $status;
}


sub _take {
    my ($h, $type, $flags, $stream, $payload) = @_;

    my $a = $h->{of}{$stream} //= { status => 0, body => '', error => '' };

    if ($flags & PADDED && ($type == DATA || $type == HEADERS)) {
        my $pad = ord $payload;
        $payload = substr $payload, 1, length($payload) - 1 - $pad;
    }

    if ($type == SETTINGS && !($flags & ACK)) {
        $h->_frame(SETTINGS, ACK, 0, '');

    } elsif ($type == PING && !($flags & ACK)) {
        $h->_frame(PING, ACK, 0, $payload);

    } elsif ($type == HEADERS) {
        $a->{status} ||= _status($payload);

    } elsif ($type == DATA) {
        $a->{body} .= $payload;

    } elsif ($type == RST_STREAM) {
        @$a{qw(error whole)} = ('reset', 1);
    }

    $a->{whole} = 1 if ($type == DATA || $type == HEADERS)
                       && $flags & END_STREAM;
}


# status (0: none), body, error

sub answer {
    my ($h, $stream, $seconds) = @_;
    my $end = time + ($seconds // 25);

    while (!$h->{of}{$stream}{whole}) {

        while (length $h->{buf} >= 9) {
            my ($high, $low, $type, $flags, $id) = unpack 'CnCCN', $h->{buf};
            my $n = $high << 16 | $low;

            last if length $h->{buf} < 9 + $n;

            my $frame = substr $h->{buf}, 0, 9 + $n, '';
            $h->_take($type, $flags, $id & 0x7fffffff, substr $frame, 9);
        }

        last if $h->{of}{$stream}{whole};

        my $left = $end - time;

        if ($left <= 0 || !IO::Select->new($h->{sock})->can_read($left)) {
            return { status => 0, body => '', error => 'timeout' };
        }

        sysread $h->{sock}, $h->{buf}, 65536, length $h->{buf}
            or return { status => 0, body => '', error => 'closed' };
    }

    return $h->{of}{$stream};
}


1;
