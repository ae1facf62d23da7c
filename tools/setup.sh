#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/setup.sh run|test
#
# Installs, by name and from Debian, what is missing to build and run the
# sandbox, or to test as well.  Where nothing is missing, it needs neither
# root nor the network.  Nothing is started: a daemon that a package brings
# stays down.

set -eu

cd "$(dirname "$0")/.."

packages="make gcc libc6-dev nginx nginx-dev libssl-dev libyajl-dev
          libhiredis-dev zlib1g-dev openssl curl"

if [ "${1:-test}" = test ]; then
    packages="$packages perl procps redis-server libfaketime"

    # promtool alone would do, but comes with the rest; it stays down

    command -v promtool > /dev/null || packages="$packages prometheus"

    # a node that came by other means will do

    if [ -f t/interop/package.json ] \
       && ! { command -v node && command -v npm; } > /dev/null
    then
        packages="$packages nodejs npm"
    fi

    # a token, where the release has a provider for it

    if apt-cache show pkcs11-provider > /dev/null 2>&1; then
        packages="$packages pkcs11-provider softhsm2"
    fi

    # the languages of docs/snippets: COMMAND:PACKAGE, the same holds for them

    for pair in python3:python3 php:php-cli go:golang-go \
                javac:default-jdk-headless
    do
        command -v "${pair%%:*}" > /dev/null \
            || packages="$packages ${pair#*:}"
    done

    # Lua only where a suite has a mock that wants it

    if grep -qs PAY_LUA_MODULES t/*.t t/drills/*.sh; then
        packages="$packages libnginx-mod-http-lua libnginx-mod-http-ndk"
    fi
fi

missing=
for package in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) \
        || status=none
    [ "$status" = installed ] || missing="$missing $package"
done

[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    if command -v sudo > /dev/null; then
        exec sudo "tools/${0##*/}" "$@"
    fi

    echo "setup: these packages are missing, and installing them needs" \
         "root:$missing" >&2
    exit 1
fi

mkdir -p build
log=$PWD/build/setup.log
: > "$log"

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod +x $policy
fi

install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends -o DPkg::Lock::Timeout=120 $missing \
        >> "$log" 2>&1 < /dev/null
}

echo "setup: installing$missing"

# the lists may be missing or old: refresh them only then

if ! install; then
    echo "setup: apt-get update"
    apt-get update -q >> "$log" 2>&1 || true

    if ! install; then
        tail -n 10 "$log" >&2
        echo "setup: apt-get could not install:$missing (see $log)" >&2
        exit 1
    fi
fi
