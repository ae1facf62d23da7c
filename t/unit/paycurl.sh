#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# tools/paycurl without a network: what it signs, by the vectors of the design
# and against openssl's own HMAC; what it gives to curl, and what it makes of
# the answer, with a stand-in for curl.  Prints TAP.  Needs openssl only.
# PAY_SH names another shell to run it with.

LC_ALL=C
export LC_ALL
unset PAY_MERCHANT PAY_KEY PAY_SECRET_FILE PAY_PRIVATE_KEY_FILE

n=0
failed=0
sh=${PAY_SH:-sh}
paycurl=$(pwd)/tools/paycurl
tmp=$(mktemp -d "${TMPDIR:-/tmp}/paycurl-test.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT

mkdir "$tmp/scratch"
TMPDIR=$tmp/scratch
export TMPDIR

nonce=9f3c1f0a6f3b4b1e8d1c7a0e5b2d4c66


is() {      # got want name
    n=$((n + 1))

    if [ "$1" = "$2" ]; then
        echo "ok $n - $3"
        return
    fi

    failed=1
    echo "not ok $n - $3"
    printf '#      got: %s\n#   wanted: %s\n' "$1" "$2"
}


# options... -> the signature, from the header that is printed

signature() {
    $sh "$paycurl" -N -t 1732190400 -n $nonce "$@" \
        | sed -n 's/^Authorization: .*signature="\(.*\)"$/\1/p'
}


# secret's hex, on stdin the string to sign -> what openssl itself makes of it

reference() {
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -binary \
        | openssl base64 -A
}


hex() {
    od -An -v -tx1 | tr -d ' \n'
}


# method target body-file secret's-hex

expected() {
    { printf '%s\n%s\n1732190400\n%s\n' "$1" "$2" $nonce; cat "$3"; echo; } \
        | reference "$4"
}


# --- the vectors of the design

printf ngx-pay-demo-secret > "$tmp/demo"
demo=$(hex < "$tmp/demo")
: > "$tmp/empty"

body='{"out_trade_no":"T20241121-0001","amount":100,"currency":"CNY",'
body=$body'"channel":"sandbox","method":"qr","subject":"demo"}'
printf %s "$body" > "$tmp/body"

is "$($sh "$paycurl" -N -m shop-a -k k1 -s "$tmp/demo" -t 1732190400 \
      -n $nonce -d "$body" 'https://pay.example.com/v1/payments?lang=zh')" \
   "Authorization: PAY-HMAC-SHA256 merchant=\"shop-a\",key=\"k1\",\
timestamp=\"1732190400\",nonce=\"$nonce\",\
signature=\"eW8T+8G4yIB/8iUO2i59zSzJ4PMEP68/3xIxy45zcdg=\"" \
   "vector 1: the whole header"

is "$($sh "$paycurl" -N -m shop-a -k k1 -s "$tmp/demo" -t 1732190401 \
      -n abcdefghijklmnop \
      http://127.0.0.1:8080/v1/payments/T20241121-0001)" \
   "Authorization: PAY-HMAC-SHA256 merchant=\"shop-a\",key=\"k1\",\
timestamp=\"1732190401\",nonce=\"abcdefghijklmnop\",\
signature=\"6TUps/pwkXprgR/l70jrKa7CZrnMDOUfAQ4UG+aUy+M=\"" \
   "vector 2: the whole header"

want=eW8T+8G4yIB/8iUO2i59zSzJ4PMEP68/3xIxy45zcdg=
url='http://h/v1/payments?lang=zh'

is "$(signature -s "$tmp/demo" -d "@$tmp/body" "$url")" $want "body by a file"
is "$(signature -s "$tmp/demo" -d @- "$url" < "$tmp/body")" $want \
   "body by the standard input"
is "$(signature -s "$tmp/demo" -X POST -d "$body" "$url")" $want \
   "the default method with a body is POST"
is "$(signature -s "$tmp/demo" "http://h/a")" \
   "$(expected GET /a "$tmp/empty" "$demo")" "and GET without"
is "$(signature -s "$tmp/demo" -X POST "http://h/a")" \
   "$(expected POST /a "$tmp/empty" "$demo")" "POST without a body"
is "$(signature -s "$tmp/demo" -d '' "http://h/a")" \
   "$(expected POST /a "$tmp/empty" "$demo")" "an empty body is a body"
is "$(signature -s "$tmp/demo" -X DELETE -d x "http://h/a")" \
   "$(printf x > "$tmp/x"; expected DELETE /a "$tmp/x" "$demo")" \
   "another method"


# --- secrets of any bytes and any length

for size in 1 31 62 63 64 65 4096; do
    openssl rand $size > "$tmp/random"
    printf x >> "$tmp/random"

    is "$(signature -s "$tmp/random" -d "@$tmp/body" "$url")" \
       "$(expected POST '/v1/payments?lang=zh' "$tmp/body" \
          "$(hex < "$tmp/random")")" "a secret of $size random bytes and one"
done

printf '\000\001\377\n\r\000' > "$tmp/binary"
is "$(signature -s "$tmp/binary" -d "@$tmp/body" "$url")" \
   "$(expected POST '/v1/payments?lang=zh' "$tmp/body" 0001ff0a0d00)" \
   "a secret with NUL, LF and CR"

printf 'ngx-pay-demo-secret\n' > "$tmp/secret"
is "$(signature -s "$tmp/secret" -d "@$tmp/body" "$url")" $want "LF is cut"
printf 'ngx-pay-demo-secret\r\n' > "$tmp/secret"
is "$(signature -s "$tmp/secret" -d "@$tmp/body" "$url")" $want \
   "CR LF is cut"
printf 'ngx-pay-demo-secret\n\n' > "$tmp/secret"
is "$(signature -s "$tmp/secret" -d "@$tmp/body" "$url")" \
   "$(expected POST '/v1/payments?lang=zh' "$tmp/body" "${demo}0a")" \
   "only one line end is cut"
printf 'ngx-pay-demo-secret\r' > "$tmp/secret"
is "$(signature -s "$tmp/secret" -d "@$tmp/body" "$url")" \
   "$(expected POST '/v1/payments?lang=zh' "$tmp/body" "${demo}0d")" \
   "a CR alone is no line end"
printf '%0128d\n' 7 > "$tmp/secret"
is "$(signature -s "$tmp/secret" -d "@$tmp/body" "$url")" \
   "$(expected POST '/v1/payments?lang=zh' "$tmp/body" \
      "$(printf '%0128d' 7 | hex)")" "a long secret is cut before its hash"


# --- bodies of any bytes

printf '\000\n\377{"a":"\n"}\r\n\000\n\n' > "$tmp/bytes"
is "$(signature -s "$tmp/demo" -d "@$tmp/bytes" http://h/b)" \
   "$(expected POST /b "$tmp/bytes" "$demo")" "a body with NUL and line ends"
is "$(signature -s "$tmp/demo" -d @- http://h/b < "$tmp/bytes")" \
   "$(expected POST /b "$tmp/bytes" "$demo")" "by the standard input"

openssl rand 100000 > "$tmp/large"
is "$(signature -s "$tmp/demo" -d "@$tmp/large" http://h/b)" \
   "$(expected POST /b "$tmp/large" "$demo")" "100 000 random bytes"

printf '%s' '%s\n\\ $(x) `x`' > "$tmp/shell"
is "$(signature -s "$tmp/demo" -d '%s\n\\ $(x) `x`' http://h/b)" \
   "$(expected POST /b "$tmp/shell" "$demo")" "nothing is expanded"


# --- the target

target() {      # url target
    is "$(signature -s "$tmp/demo" "$1")" \
       "$(expected GET "$2" "$tmp/empty" "$demo")" "target of $1"
}

target http://h /
target http://h/ /
target http://h:80 /
target 'http://h?a=b' '/?a=b'
target 'http://h/?a=b/c?d' '/?a=b/c?d'
target 'http://h//a//b/' //a//b/
target http://h/a/../b/./c /a/../b/./c
target 'http://h/%7Ea%2fb%2F?q=%0A+%20' '/%7Ea%2fb%2F?q=%0A+%20'
target 'http://h/a#part' /a
target 'http://h/a?b=c#/d?e' '/a?b=c'
target 'http://[::1]:8080/a[1-3]{x,y}*' '/a[1-3]{x,y}*'
target "http://h/\$HOME'\"\\" "/\$HOME'\"\\"
target https://u.example:8443/http://x/ /http://x/


# --- where the defaults come from

mkdir -p "$tmp/r/tools" "$tmp/r/conf-examples/sandbox/keys"
cp "$paycurl" "$tmp/r/tools/paycurl"
cp "$tmp/demo" "$tmp/r/conf-examples/sandbox/keys/demo.k1"

is "$($sh "$tmp/r/tools/paycurl" -N -t 1732190401 -n abcdefghijklmnop \
      http://h/v1/payments/T20241121-0001)" \
   "Authorization: PAY-HMAC-SHA256 merchant=\"demo\",key=\"k1\",\
timestamp=\"1732190401\",nonce=\"abcdefghijklmnop\",\
signature=\"6TUps/pwkXprgR/l70jrKa7CZrnMDOUfAQ4UG+aUy+M=\"" \
   "demo, k1 and the sandbox's key"

env_header() {
    PAY_MERCHANT=shop-b PAY_KEY=k7 PAY_SECRET_FILE="$tmp/demo" \
        $sh "$paycurl" -N -t 1732190401 -n abcdefghijklmnop "$@" \
        http://h/v1/payments/T20241121-0001 | cut -d, -f1,2,5
}

sig='signature="6TUps/pwkXprgR/l70jrKa7CZrnMDOUfAQ4UG+aUy+M="'
head='Authorization: PAY-HMAC-SHA256 merchant='

is "$(env_header)" "$head\"shop-b\",key=\"k7\",$sig" "the environment"
is "$(env_header -m shop-c -k k8)" "$head\"shop-c\",key=\"k8\",$sig" \
   "options win over it"

header=$($sh "$paycurl" -N -s "$tmp/demo" http://h/)
is "$(echo "$header" | sed 's/timestamp="[0-9]\{10\}"/T/
                            s/nonce="[0-9a-f]\{32\}"/N/
                            s/signature="[A-Za-z0-9+/]\{43\}="/S/')" \
   "$head\"demo\",key=\"k1\",T,N,S" "a timestamp and a nonce of its own"

other=$($sh "$paycurl" -N -s "$tmp/demo" http://h/)
is "$([ "$header" != "$other" ] && echo differ)" differ \
   "each time another nonce"


# --- private keys, judged by openssl

pair() {        # name genpkey's options...
    name=$1
    shift
    openssl genpkey "$@" -out "$tmp/$name.key" 2> /dev/null
    openssl pkey -in "$tmp/$name.key" -pubout -out "$tmp/$name.pub"
}

pair rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
pair p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
pair p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
pair ed25519 -algorithm ed25519
pair sm2 -algorithm SM2

verify() {      # algorithm public-key; $tmp/text, $tmp/sig
    case $1 in
        ed25519) openssl pkeyutl -verify -rawin -pubin -inkey "$2" \
                     -in "$tmp/text" -sigfile "$tmp/sig" ;;
        sm2) openssl dgst -sm3 -sigopt distid:1234567812345678 -verify "$2" \
                 -signature "$tmp/sig" "$tmp/text" ;;
        *) openssl dgst -sha256 -verify "$2" -signature "$tmp/sig" \
               "$tmp/text" ;;
    esac > /dev/null 2>&1
}

