# Copyright (C) the ngx_pay authors
#
# Sourced by the house checks.  rule NAME "PLACES": a line of TAP; the rule
# holds where there are no places.

n=0

rule() {
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        echo "$2" | sed 's/^/# /'
    fi
}
