//! Small servers that play well, or play badly, for one connection after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Long enough to say that something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Serves each connection by `play`, and passes on what it got.
pub(crate) fn serve(play: impl Fn(TcpStream, &Sender<String>) + Send + 'static) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            play(stream.unwrap(), &tell);
        }
    });
    (port, told)
}

/// Answers every request with this status line.
pub(crate) fn http(status: &'static str) -> (u16, Receiver<String>) {
    serve(move |stream, tell| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap() == 0 {
                return;
            }
        }
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        // Not every test looks at what was told.
        let _ = tell.send(format!("{head}{}", String::from_utf8(body).unwrap()));
        let mut stream = stream;
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:9/\r\n\r\n")
            .unwrap();
    })
}

/// Takes connections and never says a word.
pub(crate) fn silent() -> u16 {
    let (tell, kept) = channel();
    let (port, _) = serve(move |stream, _| tell.send(stream).unwrap());
    // The connections stay open until the test program ends.
    std::mem::forget(kept);
    port
}

/// The same at a socket beneath a directory; gives its path.
pub(crate) fn silent_socket(dir: &Path) -> String {
    let path = dir.join("silent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok(taken) = listener.accept() {
            kept.push(taken);
        }
    });
    path.to_str().unwrap().to_owned()
}

/// A port that refuses.
pub(crate) fn refusing() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A mail server; answers receivers with this line.
pub(crate) fn smtp(receiver: &'static str) -> (u16, Receiver<String>) {
    serve(move |mut stream, tell| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut say = move |line: &str| write!(stream, "{line}\r\n").unwrap();
        say("220 here");
        let mut mail = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap() == 0 {
                return;
            }
            mail.push_str(&line);
            let word = line.split([' ', '\r', ':']).next().unwrap_or_default().to_uppercase();
            match word.as_str() {
                "EHLO" => {
                    say("250-here");
                    say("250 AUTH PLAIN");
                }
                "AUTH" => say("235 welcome"),
                "RCPT" => say(receiver),
                "DATA" => {
                    say("354 go on");
                    let mut line = String::new();
                    while line != ".\r\n" {
                        mail.push_str(&line);
                        line.clear();
                        reader.read_line(&mut line).unwrap();
                    }
                    let _ = tell.send(std::mem::take(&mut mail));
                    say("250 taken");
                }
                "QUIT" => return say("221 bye"),
                _ => say("250 fine"),
            }
        }
    })
}
