from html import escape

from django.http import HttpResponse
from django.urls import include, path


def home(request):
    if request.user.is_authenticated:
        return HttpResponse(f"您好，{escape(request.user.first_name + request.user.last_name)}")
    return HttpResponse('<a href="/accounts/oidc/yideng/login/">登录</a>')


urlpatterns = [path("", home), path("accounts/", include("allauth.urls"))]
