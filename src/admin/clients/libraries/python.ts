import { originOf, quoted, type Library, type Values } from './library.ts'

const authlibFile = (
  framework: 'flask' | 'starlette',
  { issuer, clientId, secret, redirectUri, afterLogout, scope, authMethod }: Values,
) => `from authlib.integrations.${framework}_client import OAuth

ISSUER = ${quoted(issuer)}
CLIENT_ID = ${quoted(clientId)}
REDIRECT_URI = ${quoted(redirectUri)}
${afterLogout === undefined ? '' : `AFTER_LOGOUT = ${quoted(afterLogout)}\n`}
oauth = OAuth()
yideng = oauth.register(
    "yideng",
    client_id=CLIENT_ID,
    client_secret=${quoted(secret)},
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={
        "scope": ${quoted(scope.join(' '))},
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": ${quoted(authMethod)},
    },
)
`

/** Authlib 1.x with Flask: examples/authlib-flask. */
export const authlib: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: (values) => `# File: yideng.py
# pip install authlib flask requests
${authlibFile('flask', values)}# In the portal: oauth.init_app(app). Sign-in: yideng.authorize_redirect(REDIRECT_URI).
# Callback: token = yideng.authorize_access_token(), then person = yideng.userinfo(token=token).
`,
}

/** Authlib 1.x with FastAPI or Starlette: examples/authlib-fastapi. */
export const fastapi: Library = {
  registers: authlib.registers,
  configuration: (values) => `# File: yideng.py
# pip install authlib fastapi httpx itsdangerous
${authlibFile('starlette', values)}# The portal needs SessionMiddleware. Sign-in: await yideng.authorize_redirect(request, REDIRECT_URI).
# Callback: token = await yideng.authorize_access_token(request), then person = await yideng.userinfo(token=token).
`,
}

/** mozilla-django-oidc 4 and 5: examples/django-mozilla. Its own accounts are by e-mail, and it checks the nonce only. */
export const django: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_post' },
  configuration: (values) => `${djangoSettings(values)}
${djangoBackend}`,
}

const djangoSettings = ({
  issuer,
  clientId,
  secret,
  scope,
  alg,
  authMethod,
  afterLogout,
}: Values) => `# File: settings.py
# pip install mozilla-django-oidc; urls.py: path("oidc/", include("mozilla_django_oidc.urls"))
INSTALLED_APPS += ["mozilla_django_oidc"]
AUTHENTICATION_BACKENDS = ["yideng_backend.YidengBackend"]
YIDENG_ISSUER = ${quoted(issuer)}
OIDC_RP_CLIENT_ID = ${quoted(clientId)}
OIDC_RP_CLIENT_SECRET = ${quoted(secret)}
OIDC_RP_SCOPES = ${quoted(scope.join(' '))}
OIDC_RP_SIGN_ALGO = ${quoted(alg)}
OIDC_USE_PKCE = True
OIDC_TOKEN_USE_BASIC_AUTH = ${authMethod === 'client_secret_basic' ? 'True' : 'False'}
OIDC_OP_AUTHORIZATION_ENDPOINT = f"{YIDENG_ISSUER}/authorize"
OIDC_OP_TOKEN_ENDPOINT = f"{YIDENG_ISSUER}/token"
OIDC_OP_USER_ENDPOINT = f"{YIDENG_ISSUER}/userinfo"
OIDC_OP_JWKS_ENDPOINT = f"{YIDENG_ISSUER}/jwks"
OIDC_OP_LOGOUT_URL_METHOD = "yideng_backend.address_of_sign_out"
OIDC_STORE_ID_TOKEN = True
LOGIN_URL = "oidc_authentication_init"
LOGIN_REDIRECT_URL = "/"
LOGIN_REDIRECT_URL_FAILURE = "/"
LOGOUT_REDIRECT_URL = ${quoted(afterLogout ?? '/')}
`

/** OpenID Connect Core 3.1.3.7, of which the library does the signature and the nonce. */
const djangoBackend = `# File: yideng_backend.py
"""Yideng knows no e-mail addresses: an account belongs to a sub, never to an address."""

import time
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class YidengBackend(OIDCAuthenticationBackend):
    def verify_claims(self, claims):
        return bool(claims.get("sub"))

    def verify_token(self, token, **kwargs):
        claims = super().verify_token(token, **kwargs)
        right = (
            claims.get("iss") == settings.YIDENG_ISSUER
            and claims.get("aud") in (settings.OIDC_RP_CLIENT_ID, [settings.OIDC_RP_CLIENT_ID])
            and claims.get("exp", 0) > time.time() - 30
            and claims.get("sub")
        )
        if not right:
            raise SuspiciousOperation("the ID token is not for this sign-in")
        self.subject = claims["sub"]
        return claims

    def get_userinfo(self, access_token, id_token, payload):
        claims = super().get_userinfo(access_token, id_token, payload)
        if claims.get("sub") != self.subject:
            raise SuspiciousOperation("userinfo is about somebody else")
        return claims

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        return self.update_user(self.UserModel.objects.create_user(claims["sub"]), claims)

    def update_user(self, user, claims):
        user.first_name = claims.get("name", "")[:150]
        user.save()
        return user


def address_of_sign_out(request):
    query = {
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "id_token_hint": request.session.get("oidc_id_token", ""),
        "post_logout_redirect_uri": settings.LOGOUT_REDIRECT_URL,
    }
    return f"{settings.YIDENG_ISSUER}/logout?{urlencode(query)}"
`

/** django-allauth 65 with its provider openid_connect: examples/django-allauth. */
export const allauth: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: (values) => `# File: settings.py
# pip install "django-allauth[socialaccount]"; urls.py: path("accounts/", include("allauth.urls"))
# Sign-in: ${originOf(values)}/accounts/oidc/yideng/login/
INSTALLED_APPS += [
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_REDIRECT_URL = "/"
# Yideng knows no e-mail addresses
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_ONLY = True
# a link on a page of the portal begins the sign-in
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "yideng",
                "name": "一登",
                "client_id": ${quoted(values.clientId)},
                "secret": ${quoted(values.secret)},
                "settings": {
                    "server_url": ${quoted(values.issuer)},
                    "token_auth_method": ${quoted(values.authMethod)},
                },
            }
        ],
        "OAUTH_PKCE_ENABLED": True,
        "SCOPE": [${values.scope.map(quoted).join(', ')}],
    }
}
`,
}
