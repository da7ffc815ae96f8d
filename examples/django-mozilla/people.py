"""Yideng knows no e-mail addresses: an account belongs to a `sub`, never to an address."""

import os
import time

from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class PeopleBySubject(OIDCAuthenticationBackend):
    def verify_claims(self, claims):
        return bool(claims.get("sub"))

    def verify_token(self, token, **kwargs):
        """The library checks the signature and the nonce only. The rest is OpenID Connect Core 3.1.3.7."""
        claims = super().verify_token(token, **kwargs)
        check(claims)
        self.subject = claims["sub"]
        return claims

    def get_userinfo(self, access_token, id_token, payload):
        claims = super().get_userinfo(access_token, id_token, payload)
        if claims.get("sub") != self.subject:
            raise SuspiciousOperation("userinfo is about somebody else")
        return claims

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        user = self.UserModel.objects.create_user(claims["sub"])
        return self.update_user(user, claims)

    def update_user(self, user, claims):
        user.first_name = claims.get("name", "")[:150]
        user.save()
        return user


def check(claims):
    audience = claims.get("aud")
    right = (
        claims.get("iss") == os.environ["ISSUER"]
        and audience in (os.environ["CLIENT_ID"], [os.environ["CLIENT_ID"]])
        and claims.get("exp", 0) > time.time() - 30
        and claims.get("sub")
    )
    if not right:
        raise SuspiciousOperation("the ID token is not for this sign-in")