signed() {      # algorithm scheme
    header=$($sh "$paycurl" -N -t 1732190400 -n $nonce -m shop-a -k r1 \
             -a "$1" -s "$tmp/$1.key" -d "@$tmp/bytes" \
             'http://h/v1/payments?lang=zh')

    is "${header%%signature=*}" \
       "Authorization: $2 merchant=\"shop-a\",key=\"r1\",\
timestamp=\"1732190400\",nonce=\"$nonce\"," "$1: the word is $2"

    header=${header%\"}
    printf %s "${header##*signature=\"}" | openssl base64 -d -A > "$tmp/sig"
    { printf 'POST\n/v1/payments?lang=zh\n1732190400\n%s\n' $nonce
      cat "$tmp/bytes"; echo; } > "$tmp/text"

    is "$(verify "$1" "$tmp/$1.pub" && echo holds)" holds \
       "$1: the signature holds"
    echo >> "$tmp/text"
    is "$(verify "$1" "$tmp/$1.pub" || echo fails)" fails \
       "$1: and fails for one byte more"
}

signed rsa PAY-RSA-SHA256
signed p256 PAY-ECDSA-P256-SHA256
signed ed25519 PAY-ED25519
signed sm2 PAY-SM2-SM3

is "$(PAY_SECRET_FILE=$tmp/demo PAY_PRIVATE_KEY_FILE=$tmp/ed25519.key \
      $sh "$paycurl" -N -a ed25519 http://h/ | cut -d' ' -f2)" PAY-ED25519 \
   "the key by the environment"
is "$(signature -a hmac -s "$tmp/demo" -d "@$tmp/body" "$url")" $want "-a hmac"


# --- wrong usage

wrong() {       # name, arguments...
    name=$1
    shift
    $sh "$paycurl" "$@" > "$tmp/out" 2> "$tmp/err" < /dev/null
    is "$? $(wc -c < "$tmp/out" | tr -d ' ') $(grep -c . "$tmp/err")" \
       "2 0 1" "wrong: $name"
}

wrong 'no URL' -N -s "$tmp/demo"
wrong 'unknown option' -Z http://h/
wrong 'option without a value' -s
wrong 'no scheme' -N -s "$tmp/demo" h/a
wrong 'another scheme' -N -s "$tmp/demo" ftp://h/a
wrong 'no host' -N -s "$tmp/demo" http:///a
wrong 'space in the URL' -N -s "$tmp/demo" 'http://h/a b'
wrong 'not ASCII' -N -s "$tmp/demo" "$(printf 'http://h/\303\266')"
wrong 'line end in the URL' -N -s "$tmp/demo" "$(printf 'http://h/a\nb')"
wrong 'no secret file' -N -s "$tmp/none" http://h/
wrong 'empty secret' -N -s "$tmp/empty" http://h/
printf '\n' > "$tmp/lf"
wrong 'secret of one line end' -N -s "$tmp/lf" http://h/
wrong 'no private key' -N -a rsa http://h/
wrong 'no such private key' -N -a rsa -s "$tmp/none" http://h/
wrong 'algorithm' -N -a dsa -s "$tmp/rsa.key" http://h/
wrong 'RSA for P-256' -N -a p256 -s "$tmp/rsa.key" http://h/
wrong 'P-384 for P-256' -N -a p256 -s "$tmp/p384.key" http://h/
wrong 'P-256 for SM2' -N -a sm2 -s "$tmp/p256.key" http://h/
wrong 'a public key' -N -a rsa -s "$tmp/rsa.pub" http://h/
wrong 'a secret for a key' -N -a rsa -s "$tmp/demo" http://h/
wrong 'P-256 for Ed25519' -N -a ed25519 -s "$tmp/p256.key" http://h/
wrong 'no body file' -N -s "$tmp/demo" -d "@$tmp/none" http://h/
wrong 'method' -N -s "$tmp/demo" -X 'GET /x' http://h/
wrong 'quote in the merchant' -N -s "$tmp/demo" -m 'a"b' http://h/
wrong 'line end in the nonce' -N -s "$tmp/demo" -n "$(printf 'a\nb')" http://h/

$sh "$paycurl" -h > "$tmp/out" 2> "$tmp/err"
is "$? $(head -1 "$tmp/out")" \
   "0 usage: paycurl [options] [-- curl options] URL" "-h"


# --- the secret is in no command line: everything that is run is written down

mkdir "$tmp/spy"

for tool in openssl awk od tr cat date mktemp wc grep sed curl; do
    real=$(command -v $tool)
    {
        echo '#!/bin/sh'
        echo "printf '%s\\n' \"$tool \$*\" >> '$tmp/argv'"
        echo "exec '${real:-false}' \"\$@\""
    } > "$tmp/spy/$tool"
    chmod +x "$tmp/spy/$tool"
done

printf 'a-secret-that-nobody-may-see' > "$tmp/hidden"
key=$(hex < "$tmp/hidden")

got=$(PATH="$tmp/spy:$PATH" $sh "$paycurl" -N -v -s "$tmp/hidden" \
      -t 1732190400 -n $nonce -d "@$tmp/body" "$url" 2> /dev/null \
      | sed 's/.*signature="//; s/"$//')

is "$got" "$(expected POST '/v1/payments?lang=zh' "$tmp/body" "$key")" \
   "signed under observation"
is "$(grep -c '^openssl dgst' "$tmp/argv")" 2 "two plain hashes"
is "$(grep -c -e a-secret -e "$(echo "$key" | cut -c1-8)" -e macopt -e hmac \
      "$tmp/argv")" 0 "the secret is in no command line"


# --- what curl is given, and what its answer does

mkdir "$tmp/bin"
cat > "$tmp/bin/curl" <<'EOF'
#!/bin/sh
# a stand-in: keeps its arguments and files, answers by the numbered scripts

i=$(($(cat "$FAKE/calls" 2> /dev/null || echo 0) + 1))
echo $i > "$FAKE/calls"
printf '%s\n' "$@" > "$FAKE/args.$i"

for arg; do
    case $last in
        -D) head=$arg ;;
        -o) answer=$arg ;;
        -H) cp "${arg#@}" "$FAKE/headers.$i" ;;
        --data-binary) cp "${arg#@}" "$FAKE/body.$i" ;;
        --stderr) printf '%s\r\n' '* note' '> POST / HTTP/1.1' \
                      '< HTTP/1.1 200' '} [5 bytes data]' > "$arg" ;;
    esac
    last=$arg
