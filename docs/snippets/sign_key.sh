#!/bin/sh
# Signs and sends one request with a private key (PEM):
# sh sign_key.sh ALGORITHM METHOD URL [BODY]      rsa, p256, ed25519 or sm2

set -eu

algorithm=$1 method=$2 url=$3 body=${4:-}
target=/$(printf %s "$url" | cut -d/ -f4-)      # path and query as sent
timestamp=$(date +%s)
nonce=$(openssl rand -hex 16)

text=$(mktemp)                                  # a file: Ed25519 wants one
trap 'rm -f "$text"' EXIT
printf '%s\n' "$method" "$target" "$timestamp" "$nonce" "$body" > "$text"

sign() {
    case $algorithm in
    rsa | p256) openssl dgst -sha256 -sign "$PAY_PRIVATE_KEY_FILE" "$text" ;;
    ed25519) openssl pkeyutl -sign -rawin -inkey "$PAY_PRIVATE_KEY_FILE" \
                 -in "$text" ;;
    sm2) openssl dgst -sm3 -sigopt distid:1234567812345678 \
             -sign "$PAY_PRIVATE_KEY_FILE" "$text" ;;
    esac
}

case $algorithm in
    rsa)     scheme=PAY-RSA-SHA256 ;;
    p256)    scheme=PAY-ECDSA-P256-SHA256 ;;
    ed25519) scheme=PAY-ED25519 ;;
    sm2)     scheme=PAY-SM2-SM3 ;;
esac

signature=$(sign | openssl base64 -A)

curl -sS --path-as-is -X "$method" -H @- --data-raw "$body" -w '\n%{http_code}\n' "$url" \
    <<EOT
Authorization: $scheme merchant="$PAY_MERCHANT",key="$PAY_KEY",\
timestamp="$timestamp",nonce="$nonce",signature="$signature"
Content-Type: application/json
EOT
