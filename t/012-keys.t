#
# Copyright (C) the ngx_pay authors
#
# The keys of merchants: what "nginx -t" takes and refuses of public_key and
# secret, by message, file and line.  All keys are made here and thrown away.
# Rows of the threat catalogue: K-4, K-20.
#

use strict;
use warnings;

use MIME::Base64 qw(decode_base64 encode_base64);
use Test::Nginx::Socket 'no_plan';
use Pay;
use Refused;

no_long_string();
no_shuffle();
log_level('notice');


my $keys = Pay::keys();
my @none = (channel => undef, server => undef);
my $auth = "location /a { pay_auth on; return 204; }\n";


# --- making keys ------------------------------------------------------------

sub openssl {
    my ($name, @args) = @_;
    my $path = Pay::file($name, '');

    system("openssl $args[0] > $path 2>/dev/null") == 0
        or die "openssl $args[0] failed\n";

    return $path;
}

my %made;

sub private {
    my ($name, $options) = @_;
    return $made{"$name.key"} //= openssl("$name.key", "genpkey $options");
}

sub public {
    my ($name, $options) = @_;
    my $key = private($name, $options);
    return $made{"$name.pub"} //= openssl("$name.pub",
                                          "pkey -pubout -in $key");
}

sub cert {
    my ($name, $key) = @_;
    return $made{"$name.crt"} //= openssl("$name.crt", "req -x509 -new "
        . "-key $key -sha256 -subj /CN=throwaway -days 2");
}

sub bytes {
    open my $in, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    return <$in>;
}

sub pem {
    my ($name, $label, $der) = @_;
    return Pay::file($name, "-----BEGIN $label-----\n" . encode_base64($der)
                            . "-----END $label-----\n");
}

