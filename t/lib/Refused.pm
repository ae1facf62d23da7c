#
# Copyright (C) the ngx_pay authors
#
# Suites about the configuration: a block is written by a line or two of Perl
# instead of a section each.
#
#     use Refused;
#     refused('appid missing', 'has no "appid"', channel(appid => undef));
#     taken('the sandbox', 'pay_channel "wechat": driver');
#     run_refused();
#

package Refused;

use strict;
use warnings;

use Exporter qw(import);

use Pay;

our @EXPORT = qw(refused taken channel merchant run_refused);

my ($spec, $n) = ('', 0);


# refused NAME, TEXT of the message, OPTION => VALUE ...
#
#   at        text of the line that is named, if one is
#   http      parts for Pay::http
#   config    text; by default all locations
#
# taken NAME, TEXT of the log or '', the same; not: a regex of no line

sub refused {
    my ($name, $text, %o) = @_;

    $spec .= "=== TEST " . ++$n . ": $name\n"
             . "--- http_config\n" . Pay::http(@{ $o{http} // [] })
             . "--- config\n" . ($o{config} // Pay::locations())
             . "--- must_die: 1\n"
             . "--- error_log eval: qr/\\[emerg\\].*" . quotemeta($text) . "/\n"
             . (defined $o{at} ? "--- refused_at: $o{at}\n" : '') . "\n";
}


sub taken {
    my ($name, $log, %o) = @_;

    $spec .= "=== TEST " . ++$n . ": $name\n"
             . "--- http_config\n" . Pay::http(@{ $o{http} // [] })
             . "--- config\n" . ($o{config} // Pay::locations())
             . "--- request\nGET /\n--- response_body_like: It works\n"
             . ($log ne '' ? "--- error_log\n$log\n" : '')
             . (defined $o{not} ? "--- no_error_log eval: qr/$o{not}/\n" : '')
             . "\n";
}


# options for the lines of pay_channel wechat, and of pay_merchant demo

sub channel { (http => [ channel => { @_ } ]) }
sub merchant { (http => [ merchant => { @_ } ]) }


sub run_refused {
    Test::Base::spec_string($spec);
    Test::Nginx::Util::run_tests();
}


1;
