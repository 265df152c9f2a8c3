//! The settings over the API: what a person wrote stays.

use hyper::Method;
use serde_json::{Value, json};

use crate::support::Service;

const TEXT: &str = "# mine\n[stop]\ngrace = '30s' # long\n";

async fn begin(service: &Service) -> Value {
    std::fs::write(service.home.path().join("instep.toml"), TEXT).unwrap();
    service.get("/api/v1/settings").await.json()
}

fn text(service: &Service) -> String {
    std::fs::read_to_string(service.home.path().join("instep.toml")).unwrap()
}

#[tokio::test]
async fn settings_are_read_as_text_and_as_values() {
    let service = Service::start().await;
    let read = begin(&service).await;
    assert_eq!(read["text"], TEXT);
    assert_eq!(read["values"], json!({ "stop": { "grace": "30s" } }));
    std::fs::write(service.home.path().join("instep.toml"), "[stop\n").unwrap();
    assert_eq!(service.get("/api/v1/settings").await.json()["values"], Value::Null);
}

#[tokio::test]
async fn several_changes_are_made_all_or_none_and_comments_stay() {
    let service = Service::start().await;
    let digest = begin(&service).await["digest"].clone();
    let patch = |changes: Value| json!({ "digest": digest, "changes": changes });
    let good = json!({ "path": ["stop", "grace"], "value": "40s" });
    for (bad, code) in [
        (json!({ "path": ["stop", "nonsense"], "value": 1 }), (422, "wrong_settings".to_owned())),
        (json!({ "path": ["stop", "grace", "deep"], "value": 1 }), (400, "invalid_argument".to_owned())),
        (json!({ "path": [], "value": 1 }), (400, "invalid_argument".to_owned())),
        (json!({ "path": ["alerts"], "value": [null] }), (400, "invalid_argument".to_owned())),
    ] {
        let answer = service.send(Method::PATCH, "/api/v1/settings", &patch(json!([good, bad]))).await;
        assert_eq!(answer.fault(), code, "{bad}");
        assert_eq!(text(&service), TEXT);
    }
    let rule = json!({ "path": ["alerts", "0"], "value": { "state": "failed" } });
    assert_eq!(
        service.send(Method::PATCH, "/api/v1/settings", &patch(json!([good, rule]))).await.status,
        204
    );
    assert_eq!(text(&service), "# mine\n[stop]\ngrace = \"40s\" # long\n\n[[alerts]]\nstate = \"failed\"\n");
    // What was seen is no longer what is there.
    let late = service.send(Method::PATCH, "/api/v1/settings", &patch(json!([good]))).await;
    assert_eq!(late.fault(), (409, "settings_changed".into()));
}
