#
# Copyright (C) the ngx_pay authors
#
# What a channel can do to a call of ours, and what is answered and kept then:
# only a verified, complete answer is an answer; all else is an outcome that
# nobody knows, unless nothing was sent (docs/design.md sections 4 and 7).
#

use strict;
use warnings;

use IO::Select;
use POSIX ();
use Test::Nginx::Socket 'no_plan';
use Pay;
use Mock;

no_long_string();
no_shuffle();
log_level('info');
master_on();
workers(1);
worker_connections(256);


our $channel = listener();          # of channel wechat, and slow
our $first = listener();            # the two of channel two
our $second = listener();
our $kept = listener();             # of channel kept: connections stay
our $dead = refuser();              # of channel dead: nobody there
our $gone = refuser();              # of half: the first of two servers
our $full = refuser();              # of full: no room for a connection
our $other = listener();            # where nothing may ever come
our $sim = free_port();             # the real simulator


our $http = Pay::http(
    port => $sim,
    channel => { host => "http://127.0.0.1:$channel->{port}" },
    merchant => { channel => [ qw(wechat slow two half kept dead full bent
                                  tried canned) ] },
    more => join('',
        channel_block('slow', pay_call => '/_slow',
                      host => "http://127.0.0.1:$channel->{port}"),
        channel_block('two', upstream => 'two', pay_call => '/_slow',
                      host => 'http://two.example'),
        channel_block('half', upstream => 'half',
                      host => 'http://half.example'),
        channel_block('kept', upstream => 'kept',
                      host => 'http://kept.example'),
        channel_block('dead', host => "http://127.0.0.1:$dead->{port}"),
        channel_block('full', pay_call => '/_slow',
                      host => "http://127.0.0.1:$full->{port}"),
        channel_block('bent', pay_call => '/_bent',
                      host => "http://127.0.0.1:$channel->{port}"),
        channel_block('tried', pay_call => '/_tried',
                      host => "http://127.0.0.1:$channel->{port}"),
        channel_block('canned', pay_call => '/_canned',
                      host => "http://127.0.0.1:$channel->{port}"),
        <<"_E"),
    upstream two {
        server 127.0.0.1:$first->{port} max_fails=0;
        server 127.0.0.1:$second->{port} max_fails=0;
    }

    upstream half {
        server 127.0.0.1:$gone->{port} max_fails=0;
        server 127.0.0.1:$second->{port} max_fails=0;
    }

    upstream kept {
        server 127.0.0.1:$kept->{port};
        keepalive 4;
    }

    log_format pay '\$status \$pay_operation \$pay_order_id \$pay_error '
                   '\$pay_channel_code';
_E
);


# Sixteen seconds are for a machine that is slow, a half for a channel that is

our $config = <<'_A'

        location /v1/ {
            pay_api;
            access_log logs/pay.log pay;
        }

        location = /status { pay_status json; }

_A
    . call_block('/_pay', connect => '5s', send => '16s', read => '16s')
    . call_block('/_slow', connect => '500ms', send => '500ms',
                 read => '500ms')
    . call_block('/_bent', more => <<"_E")

            error_page 301 302 400 404 500 502 503 504 = /fallback;
_E
    . call_block('/_tried', more => <<"_E")

            try_files /nothing \@fallback;
_E
    . call_block('/_canned', more => <<"_E")

            return 200 '{"code_url":"weixin://canned"}';
_E
    . <<"_E";

        location = /fallback {
            proxy_pass http://127.0.0.1:$other->{port};
        }

        location \@fallback {
            return 200 '{"code_url":"weixin://fallback"}';
        }

        location = /secret {
            internal;
            proxy_pass http://127.0.0.1:$other->{port};
        }
_E


# an hour from the start of the suite, so many hours east

our $hour = time + 3600;

sub later { POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime $hour + 3600 * $_[0]) }


# the answer to a prepay; one signature serves for a while

our @good;

sub good {
    if (!@good || time - $good[0] > 60) {
        @good = (time, signed('{"code_url":"weixin://wxpay/good"}'));
    }

    return @good[1 .. $#good];
}


# The members of an order that is not paid, as a query is answered

sub unpaid {
    return transaction(map({ $_ => undef } qw(
        transaction_id trade_type bank_type success_time payer amount
    )), trade_state => 'NOTPAY', @_);
}


# an order that the channel has accepted

sub accepted {
    my %p = (order_id => number(), @_);

    my $c = pay(%p);
    $channel->take->reply(200, good());
    payment_ok($c, 'an order', order_id => $p{order_id});

    return $p{order_id};
}


# Pay, and the channel does ACT: nobody knows.  The order is kept: the same
# request sends the same bytes and gets the object, another is a conflict.

sub unknown_pay {
    my ($name, $act, %more) = @_;

    my $id = number();
    my $c = pay(order_id => $id);
    my $q = $channel->take;

    $act->($q);

    problem($c, '504 outcome_unknown query', "pay, $name",
            channel => 'wechat', %more);
    counts($channel, 0, "pay, $name: once");

    problem(pay(order_id => $id, amount => 101),
            '409 idempotency_conflict never', "pay, $name: other fields",
            param => 'order_id');
    counts($channel, 0, "pay, $name: other fields are not sent");

    $c = pay(order_id => $id);
    my $again = $channel->take;
    is($again->{body}, $q->{body}, "pay, $name: the same order again");
    $again->reply(200, good());
    payment_ok($c, "pay, $name: the same again", order_id => $id,
               status => 'pending', 'next_action.url' => 'weixin://wxpay/good');
}


# the order is what it was: no call is needed to say so

sub unchanged {
    my ($id, $name) = @_;

    payment_ok(pay(order_id => $id), "$name: the order is as it was",
               status => 'pending', 'next_action.url' => 'weixin://wxpay/good');
    counts($channel, 0, "$name: once");
}


sub unknown_query {
    my ($name, $act, $id, %more) = @_;

    my $c = query($id);
    $act->($channel->take);
    problem($c, '502 channel_response_invalid query', "query, $name", %more);
    unchanged($id, "query, $name");
}


sub unknown_close {
    my ($name, $act, $id, %more) = @_;

    my $c = close_order($id);
    $act->($channel->take);
    problem($c, '504 outcome_unknown query', "close, $name", %more);
    unchanged($id, "close, $name");
}


# all three; an act that has an answer for pay gets one for each call

sub unknown {
    my ($name, $act) = @_;

    unknown_pay($name, $act);

    my $id = accepted();
    unknown_query($name, $act, $id);
    unknown_close($name, $act, $id);
}


# what a channel refused for good: the number is free for another order

sub refusal {
    my ($name, $want, $status, $body, %more) = @_;

    my $id = number();
    my $c = pay(order_id => $id);
    $channel->take->reply($status, ref $body ? @$body : signed($body));
    problem($c, $want, "pay, $name", channel => 'wechat', %more);

    $c = pay(order_id => $id, amount => 7);
    my $q = $channel->take;
    is(decode($q->{body})->{amount}{total}, 7, "pay, $name: free again");
    $q->reply(200, good());
    payment_ok($c, "pay, $name: another order", amount => 7);
    counts($channel, 0, "pay, $name: once each");
}


sub says { my $body = shift; return sub { $_[0]->reply(200, signed($body)) } }


sub error_body {
    my ($code, $message) = @_;

    return sprintf '{"code":"%s","message":"%s"}', $code, $message // 'no';
}


run_tests();


__DATA__

=== TEST 1: U-2: refused: nothing was sent, and the order can be repeated
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();

problem(pay(order_id => $id, channel => 'dead'),
        '502 channel_unreachable same', 'pay', channel => 'dead',
        channel_code => '~', channel_message => '~');
problem(pay(order_id => $id, channel => 'dead'),
        '502 channel_unreachable same', 'pay, the same again');
problem(pay(order_id => $id, channel => 'dead', amount => 5),
        '502 channel_unreachable same', 'pay, the number is free');
problem(query($id), '422 field_missing never', 'query: no trace of it',
        param => 'channel');
problem(query($id, '?channel=dead'), '502 channel_unreachable same',
        'query');
problem(close_order($id, '?channel=dead'), '502 channel_unreachable same',
        'close');

$dead->start;

my $c = pay(order_id => $id, channel => 'dead', amount => 6);
my $q = $dead->take;
is(decode($q->{body})->{out_trade_no}, $id, 'it arrives when somebody is up');
$q->reply(200, good());
payment_ok($c, 'pay', amount => 6, channel => 'dead');
counts($dead, 0, 'once');
--- error_log
channel "dead" did not answer pay: nothing was sent, status 0
channel "dead" did not answer query: nothing was sent, status 0
channel "dead" did not answer close: nothing was sent, status 0



=== TEST 2: U-2: an accepted order, then refused: its state stays
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = accepted(channel => 'wechat');

close $channel->{sock};

problem(query($id), '502 channel_unreachable same', 'query');
problem(close_order($id), '502 channel_unreachable same', 'close');

payment_ok(pay(order_id => $id), 'pay again', status => 'pending',
           'next_action.url' => 'weixin://wxpay/good');

$channel = listener($channel->{port});

my $c = query($id);
$channel->take->reply(200, signed(unpaid(out_trade_no => $id)));
payment_ok($c, 'query when it is up', status => 'pending');



=== TEST 3: U-2: no answer to the connection: nothing was sent
--- http_config eval: $::http
--- config eval: $::config
--- steps
listen $full->{sock}, 0;

my @fill = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $full->{port},
                                       Blocking => 0) } 1 .. 3;

