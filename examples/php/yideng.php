<?php
// OpenID Connect for portal.php: PHP 8 with curl, and phpseclib for keys and signatures.
// Debian: php-cli php-curl php-phpseclib3. Debian has no maintained client library of OpenID Connect.
declare(strict_types=1);

use phpseclib3\Crypt\EC;
use phpseclib3\Crypt\PublicKeyLoader;
use phpseclib3\Crypt\RSA;
use phpseclib3\Math\BigInteger;

require 'phpseclib3/autoload.php';

final class Refused extends Exception {}

final class Yideng
{
    public function __construct(
        private string $issuer,
        private string $clientId,
        private string $secret,
        private string $url,
        private string $scope,
    ) {}

    /** The provider's metadata. A real portal keeps it and the keys for some hours (apcu). */
    public function provider(string $name): string
    {
        static $metadata = null;
        $metadata ??= self::ask("$this->issuer/.well-known/openid-configuration");
        return $metadata[$name];
    }

    /** The address where a sign-in begins. Keep `$attempt` in the session of the browser. */
    public function begin(?array &$attempt): string
    {
        $attempt = array_map(fn() => self::base64url(random_bytes(32)), ['state' => 0, 'nonce' => 0, 'verifier' => 0]);
        return $this->provider('authorization_endpoint') . '?' . http_build_query([
            'client_id' => $this->clientId,
            'response_type' => 'code',
            'redirect_uri' => "$this->url/callback",
            'scope' => $this->scope,
            'state' => $attempt['state'],
            'nonce' => $attempt['nonce'],
            'code_challenge' => self::base64url(hash('sha256', $attempt['verifier'], true)),
            'code_challenge_method' => 'S256',
        ]);
    }

    /** Turns the browser's return into a person (OIDC Core 3.1.3.7). */
    public function finish(?array $attempt, array $query): array
    {
        $given = fn(string $name): string => is_string($query[$name] ?? null) ? $query[$name] : '';
        // RFC 9207: the answer names its issuer
        if ($attempt === null || !hash_equals($attempt['state'], $given('state')) || $given('iss') !== $this->issuer) {
            throw new Refused('the sign-in did not begin in this browser');
        }
        if ($given('error') !== '') {
            throw new Refused($given('error'));
        }
        $tokens = $this->tokens([
            'grant_type' => 'authorization_code',
            'code' => $given('code'),
            'redirect_uri' => "$this->url/callback",
            'code_verifier' => $attempt['verifier'],
        ]);
        $claims = $this->claimsOf($tokens['id_token'] ?? '');
        $nonce = $claims['nonce'] ?? null;
        if (!is_string($nonce) || !hash_equals($attempt['nonce'], $nonce) || !self::isText($claims['sub'] ?? null)) {
            throw new Refused('the ID token is not for this sign-in');
        }
        $bearer = "Authorization: Bearer {$tokens['access_token']}";
        $info = self::ask($this->provider('userinfo_endpoint'), [CURLOPT_HTTPHEADER => [$bearer]]);
        if (($info['sub'] ?? null) !== $claims['sub']) {
            throw new Refused('userinfo is about another person');
        }
        return [
            'sub' => $claims['sub'],
            'sid' => $claims['sid'] ?? '',
            'name' => $info['name'] ?? $claims['sub'],
            'id_token' => $tokens['id_token'],
            'refresh_token' => $tokens['refresh_token'] ?? '',
        ];
    }

    /** New tokens. The refresh token is another one each time. */
    public function refresh(string $refreshToken): array
    {
        return $this->tokens(['grant_type' => 'refresh_token', 'refresh_token' => $refreshToken]);
    }

    public function signOut(string $idToken): string
    {
        return $this->provider('end_session_endpoint') . '?' . http_build_query([
            'id_token_hint' => $idToken,
            'post_logout_redirect_uri' => "$this->url/signed-out",
        ]);
    }

    /** The claims of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6). */
    public function logoutClaims(string $token): array
    {
        $claims = $this->claimsOf($token);
        $event = $claims['events']['http://schemas.openid.net/event/backchannel-logout'] ?? null;
        $named = self::isText($claims['sid'] ?? null) || self::isText($claims['sub'] ?? null);
        if ($event === null || array_key_exists('nonce', $claims) || !self::isText($claims['jti'] ?? null) || !$named) {
            throw new Refused('not a logout token');
        }
        return $claims;
    }

    private function tokens(array $fields): array
    {
        return self::ask($this->provider('token_endpoint'), [
            CURLOPT_USERPWD => rawurlencode($this->clientId) . ':' . rawurlencode($this->secret),
            CURLOPT_POSTFIELDS => http_build_query($fields),
        ]);
    }

    /** The claims of a token for this portal, after its signature, issuer, audience and times are checked. */
    private function claimsOf(string $token): array
    {
        $parts = explode('.', $token);
        $header = json_decode(self::bytesOf($parts[0]), true);
        $keys = self::ask($this->provider('jwks_uri'))['keys'];
        $found = array_filter($keys, fn(array $key): bool => isset($header['kid']) && ($key['kid'] ?? null) === $header['kid']);
        if (count($parts) !== 3 || $found === []) {
            throw new Refused('no key signed this token');
        }
        if (!self::isSigned($header['alg'] ?? '', reset($found), "$parts[0].$parts[1]", self::bytesOf($parts[2]))) {
            throw new Refused('the signature is wrong');
        }
        $claims = json_decode(self::bytesOf($parts[1]), true);
        $right = is_array($claims)
            && ($claims['iss'] ?? '') === $this->issuer
            && ($claims['aud'] ?? '') === $this->clientId
            && is_int($claims['exp'] ?? null) && $claims['exp'] > time() - 30
            && is_int($claims['iat'] ?? null) && $claims['iat'] < time() + 30;
        if (!$right) {
            throw new Refused('the token is not for this portal');
        }
        return $claims;
    }

    /** The key decides which algorithm is right; the header must say the same (RFC 8725 section 3.1). */
    private static function isSigned(string $alg, array $jwk, string $text, string $signature): bool
    {
        $key = PublicKeyLoader::load(json_encode(['keys' => [$jwk]]))->withHash('sha256');
        return match (true) {
            $key instanceof RSA => $alg === 'RS256' && $key->withPadding(RSA::SIGNATURE_PKCS1)->verify($text, $signature),
            $key instanceof EC => $alg === 'ES256' && strlen($signature) === 64
                && $key->withSignatureFormat('Raw')->verify($text, self::halvesOf($signature)),
            default => false,
        };
    }

    /** RFC 7518 section 3.4. */
    private static function halvesOf(string $signature): array
    {
        return array_combine(['r', 's'], array_map(fn($half) => new BigInteger($half, 256), str_split($signature, 32)));
    }

    /** Sends a request to the provider; `$options` are options of curl. */
    private static function ask(string $address, array $options = []): array
    {
        $curl = curl_init($address);
        curl_setopt_array($curl, $options + [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10]);
        $text = curl_exec($curl);
        $document = is_string($text) ? json_decode($text, true) : null;
        if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200 || !is_array($document)) {
            throw new Refused('the provider refuses: ' . (is_array($document) ? $document['error'] ?? '' : ''));
        }
        return $document;
    }

    private static function isText(mixed $value): bool
    {
        return is_string($value) && $value !== '';
    }

    private static function base64url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    private static function bytesOf(string $text): string
    {
        return base64_decode(strtr($text, '-_', '+/'), true) ?: '';
    }
}
