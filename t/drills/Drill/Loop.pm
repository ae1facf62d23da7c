#
# Copyright (C) the ngx_pay authors
#
# An event loop with what the drills do in it: many requests at a time, and
# servers of our own.
#
#     my $loop = Drill::Loop->new;
#     $loop->ask($port, $bytes, sub { my $answer = shift; ... });
#     $loop->serve($socket, sub { my ($conn, $request) = @_; ... });
#     $loop->after(0.5, sub { ... });
#     $loop->run(sub { $ready }, 10);
#
# An answer: status (0: none), line, head, headers (lower case, joined by
# ", "), body, raw, error ("", closed, reset, refused, timeout), began, ended.
#

package Drill::Loop;

use strict;
use warnings;

use Errno qw(EAGAIN EINTR);
use IO::Socket::INET;
use Time::HiRes qw(time);


sub new { bless { r => {}, w => {}, t => [] }, shift }


sub after {
    my ($l, $seconds, $cb) = @_;

    my $timer = [ time + $seconds, $cb ];

    @{ $l->{t} } = sort { $a->[0] <=> $b->[0] } @{ $l->{t} }, $timer;

    return $timer;
}


sub cancel {
    my ($l, $timer) = @_;

    $timer->[1] = undef if $timer;
}


sub reader { $_[0]{r}{ fileno $_[1] } = [ $_[1], $_[2] ] }


# from now on nobody listens to it

sub forget {
    my ($l, $fh) = @_;

    delete $l->{$_}{ fileno $fh } for qw(r w);
}


sub step {
    my ($l, $max) = @_;
    my $now = time;

    while (@{ $l->{t} } && $l->{t}[0][0] <= $now) {
        my $cb = (shift @{ $l->{t} })->[1];
        $cb->() if $cb;
    }

    my $wait = @{ $l->{t} } ? $l->{t}[0][0] - time : $max;
    $wait = $max if $wait > $max;
    $wait = 0 if $wait < 0;

    my ($r, $w) = ('', '');
    vec($r, $_, 1) = 1 for keys %{ $l->{r} };
    vec($w, $_, 1) = 1 for keys %{ $l->{w} };

    return if (select $r, $w, undef, $wait) <= 0;

    for my $set ([ r => $r ], [ w => $w ]) {
        my ($what, $bits) = @$set;

        for my $fd (keys %{ $l->{$what} }) {
            my $entry = vec($bits, $fd, 1) ? $l->{$what}{$fd} : undef;
            $entry->[1]->($entry->[0]) if $entry;
        }
    }
}


# until it is so, at most so many seconds; says whether it is

sub run {
    my ($l, $until, $seconds) = @_;
    my $end = time + $seconds;

    while (!$until->()) {
        return 0 if time >= $end;
        $l->step(0.05);
    }

    return 1;
}


# all bytes, then the callback

sub write {
    my ($l, $fh, $bytes, $done) = @_;
    my $at = 0;

    local $SIG{PIPE} = 'IGNORE';

    my $more = sub {
        my $n = syswrite $fh, $bytes, length($bytes) - $at, $at;

        if (!defined $n) {
            return if $! == EAGAIN || $! == EINTR;
            delete $l->{w}{ fileno $fh };
            $done->(0) if $done;
            return;
        }

        $at += $n;
        return if $at < length $bytes;

        delete $l->{w}{ fileno $fh };
        $done->(1) if $done;
    };

    $l->{w}{ fileno $fh } = [ $fh, $more ];
    $more->();
}


# The next message of a buffer, cut from it: line, head, headers, body, raw;
# undef where it is not whole.  What has no length ends at the end.

