//! What a person does.

use hyper::Method;
use serde_json::json;

use crate::support::{Service, request};

#[tokio::test]
async fn items_are_started_and_what_came_of_it_is_told() {
    let service = Service::start().await;
    let order = json!({ "handler": "shelf", "items": ["bad"] });
    let started = service.send(Method::POST, "/api/v1/control/start", &order).await;
    assert_eq!(started.status, 202);
    let path = format!("/api/v1/starts/{}", started.json()["id"]);
    let mut start = service.get(&path).await.json();
    while start["over"] == false {
        tokio::task::yield_now().await;
        start = service.get(&path).await.json();
    }
    assert_eq!((&start["outcome"], &start["items"][0]["errors"]), (&"failed".into(), &3.into()));
    let odd = json!({ "handler": "shelf", "options": { "speed": 9 } });
    assert_eq!(service.send(Method::POST, "/api/v1/control/start", &odd).await.fault().0, 400);
    let none = json!({ "handler": "none" });
    assert_eq!(service.send(Method::POST, "/api/v1/control/start", &none).await.fault().0, 400);
    assert_eq!(service.get("/api/v1/starts/99").await.fault(), (404, "unknown_start".into()));
    assert_eq!(service.ask(request(Method::POST, "/api/v1/control/start-all", None)).await.status, 204);
    let undo =
        service.ask(request(Method::POST, &format!("/api/v1/runs/{}/undo", start["runs"][0]), None)).await;
    assert_eq!(undo.fault(), (409, "not_supported".into()));
    let can = service.get(&format!("/api/v1/runs/{}/undo", start["runs"][0])).await.json();
    assert_eq!(can, json!({ "undoable": false }));
    assert_eq!(service.get("/api/v1/runs/999/undo").await.fault(), (404, "unknown_run".into()));
}

#[tokio::test]
async fn switches_and_pauses_show_in_the_item() {
    let service = Service::start().await;
    let path = "/api/v1/items/shelf/good";
    assert_eq!(service.send(Method::PATCH, path, &json!({ "enabled": false })).await.status, 204);
    let item = service.get(path).await.json();
    assert_eq!((&item["enabled"], &item["headline"]), (&false.into(), &"never_run".into()));
    let refused = json!({ "handler": "shelf", "items": ["good"] });
    assert_eq!(
        service.send(Method::POST, "/api/v1/control/start", &refused).await.fault().1,
        "access_denied"
    );
    assert_eq!(service.send(Method::PATCH, path, &json!({ "enabled": true })).await.status, 204);
    let pause = json!({ "handler": "shelf", "item": "good", "until": "2999-01-01T00:00:00Z" });
    assert_eq!(service.send(Method::POST, "/api/v1/control/pause", &pause).await.status, 204);
    let item = service.get(path).await.json();
    assert_eq!(item["paused_until"], "2999-01-01T00:00:00.000Z");
    let resume = json!({ "handler": "shelf", "item": "good" });
    assert_eq!(service.send(Method::POST, "/api/v1/control/resume", &resume).await.status, 204);
    assert_eq!(service.get(path).await.json()["paused"], false);
    assert_eq!(
        service.send(Method::POST, "/api/v1/control/pause", &json!({ "item": "x" })).await.fault().0,
        400
    );
    assert_eq!(
        service.send(Method::PATCH, "/api/v1/handlers/shelf", &json!({ "enabled": false })).await.status,
        204
    );
    assert_eq!(service.get("/api/v1/handlers/shelf").await.json()["enabled"], false);
}

#[tokio::test]
async fn what_a_handler_cannot_say_beforehand_is_said_to_be_so() {
    let service = Service::start().await;
    let preview = service.send(Method::POST, "/api/v1/items/shelf/good/preview", &json!({})).await;
    assert_eq!(preview.fault(), (409, "not_supported".into()));
    assert_eq!(service.get("/api/v1/previews/1").await.fault(), (404, "unknown_preview".into()));
    assert_eq!(service.get("/api/v1/items/shelf/good/command").await.json()["command"], json!(null));
    let schedule = service.get("/api/v1/items/shelf/good/schedule?count=3").await.json();
    assert_eq!(schedule["next"], json!([]));
    let resolve = json!({ "keep": "a", "all": { "handler": "shelf" } });
    assert_eq!(service.send(Method::POST, "/api/v1/conflicts/resolve", &resolve).await.json()["settled"], 0);
    assert_eq!(
        service.send(Method::POST, "/api/v1/conflicts/resolve", &json!({ "keep": "a" })).await.fault().0,
        400
    );
}

#[tokio::test]
async fn an_order_to_settle_that_makes_no_sense_is_refused_with_what_is_wrong() {
    let service = Service::start().await;
    let shown = json!([{ "handler": "shelf", "item": "good", "id": "eA", "seen": "x" }]);
    for (order, why) in [
        (json!({ "keep": "other", "conflicts": shown }), "come together"),
        (json!({ "keep": "a", "content": "eA==", "conflicts": shown }), "come together"),
        (json!({ "keep": "other", "content": "?", "conflicts": shown }), "no base64"),
        (json!({ "keep": "other", "content": "eA==", "all": {} }), "one conflict"),
        (json!({ "keep": "newest", "name_a": "x", "conflicts": shown }), "gets a name"),
        (json!({ "keep": "a", "name_b": "x", "conflicts": shown }), "gets a name"),
    ] {
        let answer = service.send(Method::POST, "/api/v1/conflicts/resolve", &order).await;
        assert_eq!(answer.fault(), (400, "invalid_argument".into()), "{order}");
        assert!(answer.text().contains(why), "{order}: {}", answer.text());
    }
    // What is not open any more is said to be gone, whatever was to become of it.
    for keep in ["both", "leave-out", "merged"] {
        let order = json!({ "keep": keep, "conflicts": shown });
        let answer = service.send(Method::POST, "/api/v1/conflicts/resolve", &order).await.json();
        assert_eq!((&answer["settled"], &answer["gone"]), (&json!(0), &json!(1)), "{keep}: {answer}");
    }
}
