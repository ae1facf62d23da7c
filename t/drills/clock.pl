#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# The clock of the gateway moves: slowly, by hours, and back.  Its library is
# libfaketime, which reads a file for every look at the clock; timers go by
# another clock and are left alone.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;

my ($faketime) = glob '/usr/lib/*/faketime/libfaketime.so.1';

plan(skip_all => 'libfaketime is not installed') if !$faketime;

my $offset = 0;
my $file = Drill::dir() . '/clock';


sub at {
    $offset = shift;

    open my $out, '>', "$file.new" or die "$file.new: $!";
    print $out sprintf "%+d\n", $offset;
    close $out or die "$file.new: $!";
    rename "$file.new", $file or die "$file: $!";

    # nginx looks at the clock when something happens

    ask("GET /none HTTP/1.0\r\n\r\n", $main::port{gate}) if $main::up;
}

sub now { $offset + int time }

our %port = map { $_ => Drill::port() } qw(gate status sim none);
our $up = 0;
our $app = Drill::app_mock('app');

at(0);
chmod 0755, Drill::dir();

my %fake = (LD_PRELOAD => $faketime, FAKETIME_TIMESTAMP_FILE => $file,
            FAKETIME_NO_CACHE => 1, FAKETIME_DONT_FAKE_MONOTONIC => 1,
            DONT_FAKE_MONOTONIC => 1);

my $nginx = eval {
    local %ENV = (%ENV, %fake);

    Drill::Nginx->new('gate', join('', map { "env $_;\n" } sort keys %fake)
        . Drill::conf(
            gate => $port{gate}, status => $port{status}, sim => $port{sim},
            channel => $port{none}, relay => $port{none}, app => $app->port,
            workers => 1, server => "        location /shop/ {\n"
                . "            pay_auth on;\n"
                . "            proxy_pass http://APP;\n        }\n"),
        $port{gate});
};

# a sanitizer wants to be the first library, and is not, with one before it

plan(skip_all => 'nginx does not start with libfaketime') if !$nginx;

$up = 1;


sub signed { request('POST', '/shop/orders', "{\"n\":$_[0]}", timestamp =>
                     now() + $_[1], nonce => Pay::nonce()) }

sub say_to { told(ask($_[0], $port{gate})) }

sub calls { $app->count(qr/\Q{"n":$_[0]}\E\z/) }

my $n = 0;


# the clock does move, or nothing below says anything

my $day = 86400;

at($day);
is(say_to(signed(++$n, 0)), '200', 'a day later: what is signed now');
is(say_to(signed(++$n, -$day)), '401 timestamp_out_of_window',
   '... and not what was signed then');


# R-9: signed ahead of the clock, and kept

my $ahead = signed(++$n, 299);
my $level = signed(++$n, 0);

is(say_to($ahead), '200', 'R-9: 299 s ahead of the clock');
is(say_to($level), '200', '... and one level with it');

for my $step (1, 100, 290) {
    at($day + $step);
    is(say_to($_), '409 nonce_replayed', "R-9: after $step s") for $ahead,
                                                                 $level;
}

at($day + 305);
is(say_to($level), '401 timestamp_out_of_window', 'R-9: after 305 s');
is(say_to($ahead), '409 nonce_replayed', '... the other is still known');
at($day + 580);
is(say_to($ahead), '409 nonce_replayed', 'R-9: after 580 s');
at($day + 605);
is(say_to($ahead), '401 timestamp_out_of_window', 'R-9: after 605 s');
is(calls($n - 1), 1, '... the application had one');


# R-10: both ends of the window

is(say_to(signed(++$n, 297)), '200', 'R-10: 297 s ahead');
is(say_to(signed(++$n, 330)), '401 timestamp_out_of_window',
   'R-10: 330 s ahead');
is(say_to(signed(++$n, -280)), '200', 'R-10: 280 s behind');
is(say_to(signed(++$n, -305)), '401 timestamp_out_of_window',
   'R-10: 305 s behind');


# R-16: an hour back, and forth again

at(2 * $day);

my $before = signed(++$n, 0);
is(say_to($before), '200', 'R-16: before the step');

at(2 * $day - 3600);
is(say_to($before), '401 timestamp_out_of_window', 'R-16: an hour back');
is(say_to(signed(++$n, 3600)), '401 timestamp_out_of_window',
   '... what others sign by the right time is too far ahead');

my $within = signed(++$n, 0);
is(say_to($within), '200', '... what is signed by this clock passes');
is(say_to($within), '409 nonce_replayed', '... once');

at(2 * $day + 10);
is(say_to($before), '409 nonce_replayed', 'R-16: forth again: it is known');
is(say_to(signed(++$n, 0)), '200', '... and all is as it was');


# R-16: a day ahead, where everything known expires, and back

my $kept = signed(++$n, 0);
is(say_to($kept), '200', 'R-16: before the step');

at(3 * $day);
is(say_to(signed(++$n, 0)), '200', 'R-16: a day ahead') for 1 .. 20;

at(2 * $day + 20);
like(say_to($kept), qr/^(?:409 nonce_replayed|503 store_unavailable)$/,
     'R-16: back: what was forgotten meanwhile is not new');
is(calls($n - 20), 1, '... the application had one');

at(3 * $day + 10);
is(say_to(signed(++$n, 0)), '200', '... where its time is past, all is well');


# R-7, R-16: before the zone was made there is no memory

at(-3600);
is(say_to(signed(++$n, 0)), '503 store_unavailable',
   'R-7, R-16: before the zone was made nobody can know');
at(3 * $day + 20);
is(say_to(signed(++$n, 0)), '200', '... and back');

finish();
done_testing();
