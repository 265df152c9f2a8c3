//! Secrets are kept, found in their order, and never shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, OnceLock};

use keyring_core::CredentialStore;
use secrecy::{ExposeSecret, SecretString};
use secrets::{Error, Kept, OpenKeyring, Secrets};
use settings::Settings;
use settings::words::{SecretName, Text};

fn name(text: &str) -> SecretName {
    SecretName::new(text).unwrap()
}

fn value(text: &str) -> SecretString {
    text.into()
}

fn no_keyring() -> keyring_core::Result<Arc<CredentialStore>> {
    Err(keyring_core::Error::NotSupportedByStore("there is none here".into()))
}

/// One keyring for the whole test program, as a desktop has one.
fn keyring() -> keyring_core::Result<Arc<CredentialStore>> {
    static STORE: OnceLock<Arc<CredentialStore>> = OnceLock::new();
    if let Some(store) = STORE.get() {
        return Ok(Arc::clone(store));
    }
    let store: Arc<CredentialStore> = keyring_core::mock::Store::new()?;
    Ok(Arc::clone(STORE.get_or_init(|| store)))
}

/// A keyring that asks a person who is not there.
fn hanging() -> keyring_core::Result<Arc<CredentialStore>> {
    static NEVER: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    drop(NEVER.1.wait_while(NEVER.0.lock().unwrap(), |()| true));
    no_keyring()
}

fn secrets(dir: &Path, settings: &str, open: OpenKeyring) -> Secrets {
    let text = format!("[secrets]\n{settings}\n");
    Secrets::with_keyring(&Settings::parse(&text).unwrap().secrets, &dir.join("state"), open)
}

fn got(secrets: &Secrets, of: &str) -> Option<String> {
    secrets.get(&name(of)).ok().map(|value| value.expose_secret().to_owned())
}

#[test]
fn without_a_keyring_a_secret_is_kept_in_an_encrypted_file() {
    let dir = tempfile::tempdir().unwrap();
    let kept = secrets(dir.path(), "", no_keyring).set(&name("ops"), &value("hunter2 is long")).unwrap();
    assert_eq!(kept, Kept::File);
    let again = secrets(dir.path(), "", no_keyring);
    assert_eq!(got(&again, "ops").as_deref(), Some("hunter2 is long"));
    assert_eq!(again.names().unwrap(), [(name("ops"), Kept::File)]);
    for file in fs::read_dir(dir.path().join("state")).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        let bytes = fs::read(file.path()).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{file:?} shows it");
    }
    assert!(again.delete(&name("ops")).unwrap());
    assert!(!again.delete(&name("ops")).unwrap());
    assert!(matches!(again.get(&name("ops")), Err(Error::Unknown(_))));
}

#[test]
fn with_a_keyring_it_is_kept_there_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    secrets(dir.path(), "", no_keyring).set(&name("moved"), &value("old")).unwrap();
    let with = secrets(dir.path(), "", keyring);
    assert_eq!(with.set(&name("moved"), &value("new")).unwrap(), Kept::Keyring);
    assert_eq!(got(&with, "moved").as_deref(), Some("new"));
    assert_eq!(got(&secrets(dir.path(), "", no_keyring), "moved"), None);
    assert_eq!(with.names().unwrap(), [(name("moved"), Kept::Keyring)]);
    assert!(with.delete(&name("moved")).unwrap());
    assert_eq!(got(&with, "moved"), None);
}

#[test]
fn the_keyring_comes_first_then_the_command_then_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let command = "command = ['sh', '-c', 'test \"$INSTEP_SECRET\" = {name} && echo from-command']";
    secrets(dir.path(), "", no_keyring).set(&name("order"), &value("from-file")).unwrap();
    assert_eq!(got(&secrets(dir.path(), "", no_keyring), "order").as_deref(), Some("from-file"));
    assert_eq!(got(&secrets(dir.path(), command, no_keyring), "order").as_deref(), Some("from-command"));
    secrets(dir.path(), "", keyring).set(&name("order"), &value("from-keyring")).unwrap();
    assert_eq!(got(&secrets(dir.path(), command, keyring), "order").as_deref(), Some("from-keyring"));
    let off = format!("keyring = false\n{command}");
    assert_eq!(got(&secrets(dir.path(), &off, keyring), "order").as_deref(), Some("from-command"));
}

#[test]
fn a_keyring_that_does_not_answer_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let headless = secrets(dir.path(), "timeout = '50ms'", hanging);
    assert_eq!(headless.set(&name("ops"), &value("kept all the same")).unwrap(), Kept::File);
    assert_eq!(got(&headless, "ops").as_deref(), Some("kept all the same"));
}

#[test]
fn a_command_that_fails_says_how_but_not_what_it_printed() {
    let dir = tempfile::tempdir().unwrap();
    let fails =
        secrets(dir.path(), "command = ['sh', '-c', 'echo s3cr3t; echo s3cr3t >&2; exit 4']", no_keyring);
    let error = fails.get(&name("x")).unwrap_err().to_string();
    assert!(error.contains("exit status: 4") && !error.contains("s3cr3t"), "{error}");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let here = secrets(dir.path(), "", no_keyring);
    here.set(&name("ops"), &value("x")).unwrap();
    let key = dir.path().join("state/secrets.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = here.get(&name("ops")).unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
    fs::remove_file(&key).unwrap();
    assert!(here.get(&name("ops")).unwrap_err().to_string().contains("is gone"));
    assert!(here.set(&name("other"), &value("x")).is_err(), "what cannot be read is not replaced");
}

#[test]
fn a_damaged_file_is_told_and_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let here = secrets(dir.path(), "", no_keyring);
    here.set(&name("ops"), &value("x")).unwrap();
    fs::write(dir.path().join("state/secrets.age"), "damaged").unwrap();
    assert!(matches!(here.get(&name("ops")), Err(Error::Vault { .. })));
    assert!(matches!(here.set(&name("ops"), &value("y")), Err(Error::Vault { .. })));
}

#[test]
fn what_is_no_secret_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let here = secrets(dir.path(), "", no_keyring);
    for wrong in ["", "two\nlines", "nul\0"] {
        assert!(matches!(here.set(&name("x"), &value(wrong)), Err(Error::NoSecret)), "{wrong:?}");
    }
}

#[test]
fn texts_lose_the_secrets_that_they_caught() {
    let dir = tempfile::tempdir().unwrap();
    let here = secrets(dir.path(), "", no_keyring);
    here.set(&name("ops"), &value("topsecret")).unwrap();
    here.set(&name("pin"), &value("123")).unwrap();
    let text = here.resolve(&Text::Secret(name("ops"))).unwrap();
    here.get(&name("pin")).unwrap();
    assert_eq!(text.expose_secret(), "topsecret");
    assert_eq!(
        here.redact("POST https://x/topsecret?n=123 failed"),
        "POST https://x/[secret ops]?n=123 failed"
    );
    assert_eq!(here.resolve(&Text::Plain("plain".into())).unwrap().expose_secret(), "plain");
    assert!(!format!("{text:?}").contains("topsecret"));
}

#[test]
fn two_that_set_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for index in 0..8 {
            let dir = dir.path();
            scope.spawn(move || {
                secrets(dir, "", no_keyring).set(&name(&format!("s{index}")), &value("x")).unwrap()
            });
        }
    });
    assert_eq!(secrets(dir.path(), "", no_keyring).names().unwrap().len(), 8);
}
