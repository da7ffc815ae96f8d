from html import escape

from django.http import HttpResponse
from django.urls import include, path


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
