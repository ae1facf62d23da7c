#
# Copyright (C) the ngx_pay authors
#
# What "nginx -t" refuses of pay_redis, by message, file and line; and what it
# takes.
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Refused;

no_long_string();
no_shuffle();
log_level('notice');


my @nothing = (channel => undef, merchant => undef, server => undef);

sub password { Pay::file("$_[0].password", $_[1]) }

sub block {
    my @lines = map { "        $_\n" } @_;

    return (http => [ @nothing, more => "    pay_redis {\n@lines    }" ],
            config => "location /a { pay_auth on; return 204; }\n");
}

my $server = 'server 127.0.0.1:1;';


# server

for (
    [ 'without an argument', 'server;', 'has an invalid number of arguments' ],
    [ 'two arguments', 'server 127.0.0.1:1 127.0.0.1:2;',
      'has an invalid number of arguments' ],
    [ 'without a port', 'server 127.0.0.1;',
      'must be "host:port" or "unix:/path"' ],
    [ 'a number', 'server 6379;', 'must be "host:port" or "unix:/path"' ],
    [ 'an empty port', 'server 127.0.0.1:;', 'invalid port in "127.0.0.1:"' ],
    [ 'port 0', 'server 127.0.0.1:0;', 'invalid port in "127.0.0.1:0"' ],
    [ 'port 65536', 'server 127.0.0.1:65536;',
      'invalid port in "127.0.0.1:65536"' ],
    [ 'a range of ports', 'server 127.0.0.1:1-2;',
      'invalid port in "127.0.0.1:1-2"' ],
    [ 'without a host', 'server :6379;', 'no host in ":6379"' ],
    [ 'any host', 'server *:6379;', 'in "*:6379"' ],
    [ 'a path', 'server 127.0.0.1:1/0;', 'invalid host in "127.0.0.1:1/0"' ],
    [ 'a URL', 'server redis://127.0.0.1:1;',
      'invalid host in "redis://127.0.0.1:1"' ],
    [ 'a name that is not there', 'server nobody.invalid:6379;',
      'host not found in "nobody.invalid:6379"' ],
    [ 'a bad IPv6 address', 'server [::1:6379;', 'in "[::1:6379"' ],
    [ 'IPv6 without a port', 'server [::1];',
      'must be "host:port" or "unix:/path"' ],
    [ 'unix without a path', 'server unix:;',
      'no path in the unix domain socket in "unix:"' ],
    [ 'unix with a long path', 'server unix:/' . 'x' x 200 . ';',
      'too long path in the unix domain socket' ]
) {
    my ($name, $line, $text) = @$_;

    refused("server, $name", $text, at => 'server', block($line));
}


# what is missing, twice, unknown, or does not go together

refused('an empty block', 'pay_redis has no "server"', at => '}', block());
refused('without a server', 'pay_redis has no "server"', at => '}',
        block('timeout 100ms;'));
refused('two blocks', '"pay_redis" directive is duplicate', at => 'pay_redis',
        http => [ @nothing, more => "pay_redis {\n$server\n}\n"
                                    . "pay_redis {\n$server\n}" ],
        config => "location /a { pay_auth on; return 204; }\n");
refused('a name', 'invalid number of arguments in "pay_redis"',
        at => 'pay_redis', config => "location /a { }\n",
        http => [ @nothing, more => "pay_redis x {\n$server\n}" ]);
refused('no block', 'directive "pay_redis" has no opening "{"',
        at => 'pay_redis', config => "location /a { }\n",
        http => [ @nothing, more => 'pay_redis;' ]);
refused('in a server', '"pay_redis" directive is not allowed here',
        at => 'pay_redis', http => [ @nothing ],
        config => "pay_redis { $server }\n");
refused('an unknown line',
        '"color" in pay_redis is not a directive of this block',
        at => 'color', block($server, 'color red;'));

my $file = password('good', "a password\n");

for (
    [ $server, 'server 127.0.0.1:2;' ],
    [ 'user a;', 'user b;' ],
    [ "password_file $file;", "password_file  $file;" ],
    [ 'database 1;', 'database 2;' ],
    [ 'key_prefix a:;', 'key_prefix b:;' ],
    [ 'connect_timeout 1ms;', 'connect_timeout 2ms;' ],
    [ 'timeout 1ms;', 'timeout 2ms;' ],
    [ 'tls off;', 'tls  off;' ],
    [ 'tls_ca a;', 'tls_ca b;' ],
    [ 'tls_name a;', 'tls_name b;' ]
) {
    my ($one, $two) = @$_;
    my ($word) = $one =~ /^(\w+)/;

    refused("$word, twice", qq{"$word" in pay_redis is duplicate}, at => $two,
            block($one, $two));
}