done

. "$FAKE/answer.$i"
EOF
chmod +x "$tmp/bin/curl"

fake() {        # arguments... ; $tmp/fake/answer.N are there
    $sh -c 'PATH=$1; shift; exec "$@"' x "$tmp/bin:$PATH" $sh "$paycurl" \
        -s "$tmp/demo" "$@" > "$tmp/out" 2> "$tmp/err"
    rc=$?
}

answer() {      # number status extra-header body
    cat > "$tmp/fake/answer.$1" <<EOF
printf 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 $2 Words\r\n$3\r\n\r\n' > "\$head"
printf '%s' '$4' > "\$answer"
printf '%s' '$2'
EOF
}

reset() {
    rm -rf "$tmp/fake"
    mkdir "$tmp/fake"
}

FAKE=$tmp/fake
export FAKE

reset
answer 1 200 'X: y' '{"ok":1}'
fake -d "@$tmp/bytes" -- --max-time 5 http://h/a/../b?c
is "$rc $(cat "$tmp/out") $(cat "$tmp/err")" '0 {"ok":1} ' "200"
is "$(cmp "$tmp/fake/body.1" "$tmp/bytes" && echo same)" same \
   "the body is sent byte for byte"
is "$(sed 1d "$tmp/fake/headers.1" | tr '\n' ' ')" \
   "Expect: Content-Type: application/json " "its headers"
