from html import escape
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path


def address_of_sign_out(request):
    query = {
        "id_token_hint": request.session.get("oidc_id_token", ""),
        "post_logout_redirect_uri": request.build_absolute_uri("/signed-out"),
    }
    return f"{settings.END_SESSION_ENDPOINT}?{urlencode(query)}"


def home(request):
    if request.user.is_authenticated:
        return HttpResponse(f"您好，{escape(request.user.first_name)}")
    return HttpResponse('<a href="/oidc/authenticate/">登录</a>')


def signed_out(request):
    return HttpResponse("signed out")


urlpatterns = [
    path("", home),
    path("signed-out", signed_out),
    path("oidc/", include("mozilla_django_oidc.urls")),
]
