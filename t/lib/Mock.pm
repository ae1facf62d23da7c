#
# Copyright (C) the ngx_pay authors
#
# The other ends of a conversation, in the test itself: a channel, a merchant
# and an application whose every byte the test decides.  Nothing is forked:
# a request is written, the call that nginx makes for it is taken from a
# listening socket, answered, and then the answer is read, line by line of
# the same script.
#
#     use Test::Nginx::Socket 'no_plan';
#     use Pay;
#     use Mock;
#
#     --- steps
#     my $c = pay(order_id => 'T0000001');
#     my $q = $channel->take;
#     $q->reply(200, signed('{"code_url":"weixin://x"}'));
#     problem($c, '504 outcome_unknown query');
#     counts($channel, 0);
#
# A block with steps has no request: its Perl runs in package main when nginx
# is up, and what it asserts is counted.  The sections about logs work as
# ever.  nginx goes on from block to block as Pay.pm says, so every block
# takes numbers of its own (number()).
#
# The server of Test::Nginx itself listens on 127.0.0.1 only.
#

package Mock;

use strict;
use warnings;


# the steps of a block: none of our own variables may be in sight

sub _steps {
    package main;
    no strict 'vars';

    return eval "#line 1 \"steps\"\n$_[0]\n; 1";
}


use Digest::SHA qw(hmac_sha256 sha256_hex);
use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More ();
use Time::HiRes qw(sleep time);

use Pay;

our @EXPORT = qw(
    listener refuser channel_block call_block free_port number send_raw ask call pay query close_order
    problem payment_ok counts status_json between
    signed signed_by sign_text foreign_key openssl
    transaction notice post_notice seal unseal echo_text event_ok
    decode refused acked fcgi_take fcgi_reply
);

# under a sanitizer all is slower

our $Patience = $ENV{TEST_NGINX_TIMEOUT} && $ENV{TEST_NGINX_TIMEOUT} > 8
                ? $ENV{TEST_NGINX_TIMEOUT} : 8;

our $Port;              # of the gateway: send_raw, ask, pay ... go there
our $Channel = 'wechat';

my $json = JSON::PP->new->canonical->utf8->allow_nonref;
my $count = 0;


# a socket of our own on 127.0.0.1, ready to take connections

sub listener {
    my $s = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $_[0] // 0, Proto => 'tcp',
        ReuseAddr => 1, Listen => 64
    ) or die "listen: $!";

    return bless { sock => $s, port => $s->sockport }, 'Mock::Listener';
}


# a port that nobody listens on, and nobody else can take; ->start listens

sub refuser {
    my $s = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp',
        ReuseAddr => 1
    ) or die "bind: $!";

    return bless { sock => $s, port => $s->sockport }, 'Mock::Listener';
}


# Text for --- http_config: one more channel of the same account, its lines
# as in Pay::http.

sub channel_block {
    my ($name, %lines) = @_;

    my ($text) = Pay::http(zone => undef, merchant => undef, server => undef,
                           channel => \%lines)
                 =~ /( {4}pay_channel wechat \{.*?\n {4}\}\n)/s;

    return $text =~ s/wechat/$name/r;
}


# the call location with other timeouts than the shipped ones

