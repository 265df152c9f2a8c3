//! Results beyond the list of runs: logs, the calendar, files.

use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use settings::schedule::Schedule;
use syncmgr::{HandlerId, ItemId, RunId};

use crate::support::Service;

fn texts(log: &serde_json::Value) -> Vec<&str> {
    log["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_log_of_a_run_is_read_in_pages_from_both_ends_and_searched() {
    let service = Service::start().await;
    let run = service.run("good").await;
    let path = format!("/api/v1/runs/{run}/log");
    assert_eq!(service.get(&path).await.fault(), (404, "no_log".into()));
    assert_eq!(service.get("/api/v1/runs/999/log").await.fault(), (404, "unknown_run".into()));
    let mut log = service.center.store().logs().begin(RunId(run)).unwrap();
    log.write(b"one\r\ntwo \x1b[31m<b>\xff\nTHREE\nfour").unwrap();
    let all = service.get(&path).await.json();
    assert_eq!(texts(&all), ["one", "two \u{1b}[31m<b>\u{fffd}", "THREE", "four"]);
    assert_eq!((&all["bytes"], &all["left_out"], &all["next"]), (&29.into(), &().into(), &().into()));
    let page = service.get(&format!("{path}?limit=2")).await.json();
    assert_eq!((texts(&page).len(), &page["next"]), (2, &19.into()));
    let page = service.get(&format!("{path}?limit=2&from=19")).await.json();
    assert_eq!((texts(&page), &page["next"]), (vec!["THREE", "four"], &().into()));
    assert_eq!(texts(&service.get(&format!("{path}?tail=true&limit=1")).await.json()), ["four"]);
    assert_eq!(texts(&service.get(&format!("{path}?search=three")).await.json()), ["THREE"]);
    // What was written since.
    log.write(b"\nfive\n").unwrap();
    assert_eq!(texts(&service.get(&format!("{path}?from=30")).await.json()), ["five"]);
    let text = service.get(&format!("{path}.txt")).await;
    assert_eq!(text.headers[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert!(text.body.ends_with(b"THREE\nfour\nfive\n"));
}

#[tokio::test]
async fn of_a_long_log_it_is_said_what_is_not_kept() {
    let service = Service::start().await;
    let run = service.run("good").await;
    let mut log = service.center.store().logs().begin(RunId(run)).unwrap();
    for number in 0..200_000 {
        log.write(format!("line {number}\n").as_bytes()).unwrap();
    }
    let all = service.get(&format!("/api/v1/runs/{run}/log?tail=true&limit=1")).await.json();
    assert_eq!(texts(&all), ["line 199999"]);
    let gap = &all["left_out"];
    assert!(gap["from"].as_u64() < gap["until"].as_u64() && gap["until"].as_u64() < all["bytes"].as_u64());
    let kept =
        gap["from"].as_u64().unwrap() + all["bytes"].as_u64().unwrap() - gap["until"].as_u64().unwrap();
    let text = service.get(&format!("/api/v1/runs/{run}/log.txt")).await;
    assert!(text.text().contains("bytes are not kept]"));
    assert!(text.body.len() as u64 - kept < 100);
}

#[tokio::test]
async fn the_calendar_tells_what_runs_by_itself_in_a_part_of_it() {
    let service = Service::start().await;
    let daily: Schedule =
        serde_json::from_value(serde_json::json!({ "cron": "30 2 * * *", "zone": "UTC" })).unwrap();
    let often: Schedule =
        serde_json::from_value(serde_json::json!({ "every": "1m", "from": "clock" })).unwrap();
    let of = |item: &str| (HandlerId::new("shelf").unwrap(), ItemId::new(item).unwrap());
    let ((handler, good), (_, bad)) = (of("good"), of("bad"));
    service.center.set_schedules([(handler.clone(), good, daily), (handler, bad, often)]);
    let span = "from=2100-01-01T00:00:00Z&until=2100-01-03T00:00:00Z";
    let found = service.get(&format!("/api/v1/calendar?{span}&times=2")).await.json();
    assert_eq!((&found["total"], &found["next"]), (&2.into(), &().into()));
    let bad = &found["items"][0];
    assert_eq!((&bad["item"], &bad["more"]), (&"bad".into(), &true.into()));
    assert_eq!(bad["times"], serde_json::json!(["2100-01-01T00:00:00.000Z", "2100-01-01T00:01:00.000Z"]));
    let good = &found["items"][1];
    assert_eq!((&good["name"], &good["more"]), (&"Good".into(), &false.into()));
    assert_eq!(good["times"], serde_json::json!(["2100-01-01T02:30:00.000Z", "2100-01-02T02:30:00.000Z"]));
    let page = service.get(&format!("/api/v1/calendar?{span}&limit=1&offset=1")).await.json();
    assert_eq!(page["items"][0]["item"], "good");
    // From now on, for a week.
    assert_eq!(
        service.get("/api/v1/calendar").await.json()["items"][1]["times"].as_array().unwrap().len(),
        7
    );
    for senseless in ["until=2000-01-01T00:00:00Z", "until=9999-01-01T00:00:00Z", "times=0", "limit=0"] {
        let answer = service.get(&format!("/api/v1/calendar?{senseless}")).await;
        assert_eq!(answer.fault(), (400, "invalid_argument".into()), "{senseless}");
    }
}

#[tokio::test]
async fn results_are_written_into_files_of_any_length() {
    let service = Service::start().await;
    let run = service.run("bad").await;
    service.run("a/b?c#d%").await;
    let table = service.get("/api/v1/export/runs").await;
    assert_eq!(table.headers[CONTENT_TYPE], "text/csv; charset=utf-8");
    assert_eq!(table.headers[CONTENT_DISPOSITION], "attachment; filename=\"instep-runs.csv\"");
    let lines: Vec<&str> = table.text().lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("run,handler,item,") && lines[2].contains(",failed,3,"), "{lines:?}");
    let lines = service.get("/api/v1/export/events?format=jsonl&level=error&search=TORN&order=oldest").await;
    assert_eq!(lines.headers[CONTENT_TYPE], "application/x-ndjson");
    let events: Vec<wire::Event> =
        lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event.run == run));
    let table = service.get("/api/v1/export/events").await;
    assert!(table.text().contains(",page 0 is torn,mend it,"), "{}", table.text());
    assert_eq!(service.get("/api/v1/export/runs?item=bad").await.fault(), (400, "invalid_argument".into()));
}
