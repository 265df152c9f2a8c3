//! What there is to see.

use hyper::Method;
use syncmgr::ui::Icon;

use crate::support::{ODD_NAME, Service, request};

#[tokio::test]
async fn items_are_filtered_sorted_and_paged_by_the_service() {
    let service = Service::start().await;
    service.run("good").await;
    service.run("bad").await;
    let all = service.get("/api/v1/items?history=14").await.json();
    assert_eq!(all["total"], 5);
    assert_eq!(all["counts"]["all"], 5);
    assert_eq!(all["counts"]["failed"], 1);
    assert_eq!(all["counts"]["attention"], 1);
    // What needs a person comes first.
    assert_eq!(all["items"][0]["id"], "bad");
    assert_eq!(all["items"][0]["headline"], "failed");
    assert_eq!(all["items"][0]["history"][0]["outcome"], "failed");
    let page = service.get("/api/v1/items?sort=name&limit=2&offset=1").await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert_eq!(page["next"], 3);
    let found = service.get("/api/v1/items?search=GOO").await.json();
    assert_eq!((&found["total"], &found["items"][0]["id"]), (&1.into(), &"good".into()));
    let failed = service.get("/api/v1/items?headline=failed").await.json();
    assert_eq!(failed["total"], 1);
    assert_eq!(service.get("/api/v1/items?limit=0").await.fault(), (400, "invalid_argument".into()));
    assert_eq!(service.get("/api/v1/items?headline=odd").await.fault(), (400, "invalid_argument".into()));
    assert_eq!(service.get("/api/v1/items?nonsense=1").await.fault(), (400, "invalid_argument".into()));
}

/// A machine that nobody can look at.
struct Unfathomable;

impl center::Senses for Unfathomable {
    fn look(&mut self) -> center::Surroundings {
        panic!("a test of what breaks down");
    }
}

#[tokio::test]
async fn the_health_says_which_thread_of_the_center_is_not_at_it_any_more() {
    let service = Service::start().await;
    let health = service.get("/api/v1/health").await;
    assert_eq!((health.status, health.json()["healthy"].clone()), (200.try_into().unwrap(), true.into()));
    let schedule: settings::schedule::Schedule =
        serde_json::from_value(serde_json::json!({ "on": "mount:/media/usb" })).unwrap();
    let (handler, item) = (syncmgr::HandlerId::new("shelf").unwrap(), syncmgr::ItemId::new("good").unwrap());
    service.center.set_schedules([(handler, item, schedule)]);
    let idle = service.get("/api/v1/health").await;
    assert!(idle.status == 503 && idle.text().contains("nothing starts them"), "{}", idle.text());
    let _schedules = service.center.run_schedules(Box::new(Unfathomable)).unwrap();
    let mut health = service.get("/api/v1/health").await;
    while !health.text().contains("broke down") {
        tokio::task::yield_now().await;
        health = service.get("/api/v1/health").await;
    }
    assert_eq!(health.status, 503);
    let checks = serde_json::from_str::<serde_json::Value>(health.text()).unwrap()["checks"].clone();
    let ill: Vec<_> = checks.as_array().unwrap().iter().filter(|check| check["healthy"] == false).collect();
    assert_eq!((ill.len(), &ill[0]["name"]), (1, &"scheduler".into()), "{checks}");
}

#[tokio::test]
async fn every_item_is_found_at_its_own_address_whatever_its_identifier() {
    let service = Service::start().await;
    let all = service.get("/api/v1/items").await.json();
    for item in all["items"].as_array().unwrap() {
        let one = service.get(item["href"].as_str().unwrap()).await.json();
        assert_eq!(one["id"], item["id"]);
    }
    let odd = service.get("/api/v1/items/shelf/a%2Fb%3Fc%23d%25").await.json();
    // As it is: whoever shows it escapes it.
    assert_eq!(odd["name"], ODD_NAME);
    assert_eq!(service.get("/api/v1/items/shelf/none").await.fault(), (404, "unknown_item".into()));
    assert_eq!(service.get("/api/v1/items/none/good").await.fault(), (404, "unknown_handler".into()));
    let long = format!("/api/v1/items/shelf/{}", "x".repeat(64));
    assert_eq!(service.get(&long).await.fault(), (404, "unknown_id".into()));
    assert_eq!(service.get("/api/v1/items/shelf/%ff").await.fault().0, 400);
}

#[tokio::test]
async fn every_handler_is_found_at_its_own_address_whatever_its_identifier() {
    let service = Service::start().await;
    let odd = [".", "..", "~", "~shelf", "a/b?c#d%"];
    odd.into_iter().for_each(|id| service.add_shelf(id));
    let all = service.get("/api/v1/handlers").await.json();
    let all = all["handlers"].as_array().unwrap();
    for id in odd {
        let handler = all.iter().find(|handler| handler["id"] == id).unwrap();
        let href = handler["href"].as_str().unwrap();
        assert_eq!(&service.get(href).await.json(), handler);
        assert_eq!(service.get(&format!("{href}/icon")).await.status, 200);
    }
}

