"""A portal with Flask and Authlib: name, refresh, sign-out, back-channel sign-out.

npx yideng client create --name … --for authlib --scope "openid profile offline_access"
  --redirect-uri URL/callback --post-logout-redirect-uri URL/signed-out --backchannel-logout-uri URL/backchannel
prints yideng.py. Put it beside this file. Start: PORT=8080 python portal.py
"""

import os
import secrets
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.jose import JsonWebKey, jwt
from authlib.jose.errors import JoseError
from flask import Flask, abort, redirect, request, session
from markupsafe import escape

from yideng import AFTER_LOGOUT, CLIENT_ID, ISSUER, REDIRECT_URI, oauth, yideng

app = Flask(__name__)
# use one key for all processes of the portal
app.secret_key = os.environ.get("COOKIE_KEY") or secrets.token_hex(32)
app.config.update(
    SESSION_COOKIE_HTTPONLY=True,
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_SECURE=REDIRECT_URI.startswith("https:"),
)
# a real portal keeps these in its database
people: dict[str, dict] = {}
used_notices: set[str] = set()

oauth.init_app(app)


def signed_in():
    return people.get(session.get("id", ""))


@app.get("/")
def home():
    person = signed_in()
    return (
        f"您好，{escape(person['name'])}" if person else '<a href="/login">登录</a>'
    )


@app.get("/login")
def login():
    # Authlib makes state, nonce and code_verifier and stores them in the session
    return yideng.authorize_redirect(REDIRECT_URI)


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
        abort(400, f"the sign-in did not succeed: {escape(getattr(error, 'error', error))}")
    claims = token["userinfo"]  # of the ID token, checked
    more = yideng.userinfo(token=token)
    if more.get("sub") != claims["sub"]:
        abort(400, "userinfo is about somebody else")
    session.clear()
    session["id"] = secrets.token_urlsafe(32)
    people[session["id"]] = {
        "sub": claims["sub"],
        "sid": claims.get("sid"),
        "acr": claims.get("acr"),
        "name": more.get("name", claims["sub"]),
        "id_token": token["id_token"],
        "refresh_token": token.get("refresh_token"),
    }
    return redirect("/")


@app.get("/who")
def who():
    """For nginx' auth_request: who is signed in, in headers for an application that knows no OpenID."""
    person = signed_in() or abort(401)
    return "", 204, {"x-person": person["sub"], "x-level": person["acr"] or ""}


@app.get("/refresh")
def refresh():
    """A new access token without the person. Each refresh token is used once."""
    person = signed_in() or abort(401)
    try:
        token = yideng.fetch_access_token(
            grant_type="refresh_token", refresh_token=person["refresh_token"]
        )
    except OAuthError as error:
        abort(400, error.error)
    person["refresh_token"] = token.get("refresh_token", person["refresh_token"])
    return "refreshed"


@app.get("/logout")
def logout():
    person = people.pop(session.pop("id", ""), None) or abort(401)
    query = {
        "id_token_hint": person["id_token"],
        "post_logout_redirect_uri": AFTER_LOGOUT,
    }
    end = yideng.load_server_metadata()["end_session_endpoint"]
    return redirect(f"{end}?{urlencode(query)}")


@app.get("/signed-out")
def signed_out():
    return "signed out"


@app.post("/backchannel")
def backchannel():
    """OpenID Connect Back-Channel Logout 1.0 section 2.6."""
    text = request.form.get("logout_token", "")
    options = {
        "iss": {"essential": True, "value": ISSUER},
        "aud": {"essential": True, "value": CLIENT_ID},
        "jti": {"essential": True},
        "iat": {"essential": True},
        "exp": {"essential": True},
        "events": {"essential": True},
    }

    def claims_by(keys):
        return jwt_of_provider.decode(text, JsonWebKey.import_key_set(keys), claims_options=options)

    try:
        try:
            claims = claims_by(yideng.fetch_jwk_set())
        except ValueError:  # signed by a newer key
            claims = claims_by(yideng.fetch_jwk_set(force=True))
        claims.validate(leeway=30)
    except (JoseError, ValueError):
        abort(400)
    event = claims["events"].get("http://schemas.openid.net/event/backchannel-logout")
    if event is None or "nonce" in claims or claims["jti"] in used_notices:
        abort(400)
    if claims.header.get("typ", "").lower() not in ("logout+jwt", "application/logout+jwt"):
        abort(400)
    if not claims.get("sub") and not claims.get("sid"):
        abort(400)
    used_notices.add(claims["jti"])
    for key, person in list(people.items()):
        one = claims.get("sid") == person["sid"] if claims.get("sid") else claims["sub"] == person["sub"]
        if one:
            del people[key]
    return "", 200, {"cache-control": "no-store"}


jwt_of_provider = jwt.__class__(["RS256", "ES256"])

if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]))
