//! The smallest portal around the printed yideng.rs.
mod yideng;

use std::collections::HashMap;
use std::error::Error;
use tiny_http::{Header, Request, Response, Server};
use yideng::{Attempt, ISSUER, Yideng};

type Failure = Box<dyn Error + Send + Sync>;
type Answer = Result<Response<std::io::Cursor<Vec<u8>>>, Failure>;

#[derive(Default)]
struct Portal {
    attempts: HashMap<String, Attempt>,
    names: HashMap<String, String>,
}

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let yideng = runtime.block_on(Yideng::discover())?;
    let server = Server::http(format!("127.0.0.1:{}", std::env::var("PORT")?))?;
    let mut portal = Portal::default();
    for request in server.incoming_requests() {
        let answer = portal
            .answer(&runtime, &yideng, &request)
            .unwrap_or_else(|error| Response::from_string(error.to_string()).with_status_code(400));
        request.respond(answer)?;
    }
    Ok(())
}

impl Portal {
    fn answer(&mut self, runtime: &tokio::runtime::Runtime, yideng: &Yideng, request: &Request) -> Answer {
        let key = cookie(request);
        let url = url::Url::parse("http://localhost")?.join(request.url())?;
        match url.path() {
            "/login" => {
                let (address, attempt) = yideng.begin();
                let fresh = attempt.state.secret().clone();
                let set = header("set-cookie", &format!("key={fresh}; Path=/; HttpOnly; SameSite=Lax"))?;
                self.attempts.insert(fresh, attempt);
                Ok(lead(&address)?.with_header(set))
            }
            "/callback" => {
                let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
                let attempt = self.attempts.remove(&key).ok_or("the sign-in did not begin in this browser")?;
                let issuer = query.get("iss").map(String::as_str);
                if query.get("state") != Some(attempt.state.secret()) || issuer != Some(ISSUER) {
                    return Err("the answer is not for this browser".into());
                }
                let code = query.get("code").ok_or("there is no code")?;
                let person = runtime.block_on(yideng.finish(code.clone(), attempt))?;
                let name = person.name().and_then(|name| name.get(None)).ok_or("there is no name")?;
                self.names.insert(key, name.as_str().to_string());
                lead("/")
            }
            _ => {
                let name = self.names.get(&key).map_or("", String::as_str);
                Ok(Response::from_string(format!("您好，{name}")).with_header(header("content-type", "text/html; charset=utf-8")?))
            }
        }
        .map_err(|error: Failure| error)
    }
}

fn lead(address: &str) -> Answer {
    Ok(Response::from_string("").with_status_code(302).with_header(header("location", address)?))
}

fn header(name: &str, value: &str) -> Result<Header, Failure> {
    Header::from_bytes(name, value).map_err(|()| "not a header".into())
}

fn cookie(request: &Request) -> String {
    let cookies = request.headers().iter().find(|one| one.field.equiv("cookie"));
    let pairs = cookies.map_or("", |one| one.value.as_str());
    pairs.split("; ").find_map(|pair| pair.strip_prefix("key=")).unwrap_or_default().to_string()
}
