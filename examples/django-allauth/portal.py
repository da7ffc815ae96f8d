"""A portal with Django and django-allauth: the name. The library signs out of the portal only.

npx yideng client create --name … --for allauth --redirect-uri URL/accounts/oidc/yideng/login/callback/
prints the end of settings.py. Start: PORT=8080 python portal.py
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