sub der_of { decode_base64(bytes($_[0]) =~ s/-----.*?-----//gr) }

my $rsa = '-algorithm RSA -pkeyopt rsa_keygen_bits';
my $ec = '-algorithm EC -pkeyopt ec_paramgen_curve';

my %good = (
    rsa => public('rsa', "$rsa:2048"), p256 => public('p256', "$ec:P-256"),
    ed25519 => public('ed25519', '-algorithm ED25519'),
    sm2 => public('sm2', '-algorithm SM2'),
    rsa2 => public('rsa2', "$rsa:3072"), p256b => public('p256b', "$ec:P-256")
);

# an end in the past; nobody asks who signed it

my $expired = der_of(cert('p256b', private('p256b')));
$expired =~ s/(\d{12})(Z..)\d{12}Z/${1}${2}200101000000Z/s
    or die "no dates in a certificate\n";
$expired = pem('expired.crt', 'CERTIFICATE', $expired);


# --- K-4: what is refused ---------------------------------------------------

my $spki = der_of($good{ed25519});
my $at_infinity = "\x30\x19\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06"
                  . "\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x02\0\0";
my $big = Pay::file('big.pub', "\n" x 16384 . bytes($good{p256}));

for (
    [ 'RSA of 1024 bits', public('r1024', "$rsa:1024"),
      'the RSA key is too small, 2048 bits is the least' ],
    [ 'RSA with e = 3',
      public('e3', "$rsa:2048 -pkeyopt rsa_keygen_pubexp:3"),
      'the RSA exponent is too small, 65537 is the least' ],
    [ 'a key of type RSA-PSS',
      public('pss', '-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048'),
      'the key is of type RSA-PSS, a plain RSA key is needed' ],
    [ 'P-384', public('p384', "$ec:P-384"),
      'the curve of the EC key is P-384, P-256 is needed' ],
    [ 'P-521', public('p521', "$ec:P-521"),
      'the curve of the EC key is P-521, P-256 is needed' ],
    [ 'secp256k1', public('k1', "$ec:secp256k1"),
      'the curve of the EC key is secp256k1, P-256 is needed' ],
    [ 'another curve', public('b256', "$ec:brainpoolP256r1"),
      'the curve of the EC key is not P-256' ],
    [ 'P-256 by its numbers',
      public('explicit', "$ec:P-256 -pkeyopt ec_param_enc:explicit"),
      'the EC key spells its curve out, a named curve is needed' ],
    [ 'the point at infinity', pem('inf.pub', 'PUBLIC KEY', $at_infinity),
      "the EC key's point is not one of the curve's" ],
    [ 'Ed448', public('ed448', '-algorithm ED448'),
      'the key is an Ed448 key, Ed25519 is the one that is taken' ],
    [ 'X25519', public('x25519', '-algorithm X25519'),
      'the key is an X25519 key, which cannot sign' ],
    [ 'Ed25519, all zero', pem('zero.pub', 'PUBLIC KEY',
                               substr($spki, 0, -32) . "\0" x 32),
      'the Ed25519 key is a point of small order' ],
    [ 'a private key', private('p256'),
      'a public key is needed, this is a private key' ],
    [ 'a certificate of P-384', cert('p384', private('p384')),
      'the curve of the EC key is P-384, P-256 is needed' ],
    [ 'a certificate and a key',
      Pay::file('two', bytes(cert('p256', private('p256')))
                       . bytes($good{p256})),
      'there is more than one PEM object in the file' ],
    [ 'a key cut short', Pay::file('cut', substr bytes($good{rsa}), 0, 200),
      'the PEM object is damaged' ],
    [ 'PKCS #1', openssl('pkcs1.pub', "rsa -RSAPublicKey_out -in "
                                      . private('rsa')),
      'this is an "RSA PUBLIC KEY", the form "PUBLIC KEY" is needed' ],
    [ 'a secret', "$keys/demo.k1", 'there is no PEM object in the file' ],
    [ 'more than 16 KiB (K-20)', $big, 'the file is larger than 16 KiB' ],
    [ 'a missing file', "$keys/none", '(2: No such file or directory)' ],
    [ 'a directory', $keys, 'is not a regular file' ]
) {
    my ($name, $file, $text) = @$_;

    refused("K-4: public_key, $name", $text, at => 'public_key p1',
            config => $auth,
            http => [ @none, merchant => { public_key => "p1 $file" } ]);
}

refused('K-4: public_key, its name is told',
        'public_key "p1" of pay_merchant "demo": the curve', config => $auth,
        http => [ @none, merchant => { public_key => 'p1 '
                                       . public('p384', "$ec:P-384") } ]);
refused('K-4: a key that is not RSA for PSS', 'the key is not an RSA key',
        at => 'public_key', config => $auth,
        http => [ @none, merchant => {
            public_key => "p1 $good{ed25519} rsa-pss-sha512" } ]);


# --- the lines themselves ---------------------------------------------------

for (
    [ 'an unknown word', "p1 $good{rsa} rsa-pss",
      '"public_key" in pay_merchant "demo" may have "rsa-pss-sha512"' ],
    [ 'too many words', "p1 $good{rsa} rsa-pss-sha512 x",
      '"public_key" in pay_merchant "demo" has an invalid number' ],
    [ 'no file', 'p1', '"public_key" in pay_merchant "demo" has an invalid' ],
    [ 'a bad name', "p/1 $good{rsa}",
      'must have a key name of 1 to 64 characters' ],
    [ 'a long name', 'p' x 65 . " $good{rsa}",
      'must have a key name of 1 to 64 characters' ],
    [ 'the name of a secret', "k1 $good{rsa}",
      'is duplicate: the key name is in use' ],
    [ 'one name twice', [ "p1 $good{rsa}", "p1 $good{p256}" ],
      'is duplicate: the key name is in use' ]
) {
    my ($name, $value, $text) = @$_;

    refused("public_key, $name", $text, at => 'public_key', config => $auth,
            http => [ @none, merchant => { public_key => $value } ]);
}

refused('neither a secret nor a public key',
        'pay_merchant "demo" has neither "secret" nor "public_key"',
        at => '}', config => $auth,
        http => [ @none, merchant => { secret => undef } ]);


# --- one key under two names ------------------------------------------------

# the second one's line is named at the end, the first one's in the text

sub twice {
    my ($name, $first, $second, $text) = @_;

    refused("one key under two names: $name", $text, at => $second,
            config => $auth, http => [ @none, merchant => $first, more =>
                "pay_merchant other {\n    $second;\n}\n" ]);
}

my $compressed = openssl('compressed.pub', 'ec -pubout -conv_form compressed '
                         . '-in ' . private('p256'));

twice('a public key', { public_key => "p1 $good{p256}" },
      "public_key x1 $good{p256}", 'public_key "x1" of pay_merchant "other" '
      . 'is the same as public_key "p1" of pay_merchant "demo" (');
twice('a secret', {}, "secret x1 $keys/demo.k1",
      'secret "x1" of pay_merchant "other" is the same as secret "k1" of '
      . 'pay_merchant "demo" (');
twice('in a certificate', { public_key => "p1 $good{p256}" },
      'public_key x1 ' . cert('p256', private('p256')),
      'is the same as public_key "p1"');
twice('the point written otherwise', { public_key => "p1 $good{p256}" },
      "public_key x1 $compressed", 'is the same as public_key "p1"');
twice('for another padding', { public_key => "p1 $good{rsa}" },
      "public_key x1 $good{rsa} rsa-pss-sha512",
      'is the same as public_key "p1"');

refused('one key under two names of one merchant',
        'public_key "p2" of pay_merchant "demo" is the same as public_key '
        . '"p1" of pay_merchant "demo"', at => 'public_key p2',
        config => $auth, http => [ @none, merchant => {
            public_key => [ "p1 $good{sm2}", "p2 $good{sm2}" ] } ]);
refused('one key under two names: both places',
        Pay::file('first.conf', "\n\npublic_key p1 $good{sm2};\n") . ':3) in ',
        at => 'p2', config => $auth, http => [ @none, merchant => {
            include => Pay::file('first.conf',
                                 "\n\npublic_key p1 $good{sm2};\n"),
            public_key => "p2 $good{sm2}" } ]);


# --- what is taken ----------------------------------------------------------

taken("a public key alone, $_", '', config => $auth, http => [ @none,
      merchant => { secret => undef, public_key => "p1 $good{$_}" } ])
    for qw(rsa p256 ed25519 sm2);

taken('rotation: keys of every kind at once', '', config => $auth,
      http => [ @none, merchant => { public_key => [
          "p1 $good{rsa}", "p2 $good{p256}", "p3 $good{ed25519}",
          "p4 $good{sm2}", "p5 $good{rsa2} rsa-pss-sha512",
          'p6 ' . cert('p256b', private('p256b')) ] } ]);
taken('the same name of a key, of two merchants', '', config => $auth,
      http => [ @none, merchant => { public_key => "p1 $good{rsa}" },
                more => "pay_merchant other {\n public_key p1 $good{p256};\n"
                        . "}\n" ]);
taken('an expired certificate', 'the certificate of public_key "p1" of '
      . 'pay_merchant "demo" has expired', config => $auth,
      http => [ @none, merchant => { public_key => "p1 $expired" } ]);


# --- private keys by URI ----------------------------------------------------

# what a token may be is tried by t/drills/token.pl

my $mine = "$keys/apiclient_key.pem";

for my $uri ("file:$mine", "file://$mine", $mine) {
    taken("certificate_key store:" . ($uri =~ s/$keys//r), '',
          channel(certificate_key => "store:$uri"));
}

taken('sandbox_platform_key store:', '', channel(
      sandbox_platform_key => "store:file:$keys/platform_key.pem"));

for (
    [ 'no such file', "file:$keys/none",
      '"certificate_key" by URI: the store cannot be opened (error:' ],
    [ 'an unknown scheme', 'nosuch:key',
      '"certificate_key" by URI: the store cannot be opened (error:' ],
    [ 'no scheme', '',
      '"certificate_key" by URI: the store cannot be opened (error:' ],
    [ 'a public key', "file:$keys/platform_pub.pem",
      'the URI leads to no private key' ],
    [ 'two keys', 'file:' . Pay::file('two.key', bytes($mine)
                                      . bytes("$keys/platform_key.pem")),
      '"certificate_key" by URI: the URI leads to more than '
      . 'one private key' ],
    [ 'K-4: not RSA', 'file:' . private('p256'),
      '"certificate_key" by URI: the key is not an RSA key' ],
    [ 'K-4: RSA 1024', 'file:' . private('r1024'),
      'the RSA key is too small, 2048 bits is the least' ],
    [ 'a passphrase', 'file:' . openssl('locked.key', "pkey -in $mine "
                                        . '-aes256 -passout pass:x'),
      'the URI leads to no private key (error:' ],
    [ 'a PIN', '"pkcs11:token=x;object=y?pin-value=1234"',
      'the URI has a PIN inside: name its file by "pin-source"' ]
) {
    my ($name, $uri, $text) = @$_;
    $uri =~ s/^("?)/$1store:/;

    refused("certificate_key store:, $name", $text, at => 'certificate_key',
            channel(certificate_key => $uri));
}

refused('certificate_key store:, twice', 'is duplicate',
        at => 'certificate_key', channel(
            certificate_key => [ "store:file:$mine", "store:file:$mine" ]));
refused('certificate_key store:, that of another certificate',
        'certificate_key is not the key of certificate', at => '}',
        channel(certificate_key => "store:file:$keys/platform_key.pem"));
refused('certificate store: it is for private keys', 'No such file',
        at => 'certificate store',
        channel(certificate => "store:file:$keys/apiclient_cert.pem"));

run_refused();
