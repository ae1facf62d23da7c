#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# The channel's private key lives in a token (SoftHSM) and is used through a
# provider of libcrypto, from the thread pool of a worker: by URI, after
# start, reload and the death of a worker.
#
# PAY_PKCS11_PROVIDER names the provider's file, if it is not where libcrypto
# looks for it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Drill;
use Test::More;

my ($modules) = `openssl version -m 2>/dev/null` =~ /"(.*)"/;
my $provider = $ENV{PAY_PKCS11_PROVIDER}
               // (defined $modules ? "$modules/pkcs11.so" : '');
my ($softhsm) = grep { -f } map { "$_/libsofthsm2.so" }
                '/usr/lib/softhsm', '/usr/lib64/softhsm';

plan skip_all => 'no pkcs11-provider' if !-f $provider;
plan skip_all => 'no SoftHSM'
    if !defined $softhsm || system('softhsm2-util --version > /dev/null 2>&1');


# --- a token with the sandbox's key in it -----------------------------------

# the workers' user must get at it too

my $dir = Drill::dir();
my $keys = Pay::keys();

mkdir "$dir/tokens" or die "$dir/tokens: $!";

Drill::_write("$dir/pin", '93517');
Drill::_write("$dir/softhsm2.conf", "directories.tokendir = $dir/tokens\n"
              . "objectstore.backend = file\nlog.level = ERROR\n");

# SoftHSM ends its own libcrypto at exit, under the provider's feet

Drill::_write("$dir/openssl.cnf", <<"END");
openssl_conf = init
[init]
providers = providers
[providers]
default = builtin
pkcs11 = pkcs11
[builtin]
activate = 1
[pkcs11]
module = $provider
pkcs11-module-path = $softhsm
pkcs11-module-quirks = no-deinit no-operation-state
activate = 1
END

$ENV{SOFTHSM2_CONF} = "$dir/softhsm2.conf";

sub run {
    system("$_[0] > $dir/out 2>&1") == 0
        or die "$_[0] failed: " . Drill::_read("$dir/out");
}

my $util = 'softhsm2-util --pin 93517';

run("$util --init-token --free --label pay --so-pin 12345678");
run("$util --import $keys/apiclient_key.pem --token pay --label mine --id 01");
run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 "
    . "-out $dir/ec.pem");
run("$util --import $dir/ec.pem --token pay --label ec --id 02");
run("chmod -R a+rwX $dir/tokens");

$ENV{OPENSSL_CONF} = "$dir/openssl.cnf";


# --- a payment --------------------------------------------------------------

# one worker: SoftHSM, a thing of files, may miss its token when several
# processes come at once

sub uri { "store:pkcs11:token=$_[0];object=$_[1];type=private"
          . "?pin-source=file:$dir/$_[2]" }

my $site = site(workers => 1, key => uri('pay', 'mine', 'pin'),
                main => "\nenv SOFTHSM2_CONF;\nenv OPENSSL_CONF;\n");
my $gate = $site->{gate};

# twenty at once are the first that a worker's threads do

sub twenty {
    is(tally(burst($site->{port}{gate}, map { payment() } 1 .. 20)),
       '200 pending: 20', "twenty payments, signed in the token, $_[0]");
}

twenty('at once');

for (1 .. 3) {
    ok($gate->reload, "reload $_");
    twenty("after reload $_");
}

$gate->kill_workers;
twenty('in a worker that came for a dead one');


# --- what is refused --------------------------------------------------------

# nginx -t with another key; what it said

sub tested {
    my ($key) = @_;

    my $path = Drill::_write("$gate->{dir}/other.conf",
                             Drill::conf(%{ $site->{parts} }, key => $key));

    my $nginx = $ENV{NGINX_BIN} // '/usr/sbin/nginx';
    my $said = `$nginx -t -p $gate->{dir}/ -c $path -e stderr 2>&1`;

    return ($?, $said);
}

for (
    [ 'no such key', uri('pay', 'yours', 'pin'),
      'the URI leads to no private key' ],
    [ 'no such token', uri('none', 'mine', 'pin'),
      'the URI leads to no private key' ],
    [ 'more than one key', 'store:pkcs11:token=pay;type=private'
      . "?pin-source=file:$dir/pin",
      'the URI leads to more than one private key' ],
    [ 'K-4: a key that is not RSA', uri('pay', 'ec', 'pin'),
      'the key is not an RSA key' ],
    [ 'a PIN in the URI', 'store:pkcs11:token=pay;object=mine?pin-value=93517',
      'the URI has a PIN inside' ]
) {
    my ($name, $key, $text) = @$_;
    my ($status, $said) = tested($key);

    ok($status != 0, "$name: refused");
    like($said, qr/\[emerg\].*\Q$text\E.* in \S+:\d+$/m, '... in words');
    unlike($said, qr/93517/, '... without the PIN');
}

finish();

done_testing();
