# Signs and sends one request with a private key (PEM; RSA, P-256), by the
# command openssl:  python3 sign_key.py METHOD URL [BODY]

import base64, os, secrets, subprocess, sys, time
import urllib.error, urllib.request

method, url, body = (sys.argv[1:] + [''])[:3]
body = os.fsencode(body)
key = os.environ['PAY_PRIVATE_KEY_FILE']


def openssl(*args, data=b''):
    return subprocess.run(['openssl', *args], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


kind = openssl('pkey', '-in', key, '-noout', '-text_pub')
scheme = ('PAY-RSA-SHA256' if b'Modulus' in kind
          else 'PAY-ECDSA-P256-SHA256')

request = urllib.request.Request(url, body or None, method=method)

target = request.selector                       # path and query as sent
timestamp = str(int(time.time()))
nonce = secrets.token_hex(16)

text = '\n'.join([method, target, timestamp, nonce, '']).encode()
text += body + b'\n'
signature = base64.b64encode(
    openssl('dgst', '-sha256', '-sign', key, data=text)).decode()

request.add_header('Authorization', f'{scheme} ' + ','.join([
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