my $c = pay(channel => 'full');

problem($c, '502 channel_unreachable same', 'pay');
between($c->{took}, 0.4, 5, 'after the time of connecting');
--- error_log
channel "full" did not answer pay: nothing was sent, status 0



=== TEST 4: U-1: a server that is down is not stepped over
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();

problem(pay(order_id => $id, channel => 'half'),
        '502 channel_unreachable same', 'pay, the first server is down');
counts($second, 0, 'the second was not tried');

my $c = pay(order_id => $id, channel => 'half');
my $q = $second->take;
$q->reply(200, good());
payment_ok($c, 'pay, the same again, by the second', order_id => $id);
counts($second, 0, 'once');
is($q->header('Host'), 'half.example', 'Host is the channel, not the server');



=== TEST 5: U-1, U-3: two servers, the first hangs: the payment comes once
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $c = pay(order_id => $id, channel => 'two');
my $q = $first->take;

problem($c, '504 outcome_unknown query', 'pay', channel => 'two');
between($c->{took}, 0.4, 5, 'after proxy_read_timeout');
counts($second, 0, 'nothing at the second');
counts($first, 0, 'once at the first');
ok($q->gone, 'the connection is given up');

problem(pay(order_id => $id, channel => 'two', amount => 1),
        '409 idempotency_conflict never', 'the order is kept');

$c = query($id);
$q = $second->take;
counts($first, 0, 'a query: nothing at the first');
is($q->{method}, 'GET', 'a query at the second');
problem($c, '502 channel_response_invalid query', 'query, it hangs, too');
counts($first, 0, 'a query is not sent again, either');
counts($second, 0, 'once');

$c = close_order($id);
$q = $first->take;
problem($c, '504 outcome_unknown query', 'close, it hangs');
counts($second, 0, 'close: nothing at the second');
counts($first, 0, 'close: once at the first');

$c = pay(order_id => $id, channel => 'two');
$q = $second->take;
is(decode($q->{body})->{out_trade_no}, $id, 'the same number again');
$q->reply(200, good());
payment_ok($c, 'pay, the same again', order_id => $id);
--- error_log
channel "two" did not answer pay: the request may have arrived, status 0



=== TEST 6: H-7, U-4: reset and closed, at every point
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
           . "Content-Length: 100\r\n\r\n" . '{"code_url":"weixin://wxpay/half'
           . 'half';