is "$(sed -n '1s/ .*//p' "$tmp/fake/headers.1")" "Authorization:" \
   "and the signature"
is "$(tail -1 "$tmp/fake/args.1")" 'http://h/a/../b?c' "the URL as it was"
is "$(grep -c -x -e --path-as-is -e --globoff -e --max-time -e 5 -e -q \
      "$tmp/fake/args.1")" 5 "curl changes no byte of it, and our options"
is "$(grep -c PAY-HMAC "$tmp/fake/args.1")" 0 \
   "the signature is not in curl's command line"

reset
answer 1 204 'X: y' ''
fake -v http://h/a
is "$rc $(cat "$tmp/out")" '0 ' "204"
is "$(sed 1d "$tmp/fake/headers.1")" Expect: "no type without a body"
is "$(grep -c -x -e '> POST / HTTP/1.1' -e '< HTTP/1.1 200' "$tmp/err") \
$(grep -c -e note -e bytes\ data "$tmp/err")" '2 0' "-v shows both heads"
is "$(grep -c -x '\* string to sign, 52 bytes:' "$tmp/err")" 1 \
   "and what is signed"

reset
answer 1 401 'X: y' '{"code":"signature_mismatch"}'
fake -X HEAD http://h/a
is "$rc $(cat "$tmp/out") $(cat "$tmp/err")" \
   '22 {"code":"signature_mismatch"} HTTP/1.1 401 Words' "401"
