#!/bin/sh
# oauth2-proxy before an application that knows no OpenID Connect (oauth2-proxy.cfg).
# Register: --id-token-alg RS256 --redirect-uri URL/oauth2/callback --post-logout-redirect-uri URL/
set -eu
export OAUTH2_PROXY_OIDC_ISSUER_URL="$ISSUER"
export OAUTH2_PROXY_CLIENT_ID="$CLIENT_ID"
export OAUTH2_PROXY_CLIENT_SECRET="$CLIENT_SECRET"
export OAUTH2_PROXY_HTTP_ADDRESS="127.0.0.1:$PORT"
export OAUTH2_PROXY_REDIRECT_URL="${URL:-http://localhost:$PORT}/oauth2/callback"
# where a sign-out may lead to
export OAUTH2_PROXY_WHITELIST_DOMAINS="${ISSUER#*://}"
# 32 random bytes, the same on all machines
export OAUTH2_PROXY_COOKIE_SECRET="${COOKIE_SECRET:-$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')}"
exec ./oauth2-proxy --config oauth2-proxy.cfg
