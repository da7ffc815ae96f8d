"""The settings of a small portal. What `client create --for django` prints goes to the end of this file."""

import os
import secrets

SECRET_KEY = os.environ.get("COOKIE_KEY") or secrets.token_hex(32)
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "pages"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "portal.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
# a link on a page of the portal signs out
ALLOW_LOGOUT_GET_METHOD = True

