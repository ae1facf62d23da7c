#
# Copyright (C) the ngx_pay authors
#
# What the Test::Nginx suites share; the functions alone serve a plain Perl
# drill as well.
#
#     use Test::Nginx::Socket 'no_plan';
#     use Pay;
#
# Functions:
#
#     Pay::authorization(PART => VALUE, ...)   value of the header
#     Pay::payment(FIELD => VALUE, ...)        JSON of a payment request
#     Pay::nonce()                             a fresh one
#     Pay::keys()                              directory of throwaway keys
#     Pay::file(NAME => BYTES)                 path of a file made for a test
#     Pay::http(PART => VALUE, ...)            text for --- http_config
#     Pay::locations(PART => VALUE, ...)       text for --- config
#
# Sections of a block, beside those of Test::Nginx:
#
#     --- call eval: { target => '/v1/x', body => '{}' }
#         a signed request, or a list of them, each on a connection of its
#         own.  It is built when the block runs.  Keys:
#
#         method, target, body    what is sent; POST where there is a body
#         sign => {...}           what is signed, where it differs from that
#         merchant, key, secret, scheme, nonce, signature
#                                 parts of the header
#         timestamp, or age       seconds before now; by default 30 ahead: a
#                                 fresh zone refuses what is not younger
#         auth => TEXT            the header itself; undef: none; or a sub that
#                                 gives it: eval is done for all blocks at
#                                 the start of the file, far too early to sign
#         type => TEXT            application/json where there is a body
#         headers => [LINE, ...]  more of them, "Name: value", or subs
#         chunked => [TEXT, ...]  the body by chunks instead of body
#         pieces => SECONDS       a pause before each chunk but the first
#         version => 'HTTP/1.0'
#         name => TEXT            for the names of the checks below
#
#     --- pipelined
#         the calls go through one connection, all at once
#
#     --- raw_request eval: sub { ... }
#         is called when the block runs: for what must be signed by then
#
#     --- problem
#     422 amount_invalid amount
#         one line a request: status, code, and param where there is one; "-"
#         where the answer is no problem.  The whole shape is checked.
#
#     --- json
#     status: pending
#     next_action.type: qr_code
#         members of the answer, as JSON::PP reads them; "~" is null or not
#         there, "/REGEX/" must match.  For several requests an eval list.
#
#     --- channel_calls
#     POST /v3/pay/transactions/native 200
#         what the simulated channel was asked for in this block, in order;
#         an empty section: nothing
#
#     --- app_calls
#     POST /app 200
#         the same of logs/app.log, for a location of the test's own with
#         "access_log logs/app.log pay_call;"
#
#     --- refused_at: TEXT
#         beside must_die: the last error names a file and a line that holds
#         this text
#
#     --- provoked
#         the block provokes [alert], [crit] or [emerg]; else, for every
#         block, these fail it, and so do lines of a dying worker or of a
#         sanitizer, at shutdown too
#
# A block whose config and http_config are those of the one before it goes on
# with the same nginx, the same zone and, in these sections, empty logs.
#

package Pay;

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(hmac_sha256);
use Encode qw(encode_utf8);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use JSON::PP ();
use MIME::Base64 qw(encode_base64);

my $root = abs_path(dirname(__FILE__) . '/../..');
my $bad = join '|', '\[alert\]', '\[crit\]', '\[emerg\]',
          'exited on signal', 'Sanitizer', 'runtime error:';
my ($dir, $count);


sub keys { "$root/conf-examples/sandbox/keys" }


sub file {
    my ($name, $bytes) = @_;

    $dir //= tempdir('ngx_pay.XXXXXX', TMPDIR => 1, CLEANUP => 1);

    open my $out, '>:raw', "$dir/$name" or die "$dir/$name: $!";
    print $out $bytes;
    close $out or die "$dir/$name: $!";
    chmod 0600, "$dir/$name";

    return "$dir/$name";
}


sub nonce { sprintf 'n%05d-%06d-%010d', $$, ++$count, time }


# the string to sign: method, target, timestamp, nonce, body, each ended by LF

sub authorization {
    my %p = (
        scheme => 'PAY-HMAC-SHA256', merchant => 'demo', key => 'k1',
        secret => 'ngx-pay-demo-secret', method => 'GET', target => '/',
        timestamp => time + 30, nonce => nonce(), body => '', @_
    );

    my %s = (%p, %{ $p{sign} // {} });

    my $signature = $p{signature} // encode_base64(hmac_sha256(
        join('', map { "$s{$_}\n" } qw(method target timestamp nonce body)),
        $s{secret}), '');

    return "$p{scheme} merchant=\"$p{merchant}\",key=\"$p{key}\","
           . "timestamp=\"$p{timestamp}\",nonce=\"$p{nonce}\","
           . "signature=\"$signature\"";
}


