#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/arrows.sh       prints TAP
#
# Who may include whom (docs/design.md, layout).  Arrows run one way, and
# each library is known to one directory.

set -u

cd "$(dirname "$0")/.." || exit 1
. tools/rule.sh

src=$(ls src/*/*.[ch])
all="$src $(ls ngx_pay_module/*.[ch] 2>/dev/null)"

# "FILE HEADER" of every #include

includes=$(perl -ne 'print "$ARGV $1\n" if /^\s*#\s*include\s*[<"]([^>"]+)/' \
           $all)

# "FILE:LINE: TEXT" of src, without comments and strings

code=$(for file in $src; do
    perl -0777 -pe '
        s{("(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27)|(/\*.*?\*/)}
         {defined $1 ? "\"\"" : $2 =~ tr/\n//cdr}gse;
        my $n = 0;
        s/^/"$ARGV:" . ++$n . ": "/gme' "$file"
done)

included() {
    echo "$includes" | grep -E "$1"
}

# may DIRECTORY OTHER ...: what else of src/ its files may include

may() {
    known=$(echo "$*" | tr ' ' '|')
    rule "$1 may include: $*" "$(
        included "^src/$1/[^ ]+ ($dirs)/" | grep -vE " ($known)/")"
}

dirs='base|codec|crypto|model|channel|store|sandbox'

rule "each directory of src has its rule" "$(
    ls -d src/*/ | grep -vE "^src/($dirs)/$")"

may base
may codec base
may crypto base codec
may model base codec crypto
may channel base codec crypto model
may store base
may sandbox base codec crypto model channel

rule "src includes by <directory/file.h>" "$(
    grep -nE '^ *# *include *"' $src)"

rule "src knows no nginx header" "$(included '^src/[^ ]+ (ngx_|nginx)')"

rule "src knows no nginx name" "$(echo "$code" | grep -E '\b(ngx|NGX)_')"

# known LIBRARY WHERE WHO

known() {
    rule "only $3 includes $1" "$(included " $1" | grep -vE "^$2")"
}

known openssl/ src/crypto/ src/crypto
known yajl/ src/codec/pay_json src/codec/pay_json
known expat src/codec/pay_xml src/codec/pay_xml
known zlib 'src/codec/pay_(gzip|gunzip|zip)\.' "src/codec's gzip and zip"
known hiredis/ ngx_pay_module/ngx_pay_redis "the Redis client"

# the result -1 has been taken for a yes often enough

rule "libcrypto judges signatures in pay_verify.c, chains in pay_certs.c" \
     "$(echo "$code" | grep -E '\b[A-Z0-9]+_[A-Za-z0-9_]*[Vv]erify' \
        | grep -v '^src/crypto/pay_verify\.c:' \
        | grep -v '^src/crypto/pay_certs\.c:.*\bX509_verify_cert(')"

# a driver's files are pay_NAME.* and pay_NAME_*.*: the list has the names

drivers=$(sed -n 's/^ *&pay_\([a-z0-9_]*\),.*/\1/p' src/channel/pay_drivers.c)

rule "a driver knows no other driver" "$(
    included '^src/channel/[^ ]+ channel/' | awk -v drivers="$drivers" '
        function driver(file,  i, best) {
            sub(/.*\/pay_/, "", file)
            sub(/\.[ch]$/, "", file)
            for (i = 1; i <= n; i++) {
                if (index(file "_", name[i] "_") != 1) continue
                if (length(name[i]) > length(best)) best = name[i]
            }
            return best
        }

        BEGIN { n = split(drivers, name, "\n") }

        driver($2) != "" && driver($1) != driver($2)')"

[ -n "$drivers" ] || rule "src/channel/pay_drivers.c lists drivers" "none"

rule "no floating point in src" "$(
    echo "$code" | grep -wE 'float|double|strto(d|f|ld)|atof')"

rule "src neither prints nor ends the process" "$(
    echo "$code" | grep -wE 'assert|abort|_?exit|v?f?printf|puts|perror')"

echo "1..$n"
