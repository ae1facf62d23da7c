# Signs and sends one request:  python3 sign.py METHOD URL [BODY]

import base64, hashlib, hmac, os, re, secrets, sys, time
import urllib.error, urllib.request

method, url, body = (sys.argv[1:] + [''])[:3]
body = os.fsencode(body)

with open(os.environ['PAY_SECRET_FILE'], 'rb') as file:
    secret = re.sub(rb'\r?\n\Z', b'', file.read())

request = urllib.request.Request(url, body or None, method=method)

target = request.selector                       # path and query as sent
timestamp = str(int(time.time()))
nonce = secrets.token_hex(16)

text = '\n'.join([method, target, timestamp, nonce, '']).encode()
text += body + b'\n'
digest = hmac.new(secret, text, hashlib.sha256).digest()
signature = base64.b64encode(digest).decode()

request.add_header('Authorization', 'PAY-HMAC-SHA256 ' + ','.join([
    f'merchant="{os.environ["PAY_MERCHANT"]}"',
    f'key="{os.environ["PAY_KEY"]}"',
    f'timestamp="{timestamp}"',
    f'nonce="{nonce}"',
    f'signature="{signature}"']))
request.add_header('Content-Type', 'application/json')

try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error

print(answer.read().decode())
print(answer.status)
