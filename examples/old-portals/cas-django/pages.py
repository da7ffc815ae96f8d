from html import escape

from django.http import HttpResponse
from django.urls import path
from django_cas_ng.views import LoginView, LogoutView


def home(request):
    if request.user.is_authenticated:
        return HttpResponse(f"您好，{escape(request.user.first_name)}")
    return HttpResponse('<a href="/login">登录</a>')


urlpatterns = [
    path("", home),
    path("login", LoginView.as_view(), name="cas_ng_login"),
    path("logout", LogoutView.as_view(), name="cas_ng_logout"),
]