#[tokio::test]
async fn runs_are_listed_filtered_and_explained() {
    let service = Service::start().await;
    let good = service.run("good").await;
    let bad = service.run("bad").await;
    let runs = service.get("/api/v1/runs").await.json();
    assert_eq!(runs["runs"][0]["id"], bad);
    assert_eq!(runs["runs"][1]["id"], good);
    assert_eq!(runs["total"], 2);
    let second = service.get("/api/v1/runs?offset=1&limit=1").await.json();
    assert_eq!((&second["runs"][0]["id"], &second["total"]), (&good.into(), &2.into()));
    let failed = service.get("/api/v1/runs?outcome=failed").await.json();
    assert_eq!(failed["runs"].as_array().unwrap().len(), 1);
    let of_item = service.get("/api/v1/runs?handler=shelf&item=good").await.json();
    assert_eq!(of_item["runs"][0]["id"], good);
    assert_eq!(service.get("/api/v1/runs?item=good").await.fault().0, 400);
    let searched = service.get("/api/v1/runs?search=goo").await.json();
    assert_eq!(searched["runs"].as_array().unwrap().len(), 1);
    let later = service.get("/api/v1/runs?since=2999-01-01T00:00:00Z").await.json();
    assert_eq!(later["runs"].as_array().unwrap().len(), 0);
    let groups = service.get(&format!("/api/v1/runs/{bad}/events")).await.json();
    assert_eq!(groups["groups"][0]["name"], "Torn page");
    assert_eq!(groups["groups"][0]["count"], 3);
    assert_eq!(groups["groups"][0]["fix"], "mend it");
    assert_eq!(groups["groups"][1]["level"], "warning");
    let of_other = service.get(&format!("/api/v1/runs/{bad}/events?item=good")).await.json();
    assert_eq!(of_other["groups"].as_array().unwrap().len(), 0);
    let one = service.get(&format!("/api/v1/runs/{good}")).await.json();
    assert_eq!(one["items"][0]["name"], "Good");
    assert_eq!(service.get("/api/v1/runs/999").await.fault(), (404, "unknown_run".into()));
    assert_eq!(service.get("/api/v1/runs/x").await.fault().0, 400);
}

#[tokio::test]
async fn events_are_paged_without_losing_or_repeating_one() {
    let service = Service::start().await;
    service.run("bad").await;
    service.run("bad").await;
    for order in ["newest", "oldest"] {
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let page = service.get(&format!("/api/v1/events?limit=3&order={order}{after}")).await.json();
            seen.extend(page["events"].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()));
            match page["next"].as_u64() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        let mut unique = seen.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!((unique.len(), seen.len()), (8, 8), "{order}");
    }
    let found = service.get("/api/v1/events?search=page%201&level=error").await.json();
    assert_eq!(found["events"].as_array().unwrap().len(), 2);
    // What a person types is no pattern.
    let found = service.get("/api/v1/events?search=%25").await.json();
    assert_eq!(found["events"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_problem_details() {
    let service = Service::start().await;
    assert_eq!(service.get("/api/v1/nothing").await.fault(), (404, "unknown_path".into()));
    assert_eq!(service.get("/nothing.txt").await.fault(), (404, "unknown_path".into()));
    let deleted = service.ask(request(Method::DELETE, "/api/v1/items", None)).await;
    assert_eq!(deleted.fault(), (405, "unknown_method".into()));
    assert_eq!(service.get("/api/v1/version").await.json()["api"], 1);
    assert_eq!(service.get("/api/v1/openapi.json").await.json()["openapi"], "3.1.0");
    let conflicts = service.get("/api/v1/conflicts").await.json();
    assert_eq!(conflicts["total"], 0);
    assert_eq!(
        service.get("/api/v1/conflicts/shelf/good/eA").await.fault(),
        (404, "unknown_conflict".into())
    );
    assert_eq!(service.get("/api/v1/live").await.json()["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_handlers_picture_is_shown_if_it_is_one() {
    let service = Service::start().await;
    let handler = service.get("/api/v1/handlers/shelf").await.json();
    assert_eq!((&handler["icon"], &handler["kind"]), (&true.into(), &"unspecified".into()));
    let picture = service.get("/api/v1/handlers/shelf/icon").await;
    assert_eq!((picture.status.as_u16(), &*picture.body), (200, &b"<svg/>"[..]));
    assert_eq!(picture.headers["content-type"], "image/svg+xml");
    // Whatever stands in it, a browser that opens it runs nothing of it.
    assert!(picture.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(picture.headers["x-content-type-options"], "nosniff");
    for (media_type, bytes) in [("text/html", b"<p>".to_vec()), ("image/png", vec![0; 300 * 1024])] {
        *service.icon.lock().unwrap() = Icon { media_type: media_type.into(), bytes: bytes.into() };
        assert_eq!(service.get("/api/v1/handlers/shelf/icon").await.fault(), (404, "no_icon".into()));
    }
    assert_eq!(service.get("/api/v1/handlers/jobs/icon").await.fault(), (404, "no_icon".into()));
    assert_eq!(service.get("/api/v1/items/shelf/good/icon").await.fault(), (404, "no_icon".into()));
}

#[tokio::test]
async fn a_handler_says_whether_it_would_work() {
    let service = Service::start().await;
    let path = "/api/v1/handlers/shelf/test";
    let tried = service.ask(request(Method::POST, path, None)).await.json();
    assert_eq!(tried, serde_json::json!({ "said": "", "problem": null }));
    let unknown = service.ask(request(Method::POST, "/api/v1/handlers/none/test", None)).await;
    assert_eq!(unknown.fault(), (404, "unknown_handler".into()));
}