sub call_block {
    my ($uri, %p) = @_;

    open my $in, '<', Pay::keys() . '/../../pay_proxy.conf' or die $!;
    local $/;
    my $text = <$in>;

    for my $what (qw(connect send read)) {
        my $t = $p{$what} // '1s';
        $text =~ s/^(proxy_${what}_timeout\s+)\S+;/$1$t;/m
            or die "pay_proxy.conf has no proxy_${what}_timeout";
    }

    return "location = $uri {\ninternal;\n$text\n" . ($p{more} // '')
           . "}\n";
}


# ports for servers of nginx

sub free_port { Test::Nginx::Util::gen_rand_port(1000, {}, 1) }


# a fresh order number of 12 characters

sub number { sprintf 'T%05d%06d', $$ % 100000, ++$count }


# bytes to the gateway; the answer is read later

sub send_raw {
    my ($bytes, $port) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => $port // $Port, Proto => 'tcp')
        or die "connect: $!";

    my $c = Mock::Connection::new($s);
    $c->send($bytes);

    return $c;
}


# ask(METHOD, TARGET, BODY, HEADER ...): without a signature

sub ask {
    my ($method, $target, $body, @headers) = @_;

    my $type = grep { /^content-type:/i } @headers;
    my $framed = grep { /^(?:transfer-encoding|content-length):/i } @headers;

    $body //= '';

    push @headers, 'Content-Type: application/json' if $body ne '' && !$type;
    push @headers, 'Content-Length: ' . length $body
        if !$framed && ($body ne '' || $method eq 'POST');

    return send_raw("$method $target HTTP/1.1\r\n" . join('', map {
        "$_\r\n" } 'Host: gateway.example', 'Connection: close', @headers)
        . "\r\n$body");
}


# the same, signed by merchant demo

sub call {
    my ($method, $target, $body, @headers) = @_;

    return ask($method, $target, $body, @headers,
               'Authorization: ' . Pay::authorization(
                   method => $method, target => $target,
                   body => $body // ''));
}


sub pay {
    return call('POST', '/v1/payments',
                Pay::payment(channel => $Channel, @_));
}


sub query { call('GET', "/v1/payments/$_[0]" . ($_[1] // '')) }


sub close_order {
    return call('POST', "/v1/payments/$_[0]/close" . ($_[1] // ''));
}


sub decode {
    my $o = eval { $json->decode($_[0]) };

    return ref $o eq 'HASH' ? $o : {};
}


# problem(CLIENT, "504 outcome_unknown query", NAME, MEMBER => VALUE ...)

sub problem {
    my ($c, $want, $name, %more) = @_;

    my $a = $c->answer;
    my $o = decode($a->{body});

    $name //= $want;

    Test::More::is(
        join(' ', $a->{status}, $o->{status} // '-', $o->{code} // '-',
             $o->{retry} // '-', $a->{type}),
        join(' ', map { /^(\d+)$/ ? ($1, $1) : $_ } split(' ', $want),
             'application/problem+json'), $name)
        or Test::More::diag($a->{raw});

    # more members, "~" for null or absent

    for my $m (sort keys %more) {
        Test::More::is($o->{$m} // '~', $more{$m}, "$name, $m");
    }

    return $o;
}


# payment_ok(CLIENT, NAME, MEMBER => VALUE ...): the object is given back

sub payment_ok {
    my ($c, $name, %want) = @_;

    my $a = $c->answer;
    my $o = decode($a->{body});

    Test::More::is("$a->{status} " . ($o->{object} // '-'), '200 payment',
                   "$name: 200 and a payment")
        or Test::More::diag($a->{raw});

    for my $m (sort keys %want) {
        my $v = $o;
        $v = ref $v eq 'HASH' ? $v->{$_} : undef for split /\./, $m;
        $v = JSON::PP::is_bool($v) ? ($v ? 'true' : 'false') : $v // '~';
        Test::More::is($v, $want{$m}, "$name: $m");
    }

    return $o;
}


# no more calls than these have come

sub counts {
    my ($listener, $n, $name) = @_;

    Test::More::is($listener->stray, $n,
                   $name // "no more than that at port $listener->{port}");
}


sub between {
    my ($v, $low, $high, $name) = @_;

    Test::More::ok($v >= $low && $v <= $high,
                   "$name: $low to $high, got " . sprintf '%.3f', $v);
}


sub status_json {
    return decode(ask('GET', '/status')->answer->{body});
}


# keys and signatures, by the openssl of the machine

sub openssl {
    my ($input, @args) = @_;

    my $path = Pay::file('openssl.in', $input);

    open my $out, '-|:raw', 'openssl', @args, $path or die "openssl: $!";
    local $/;
    my $bytes = <$out>;
    close $out or die "openssl @args failed";

    return $bytes;
}


sub sign_text {
    my ($text, $key) = @_;

    $key //= Pay::keys() . '/platform_key.pem';

    return encode_base64(openssl($text, 'dgst', '-sha256', '-sign', $key),
                         '');
}


my $foreign;

sub foreign_key {
    return $foreign if $foreign;

    $foreign = Pay::file('foreign.pem', scalar `openssl genpkey -quiet \\
        -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null
        [ \$? = 0 ] || openssl genrsa 2048 2>/dev/null`);

    return $foreign;
}


my $serial = 'PUB_KEY_ID_0119000000012026112500000000000001';

# The body and the five headers of a channel's answer or notice.  Parts that
# differ: timestamp, nonce, serial, type, key (file), signature, over (what
# is signed in place of the body), drop => [NAME], add => [LINE].

sub signed_by {
    my ($body, %p) = @_;

    $p{timestamp} //= int time;
    $p{nonce} //= sprintf 'm%031d', ++$count;
    $p{serial} //= $serial;
    $p{signature} //= sign_text("$p{timestamp}\n$p{nonce}\n"
                                . ($p{over} // $body) . "\n", $p{key});

    my %drop = map { lc($_) => 1 } @{ $p{drop} // [] };

    my @head = map { "$_->[0]: $_->[1]" } grep { !$drop{lc $_->[0]} } (
        [ 'Content-Type' => 'application/json' ],
        [ 'Wechatpay-Timestamp' => $p{timestamp} ],
        [ 'Wechatpay-Nonce' => $p{nonce} ],
        [ 'Wechatpay-Signature' => $p{signature} ],
        [ 'Wechatpay-Serial' => $p{serial} ],
        [ 'Wechatpay-Signature-Type' =>
              $p{type} // 'WECHATPAY2-SHA256-RSA2048' ]
    );

    return ($body, @head, @{ $p{add} // [] });
}


sub signed { signed_by(shift) }


# notices: an order as the channel tells of it, as JSON text

sub transaction {
    my %p = @_;

    my %t = (
        appid => 'wx8888888888888888', mchid => '1900000001',
        trade_state => 'SUCCESS', trade_state_desc => 'paid',
        trade_type => 'NATIVE', bank_type => 'OTHERS',
        success_time => '2026-11-25T10:00:00+08:00',
        payer => { openid => 'oPayer0001' },
        transaction_id => sprintf('42000020261125%014d', ++$count),
        amount => { total => 100, payer_total => 100, currency => 'CNY',
                    payer_currency => 'CNY' },
        %p
    );

    delete $t{$_} for grep { !defined $t{$_} } keys %t;

    return $json->encode(\%t);
}


# AES-256-GCM of one message: keystream and hash key by one pass of ECB

sub _gcm_blocks {
    my ($key, $nonce, $n) = @_;

    my $in = "\0" x 16;
    $nonce = substr $nonce . "\0" x 12, 0, 12;
    $in .= $nonce . pack 'N', $_ for 1 .. $n + 1;

    my $out = openssl($in, qw(enc -aes-256-ecb -nopad -K),
                      unpack('H*', $key), '-in');

    return map { substr $out, 16 * $_, 16 } 0 .. $n + 1;
}


sub _ghash {
    my ($h, $bytes) = @_;
    my ($hi, $lo) = unpack 'Q>2', $h;
    my ($yh, $yl) = (0, 0);

    for my $block (unpack '(a16)*', $bytes) {
        my ($bh, $bl) = unpack 'Q>2', $block . "\0" x (16 - length $block);
        my ($xh, $xl, $vh, $vl) = ($yh ^ $bh, $yl ^ $bl, $hi, $lo);

        ($yh, $yl) = (0, 0);

        for my $i (0 .. 127) {
            my $bit = $i < 64 ? $xh >> (63 - $i) : $xl >> (127 - $i);

            if ($bit & 1) {
                $yh ^= $vh;
                $yl ^= $vl;
            }

            my $odd = $vl & 1;
            $vl = $vl >> 1 | ($vh & 1) << 63;
            $vh >>= 1;
            $vh ^= 0xe1 << 56 if $odd;
        }
    }

    return pack 'Q>2', $yh, $yl;
}


sub _gcm_tag {
    my ($h, $mask, $text, $aad) = @_;

    my $pad = sub { "\0" x (-length($_[0]) & 15) };

    return $mask ^ _ghash($h, $aad . $pad->($aad) . $text . $pad->($text)
                          . pack 'Q>2', 8 * length $aad, 8 * length $text);
}


sub _api_v3_key {
    open my $in, '<', Pay::keys() . '/apiv3.key' or die $!;
    my $key = <$in>;
    $key =~ s/\s+\z//;

    return $key;
}


# ciphertext and tag

sub seal {
    my ($plain, $nonce, $aad, $key) = @_;

    my ($h, $mask, @stream) = _gcm_blocks($key // _api_v3_key(), $nonce,
                                          (length($plain) + 15) >> 4);
    my $text = $plain ^ substr join('', @stream), 0, length $plain;

    return $text . _gcm_tag($h, $mask, $text, $aad);
}


# the plaintext, or undef where the tag does not hold

sub unseal {
    my ($sealed, $nonce, $aad, $key) = @_;

    my $text = substr $sealed, 0, -16;
    my ($h, $mask, @stream) = _gcm_blocks($key // _api_v3_key(), $nonce,
                                          (length($text) + 15) >> 4);

    return undef if _gcm_tag($h, $mask, $text, $aad) ne substr $sealed, -16;

    return $text ^ substr join('', @stream), 0, length $text;
}


# The body of a notice about the plaintext.  Parts that differ: members of
# the envelope (event_type ...), of the resource (algorithm, nonce, aad,
# original_type, ciphertext), key, spoil (a sub over the sealed bytes).

sub notice {
    my ($plain, %p) = @_;

    my $nonce = $p{nonce} // sprintf '%012d', ++$count;
    my $aad = $p{aad} // 'transaction';
    my $sealed = $p{ciphertext} // seal($plain, $nonce, $aad, $p{key});

    $sealed = $p{spoil}->($sealed) if $p{spoil};

    my %e = (
        id => sprintf('EV-%032d', ++$count),
        create_time => '2026-11-25T10:00:00+08:00',
        resource_type => 'encrypt-resource',
        event_type => $p{event_type} // 'TRANSACTION.SUCCESS',
        summary => 'paid',
        resource => {
            original_type => $p{original_type} // 'transaction',
            algorithm => $p{algorithm} // 'AEAD_AES_256_GCM',
            ciphertext => $p{ciphertext} // encode_base64($sealed, ''),
            associated_data => $aad,
            nonce => $nonce
        }
    );

    return $json->encode(\%e);
}


# post_notice(TARGET, BODY, PART => VALUE ...): parts as of signed_by

sub post_notice {
    my ($target, $body, %p) = @_;

    my (undef, @head) = signed_by($body, %p);

    return ask($p{method} // 'POST', $target, $body, @head);
}


# p1.<merchant>.<sum>, over what an order was for

sub echo_text {
    my ($merchant, $order, $amount, $currency) = @_;

    open my $in, '<', Pay::keys() . '/echo.key' or die $!;
    my $secret = <$in>;
    $secret =~ s/\s+\z//;

    my $sum = encode_base64(hmac_sha256(
        join('', map { "$_\n" } $merchant, $order, $amount, $currency),
        $secret), '');

    $sum =~ tr{+/}{-_};
    $sum =~ s/=+\z//;

    return "p1.$merchant.$sum";
}


# what a channel is told: 204 and nothing, or FAIL

sub acked {
    my ($c, $name) = @_;

    my $a = $c->answer;

    Test::More::is("$a->{status} [$a->{body}]", '204 []',
                   "$name: acknowledged")
        or Test::More::diag($a->{raw});

    return $a;
}


sub refused {
    my ($c, $status, $name) = @_;

    my $a = $c->answer;
    my $text = $status == 503 ? 'try again' : 'refused';

    Test::More::is(
        "$a->{status} $a->{type} $a->{body}",
        "$status application/json {\"code\":\"FAIL\",\"message\":\"$text\"}",
        "$name: $status, FAIL") or Test::More::diag($a->{raw});

    return $a;
}


# An event at the application: the shape of its request, its signature by
# Standard Webhooks, and members of the event.

sub event_ok {
    my ($q, $name, %want) = @_;

    my $e = decode($q->{body});

    open my $in, '<', Pay::keys() . '/demo.whsec' or die $!;
    my ($secret) = <$in> =~ /^whsec_(\S+)/;

    my $id = $q->header('webhook-id');
    my $at = $q->header('webhook-timestamp');

    Test::More::is($q->header('webhook-signature'), 'v1,' . encode_base64(
        hmac_sha256("$id.$at.$q->{body}", decode_base64($secret)), ''),
        "$name: signed by Standard Webhooks");
    Test::More::is($q->{method}, 'POST', "$name: POST");
    Test::More::is($q->header('Content-Type'), 'application/json',
                   "$name: JSON");
    Test::More::is($e->{id}, $id, "$name: id and webhook-id");
    Test::More::like($id, qr/\Aevt_[a-z2-7]{26}\z/, "$name: form of the id");
    Test::More::ok($at =~ /\A\d{10}\z/ && abs(time - $at) < 60,
                   "$name: timestamp is now");

    for my $m (sort keys %want) {
        my $v = $e;
        $v = ref $v eq 'HASH' ? $v->{$_} : undef for split /\./, $m;
        $v = JSON::PP::is_bool($v) ? ($v ? 'true' : 'false') : $v // '~';
        Test::More::is($v, $want{$m}, "$name: $m");
    }

    return $e;
}


# the next FastCGI request: the connection, its body, its parameters

sub fcgi_take {
    my $c = $_[0]->wait or die "nobody came to port $_[0]{port}\n";
    my ($params, $body, %p) = ('', '');

    while (1) {
        while (length $c->{buf} < 8) {
            $c->more($Patience) or die 'cut short';
        }

        my (undef, $type, undef, $n, $pad) = unpack 'CCnnC', $c->{buf};

        while (length $c->{buf} < 8 + $n + $pad) {
            $c->more($Patience) or die 'cut short';
        }

        my $data = substr $c->{buf}, 8, $n;
        $c->{buf} = substr $c->{buf}, 8 + $n + $pad;

        $params .= $data if $type == 4;
        $body .= $data if $type == 5;
        last if $type == 5 && $n == 0;
    }

    while (length $params) {
        my @n = map {
            my $n = unpack 'C', $params;
            $n = unpack('N', $params) & 0x7fffffff if $n > 127;
            $params = substr $params, $n > 127 ? 4 : 1;
            $n;
        } 1, 2;

        my ($name, $value) = unpack "a$n[0] a$n[1]", $params;
        $params = substr $params, $n[0] + $n[1];
        push @{ $p{$name} }, $value;
    }

    return ($c, $body, { map { $_ => join ' | ', @{ $p{$_} } } keys %p });
}


sub fcgi_reply {
    my ($c, $text, $end) = @_;

    for my $piece (unpack '(a32768)*', $text) {
        $c->send(pack('CCnnCC', 1, 6, 1, length $piece, 0, 0) . $piece);
    }

    $c->send(pack('CCnnCC', 1, 3, 1, 8, 0, 0) . "\0" x 8) if $end // 1;
    $c->close;
}


package Mock::Listener;

use strict;
use warnings;

use Time::HiRes qw(time);


# a refuser begins to listen

sub start {
    my $l = shift;

    listen $l->{sock}, 64 or die "listen: $!";

    return $l;
}


# the next connection, or undef after so many seconds

sub wait {
    my ($l, $seconds) = @_;

    IO::Select->new($l->{sock})->can_read($seconds // $Mock::Patience)
        or return undef;

    my $s = $l->{sock}->accept or die "accept: $!";

    return Mock::Connection::new($s);
}


# the next request; the test ends where there is none

sub take {
    my ($l, $seconds) = @_;

    my $q = $l->wait($seconds);

    if (!$q) {
        Test::More::fail("a request at port $l->{port}");
        die "no request came to port $l->{port}\n";
    }

    return $q->read;
}


# how many connections have come that nobody took; they are closed

sub stray {
    my ($l, $seconds) = @_;
    my $n = 0;

    while (my $c = $l->wait($n ? 0 : $seconds // 0.02)) {
        $n++;
        $c->close;
    }

    return $n;
}


package Mock::Connection;

use strict;
use warnings;

use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);


sub new {
    my $s = shift;

    $s->autoflush(1);
    setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
    binmode $s;

    return bless { sock => $s, buf => '', begun => time }, 'Mock::Connection';
}


sub send {
    my ($c, @bytes) = @_;

    local $SIG{PIPE} = 'IGNORE';

    for my $bytes (@bytes) {
        my $at = 0;

        while ($at < length $bytes) {
            IO::Select->new($c->{sock})->can_write($Mock::Patience)
                or return $c;

            my $n = syswrite $c->{sock}, $bytes, 16384, $at;

            if (!defined $n) {
                $c->{broken} = 1;
                return $c;
            }

            $at += $n;
        }
    }

    return $c;
}


# more bytes: 0 at the end or after the time, undef where it was reset

sub more {
    my ($c, $seconds) = @_;

    if (!IO::Select->new($c->{sock})->can_read($seconds)) {
        $c->{timed_out} = 1;
        return 0;
    }

    my $n = sysread $c->{sock}, $c->{buf}, 65536, length $c->{buf};

    $c->{reset} = 1 if !defined $n;
    $c->{eof} = 1 if defined $n && $n == 0;

    return $n;
}


# The next message of the connection: head, line, headers (names as sent),
# body; a request has method and target, an answer status and type.

sub read {
    my ($c, $seconds) = @_;

    my $end = time + ($seconds // $Mock::Patience);
    my $left = sub { $end - time > 0 ? $end - time : 0 };

    delete @$c{qw(head line headers body method target status type raw)};

    while ($c->{buf} !~ /\r\n\r\n/) {
        $c->more($left->()) or last;
    }

    $c->{raw} = $c->{buf};

    my ($head, $rest) = $c->{buf} =~ /\A(.*?\r\n)\r\n(.*)\z/s;

    $c->{buf} = $rest // '';
    $c->{head} = $head // '';

    ($c->{line}, my @lines) = split /\r\n/, $c->{head};
    $c->{line} //= '';
    $c->{headers} = [ map { [ /\A([^:]*):\s*(.*?)\s*\z/ ] } @lines ];

    ($c->{method}, $c->{target}) = split ' ', $c->{line};
    ($c->{status}) = $c->{line} =~ m{\AHTTP/1\.[01] (\d{3})};
    $c->{status} //= 0;
    $c->{type} = $c->header('Content-Type') // '';
    $c->{body} = $c->_body($left);

    return $c;
}


sub _body {
    my ($c, $left) = @_;

    my $n = $c->header('Content-Length');
    my $chunked = ($c->header('Transfer-Encoding') // '') eq 'chunked';
    my $body = '';

    if ($chunked) {
        while (1) {
            while ($c->{buf} !~ /\A([0-9a-fA-F]+)[^\n]*\r\n/) {
                $c->more($left->()) or return $body;
            }

            # what matched in the condition is out of scope by now

            $c->{buf} =~ /\A([0-9a-fA-F]+)[^\n]*\r\n/;

            my ($size, $skip) = (hex $1, $+[0]);

            while (length $c->{buf} < $skip + $size + 2) {
                $c->more($left->()) or return $body;
            }

            $body .= substr $c->{buf}, $skip, $size;
            $c->{buf} = substr $c->{buf}, $skip + $size + 2;

            if ($size == 0) {
                $c->{whole} = 1;
                return $body;
            }
        }
    }

    # a request without a length has no body, an answer goes to the end

    if (!defined $n) {
        return '' if !$c->{status} || $c->{status} < 200
                     || $c->{status} == 204 || $c->{status} == 304;

        while ($c->more($left->())) {
        }

        ($body, $c->{buf}) = ($c->{buf}, '');

        return $body;
    }

    while (length $c->{buf} < $n) {
        $c->more($left->()) or last;
    }

    $c->{whole} = length $c->{buf} >= $n;
    $body = substr $c->{buf}, 0, $n;
    $c->{buf} = length $c->{buf} > $n ? substr $c->{buf}, $n : '';

    return $body;
}


# the answer to a request of ours, read once

sub answer {
    my ($c, $seconds) = @_;

    if (!$c->{answered}) {
        $c->read($seconds);
        $c->{answered} = 1;
        $c->{took} = time - $c->{begun};
        close $c->{sock};
    }

    return $c;
}


# nothing has been answered within so many seconds

sub silent {
    my ($c, $seconds) = @_;

    return !IO::Select->new($c->{sock})->can_read($seconds // 0.1);
}


# the other side has closed, or does within the time

sub gone {
    my ($c, $seconds) = @_;

    my $n = $c->more($seconds // $Mock::Patience);

    return !defined $n || $c->{eof} ? 1 : 0;
}


# the values of a header: the list, or in scalar context the only one

sub header {
    my ($c, $name) = @_;

    my @v = map { $_->[1] } grep { lc $_->[0] eq lc $name }
            grep { defined $_->[0] } @{ $c->{headers} };

    return wantarray ? @v : @v > 1 ? join(' | ', @v) : $v[0];
}


# a whole answer: status, body, header lines; then the connection ends

sub reply {
    my ($c, $status, $body, @lines) = @_;

    $c->respond($status, $body, 'Connection: close', @lines);
    $c->close;

    return $c;
}


# the same on a connection that stays

sub respond {
    my ($c, $status, $body, @lines) = @_;

    $body //= '';

    my $framed = grep { /^(?:content-length|transfer-encoding):/i } @lines;

    push @lines, 'Content-Length: ' . length $body
        if !$framed && $status != 204;

    return $c->send("HTTP/1.1 $status Mock\r\n"
                    . join('', map { "$_\r\n" } @lines) . "\r\n$body");
}


sub close { close $_[0]{sock} }


# the connection is reset, not closed

sub reset {
    my $c = shift;

    setsockopt $c->{sock}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    CORE::close $c->{sock};
}


package Mock;

# blocks with steps

my $helper;

sub _run {
    my ($block, $dry, $i) = @_;

    return $helper->($block, $dry, $i) if !defined $block->steps;

    my $name = $block->name;

    Test::More::note($name);

    my $done = _steps($block->steps);

    Test::More::is($done ? '' : $@, '', "$name - all steps were taken");

    sleep $block->wait if $block->wait;

    Test::Nginx::Socket::check_error_log($block, undef, $dry, $i);
    Test::Nginx::Socket::check_access_log($block, $dry, $i);
}


if ($INC{'Test/Nginx/Socket.pm'}) {
    $helper = $Test::Nginx::Util::RunTestHelper;
    $Test::Nginx::Util::RunTestHelper = \&_run;

    my $port = Test::Nginx::Util::server_port_for_client();

    $ENV{TEST_NGINX_SERVER_PORT} //= $port;
    $ENV{TEST_NGINX_STREAM_PORT} //= $port + 1;
    Test::Nginx::Util::server_port("127.0.0.1:$port");
    $Port = $port;
}


1;
