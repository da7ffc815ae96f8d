import json
import os
import secrets
from urllib.request import urlopen

ISSUER = os.environ["ISSUER"]
PORT = os.environ["PORT"]

with urlopen(f"{ISSUER}/.well-known/openid-configuration") as answer:
    provider = json.load(answer)

SECRET_KEY = os.environ.get("COOKIE_KEY") or secrets.token_hex(32)
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "pages"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"portal-{PORT}.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "mozilla_django_oidc",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
AUTHENTICATION_BACKENDS = ["people.PeopleBySubject"]
LOGIN_REDIRECT_URL = "/"
LOGIN_REDIRECT_URL_FAILURE = "/"
LOGOUT_REDIRECT_URL = "/signed-out"
OIDC_RP_CLIENT_ID = os.environ["CLIENT_ID"]
OIDC_RP_CLIENT_SECRET = os.environ["CLIENT_SECRET"]
# client_secret_basic
OIDC_TOKEN_USE_BASIC_AUTH = True
OIDC_RP_SIGN_ALGO = "RS256"
# Yideng knows no e-mail addresses
OIDC_RP_SCOPES = "openid profile"
OIDC_USE_PKCE = True
OIDC_OP_AUTHORIZATION_ENDPOINT = provider["authorization_endpoint"]
OIDC_OP_TOKEN_ENDPOINT = provider["token_endpoint"]
OIDC_OP_USER_ENDPOINT = provider["userinfo_endpoint"]
OIDC_OP_JWKS_ENDPOINT = provider["jwks_uri"]
OIDC_STORE_ID_TOKEN = True
END_SESSION_ENDPOINT = provider["end_session_endpoint"]
OIDC_OP_LOGOUT_URL_METHOD = "pages.address_of_sign_out"
ALLOW_LOGOUT_GET_METHOD = True