unknown('reset when the request is there', sub { $_[0]->reset });
unknown('closed when the request is there', sub { $_[0]->close });
unknown('closed within the head', sub {
    $_[0]->send("HTTP/1.1 200 OK\r\nContent-Ty");
    $_[0]->close;
});
unknown('reset behind the head', sub {
    $_[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n");
    $_[0]->reset;
});
unknown('closed behind the head', sub {
    $_[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n");
    $_[0]->close;
});
unknown('36 bytes of 100', sub { $_[0]->send($half); $_[0]->close });
unknown('36 bytes of 100, reset', sub { $_[0]->send($half); $_[0]->reset });
--- error_log
upstream prematurely closed connection
the request may have arrived, status 200, 36 bytes, not whole
the request may have arrived, status 0, 0 bytes, not whole



=== TEST 7: U-4: reset before the request is read
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $c = pay(order_id => $id);

# it is there, or nginx would be right to say that nothing was sent

my $early = $channel->wait;
IO::Select->new($early->{sock})->can_read(3);
$early->reset;
problem($c, '504 outcome_unknown query', 'pay');
counts($channel, 0, 'once');

problem(pay(order_id => $id, amount => 3), '409 idempotency_conflict never',
        'the order is kept');



=== TEST 8: H-7: whole and signed, but the framing breaks off
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $framed = sub {
    my ($q, $status, $framing, $tail) = @_;

    my ($body, @head) = good();

    $q->send("HTTP/1.1 $status\r\n" . join('', map { "$_\r\n" } @head)
             . "$framing\r\n"
             . ($framing =~ /chunked/
                ? sprintf("%x\r\n%s\r\n", length $body, $body) : $body)
             . $tail);
    $q->close;
};

unknown_pay('chunked without the last chunk', sub {
    $framed->($_[0], '200 OK', "Transfer-Encoding: chunked\r\n", '');
});
unknown_pay('chunked, the last chunk without its end', sub {
    $framed->($_[0], '200 OK', "Transfer-Encoding: chunked\r\n", "0\r\n");
});
unknown_pay('chunked, then no chunk', sub {
    $framed->($_[0], '200 OK', "Transfer-Encoding: chunked\r\n", "xyz\r\n");
});
unknown_pay('one byte less than announced', sub {
    $framed->($_[0], '200 OK', "Content-Length: 35\r\n", '');
});
unknown_pay('a status line that is none', sub {
    $framed->($_[0], 'OK', "Content-Length: 34\r\n", '');
});

# what is whole is taken: by length, by chunks, to the end of the connection

for my $framing ('Content-Length: 34', 'Transfer-Encoding: chunked', 'X-A: b')
{
    my $c = pay();
    $framed->($channel->take, '200 OK', "$framing\r\n",
           $framing =~ /chunked/ ? "0\r\n\r\n" : '');
    payment_ok($c, "pay, $framing");
}



=== TEST 9: HTTP/0.9, and noise
--- http_config eval: $::http
--- config eval: $::config
--- steps
unknown('the body alone', sub {
    my ($body) = good();
    $_[0]->send($body);
    $_[0]->close;
});
unknown('another protocol', sub {
    $_[0]->send("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    $_[0]->close;
});
unknown('a byte', sub { $_[0]->send("\0"); $_[0]->close });
--- error_log
upstream sent no valid HTTP/1.0 header
the request may have arrived, status 0



=== TEST 10: H-6: 256 KiB is the limit, and more is no answer
--- http_config eval: $::http
--- config eval: $::config
--- steps
sub padded {
    my $n = shift;
    my $text = '{"code_url":"weixin://wxpay/good","pad":""}';

    return $text =~ s/""/'"' . 'x' x ($n - length $text) . '"'/er;
}

is(length padded(262144), 262144, 'that long');

my $c = pay();
$channel->take->reply(200, signed(padded(262144)));
payment_ok($c, 'pay, 262144 bytes',
           'next_action.url' => 'weixin://wxpay/good');

my @long = signed(padded(262145));

unknown_pay('262145 bytes', sub { $_[0]->reply(200, @long) });
unknown_pay('262145 bytes, chunked', sub {
    my ($body, @head) = @long;
    $_[0]->reply(200, sprintf("%x\r\n%s\r\n0\r\n\r\n", length $body, $body),
                 @head, 'Transfer-Encoding: chunked');
});

my $big = unpaid(pad => 'x' x 300000);
my $id = accepted();

unknown_query('300000 bytes', sub { $_[0]->reply(200, signed($big)) }, $id);
unknown_close('an error of 300000 bytes', sub {
    $_[0]->reply(400, signed(error_body('PARAM_ERROR', 'x' x 300000)));
}, $id);

unknown_pay('an answer without an end', sub {
    my $q = shift;
    $q->send("HTTP/1.1 200 OK\r\n\r\n");

    for (1 .. 64) {
        $q->send(' ' x 65536);
        last if $q->{broken};
    }

    ok($q->{broken}, 'the connection is given up');
});

unknown_pay('a head that nginx does not take', sub {
    $_[0]->reply(200, good(), 'X-Big: ' . 'x' x 20000);
});
--- error_log
too many
upstream sent too big header



=== TEST 11: S-5: not signed, not well signed, not signed by the channel
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $body = '{"code_url":"weixin://wxpay/forged"}';

sub answer_with { my @a = @_; return sub { $_[0]->reply(200, @a) } }

unknown_pay('no signature at all', answer_with($body,
            'Content-Type: application/json'), channel_code => '~');
unknown_pay('not even JSON', answer_with('<html>', 'Content-Type: text/html'));

for my $name (qw(Timestamp Nonce Signature Serial)) {
    unknown_pay("no Wechatpay-$name", answer_with(
        signed_by($body, drop => [ "Wechatpay-$name" ])));
    unknown_pay("an empty Wechatpay-$name", answer_with(
        signed_by($body, drop => [ "Wechatpay-$name" ],
                  add => [ "Wechatpay-$name:" ])));

    my (undef, @head) = signed_by($body);
    my ($again) = grep { /^Wechatpay-$name:/ } @head;

    unknown_pay("Wechatpay-$name twice", answer_with(
        $body, @head, $again));
}

my ($good) = map { /^Wechatpay-Signature: (.*)/ } (signed_by($body))[1 .. 6];

unknown_pay('a signature of other bytes', answer_with(
    signed_by($body, over => '{"code_url":"weixin://wxpay/real"}')));
unknown_pay('a signature of another time', answer_with(
    signed_by($body, signature => $good, timestamp => time - 1)));
unknown_pay('a signature that is cut', answer_with(
    signed_by($body, signature => substr $good, 0, 340)));
unknown_pay('a signature that is no base64', answer_with(
    signed_by($body, signature => '*' x 344)));
unknown_pay('the probe of a channel', answer_with(
    signed_by($body, signature => 'WECHATPAY/SIGNTEST/abc')));
unknown_pay('K-4: the key of somebody', answer_with(
    signed_by($body, key => foreign_key())));
unknown_pay('W-4: a serial that is not configured', answer_with(
    signed_by($body, serial => 'PUB_KEY_ID_0119000000012026112500000000000002')));
unknown_pay('a serial of other case', answer_with(
    signed_by($body, serial => 'pub_key_id_0119000000012026112500000000000001')));
unknown_pay('300 s old', answer_with(
    signed_by($body, timestamp => int(time) - 301)));
unknown_pay('300 s ahead', answer_with(
    signed_by($body, timestamp => int(time) + 301)));
unknown_pay('a timestamp with a sign', answer_with(
    signed_by($body, timestamp => '+' . int time)));
unknown_pay('a timestamp of milliseconds', answer_with(
    signed_by($body, timestamp => int(time) . '000')));
unknown_pay('K-1: another algorithm is named', answer_with(
    signed_by($body, type => 'WECHATPAY2-SM2-WITH-SM3')));

# and what holds

for my $ago (-280, 280) {
    my $c = pay();
    $channel->take->reply(200, signed_by($body, timestamp => int(time) - $ago));
    payment_ok($c, "pay, signed $ago s ago");
}

my $c = pay();
$channel->take->reply(200, signed_by($body,
                                     drop => [ 'Wechatpay-Signature-Type' ]));
payment_ok($c, 'pay, no algorithm is named');



=== TEST 12: S-5: the same for query and close
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = accepted();
my $paid = transaction(out_trade_no => $id);

unknown_query('paid, says somebody without a signature', sub {
    $_[0]->reply(200, $paid, 'Content-Type: application/json');
}, $id);
unknown_query('paid, by the key of somebody', sub {
    $_[0]->reply(200, signed_by($paid, key => foreign_key()));
}, $id);
unknown_query('paid, signed 301 s ago', sub {
    $_[0]->reply(200, signed_by($paid, timestamp => int(time) - 301));
}, $id);
unknown_query('paid, one byte is not what was signed', sub {
    my ($body, @head) = signed($paid);
    $_[0]->reply(200, $body =~ s/"total":100/"total":900/r, @head);
}, $id);

unknown_close('204 without a signature', sub { $_[0]->reply(204) }, $id);
unknown_close('204 by the key of somebody', sub {
    $_[0]->reply(204, signed_by('', key => foreign_key()));
}, $id);
unknown_close('204, a signature of other bytes', sub {
    $_[0]->reply(204, signed_by('', over => '{}'));
}, $id);



=== TEST 13: U-6: signed, and not what was asked for
--- http_config eval: $::http
--- config eval: $::config
--- steps
unknown_pay('no body', says(''));
unknown_pay('JSON is cut', says('{"code_url":"weixin://wxpay/go'));
unknown_pay('P-1: a key twice', says(
    '{"code_url":"weixin://a","code_url":"weixin://b"}'));
unknown_pay('P-1: a key twice, once by an escape', says(
    '{"code_url":"weixin://a","code\\u005furl":"weixin://b"}'));
unknown_pay('bytes behind the JSON', says('{"code_url":"weixin://a"}{}'));
unknown_pay('an array', says('[{"code_url":"weixin://a"}]'));
unknown_pay('a string', says('"weixin://a"'));
unknown_pay('UTF-8 that is none', says("{\"code_url\":\"a\",\"m\":\"\xc0\xaf\"}"));
unknown_pay('too deep', says('{"code_url":"a","m":' . '[' x 40 . ']' x 40
                             . '}'));
unknown_pay('no code_url', says('{"prepay_id":"wx1"}'));
unknown_pay('code_url is null', says('{"code_url":null}'));
unknown_pay('code_url is empty', says('{"code_url":""}'));
unknown_pay('code_url is a number', says('{"code_url":1}'));
unknown_pay('code_url has a line end', says('{"code_url":"a\\r\\nb"}'));
unknown_pay('code_url has a space', says('{"code_url":"weixin://a b"}'));
unknown_pay('code_url of 513 characters', says(
    '{"code_url":"' . 'x' x 513 . '"}'));
unknown_pay('an error with a 200', says(error_body('PARAM_ERROR')));

# white space and members of tomorrow are no fault

my $c = pay();
$channel->take->reply(200, signed(
    "\r\n{ \"new\": [1, {\"x\":null}],\t\"code_url\" : \"weixin:\\/\\/ok\" }\n"));
payment_ok($c, 'pay, JSON as it may be', 'next_action.url' => 'weixin://ok');



=== TEST 14: a code too long to be kept is asked for again
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $url = 'weixin://' . 'x' x 300;

for my $n (1, 2) {
    my $c = pay(order_id => $id);
    $channel->take->reply(200, signed("{\"code_url\":\"$url\"}"));
    payment_ok($c, "pay, call $n", 'next_action.url' => $url);
}

counts($channel, 0, 'twice');



=== TEST 15: W-20: a gzip-encoded answer is not what was signed
--- http_config eval: $::http
--- config eval: $::config
--- steps
use IO::Compress::Gzip;

my $body = '{"code_url":"weixin://wxpay/good"}';
my $zip;

IO::Compress::Gzip::gzip(\$body, \$zip);

unknown_pay('gzip, the plain bytes are signed', sub {
    my (undef, @head) = signed_by($zip, over => $body);
    $_[0]->reply(200, $zip, @head, 'Content-Encoding: gzip');
});
unknown_pay('gzip, its bytes are signed', sub {
    $_[0]->reply(200, signed($zip), 'Content-Encoding: gzip');
});



=== TEST 16: S-7: redirects are not followed
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $status (300, 301, 302, 303, 304, 307, 308) {
    unknown("a $status", sub {
        $_[0]->reply($status, $status == 304 ? () : good(), map {
            "Location: http://127.0.0.1:$_->{port}/v3/pay" } $other);
    });
}

counts($other, 0, 'nobody went there');



=== TEST 17: X-Accel-Redirect: an answer does not move us
--- http_config eval: $::http
--- config eval: $::config
--- steps
my @accel = ('X-Accel-Redirect: /secret', 'X-Accel-Buffering: no',
             'X-Accel-Limit-Rate: 1', 'X-Accel-Expires: 10',
             'X-Accel-Charset: gbk', 'Set-Cookie: a=b', 'Refresh: 1');

unknown('X-Accel-Redirect, not signed', sub {
    $_[0]->reply(200, '{"code_url":"weixin://a"}', @accel,
                 'Content-Type: application/json');
});
counts($other, 0, 'the internal location was not asked');

my $c = pay();
$channel->take->reply(200, good(), @accel);
payment_ok($c, 'pay, X-Accel-Redirect, signed',
           'next_action.url' => 'weixin://wxpay/good');
unlike($c->{head}, qr/accel|cookie|refresh|wechatpay/i,
       "H-3: no header of the channel's goes to the merchant");
counts($other, 0, 'the internal location was not asked');



=== TEST 18: U-5: 5xx leaves all open, whoever signs it
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $status (500, 502, 503, 504) {
    my $text = error_body('SYSTEM_ERROR', 'try again');

    my $id = accepted();
    my $json = sub { $_[0]->reply($status, signed($text)) };

    unknown_pay("$status with signed JSON", $json,
                channel_code => 'SYSTEM_ERROR',
                channel_message => 'try again');
    unknown_query("$status with signed JSON", $json, $id,
                  channel_code => 'SYSTEM_ERROR');
    unknown_close("$status with signed JSON", $json, $id,
                  channel_code => 'SYSTEM_ERROR');

    unknown_pay("$status with JSON", sub {
        $_[0]->reply($status, $text, 'Content-Type: application/json');
    }, channel_code => 'SYSTEM_ERROR');
    unknown_pay("$status with HTML", sub {
        $_[0]->reply($status, '<h1>oh</h1>', 'Content-Type: text/html');
    }, channel_code => '~');
    unknown_pay("$status and nothing", sub { $_[0]->reply($status) },
                channel_code => '~');
    unknown_pay("$status, but says that it was refused", sub {
        $_[0]->reply($status, signed(error_body('PARAM_ERROR')));
    }, channel_code => 'PARAM_ERROR');
}



=== TEST 19: U-14: 2xx that are not the one, interim answers
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $status (201, 202, 204, 206) {
    unknown_pay("a $status", sub {
        $_[0]->reply($status, $status == 204 ? signed('') : good());
    });
}

my $id = accepted();

unknown_close('a 200', sub { $_[0]->reply(200, signed('{}')) }, $id);
unknown_close('a 200 with the order', sub {
    $_[0]->reply(200, signed(transaction(out_trade_no => $id,
                                         trade_state => 'CLOSED')));
}, $id);
unknown_close('a 202', sub { $_[0]->reply(202, signed('')) }, $id);
unknown_query('a 204', sub { $_[0]->reply(204, signed('')) }, $id);

unknown_pay('100, and then nothing', sub {
    $_[0]->send("HTTP/1.1 100 Continue\r\n\r\n");
    $_[0]->close;
});
unknown_pay('101', sub {
    $_[0]->send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
                . "Connection: upgrade\r\n\r\n");
    $_[0]->close;
});
unknown_pay('0', sub { $_[0]->send("HTTP/1.1 000 No\r\n\r\n");
                       $_[0]->close });



=== TEST 20: definite refusals: nothing has happened, the number is free
--- http_config eval: $::http
--- config eval: $::config
--- steps
refusal('PARAM_ERROR', '422 channel_rejected never', 400,
        error_body('PARAM_ERROR', 'total is wrong'),
        channel_code => 'PARAM_ERROR', channel_message => 'total is wrong');
refusal('INVALID_REQUEST', '422 channel_rejected never', 400,
        error_body('INVALID_REQUEST'), channel_code => 'INVALID_REQUEST');
refusal('APPID_MCHID_NOT_MATCH', '422 channel_rejected never', 400,
        error_body('APPID_MCHID_NOT_MATCH'));
refusal('RULE_LIMIT', '422 channel_rejected never', 403,
        error_body('RULE_LIMIT'));
refusal('SIGN_ERROR', '502 channel_auth_failed never', 401,
        [ error_body('SIGN_ERROR'), 'Content-Type: application/json' ],
        channel_code => 'SIGN_ERROR');
refusal('NO_AUTH', '502 channel_permission never', 403,
        error_body('NO_AUTH'), channel_code => 'NO_AUTH');
refusal('FREQUENCY_LIMITED', '503 channel_quota later', 429,
        error_body('FREQUENCY_LIMITED'));

# an error whose signature does not hold says nothing

unknown_pay('PARAM_ERROR, by the key of somebody', sub {
    $_[0]->reply(400, signed_by(error_body('PARAM_ERROR'),
                                key => foreign_key()));
}, channel_code => '~');
unknown_pay('PARAM_ERROR, signed 301 s ago', sub {
    $_[0]->reply(400, signed_by(error_body('PARAM_ERROR'),
                                timestamp => int(time) - 301));
}, channel_code => '~');

# nor does one that is not known, or not of this call, or no JSON

unknown_pay('a code of tomorrow', sub {
    $_[0]->reply(400, signed(error_body('BRAND_NEW')));
}, channel_code => 'BRAND_NEW');
unknown_pay('ORDER_NOT_EXIST for a new order', sub {
    $_[0]->reply(404, signed(error_body('ORDER_NOT_EXIST')));
}, channel_code => 'ORDER_NOT_EXIST');
unknown_pay('a 400 with HTML', sub {
    $_[0]->reply(400, '<html>', 'Content-Type: text/html');
});
unknown_pay('a 404 with nothing', sub { $_[0]->reply(404) });
unknown_pay('a code that is no code', sub {
    $_[0]->reply(400, signed('{"code":"a b\\n","message":"x"}'));
}, channel_code => '~');



=== TEST 21: a refusal after an unknown outcome is looked up
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();

my $c = pay(order_id => $id);
$channel->take->close;
problem($c, '504 outcome_unknown query', 'pay');

# the number is in use at the channel, says a refusal: it is asked

$c = pay(order_id => $id);
$channel->take->reply(400, signed(error_body('INVALID_REQUEST')));
my $q = $channel->take;
is($q->{line}, "GET /v3/pay/transactions/out-trade-no/$id?mchid=1900000001 "
               . 'HTTP/1.1', 'a query follows');
$q->reply(200, signed(transaction(out_trade_no => $id)));
payment_ok($c, 'pay: it was paid meanwhile', status => 'succeeded',
           amount_paid => 100);
counts($channel, 0, 'no more');

# paid, says the channel, but the query is not answered

$id = number();
$c = pay(order_id => $id);
$channel->take->reply(400, signed(error_body('ORDER_PAID')));
$channel->take->close;
problem($c, '504 outcome_unknown query', 'pay: ORDER_PAID, then silence');

$c = pay(order_id => $id);
$channel->take->reply(400, signed(error_body('ORDER_PAID')));
$channel->take->reply(200, signed(transaction(out_trade_no => $id,
    amount => { total => 999, payer_total => 999, currency => 'CNY' })));
problem($c, '409 idempotency_conflict never',
        'pay: ORDER_PAID, of another amount');

# used, says the channel, and knows nothing of it

$id = number();
$c = pay(order_id => $id);
$channel->take->reply(400, signed(error_body('OUT_TRADE_NO_USED')));
$channel->take->reply(404, signed(error_body('ORDER_NOT_EXIST')));
problem($c, '409 idempotency_conflict never', 'pay: used, but not there');
counts($channel, 0, 'no more');



=== TEST 22: U-6: a query's answer is about the order that was asked for
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = accepted();

unknown_query('another out_trade_no',
              says(transaction(out_trade_no => number())), $id);
unknown_query('another mchid', says(transaction(
    out_trade_no => $id, mchid => '1900000002')), $id);
unknown_query('another appid', says(transaction(
    out_trade_no => $id, appid => 'wx8888888888888889')), $id);
unknown_query('another amount', says(transaction(
    out_trade_no => $id, amount => { total => 1, payer_total => 1,
                                     currency => 'CNY' })), $id);
unknown_query('another currency', says(transaction(
    out_trade_no => $id, amount => { total => 100, payer_total => 100,
                                     currency => 'USD' })), $id);
unknown_query('no out_trade_no', says(transaction()), $id);
unknown_query('no mchid', says(transaction(
    out_trade_no => $id, mchid => undef)), $id);
unknown_query('paid, but how much?', says(transaction(
    out_trade_no => $id, amount => undef)), $id);
unknown_query('paid, but by which payment?', says(transaction(
    out_trade_no => $id, transaction_id => undef)), $id);
unknown_query('A-3: an amount with a fraction', says(
    transaction(out_trade_no => $id) =~ s/"total":100/"total":100.0/r), $id);
unknown_query('A-3: an amount as text', says(
    transaction(out_trade_no => $id) =~ s/"total":100/"total":"100"/r), $id);
unknown_query('A-3: an amount with an exponent', says(
    transaction(out_trade_no => $id) =~ s/"total":100/"total":1e2/r), $id);
unknown_query('two amounts', says(
    transaction(out_trade_no => $id) =~ s/"total":100/"total":1,"total":100/r),
    $id);
unknown_query('a state of tomorrow', says(transaction(
    out_trade_no => $id, trade_state => 'HALF')), $id);
unknown_query('no state', says(transaction(
    out_trade_no => $id, trade_state => undef)), $id);

# and the one that is

my $c = query($id);
$channel->take->reply(200, signed(transaction(
    out_trade_no => $id, transaction_id => '4200001')));
payment_ok($c, 'query', status => 'succeeded', amount_paid => 100,
           channel_order_id => '4200001', 'payer.openid' => 'oPayer0001',
           paid_at => '2026-11-25T02:00:00Z');

# what is paid stays paid

$c = query($id);
$channel->take->reply(200, signed(unpaid(out_trade_no => $id)));
payment_ok($c, 'query: the channel has forgotten it', status => 'succeeded');



=== TEST 23: U-14: 204 closes
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = accepted();

my $c = close_order($id);
my $q = $channel->take;
$q->reply(204, signed(''));
payment_ok($c, 'close', status => 'closed', next_action => '~');
is($q->{line}, "POST /v3/pay/transactions/out-trade-no/$id/close HTTP/1.1",
   'the call');
is($q->{body}, '{"mchid":"1900000001"}', 'its body');

payment_ok(close_order($id), 'close again', status => 'closed');
payment_ok(pay(order_id => $id), 'pay again', status => 'closed',
           next_action => '~');
counts($channel, 0, 'both need no call');

# refused: it is looked up, and never believed

$id = accepted();
$c = close_order($id);
$channel->take->reply(400, signed(error_body('ORDER_PAID')));
$channel->take->reply(200, signed(transaction(out_trade_no => $id)));
problem($c, '409 already_paid never', 'close: it was paid');
problem(close_order($id), '409 already_paid never', 'close: it is paid');
counts($channel, 0, 'that is known now');

$id = accepted();
$c = close_order($id);
$channel->take->reply(400, error_body('ORDER_PAID'),
                      'Content-Type: application/json');
$channel->take->reply(200, signed(unpaid(out_trade_no => $id)));
problem($c, '504 outcome_unknown query', 'close: paid, says nobody we know');
unchanged($id, 'close');

$c = close_order($id);
$channel->take->reply(404, signed(error_body('ORDER_NOT_EXIST')));
problem($c, '404 not_found never', 'close: not there');
counts($channel, 0, 'once');



=== TEST 24: U-3: an unknown outcome, then a query
--- http_config eval: $::http
--- config eval: $::config
--- steps
sub lost {
    my $id = number();
    my $c = pay(order_id => $id, metadata => { shop => '7' });
    my $q = $channel->take;
    $q->close;
    problem($c, '504 outcome_unknown query', 'pay');
    return ($id, $q);
}

# it has not arrived

my ($id, $q) = lost();
my $c = query($id);
$channel->take->reply(404, signed(error_body('ORDER_NOT_EXIST', 'none')));
problem($c, '404 not_found never', 'query: not there',
        channel_code => 'ORDER_NOT_EXIST', channel_message => 'none');
problem(pay(order_id => $id, amount => 1), '409 idempotency_conflict never',
        'the order is kept');

$c = pay(order_id => $id, metadata => { shop => '7' });
my $again = $channel->take;
is($again->{body}, $q->{body}, 'the same order again');
$again->reply(200, good());
payment_ok($c, 'pay', status => 'pending', 'metadata.shop' => '7');

# it has, and waits for the payer: the code is asked for again

($id, $q) = lost();
$c = query($id);
$channel->take->reply(200, signed(unpaid(out_trade_no => $id)));
payment_ok($c, 'query: unpaid', status => 'pending', next_action => '~');
$c = pay(order_id => $id, metadata => { shop => '7' });
$again = $channel->take;
is($again->{body}, $q->{body}, 'the same order again');
$again->reply(200, good());
payment_ok($c, 'pay', 'next_action.url' => 'weixin://wxpay/good');

# it was even paid

($id, $q) = lost();
$c = query($id);
$channel->take->reply(200, signed(transaction(out_trade_no => $id)));
payment_ok($c, 'query: paid', status => 'succeeded', 'metadata.shop' => '7');
payment_ok(pay(order_id => $id, metadata => { shop => '7' }), 'pay',
           status => 'succeeded', next_action => '~');
counts($channel, 0, 'that needs no call');

# nobody knows, still

($id, $q) = lost();
$c = query($id);
$channel->take->close;
problem($c, '502 channel_response_invalid query', 'query: no answer');
$c = pay(order_id => $id, metadata => { shop => '7' });
$channel->take->reply(500);
problem($c, '504 outcome_unknown query', 'pay: still not');
$c = close_order($id);
$channel->take->reply(204, signed(''));
payment_ok($c, 'close', status => 'closed');



=== TEST 25: the same number while the first is on its way
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();
my $c = pay(order_id => $id);
my $q = $channel->take;

problem(pay(order_id => $id), '409 in_progress same', 'the same');
problem(pay(order_id => $id, amount => 2), '409 idempotency_conflict never',
        'another');
problem(close_order($id), '409 in_progress same', 'close');
counts($channel, 0, 'none of them was sent');

$q->reply(200, good());
payment_ok($c, 'the first', status => 'pending');
payment_ok(pay(order_id => $id), 'the same, then', status => 'pending');
counts($channel, 0, 'once');

# a query may look meanwhile

$id = number();
$c = pay(order_id => $id);
$q = $channel->take;
my $look = query($id);
$channel->take->reply(404, signed(error_body('ORDER_NOT_EXIST')));
problem($look, '404 not_found never', 'query');
$q->reply(200, good());
payment_ok($c, 'pay', status => 'pending');

# and what it sees is not lost by an answer that comes later

$id = number();
$c = pay(order_id => $id);
$q = $channel->take;
$look = query($id);
$channel->take->reply(200, signed(transaction(out_trade_no => $id)));
payment_ok($look, 'query: paid', status => 'succeeded');
$q->close;
problem($c, '504 outcome_unknown query', 'pay: nobody knows');
payment_ok(pay(order_id => $id), 'but for the store', status => 'succeeded');
counts($channel, 0, 'once');



=== TEST 26: U-3: slower than proxy_read_timeout
--- http_config eval: $::http
--- config eval: $::config
--- steps
local $Mock::Channel = 'slow';

my $id = number();
my $c = pay(order_id => $id);
my $q = $channel->take;

problem($c, '504 outcome_unknown query', 'pay: silence', channel => 'slow');
between($c->{took}, 0.4, 5, 'after proxy_read_timeout');
ok($q->gone, 'the connection is given up');

# an answer that comes now is too late: nothing changes

$q->reply(200, good());
problem(pay(order_id => $id, amount => 3), '409 idempotency_conflict never',
        'the order is kept');

$c = pay(order_id => $id);
$q = $channel->take;
$q->send("HTTP/1.1 200 OK\r\nContent-Length: 34\r\n");
problem($c, '504 outcome_unknown query', 'pay: silence within the head');

$c = pay(order_id => $id);
$q = $channel->take;
my ($body, @head) = good();
$q->send("HTTP/1.1 200 OK\r\n" . join('', map { "$_\r\n" } @head)
         . 'Content-Length: ' . length($body) . "\r\n\r\n"
         . substr $body, 0, -1);
problem($c, '504 outcome_unknown query', 'pay: silence before the last byte');
counts($channel, 0, 'once each');

# slow, but never that slow

$c = pay(order_id => $id);
$q = $channel->take;
$q->send("HTTP/1.1 200 OK\r\n" . join('', map { "$_\r\n" } @head)
         . 'Content-Length: ' . length($body) . "\r\n\r\n");

for my $byte (unpack '(a7)*', $body) {
    Time::HiRes::sleep(0.15);
    $q->send($byte);
}

payment_ok($c, 'pay: byte by byte', channel => 'slow');

$c = query($id);
$q = $channel->take;
problem($c, '502 channel_response_invalid query', 'query: silence');
$c = close_order($id);
$q = $channel->take;
problem($c, '504 outcome_unknown query', 'close: silence');
--- error_log
upstream timed out



=== TEST 27: U-8: connections that the channel lets stay, and closes
--- http_config eval: $::http
--- config eval: $::config
--- steps
local $Mock::Channel = 'kept';

my $c = pay();
my $q = $kept->take;
$q->respond(200, good());
payment_ok($c, 'pay, on a new connection');

# the same connection serves for the next call

$c = pay();
$q->read;
is($q->{method}, 'POST', 'the second comes on the first connection');
$q->respond(200, good());
payment_ok($c, 'pay, on a kept connection');

# closed just when the request is written

my $id = number();
$c = pay(order_id => $id);
$q->read;
is(decode($q->{body})->{out_trade_no}, $id, 'the third has arrived');
$q->reset;
problem($c, '504 outcome_unknown query', 'pay, reset on a kept connection');
counts($kept, 0, 'it is not sent again by itself');

$c = pay(order_id => $id);
$q = $kept->take;
is(decode($q->{body})->{out_trade_no}, $id, 'the same number again');
$q->respond(200, good());
payment_ok($c, 'pay', order_id => $id);

# the same for a query, which moves no money: it is not repeated, either

$c = query($id);
$q->read;
$q->close;
problem($c, '502 channel_response_invalid query',
        'query, closed on a kept connection');
counts($kept, 0, 'once');

# closed while nobody used it: noticed, and a new one is made

$c = pay();
$q = $kept->take;
$q->respond(200, good());
payment_ok($c, 'pay');
$q->close;
Time::HiRes::sleep(0.1);
$c = pay();
$q = $kept->take;
$q->respond(200, good());
payment_ok($c, 'pay, on a new connection');
$q->close;
counts($kept, 0, 'once');



=== TEST 28: H-3: what reaches the channel, byte for byte
--- http_config eval: $::http
--- config eval: $::config
--- steps
my @client = (
    'Cookie: session=secret', 'X-Forwarded-For: 1.2.3.4',
    'X-Forwarded-Proto: https', 'X-Real-IP: 1.2.3.4',
    'Forwarded: for=1.2.3.4', 'Via: 1.1 proxy', 'Accept: text/html',
    'Accept-Encoding: gzip', 'Accept-Language: de', 'User-Agent: evil',
    'Referer: http://evil.example/', 'Origin: http://evil.example',
    'Range: bytes=0-1', 'If-None-Match: "x"',
    'If-Modified-Since: Wed, 25 Nov 2026 00:00:00 GMT', 'TE: trailers',
    'Upgrade: h2c', 'Pragma: no-cache', 'Keep-Alive: 5', 'Expect:',
    'Wechatpay-Serial: evil', 'Wechatpay-Timestamp: 1',
    'Proxy-Authorization: Basic eDp5', 'X-Pay-Url: http://evil.example/',
    'Pay-Url: http://evil.example/', 'webhook-id: evil',
    'X-HTTP-Method-Override: DELETE', 'Idempotency-Key: evil',
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
);

sub golden {
    my ($q, $name, $line, $body) = @_;

    my ($auth) = $q->{head} =~ /^Authorization: ([^\r]*)/m;

    is($q->{head} =~ s/^Authorization: [^\r]*/Authorization: ours/mr,
       join('', map { "$_\r\n" }
            $line, "Host: 127.0.0.1:$channel->{port}",
            length $body ? 'Content-Length: ' . length $body : (),
            'Accept: application/json', 'User-Agent: ngx_pay',
            'Wechatpay-Serial: PUB_KEY_ID_0119000000012026112500000000000001',
            length $body ? 'Content-Type: application/json' : (),
            'Authorization: ours'), "$name: the head");
    is($q->{body}, $body, "$name: the body");

    my ($method, $target) = split ' ', $line;

    like($auth, qr/\AWECHATPAY2-SHA256-RSA2048\ mchid="1900000001",
                   nonce_str="[0-9A-Za-z]{32}",timestamp="\d{10}",
                   serial_no="46D8951E96D878C983F0A82EACDF238B6161E8BB",
                   signature="[A-Za-z0-9+\/]{342}=="\z/x,
         "$name: Authorization is ours");

    my %p = $auth =~ /(\w+)="([^"]*)"/g;

    my $file = Pay::file('sig', MIME::Base64::decode_base64($p{signature}));
    my $key = Pay::file('cert.pub',
                        openssl($certificate, qw(x509 -pubkey -noout -in)));

    is(openssl("$method\n$target\n$p{timestamp}\n$p{nonce_str}\n$body\n",
               'dgst', '-sha256', '-verify', $key, '-signature', $file),
       "Verified OK\n", "$name: the signature holds");
}

