#!/bin/bash
#
# Copyright (C) the ngx_pay authors
#
# usage: NGX_SRC=DIR NGX_FLAGS=... EXTRA_CFLAGS=... \
#        tools/configure.sh DIR [MODULE]
#
# Runs nginx's configure for a dynamic build of the module, or of that in the
# directory MODULE, into DIR.  NGX_SRC is the tree of Debian's nginx-dev,
# which knows the flags of the packaged nginx, or an nginx source tree.  (bash:
# nginx-dev keeps its flags in an array.)

set -eu

src=${NGX_SRC:-/usr/share/nginx/src}
module=$(cd "${2:-$(dirname "$0")/..}" && pwd)

# a checkout of nginx has it in a folder of its own

configure=$src/configure
[ -f "$configure" ] || configure=$src/auto/configure

if [ ! -f "$configure" ]; then
    echo "configure: no $src/configure: run \"make deps\", which installs" \
         "nginx-dev, or give NGX_SRC=/path/to/nginx-source" >&2
    exit 1
fi

mkdir -p "$1"
out=$(cd "$1" && pwd)

cd "$src"
src=$(pwd)
NGX_CONF_FLAGS=(--with-compat --with-threads --with-http_ssl_module
                --with-http_v2_module)
[ ! -f conf_flags ] || . ./conf_flags

echo "configuring against $src"

if ! "$configure" --builddir="$out" --add-dynamic-module="$module" \
         "${NGX_CONF_FLAGS[@]}" ${NGX_FLAGS:-} \
         --with-cc-opt="-g -O2 -fPIC ${EXTRA_CFLAGS:-}" \
         --with-ld-opt="-fPIC -Wl,-z,relro -Wl,-z,now" \
         > "$out/configure.log" 2>&1
then
    tail -n 5 "$out/configure.log" >&2
    echo "configure: failed: see $out/configure.log and autoconf.err" >&2
    exit 1
fi
