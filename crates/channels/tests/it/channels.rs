//! What is told arrives; what cannot be told is said in a sentence, in time, without secrets.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use center::{Channel, Notice, Occasion, Undelivered};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use secrecy::SecretString;
use secrets::Secrets;
use serde_json::Value;
use settings::Settings;
use settings::words::SecretName;
use store::Alert;
use syncmgr::{HandlerId, ItemId};

use crate::servers::{LONG, http, refusing, serve, silent, smtp};

pub(crate) fn no_keyring() -> keyring_core::Result<Arc<keyring_core::CredentialStore>> {
    Err(keyring_core::Error::NotSupportedByStore("there is none here".into()))
}

fn notice() -> Notice {
    let mut notice = Notice::test(1_700_000_000_000);
    notice.occasion = Occasion::Raised;
    notice.alert = Alert {
        id: 7,
        rule: "state failed".into(),
        handler: Some(HandlerId::new("folders").unwrap()),
        item: Some(ItemId::new("photos").unwrap()),
        name: "Photos".into(),
        state: Some("failed".into()),
        title: "Photos: failed\nX-Evil: <b>yes</b>".into(),
        text: "no room on \u{201c}NAS\u{201d}".into(),
        fix: Some("make room".into()),
        ..notice.alert
    };
    notice
}

/// The one channel that the text sets up.
fn channel(dir: &Path, text: &str) -> Arc<dyn Channel> {
    channel_within(dir, LONG, text)
}

fn channel_within(dir: &Path, timeout: Duration, text: &str) -> Arc<dyn Channel> {
    let text = format!("[channels.ops]\ntimeout = '{}ms'\n{text}", timeout.as_millis());
    let settings = Settings::parse(&text).unwrap();
    let secrets = Secrets::with_keyring(&settings.secrets, dir, no_keyring);
    secrets.set(&SecretName::new("token").unwrap(), &SecretString::from("hush-hush")).unwrap();
    channels::open(&settings, &Arc::new(secrets), Some(dir.to_owned())).remove(0)
}

