//! A small HTTP server on loopback, which answers as badly as it is asked to, and remembers what it got.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rcgen::date_time_ymd;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A server that lives as long as this value.
pub(super) struct Server {
    pub(super) port: u16,
    got: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

/// An authority of our own.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) pem: String,
}

impl Server {
    /// One that speaks plain HTTP.
    pub(super) async fn plain() -> Self {
        Self::start(None).await
    }

    /// One that speaks TLS with this certificate.
    pub(super) async fn tls(config: ServerConfig) -> Self {
        Self::start(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&got);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, all) = (tls.clone(), Arc::clone(&all));
                // Whoever hangs up is done.
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &all).await,
                        Some(tls) => serve(tls.accept(stream).await?, &all).await,
                    }
                });
            }
        });
        Self { port, got, task }
    }

    /// The address of something on it.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requests that it got, as they came.
    pub(super) fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for a name, good until a year.
    pub(super) fn vouch(&self, name: &str, until: i32) -> ServerConfig {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        config.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, got: &Mutex<Vec<String>>) -> io::Result<()> {
    let request = request(&mut stream).await?;
    let number = {
        let mut all = got.lock().unwrap();
        all.push(request.clone());
        all.len()
    };
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let ok = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let status = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let to = |code: &str, there: &str| status(&format!("{code} X\r\nLocation: {there}"), "");
    let answer = match path {
        "/ok" => ok("ready\n"),
        "/echo" => ok(&request),
        "/stuck-head" => pending().await,
        "/stuck-body" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of".to_owned(),
        "/stuck-words" => "HTTP/1.1 503 X\r\nContent-Length: 100\r\n\r\nbusy: ".to_owned(),
        "/cut" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of").await?;
            return stream.shutdown().await;
        }
        "/close" => return Ok(()),
        "/big" => return big(&mut stream, query.parse().unwrap_or(1)).await,
        "/loop" => to("302", "/loop"),
        "/once" => to("302", "ok"),
        "/see" => to("303", "/echo"),
        "/see-cut" => to("303", "/close"),
        "/keep" => to("307", "/echo"),
        "/away" => to("307", query),
        "/old" => {
            stream.write_all(b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nready at last\n").await?;
            return stream.shutdown().await;
        }
        "/terse" => "HTTP/1.1 204\r\n\r\n".to_owned(),
        "/garbage" => "SSH-2.0-OpenSSH_9.6\r\n".to_owned(),
        "/colours" => ok("\u{1b}[31mred\u{1b}[0m\u{7}"),
        "/third" => status(if number < 3 { "503 X" } else { "200 X" }, &format!("try {number}")),
        "/slow" => {
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            ok("slow, and done")
        }
        other => status(&other.replace('/', ""), "\u{7}no such thing\n"),
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;
    if path.starts_with("/stuck") { pending().await } else { stream.shutdown().await }
}

/// Head and body, as they came.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Ok(text);
            }
        }
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend(&chunk[..read]);
        // A greeting in TLS, which nobody here understands.
        if bytes.starts_with(b"\x16") {
            return Ok("GET /400 HTTP/1.1".to_owned());
        }
    }
}

async fn big(stream: &mut (impl AsyncWrite + Unpin), megabytes: usize) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
    let mut chunk = format!("{:x}\r\n", 1 << 20).into_bytes();
    chunk.extend(std::iter::repeat_n(b'x', 1 << 20));
    chunk.extend(b"\r\n");
    for _ in 0..megabytes {
        stream.write_all(&chunk).await?;
    }
    stream.write_all(b"7\r\nthe end\r\n0\r\n\r\n").await?;
    stream.shutdown().await
}
