"""An old portal with django-cas-ng and python-cas: name, sign-out, single logout.

npx yideng client create --name … --legacy cas --legacy-until DATE --redirect-uri URL/login --redirect-uri URL/
Start: CAS=https://login.example.gov.cn/cas PORT=8080 python portal.py
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
