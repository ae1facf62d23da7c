#
# Copyright (C) the ngx_pay authors
#
# A server in a process of its own that records every byte.
#
#     my $m = Drill::Mock->new('app', sub {
#         my ($request, $mode) = @_;
#         return { status => 200, wait => 0.5 };
#     });
#
# What the callback, which runs in the other process, wants:
#
#     wait => SECONDS         before anything is done
#     forward => PORT         the request goes there, its answer comes back
#     then => SECONDS         between that answer and ours
#     spoil => CODE           what that answer becomes on its way
#     status, body, headers   an answer of our own
#     raw => BYTES            the same, as it is
#     hang => 1               none: until the other side leaves
#     drop => 1               none: the connection is closed
#     reset => 1              none: the connection is reset
#
# $mode is what $m->mode('TEXT') said last.  $m->requests gives what came, in
# order: raw, line, body, headers, t; answered and answer (our answer was
# written to a side that was there), inner (the answer of where it was
# forwarded to), gone and left (the other side went before).  The connection
# is closed after each answer.
#

package Drill::Mock;

use strict;
use warnings;

use Drill::Loop;
use IO::Socket::INET;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);


my @all;


sub new {
    my ($class, $dir, $name, $plan) = @_;

    my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp',
                                  ReuseAddr => 1, Listen => 512)
        or die "listen: $!";

    my $m = bless { name => $name, port => $s->sockport, plan => $plan,
                    log => "$dir/$name.bytes", text => "$dir/$name.mode",
                    parent => $$ }, $class;

    open my $log, '>', $m->{log} or die "$m->{log}: $!";
    $m->mode('');

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        eval { $m->_serve($s); 1 } or warn "mock $name: $@";
        POSIX::_exit(1);
    }

    $m->{pid} = $pid;
    push @all, $m;

    return $m;
}


sub port { $_[0]{port} }


sub stop {
    for my $m (@_ && ref $_[0] ? @_ : @all) {
        my $pid = delete $m->{pid} or next;
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }
}


# the next request is answered by it

sub mode {
    my ($m, $text) = @_;

    open my $out, '>', "$m->{text}.new" or die "$m->{text}: $!";
    print $out $text;
    close $out or die "$m->{text}: $!";
    rename "$m->{text}.new", $m->{text} or die "$m->{text}: $!";
}


sub _slurp {
    open my $in, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    return <$in> // '';
}


# the record: number, what, time, length, then the bytes

sub _note {
    my ($m, $n, $what, $bytes) = @_;

    $m->{out} //= do {
        open my $out, '>>:raw', $m->{log} or die "$m->{log}: $!";
        $out;
    };

    syswrite $m->{out}, sprintf("%d %s %.6f %d\n", $n, $what, time,
                                length $bytes) . $bytes;
}


sub _serve {
    my ($m, $listener) = @_;

    my $loop = Drill::Loop->new;
    my $count = 0;

    $loop->serve($listener, sub {
        my ($c, $q) = @_;
        my $n = ++$count;

        $m->_note($n, 'request', $q->{raw});
        $c->{gone} = sub { $m->_note($n, 'gone', $_[0]) };

        my $plan = $m->{plan}->($q, _slurp($m->{text}));

        return if $plan->{hang};

        if ($plan->{drop} || $plan->{reset}) {
            $loop->forget($c->{sock});
            setsockopt $c->{sock}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
                if $plan->{reset};
            close $c->{sock};
            return;
        }

        $loop->after($plan->{wait} // 0,
                     sub { $m->_answer($loop, $c, $n, $q, $plan) });
    });

    $loop->step(0.2) while getppid == $m->{parent};

    POSIX::_exit(0);
}


sub _answer {
    my ($m, $loop, $c, $n, $q, $plan) = @_;

    if ($plan->{forward}) {
        $loop->ask($plan->{forward}, $q->{raw}, sub {
            my $a = shift;
            my $bytes = $plan->{spoil} ? $plan->{spoil}->($a->{raw})
                                       : $a->{raw};
            $m->_note($n, 'inner', $a->{raw});
            $loop->after($plan->{then} // 0,
                         sub { $m->_write($loop, $c, $n, $bytes) });
        });
        return;
    }

    if (defined $plan->{raw}) {
        $m->_write($loop, $c, $n, $plan->{raw});
        return;
    }

    my $body = $plan->{body} // '';

    $m->_write($loop, $c, $n, join "\r\n",
               "HTTP/1.1 " . ($plan->{status} // 200) . " Mock",
               'Content-Length: ' . length $body, 'Connection: close',
               @{ $plan->{headers} // [] }, '', $body);
}


sub _write {
    my ($m, $loop, $c, $n, $bytes) = @_;

    return if $c->{left};

    $loop->write($c->{sock}, $bytes, sub {
        $m->_note($n, 'answer', $bytes);
        $c->{gone} = undef;
        $loop->forget($c->{sock});
        close $c->{sock};
    });
}


sub requests {
    my ($m, $match) = @_;
    my (@list, %of);
    my $text = _slurp($m->{log});

    while ($text =~ /\G(\d+) (\w+) (\S+) (\d+)\n/gc) {
        my ($n, $what, $t, $length) = ($1, $2, $3, $4);
        my $bytes = substr $text, pos $text, $length;

        last if length $bytes < $length;
        pos($text) += $length;

        if ($what eq 'request') {
            my $copy = $bytes;
            my $q = Drill::Loop::message(\$copy, 0, 0);
            @$q{qw(n t)} = ($n, $t);
            push @list, $of{$n} = $q;

        } elsif ($what eq 'answer') {
            @{ $of{$n} }{qw(answered answer)} = ($t, $bytes);

        } elsif ($what eq 'inner') {
            $of{$n}{inner} = $bytes;

        } else {
            @{ $of{$n} }{qw(gone left)} = ($t, $bytes);
        }
    }

    return defined $match ? grep { $_->{raw} =~ $match } @list : @list;
}


sub count { scalar(my @list = requests(@_)) }


# waits until so many have come; says whether they have

sub await {
    my ($m, $n, $match, $seconds) = @_;
    my $end = time + ($seconds // 10);

    while ($m->count($match) < $n) {
        return 0 if time > $end;
        sleep 0.02;
    }

    return 1;
}


1;
