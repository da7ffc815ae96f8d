"""A portal with Django and mozilla-django-oidc: name and sign-out. The library knows no refresh and no back-channel sign-out.

ISSUER=https://login.example.gov.cn CLIENT_ID=… CLIENT_SECRET=… PORT=8080 python portal.py

Register with --redirect-uri URL/oidc/callback/ --post-logout-redirect-uri URL/signed-out
"""

import os

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)
    # a real portal runs behind a server for production
    call_command("runserver", f"127.0.0.1:{os.environ['PORT']}", use_reloader=False)