# fields given as undef are left out; \1, \0 and \'TEXT' (raw JSON) are taken

sub payment {
    my %f = (
        order_id => sprintf('T%d%05d%d', time, $$, ++$count),
        amount => 100, currency => 'CNY', description => 'a test',
        method => 'qr_code', channel => 'wechat', @_
    );

    my $json = JSON::PP->new->canonical->allow_nonref->utf8;

    return '{' . join(',', map {
        my $v = $f{$_};
        $json->encode($_) . ':' . (ref $v eq 'SCALAR' && $$v !~ /^[01]$/
                                   ? $$v : $json->encode($v))
    } grep { defined $f{$_} } sort CORE::keys %f) . '}';
}


# The lines of a block.  Those of the caller replace ours: undef drops one, a
# list repeats it; what we do not have is added at the end.

sub _block {
    my ($name, $default, $own) = @_;
    my (%left, $text) = %{ $own // {} };

    for my $line (@$default) {
        my ($word, $value) = @$line;
        $value = delete $left{$word} if exists $left{$word};
        $text .= _lines($word, $value);
    }

    $text .= _lines($_, $left{$_}) for sort CORE::keys %left;

    return "    $name {\n" . ($text // '') . "    }\n";
}


sub _lines {
    my ($word, $value) = @_;

    return join '', map { "        $word $_;\n" }
                    grep { defined } ref $value ? @$value : $value;
}


# Text for --- http_config.  Parts, with what they are by default:
#
#     port      '$TEST_NGINX_RAND_PORT_1', of the simulated channel
#     zone      'zone=pay:1m'; undef: none
#     channel   {}: lines of pay_channel wechat, as for _block; undef: none
#     merchant  {}: lines of pay_merchant demo, likewise
#     server    text: the locations of the channel's server, in place of the
#               simulator, the checkout page and the inbox; undef: no server
#     more      '': text at http level
#
# PAY_STORE in the environment is text beside pay_zone: pay_redis { ... }

sub http {
    my %p = (port => '$TEST_NGINX_RAND_PORT_1', zone => 'zone=pay:1m',
             channel => {}, merchant => {}, server => simulator(),
             more => '', @_);
    my $keys = Pay::keys();
    my $text = "    pay_secret $keys/echo.key;\n"
               . "    log_format pay_call "
               . "'\$request_method \$uri \$status';\n";

    $p{more} .= "\n" if $p{more} ne '';

    $text .= "    pay_zone $p{zone};\n" . ($ENV{PAY_STORE} // '') . "\n"
        if defined $p{zone};

    $text .= _block('pay_channel wechat', [
        [ driver => 'wechatpay_v3' ],
        [ mode => 'sandbox' ],
        [ host => "http://127.0.0.1:$p{port}" ],
        [ appid => 'wx8888888888888888' ],
        [ mchid => '1900000001' ],
        [ certificate => "$keys/apiclient_cert.pem" ],
        [ certificate_key => "$keys/apiclient_key.pem" ],
        [ platform_key => 'PUB_KEY_ID_0119000000012026112500000000000001 '
                          . "$keys/platform_pub.pem" ],
        [ api_v3_key => "$keys/apiv3.key" ],
        [ notify_url => 'http://127.0.0.1:$TEST_NGINX_SERVER_PORT'
                        . '/notify/wechat' ],
        [ sandbox_platform_key => "$keys/platform_key.pem" ]
    ], $p{channel}) if defined $p{channel};

    $text .= _block('pay_merchant demo', [
        [ secret => "k1 $keys/demo.k1" ],
        [ allow => '127.0.0.1' ],
        [ deny => 'all' ],
        [ channel => defined $p{channel} ? 'wechat' : undef ],
        [ webhook_secret => "$keys/demo.whsec" ]
    ], $p{merchant}) if defined $p{merchant};

    return $text . $p{more} unless defined $p{server};

    return $text . <<"_E" . $p{more};

    server {
        listen 127.0.0.1:$p{port};
        server_name channel;
        access_log logs/channel.log pay_call;

$p{server}    }
_E
}


# the locations of the simulated channel; --- channel_calls sees /v3/ only

sub simulator {
    my $call = call_location();

    return <<"_E";
        location /v3/ { pay_sandbox wechatpay_v3; }

        location /sandbox/checkout/ {
            pay_sandbox checkout;
            access_log logs/checkout.log;
        }

        location = /sandbox/inbox {
            pay_sandbox inbox;
            access_log logs/inbox.log;
        }

$call
_E
}


sub call_location {
    return "        location = /_pay {\n            internal;\n"
           . "            include $root/conf-examples/pay_proxy.conf;\n"
           . "        }\n";
}


# Text for --- config: /v1/, /notify/wechat and the call location.  Parts:
#
#     api     '': more lines of location /v1/
#     notify  text: the lines of location = /notify/wechat; by default the
#             inbox is the application; undef: no such location

sub locations {
    my %p = (api => '', notify => <<'_E', @_);
            pay_notify wechat;
            proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/sandbox/inbox;
_E

    my $text = "        location /v1/ {\n            pay_api;\n$p{api}"
               . "        }\n";

    $text .= "        location = /notify/wechat {\n$p{notify}        }\n"
        if defined $p{notify};

    return $text . call_location();
}


# from here on: the sections

sub _call {
    my %c = %{ $_[0] };

    $c{body} = join '', @{ $c{chunked} } if $c{chunked};
    $c{body} //= '';
    $c{method} //= $c{body} eq '' ? 'GET' : 'POST';
    $c{target} //= '/';
    $c{timestamp} //= time - $c{age} if defined $c{age};

    my @head = map { ref ? $_->() : $_ } @{ $c{headers} // [] };
    my $auth = exists $c{auth} ? $c{auth} : authorization(%c);

    $auth = $auth->() if ref $auth eq 'CODE';

    push @head, "Authorization: $auth" if defined $auth;

    if ($c{body} ne '' || defined $c{type}) {
        push @head, 'Content-Type: ' . ($c{type} // 'application/json');
    }

    push @head, $c{chunked} ? 'Transfer-Encoding: chunked'
                : "Content-Length: " . length $c{body}
        if $c{body} ne '' || $c{chunked};

    my $line = "$c{method} $c{target} " . ($c{version} // 'HTTP/1.1') . "\n";
    my $request = $line . $c{body};

    if ($c{chunked}) {
        my @chunk = map { sprintf "%x\r\n%s\r\n", length, $_ }
                    @{ $c{chunked} };

        $chunk[0] = $line . ($chunk[0] // '');
        $chunk[-1] .= "0\r\n\r\n";

        $request = $c{pieces} ? [ $chunk[0], map {
            { value => $_, delay_before => $c{pieces} }
        } @chunk[1 .. $#chunk] ] : join '', @chunk;
    }

    return ($request, join("\n", @head) . "\n");
}


sub _prepare {
    my $block = shift;
    my $call = $block->call;

    if (defined $call) {
        my (@request, @head);

        for my $c (ref $call eq 'ARRAY' ? @$call : $call) {
            my ($r, $h) = _call($c);
            push @request, $r;
            push @head, $h;
        }

        $block->set_value(defined $block->pipelined ? 'pipelined_requests'
                                                    : 'request', \@request);
        $block->set_value('more_headers', \@head);
    }

    if (ref $block->raw_request eq 'CODE') {
        $block->set_value('raw_request', $block->raw_request->());
    }

    # the problem tells the status; what else is expected is written down

    if (defined $block->problem && !defined $block->error_code) {
        $block->set_value('error_code', [ map { /^(\d+)/ ? $1 : 200 }
                                          split /\n/, $block->problem ]);

    } elsif (!defined $block->error_code && !defined $block->error_code_like
             && ref $call eq 'ARRAY')
    {
        $block->set_value('error_code', [ (200) x @$call ]);
    }

    # another http_config is another config, which the scaffold forgets

    if (defined $block->config) {
        my $text = join "\0", map { defined $block->$_ ? '+' . $block->$_
                                                       : '-' }
                   qw(http_config main_config http2 must_die);

        $text .= $block->name if defined $block->must_die;

        $block->set_value('config', $block->config . "\n# "
                          . Digest::SHA::sha1_hex(encode_utf8($text)) . "\n");
    }

    _quiet($block);
    _truncate();
}


sub _quiet {
    my $block = shift;

    if (defined $block->must_die) {
        $block->set_value('suppress_stderr', 1);
        return;
    }

    return if defined $block->provoked;

    for my $name (qw(no_error_log no_shutdown_error_log)) {
        my $own = $block->$name;

        $block->set_value($name, [
            qr/$bad/, ref $own eq 'ARRAY' ? @$own
                  : ref $own ? $own : split /\n/, $own // ''
        ]);
    }
}


sub _truncate {
    for my $log (glob Test::Nginx::Util::server_root() . '/logs/*.log') {
        truncate $log, 0;
    }
}


sub _index { ref $_[0] eq 'ARRAY' ? $_[0][$_[1]] : $_[0] }


sub _check {
    my ($block, $body, $i, undef, $dry) = @_;

    return if $dry;

    my $name = $block->name . " (request $i)";
    my $c = _index($block->call, $i);

    $name .= ' ' . encode_utf8($c->{name})
        if ref $c eq 'HASH' && defined $c->{name};

    _check_problem($name, $body, (split /\n/, $block->problem)[$i])
        if defined $block->problem;

    _check_json($name, $body, _index($block->json, $i))
        if defined $block->json;

    if ($i == _last($block)) {
        _check_log($block, 'channel_calls', 'channel.log');
        _check_log($block, 'app_calls', 'app.log');
    }
}


sub _last {
    my $block = shift;

    my $list = $block->pipelined_requests // $block->request;

    return ref $list eq 'ARRAY' ? $#$list : 0;
}


sub _decode {
    my ($name, $body) = @_;

    my $o = eval { JSON::PP->new->utf8->decode($body) };

    Test::More::ok(ref $o eq 'HASH', "$name - a JSON object")
        or Test::More::diag($body);

    return ref $o eq 'HASH' ? $o : {};
}


sub _check_problem {
    my ($name, $body, $line) = @_;

    return if !defined $line || $line =~ /^-/;

    my ($status, $code, $param) = split / /, $line, 3;
    my $o = _decode($name, $body);

    Test::More::is(
        join(' ', map { encode_utf8($_ // '') }
                  @$o{qw(status code param type)}),
        join(' ', $status, $code, $param // '', 'about:blank'),
        "$name - problem $line");

    my @missing = grep { ($o->{$_} // '') eq '' }
                  qw(title detail retry request_id);

    Test::More::is("@missing", '', "$name - all members of a problem");
}


sub _check_json {
    my ($name, $body, $lines) = @_;

    return if !defined $lines;

    my $o = _decode($name, $body);

    for my $line (split /\n/, $lines) {
        my ($path, $want) = $line =~ /^\s*([^:\s]+):\s*(.*?)\s*$/ or next;
        my $v = $o;

        for my $step (split /\./, $path) {
            $v = ref $v eq 'HASH' ? $v->{$step}
                 : ref $v eq 'ARRAY' ? $v->[$step] : undef;
        }

        $v = JSON::PP::is_bool($v) ? ($v ? 'true' : 'false')
             : ref $v ? JSON::PP->new->canonical->encode($v)
             : $v // '~';

        if ($want =~ m{^/(.*)/$}) {
            Test::More::like($v, qr/$1/, "$name - $path");

        } else {
            Test::More::is(encode_utf8($v), $want, "$name - $path");
        }
    }
}


# a line may come a moment after the answer that it tells of

sub _check_log {
    my ($block, $section, $file) = @_;
    my $want = $block->$section;
    my $log;

    return if !defined $want;

    $want =~ s/\n*\z/\n/ if $want ne '';

    for (1 .. 20) {
        $log = _read(Test::Nginx::Util::server_root() . "/logs/$file");
        last if $log eq $want;
        select undef, undef, undef, 0.05;
    }

    Test::More::is($log, $want, $block->name . " - $section");
}


sub _read {
    open my $in, '<', $_[0] or return '';
    local $/;
    return <$in> // '';
}


# the file may be any that the configuration includes

sub _check_refused {
    my $block = shift;
    my $log = Test::Nginx::Util::server_root() . '/logs/error.log';

    return if !defined $block->refused_at;

    my ($file, $line) = _read($log) =~ /.*\[emerg\].* in (\S+):(\d+)$/ms;
    my $text = defined $file ? (split /^/, _read($file))[$line - 1] : undef;

    Test::More::like($text, qr/\Q${\$block->refused_at}\E/,
                     $block->name . ' - the line that is named');
}


if ($INC{'Test/Nginx/Socket.pm'}) {
    $Test::Nginx::Util::ForceRestartOnTest =
        $ENV{TEST_NGINX_FORCE_RESTART_ON_TEST} // 0;

    Test::Nginx::Util::add_test_cleanup_handler(\&_check_refused);
    Test::Nginx::Util::add_block_preprocessor(\&_prepare);
    Test::Nginx::Socket::add_response_body_check(\&_check);
}


1;
