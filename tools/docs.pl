#!/usr/bin/perl
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/docs.pl          prints TAP: do the pages tell what is there?
#        tools/docs.pl write    brings the generated parts up to date
#
# A part ends with <!-- end --> and begins with one of
#
#     <!-- FILE -->              that file, as a block of code
#     <!-- FILE /FROM/ /TO/ -->  its lines from the first that is like FROM
#                                until before the next that is like TO
#     <!-- codes -->             the table of src/model/pay_errors.c; the last
#                                column is written by hand and kept
#
# The tables of reasons are written by hand; each token of the source must be in
# one of them, and no other.

use strict;
use warnings;

use FindBin;

chdir "$FindBin::Bin/.." or die "$FindBin::Bin/..: $!\n";

my $write = @ARGV && $ARGV[0] eq 'write';
my ($n, $failed) = (0, 0);

my %language = (sh => 'sh', py => 'python', mjs => 'js', php => 'php',
                go => 'go', java => 'java', conf => 'nginx');


sub slurp {
    my ($path) = @_;

    open my $in, '<', $path or die "$path: $!\n";
    local $/;

    return scalar <$in>;
}


sub rule {
    my ($name, @places) = @_;

    $n++;
    print @places ? 'not ' : '', "ok $n - $name\n", map { "# $_\n" } @places;
    $failed ||= @places;
}


# the strings of a C initializer or statement, joined as the compiler does

sub literals {
    return join '', map { s/\\(.)/$1/gr } $_[0] =~ /"((?:[^"\\]|\\.)*)"/g;
}


# [name, status, retry, meaning] in the order of the source

sub codes {
    my $text = slurp('src/model/pay_errors.c');
    my $string = qr/"(?:[^"\\]|\\.)*"/;
    my $wanted = () = $text =~ /^ +\[PAY_E_\w+\] =/mg;
    my @codes;

    while ($text =~ /\[PAY_E_\w+\]\s=\s\{\s*($string),\s*(\d+),\s*($string),
                     \s*((?:$string\s*)+)\}/gx)
    {
        push @codes, [literals($1), $2, literals($3), literals($4)];
    }

    die "pay_errors.c: " . @codes . " of $wanted codes could be read\n"
        if @codes != $wanted;

    return grep { $_->[0] ne 'none' } @codes;
}


# the rows of a table, each a list of its cells

sub rows {
    return map { [map { s/^\s+|\s+$//gr } split /\|/, s/^\||\|$//gr] }
           $_[0] =~ /^(\|.*\|)$/mg;
}


sub table {
    my ($old) = @_;

    my %todo = map { $_->[1] =~ tr/`//dr => $_->[4] // '' } rows($old);
    my $text = "| HTTP | code | retry | meaning | what the caller does |\n"
               . "|---|---|---|---|---|\n";

    for (codes()) {
        my ($name, $status, $retry, $meaning) = @$_;

        $text .= "| $status | `$name` | $retry | $meaning | "
                 . ($todo{$name} || '?') . " |\n";
    }

    return $text;
}


sub lines {
    my ($text, $from, $to) = @_;

    my ($lines) = $text =~ /^([^\n]*$from.*?)\n*^[^\n]*$to/ms
        or die "no lines from /$from/ to /$to/\n";
    my ($indent) = $lines =~ /^( *)/;

    return $lines =~ s/^$indent//gmr . "\n";
}


sub part {
    my ($what, $old) = @_;

    return table($old) if $what eq 'codes';

    my ($file, @range) = $what =~ m{^(\S+)(?: /(.+)/ /(.+)/)?$};
    my ($type) = $file =~ /\.(\w+)$/;
    my $text = slurp($file);

    $text = lines($text, @range) if defined $range[0];

    return "```$language{$type}\n$text```\n";
}


# every token that the gate may give as a reason: strings that are assigned to
# one, returned, or given to ..._bad(), second in a table of names, or in the
# table of Redis

sub tokens {
    my %tokens;
    my @files = glob 'ngx_pay_module/ngx_pay_{gate,signed,store}*.c '
                     . 'src/model/pay_{auth,message,content}*.c';

    for my $text (map { slurp($_) } @files) {
        my @places = $text =~ /(?:\b(?:reason|why)\s=|\breturn)\s([^;]*);/g;

        s/\b\w+(?<!_bad)\([^()]*\)//g for @places;
        push @places, $text =~ /\w_bad\(([^;]*)\);/g,
                      $text =~ /\{ "[^"]+",\s+("[a-z_]+"),/g;

        $tokens{$_} = 1 for map { /"([a-z][a-z0-9_]*)"/g } @places;
    }

    my ($words) = slurp('ngx_pay_module/ngx_pay_redis.c')
                  =~ /ngx_pay_redis_words\[\w+\] = \{(.*?)^\}/ms
        or die "ngx_pay_redis.c: no table of words\n";

    return keys %tokens, $words =~ /\{ "(\w+)"/g;
}


for my $page (glob 'docs/*.md README.md') {
    my $old = slurp($page);
    my @stale;

    my $new = $old =~ s{^(<!-- ((?!end)[^\n]+) -->\n)(.*?)(?=^<!-- end -->\n)}{
        my ($begin, $what, $is) = ($1, $2, $3);
        my $should = part($what, $is);
        push @stale, "$what: tools/docs.pl write" if $is ne $should;
        "$begin$should";
    }gmesr;

    if ($write && $new ne $old) {
        open my $out, '>', $page or die "$page: $!\n";
        print $out $new;
        close $out or die "$page: $!\n";
        @stale = ();
    }

    rule("$page: what it includes is as it is", @stale);
}

my $errors = slurp('docs/errors.md');

rule('docs/errors.md: the caller is told what to do for each code',
     map { $_->[1] } grep { @$_ == 5 && $_->[4] eq '?' } rows($errors));

my ($reasons) = $errors =~ /^## Reasons of the gate\n(.*)/ms;
my %told = map { $_ => 1 } map { $_->[0] =~ /`(\w+)`/g } rows($reasons);
my %token = map { $_ => 1 } tokens();

rule('docs/errors.md: every reason of the gate',
     sort grep { !$told{$_} } keys %token);
rule('docs/errors.md: and no other', sort grep { !$token{$_} } keys %told);

my @snippets = grep { slurp('docs/gate.md') !~ /^<!-- \Q$_\E -->$/m }
               glob 'docs/snippets/*';

rule('docs/gate.md shows all of docs/snippets', @snippets);

print "1..$n\n";
exit($failed ? 1 : 0);
