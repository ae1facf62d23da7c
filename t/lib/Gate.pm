#
# Copyright (C) the ngx_pay authors
#
# What the suites about the gate share: an application that writes down every
# request with the bytes of its body, and the requests that are tried on it.
#
#     use Test::Nginx::Socket 'no_plan';
#     use Pay;
#     use Gate;
#
#     --- http_config eval: $Gate::http
#     --- config
#     location /a { pay_auth on; proxy_pass http://app; }
#     --- call eval: [ Gate::five('/a') ]
#     --- problem eval: $Gate::five
#     --- app_calls
#     POST /a 200 [{"amount":1}]
#
# The application answers "app METHOD TARGET"; /none is 404 there, /accel?/uri
# answers with X-Accel-Redirect, and /files/ is what --- user_files holds.  What
# it gets under /mirror is written down apart: --- mirror_calls.
#

package Gate;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 sha256);
use MIME::Base64 qw(encode_base64);

use Pay;


# text for --- http_config; app: more lines of the application's server

sub http {
    my %p = (app => '', more => '', @_);
    my $app = delete $p{app};
    my $more = delete $p{more};

    return Pay::http(channel => undef, server => undef,
                     merchant => { webhook_secret => undef }, %p) . <<"_E";
    upstream app { server 127.0.0.1:\$TEST_NGINX_RAND_PORT_1; }

    log_format pay_app escape=none
               '\$request_method \$request_uri \$status [\$request_body]';

    server {
        listen 127.0.0.1:\$TEST_NGINX_RAND_PORT_1;
        access_log logs/app.log pay_app;
        client_max_body_size 4m;
        client_body_buffer_size 2m;
        $app

        location / { proxy_pass http://127.0.0.1:\$TEST_NGINX_RAND_PORT_1/sink/; }

        location /sink/ {
            access_log off;
            return 200 "app \$request_method \$request_uri\\n";
        }

        location /mirror/ {
            access_log logs/mirror.log pay_app;
            proxy_pass http://127.0.0.1:\$TEST_NGINX_RAND_PORT_1/sink/;
        }

        location /files/ { alias html/; }

        location /none { return 404 "app none\\n"; }

        location /accel {
            add_header X-Accel-Redirect \$args;
            return 200 "app accel\\n";
        }
    }
$more
_E
}

our $http = http();


# One request five times: without a signature, with one of another secret,
# with one of another body, with its own, and once more with the same.

sub five {
    my ($target, %more) = @_;

    my %c = (target => $target, body => '{"amount":1}', %more);

    $c{method} //= $c{body} eq '' ? 'GET' : 'POST';

    my $text;
    my $good = sub { $text //= Pay::authorization(%c) };

    return ({ %c, auth => undef }, { %c, secret => 'wrong' },
            { %c, sign => { body => "$c{body} " } },
            { %c, auth => $good }, { %c, auth => $good });
}

our $three = "401 signature_missing\n" . "401 signature_mismatch\n" x 2;
our $five = "$three-\n409 nonce_replayed\n";
our @codes = (401, 401, 401, 200, 409);


# the same without a body

sub get { five(shift, body => '', @_) }


# The other form of signature (RFC 9421 with Content-Digest): header lines for
# a call, as many as one text.  Parts: method, target, host, body, timestamp,
# nonce, merchant, key, secret, and sign => {...} as of a call.

sub message {
    my %p = (method => 'POST', host => 'localhost', body => '{"amount":1}',
             timestamp => time + 30, nonce => Pay::nonce(),
             merchant => 'demo', key => 'k1',
             secret => 'ngx-pay-demo-secret', @_);
    my $digest = sub { 'sha-256=:' . encode_base64(sha256($_[0]), '') . ':' };
    my %s = (%p, %{ $p{sign} // {} });
    my ($path, $query) = $s{target} =~ /\A([^?]*)(.*)\z/s;

    my @covered = ([ '@method' => $s{method} ], [ '@authority' => $s{host} ],
                   [ '@path' => $path ],
                   [ '@query' => $query eq '' ? '?' : $query ],
                   $s{body} eq '' ? ()
                   : [ 'content-digest' => $digest->($s{body}) ]);

    my $params = '(' . join(' ', map { "\"$_->[0]\"" } @covered) . ')'
                 . ";created=$p{timestamp};keyid=\"$p{merchant}/$p{key}\""
                 . ";nonce=\"$p{nonce}\";tag=\"ngx-pay\"";
    my $base = join "\n", map({ "\"$_->[0]\": $_->[1]" } @covered),
               "\"\@signature-params\": $params";

    return join "\n", "Signature-Input: pay=$params",
                'Signature: pay=:' . encode_base64(
                    hmac_sha256($base, $p{secret}), '') . ':',
                $p{body} eq '' ? ()
                : 'Content-Digest: ' . $digest->($p{body});
}


# five() by it; auth: what is in Authorization

sub five_messages {
    my ($target, %more) = @_;

    my %c = (target => $target, body => '{"amount":1}', auth => undef, %more);
    my ($text, @more) = ('', @{ delete $c{headers} // [] });

    $c{method} //= $c{body} eq '' ? 'GET' : 'POST';

    my $by = sub {
        my %s = (%c, @_);
        return { %c, headers => [ @more, sub { message(%s) } ] };
    };
    my $good = { %c, headers => [ @more, sub { $text ||= message(%c) } ] };

    return ({ %c, headers => [ @more ] }, $by->(secret => 'wrong'),
            $by->(sign => { body => "$c{body} " }), $good, $good);
}


# the bytes of a call, as --- call takes it

sub bytes {
    my ($request, $head) = Pay::_call({ %{ $_[0] }, pieces => undef });
    my ($line, $body) = split /\n/, $request, 2;

    return join '', map({ "$_\r\n" } $line, 'Host: gateway.example',
                        split /\n/, $head), "\r\n", $body // '';
}


# what the application has got so far, for --- steps

sub calls {
    my $n = shift;
    my $log = Test::Nginx::Util::server_root() . '/logs/app.log';
    my @lines;

    for (1 .. 40) {
        @lines = split /\n/, Pay::_read($log);
        last if @lines >= ($n // 1);
        select undef, undef, undef, 0.05;
    }

    return @lines;
}


# what "nginx -t" says to a text at http level: its last word of [emerg], else
# of [warn], else ""

sub checked {
    my ($http) = @_;

    my $file = Pay::file('checked.conf', join '', map({ "load_module $_;\n" }
        split ' ', $ENV{TEST_NGINX_LOAD_MODULES} // ''),
        "error_log stderr;\npid checked.pid;\nevents {\n}\n",
        "http {\naccess_log off;\n$http}\n");
    my ($dir) = $file =~ m{(.*)/};

    my $said = `$ENV{TEST_NGINX_BINARY} -t -p $dir -c $file 2>&1`;
    my %last = $said =~ /\[(emerg|warn)\] (?:\d+#\d+: )?(.*)/g;

    return $? ? '[emerg] ' . ($last{emerg} // $said)
           : defined $last{warn} ? "[warn] $last{warn}" : '';
}


Test::Nginx::Socket::add_response_body_check(sub {
    my ($block, undef, $i, undef, $dry) = @_;

    Pay::_check_log($block, 'mirror_calls', 'mirror.log')
        if !$dry && $i == Pay::_last($block);
});


1;
