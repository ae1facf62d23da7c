#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# A day of 200 MB: its rows pass through a worker whose memory does not grow
# by it, and none of them leaves before the file's digest is right
# (docs/design.md section 7).

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../lib";

use Digest::SHA;
use Drill;
use IO::Compress::Gzip qw(gzip);
use MIME::Base64 qw(encode_base64);
use Pay;
use Test::More;
use Time::HiRes qw(sleep time);

my $head = "\xef\xbb\xbf交易时间,公众账号ID,商户号,特约商户号,设备号,"
           . '微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,'
           . '货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,'
           . '退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,'
           . "手续费,费率,订单金额,申请退款金额,费率备注\r\n";
my $tail = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,'
           . "手续费总金额,订单总金额,申请退款总金额\r\n";

# so many of these blocks are a day; each is a gzip file of its own, as they
# may follow one another

my $rows = 2500;
my $block = join '', map {
    line('2026-11-21 01:52:32', 'wx8888888888888888', '1900000001', '0', '',
         sprintf('42000002632026112177%08d', $_), sprintf('T%011d', $_),
         'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', 'NATIVE', 'SUCCESS', 'OTHERS', 'CNY',
         '1.00', '0.00', '0', '0', '0.00', '0.00', '', '',
         'a thing, with a comma ' . ($_ * 7919 % 1000003), '' , '0.01000',
         '1.00%', '1.00', '0.00', '')
} 1 .. $rows;


sub line { join(',', map { "`$_" } @_) . "\r\n" }


sub packed {
    my $text = shift;
    gzip(\$text, \my $out) or die "gzip\n";
    return $out;
}


# its digest, and the file; extra: lines behind the blocks

