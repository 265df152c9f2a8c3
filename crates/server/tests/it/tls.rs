//! TLS from files, and addresses that are taken. The certificates are for these tests alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use center::{Center, Store, SystemClock};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use server::{Access, Config, Limits, Parts, ServeError, Server, TlsFiles, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

fn parts(home: &Path) -> Parts {
    let store = Arc::new(Store::open(&home.join("instep.db")).unwrap());
    let center = Center::new(store, Arc::new(SystemClock::default()));
    Parts::new(center, Access::new(home.join("tokens.json")), World::default(), Limits::default())
}

async fn bind(home: &Path, certificate: PathBuf, key: PathBuf) -> Result<Server, ServeError> {
    let tls = Some(TlsFiles { certificate, key });
    let config = Config { socket: None, listen: vec!["127.0.0.1:0".parse().unwrap()], tls };
    Server::bind(&config, parts(home)).await
}

#[tokio::test]
async fn with_the_right_files_all_is_encrypted() {
    let home = tempfile::tempdir().unwrap();
    let server = bind(home.path(), file("cert.pem"), file("key.pem")).await.unwrap();
    let address = server.addresses()[0];
    tokio::spawn(server.run(std::future::pending()));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("cert.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.write_all(b"GET /api/v1/items HTTP/1.0\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.contains(" 401 "), "{answer}");
    // Who speaks plainly is not answered.
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
}

#[tokio::test]
async fn wrong_and_missing_files_are_named_and_nothing_is_listened_at() {
    let home = tempfile::tempdir().unwrap();
    let garbage = home.path().join("garbage.pem");
    fs::write(&garbage, "no certificate").unwrap();
    let missing = home.path().join("missing.pem");
    for (certificate, key, named) in [
        (file("cert.pem"), file("other.pem"), file("cert.pem")),
        (file("cert.pem"), missing.clone(), missing.clone()),
        (missing.clone(), file("key.pem"), missing.clone()),
        (garbage.clone(), file("key.pem"), garbage.clone()),
        (file("cert.pem"), garbage.clone(), garbage.clone()),
        (file("key.pem"), file("key.pem"), file("key.pem")),
    ] {
        match bind(home.path(), certificate, key).await {
            Err(ServeError::Tls { path, .. }) => assert_eq!(path, named),
            other => panic!("{:?}", other.err()),
        }
    }
}

#[tokio::test]
async fn a_taken_address_and_a_taken_socket_are_named() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr();
    let listener = TcpListener::bind(taken.unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config { socket: None, listen: vec![address], tls: None };
    let refused = Server::bind(&config, parts(home.path())).await.err();
    assert!(matches!(refused, Some(ServeError::Address { address: named, .. }) if named == address));
    // Left by a process that was killed: only the one who holds the claim may clear it away.
    let socket = home.path().join("instep.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let config = Config { socket: Some(socket.clone()), listen: Vec::new(), tls: None };
    let refused = Server::bind(&config, parts(home.path())).await.err();
    assert!(matches!(refused, Some(ServeError::SocketTaken { path }) if path == socket));
}
