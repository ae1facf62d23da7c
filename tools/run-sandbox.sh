#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/run-sandbox.sh
#
# Runs conf-examples/sandbox in the foreground until Ctrl-C.  All state is
# under build/run.

set -eu

cd "$(dirname "$0")/.."

nginx=${NGINX_BIN:-/usr/sbin/nginx}
conf=$PWD/conf-examples/sandbox/nginx.conf
run=$PWD/build/run
gateway=http://127.0.0.1:8080
operator=http://127.0.0.1:8081
sandbox=http://127.0.0.1:8082

die() {
    echo "run: $1" >&2
    exit 1
}

[ -x "$nginx" ] || die "no $nginx: run \"make deps\" or give NGINX_BIN=FILE"

# curl's 7 is "connection refused": anything else answers there

for port in $(sed -n 's/.*listen *127\.0\.0\.1:\([0-9]*\).*/\1/p' "$conf")
do
    status=0
    curl -q -s -o /dev/null --noproxy '*' -m 2 "http://127.0.0.1:$port/" \
        || status=$?
    [ $status = 7 ] \
        || die "port $port of 127.0.0.1 is in use: is another sandbox running?"
done

# a clone's files are everybody's to read, which nginx warns of

chmod go-r conf-examples/sandbox/keys/* 2>/dev/null || :

mkdir -p "$run/logs"
rm -rf "$run/modules" "$run/temp"
mkdir "$run/temp"
ln -s "$PWD/build/module" "$run/modules"

# A worker of root's nginx is "nobody", who must be able to reach the
# temporary files: not so in a clone under /root.  Its workers then stay root.

directives="daemon off;"
if [ "$(id -u)" = 0 ] \
   && ! setpriv --reuid=65534 --regid=65534 --clear-groups \
        test -x "$run/temp" 2>/dev/null
then
    directives="$directives user root;"
fi

pid= stopping=
trap 'stopping=1; [ -z "$pid" ] || kill -TERM $pid 2>/dev/null || true' \
     HUP INT TERM

: > "$run/logs/error.log"
"$nginx" -e stderr -p "$run/" -c "$conf" -g "$directives" &
pid=$!

tries=0
until curl -q -s -f -o /dev/null --noproxy '*' -m 2 $operator/status; do
    [ -z "$stopping" ] || exit 0

    kill -0 $pid 2>/dev/null || {
        tail -n 5 "$run/logs/error.log" >&2
        die "nginx did not start"
    }

    tries=$((tries + 1))
    if [ $tries = 50 ]; then
        kill -TERM $pid
        die "$operator/status does not answer: see $run/logs/error.log"
    fi

    sleep 0.2
done

order=demo$(date +%Y%m%d%H%M%S)

cat << END

The sandbox is running; Ctrl-C ends it.

  gateway   $gateway/v1/         notices come to /notify/wechat, /notify/alipay
  operator  $operator/status     and /metrics
  inbox     $sandbox/sandbox/inbox
  logs      build/run/logs/

In another terminal, in this directory:

1. create a payment of 1.00 CNY

   tools/paycurl -d '{"order_id":"$order","amount":100,"currency":"CNY",
   "description":"Tea","method":"qr_code","channel":"wechat"}' \\
   $gateway/v1/payments

2. pay it: on the page behind the QR code, or by curl

   $sandbox/sandbox/checkout/wechat/$order

   curl -H 'Accept: application/json' -d action=pay \\
   $sandbox/sandbox/checkout/wechat/$order

3. what the merchant's application received: in a browser, or by curl

   curl -H 'Accept: application/json' $sandbox/sandbox/inbox

4. ask the gateway

   tools/paycurl $gateway/v1/payments/$order

5. the same by Alipay: "channel":"alipay" and another order_id in 1, then
   $sandbox/sandbox/checkout/alipay/ORDER_ID

END

# a trap ends wait early; what nginx says of a clean end is the second one's

status=0
wait $pid || status=$?
if [ -n "$stopping" ]; then
    status=0
    wait $pid || status=$?
    [ $status != 127 ] || status=0
    echo "The sandbox has ended."
fi

exit $status
