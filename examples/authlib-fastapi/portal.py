"""A portal with FastAPI and Authlib: name, refresh, sign-out.

npx yideng client create --name … --for fastapi --scope "openid profile offline_access"
  --redirect-uri URL/callback --post-logout-redirect-uri URL/signed-out
prints yideng.py. Put it beside this file. Start: PORT=8080 python portal.py
"""

import os
import secrets
from html import escape
from urllib.parse import urlencode

import uvicorn
from authlib.integrations.starlette_client import OAuthError
from authlib.jose.errors import JoseError
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

from yideng import AFTER_LOGOUT, ISSUER, REDIRECT_URI, yideng

app = FastAPI()
# use one key for all processes of the portal
key = os.environ.get("COOKIE_KEY") or secrets.token_hex(32)
app.add_middleware(SessionMiddleware, secret_key=key, same_site="lax", https_only=REDIRECT_URI.startswith("https:"))
people: dict[str, dict] = {}  # a real portal keeps these in its database


def signed_in(request: Request) -> dict:
    person = people.get(request.session.get("id", ""))
    if person is None:
        raise HTTPException(401)
    return person


@app.get("/", response_class=HTMLResponse)
def home(request: Request):
    person = people.get(request.session.get("id", ""))
    return f"您好，{escape(person['name'])}" if person else '<a href="/login">登录</a>'


@app.get("/login")
async def login(request: Request):
    # Authlib makes state, nonce and code_verifier and stores them in the session
    return await yideng.authorize_redirect(request, REDIRECT_URI)


@app.get("/callback")
async def callback(request: Request):
    # Authlib does not check the issuer of the response (RFC 9207)
    if request.query_params.get("iss", ISSUER) != ISSUER:
        raise HTTPException(400, "the answer is not from our provider")
    try:
        token = await yideng.authorize_access_token(
            request,
            claims_options={
                "iss": {"essential": True, "value": ISSUER},
                "sub": {"essential": True},
                "nonce": {"essential": True},
            },
        )
    except (OAuthError, JoseError) as error:
        raise HTTPException(400, f"the sign-in did not succeed: {getattr(error, 'error', error)}") from error
    claims = token["userinfo"]  # of the ID token, checked
    more = await yideng.userinfo(token=token)
    if more.get("sub") != claims["sub"]:
        raise HTTPException(400, "userinfo is about somebody else")
    request.session.clear()
    request.session["id"] = secrets.token_urlsafe(32)
    people[request.session["id"]] = {
        "name": more.get("name", claims["sub"]),
        "id_token": token["id_token"],
        "refresh_token": token.get("refresh_token"),
    }
    return RedirectResponse("/", 303)


@app.get("/refresh", response_class=PlainTextResponse)
async def refresh(request: Request):
    """A new access token without the person. Each refresh token is used once."""
    person = signed_in(request)
    try:
        token = await yideng.fetch_access_token(grant_type="refresh_token", refresh_token=person["refresh_token"])
    except OAuthError as error:
        raise HTTPException(400, error.error) from error
    person["refresh_token"] = token.get("refresh_token", person["refresh_token"])
    return "refreshed"


@app.get("/logout")
async def logout(request: Request):
    person = signed_in(request)
    del people[request.session.pop("id")]
    query = {"id_token_hint": person["id_token"], "post_logout_redirect_uri": AFTER_LOGOUT}
    metadata = await yideng.load_server_metadata()
    return RedirectResponse(f"{metadata['end_session_endpoint']}?{urlencode(query)}", 303)


@app.get("/signed-out", response_class=PlainTextResponse)
def signed_out():
    return "signed out"


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
