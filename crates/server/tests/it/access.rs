//! Who is let in, and who is not.

use hyper::header::{
    ACCEPT, AUTHORIZATION, COOKIE, HOST, HeaderValue, LOCATION, ORIGIN, SET_COOKIE, WWW_AUTHENTICATE,
};
use hyper::{Method, Request};
use serde_json::json;
use wire::{NewToken, Role, Time};

use crate::support::{Service, request};

fn with(
    mut request: Request<http_body_util::Full<hyper::body::Bytes>>,
    header: hyper::header::HeaderName,
    value: &str,
) -> Request<http_body_util::Full<hyper::body::Bytes>> {
    request.headers_mut().insert(header, HeaderValue::from_str(value).unwrap());
    request
}

fn token(service: &Service, role: Role) -> String {
    let new = NewToken { name: "test".into(), role, expires: None };
    format!("Bearer {}", service.parts.access().create_token(&new).unwrap().1)
}

fn get(path: &str) -> Request<http_body_util::Full<hyper::body::Bytes>> {
    request(Method::GET, path, None)
}

#[tokio::test]
async fn nobody_is_let_in_from_the_network_without_a_token() {
    let service = Service::start().await;
    let answer = service.ask_tcp(get("/api/v1/items")).await;
    assert_eq!(answer.fault(), (401, "unauthorized".into()));
    assert_eq!(answer.headers[WWW_AUTHENTICATE], "Bearer");
    for wrong in ["Bearer wrong", "Bearer ", "Basic YTpi", "Bearer \u{e9}"] {
        let answer = service.ask_tcp(with(get("/api/v1/items"), AUTHORIZATION, wrong)).await;
        assert_eq!(answer.status, 401, "{wrong}");
    }
    // Also where nothing is.
    assert_eq!(service.ask_tcp(get("/api/v1/openapi.json")).await.status, 401);
    let right = with(get("/api/v1/items"), AUTHORIZATION, &token(&service, Role::Viewer));
    assert_eq!(service.ask_tcp(right).await.json()["total"], 5);
}

#[tokio::test]
async fn a_token_does_what_its_role_may_until_it_is_revoked() {
    let service = Service::start().await;
    let new = json!({ "name": "backup", "role": "viewer" });
    let made = service.send(Method::POST, "/api/v1/tokens", &new).await.json();
    let secret = format!("Bearer {}", made["secret"].as_str().unwrap());
    let ask = |path| service.ask_tcp(with(get(path), AUTHORIZATION, &secret));
    assert_eq!(ask("/api/v1/runs").await.status, 200);
    assert_eq!(ask("/api/v1/tokens").await.fault(), (403, "role_too_low".into()));
    let listed = service.get("/api/v1/tokens").await;
    assert_eq!(listed.json()["tokens"][0]["name"], "backup");
    assert!(!listed.text().contains(made["secret"].as_str().unwrap()));
    let path = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    assert_eq!(service.ask(request(Method::DELETE, &path, None)).await.status, 204);
    assert_eq!(
        service.ask(request(Method::DELETE, &path, None)).await.fault(),
        (404, "unknown_token".into())
    );
    assert_eq!(ask("/api/v1/runs").await.fault(), (401, "unauthorized".into()));
    let past = NewToken { name: "past".into(), role: Role::Viewer, expires: Some(Time(0)) };
    assert!(service.parts.access().create_token(&past).is_err());
}

#[tokio::test]
async fn a_link_lets_a_page_in_once() {
    let service = Service::start().await;
    let link = service.ask(request(Method::POST, "/api/v1/page-link", None)).await.json();
    let link = link["link"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(&format!("http://{}", service.address)).unwrap();
    let entered = service.ask_tcp(get(path)).await;
    assert_eq!(entered.status, 303);
    assert_eq!(entered.headers[LOCATION], "/");
    let cookie = entered.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(service.ask_tcp(get(path)).await.fault(), (401, "ticket_used".into()));
    assert_eq!(service.ask_tcp(get("/login")).await.fault(), (401, "ticket_used".into()));
    // A person reads on the page what to do, and goes on where that browser was let in before.
    let again = service.ask_tcp(with(get(path), ACCEPT, "text/html,*/*")).await;
    assert_eq!(again.status, 303);
    assert_eq!(again.headers[LOCATION], "/");
    assert!(!again.headers.contains_key(SET_COOKIE));
    assert_eq!(service.ask_tcp(with(get("/api/v1/items"), COOKIE, cookie)).await.status, 200);
    // The cookie's secret is no token.
    let secret = cookie.split_once('=').unwrap().1;
    let as_token = with(get("/api/v1/items"), AUTHORIZATION, &format!("Bearer {secret}"));
    assert_eq!(service.ask_tcp(as_token).await.status, 401);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_act_in_the_persons_name() {
    let service = Service::start().await;
    let link = service.parts.access().ticket().unwrap();
    let entered = service.ask_tcp(get(&format!("/login?ticket={link}"))).await;
    let cookie = entered.headers[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let act = || with(request(Method::POST, "/api/v1/page-link", None), COOKIE, &cookie);
    assert_eq!(service.ask_tcp(act()).await.fault(), (403, "forged".into()));
    let ours = hyper::header::HeaderName::from_static("x-instep");
    assert_eq!(service.ask_tcp(with(act(), ours.clone(), "page")).await.status, 200);
    for foreign in ["https://evil.example", "null", "http://localhost:9", "http://localhost.evil.example"] {
        let request = with(with(act(), ours.clone(), "page"), ORIGIN, foreign);
        assert_eq!(service.ask_tcp(request).await.fault(), (403, "foreign_origin".into()), "{foreign}");
    }
    let same = with(with(act(), ours, "page"), ORIGIN, "http://localhost");
    assert_eq!(service.ask_tcp(same).await.status, 200);
}

#[tokio::test]
async fn a_foreign_name_that_leads_here_gets_nothing() {
    let service = Service::start().await;
    let token = token(&service, Role::Admin);
    let ask = |host: &'static str| {
        service.ask_tcp(with(with(get("/api/v1/items"), AUTHORIZATION, &token), HOST, host))
    };
    for foreign in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "a b", "@"] {
        assert_eq!(ask(foreign).await.fault(), (421, "foreign_host".into()), "{foreign:?}");
    }
    for ours in ["localhost:8384", "127.0.0.1", "[::1]:80", "NAS.example"] {
        assert_eq!(ask(ours).await.status, 200, "{ours}");
    }
    let mut without = with(get("/api/v1/items"), AUTHORIZATION, &token);
    without.headers_mut().remove(HOST);
    assert_eq!(service.ask_tcp(without).await.fault().0, 400);
}

#[tokio::test]
async fn every_answer_tells_browsers_what_they_must_not_do_with_it() {
    let service = Service::start().await;
    for path in ["/", "/api/v1/items", "/nothing"] {
        let answer = service.ask_tcp(get(path)).await;
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["x-frame-options"], "DENY");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}
