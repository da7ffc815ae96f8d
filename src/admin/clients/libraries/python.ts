import { quoted, type Library } from './library.ts'

/** Authlib 1.x with Flask; with FastAPI and Starlette only the import differs. */
export const authlib: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: ({
    issuer,
    clientId,
    secret,
    redirectUri,
    scope,
    authMethod,
  }) => `# Flask: pip install authlib flask requests
# FastAPI: from authlib.integrations.starlette_client import OAuth
from authlib.integrations.flask_client import OAuth

REDIRECT_URI = ${quoted(redirectUri)}
oauth = OAuth()  # later: oauth.init_app(app)
yideng = oauth.register(
    "yideng",
    client_id=${quoted(clientId)},
    client_secret=${quoted(secret)},
    server_metadata_url=${quoted(`${issuer}/.well-known/openid-configuration`)},
    client_kwargs={
        "scope": ${quoted(scope.join(' '))},
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": ${quoted(authMethod)},
    },
)
# Sign-in: yideng.authorize_redirect(REDIRECT_URI).
# Callback: token = yideng.authorize_access_token(), then person = yideng.userinfo(token=token).
`,
}

/** mozilla-django-oidc 4 and 5. Its accounts are by e-mail unless a backend says otherwise. */
export const django: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_post' },
  configuration: ({
    issuer,
    clientId,
    secret,
    scope,
    alg,
    authMethod,
  }) => `# settings.py (pip install mozilla-django-oidc)
# INSTALLED_APPS has "mozilla_django_oidc"; urls.py has path("oidc/", include("mozilla_django_oidc.urls")).
AUTHENTICATION_BACKENDS = ["yideng_backend.YidengBackend"]
OIDC_RP_CLIENT_ID = ${quoted(clientId)}
OIDC_RP_CLIENT_SECRET = ${quoted(secret)}
OIDC_RP_SCOPES = ${quoted(scope.join(' '))}
OIDC_RP_SIGN_ALGO = ${quoted(alg)}
OIDC_USE_PKCE = True
OIDC_TOKEN_USE_BASIC_AUTH = ${authMethod === 'client_secret_basic' ? 'True' : 'False'}
OIDC_OP_AUTHORIZATION_ENDPOINT = ${quoted(`${issuer}/authorize`)}
OIDC_OP_TOKEN_ENDPOINT = ${quoted(`${issuer}/token`)}
OIDC_OP_USER_ENDPOINT = ${quoted(`${issuer}/userinfo`)}
OIDC_OP_JWKS_ENDPOINT = ${quoted(`${issuer}/jwks`)}
LOGIN_URL = "oidc_authentication_init"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# yideng_backend.py (beside manage.py)
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class YidengBackend(OIDCAuthenticationBackend):
    def verify_claims(self, claims):
        return "sub" in claims

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        return self.UserModel.objects.create_user(claims["sub"], first_name=claims.get("name", ""))
`,
}
