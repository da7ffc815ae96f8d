<?php
// A portal in PHP 8: name, refresh, sign-out, back-channel sign-out. yideng.php has the OpenID Connect part.
// Register: --redirect-uri URL/callback --post-logout-redirect-uri URL/signed-out --backchannel-logout-uri URL/backchannel
//
//   ISSUER=https://login.example.gov.cn CLIENT_ID=… CLIENT_SECRET=… PORT=8080 php -S localhost:8080 portal.php
//
// A refresh token needs SCOPE="openid profile offline_access", and the same in the registration.
declare(strict_types=1);

require __DIR__ . '/yideng.php';

$url = getenv('URL') ?: 'http://localhost:' . getenv('PORT');
$scope = getenv('SCOPE') ?: 'openid profile';
$yideng = new Yideng(getenv('ISSUER'), getenv('CLIENT_ID'), getenv('CLIENT_SECRET'), $url, $scope);

// A real portal keeps sessions and notices in its database.
$store = sys_get_temp_dir() . '/portal-' . getenv('CLIENT_ID');
is_dir($store) || mkdir($store, 0700);
session_save_path($store);

/** Sessions of this `sid` or `sub` that began before now are over. */
function endSessions(string $key): void
{
    global $store;
    file_put_contents("$store/ended-" . hash('sha256', $key), (string) microtime(true));
}

function isOver(string $key, float $since): bool
{
    global $store;
    $file = "$store/ended-" . hash('sha256', $key);
    return is_file($file) && (float) file_get_contents($file) >= $since;
}

function person(): ?array
{
    $person = $_SESSION['person'] ?? null;
    $over = $person && (isOver("sid {$person['sid']}", $person['since']) || isOver("sub {$person['sub']}", $person['since']));
    return $over ? null : $person;
}

function backchannel(Yideng $yideng): void
{
    global $store;
    header('cache-control: no-store');
    $claims = $yideng->logoutClaims(is_string($_POST['logout_token'] ?? null) ? $_POST['logout_token'] : '');
    // each token counts once
    if (!@fopen("$store/used-" . hash('sha256', $claims['jti']), 'x')) {
        throw new Refused('the logout token was used');
    }
    endSessions(isset($claims['sid']) ? "sid {$claims['sid']}" : "sub {$claims['sub']}");
}

function page(Yideng $yideng, string $path): ?string
{
    if ($path === '/backchannel') {
        backchannel($yideng);
        return null;
    }
    session_start([
        'cookie_httponly' => true,
        'cookie_samesite' => 'Lax',
        'cookie_secure' => str_starts_with((string) getenv('URL'), 'https:'),
        'use_strict_mode' => true,
    ]);
    $person = person();
    switch ($path) {
        case '/':
            return $person ? '您好，' . htmlspecialchars($person['name']) : '<a href="/login">登录</a>';
        case '/login':
            header('location: ' . $yideng->begin($_SESSION['attempt']), true, 302);
            return null;
        case '/callback':
            $attempt = $_SESSION['attempt'] ?? null;
            unset($_SESSION['attempt']); // used once
            $person = $yideng->finish($attempt, $_GET);
            session_regenerate_id(true); // prevents session fixation
            $_SESSION['person'] = $person + ['since' => microtime(true)];
            header('location: /', true, 302);
            return null;
        case '/refresh':
            $fresh = $yideng->refresh($person['refresh_token'] ?? '');
            $_SESSION['person']['refresh_token'] = $fresh['refresh_token'];
            return 'refreshed';
        case '/logout':
            session_destroy();
            header('location: ' . ($person ? $yideng->signOut($person['id_token']) : '/'), true, 302);
            return null;
        case '/signed-out':
            return 'signed out';
        default:
            http_response_code(404);
            return 'no such page';
    }
}

try {
    echo page($yideng, parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/');
} catch (Exception $refused) {
    error_log($refused->getMessage());
    http_response_code(400);
    echo '登录没有完成，请再试一次。';
}
