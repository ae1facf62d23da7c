#
# Copyright (C) the ngx_pay authors
#
# A server that speaks Redis' protocol as badly as it is told, in a process of
# its own.
#
#     my $fake = Drill::FakeRedis->new('fake');
#     $fake->mode('raw', "-OOM no\r\n");
#
# The client's greeting is answered as a server would, whatever the mode, but
# for those that say so.  Modes of the other commands:
#
#     ''                  ECHO gives its argument, SET OK, others 1
#     'raw', BYTES        these bytes
#     'close', BYTES      ... and the connection is closed
#     'slow', SECONDS     as '', but later; the order is kept
#     'hang'              nothing
#     'dribble'           as '', byte by byte
#     'once', BYTES       these bytes for the first, then as ''
#     'greet', BYTES      these bytes for each command, the greeting's too
#     'accept', BYTES     these bytes and a close for each new connection
#     'deaf'              nothing at all, not even to the greeting
#     'noping'            nothing to PING once the greeting is over
#
# $fake->commands: all words that came, a list for each command, its
# connection's number before it.  $fake->connections: how many there were.
#

package Drill::FakeRedis;

use strict;
use warnings;

use Drill::Loop;
use Drill::Mock;
use Errno qw(EAGAIN EINTR);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

my ($main, @all) = ($$);


sub new {
    my ($class, $name) = @_;

    my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp',
                                  ReuseAddr => 1, Listen => 512)
        or die "listen: $!";

    my $dir = Drill::dir();
    my $f = bless { port => $s->sockport, log => "$dir/$name.commands",
                    text => "$dir/$name.mode", parent => $$ }, $class;

    Drill::_write($f->{log}, '');
    $f->mode('');

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $SIG{PIPE} = 'IGNORE';
        eval { $f->_serve($s); 1 } or warn "fake redis: $@";
        POSIX::_exit(1);
    }

    $f->{pid} = $pid;
    push @all, $f;

    return $f;
}


sub port { $_[0]{port} }


sub mode {
    my ($f, @words) = @_;
    Drill::Mock::mode($f, join "\0", @words);
}


sub stop {
    my $pid = delete $_[0]{pid} or return;

    kill 'KILL', $pid;
    waitpid $pid, 0;
}


sub _note {
    my ($f, @words) = @_;

    open my $out, '>>:raw', $f->{log} or die "$f->{log}: $!";
    syswrite $out, join("\0", @words) . "\n";
}


sub commands {
    my $f = shift;

    return grep { @$_ > 1 } map { [ split /\0/, $_, -1 ] }
           split /\n/, Drill::_read($f->{log});
}


sub connections {
    my $f = shift;
    return scalar(my @c = grep { !/\0/ } split /\n/, Drill::_read($f->{log}));
}


# how many commands began with this word

sub count {
    my ($f, $word) = @_;
    return scalar(my @c = grep { $_->[1] eq $word } $f->commands);
}


sub await {
    my ($f, $n, $word, $seconds) = @_;
    my $end = time + ($seconds // 10);

    while ($f->count($word) < $n) {
        return 0 if time > $end;
        sleep 0.02;
    }

    return 1;
}


sub _serve {
    my ($f, $listener) = @_;

    my $loop = Drill::Loop->new;
    my $count = 0;

    $listener->blocking(0);

    $loop->reader($listener, sub {

        while (my $s = $listener->accept) {
            my $c = { sock => $s, in => '', n => ++$count, greeted => 0,
                      out => '', queue => [] };

            $s->blocking(0);
            binmode $s;
            $f->_note($c->{n});

            my @mode = $f->_mode;

            if ($mode[0] eq 'accept') {
                syswrite $s, $mode[1];
                close $s;
                next;
            }

            $loop->reader($s, sub { $f->_read($loop, $c) });
        }
    });

    $loop->step(0.2) while getppid == $f->{parent};

    POSIX::_exit(0);
}


sub _mode {
    my @mode = split /\0/, Drill::Mock::_slurp($_[0]{text}), -1;
    return @mode ? @mode : ('');
}


sub _end {
    my ($loop, $c) = @_;

    return if !$c->{sock};
    $loop->forget($c->{sock});
    close delete $c->{sock};
}


sub _read {
    my ($f, $loop, $c) = @_;

    my $n = sysread $c->{sock}, $c->{in}, 65536, length $c->{in};

    return if !defined $n && ($! == EAGAIN || $! == EINTR);
    return _end($loop, $c) if !$n;

    while ($c->{sock} && (my @words = _command(\$c->{in}))) {
        $f->_note($c->{n}, @words);
        $f->_answer($loop, $c, @words);
    }
}


# the next command of a buffer, cut from it

sub _command {
    my $in = shift;

    $$in =~ /\A\*(\d+)\r\n/ or return;

    my ($n, $at, @words) = ($1, $+[0]);

    for (1 .. $n) {
        substr($$in, $at) =~ /\A\$(\d+)\r\n/ or return;
        $at += $+[0];
        return if length $$in < $at + $1 + 2;
        push @words, substr $$in, $at, $1;
        $at += $1 + 2;
    }

    substr $$in, 0, $at, '';

    return @words;
}


sub _bulk { '$' . length($_[0]) . "\r\n$_[0]\r\n" }


sub _good {
    my @words = @_;

    return _bulk("# Server\r\nredis_version:7.0.0\r\nrun_id:fake\r\n")
        if "@words" eq 'INFO server';
    return _bulk("# Memory\r\nmaxmemory_policy:noeviction\r\n")
        if "@words" eq 'INFO memory';
    return _bulk($words[1]) if $words[0] eq 'ECHO';
    return "+PONG\r\n" if $words[0] eq 'PING';

    return $words[0] =~ /^(?:AUTH|SELECT|SET)$/ ? "+OK\r\n" : ":1\r\n";
}


sub _answer {
    my ($f, $loop, $c, @words) = @_;

    my ($mode, $value) = $f->_mode;
    my $good = _good(@words);
    my $greeting = !$c->{greeted}
                   && $words[0] =~ /^(?:AUTH|SELECT|INFO|PING)$/;

    return if $mode eq 'deaf';
    return _say($loop, $c, $value) if $mode eq 'greet';

    $c->{greeted} = 1 if $words[0] eq 'PING';

    return _say($loop, $c, $good) if $greeting;
    return if $mode eq 'hang' || $mode eq 'noping' && $words[0] eq 'PING';

    return _say($loop, $c, $value) if $mode eq 'raw';

    if ($mode eq 'once') {
        $f->mode('');
        return _say($loop, $c, $value);
    }

    if ($mode eq 'close') {
        _say($loop, $c, $value);
        return _end($loop, $c);
    }

    if ($mode eq 'slow') {
        $loop->after($value, sub { _say($loop, $c, $good) });
        return;
    }

    if ($mode eq 'dribble') {
        push @{ $c->{queue} }, split //, $good;
        _dribble($loop, $c);
        return;
    }

    _say($loop, $c, $good);
}


sub _dribble {
    my ($loop, $c) = @_;

    return if $c->{dribbling} || !@{ $c->{queue} };

    $c->{dribbling} = 1;
    _say($loop, $c, shift @{ $c->{queue} });

    $loop->after(0.002, sub {
        $c->{dribbling} = 0;
        _dribble($loop, $c);
    });
}


sub _say {
    my ($loop, $c, $bytes) = @_;

    return if !$c->{sock};

    # what we say is little: the socket takes it

    syswrite $c->{sock}, $bytes;
}


END {
    if ($$ == $main) {
        my $status = $?;
        $_->stop for @all;
        $? = $status;
    }
}


1;