sub day {
    my ($n, %p) = @_;
    my $sha = Digest::SHA->new(1);
    my $count = $n * $rows;
    my $sums = $tail . line($count, map { sprintf '%.2f', $_ }
                            $p{amount} // $count, 0, 0, $count / 100,
                            $p{amount} // $count, 0);
    my $end = ($p{extra} // '') . $sums;

    $sha->add($head);
    $sha->add($block) for 1 .. $n;
    $sha->add($end);

    return [ $sha->hexdigest,
             packed($head) . packed($block) x $n . packed($end) ];
}


sub signed {
    my $body = shift;
    my ($t, $nonce) = (int time, 'm' x 32);
    my $file = Pay::file('statement.txt', "$t\n$nonce\n$body\n");
    my $key = Pay::keys() . '/platform_key.pem';
    my $s = encode_base64(scalar `openssl dgst -sha256 -sign $key $file`, '');

    return { body => $body, headers => [
        'Content-Type: application/json', "Wechatpay-Timestamp: $t",
        "Wechatpay-Nonce: $nonce", "Wechatpay-Signature: $s",
        'Wechatpay-Serial: PUB_KEY_ID_0119000000012026112500000000000001',
        'Wechatpay-Signature-Type: WECHATPAY2-SHA256-RSA2048' ] };
}


my $mb = 1024 * 1024;
my $many = int(200 * $mb / length $block) + 1;

my %days = (
    large => day($many),
    small => day(2),
    none => day(0),
    sums => day(1, amount => 7),
    broken => day(2, extra => line(1, 2, 3)),
    larger => day(int(301 * $mb / length $block) + 1)
);

my $bank = Drill::Mock->new(Drill::dir(), 'bank', sub {
    my ($q, $mode) = @_;
    my ($day, $fault) = split ' ', $mode;
    my ($digest, $file) = @{ $days{$day} };

    $fault //= '';

    if ($q->{line} =~ m{^GET /v3/bill/tradebill\?bill_date=2026-11-21&}) {
        $digest =~ tr/0-9a-f/1-9a-f0/ if $fault eq 'digest';

        my ($host) = $q->{raw} =~ /^Host: (\S+)/mi;

        return signed(qq({"hash_type":"SHA1","hash_value":"$digest",)
                      . qq("download_url":"http://$host/v3/billdownload/)
                      . qq(file?token=t"}));
    }

    return { status => 404, body => 'no' } if $fault eq 'away';

    my $length = length $file;

    $file = substr $file, 0, int $length / 2 if $fault =~ /^(?:cut|short)$/;
    $length = length $file if $fault eq 'short';
    ($file, $length) = ('plain', 5) if $fault eq 'plain';

    return { raw => "HTTP/1.1 200 OK\r\nContent-Length: $length\r\n"
                    . "Connection: close\r\n\r\n$file" };
});

my $site = site(channel => $bank->port, workers => 1,
                http => 'pay_statement_size 300m;');


sub get {
    my ($day, $args, $date) = @_;

    $bank->mode($day);

    return request('GET', '/v1/statements/' . ($date // '2026-11-21')
                          . '?channel=wechat' . ($args // ''), '');
}


# all that comes, within five minutes; piece by piece to the caller

sub drain {
    my ($s, $take) = @_;
    my $end = time + 300;

    while (time < $end) {
        vec(my $in = '', fileno $s, 1) = 1;
        next if !select $in, undef, undef, 1;

        my $n = sysread $s, my $bytes, 262144;
        return 1 if !$n;
        $take->($bytes);
    }

    return 0;
}


sub whole {
    my $text = '';

    drain(send_raw($_[0]), sub { $text .= $_[0] });

    return $text;
}


sub memory {
    my ($pid) = $site->{gate}->workers;
    my ($kb) = Drill::_read("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m;

    return $kb / 1024;
}


sub refused { told(ask(get(@_))) }


# what is asked for

is(refused('small', '', '2026-02-30'), '422 field_invalid', 'no such day');
is(refused('small', '', '20261121'), '422 field_invalid', 'no date');
is(refused('small', '&format=xml'), '422 field_invalid', 'another format');
is(refused('small', '&type=all'), '422 field_invalid', 'another type');
is(refused('small', '&x=1'), '422 field_unknown', 'an argument of no name');
is($bank->count, 0, '... and the channel was not asked');

# a small day: every row

my $text = whole(get('small') =~ s{HTTP/1.1}{HTTP/1.0}r);
my @lines = split /\n/, $text =~ s/\A.*?\r\n\r\n//sr;

like($text, qr{^HTTP/1.1 200 OK\r\n}, 'a small day: 200');
like($text, qr{^Content-Type: application/x-ndjson\r\n}m, '... NDJSON');
is(@lines, 2 * $rows + 1, '... a line each, and the summary');

my $first = json($lines[0]);
is($first->{order_id}, 'T00000000001', '... the first');
is($first->{amount}, 100, '... its amount');
is($first->{fee}, 1, '... its fee');
is($first->{row_type}, 'payment', '... its type');

my $last = json($lines[-1]);
is($last->{row_type}, 'summary', '... the last');
is($last->{rows}, 2 * $rows, '... counts');
is($last->{amount}, 200 * $rows, '... sums');
ok($last->{matches}, '... as the channel does');

$last = json((split /\n/, whole(get('none') =~ s{HTTP/1.1}{HTTP/1.0}r))[-1]);
is($last->{rows}, 0, 'a day of no rows: a summary');
ok($last->{matches}, '... which matches');

$last = json((split /\n/, whole(get('sums') =~ s{HTTP/1.1}{HTTP/1.0}r))[-1]);
ok(defined $last->{matches} && !$last->{matches},
   'other sums than the channel\'s: it is said');
is($site->{gate}->said('does not match the channel'), 1, '... and logged');


# no row of a file that is not what it should be

my %faults = (digest => 'another digest', cut => 'cut short',
              short => 'a shorter one', plain => 'no gzip file',
              away => '404');

for my $fault (sort keys %faults) {
    is(refused("small $fault"), '502 channel_response_invalid',
       "$faults{$fault}: no row of it");
}

is(refused('larger'), '502 channel_response_invalid',
   'more than pay_statement_size: no row of it');
is($site->{gate}->said('is not taken: size'), 1, '... and the reason');

$text = whole(get('broken'));
like($text, qr{^HTTP/1.1 200 OK\r\n}, 'a line that is none, at the end');
unlike($text, qr/"summary"/, '... there is no summary');
unlike($text, qr/\r\n0\r\n\r\n\z/, '... and no end of the answer');


# a large day, of which a client takes its time

my $before = memory();
my $s = send_raw(get('large', '&format=csv') =~ s{HTTP/1.1}{HTTP/1.0}r);
my ($n, $kept, $header) = (0, '', '');
my $paused = 0;

my $done = drain($s, sub {
    my $bytes = shift;

    if ($header !~ /\r\n\r\n/) {
        $header .= $bytes;
        $bytes = $header =~ s/\r\n\r\n\K(.*)\z//s ? $1 : '';
    }

    $n += $bytes =~ tr/\n//;
    $kept = substr $kept . $bytes, -400 if length $bytes;

    if (!$paused) {
        $paused = 1;
        sleep 1;
        is(ask("GET /status HTTP/1.0\r\n\r\n",
               $site->{port}{status})->{status}, 200,
           'a client that does not read holds nobody up');
    }
});

my $after = memory();

ok($done, 'a large day comes to its end');
is($n, $many * $rows + 2, '... every row, the names and the summary');
like($kept, qr/rows ${\($many * $rows)} matches true\r\n\z/,
     '... which says that it is whole');
ok($after - $before < 32, '... through 32 MB of memory at the most');
counted('a statement of %d MB: the worker had %.1f MB before, %.1f MB after',
        $many * length($block) / $mb, $before, $after);


# a client that leaves

$s = send_raw(get('large'));
sysread $s, my $some, 65536;
leave($s, 'reset');
is(told(ask(get('none', '&format=csv'))), '200 -', 'a client that leaves');

is(scalar(my @left = glob "$site->{gate}{dir}/temp/body/*"), 0,
   'no temporary file is left');

finish();

done_testing();
