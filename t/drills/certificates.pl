#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# The platform's certificates: fetched when they are needed, refreshed before
# they end, without a client, and not again and again when that fails
# (docs/design.md section 10).  The clock moves as in clock.pl.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Digest::SHA qw(sha256);
use Drill;
use Pay;
use Test::More;
use Time::HiRes qw(sleep);

my ($faketime) = glob '/usr/lib/*/faketime/libfaketime.so.1';

plan(skip_all => 'libfaketime is not installed') if !$faketime;

my $offset = 0;
my $file = Drill::dir() . '/clock';
my $hour = 3600;


sub at {
    $offset = shift;

    open my $out, '>', "$file.new" or die "$file.new: $!";
    print $out sprintf "%+d\n", $offset;
    close $out or die "$file.new: $!";
    rename "$file.new", $file or die "$file: $!";
}


at(0);
chmod 0755, Drill::dir();

my %port = map { $_ => Drill::port() } qw(gate status sim none other);
my $channel = channel_mock('channel', $port{sim});
my $app = app_mock('app');

my %fake = (LD_PRELOAD => $faketime, FAKETIME_TIMESTAMP_FILE => $file,
            FAKETIME_NO_CACHE => 1, FAKETIME_DONT_FAKE_MONOTONIC => 1,
            DONT_FAKE_MONOTONIC => 1);


sub conf {
    return join('', map { "env $_;\n" } sort keys %fake)
           . Drill::conf(gate => Drill::port(), status => Drill::port(),
                         sim => Drill::port(), channel => $channel->port,
                         relay => $port{none}, app => $app->port,
                         workers => 2, @_);
}


# The simulator is in an nginx of its own: the gate has no key of the platform.
# What it signs in a certificate's name it does by the serial number that it
# makes of its key.

my $der = `openssl pkey -pubin -in ${\Pay::keys()}/platform_pub.pem -outform DER`;
my @serial = unpack 'C20', sha256($der);

$serial[0] = 0x40 | $serial[0] & 0x3f;
$serial[19] = 0;

my $serial = sprintf '%02X' x 20, @serial;
my $sim = conf(sim => $port{sim});

$sim =~ s/(platform_key +)PUB_KEY_ID_\d+/$1$serial/ or die "no platform_key\n";

my $text = conf(gate => $port{gate});

$text =~ s/^ +(?:sandbox_)?platform_key [^;]*;//mg == 2
    or die "no platform_key\n";

my $nginx = eval {
    local %ENV = (%ENV, %fake);

    Drill::Nginx->new('sim', $sim, $port{sim});
    Drill::Nginx->new('gate', $text, $port{gate});
};

# a sanitizer wants to be the first library, and is not, with one before it

plan(skip_all => 'nginx does not start with libfaketime') if !$nginx;


sub paid {
    return told(ask(payment(timestamp => $offset + 2 + int time),
                    $port{gate}));
}

sub fetched { $channel->count(qr{^GET /v3/certificates}) }


sub fetches {
    return $channel->await($_[0], qr{^GET /v3/certificates}, 20);
}


sleep 1.1;
is(paid(), '200 pending', 'a payment by certificates alone');
is(fetched(), 1, '... which were fetched');
is(paid(), '200 pending', 'another one');
is(fetched(), 1, '... by the same certificates');

ok($nginx->reload, 'a reload');
is(paid(), '200 pending', '... and a payment');
is(fetched(), 1, '... by the same certificates');

at(11 * $hour);
sleep 3;
is(fetched(), 1, 'after 11 hours they are as they were');

at(12 * $hour + 60);
ok(fetches(2), 'after 12 hours they are refreshed, with no request');
sleep 3;
is(fetched(), 2, '... once');
is(paid(), '200 pending', '... and a payment goes by them');
is(fetched(), 2, '... without another look');

ok($nginx->kill_workers, 'all workers die');

$channel->mode('drop');
at(25 * $hour);
ok(fetches(3), 'a refresh that gets no answer');
sleep 3;
is(fetched(), 3, '... is not begun again at once');
ok($nginx->said('could not be refreshed'), '... and logged');

$channel->mode('');
is(paid(), '200 pending', '... what there was is still good');

at(26 * $hour);
ok(fetches(4), 'it comes again');
sleep 3;
is(fetched(), 4, '... once');

finish();

done_testing();
