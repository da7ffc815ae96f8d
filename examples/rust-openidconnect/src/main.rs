//! A portal with openidconnect 4: name, refresh, sign-out, back-channel sign-out.
//!
//!     ISSUER=https://login.example.gov.cn CLIENT_ID=… CLIENT_SECRET=… PORT=8080 cargo run
//!
//! Register with --redirect-uri URL/callback --post-logout-redirect-uri URL/signed-out
//! --backchannel-logout-uri URL/backchannel
mod provider;

use openidconnect::{
    ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, PkceCodeVerifier, PostLogoutRedirectUrl,
    RedirectUrl, RefreshToken,
};
use provider::{Failure, Provider, Settings, random};
use std::collections::{HashMap, HashSet};
use std::env::var;
use tiny_http::{Header, Request, Response, Server};
use url::Url;

/// A sign-in that a browser began.
struct Attempt {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

struct Person {
    subject: String,
    sid: Option<String>,
    name: String,
    id_token: provider::Token,
    refresh: Option<RefreshToken>,
}

/// A real portal keeps these in its database.
struct Portal {
    provider: Provider,
    people: HashMap<String, Person>,
    attempts: HashMap<String, Attempt>,
    used_notices: HashSet<String>,
}

type Answer = Result<Response<std::io::Cursor<Vec<u8>>>, Failure>;

fn main() -> Result<(), Failure> {
    let port = var("PORT")?;
    let mut portal = Portal {
        provider: Provider::new(Settings {
            issuer: IssuerUrl::new(var("ISSUER")?)?,
            id: ClientId::new(var("CLIENT_ID")?),
            secret: ClientSecret::new(var("CLIENT_SECRET")?),
            callback: RedirectUrl::new(format!("http://localhost:{port}/callback"))?,
            signed_out: PostLogoutRedirectUrl::new(format!("http://localhost:{port}/signed-out"))?,
        })?,
        people: HashMap::new(),
        attempts: HashMap::new(),
        used_notices: HashSet::new(),
    };
    let server = Server::http(format!("127.0.0.1:{port}")).map_err(|error| error.to_string())?;
    for mut request in server.incoming_requests() {
        let answer = portal.answer(&mut request).unwrap_or_else(|error| {
            // a real portal writes the reason to its log and shows a page
            Response::from_string(format!("登录没有完成：{error}")).with_status_code(400)
        });
        let _ = request.respond(answer);
    }
    Ok(())
}

impl Portal {
    fn answer(&mut self, request: &mut Request) -> Answer {
        let url = Url::parse("http://localhost")?.join(request.url())?;
        match url.path() {
            "/" => self.home(request),
            "/login" => self.login(),
            "/callback" => self.callback(request, &url),
            "/refresh" => self.refresh(request),
            "/logout" => self.logout(request),
            "/signed-out" => Ok(Response::from_string("signed out")),
            "/backchannel" => self.backchannel(request),
            _ => Ok(Response::from_string("there is no such page").with_status_code(404)),
        }
    }

    fn home(&self, request: &Request) -> Answer {
        let text = match cookie(request, "session").and_then(|id| self.people.get(&id)) {
            Some(person) => format!(
                "您好，{}",
                person.name.replace('&', "&amp;").replace('<', "&lt;")
            ),
            None => r#"<a href="/login">登录</a>"#.to_string(),
        };
        Ok(Response::from_string(text)
            .with_header(header("content-type", "text/html; charset=utf-8")?))
    }

    fn login(&mut self) -> Answer {
        let (url, state, nonce, verifier) = self.provider.sign_in();
        let id = random();
        self.attempts.insert(
            id.clone(),
            Attempt {
                state,
                nonce,
                verifier,
            },
        );
        Ok(redirect(url.as_str())?.with_header(set_cookie("attempt", &id)?))
    }

    fn callback(&mut self, request: &Request, url: &Url) -> Answer {
        let begun = cookie(request, "attempt").and_then(|id| self.attempts.remove(&id));
        let answer: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let begun = begun
            .filter(|begun| answer.get("state") == Some(begun.state.secret()))
            // RFC 9207: the crate does not look at the issuer of the response
            .filter(|_| answer.get("iss").map(String::as_str) == Some(self.provider.issuer()))
            .ok_or("the sign-in did not begin in this browser")?;
        if let Some(error) = answer.get("error") {
            return Err(error.as_str().into());
        }
        let code = answer.get("code").ok_or("there is no code")?;
        let person = self.provider.finish(code, begun.verifier, &begun.nonce)?;
        let id = random();
        self.people.insert(id.clone(), person);
        Ok(redirect("/")?.with_header(set_cookie("session", &id)?))
    }

    fn refresh(&mut self, request: &Request) -> Answer {
        let id = cookie(request, "session").unwrap_or_default();
        let person = self.people.get_mut(&id).ok_or("nobody is signed in")?;
        let token = person.refresh.as_ref().ok_or("there is no refresh token")?;
        // each refresh token can be used once
        person.refresh = self.provider.refresh(token)?;
        Ok(Response::from_string("refreshed"))
    }

    fn logout(&mut self, request: &Request) -> Answer {
        match cookie(request, "session").and_then(|id| self.people.remove(&id)) {
            Some(person) => redirect(self.provider.sign_out(&person.id_token).as_str()),
            None => redirect("/"),
        }
    }

    fn backchannel(&mut self, request: &mut Request) -> Answer {
        let mut body = String::new();
        request.as_reader().read_to_string(&mut body)?;
        let token =
            url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "logout_token");
        let notice = self
            .provider
            .notice(&token.ok_or("there is no logout token")?.1)?;
        if !self.used_notices.insert(notice.jti) {
            return Err("the logout token was used".into());
        }
        self.people.retain(|_, person| match &notice.sid {
            Some(_) => person.sid != notice.sid,
            None => person.subject != notice.subject,
        });
        Ok(Response::from_string("").with_header(header("cache-control", "no-store")?))
    }
}

fn header(name: &str, value: &str) -> Result<Header, Failure> {
    Header::from_bytes(name, value).map_err(|()| "a header has a wrong character".into())
}

fn redirect(address: &str) -> Answer {
    Ok(Response::from_string("")
        .with_status_code(302)
        .with_header(header("location", address)?))
}

/// A portal at an https address sets Secure too.
fn set_cookie(name: &str, value: &str) -> Result<Header, Failure> {
    header(
        "set-cookie",
        &format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"),
    )
}

fn cookie(request: &Request, name: &str) -> Option<String> {
    let line = request
        .headers()
        .iter()
        .find(|header| header.field.equiv("cookie"))?;
    let mut pairs = line
        .value
        .as_str()
        .split("; ")
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_string())
}
