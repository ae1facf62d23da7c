#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# Ten thousand merchants, from included files, and a file for each key: what
# start and reload take is printed, and that the last one is found is tested.
#
# DRILL_MERCHANTS=N makes it another number, DRILL_KEYS="hmac p256 rsa" tries
# RSA keys as well.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;
use Time::HiRes qw(time);

my $n = $ENV{DRILL_MERCHANTS} // 10000;
my $last = $n - 1;
my %kinds = map { $_ => 1 } split ' ', $ENV{DRILL_KEYS} // 'hmac p256';
my $dir = Drill::dir();
my $nginx = $ENV{NGINX_BIN} // '/usr/sbin/nginx';
my $module = Drill::_module();
my $port = Drill::port();

my ($keys, $cc) = ("$FindBin::Bin/Drill/keys.c", $ENV{CC} // 'cc');
my $made = system("$cc -o $dir/keys $keys -lcrypto > $dir/cc.log 2>&1") == 0;


sub secret { sprintf 'throwaway-%08d-%s', $_[0], $_[1] }

# KIND/N.conf of a hundred merchants each; the last of all has a secret

sub merchants {
    my ($kind, $line) = @_;
    my $text = '';

    mkdir "$dir/$kind" or die "$dir/$kind: $!";

    for my $i (0 .. $last) {
        my $mine = $i == $last ? "secret k1 DIR/$i.secret" : $line;

        $mine =~ s/\bN\b/$i/;
        $mine =~ s/\bDIR\b/$dir\/$kind/;
        $text .= "pay_merchant shop-$i {\n    $mine;\n}\n";

        Drill::_write("$dir/$kind/$i.secret", secret($i, $kind))
            if $mine =~ /^secret/;

        if ($i == $last || $i % 100 == 99) {
            Drill::_write("$dir/$kind/$i.conf", $text);
            $text = '';
        }
    }
}

sub conf {
    my $kind = shift;

    return ($module eq '' ? '' : "load_module $module;\n") . <<"END";
worker_processes 2;
pid        logs/nginx.pid;
error_log  logs/error.log notice;
events { }
http {
    access_log  off;
    pay_zone    zone=pay:16m;
    include     $dir/$kind/*.conf;
    server {
        listen  127.0.0.1:$port;
        location / { pay_auth on; root $dir; }
    }
}
END
}

sub call {
    my ($kind, $i, %p) = @_;

    my $a = ask(request('GET', "/$kind/$last.conf", '', key => 'k1', timestamp =>
                        30 + int time, secret => secret($i, $kind),
                        merchant => "shop-$i", %p), $port);

    return $a->{error} || $a->{status};
}

# seconds by the clock and of the processor

sub took {
    my $start = time;
    my @before = times;
    my $status = system @_;
    my @after = times;

    return ($status, sprintf '%.2f s, %.2f s of the processor',
            time - $start, $after[2] + $after[3] - $before[2] - $before[3]);
}


my $gate;

for (
    [ 'hmac', 'a secret each', 'secret k1 DIR/N.secret' ],
    [ 'p256', 'a P-256 key each', 'public_key p1 DIR/N.pem' ],
    [ 'rsa', 'an RSA key each', 'public_key p1 DIR/N.pem' ]
) {
    my ($kind, $name, $line) = @$_;

    next if !$kinds{$kind};

    SKIP: {
        skip "$name: no compiler for t/drills/Drill/keys.c", 5
            if $kind ne 'hmac' && !$made;

        merchants($kind, $line);

        system("$dir/keys $kind $n $dir/$kind") == 0
            or die "$dir/keys failed\n" if $kind ne 'hmac';

        my $text = conf($kind);

        if (defined $gate) {
            $gate->conf($text);

        } else {
            $gate = Drill::Nginx->new('gate', $text, $port);
        }

        my ($status, $took) = took($nginx, '-t', '-q', '-p', "$gate->{dir}/",
                                   '-c', "$gate->{dir}/nginx.conf",
                                   '-e', "$dir/test.log");

        is($status, 0, "$n merchants, $name: nginx -t");
        counted('%d merchants, %s: nginx -t %s', $n, $name, $took);

        my $start = time;

        ok($gate->reload, "$n merchants, $name: reload");
        counted('%d merchants, %s: reload %.2f s', $n, $name, time - $start);

        is(call($kind, $last), 200, "$n merchants, $name: the last is found");
        is(call($kind, $last, secret => 'x' x 20), 401, '... by its key');
        is(call($kind, $last, merchant => 'shop'), 401, '... by its name');
    }
}

is(call('none', 0), 401, 'a stranger is not found');

# TERM gives workers a second, which may be short on a busy machine

ok($gate->stop('QUIT'), 'nginx ends');
finish();

done_testing();
