#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/asan.sh [PART ...]      default: nginx
#
# Builds nginx with the module inside, under AddressSanitizer and UBSan, and
# runs the suites against it.  Every allocation of a pool is a malloc there,
# so that overruns and stale pointers show.  nginx's source is Debian's,
# fetched once into build/asan by an apt state of its own (NGX_TREE=DIR: use
# this unpacked source instead).

set -eu

cd "$(dirname "$0")/.."

root=$PWD
mkdir -p build/asan
dir=$root/build/asan
log=$dir/log

die() {
    echo "asan: $1" >&2
    tail -n 10 "$log" >&2
    exit 1
}


fetch() {
    echo "asan: fetching nginx's source"
    rm -rf "$dir/apt"
    mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" \
             "$dir/apt/get"

    release=$(. /etc/os-release; echo "${VERSION_CODENAME:-stable}")
    mirror=$(apt-get indextargets --format '$(REPO_URI)' \
             'Created-By: Packages' | grep -v security | head -n 1)
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -f $keyring ] && signed=" [signed-by=$keyring]" || signed=
    echo "deb-src$signed $mirror $release main" > "$dir/apt/list"

    private="-o Dir::Etc::sourcelist=$dir/apt/list
             -o Dir::Etc::sourceparts=/dev/null
             -o Dir::State::lists=$dir/apt/lists -o Dir::Cache=$dir/apt/cache
             -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none
             -o APT::Sandbox::User=root"

    apt-get -q $private update >> "$log" 2>&1 \
        || die "apt-get update failed: no network?"

    # upstream's archive is all that is wanted: the rest may be missing

    (cd "$dir/apt/get" && apt-get -q $private source --download-only nginx) \
        >> "$log" 2>&1 || true

    set -- "$dir"/apt/get/nginx_*.orig.tar.gz
    [ -f "$1" ] || die "no source of nginx to be had from $mirror $release"

    mkdir -p "$dir/src"
    tar xzf "$1" -C "$dir/src" --strip-components=1
    rm -rf "$dir/apt"
}


configure() {
    echo "asan: configuring nginx"
    (cd "$tree" && ./configure --builddir="$dir/objs" \
        --with-debug --with-threads --with-compat \
        --with-http_ssl_module --with-http_v2_module \
        --with-http_realip_module --with-http_auth_request_module \
        --with-http_stub_status_module --with-http_sub_module \
        --with-http_gunzip_module --with-http_slice_module \
        --with-cc-opt="$flags -DNGX_DEBUG_PALLOC=1 ${EXTRA_CFLAGS:-}" \
        --with-ld-opt="-fsanitize=address,undefined" \
        --add-module="$root" --add-module="$root/t/module/redis") \
        >> "$log" 2>&1 \
        || die "nginx's configure failed: see $log"
}


# nginx's core stores misaligned, and copies nothing from nowhere

flags="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined
       -fno-sanitize=nonnull-attribute,alignment"
flags=$(echo $flags)

: > "$log"
tree=${NGX_TREE:-$dir/src}
[ -f "$tree/configure" ] || fetch

# as in the Makefile: again when config or the list of files has changed

{ echo "$tree $flags ${EXTRA_CFLAGS:-}"; cat config t/module/redis/config
  ls src/*/*.[ch] ngx_pay_module/*.[ch]; } > "$dir/settings.new"

if ! cmp -s "$dir/settings.new" "$dir/settings"; then
    rm -f "$dir/settings"
    configure
    mv "$dir/settings.new" "$dir/settings"
fi

echo "asan: building nginx"
make -C "$tree" -f "$dir/objs/Makefile" -j"$(nproc)" binary >> "$log" 2>&1 \
    || die "nginx does not build: see $log"

# the scaffold writes its own name into log_path, and wants commas

reports=$dir/reports
rm -rf "$reports"
mkdir -p -m 1777 "$reports"

export NGINX_BIN="$dir/objs/nginx" PAY_MODULE= PAY_TEST_REDIS=
export TEST_NGINX_TIMEOUT="${TEST_NGINX_TIMEOUT:-10}"
export ASAN_OPTIONS="detect_leaks=0,log_path=$reports/asan"
export UBSAN_OPTIONS="print_stacktrace=1,log_path=$reports/ubsan"

status=0
tools/suite.sh ${*:-nginx} || status=$?

count=$(find "$reports" -type f | wc -l)
if [ "$count" != 0 ]; then
    find "$reports" -type f -exec head -n 30 {} +
    status=1
fi

echo "asan: $count sanitizer reports"
exit $status