sub message {
    my ($buf, $ended, $answer) = @_;

    my ($head) = $$buf =~ /\A(.*?\r\n)\r\n/s or return undef;
    my $start = 2 + length $head;
    my ($line, @lines) = split /\r\n/, $head;
    my (%h, $body, $size);

    for (@lines) {
        my ($name, $value) = /\A([^:]*):\s*(.*?)\s*\z/ or next;
        $name = lc $name;
        $h{$name} = defined $h{$name} ? "$h{$name}, $value" : $value;
    }

    if (($h{'transfer-encoding'} // '') eq 'chunked') {
        my $at = $start;
        $body = '';

        while (1) {
            substr($$buf, $at) =~ /\A([0-9a-fA-F]+)[^\n]*\r\n/ or return undef;
            my $n = hex $1;
            $at += $+[0];
            return undef if length $$buf < $at + $n + 2;
            $body .= substr $$buf, $at, $n;
            $at += $n + 2;
            last if $n == 0;
        }

        $size = $at;

    } else {
        my $n = $h{'content-length'};

        if (!defined $n) {
            my $none = !$answer || $line =~ m{\AHTTP/\S+ (?:1\d\d|204|304)};
            return undef if !$none && !$ended;
            $n = $none ? 0 : length($$buf) - $start;
        }

        $size = $start + $n;
        return undef if length $$buf < $size;
        $body = substr $$buf, $start, $n;
    }

    my $raw = substr $$buf, 0, $size, '';

    return { line => $line, head => $head, headers => \%h, body => $body,
             raw => $raw };
}


sub answer {
    my ($buf, $ended) = @_;

    my $m = message(\$buf, $ended, 1) or return undef;

    ($m->{status}) = $m->{line} =~ m{\AHTTP/\S+ (\d{3})};
    $m->{status} //= 0;
    $m->{error} = '';

    return $m;
}


sub connect {
    my $port = shift;

    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', Proto => 'tcp',
                                  PeerPort => $port);

    if ($s) {
        $s->blocking(0);
        binmode $s;
    }

    return $s;
}


# waits for the answer on a connection where the request has been written

sub expect {
    my ($l, $s, $done, $seconds) = @_;
    my ($buf, $began, $timer) = ('', time);

    my $end = sub {
        my $m = shift;

        $l->cancel($timer);
        $l->forget($s);
        close $s;

        $m->{$_} //= '' for qw(line head body raw);
        $m->{status} //= 0;
        $m->{headers} //= {};
        @$m{qw(began ended)} = ($began, time);
        $done->($m);
    };

    $timer = $l->after($seconds // 25, sub { $end->({ error => 'timeout',
                                                      raw => $buf }) });

    $l->reader($s, sub {
        my $n = sysread $s, $buf, 65536, length $buf;

        return if !defined $n && ($! == EAGAIN || $! == EINTR);

        my $m = answer($buf, defined $n && $n == 0);

        return $end->($m) if $m;

        $end->({ error => defined $n ? 'closed' : 'reset', raw => $buf })
            if !$n;
    });
}


sub ask {
    my ($l, $port, $bytes, $done, $seconds) = @_;

    my $s = Drill::Loop::connect($port);

    if (!$s) {
        $l->after(0, sub {
            $done->({ status => 0, error => 'refused', raw => '', body => '',
                      head => '', headers => {}, began => time,
                      ended => time });
        });
        return;
    }

    $l->write($s, $bytes);
    $l->expect($s, $done, $seconds);
}


# Requests as they come, one a connection.  The callback has the connection:
# {sock}, and {gone}, to be called once when the other side leaves.

sub serve {
    my ($l, $listener, $on) = @_;

    $listener->blocking(0);

    $l->reader($listener, sub {

        while (my $s = $listener->accept) {
            my ($buf, $c) = ('', { sock => $s });

            $s->blocking(0);
            binmode $s;

            $l->reader($s, sub {
                my $n = sysread $s, $buf, 65536, length $buf;

                return if !defined $n && ($! == EAGAIN || $! == EINTR);

                if (!$n) {
                    $l->forget($s);
                    $c->{left} = defined $n ? 'closed' : 'reset';
                    $c->{gone}->($c->{left}) if $c->{gone};
                    close $s;
                    return;
                }

                return if $c->{taken};

                my $q = message(\$buf, 0, 0) or return;

                $c->{taken} = 1;
                $on->($c, $q);
            });
        }
    });
}


1;
