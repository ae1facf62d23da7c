#
# Copyright (C) the ngx_pay authors
#
# A real redis-server, on a port and a unix socket of its own.
#
#     my $redis = Drill::Redis->new('redis', requirepass => 'secret');
#     $redis->command('CONFIG', 'SET', 'maxmemory', 1);
#     $redis->pause; $redis->resume; $redis->stop; $redis->start;
#
# Where there is none, Drill::Redis::found() says so.  All end with the test.
#

package Drill::Redis;

use strict;
use warnings;

use Drill ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep time);

my ($main, @all) = ($$);


sub found {
    return (grep { -x "$_/redis-server" } split /:/, "$ENV{PATH}:/usr/sbin")[0];
}


sub new {
    my ($class, $name, %config) = @_;

    my $dir = Drill::dir() . "/$name";
    my $port = Drill::port();

    mkdir $dir or die "$dir: $!";

    my $r = bless { dir => $dir, port => $port, socket => "$dir/redis.sock",
                    config => { port => $port, %config } }, $class;

    push @all, $r;
    $r->start;

    return $r;
}


sub port { $_[0]{port} }

sub socket { $_[0]{socket} }


# until it answers, with an error if need be

sub start {
    my $r = shift;

    my %c = (bind => '127.0.0.1', dir => $r->{dir}, save => '',
             unixsocket => $r->{socket}, unixsocketperm => 777,
             logfile => "$r->{dir}/redis.log", databases => 16,
             'io-threads' => 1, 'repl-diskless-sync-delay' => 0,
             %{ $r->{config} });

    Drill::_write("$r->{dir}/redis.conf",
                  join '', map { "$_ " . ($c{$_} eq '' ? '""' : $c{$_}) . "\n" }
                  sort keys %c);

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        exec found() . '/redis-server', "$r->{dir}/redis.conf"
            or POSIX::_exit(1);
    }

    $r->{pid} = $pid;

    for (1 .. 400) {
        return if defined eval { $r->command('PING') };
        sleep 0.025;
    }

    die "redis-server does not answer: " . Drill::_read("$r->{dir}/redis.log");
}


sub stop {
    my $r = shift;
    my $pid = delete $r->{pid} or return;

    kill 'KILL', $pid;
    waitpid $pid, 0;
    unlink $r->{socket};
}


sub pause { kill 'STOP', $_[0]{pid} }

sub resume { kill 'CONT', $_[0]{pid} }


# One command by the unix socket: a string, a number, a list; undef for nil;
# an error reply as "-TEXT".

sub command {
    my ($r, @words) = @_;

    my $s = IO::Socket::UNIX->new(Peer => $r->{socket}) or die "connect: $!";

    if (!defined $r->{config}{requirepass} || $words[0] eq 'PING') {
        return _ask($s, @words);
    }

    _ask($s, 'AUTH', $r->{config}{requirepass});

    return _ask($s, @words);
}


sub _ask {
    my ($s, @words) = @_;

    print $s '*' . @words . "\r\n", map { '$' . length($_) . "\r\n$_\r\n" }
                                    @words;
    $s->flush;

    return _reply($s);
}


sub _reply {
    my $s = shift;

    my $line = <$s> // die "redis-server closed the connection\n";
    $line =~ s/\r\n\z//;

    my ($type, $rest) = $line =~ /\A(.)(.*)\z/s;

    return $rest if $type eq '+' || $type eq ':';
    return $line if $type eq '-';
    return undef if $rest < 0;
    return [ map { _reply($s) } 1 .. $rest ] if $type eq '*';

    read $s, my $text, $rest + 2;

    return substr $text, 0, $rest;
}


END {
    if ($$ == $main) {
        my $status = $?;
        $_->resume, $_->stop for grep { $_->{pid} } @all;
        $? = $status;
    }
}


1;