refused('user without a password',
        'pay_redis has "user", but no "password_file"', at => '}',
        block($server, 'user a;'));
refused('tls_ca without tls',
        'pay_redis has "tls_ca" or "tls_name", but not "tls on"', at => '}',
        block($server, 'tls_ca a;'));
refused('tls_name without tls',
        'pay_redis has "tls_ca" or "tls_name", but not "tls on"', at => '}',
        block($server, 'tls off;', 'tls_name a;'));


# values

for my $word (qw(timeout connect_timeout)) {

    refused("$word, $_->[0]", qq{"$word" in pay_redis $_->[1]}, at => $word,
            block($server, "$word $_->[0];"))
        for [ '0', 'must be 1ms to 10s' ], [ '0ms', 'must be 1ms to 10s' ],
            [ '10001ms', 'must be 1ms to 10s' ],
            [ '11', 'must be 1ms to 10s' ], [ '1x', 'invalid value' ],
            [ '-1', 'invalid value' ], [ '""', 'invalid value' ];
}

for (
    [ '-1', 'invalid number' ], [ 'a', 'invalid number' ],
    [ '1.5', 'invalid number' ], [ '65536', 'must be 0 to 65535' ]
) {
    refused("database, $_->[0]", qq{"database" in pay_redis $_->[1]},
            at => 'database', block($server, "database $_->[0];"));
}

for my $word (qw(user key_prefix tls_name)) {

    refused("$word, $_->[0]", qq{"$word" in pay_redis must be 1 to 64 }
            . 'characters of A-Z a-z 0-9', at => $word,
            block($server, "$word $_->[1];"))
        for [ 'empty', '""' ], [ 'a space', '"a b"' ],
            [ 'not ASCII', "\x{e9}" ], [ '65 characters', 'a' x 65 ];
}

refused('tls, neither on nor off', 'it must be "on" or "off"', at => 'tls',
        block($server, 'tls yes;'));


# the password's file

for (
    [ 'empty', '', 'is empty' ],
    [ 'a line end alone', "\n", 'the secret is empty' ],
    [ 'two lines', "a password\nanother\n",
      'the secret has a NUL or a line end inside' ],
    [ 'NUL inside', "a pass\0word", 'the secret has a NUL or a line end' ],
    [ 'one repeated byte', 'aaaaaaaa', 'the secret is one repeated byte' ],
    [ 'too long', 'ab' x 2500, 'the secret is too long' ]
) {
    my ($name, $bytes, $text) = @$_;

    refused("password_file, $name", $text, at => 'password_file',
            block($server, 'password_file '
                           . password($name =~ s/\W+/-/gr, $bytes) . ';'));
}

refused('password_file, not there', 'nobody.password" failed',
        at => 'password_file', block($server, 'password_file nobody.password;'));
refused('password_file, a directory', 'is not a regular file',
        at => 'password_file', block($server, 'password_file /;'));


# tls, where the build has it or not: both are refusals

refused('tls on, without a CA', 'tls on" ', block($server, 'tls on;'));
refused('tls on, a unix socket', 'tls on" ',
        block('server unix:/x;', 'tls on;'));
refused('tls on, a CA that is not there', ' in pay_redis',
        block($server, 'tls on;', 'tls_ca nobody.pem;'));


# what is taken; nobody needs to answer

for (
    [ 'a server alone', $server ],
    [ 'IPv6', 'server [::1]:1;' ],
    [ 'a name', 'server localhost:1;' ],
    [ 'a unix socket', 'server unix:/nobody.sock;' ],
    [ 'the smallest values', $server, 'timeout 1ms;', 'connect_timeout 1ms;',
      'database 0;', 'key_prefix a;' ],
    [ 'the largest values', $server, 'timeout 10s;', 'connect_timeout 10000ms;',
      'database 65535;', 'key_prefix ' . 'a' x 64 . ';' ],
    [ 'every line', $server, 'user pay@shop-1;', "password_file $file;",
      'database 3;', 'key_prefix "{pay}:a_b.c/";', 'connect_timeout 300ms;',
      'timeout 300ms;', 'tls off;' ],
    [ 'a short password', $server,
      'password_file ' . password('short', 'ab') . ';' ]
) {
    my ($name, @lines) = @$_;

    taken($name, '', block(@lines));
}


run_refused();