fn tell(text: &str) -> Result<(), Undelivered> {
    channel(tempfile::tempdir().unwrap().path(), text).deliver(&notice())
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

#[test]
fn a_webhook_gets_json_and_its_token() {
    let (port, told) = http("204 No Content");
    let keys = "kind = 'webhook'\ntoken = 'secret:token'\nheaders = { x-team = 'ops' }";
    tell(&format!("{keys}\nurl = 'http://127.0.0.1:{port}/hook'")).unwrap();
    let request = told.recv_timeout(LONG).unwrap();
    assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer hush-hush\r\n") && request.contains("x-team: ops\r\n"));
    let body = body(&request);
    assert_eq!(
        (&body["occasion"], &body["item"], &body["state"]),
        (&"raised".into(), &"photos".into(), &"failed".into())
    );
    assert_eq!((&body["fix"], &body["raised"]), (&"make room".into(), &"2023-11-14T22:13:20Z".into()));
}

#[test]
fn ntfy_gets_its_topic_in_the_body() {
    let (port, told) = http("200 OK");
    tell(&format!("kind = 'ntfy'\ntopic = 'secret:token'\nserver = 'http://127.0.0.1:{port}'")).unwrap();
    let request = told.recv_timeout(LONG).unwrap();
    assert!(request.starts_with("POST / HTTP/1.1\r\n"));
    assert_eq!((&body(&request)["topic"], &body(&request)["priority"]), (&"hush-hush".into(), &4.into()));
}

#[test]
fn a_server_that_fails_is_tried_again_one_that_refuses_is_not() {
    for (status, again) in [
        ("500 Oops", true),
        ("503 Later", true),
        ("429 Slow down", true),
        ("404 Not Found", false),
        ("401 Who", false),
    ] {
        let (port, _told) = http(status);
        let undelivered = tell(&format!("kind = 'webhook'\nurl = 'http://127.0.0.1:{port}/'")).unwrap_err();
        assert_eq!(undelivered.again, again, "{status}");
        assert!(undelivered.why.contains(&status[..3]), "{}", undelivered.why);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let (port, told) = http("302 Found");
    let undelivered = tell(&format!("kind = 'webhook'\nurl = 'http://127.0.0.1:{port}/'")).unwrap_err();
    assert!(!undelivered.again && undelivered.why.contains("elsewhere"), "{}", undelivered.why);
    assert_eq!(told.try_iter().count(), 1);
}

#[test]
fn a_server_that_hangs_is_given_up_in_time() {
    for keys in [
        format!("kind = 'webhook'\nurl = 'http://127.0.0.1:{}/'", silent()),
        format!("kind = 'ntfy'\ntopic = 'x'\nserver = 'http://127.0.0.1:{}'", silent()),
        format!(
            "kind = 'mail'\nhost = '127.0.0.1'\nport = {}\nencryption = 'none'\nfrom = 'a@b.c'\nto = ['d@e.f']",
            silent()
        ),
        format!("kind = 'mail'\nhost = '127.0.0.1'\nport = {}\nfrom = 'a@b.c'\nto = ['d@e.f']", silent()),
        "kind = 'command'\ncommand = ['sleep', '1000']".to_owned(),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let hangs = channel_within(dir.path(), Duration::from_millis(300), &keys);
        let undelivered = hangs.deliver(&notice()).unwrap_err();
        assert!(undelivered.again, "{keys}: {}", undelivered.why);
    }
}

#[test]
fn a_server_that_is_not_there_is_tried_again() {
    let port = refusing();
    let mail = format!(
        "kind = 'mail'\nhost = '127.0.0.1'\nport = {port}\nencryption = 'none'\nfrom = 'a@b.c'\nto = ['d@e.f']"
    );
    for keys in [format!("kind = 'webhook'\nurl = 'http://127.0.0.1:{port}/'"), mail] {
        let undelivered = tell(&keys).unwrap_err();
        assert!(
            undelivered.again && undelivered.why.to_lowercase().contains("refused"),
            "{}",
            undelivered.why
        );
    }
}

#[test]
fn no_reason_holds_a_secret() {
    let undelivered = tell("kind = 'webhook'\nurl = 'secret:token'").unwrap_err();
    assert!(!undelivered.why.contains("hush"), "{}", undelivered.why);
    let unknown = tell("kind = 'webhook'\nurl = 'secret:unheard-of'").unwrap_err();
    assert!(unknown.why.contains("no secret \"unheard-of\""), "{}", unknown.why);
}

#[test]
fn a_mail_is_one_mail_whatever_the_title_holds() {
    let (port, told) = smtp("250 fine");
    let keys =
        "kind = 'mail'\nhost = '127.0.0.1'\nencryption = 'none'\nuser = 'me'\npassword = 'secret:token'";
    tell(&format!(
        "{keys}\nport = {port}\nfrom = 'Sync <sync@example.org>'\nto = ['a@example.org', 'b@example.org']"
    ))
    .unwrap();
    let mail = told.recv_timeout(LONG).unwrap();
    assert!(mail.contains("MAIL FROM:<sync@example.org>") && mail.contains("AUTH PLAIN"), "{mail}");
    assert!(mail.contains("RCPT TO:<a@example.org>") && mail.contains("RCPT TO:<b@example.org>"));
    assert!(mail.lines().any(|line| line.starts_with("Subject: Photos: failed X-Evil: ")), "{mail}");
    assert!(!mail.lines().any(|line| line.starts_with("X-Evil")), "{mail}");
    assert!(mail.contains("From: Sync <sync@example.org>\r\n") && mail.contains("make room\r\n"), "{mail}");
    assert!(!mail.contains("hush-hush"), "the password goes to the server, not into the mail");
}

#[test]
fn a_mail_server_that_nobody_vouches_for_gets_neither_mail_nor_password() {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/tests/tls").join(name);
    let certificate = CertificateDer::from_pem_file(file("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let (port, told) = serve(move |mut stream, tell| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let greeted = connection.complete_io(&mut stream);
        tell.send(greeted.map_or_else(|error| error.to_string(), |_| "trusted".into())).unwrap();
    });
    let keys = "kind = 'mail'\nhost = 'localhost'\nuser = 'me'\npassword = 'secret:token'\nfrom = 'a@b.c'\nto = ['d@e.f']";
    let undelivered = tell(&format!("{keys}\nport = {port}")).unwrap_err();
    assert!(undelivered.why.contains("certificate"), "{}", undelivered.why);
    assert_ne!(told.recv_timeout(LONG).unwrap(), "trusted");
}

#[test]
fn a_receiver_that_is_refused_for_good_is_not_tried_again() {
    for (answer, again) in [("550 no such person", false), ("451 later", true)] {
        let (port, _told) = smtp(answer);
        let keys = "kind = 'mail'\nhost = '127.0.0.1'\nencryption = 'none'\nfrom = 'a@b.c'\nto = ['d@e.f']";
        let undelivered = tell(&format!("{keys}\nport = {port}")).unwrap_err();
        assert_eq!(undelivered.again, again, "{}", undelivered.why);
        assert!(undelivered.why.contains(&answer[4..]), "{}", undelivered.why);
    }
    let wrong = tell("kind = 'mail'\nhost = 'x'\nfrom = 'nobody'\nto = ['d@e.f']").unwrap_err();
    assert!(!wrong.again && wrong.why.contains("address"), "{}", wrong.why);
}

#[test]
fn a_mail_without_protection_is_never_sent_when_protection_is_asked_for() {
    let (port, told) = smtp("250 fine");
    let keys = "kind = 'mail'\nhost = '127.0.0.1'\nencryption = 'starttls'\nfrom = 'a@b.c'\nto = ['d@e.f']";
    assert!(tell(&format!("{keys}\nport = {port}")).is_err());
    assert!(told.try_recv().is_err());
}

#[test]
fn a_command_gets_json_on_its_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let here = channel(dir.path(), "kind = 'command'\ncommand = ['sh', '-c', 'cat > told.json']");
    here.deliver(&notice()).unwrap();
    let told: Value = serde_json::from_slice(&std::fs::read(dir.path().join("told.json")).unwrap()).unwrap();
    assert_eq!((&told["type"], &told["name"]), (&"alert".into(), &"Photos".into()));
    let failed = channel(dir.path(), "kind = 'command'\ncommand = ['sh', '-c', 'echo why >&2; exit 3']");
    let undelivered = failed.deliver(&notice()).unwrap_err();
    assert_eq!(undelivered.why, "Its command: sh ended with exit code 3: why.");
}
