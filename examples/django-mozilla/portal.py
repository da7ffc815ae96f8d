"""A portal with Django and mozilla-django-oidc: name and sign-out. The library knows no refresh and no back-channel sign-out.

npx yideng client create --name … --for django --redirect-uri URL/oidc/callback/ --post-logout-redirect-uri URL/signed-out
prints the end of settings.py, and yideng_backend.py. Start: PORT=8080 python portal.py
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
