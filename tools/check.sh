#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/check.sh        prints TAP
#
# What a reader would stumble over: a line of TAP per rule, the places as
# comments below it.

set -u

cd "$(dirname "$0")/.." || exit 1
. tools/rule.sh

# each CODE FILE ...: a line of Perl on every line; what it prints has the
# place before it

each() {
    code=$1
    shift
    [ $# = 0 ] || perl -CSDA -ne 'BEGIN { $, = ": "; $\ = "\n" }
        chomp; '"$code"'; close ARGV if eof' -- "$@"
}

core=$(ls src/*/*.[ch] ngx_pay_module/*.[ch] 2>/dev/null)
c="$core $(ls t/unit/*.[ch] t/fuzz/*.[ch] 2>/dev/null)"
scripts=$(grep -lsE '^#!/bin/(ba)?sh' .ci/* tools/* t/*/*)
text="$c $(ls .ci/* tools/* config conf-examples/*.conf conf-examples/*/*.conf \
                    ngx_pay_module/*.map 2>/dev/null)"


# Chinese takes two columns

wide='[\x{1100}-\x{115f}\x{2e80}-\x{a4cf}\x{ac00}-\x{d7a3}\x{f900}-\x{faff}'
wide="$wide"'\x{fe30}-\x{fe6f}\x{ff00}-\x{ff60}]'

rule "at most 80 columns" "$(
    each 'my $n = length; $n++ while /'"$wide"'/g;
          print "$ARGV:$.", "$n columns" if $n > 80' $text)"

rule "no tabs" "$(each 'print "$ARGV:$." if /\t/' $text)"

rule "no space at the end of a line" "$(
    each 'print "$ARGV:$." if /\s$/' $text Makefile)"


# strings and the other kind of comment may hold "//"

rule "no // comments" "$(
    for file in $c; do
        perl -0777 -ne '
            while (m{"(?:\\.|[^"\\])*"|\x27(?:\\.|[^\x27\\])*\x27
                     |/\*.*?\*/|(//)}gsx)
            {
                print "$ARGV:", 1 + (substr($_, 0, $-[1]) =~ tr/\n//), "\n"
                    if defined $1;
            }' "$file"
    done)"

rule "at most 600 lines a file" "$(
    for file in $core; do
        lines=$(wc -l < "$file")
        [ "$lines" -le 600 ] || echo "$file: $lines lines"
    done)"

rule "an empty line, then the copyright" "$(
    for file in $core; do
        head -n 3 "$file" | tr '\n' '|' \
            | grep -q '^|/\*| \* Copyright (C) the ngx_pay authors|$' \
            || echo "$file"
    done)"

rule "the shell can read its scripts" "$(
    for file in $scripts; do
        case $(head -n 1 "$file") in
        *bash*) bash -n "$file" 2>&1 ;;
        *)      sh -n "$file" 2>&1 ;;
        esac
    done)"

rule "what starts with #! is executable, and nothing else is" "$(
    for file in .ci/* tools/* t/*/*; do
        [ -f "$file" ] || continue
        case $(head -c 2 "$file" | tr -d '\0'),$([ -x "$file" ] && echo x) in
        '#!,') echo "$file: not executable" ;;
        '#!,x') ;;
        *,x) echo "$file: executable" ;;
        esac
    done)"

echo "1..$n"
