#
# Copyright (C) the ngx_pay authors
#
# Between nginx and a Redis: what is said there is late, lost, or nonsense.
#
#     my $proxy = Drill::Proxy->new('proxy', $redis->port);
#     $proxy->mode('slow', 0.05);
#
# Modes:
#
#     ''                  as if it was not there
#     'slow', SECONDS     replies are late by so much; the order is kept
#     'mute', TEXT        commands arrive, replies do not
#     'hold', TEXT        nothing gets through, in either direction
#     'garbage'           for each reply something that is none
#     'cut'               the first bytes of a reply, then the end
#
# With TEXT it begins with the first bytes of nginx that hold it.  A
# connection that lost something stays as it is: what came later would be
# taken for what is missing.
#
# $proxy->count(TEXT): how often nginx has said it; $proxy->await(N, TEXT).
#

package Drill::Proxy;

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
    my ($class, $name, $port) = @_;

    my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp',
                                  ReuseAddr => 1, Listen => 512)
        or die "listen: $!";

    my $dir = Drill::dir();
    my $p = bless { port => $s->sockport, to => $port, parent => $$,
                    log => "$dir/$name.bytes", text => "$dir/$name.mode" },
                  $class;

    Drill::_write($p->{log}, '');
    $p->mode('');

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $SIG{PIPE} = 'IGNORE';
        eval { $p->_serve($s); 1 } or warn "proxy: $@";
        POSIX::_exit(1);
    }

    $p->{pid} = $pid;
    push @all, $p;

    return $p;
}


sub port { $_[0]{port} }


sub mode {
    my ($p, @words) = @_;
    Drill::Mock::mode($p, join "\0", @words);
}


sub count {
    my ($p, $text) = @_;
    my $n = () = Drill::_read($p->{log}) =~ /\Q$text\E/g;

    return $n;
}


sub await {
    my ($p, $n, $text, $seconds) = @_;
    my $end = time + ($seconds // 10);

    while ($p->count($text) < $n) {
        return 0 if time > $end;
        sleep 0.01;
    }

    return 1;
}


sub stop {
    my $pid = delete $_[0]{pid} or return;

    kill 'KILL', $pid;
    waitpid $pid, 0;
}


sub _mode {
    my @mode = split /\0/, Drill::Mock::_slurp($_[0]{text}), -1;
    return @mode ? @mode : ('');
}


sub _serve {
    my ($p, $listener) = @_;

    my $loop = Drill::Loop->new;

    $listener->blocking(0);

    open $p->{out}, '>>:raw', $p->{log} or die "$p->{log}: $!";

    $loop->reader($listener, sub {

        while (my $in = $listener->accept) {
            my $out = Drill::Loop::connect($p->{to});

            # nobody there: nobody here, either

            if (!$out) {
                close $in;
                next;
            }

            my $c = { in => $in, out => $out, late => [] };

            $in->blocking(0);
            $loop->reader($in, sub { $p->_asked($loop, $c) });
            $loop->reader($out, sub { $p->_answered($loop, $c) });
        }
    });

    $loop->step(0.2) while getppid == $p->{parent};

    POSIX::_exit(0);
}


sub _end {
    my ($loop, $c) = @_;

    for (grep { $c->{$_} } qw(in out)) {
        $loop->forget($c->{$_});
        close delete $c->{$_};
    }
}


# undef: nothing now; '': the end

sub _bytes {
    my $s = shift;
    my $n = sysread $s, my $bytes, 65536;

    return $n ? $bytes : '' if defined $n;
    return $! == EAGAIN || $! == EINTR ? undef : '';
}


# what is said is little: the socket takes it

sub _say { syswrite $_[0], $_[1] if $_[0] && length($_[1] // '') }


sub _asked {
    my ($p, $loop, $c) = @_;

    my $bytes = _bytes($c->{in}) // return;

    return _end($loop, $c) if $bytes eq '';

    syswrite $p->{out}, $bytes;

    my ($mode, $text) = $p->_mode;

    $c->{$mode} = 1 if $mode =~ /^(?:mute|hold)$/
                       && (!defined $text || index($bytes, $text) >= 0);

    _say($c->{out}, $bytes) if !$c->{hold};
}


sub _answered {
    my ($p, $loop, $c) = @_;

    my $bytes = _bytes($c->{out}) // return;
    my ($mode, $value) = $p->_mode;

    # a connection that has lost something hangs, whoever left

    if ($c->{hold} || $c->{mute}) {
        $loop->forget($c->{out}) if $bytes eq '';
        return;
    }

    return _end($loop, $c) if $bytes eq '';

    if ($mode eq 'garbage') {
        return _say($c->{in}, "\x00\x01 what?\r\n");
    }

    if ($mode eq 'cut') {
        _say($c->{in}, substr $bytes, 0, 2);
        return _end($loop, $c);
    }

    # what was said before comes before

    push @{ $c->{late} }, $bytes;
    $loop->after($value, sub { _say($c->{in}, shift @{ $c->{late} }) })
        if $mode eq 'slow';
    _say($c->{in}, join '', splice @{ $c->{late} }) if $mode ne 'slow';
}


END {
    if ($$ == $main) {
        my $status = $?;
        $_->stop for @all;
        $? = $status;
    }
}


1;
