#
# Copyright (C) the ngx_pay authors
#
# An nginx with the Redis client behind a location (t/module/redis), for the
# drills about it.
#
#     my $n = Drill::TestRedis->new('real', server => '127.0.0.1:6379');
#     is($n->redis(qw(SET k v NX)), 'ok - sent=1 "OK"', '...');
#
# An answer: ok, error (the handler was told) or declined (nothing was sent),
# the reason or "-", whether it was sent, the values.
#

package Drill::TestRedis;

use strict;
use warnings;

use Drill ();
use Test::More;
use Time::HiRes qw(sleep time);

our @ISA = qw(Drill::Nginx);


# the module to be loaded, '' where it is linked in; undef: it is not built

sub module {
    my $path = $ENV{PAY_TEST_REDIS}
               // "$Drill::Root/build/redis/ngx_http_pay_test_redis_module.so";

    return $path eq '' || -f $path ? $path : undef;
}


# ends the test where it cannot be done

sub wanted {
    plan(skip_all => 'no test module: make test-module')
        if !defined module();
    plan(skip_all => 'no redis-server: tools/setup.sh test')
        if $_[0] && !Drill::Redis::found();
}


# whether "tls on" is for this build

sub tls {
    my $dir = Drill::dir();
    my $nginx = $ENV{NGINX_BIN} // '/usr/sbin/nginx';

    Drill::_write("$dir/tls.conf", text(port => Drill::port(), tls => 'on',
                                        server => '127.0.0.1:1'));

    return `$nginx -t -p $dir/ -e stderr -c $dir/tls.conf 2>&1`
           !~ /needs a build with/;
}


# Parts: workers, idle, port; what else is given is a line of pay_redis.

sub text {
    my %p = (workers => 1, @_);

    my $workers = delete $p{workers};
    my $port = delete $p{port};
    my $idle = delete $p{idle};
    my $module = module();

    return ($module eq '' ? '' : "load_module $module;\n")
           . "worker_processes $workers;\nerror_log logs/error.log notice;\n"
           . "pid logs/nginx.pid;\nevents { worker_connections 1024; }\n"
           . "http {\n    log_format drill '\$pid \$status \$request_method "
           . "\$uri \$http_x_drill \$request_time';\n"
           . "    access_log logs/access.log drill;\n"
           . join('', map { "    ${_}_temp_path temp/$_;\n" }
                      qw(client_body proxy fastcgi uwsgi scgi))
           . (defined $idle ? "    test_redis_idle $idle;\n" : '')
           . "    test_redis_server {\n"
           . join('', map { "        $_ $p{$_};\n" } sort keys %p)
           . "    }\n    server {\n        listen 127.0.0.1:$port;\n"
           . "        location /redis { test_redis; }\n"
           . "        location /status { test_redis_status; }\n"
           . "        location / { return 200 'static\\n'; }\n    }\n}\n";
}


sub new {
    my ($class, $name, %p) = @_;
    my $port = Drill::port();

    my $n = Drill::Nginx->new($name, text(%p, port => $port), $port);
    $n->{parts} = { %p, port => $port };

    return bless $n, $class;
}


# other lines from now on, after a reload; undef takes one away

sub change {
    my ($n, %p) = @_;
    my $parts = $n->{parts};

    @$parts{keys %p} = values %p;
    delete @$parts{grep { !defined $parts->{$_} } keys %$parts};
    $n->conf(text(%$parts));
    $n->{workers} = $parts->{workers} // 1;

    return $n->reload;
}


sub bytes {
    my ($n, $tag, @words) = @_;

    my $args = join '+', map { s/([^A-Za-z0-9_.:-])/sprintf '%%%02x', ord $1/ger }
                         @words;

    return "GET /redis?$args HTTP/1.0\r\nX-Drill: $tag\r\n\r\n";
}


sub tagged {
    my ($n, $tag, @words) = @_;

    my $a = Drill::ask($n->bytes($tag, @words), $n->{port});

    return $a->{error} || $a->{body};
}


sub redis { shift->tagged('-', @_) }


# many at a time, each a list of words

sub many {
    my ($n, $tag, @commands) = @_;

    return map { $_->{error} || $_->{body} }
           Drill::burst($n->{port}, map { $n->bytes($tag, @$_) } @commands);
}


sub static { Drill::ask("GET / HTTP/1.0\r\n\r\n", $_[0]{port})->{body} }


sub status {
    my $n = shift;
    my $a = Drill::ask("GET /status HTTP/1.0\r\n\r\n", $n->{port});

    return { map { split / /, $_, 2 } split /\n/, $a->{body} };
}


# Asks until the answer is that, and says how long it took; undef: it is not,
# not for 10 seconds

sub until_redis {
    my ($n, $answer, @words) = @_;
    my $start = time;

    while (time < $start + 10) {
        return time - $start if $n->redis(@words) =~ $answer;
        sleep 0.02;
    }

    return undef;
}


# the longest that nginx took for a request of that tag

sub longest {
    my ($n, $tag) = @_;
    my ($longest) = sort { $b <=> $a } map { $_->[5] } $n->access($tag);

    return $longest // 999;
}


1;