open my $in, '<', Pay::keys() . '/apiclient_cert.pem' or die $!;
our $certificate = join '', <$in>;

my $id = number();

my $c = call('POST', '/v1/payments', Pay::payment(
    order_id => $id, amount => 12345, description => "\x{8336}\"\\/<&>",
    expires_at => later(0) . 'Z', metadata => { a => 'b' },
    payer => { ip => '203.0.113.9' }, store => { id => 'S1' }
), @client);
my $q = $channel->take;

golden($q, 'pay', 'POST /v3/pay/transactions/native HTTP/1.1',
    '{"appid":"wx8888888888888888","mchid":"1900000001","description":"'
    . "\xe8\x8c\xb6" . '\\"\\\\/<&>","out_trade_no":"' . $id
    . '","time_expire":"' . later(8) . '+08:00' . '","attach":"'
    . echo_text('demo', $id, 12345, 'CNY') . '","notify_url":'
    . '"http://127.0.0.1:' . $Mock::Port . '/notify/wechat","amount":'
    . '{"total":12345,"currency":"CNY"},"scene_info":{"payer_client_ip":'
    . '"203.0.113.9","store_info":{"id":"S1"}}}');
$q->reply(200, good());
payment_ok($c, 'pay', 'metadata.a' => 'b');

$c = call('GET', "/v1/payments/$id", '', @client);
$q = $channel->take;
golden($q, 'query', "GET /v3/pay/transactions/out-trade-no/$id"
                    . '?mchid=1900000001 HTTP/1.1', '');
