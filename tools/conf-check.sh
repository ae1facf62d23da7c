#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/conf-check.sh CONF      prints TAP
#
# Does nginx take this configuration?  In a directory of its own, since an
# example keeps its pid, its logs and its temporary files below the prefix.

set -u

cd "$(dirname "$0")/.." || exit 1

conf=$PWD/$1
module=${PAY_MODULE:-$PWD/build/module/ngx_http_pay_module.so}
name=${1%/nginx.conf}
prefix=$PWD/build/conf/${name##*/}

rm -rf "$prefix"
mkdir -p "$prefix/logs" "$prefix/temp"
ln -s "${module%/*}" "$prefix/modules"

echo 1..1
if "${NGINX_BIN:-/usr/sbin/nginx}" -t -e stderr -p "$prefix/" -c "$conf" \
   > "$prefix/log" 2>&1
then
    echo "ok 1 - nginx -t $1"
else
    echo "not ok 1 - nginx -t $1"
    sed 's/^/# /' "$prefix/log"
fi
