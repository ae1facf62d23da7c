#
# Copyright (C) the ngx_pay authors
#
# What "pay_status prometheus" tells, read strictly.
#
#     my $m = Metrics::parse($text);
#     is($m->bad, '', 'every line');
#     $m->value('nginx_pay_zone_nonces');
#     $m->value('nginx_pay_notices_total', channel => 'c', result => 'late');
#
# {family}: name => { type, help, labels }, the labels sorted and joined by
# spaces, of all samples (several sets joined by " or "), without "le";
# {series}: what is before the value => the value.
#
#     Metrics::documented()       the same of docs/metrics.md
#     Metrics::promtool($text)    what promtool says, '' is good; undef: there
#                                 is none
#     Metrics::fallen($a, $b)     series of counters that went down, or away
#

package Metrics;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

my $root = abs_path(dirname(__FILE__) . '/../..');


sub parse {
    my $m = bless { family => {}, series => {}, bad => [] };
    my ($f, $name, %sets);

    push @{ $m->{bad} }, 'no line end at the end' if $_[0] !~ /\n\z/;

    for my $line (split /\n/, $_[0]) {

        if ($line =~ /^# HELP (nginx_pay_[a-z_]+) (\S.*\S)$/) {
            push @{ $m->{bad} }, "twice: $line" if $m->{family}{$1};
            $f = $m->{family}{$name = $1} = { help => $2 };

        } elsif ($line =~ /^# TYPE (\S+) (counter|gauge|histogram)$/) {
            push @{ $m->{bad} }, "not here: $line"
                if !$f || $1 ne $name || $f->{type};
            $f->{type} = $2;

        } else {
            $m->_sample($line, $name, $f, $sets{$name // ''} //= {});
        }
    }

    for (keys %{ $m->{family} }) {
        $m->{family}{$_}{labels} = join ' or ', sort keys %{ $sets{$_} };
        $m->_family($_);
    }

    return $m;
}


sub _sample {
    my ($m, $line, $name, $f, $sets) = @_;
    my $text = qr/"(?:[^"\\\n]|\\[\\"n])*"/;

    my ($series, $suffix, $labels, $value) = $line =~
        /^(\Q${\($name\/\/'')}\E(_bucket|_sum|_count)?
           (?:\{([a-z_]+=$text(?:,[a-z_]+=$text)*)\})?)\ (-?\d+(?:\.\d+)?)$/x;

    if (!defined $series || !$f->{type}
        || (($f->{type} eq 'histogram') xor defined $suffix))
    {
        push @{ $m->{bad} }, "not a sample of its family: $line";
        return;
    }

    my @names = map { /^(\w+)=/ } ($labels // '') =~ /([a-z_]+=$text)/g;
    my %seen = map { $_ => 1 } @names;

    push @{ $m->{bad} }, "a label twice: $line" if keys %seen != @names;
    push @{ $m->{bad} }, "twice: $line" if exists $m->{series}{$series};

    $m->{series}{$series} = $value;
    $labels //= '';
    $sets->{ join ' ', sort grep { $_ ne 'le' } @names } = 1;

    # the buckets of one histogram, in their order

    if (defined $suffix && $labels =~ s/,?le="([^"]+)"//) {
        push @{ $f->{buckets}{$labels} }, [ $1, $value ];
    }
}


sub _family {
    my ($m, $name) = @_;
    my $f = $m->{family}{$name};

    push @{ $m->{bad} }, "no TYPE: $name" if !$f->{type};
    push @{ $m->{bad} }, "a counter and _total: $name"
        if ($f->{type} // '') eq 'counter' xor $name =~ /_total$/;

    for my $labels (keys %{ $f->{buckets} // {} }) {
        my @b = @{ $f->{buckets}{$labels} };
        my $in = $labels eq '' ? '' : "{$labels}";
        my $count = $m->{series}{"${name}_count$in"} // -1;

        push @{ $m->{bad} }, "buckets: $name$in"
            if $b[-1][0] ne '+Inf' || $b[-1][1] != $count
               || !defined $m->{series}{"${name}_sum$in"}
               || grep { $b[$_][1] < $b[$_ - 1][1]
                         || ($_ < $#b && $b[$_][0] <= $b[$_ - 1][0]) }
                  1 .. $#b;
    }
}


sub bad { join "\n", @{ $_[0]{bad} } }


# labels in the order in which they are written

sub value {
    my ($m, $name, @labels) = @_;
    my @text;

    while (my ($label, $value) = splice @labels, 0, 2) {
        push @text, "$label=\"$value\"";
    }

    return $m->{series}{ @text ? "$name\{" . join(',', @text) . '}' : $name };
}


# the values of one label

sub names {
    my ($m, $name, $label) = @_;
    my %n = map { /^\Q$name\E\{.*?\b$label="([^"]*)"/ ? ($1 => 1) : () }
            keys %{ $m->{series} };

    return sort keys %n;
}


sub _read {
    open my $in, '<', $_[0] or die "$_[0]: $!";
    local $/;
    return <$in>;
}


# | `nginx_pay_NAME` | type | labels, or "or" between sets | meaning |

sub documented {
    my %f;

    for my $line (split /\n/, _read("$root/docs/metrics.md")) {
        my ($name, $type, $labels)
            = $line =~ /^\| `(nginx_pay_\w+)` \| (\w+) \|([^|]*)\| [^|]+ \|$/
            or next;

        $f{$name} = {
            type => $type,
            labels => join ' or ', sort map {
                join ' ', sort /`(\w+)`/g
            } split / or /, $labels, -1
        };
    }

    return \%f;
}


sub promtool {
    my $text = shift;

    my ($tool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH}
        or return undef;

    my $file = Pay::file('metrics.txt', $text);
    my $said = `$tool check metrics < $file 2>&1`;

    return $? == 0 && $said eq '' ? '' : "status $?: $said";
}


sub fallen {
    my ($one, $two) = @_;
    my @fallen;

    for my $series (keys %{ $one->{series} }) {
        my ($name) = $series =~ /^(\w+)/;
        my ($base) = $name =~ /^(\w+?)(?:_bucket|_sum|_count)?$/;
        my $f = $one->{family}{$name} // $one->{family}{$base};

        next if $f->{type} eq 'gauge';

        push @fallen, "$series: $one->{series}{$series}, then "
                      . ($two->{series}{$series} // 'none')
            if ($two->{series}{$series} // -1) < $one->{series}{$series};
    }

    return @fallen;
}


# the words that the files of the gate give as reasons

sub reasons {
    my %word = map { $_ => 1 } qw(other);

    for my $file (qw(ngx_pay_module/ngx_pay_gate.c
                     ngx_pay_module/ngx_pay_signed.c
                     src/model/pay_auth.c src/model/pay_content_digest.c),
                  glob("$root/ngx_pay_module/ngx_pay_store*.c"),
                  glob("$root/src/model/pay_message*.c"))
    {
        my $text = _read($file =~ m{^/} ? $file : "$root/$file");

        $text =~ s{/\*.*?\*/}{}gs;

        # assigned, chosen, returned as a reason, or of a table of them

        $word{$1} = 1 while $text =~ /(?:reason|why)\s*=\s*"(\w+)"/g;
        @word{ $1, $2 } = (1, 1)
            while $text =~ /reason\s*=[^;"]*\?\s*"(\w+)"\s*:\s*"(\w+)"/g;
        $word{$1} = 1
            while $text =~ /(?:reason|why)\s*=[^;"]*[?:]\s*"(\w+)"/g;
        $word{$1} = 1 while $text =~ /\breturn "([a-z_]+)"/g;
        $word{$1} = 1 while $text =~ /\?\s*"([a-z_]+)" : NULL/g;
        $word{$1} = 1 while $text =~ /pay_message_bad\([^"()]*"(\w+)"\)/g;
        $word{$1} = 1
            while $text =~ /\{ "[@\w-]+",\s+"(\w+_(?:type|not_covered))"/g;
    }

    return sort keys %word;
}


1;
