#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/suite.sh [PART ...]     house unit nginx drills interop conf
#
# Runs the tests by prove, part by part, and counts all TAP.  A part without
# files is passed over while the project grows; one that has files and tests
# nothing has failed.  T="FILE ..." narrows the parts to these files.
#
# In t/drills and t/interop every executable file is a test; what they share
# is not executable or lies deeper.
#
# For the tests: NGINX_BIN (the binary), PAY_MODULE (the .so, absolute; empty
# where the module is linked into the binary), PAY_LUA_MODULES (to be loaded
# before it by a suite whose mock is in Lua; empty where not to be had),
# PAY_TEST_REDIS (the module of t/module/redis, as PAY_MODULE), PAY_SHARED.
# Test::Nginx has its own.

set -u

cd "$(dirname "$0")/.." || exit 1

root=$PWD
: "${NGINX_BIN:=/usr/sbin/nginx}" "${PAY_SHARED:=../shared}" "${T:=}"
: "${PAY_MODULE=$root/build/module/ngx_http_pay_module.so}"

: "${PAY_TEST_REDIS=$root/build/redis/ngx_http_pay_test_redis_module.so}"

PAY_LUA_MODULES=
lua=/usr/lib/nginx/modules/ngx_http_lua_module.so
[ -z "$PAY_MODULE" ] || [ ! -f $lua ] \
    || PAY_LUA_MODULES="${lua%/*}/ndk_http_module.so $lua"

TEST_NGINX_BINARY=$NGINX_BIN
TEST_NGINX_LOAD_MODULES=$PAY_MODULE
TEST_NGINX_RANDOMIZE=1
PERL5LIB=$root/t/lib:$(cat build/testlibs/perl5lib 2>/dev/null)
LC_ALL=C.UTF-8

export NGINX_BIN PAY_MODULE PAY_LUA_MODULES PAY_TEST_REDIS PAY_SHARED \
       TEST_NGINX_BINARY TEST_NGINX_LOAD_MODULES TEST_NGINX_RANDOMIZE \
       PERL5LIB LC_ALL

# a clone's files are everybody's to read, which nginx warns of

chmod go-r conf-examples/*/keys/* 2>/dev/null || :

passed=0 failed=0 skipped=0

mkdir -p build/test
out=$(mktemp -d build/test/run.XXXXXX) || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 1' HUP INT TERM


line() {
    echo "$1 passed, $2 failed$([ "$3" = 0 ] || echo ", $3 skipped")"
}


# report NAME STATUS PASSED FAILED SKIPPED: a test that died or ran short of
# its plan has failed whatever it counted, and so has a part without tests

report() {
    if [ "$4" = 0 ] && { [ "$2" != 0 ] || [ "$3" = 0 ]; }; then
        set -- "$1" "$2" "$3" 1 "$5"
    fi

    passed=$((passed + $3)) failed=$((failed + $4)) skipped=$((skipped + $5))
    printf '%-10s%s\n' "$1" "$(line "$3" "$4" "$5")" >> "$out/table"
}


# prove says which test failed, not what the test says about it; what it
# says is told at the end again, as a record may keep no more than that

complain() {
    find "$out/tap" -type f | sort | while read -r file; do
        awk -v name="${file#"$out/tap/"}" '
            /^not ok/    { print "# " name ": " $0; told = 1; next }
            told && /^#/ { print; next }
                         { told = 0 }' "$file"
    done
}


# run NAME "FILE ..." OPTION-OF-PROVE ...

run() {
    name=$1
    list=$2
    shift 2

    echo
    echo "== $name"

    if [ -z "$list" ]; then
        echo "no tests"
        report "$name" 1 0 0 0
        return
    fi

    rm -rf "$out/tap"
    mkdir "$out/tap"

    PERL_TEST_HARNESS_DUMP_TAP=$root/$out/tap \
        prove "$@" $list < /dev/null 2>&1
    status=$?

    [ $status = 0 ] || complain | tee -a "$out/complaints"

    report "$name" $status $(find "$out/tap" -type f -exec cat {} + | awk '
        /^1\.\.0/                    { s++; next }
        !/^(not )?ok([^a-z]|$)/      { next }
        /# *([Ss][Kk][Ii][Pp]|TODO)/ { s++; next }
        /^not/                       { f++; next }
                                     { p++ }
        END                          { print p + 0, f + 0, s + 0 }')
}


# files PATTERN ...: those that exist, and that T names where it is given

files() {
    for file in "$@"; do
        [ -f "$file" ] || continue
        case " ${T:-$file} " in *" $file "*) echo "$file" ;; esac
    done
}


programs() {
    for file in $(files "$@"); do
        [ ! -x "$file" ] || echo "$file"
    done
}


part_house() {
    run house "tools/check.sh tools/arrows.sh tools/docs.pl" -e ''
}


part_unit() {
    list=$(files t/unit/*.c | sed 's,^t/unit/\(.*\)\.c$,build/unit/\1,'
           files t/unit/*.sh)
    [ -z "$list" ] || run unit "$list" -j2 -e ''
}


part_nginx() {
    list=$(files t/*.t)
    [ -z "$list" ] || run nginx "$list" -j2
}


part_drills() {
    list=$(programs t/drills/*)
    [ -z "$list" ] || run drills "$list" -e ''
}


part_interop() {
    [ -f t/interop/package.json ] || return 0

    # what is there is used: no network the second time

    lock=t/interop/package-lock.json
    stamp=t/interop/node_modules/.ngx_pay
    if ! cmp -s $lock $stamp; then
        echo
        echo "npm ci in t/interop"
        (cd t/interop && npm ci --no-audit --no-fund --loglevel=error) \
            < /dev/null && cp $lock $stamp
    fi

    run interop "$(programs t/interop/*)" -e ''
}


part_conf() {
    list=$(files conf-examples/*/nginx.conf)
    [ -z "$list" ] || run conf "$list" -e tools/conf-check.sh
}


for part in ${*:-house unit nginx drills interop conf}; do
    part_$part
done

if [ -s "$out/complaints" ]; then
    echo
    echo "== what failed"
    head -n 100 "$out/complaints"
fi

echo
cat "$out/table" 2>/dev/null
line $passed $failed $skipped > build/test/total
printf '%-10s%s\n' all "$(cat build/test/total)"

[ $failed = 0 ] && [ $passed != 0 ]
