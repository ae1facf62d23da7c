#
# Copyright (C) the ngx_pay authors
#
# What "nginx -t" refuses of pay_zone, pay_channel and pay_merchant, by
# message, file and line; and what it takes.
#

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::Nginx::Socket 'no_plan';
use Pay;
use Refused;

no_long_string();
no_shuffle();
log_level('notice');


sub secret { Pay::file("$_[0].secret", $_[1]) }


# keys that must not be taken: public ones from numbers, others by a label

sub der {
    my ($tag, $body) = @_;
    my $len = length $body;

    return chr($tag) . ($len < 128 ? chr $len : pack 'Cn', 0x82, $len)
           . $body;
}

sub pem {
    my ($name, $label, $der) = @_;

    return Pay::file("$name.pem", "-----BEGIN $label-----\n"
                     . encode_base64($der) . "-----END $label-----\n");
}

sub rsa_public {
    my ($name, $bytes, $e) = @_;
    my $modulus = "\0\xc5" . "\x5a\x3c" x ($bytes / 2 - 1) . "\x01";

    return pem($name, 'PUBLIC KEY', der(0x30,
        der(0x30, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00")
        . der(0x03, "\0" . der(0x30, der(2, $modulus) . der(2, $e)))));
}

sub read_file {
    open my $in, '<', $_[0] or die "$_[0]: $!";
    local $/;
    return <$in>;
}

my $keys = Pay::keys();
my $cert = read_file("$keys/apiclient_cert.pem");
my $id = 'PUB_KEY_ID_0119000000012026112500000000000001';
my @none = (http => [ channel => undef, server => undef ]);


# pay_zone

my $auth = "location /a { pay_auth on; return 204; }\n";

for my $directive (
    'pay_auth on', 'pay_status json', 'pay_status prometheus',
    'pay_sandbox inbox'
) {
    refused("no pay_zone, $directive", 'need "pay_zone zone=name:size;" at',
            at => $directive =~ s/ .*//r,
            http => [ zone => undef, channel => undef, server => undef ],
            config => "location /a { $directive; }\n");
}

refused('no pay_zone, pay_api', 'need "pay_zone zone=name:size;" at',
        at => 'pay_api', http => [ zone => undef, server => undef ]);

for (
    [ 'without a name', 'pay:1m', 'must be "zone=name:size"' ],
    [ 'an empty name', 'zone=:1m', 'must be "zone=name:size"' ],
    [ 'without a size', 'zone=pay', 'must be "zone=name:size"' ],
    [ 'a bad size', 'zone=pay:1x', 'has an invalid size' ],
    [ 'an empty size', 'zone=pay:', 'has an invalid size' ],
    [ 'too small', 'zone=pay:255k', 'is too small: 256k is the least' ],
    [ 'two arguments', 'zone=pay:1m x', 'invalid number of arguments' ],
    [ 'twice', "zone=pay:1m;\n pay_zone zone=b:1m", 'is duplicate' ]
) {
    my ($name, $value, $text) = @$_;

    refused("pay_zone, $name", $text, at => 'pay_zone', config => $auth,
            http => [ zone => $value, channel => undef, server => undef ]);
}


# pay_secret

refused('pay_secret twice', '"pay_secret" directive is duplicate',
        at => 'pay_secret', config => $auth,
        http => [ @{ $none[1] }, more => "pay_secret $keys/echo.key;" ]);


# pay_channel: what is missing, twice, unknown, or of the wrong length

for my $line (qw(
    appid mchid certificate certificate_key api_v3_key
)) {
    refused("pay_channel without $line",
            qq{pay_channel "wechat" has no "$line"}, at => '}',
            channel($line => undef));
}

refused('pay_channel without driver', '"mode" in pay_channel "wechat"',
        at => 'mode', channel(driver => undef, mode => 'nonsense'));
refused('pay_channel that is empty', 'pay_channel "x": has no "driver"',
        at => '}', config => $auth,
        http => [ @{ $none[1] }, more => "pay_channel x {\n}\n" ]);
refused('a line of the driver before "driver"',
        '"appid" in pay_channel "x" comes before "driver"', at => 'appid',
        config => $auth, http => [ @{ $none[1] },
            more => "pay_channel x {\n appid wx8;\n driver wechatpay_v3;\n}" ]);
refused('a driver that does not exist', 'is not a driver that this module',
        at => 'driver', channel(driver => 'alipay_v9'));
refused('an unknown line', '"colour" in pay_channel "wechat" is not a '
        . 'directive of this driver', at => 'colour',
        channel(colour => 'green'));
refused('the name of a channel', 'must have a name of 1 to 63 characters',
        at => 'pay_channel', config => $auth,
        http => [ @{ $none[1] }, more => "pay_channel a/b {\n}\n" ]);
refused('pay_channel without a name', 'invalid number of arguments',
        at => 'pay_channel', config => $auth,
        http => [ @{ $none[1] }, more => "pay_channel {\n}\n" ]);
refused('pay_channel twice', 'pay_channel "wechat" is duplicate',
        at => 'pay_channel wechat', http => [
            more => "pay_channel wechat {\n driver wechatpay_v3;\n}\n" ]);
refused('a block in pay_channel', 'unexpected "{"', at => 'appid',
        channel(appid => "wx1 { }\n#"));

for (
    [ driver => 'wechatpay_v3' ], [ mode => 'sandbox' ],
    [ host => 'http://127.0.0.1:1' ], [ appid => 'wx8888888888888888' ],
    [ mchid => '1900000001' ],
    [ certificate => "$keys/apiclient_cert.pem" ],
    [ certificate_key => "$keys/apiclient_key.pem" ],
    [ platform_key => "$id $keys/platform_pub.pem" ],
    [ api_v3_key => "$keys/apiv3.key" ],
    [ notify_url => 'http://127.0.0.1/n' ],
    [ sandbox_platform_key => "$keys/platform_key.pem" ],
    [ order_expires => '1h' ], [ upstream => 'wechat' ],
    [ pay_call => '/_pay' ]
) {
    my ($line, $value) = @$_;

    refused("$line twice", 'is duplicate', at => $line,
            channel($line => [ $value, $value ]));
}

for (
    [ driver => 'wechatpay_v3 x' ], [ appid => '' ],
    [ mchid => '' ], [ platform_key => "$keys/platform_pub.pem" ],
    [ platform_key => "$id $keys/platform_pub.pem x" ],
    [ notify_url => 'a b' ]
) {
    my ($line, $value) = @$_;

    refused("arguments of $line \"$value\"", qq{"$line" in pay_channel }
            . '"wechat" has an invalid number of arguments',
            at => $line, channel($line => $value));
}

for (
    [ appid => 'wx' . '8' x 31, 'too short or too long' ],
    [ appid => 'wx.8', 'appid must be 1 to 32 characters' ],
    [ appid => 'wx1 wx2', 'names a method that there is not' ],
    [ appid => 'wx1 jsapi cash', 'names a method that there is not' ],
    [ appid => 'wx1 jsapi app jsapi', 'is duplicate' ],
    [ appid => 'wx.8 jsapi', 'appid must be 1 to 32 characters' ],
    [ mchid => '1' x 33, 'too short or too long' ],
    [ mchid => '19"0', 'mchid must be 1 to 32 characters' ],
    [ mode => 'test', '"mode" in pay_channel "wechat" must be' ],
    [ order_expires => '59s', '"order_expires" is outside' ],
    [ order_expires => '169h', '"order_expires" is outside' ],
    [ order_expires => 'soon', 'invalid value' ],
    [ platform_key => "'a\"b' $keys/platform_pub.pem", 'A-Z a-z 0-9 _ -' ]
) {
    my ($line, $value, $text) = @$_;

    refused("$line $value", $text, channel($line => $value));
}


# pay_channel: its addresses

refused('no host in mode sandbox', '"mode sandbox" needs a "host"',
        at => '}', channel(host => undef));
refused('a real host in mode sandbox', '"host" is a real one, and "mode"',
        at => '}', channel(host => 'https://api.mch.weixin.qq.com'));

for ('http://127.0.0.1:1', 'https://127.0.0.1', 'https://api.example.com',
     'https://api.mch.weixin.qq.com.evil.example',
     'https://api.mch.weixin.qq.com:8443')
{
    refused("host $_ without mode sandbox", '"host" is none of the driver\'s',
            at => '}', channel(mode => undef, host => $_,
                               notify_url => 'https://pay.example.com/n',
                               sandbox_platform_key => undef));
}

for ('127.0.0.1', 'ftp://127.0.0.1', 'http://127.0.0.1/v3',
     'http://user@127.0.0.1', 'http://', '"http://a b"')
{
    refused("host $_", '"host" in pay_channel "wechat" must be scheme://',
            at => 'host', channel(host => $_));
}

my @live = (mode => 'live', host => undef, sandbox_platform_key => undef,
            notify_url => 'https://pay.example.com/n');

refused('a sandbox key in live mode',
        'sandbox_platform_key is for "mode sandbox" only', at => '}',
        channel(@live, sandbox_platform_key => "$keys/platform_key.pem"));
refused('a sandbox key without mode', 'is for "mode sandbox" only',
        at => '}', channel(@live, mode => undef, sandbox_platform_key =>
                           "$keys/platform_key.pem"));

refused('no notify_url', '"notify_url" must be there', at => '}',
        channel(notify_url => undef));
refused('a plain notify_url in live mode', '"notify_url" must be there',
        at => '}', channel(@live, notify_url => 'http://pay.example.com/n'));

for ('http://127.0.0.1/n?a=1', 'http://127.0.0.1/n#a', '/n', 'http://',
     'ftp://127.0.0.1/n', 'http://127.0.0.1/' . 'n' x 240,
     'http://user@127.0.0.1/n')
{
    refused('notify_url ' . substr($_, 0, 30), '"notify_url" must be there',
            at => '}', channel(notify_url => $_));
}


# K-4: keys

for (
    [ 'RSA of 1024 bits', rsa_public('r1024', 128, "\1\0\1"),
      'the RSA key is too small, 2048 bits is the least' ],
    [ 'RSA of 16384 bits', rsa_public('r16384', 2048, "\1\0\1"),
      'the RSA key is too large, 8192 bits is the most' ],
    [ 'exponent 1', rsa_public('e1', 256, "\1"),
      'the RSA exponent is too small, 65537 is the least' ],
    [ 'exponent 3', rsa_public('e3', 256, "\3"),
      'the RSA exponent is too small, 65537 is the least' ],
    [ 'an even exponent', rsa_public('e65536', 256, "\1\0\0"),
      'the RSA exponent is even' ],
    [ 'a certificate', "$keys/apiclient_cert.pem",
      'a public key is needed, this is a certificate' ],
    [ 'a private key', "$keys/platform_key.pem",
      'a public key is needed, this is a private key' ],
    [ 'no PEM', "$keys/demo.k1", 'there is no PEM object in the file' ],
    [ 'damaged', pem('junk', 'PUBLIC KEY', "\x30\x03\x02\x01\x05"),
      'the PEM object is damaged' ],
    [ 'no file', "$keys/no-such-file", '(2: No such file or directory)' ],
    [ 'a directory', $keys, 'is not a regular file' ],
    [ 'empty', Pay::file('empty', ''), 'is empty' ],
    [ 'large', Pay::file('large', 'x' x 65537),
      'is larger than 64 KiB' ]
) {
    my ($name, $file, $text) = @$_;

    refused("K-4: platform_key, $name", $text, at => 'platform_key',
            channel(platform_key => "$id $file"));
}

for (
    [ 'a public key', "$keys/platform_pub.pem",
      'a private key is needed, this is a public key' ],
    [ 'a certificate', "$keys/apiclient_cert.pem",
      'a private key is needed, this is a certificate' ],
    [ 'a passphrase', pem('locked', 'ENCRYPTED PRIVATE KEY', 'x' x 64),
      'the key is protected by a passphrase' ],
    [ 'elliptic', Pay::file('ec.pem', scalar
        `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`),
      'the key is not an RSA key' ],
    [ 'two of them', Pay::file('two.pem',
        read_file("$keys/apiclient_key.pem") x 2),
      'there is more than one PEM object in the file' ]
) {
    my ($name, $file, $text) = @$_;

    refused("K-4: certificate_key, $name", $text, at => 'certificate_key',
            channel(certificate_key => $file));
}

refused('K-4: certificate, a private key', 'a certificate is needed, this '
        . 'is a private key', at => 'certificate',
        channel(certificate => "$keys/apiclient_key.pem"));
refused('K-4: certificate, more than one', 'there is more than one PEM',
        at => 'certificate',
        channel(certificate => Pay::file('chain.pem', $cert x 2)));
refused('the key of another certificate',
        'certificate_key is not the key of certificate', at => '}',
        channel(certificate_key => "$keys/platform_key.pem"));
refused('the sandbox key is not that of the first platform key',
        'sandbox_platform_key is not the key of the first platform_key',
        at => '}', channel(sandbox_platform_key =>
                           "$keys/apiclient_key.pem"));

for (
    [ '31 bytes', 'k1' x 15 . 'k', 'the secret is too short' ],
    [ '33 bytes', 'k1' x 16 . 'k', 'is too long for this channel' ],
    [ 'one repeated byte', 'k' x 32, 'the secret is one repeated byte' ],
    [ 'a line end inside', 'k1' x 7 . "\n" . 'k1' x 8 . 'k',
      'the secret has a NUL or a line end inside' ]
) {
    my ($name, $bytes, $text) = @$_;

    refused("K-4: api_v3_key, $name", $text, at => 'api_v3_key',
            channel(api_v3_key => secret("v3 $name" =~ s/\W+/-/gr, $bytes)));
}


# pay_merchant

for (
    [ '15 bytes', '0123456789abcde',
      'the secret is too short: 16 bytes are the least' ],
    [ 'one repeated byte', 'a' x 32, 'the secret is one repeated byte' ],
    [ 'nothing but a line end', "\n", 'the secret is empty' ],
    [ 'NUL inside', "01234567\00089abcdef", 'the secret has a NUL or a line' ],
    [ 'two lines', "0123456789abcdef\n0123456789abcdef\n",
      'the secret has a NUL or a line end inside' ],
    [ '5000 bytes', '01' x 2500,
      'the secret is too long: 4096 bytes are the most' ]
) {
    my ($name, $bytes, $text) = @$_;

    refused("K-4: secret, $name", qq{secret "k1" of pay_merchant "demo": }
            . $text, at => 'secret', @none[0, 1],
            http => [ @{ $none[1] }, merchant =>
                { secret => 'k1 ' . secret("s $name" =~ s/\W+/-/gr,
                                           $bytes) } ],
            config => $auth);
}

for (
    [ 'no prefix', 'aGFsbG8gaGFsbG8gaGFsbG8gaGFsbG8=',
      'the webhook secret does not begin with whsec_' ],
    [ 'no base64', 'whsec_hallo hallo hallo hallo',
      'the webhook secret is not base64 behind whsec_' ],
    [ 'no padding', 'whsec_' . encode_base64('01' x 16, '') =~ s/=+$//r,
      'the webhook secret is not base64 behind whsec_' ],
    [ '23 bytes', 'whsec_' . encode_base64('01' x 11 . '0', ''),
      'the webhook secret is not 24 to 64 bytes long' ],
    [ '65 bytes', 'whsec_' . encode_base64('01' x 32 . '0', ''),
      'the webhook secret is not 24 to 64 bytes long' ],
    [ 'one repeated byte', 'whsec_' . encode_base64('0' x 32, ''),
      'the webhook secret is one repeated byte' ]
) {
    my ($name, $bytes, $text) = @$_;

    refused("webhook_secret, $name", $text, at => 'webhook_secret',
            merchant(webhook_secret =>
                     secret("w $name" =~ s/\W+/-/gr, "$bytes\n")));
}

for (
    [ 'without a secret', { secret => undef },
      'pay_merchant "demo" has neither "secret" nor "public_key"', '}' ],
    [ 'an unknown line', { color => 'red' }, '"color" in pay_merchant "demo" '
      . 'is not a directive of this block', 'color' ],
    [ 'a key name twice', { secret => [ "k1 $keys/demo.k1",
                                        "k1 $keys/echo.key" ] },
      'is duplicate: the key name is in use', 'echo.key' ],
    [ 'a bad key name', { secret => "k/1 $keys/demo.k1" },
      'must have a key name of 1 to 64 characters', 'secret' ],
    [ 'a long key name', { secret => 'k' x 65 . " $keys/demo.k1" },
      'must have a key name of 1 to 64 characters', 'secret' ],
    [ 'a secret without a file', { secret => 'k1' },
      '"secret" in pay_merchant "demo" has an invalid number', 'secret' ],
    [ 'a missing file', { secret => "k1 $keys/none" },
      '(2: No such file or directory)', 'secret' ],
    [ 'one secret under two keys', { secret => [ "k1 $keys/demo.k1",
                                                 "k2 $keys/demo.k1" ] },
      'is the same as secret', 'k2' ],
    [ 'a bad address', { allow => '127.0.0.256' },
      'has an invalid address or network', 'allow' ],
    [ 'a bad network', { deny => '10.0.0.0/33' },
      'has an invalid address or network', 'deny' ],
    [ 'allow of two', { allow => '127.0.0.1 127.0.0.2' },
      'has an invalid number of arguments', 'allow' ],
    [ 'an unknown operation', { operations => 'pay steal' },
      'unknown operation "steal" in pay_merchant "demo"', 'operations' ],
    [ 'operation none', { operations => 'none' },
      'unknown operation "none" in pay_merchant "demo"', 'operations' ],
    [ 'no operation', { operations => '' },
      'has an invalid number of arguments', 'operations' ],
    [ 'operations twice', { operations => [ 'pay', 'query' ] },
      '"operations" in pay_merchant "demo" is duplicate', 'operations' ],
    [ 'an unknown channel', { channel => 'none' }, '"channel none" in '
      . 'pay_merchant "demo": there is no such', 'channel none' ]
) {
    my ($name, $lines, $text, $at) = @$_;

    refused("pay_merchant, $name", $text, at => $at, config => $auth,
            http => [ @{ $none[1] }, merchant => $lines ]);
}

refused('pay_merchant, a channel twice', '"channel" in pay_merchant "demo" '
        . 'is duplicate', at => 'channel',
        merchant(channel => [ 'wechat', 'wechat' ]));

for (
    [ 'its name', 'must have a name of 1 to 64 characters', 'a@b',
      "secret k1 $keys/echo.key;", 'pay_merchant a@b' ],
    [ 'twice', 'pay_merchant "demo" is duplicate', 'demo',
      "secret k1 $keys/echo.key;", 'pay_merchant demo' ],
    [ 'one secret under two names', 'secret "k1" of pay_merchant ', 'other',
      "secret k9 $keys/demo.k1;", 'secret k' ]
) {
    my ($name, $text, $merchant, $lines, $at) = @$_;

    refused("pay_merchant, $name", $text, at => $at, config => $auth,
            http => [ @{ $none[1] },
                      more => "pay_merchant $merchant {\n $lines\n}\n" ]);
}

refused('one secret under two names, one with a line end',
        'is the same as secret', config => $auth,
        http => [ @{ $none[1] }, more => "pay_merchant other {\n secret k9 "
                  . secret('nl', "ngx-pay-demo-secret\r\n") . ";\n}\n" ]);
refused('a channel named by two merchants', 'pay_channel "wechat" is named '
        . 'by pay_merchant "demo" and by pay_merchant "other"',
        at => 'channel wechat', http => [ more =>
            "pay_merchant other {\n secret k9 $keys/echo.key;\n"
            . " channel wechat;\n}\n" ]);


# what is taken

my $tell = 'pay_channel "wechat": driver wechatpay_v3';

taken('the sandbox', "$tell (sandbox), serial ");
taken('K-17: several keys at once', '', http => [
    channel => { appid => [ 'wx1', 'wx2 jsapi h5', 'wx3 app' ],
                 platform_key => [ "$id $keys/platform_pub.pem",
                                   "SECOND $keys/platform_pub.pem" ] },
    merchant => { secret => [ "k1 $keys/demo.k1", "k2 $keys/echo.key" ],
                  webhook_secret => [ ("$keys/demo.whsec") x 2 ] } ]);
taken('limits', '', http => [
    zone => 'zone=pay:256k', channel => { order_expires => '60s' },
    merchant => { secret => 'k1 ' . secret('16', '0123456789abcdef') } ],
    config => "pay_auth_window 1h;\n" . Pay::locations());
taken('a block that includes a file', '', config => $auth,
      http => [ channel => undef, server => undef, merchant => {
          secret => undef,
          include => Pay::file('more.conf', "secret k1 $keys/demo.k1;\n"),
          webhook_secret => undef } ]);
taken('K-4: a secret whose file ends by CR LF', '', config => $auth,
      http => [ @{ $none[1] }, merchant => {
          secret => 'k1 ' . secret('crlf', "0123456789abcdef\r\n") } ]);
taken('a merchant of a transfer', '', config => $auth,
      http => [ @{ $none[1] }, merchant => { operations =>
          'pay query close transfer transfer_query' } ]);
taken('no use of the module: no zone is needed', '',
      http => [ zone => undef, channel => undef, server => undef ],
      config => "# nothing\n");

run_refused();
