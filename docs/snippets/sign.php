<?php
// Signs and sends one request:  php sign.php METHOD URL [BODY]

[$method, $url, $body] = array_slice([...$argv, ''], 1, 3);

$secret = file_get_contents(getenv('PAY_SECRET_FILE'));
$secret = preg_replace('/\r?\n\z/', '', $secret);

$target = preg_replace('~^https?://[^/]+~', '', $url);  // path, query as sent
$timestamp = time();
$nonce = bin2hex(random_bytes(16));

$text = "$method\n$target\n$timestamp\n$nonce\n$body\n";
$signature = base64_encode(hash_hmac('sha256', $text, $secret, true));

$authorization = 'PAY-HMAC-SHA256 ' . implode(',', [
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