is "$(grep -c -x -e --head "$tmp/fake/args.1")" 1 "HEAD waits for no body"

reset
printf 'echo "curl: (7) no" >&2; printf 000; exit 7\n' > "$tmp/fake/answer.1"
fake http://h/a
is "$rc $(cat "$tmp/out")" '7 ' "curl's own status"

reset
answer 1 503 'RETRY-after: 0' '{"code": "store_unavailable"}'
answer 2 201 'X: y' '{"order":1}'
fake -d "$body" http://h/a
is "$rc $(cat "$tmp/out")" '0 {"order":1}' "store_unavailable: once more"
is "$(cat "$tmp/err")" \
   "paycurl: 503 store_unavailable, once more in 0 s" "and says so"
is "$(cmp -s "$tmp/fake/headers.1" "$tmp/fake/headers.2" || echo differ)" \
   differ "signed anew"
is "$(cmp "$tmp/fake/body.1" "$tmp/fake/body.2" && echo same)" same \
   "with the same body"

reset
answer 1 503 'Retry-After: 0' '{"code":"store_unavailable"}'
answer 2 503 'Retry-After: 0' '{"code":"store_unavailable"}'
answer 3 200 'X: y' ''
fake http://h/a
is "$rc $(cat "$tmp/fake/calls")" '22 2' "only once"

not_again() {       # name retry-after code arguments...
    reset
    name=$1
    answer 1 "$2" "$3" "$4"
    shift 4
    fake "$@" http://h/a
    is "$rc $(cat "$tmp/fake/calls")" '22 1' "not again: $name"
}

code='{"code":"store_unavailable"}'
not_again '3 s' 503 'Retry-After: 3' "$code"
not_again '20 s' 503 'Retry-After: 20' "$code"
not_again 'a date' 503 'Retry-After: Fri, 01 Jan 2027 00:00:00 GMT' "$code"
not_again 'no Retry-After' 503 'X: y' "$code"
not_again 'another code' 503 'Retry-After: 1' '{"code":"channel_busy"}'
not_again 'another status' 500 'Retry-After: 1' "$code"
not_again 'a fixed nonce' 503 'Retry-After: 1' "$code" -n $nonce
not_again 'a fixed timestamp' 503 'Retry-After: 1' "$code" -t 1732190400

is "$(find "$tmp/scratch" -mindepth 1 | head -1)" '' "nothing is left behind"

echo "1..$n"
exit $failed
