<?php
// A portal in PHP 8 with nothing but its own openssl and curl (Debian: php-cli php-curl).
// Register: --redirect-uri ${URL}/callback --id-token-alg ES256
//
//   ISSUER=https://login.example.gov.cn CLIENT_ID=… CLIENT_SECRET=… URL=http://localhost:8080 \
//     php -S localhost:8080 portal.php
declare(strict_types=1);

$issuer = getenv('ISSUER');
$clientId = getenv('CLIENT_ID');
$url = getenv('URL');

session_start([
    'cookie_httponly' => true,
    'cookie_samesite' => 'Lax',
    'cookie_secure' => str_starts_with($url, 'https:'),
    'use_strict_mode' => true,
]);

final class Refused extends Exception {}

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function bytesOf(string $text): string
{
    return base64_decode(strtr($text, '-_', '+/'), true) ?: '';
}

/** Sends a request to the provider; `$options` are options of curl. */
function ask(string $address, array $options = []): array
{
    $curl = curl_init($address);
    curl_setopt_array($curl, $options + [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10]);
    $text = curl_exec($curl);
    $document = is_string($text) ? json_decode($text, true) : null;
    if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200 || !is_array($document)) {
        throw new Refused('the provider says no');
    }
    return $document;
}

/** A P-256 key of a JSON Web Key Set in the format of openssl. */
function pemOf(array $key): string
{
    $point = "\x04" . str_pad(bytesOf($key['x']), 32, "\0", STR_PAD_LEFT) . str_pad(bytesOf($key['y']), 32, "\0", STR_PAD_LEFT);
    $der = hex2bin('3059301306072a8648ce3d020106082a8648ce3d030107034200') . $point;
    return "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($der), 64, "\n") . "-----END PUBLIC KEY-----\n";
}

/** One half of an ES256 signature as a DER integer. */
function derInteger(string $bytes): string
{
    $bytes = ltrim($bytes, "\0");
    if ($bytes === '' || ord($bytes[0]) > 0x7f) {
        $bytes = "\0" . $bytes;
    }
    return "\x02" . chr(strlen($bytes)) . $bytes;
}

/** The claims of an ID token after its ES256 signature is verified; no claim is checked yet. */
function claimsOf(string $token, string $jwksUri): array
{
    $parts = explode('.', $token);
    if (count($parts) !== 3) {
        throw new Refused('no token');
    }
    [$head, $body, $signature] = $parts;
    $header = json_decode(bytesOf($head), true);
    $raw = bytesOf($signature);
    // The algorithm comes from our registration, never from the token.
    if (($header['alg'] ?? '') !== 'ES256' || strlen($raw) !== 64) {
        throw new Refused('another algorithm');
    }
    foreach (ask($jwksUri)['keys'] as $key) {
        if (($key['kid'] ?? '') !== ($header['kid'] ?? null) || ($key['crv'] ?? '') !== 'P-256') {
            continue;
        }
        $inner = derInteger(substr($raw, 0, 32)) . derInteger(substr($raw, 32));
        $der = "\x30" . chr(strlen($inner)) . $inner;
        if (openssl_verify("$head.$body", $der, pemOf($key), OPENSSL_ALGO_SHA256) === 1) {
            return json_decode(bytesOf($body), true);
        }
    }
    throw new Refused('not signed by the provider');
}

function begin(array $provider, string $clientId, string $url): string
{
    $attempt = ['state' => base64url(random_bytes(32)), 'nonce' => base64url(random_bytes(32)), 'verifier' => base64url(random_bytes(32))];
    $_SESSION['attempt'] = $attempt;
    return $provider['authorization_endpoint'] . '?' . http_build_query([
        'client_id' => $clientId,
        'response_type' => 'code',
        'redirect_uri' => "$url/callback",
        'scope' => 'openid profile',
        'state' => $attempt['state'],
        'nonce' => $attempt['nonce'],
        'code_challenge' => base64url(hash('sha256', $attempt['verifier'], true)),
        'code_challenge_method' => 'S256',
    ]);
}

/** Turns the browser's return into a person (OIDC Core 3.1.3.7). */
function finish(array $provider, string $issuer, string $clientId, string $url): array
{
    $attempt = $_SESSION['attempt'] ?? null;
    unset($_SESSION['attempt']); // used once
    $given = fn(string $name): string => is_string($_GET[$name] ?? null) ? $_GET[$name] : '';
    if ($attempt === null || !hash_equals($attempt['state'], $given('state')) || $given('iss') !== $issuer) {
        throw new Refused('not begun in this browser');
    }
    $tokens = ask($provider['token_endpoint'], [
        CURLOPT_USERPWD => rawurlencode($clientId) . ':' . rawurlencode(getenv('CLIENT_SECRET')),
        CURLOPT_POSTFIELDS => http_build_query([
            'grant_type' => 'authorization_code',
            'code' => $given('code'),
            'redirect_uri' => "$url/callback",
            'code_verifier' => $attempt['verifier'],
        ]),
    ]);
    $claims = claimsOf($tokens['id_token'] ?? '', $provider['jwks_uri']);
    $right = ($claims['iss'] ?? '') === $issuer
        && ($claims['aud'] ?? '') === $clientId
        && is_string($claims['nonce'] ?? null) && hash_equals($attempt['nonce'], $claims['nonce'])
        && ($claims['exp'] ?? 0) > time() - 30
        && is_string($claims['sub'] ?? null) && $claims['sub'] !== '';
    if (!$right) {
        throw new Refused('the ID token is not for this sign-in');
    }
    $more = ask($provider['userinfo_endpoint'], [CURLOPT_HTTPHEADER => ["Authorization: Bearer {$tokens['access_token']}"]]);
    if (($more['sub'] ?? null) !== $claims['sub']) {
        throw new Refused('userinfo is about somebody else');
    }
    return ['sub' => $claims['sub'], 'acr' => $claims['acr'] ?? null, 'name' => $more['name'] ?? $claims['sub']];
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
try {
    // A real portal caches this for some hours (apcu).
    $provider = fn(): array => ask("$issuer/.well-known/openid-configuration");
    if ($path === '/login') {
        header('location: ' . begin($provider(), $clientId, $url), true, 302);
    } elseif ($path === '/callback') {
        $person = finish($provider(), $issuer, $clientId, $url);
        session_regenerate_id(true); // prevents session fixation
        $_SESSION['person'] = $person;
        header('location: /', true, 302);
    } elseif ($path === '/') {
        $person = $_SESSION['person'] ?? null;
        echo $person ? '您好，' . htmlspecialchars($person['name']) : '<a href="/login">登录</a>';
    } else {
        http_response_code(404);
    }
} catch (Refused $refused) {
    http_response_code(400);
    error_log($refused->getMessage());
    echo '登录没有完成，请再试一次。';
}
