//! TLS: an authority of our own, and every certificate that must be refused, each with its own reason.

use std::fs;

use super::came;
use super::get;
use super::post;
use super::server::Authority;
use super::server::Server;
use super::unreachable;
use crate::driver::End;
use crate::driver::HttpTask;

#[tokio::test]
async fn a_certificate_is_good_or_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, others, twin) = (Authority::new("ours"), Authority::new("others"), Authority::new("ours"));
    let file = folder.path().join("ca.pem");
    fs::write(&file, &ours.pem).unwrap();
    let ca = Some(format!("file:{}", file.display()));
    let good = || ours.vouch("localhost", 2120);
    for (config, ca, why) in [
        (good(), &ca, None),
        (good(), &None, Some("comes from nobody who is trusted here: name the authority with `ca`, if it is your own")),
        (others.vouch("localhost", 2120), &ca, Some("comes from nobody who is trusted here")),
        (twin.vouch("localhost", 2120), &ca, Some("is signed by another authority of the same name")),
        (ours.vouch("localhost", 2021), &ca, Some("has expired")),
        (ours.vouch("elsewhere.example", 2120), &ca, Some("is for another name than localhost")),
    ] {
        let server = Server::tls(config).await;
        let url = format!("https://localhost:{}/ok", server.port);
        let outcome = came(HttpTask { ca: ca.clone(), ..post(url) }).await;
        match why {
            None => assert_eq!(outcome.end, End::Ok),
            Some(why) => {
                let all = format!("the certificate of localhost:{} {why}", server.port);
                assert!(unreachable(&outcome).starts_with(&all), "{outcome:?}");
                assert!(server.got().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn what_speaks_no_tls_and_what_is_no_authority_is_told() {
    let server = Server::plain().await;
    let outcome = came(get(format!("https://localhost:{}/ok", server.port))).await;
    assert!(unreachable(&outcome).contains("does not speak TLS"), "{outcome:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, "no certificate").unwrap();
    for (ca, told) in
        [(format!("file:{}", file.display()), "holds no certificate"), ("env:NONE".to_owned(), "env:NONE")]
    {
        let outcome = came(HttpTask { ca: Some(ca), ..get(server.url("/ok")) }).await;
        assert!(matches!(&outcome.end, End::CouldNotStart(why) if why.contains(told)), "{outcome:?}");
    }
}
