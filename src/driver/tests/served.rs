//! A server of ours that answers as a test says, for what the stand-ins of other tests would never do.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

/// What is answered: a status with its words, and a body.
pub(in crate::driver) struct Answer {
    pub(in crate::driver) status: &'static str,
    pub(in crate::driver) body: String,
    /// It begins and never ends.
    pub(in crate::driver) is_torn: bool,
}

impl Answer {
    pub(in crate::driver) fn new(status: &'static str, body: String) -> Self {
        Self { status, body, is_torn: false }
    }
}

/// Serves XML for as long as the tests run; says where.
pub(in crate::driver) fn serve(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                while let Some(request) = heard(&mut stream) {
                    let Answer { status, body, is_torn } = answer(&request);
                    let length = body.len() + usize::from(is_torn);
                    let whole = format!(
                        "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
                    );
                    if stream.write_all(whole.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    at
}

fn heard(stream: &mut impl Read) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        request.extend(&buffer[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().lines().find_map(|line| {
            line.strip_prefix("content-length:").and_then(|length| length.trim().parse::<usize>().ok())
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(text);
        }
    }
}
