# Signs and sends one request by RFC 9421:
# python3 sign_rfc9421.py METHOD URL [BODY]

import base64, hashlib, hmac, os, re, secrets, sys, time
import urllib.error, urllib.parse, urllib.request

method, url, body = (sys.argv[1:] + [''])[:3]
body = os.fsencode(body)

with open(os.environ['PAY_SECRET_FILE'], 'rb') as file:
    secret = re.sub(rb'\r?\n\Z', b'', file.read())

def base64_text(data):
    return base64.b64encode(data).decode()

parts = urllib.parse.urlsplit(url)
request = urllib.request.Request(url, body or None, method=method)
request.add_header('Content-Type', 'application/json')

covered = {
    '@method': method,
    '@authority': parts.netloc.lower(),         # without :80 or :443
    '@path': parts.path,
    '@query': '?' + parts.query,                # "?" where there is none
}

if body:
    digest = base64_text(hashlib.sha256(body).digest())
    covered['content-digest'] = f'sha-256=:{digest}:'
    request.add_header('Content-Digest', covered['content-digest'])

keyid = os.environ['PAY_MERCHANT'] + '/' + os.environ['PAY_KEY']
params = ('(' + ' '.join(f'"{name}"' for name in covered) + ')'
          + f';created={int(time.time())};nonce="{secrets.token_hex(16)}"'
          + f';keyid="{keyid}";tag="ngx-pay"')

text = ''.join(f'"{name}": {value}\n' for name, value in covered.items())
text += f'"@signature-params": {params}'
signature = base64_text(hmac.new(secret, text.encode(),
                                 hashlib.sha256).digest())

request.add_header('Signature-Input', f'pay={params}')
request.add_header('Signature', f'pay=:{signature}:')

try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error

print(answer.read().decode())
print(answer.status)
