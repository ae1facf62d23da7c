#
# Copyright (C) the ngx_pay authors
#
# Merchants on a channel, as nginx -t sees them: whose order a notice speaks of
# must be told (docs/design.md 9).
#

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Pay;
use Refused;

no_long_string();
no_shuffle();


my $keys = Pay::keys();

sub two {
    my ($one, $other) = @_;
    my $secret = Pay::file('other', 'the secret of the other one');

    return (http => [ merchant => { channel => $one },
                      more => "pay_merchant other {\nsecret k1 $secret;\n"
                              . "webhook_secret $keys/demo.whsec;\n"
                              . "channel $other;\n}\n" ]);
}


refused('one without a prefix', 'whose order a notice speaks of could not be '
        . 'told', two('wechat', 'wechat'));
refused('one of two without a prefix', 'could not be told',
        two('wechat', 'wechat prefix=b'), at => 'channel wechat');
refused('the same prefix', 'the prefix of one begins that of the other',
        two('wechat prefix=b', 'wechat prefix=b'));
refused('a prefix that begins another', 'the prefix of one begins that of '
        . 'the other', two('wechat prefix=b', 'wechat prefix=ba'),
        at => 'channel wechat');
refused('... the other way round', 'the prefix of one begins that of the '
        . 'other', two('wechat prefix=ba', 'wechat prefix=b'));
refused('the same sub_merchant', 'could not be told',
        two('wechat sub_merchant=7', 'wechat sub_merchant=7'));
refused('a prefix and a sub_merchant', 'could not be told',
        two('wechat sub_merchant=7', 'wechat prefix=a'));
refused('a prefix twice', '"prefix=b" of "channel wechat" in pay_merchant '
        . '"demo" is duplicate', two('wechat prefix=a prefix=b', 'wechat'),
        at => 'channel wechat');
refused('an empty prefix', '"prefix=" of "channel wechat"',
        two('wechat prefix=', 'wechat'), at => 'channel wechat');
refused('a prefix of other characters', 'has other characters',
        two('wechat prefix=a*', 'wechat'));
refused('a prefix that is too long', 'too long',
        two('wechat prefix=' . 'a' x 17, 'wechat'));
refused('another word', 'is none of prefix=, sub_merchant= and app_id=',
        two('wechat name=a', 'wechat'), at => 'channel wechat');
refused('too many words', 'invalid number of arguments',
        two('wechat prefix=a sub_merchant=b app_id=c x=d', 'wechat'));
taken('two prefixes', '', two('wechat prefix=aa', 'wechat prefix=ab'));
taken('two sub-merchants', '', two('wechat sub_merchant=1',
                                   'wechat sub_merchant=2 prefix=a'));
taken('all of it', '', two('wechat prefix=aa sub_merchant=1 app_id=wx1',
                           'wechat prefix=b'));

run_refused();
