//! Who may ask what: every route of the document, with every kind of token. None can be forgotten.

use std::fs;
use std::num::NonZeroU32;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request};
use serde_json::{Value, json};
use server::Limits;
use wire::{NewToken, Role};

use crate::support::{Service, request};

const ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::Admin];

struct Operation {
    method: Method,
    path: String,
    needs: Role,
}

/// All operations, with something in the place of every variable.
fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(server::api::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let said = operation["description"].as_str().unwrap();
            let needs = ROLES.into_iter().find(|role| said.ends_with(&format!("Needs the role `{role}`.")));
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                needs: needs.expect("every operation says its role"),
            });
        }
    }
    assert!(operations.len() > 50);
    operations
}

fn address(path: &str, key: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{key}" => key,
        variable if variable.starts_with('{') => "1",
        fixed => fixed,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The token stands in the address of the one-line form, and in a header everywhere else.
fn with_token(operation: &Operation, secret: &str) -> Request<Full<Bytes>> {
    let path = address(&operation.path, if secret.is_empty() { "none" } else { secret });
    let mut request = request(operation.method.clone(), &path, None);
    if !operation.path.contains("{key}") && !secret.is_empty() {
        let bearer = HeaderValue::from_str(&format!("Bearer {secret}")).unwrap();
        request.headers_mut().insert(AUTHORIZATION, bearer);
    }
    request
}

fn token(service: &Service, role: Role) -> (String, String) {
    let new = NewToken { name: "test".into(), role, expires: None };
    let (token, secret) = service.parts.access().create_token(&new).unwrap();
    (token.id, secret)
}

async fn service() -> Service {
    Service::with(Limits { rate: NonZeroU32::MAX, ..Limits::default() }).await
}

#[tokio::test]
async fn every_route_wants_a_token_that_is_right_and_still_holds() {
    let service = service().await;
    let (revoked, revoked_secret) = token(&service, Role::Admin);
    service.parts.access().revoke_token(&revoked).unwrap();
    let (expired, expired_secret) = token(&service, Role::Admin);
    let file = service.home.path().join("tokens.json");
    let mut kept: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let tokens = kept.as_array_mut().unwrap();
    let one = tokens.iter_mut().find(|token| token["id"] == expired).unwrap();
    one["expires"] = json!("2001-01-01T00:00:00Z");
    fs::write(&file, kept.to_string()).unwrap();
    for operation in operations() {
        for secret in ["", "wrong", &revoked_secret, &expired_secret] {
            let answer = service.ask_tcp(with_token(&operation, secret)).await;
            assert_eq!(
                answer.fault(),
                (401, "unauthorized".into()),
                "{} {}",
                operation.method,
                operation.path
            );
        }
    }
}

#[tokio::test]
async fn every_route_is_open_to_its_role_and_those_above_alone() {
    let service = service().await;
    for role in ROLES {
        let (_, secret) = token(&service, role);
        for operation in operations() {
            // The event stream has no end to wait for.
            if operation.path.ends_with("/stream") && operation.method == Method::GET {
                continue;
            }
            let answer = service.ask_tcp(with_token(&operation, &secret)).await;
            let what = format!("{role}: {} {}: {}", operation.method, operation.path, answer.status);
            if role < operation.needs {
                assert_eq!(answer.fault(), (403, "role_too_low".into()), "{what}");
            } else {
                assert_ne!(answer.status, 403, "{what}");
                assert_ne!(answer.status, 401, "{what}");
                assert!(!answer.status.is_server_error(), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_secret_can_be_kept_and_forgotten_and_is_in_no_answer() {
    const VALUE: &str = "correct-horse-battery-staple";
    let service = service().await;
    let kept = service.send(Method::PUT, "/api/v1/secrets/mail", &json!({ "value": VALUE })).await;
    assert_eq!(kept.status, 204, "{}", kept.text());
    let listed = service.get("/api/v1/secrets").await.json();
    assert_eq!(listed, json!({ "secrets": [{ "name": "mail", "place": "encrypted file" }] }));
    for operation in operations() {
        if operation.method != Method::GET || operation.path.ends_with("/stream") {
            continue;
        }
        let path = address(&operation.path.replace("{name}", "mail"), "any");
        let answer = service.get(&path).await;
        assert!(!String::from_utf8_lossy(&answer.body).contains(VALUE), "{path}");
    }
    // Not even a mistake repeats it.
    for wrong in
        [json!({ "value": VALUE, "more": 1 }), json!({ "value": [VALUE] }), json!(VALUE), json!([VALUE])]
    {
        let answer = service.send(Method::PUT, "/api/v1/secrets/mail", &wrong).await;
        assert_eq!(answer.fault().0, 400, "{wrong}");
        assert!(!answer.text().contains(VALUE), "{}", answer.text());
    }
    for file in fs::read_dir(service.home.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(VALUE), "{}", path.display());
    }
    let forget = || request(Method::DELETE, "/api/v1/secrets/mail", None);
    assert_eq!(service.ask(forget()).await.status, 204);
    assert_eq!(service.ask(forget()).await.fault(), (404, "unknown_secret".into()));
}

#[tokio::test]
async fn numbers_that_nobody_could_keep_are_refused_in_words_wherever_they_are_said() {
    let service = service().await;
    let (most, more) = (i64::MAX.unsigned_abs(), i64::MAX.unsigned_abs() + 1);
    for number in [more, u64::MAX] {
        for path in
            ["items?offset=", "runs?before=", "events?after=", "calendar?until=2027-01-01T00:00:00Z&offset="]
        {
            let answer = service.get(&format!("/api/v1/{path}{number}")).await;
            assert_eq!(answer.fault(), (400, "invalid_argument".into()), "{path}{number}");
            assert!(answer.text().contains(&most.to_string()), "{}", answer.text());
        }
        let lease = json!({ "items": [{ "item": "x" }], "lease": number });
        let answer = service.send(Method::POST, "/api/v1/sessions", &lease).await;
        assert_eq!(answer.fault().0, 400, "{number}");
        assert_eq!(service.get(&format!("/api/v1/runs/{number}")).await.fault().0, 404);
    }
    assert_eq!(service.get(&format!("/api/v1/items?offset={most}")).await.status, 200);
}

#[tokio::test]
async fn a_body_is_an_object_and_what_is_left_out_is_not_null() {
    let service = service().await;
    for (path, body) in [
        ("/api/v1/control/stop", json!([null, null])),
        ("/api/v1/control/stop", json!({ "handler": null })),
        ("/api/v1/control/pause", json!([])),
        ("/api/v1/tokens", json!({ "name": "x", "role": "viewer", "expires": null })),
        ("/api/v1/sessions", json!({ "items": [["x", null]] })),
    ] {
        let answer = service.send(Method::POST, path, &body).await;
        assert_eq!(answer.fault().0, 400, "{path} {body}");
    }
    let mut untyped = request(Method::POST, "/api/v1/control/stop", Some(&json!({})));
    untyped.headers_mut().remove(CONTENT_TYPE);
    assert_eq!(service.ask(untyped).await.fault(), (415, "not_json".into()));
}
