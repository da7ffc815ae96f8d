"""A portal in Python: Flask and Authlib (Debian: python3-flask, python3-authlib, python3-requests).

ISSUER=https://login.example.gov.cn CLIENT_ID=… CLIENT_SECRET=… URL=http://localhost:8080 python3 portal.py
"""

import os
import secrets
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.jose.errors import JoseError
from flask import Flask, abort, redirect, request, session
from markupsafe import escape

ISSUER = os.environ["ISSUER"]
URL = os.environ["URL"]

app = Flask(__name__)
# use one key for all processes of the portal
app.secret_key = os.environ.get("COOKIE_KEY") or secrets.token_hex(32)
app.config.update(
    SESSION_COOKIE_HTTPONLY=True,
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_SECURE=URL.startswith("https:"),
)

yideng = OAuth(app).register(
    "yideng",
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
)


@app.get("/")
def home():
    person = session.get("person")
    if person is None:
        return '<a href="/login">登录</a>'
    return f"您好，{escape(person['name'])}"


@app.get("/login")
def login():
    # Authlib makes state, nonce and code_verifier and stores them in the session
    return yideng.authorize_redirect(f"{URL}/callback")


@app.get("/callback")
def callback():
    # Authlib does not check the issuer of the response (RFC 9207)
    if request.args.get("iss", ISSUER) != ISSUER:
        abort(400, "the answer is not from our provider")
    try:
        token = yideng.authorize_access_token(
            claims_options={
                "iss": {"essential": True, "value": ISSUER},
                "sub": {"essential": True},
                "nonce": {"essential": True},
            }
        )
    except (OAuthError, JoseError) as error:
        abort(400, f"the sign-in did not succeed: {type(error).__name__}")
    claims = token["userinfo"]  # of the ID token, checked
    more = yideng.userinfo(token=token)
    if more.get("sub") != claims["sub"]:
        abort(400, "userinfo is about somebody else")
    session.clear()
    session["person"] = {
        "sub": claims["sub"],
        "acr": claims.get("acr"),
        "name": more.get("name", claims["sub"]),
    }
    return redirect("/")


@app.get("/who")
def who():
    """For nginx' auth_request: who is signed in, in headers that nginx hands to an application that knows no OpenID."""
    person = session.get("person")
    if person is None:
        abort(401)
    return "", 204, {"x-person": person["sub"], "x-level": person["acr"] or ""}


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ.get("LISTEN") or urlsplit(URL).port))
