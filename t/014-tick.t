#
# Copyright (C) the ngx_pay authors
#
# Where pay_tick may be, and pay_statement_size (docs/design.md sections 7, 10).
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Refused;

no_long_string();
no_shuffle();
log_level('notice');

my $tick = "location = /_pay/tick { pay_tick; }\n";
my @none = (http => [ channel => undef, server => undef ]);


# The server of Test::Nginx listens on all addresses.

sub server {
    my ($listen, $more, $location) = @_;

    return (http => [ more => "    server {\n        listen $listen;\n"
                              . "        server_name tick;\n"
                              . Pay::call_location() . ($more // '')
                              . ($location // $tick) . "    }\n" ]);
}


my $port = '$TEST_NGINX_RAND_PORT_3';

refused('no loopback listener', '"pay_tick" in location "/_pay/tick" needs a '
        . 'listener of its server on a loopback address', at => 'pay_tick',
        config => Pay::locations() . $tick);
refused('TLS alone', 'needs a listener of its server',
        server("127.0.0.1:$port ssl", "        ssl_certificate "
               . Pay::keys() . "/apiclient_cert.pem;\n"
               . "        ssl_certificate_key " . Pay::keys()
               . "/apiclient_key.pem;\n"));
refused('the PROXY protocol alone', 'needs a listener of its server',
        server("127.0.0.1:$port proxy_protocol"));
refused('a unix socket', 'needs a listener of its server',
        server('unix:logs/tick.sock'));
refused('a location by prefix', 'must be in a location with "="',
        server("127.0.0.1:$port", '',
               "location /_pay/tick { pay_tick; }\n"));
refused('twice', '"pay_tick" directive is duplicate: one location is enough',
        at => 'pay_tick', server("127.0.0.1:$port", '',
               "location = /x {\n    pay_tick;\n}\n$tick"));
refused('behind proxy_pass', 'conflicts with another handler',
        at => 'pay_tick', server("127.0.0.1:$port", '',
               "location = /x {\nproxy_pass http://127.0.0.1:1;\n"
               . "pay_tick;\n}\n"));
refused('in front of proxy_pass', '"pay_tick" in location "/x" does not go '
        . 'together with proxy_pass', at => 'pay_tick',
        server("127.0.0.1:$port", '', "location = /x {\npay_tick;\n"
               . "proxy_pass http://127.0.0.1:1;\n}\n"));
refused('in an if', '"pay_tick" directive is not allowed', at => 'pay_tick',
        server("127.0.0.1:$port", '',
               "location = /x {\nif (\$arg_x) {\npay_tick;\n}\n}\n"));
refused('an argument', 'invalid number of arguments in "pay_tick"',
        at => 'pay_tick', server("127.0.0.1:$port", '',
                                 "location = /x {\npay_tick on;\n}\n"));
refused('no call location', 'there must be a "location = /_pay',
        http => [ more => "server {\nlisten 127.0.0.1:$port;\n$tick}\n" ]);
refused('no zone', 'need "pay_zone zone=name:size;"',
        http => [ channel => undef, server => undef, zone => undef,
                  merchant => undef,
                  more => "server {\nlisten 127.0.0.1:$port;\n$tick}\n" ],
        config => '');


# pay_statement_size

refused('pay_statement_size, a word', '"pay_statement_size" directive invalid '
        . 'value', at => 'pay_statement_size', @none,
        config => "pay_statement_size large;\n");
refused('pay_statement_size twice', '"pay_statement_size" directive is '
        . 'duplicate', at => 'pay_statement_size', @none,
        config => "pay_statement_size 1m;\npay_statement_size 1m;\n");

for ("127.0.0.1:$port", "127.0.0.2:$port") {
    taken($_, '', server($_));
}

run_refused();
