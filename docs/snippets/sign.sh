#!/bin/sh
# Signs and sends one request:  sh sign.sh METHOD URL [BODY]

set -eu

method=$1 url=$2 body=${3:-}
secret=$(cat "$PAY_SECRET_FILE")                # at most 64 bytes here

target=/$(printf %s "$url" | cut -d/ -f4-)      # path and query as sent
timestamp=$(date +%s)
nonce=$(openssl rand -hex 16)

# HMAC (RFC 2104) out of plain SHA-256: an option of openssl would show the
# secret to everybody who may list processes

pad() {
    for n in $({ printf %s "$secret"; head -c 64 /dev/zero; } | head -c 64 \
               | od -An -v -tu1)
    do
        printf "\\$(printf %03o $((n ^ $1)))"
    done
}

text() {
    printf '%s\n' "$method" "$target" "$timestamp" "$nonce" "$body"
}

sha256() {
    openssl dgst -sha256 -binary
}

signature=$({ pad 92; { pad 54; text; } | sha256; } | sha256 \
            | openssl base64 -A)

curl -sS --path-as-is -X "$method" -H @- --data-raw "$body" -w '\n%{http_code}\n' "$url" \
    <<EOT
Authorization: PAY-HMAC-SHA256 merchant="$PAY_MERCHANT",key="$PAY_KEY",\
timestamp="$timestamp",nonce="$nonce",signature="$signature"
Content-Type: application/json
EOT
