<?php
// Signs and sends one request with a private key (PEM; RSA, P-256):
// php sign_key.php METHOD URL [BODY]

[$method, $url, $body] = array_slice([...$argv, ''], 1, 3);

$key = openssl_pkey_get_private(
    file_get_contents(getenv('PAY_PRIVATE_KEY_FILE')));
$scheme = [
    OPENSSL_KEYTYPE_RSA => 'PAY-RSA-SHA256',
    OPENSSL_KEYTYPE_EC => 'PAY-ECDSA-P256-SHA256',
][openssl_pkey_get_details($key)['type']];

$target = preg_replace('~^https?://[^/]+~', '', $url);  // path, query as sent
$timestamp = time();
$nonce = bin2hex(random_bytes(16));

$text = "$method\n$target\n$timestamp\n$nonce\n$body\n";
openssl_sign($text, $signature, $key, OPENSSL_ALGO_SHA256);
$signature = base64_encode($signature);

$authorization = "$scheme " . implode(',', [
    'merchant="' . getenv('PAY_MERCHANT') . '"',
    'key="' . getenv('PAY_KEY') . '"',
    "timestamp=\"$timestamp\"",
    "nonce=\"$nonce\"",
    "signature=\"$signature\"",
]);

$answer = file_get_contents($url, false, stream_context_create(['http' => [
    'method' => $method,
    'header' => ["Authorization: $authorization",
                 'Content-Type: application/json'],
    'content' => $body,
    'ignore_errors' => true,
]]));

echo $answer, "\n", explode(' ', $http_response_header[0])[1], "\n";