$q->reply(200, signed(unpaid(out_trade_no => $id)));
payment_ok($c, 'query');

$c = call('POST', "/v1/payments/$id/close", '', @client);
$q = $channel->take;
golden($q, 'close', "POST /v3/pay/transactions/out-trade-no/$id/close HTTP/1.1",
       '{"mchid":"1900000001"}');
$q->reply(204, signed(''));
payment_ok($c, 'close');



=== TEST 29: S-8, H-4: nothing that a client says moves the call
--- http_config eval: $::http
--- config eval: $::config
--- steps
for my $bad ('x/../../v3/refund', 'a?mchid=2', 'a#b', "a\r\nX: y", 'a b',
             '%2e%2e%2f', '../../../', "\x{8336}12345")
{
    problem(pay(order_id => $bad), '422 field_invalid never',
            'order_id ' . join('', map { $_ lt ' ' || $_ gt '~' ? '?' : $_ }
                               split //, $bad), param => 'order_id');
}

problem(pay(notify_url => 'http://169.254.169.254/'),
        '422 field_unknown never', 'S-1: notify_url', param => 'notify_url');
problem(pay(channel_options => { notify_url => 'http://169.254.169.254/' }),
        '422 field_unknown never', 'S-1: notify_url as an option',
        param => 'channel_options.notify_url');

my $id = accepted();

problem(call('GET', "/v1/payments/$id%2f..%2fclose"), '404 route_unknown never',
        'a path that is not plain');
problem(call('GET', "/v1/payments/$id/../../_pay"), '404 route_unknown never',
        'a path with dots');
counts($channel, 0, 'nothing was sent');

# the call location is nobody's

like(ask('GET', '/_pay')->answer->{line}, qr/ 404 /, 'H-5: GET /_pay');
like(ask('POST', '/_pay', '{}')->answer->{line}, qr/ 404 /,
     'H-5: POST /_pay');

# arguments are signed and refused, or locators; they do not go on

problem(call('GET', "/v1/payments/$id?url=http://evil.example/"),
        '422 field_unknown never', 'an argument', param => 'url');

my $c = call('GET', "/v1/payments/$id?channel=dead&channel_order_id=4200009");
my $q = $channel->take;
is($q->{target}, "/v3/pay/transactions/out-trade-no/$id?mchid=1900000001",
   'what the store knows outranks a locator');
$q->reply(200, signed(unpaid(out_trade_no => $id)));
payment_ok($c, 'query', channel => 'wechat');
counts($channel, 0, 'once');



=== TEST 30: H-2: two requests in one packet, two calls
--- http_config eval: $::http
--- config eval: $::config
--- steps
my @id = (number(), number());
my ($first_one, $next) = map {
    my $body = Pay::payment(order_id => $_);
    "POST /v1/payments HTTP/1.1\r\nHost: a\r\n"
    . "Content-Type: application/json\r\nContent-Length: " . length($body)
    . "\r\nAuthorization: " . Pay::authorization(method => 'POST',
        target => '/v1/payments', body => $body) . "\r\n\r\n$body"
} @id;

my $c = send_raw($first_one . $next);

for my $id (@id) {
    my $q = $channel->take;
    my $body = $q->{body};

    is(decode($body)->{out_trade_no}, $id, "the call for $id");
    is($q->{buf}, '', 'nothing behind its body');
    counts($channel, 0, 'one at a time');
    $q->reply(200, good());
    is(decode($c->read->{body})->{order_id}, $id, 'its answer');
}



=== TEST 31: error_page in the call location: no other answer, no other call
--- http_config eval: $::http
--- config eval: $::config
--- steps
local $Mock::Channel = 'bent';

my %act = (
    closed => sub { $_[0]->close },
    'a 302' => sub { $_[0]->reply(302, '', "Location: /fallback") },
    'a 404' => sub { $_[0]->reply(404, 'no') },
    'a 500' => sub { $_[0]->reply(500, 'no') },
    'a 503' => sub { $_[0]->reply(503) }
);

for my $name (sort keys %act) {
    my $id = number();
    my $c = pay(order_id => $id);
    $act{$name}->($channel->take);
    problem($c, '504 outcome_unknown query', "pay, $name",
            channel => 'bent');
    counts($other, 0, "pay, $name: the error page was not asked");
    counts($channel, 0, "pay, $name: once");
}

# by itself it works

my $c = pay();
$channel->take->reply(200, good());
payment_ok($c, 'pay', channel => 'bent');

close $channel->{sock};
problem(pay(), '502 channel_unreachable same', 'pay, refused');
counts($other, 0, 'the error page was not asked');
$channel = listener($channel->{port});



=== TEST 32: try_files and return in the call location: nothing was sent
--- http_config eval: $::http
--- config eval: $::config
--- steps
my $id = number();

for my $name (qw(tried canned)) {
    for (1, 2) {
        problem(pay(order_id => $id, channel => $name),
                '502 channel_unreachable same', "pay, $name",
                channel => $name);
    }

    problem(query($id, "?channel=$name"), '502 channel_unreachable same',
            "query, $name");
    problem(close_order($id, "?channel=$name"),
            '502 channel_unreachable same', "close, $name");
}

counts($channel, 0, 'nothing was sent');



=== TEST 33: the real simulator, and somebody in the middle
--- http_config eval: $::http
--- config eval: $::config
--- steps
# what the channel was asked for goes on to the simulator as it is

sub relay {
    my ($q, $change) = @_;

    my $s = send_raw($q->{head} =~ s/^(Host: .*)\r/$1\r\nConnection: close\r/mr
                     . "\r\n$q->{body}", $sim)->answer;
    my %a = (status => $s->{status}, body => $s->{body},
             head => [ grep { !/^(?:Server|Date|Content-Length|Connection):/ }
                       splice @{[ split /\r\n/, $s->{head} ]}, 1 ]);

    $change->(\%a) if $change;
    $q->reply($a{status}, $a{body}, @{ $a{head} });
}

my $id = number();
my $c = pay(order_id => $id);
relay($channel->take);
my $o = payment_ok($c, 'pay, nobody changes it', status => 'pending');
like($o->{next_action}{url},
     qr{\Ahttp://127.0.0.1:\d+/sandbox/checkout/\w+/$id\z}, 'its code');

my %change = (
    'the body' => sub { $_[0]{body} =~ s/checkout/chekcout/ },
    'white space of the body' => sub { $_[0]{body} .= "\n" },
    'the signature' => sub { s/^(Wechatpay-Signature: .{9})./${1}#/
                             for @{ $_[0]{head} } },
    'the timestamp' => sub { s/^(Wechatpay-Timestamp: )(\d+)/$1 . ($2 + 1)/e
                             for @{ $_[0]{head} } },
    'the nonce' => sub { s/^(Wechatpay-Nonce: )./$1_/ for @{ $_[0]{head} } },
    'the serial' => sub { s/^(Wechatpay-Serial: .*)./${1}2/
                          for @{ $_[0]{head} } },
    'the status' => sub { $_[0]{status} = 201 },
    'its end' => sub { chop $_[0]{body} }
);

for my $what (sort keys %change) {
    my $id = number();
    my $c = pay(order_id => $id);
    relay($channel->take, $change{$what});
    problem($c, '504 outcome_unknown query', "pay, $what is changed");

    # the simulator has it: a second prepay is answered, an order is there

    $c = query($id);
    relay($channel->take);
    payment_ok($c, "query, after $what was changed", status => 'pending');
    $c = pay(order_id => $id);
    relay($channel->take);
    payment_ok($c, "pay again, after $what was changed", status => 'pending');
}

# a good answer to another question

my $paid = number();
$c = pay(order_id => $paid);
relay($channel->take);
payment_ok($c, 'another order');

my $press = send_raw("POST /sandbox/checkout/wechat/$paid HTTP/1.1\r\n"
    . "Host: a\r\nConnection: close\r\nAccept: application/json\r\n"
    . "Content-Type: application/x-www-form-urlencoded\r\n"
    . "Content-Length: 10\r\n\r\naction=pay", $sim);

is(decode($press->answer(30)->{body})->{state}, 'SUCCESS', 'it is paid');

my %saved;
$c = query($paid);
relay($channel->take, sub { %saved = %{ $_[0] } });
payment_ok($c, 'query: paid', status => 'succeeded');

$c = query($id);
$channel->take->reply($saved{status}, $saved{body}, @{ $saved{head} });
problem($c, '502 channel_response_invalid query',
        'U-6: the answer about another order');

$c = query($id);
relay($channel->take);
payment_ok($c, 'query', status => 'pending');

$c = close_order($id);
relay($channel->take);
payment_ok($c, 'close', status => 'closed');

$c = query($id);
relay($channel->take);
payment_ok($c, 'query', status => 'closed');
