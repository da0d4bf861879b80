//! Moto, which speaks the APIs of AWS: started by a test, and gone with it.
//!
//! The tests of the whole tool read this file, too, so it names nothing of ours.

use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// It answers within three seconds, unless the machine is very busy.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A server that ends with its test.
pub(crate) struct Moto {
    process: Child,
    port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Moto {
    /// Waits until it answers.
    pub(crate) fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/moto_server");
        assert!(program.exists(), "moto is missing: run ./needs aws");
        let port = free_port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let moto = Self { process: command.spawn().expect("moto starts"), port };
        let answers = || {
            thread::park_timeout(PAUSE);
            moto.ask("GET", "/moto-api/", "moto", "").is_some()
        };
        assert!((0..PATIENCE.as_millis() / PAUSE.as_millis()).any(|_| answers()), "moto does not start");
        moto
    }

    /// Where it is spoken to.
    pub(crate) fn at(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What stands there, by the API of a service (`route53`).
    pub(crate) fn get(&self, service: &str, path: &str) -> String {
        self.told("GET", path, service, "")
    }

    /// Asks a service for something, in its own form.
    pub(crate) fn post(&self, service: &str, path: &str, body: &str) -> String {
        self.told("POST", path, service, body)
    }

    fn told(&self, method: &str, path: &str, service: &str, body: &str) -> String {
        let answer = self.ask(method, path, service, body).expect("an answer of moto");
        assert!(answer.starts_with("HTTP/1.1 2"), "{method} {path} {body}: {answer}");
        answer
    }

    fn ask(&self, method: &str, path: &str, service: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        // It finds service and region by the signature, and proves nothing.
        let scope = format!("test/20261123/{REGION}/{service}/aws4_request");
        // A form without a body is not found.
        let is_form = body.starts_with("Action=");
        let form = if is_form { "application/x-www-form-urlencoded" } else { "text/xml" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: {form}\r\nContent-Length: {}\
             \r\nAuthorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The region that it is asked for.
pub(crate) const REGION: &str = "us-east-1";

/// What stands between two texts.
pub(crate) fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("{from} in {text}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("{to} in {text}")).0
}

const XMLNS: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";

/// A hosted zone in Route 53.
pub(crate) struct HostedZone<'m> {
    moto: &'m Moto,
    pub(crate) id: String,
}

impl<'m> HostedZone<'m> {
    /// A new one; `config` is XML besides its name.
    pub(crate) fn new(moto: &'m Moto, name: &str, config: &str) -> Self {
        let body = format!(
            "<CreateHostedZoneRequest {XMLNS}><Name>{name}</Name><CallerReference>1</CallerReference>{config}\
             </CreateHostedZoneRequest>"
        );
        let made = moto.post("route53", "/2013-04-01/hostedzone", &body);
        Self { moto, id: between(&made, "<Id>/hostedzone/", "</Id>").to_owned() }
    }

    /// Makes a weighted set of one address; `more` is XML besides.
    pub(crate) fn set(&self, record: &str, site: &str, address: &str, weight: u64, more: &str) {
        self.put(&weighted(record, site, address, weight, more));
    }

    /// Makes a set, or puts it in the place of what is there.
    pub(crate) fn put(&self, set: &str) {
        let body = format!(
            "<ChangeResourceRecordSetsRequest {XMLNS}><ChangeBatch><Changes><Change><Action>UPSERT</Action>{set}</Change>\
             </Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        );
        self.moto.post("route53", &format!("/2013-04-01/hostedzone/{}/rrset", self.id), &body);
    }

    /// The set of a site, as it stands there, in XML.
    pub(crate) fn shown(&self, site: &str) -> String {
        let all = self.moto.get("route53", &format!("/2013-04-01/hostedzone/{}/rrset", self.id));
        between(&all, &format!("<SetIdentifier>{site}</SetIdentifier>"), "</ResourceRecordSet>").to_owned()
    }

    /// The weight of a site.
    pub(crate) fn weight(&self, site: &str) -> u64 {
        between(&self.shown(site), "<Weight>", "</Weight>").parse().expect("a number")
    }

    /// How many seconds answers that lead to a site may be kept.
    pub(crate) fn ttl(&self, site: &str) -> u64 {
        between(&self.shown(site), "<TTL>", "</TTL>").parse().expect("a number")
    }
}

/// A weighted set of one address, in XML.
pub(crate) fn weighted(record: &str, site: &str, address: &str, weight: u64, more: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>{record}</Name><Type>A</Type><SetIdentifier>{site}</SetIdentifier><Weight>{weight}\
         </Weight><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>{address}</Value></ResourceRecord></ResourceRecords>\
         {more}</ResourceRecordSet>"
    )
}

/// Makes an auto-scaling group, and waits for nothing: its instances are in service at once.
pub(crate) fn group(moto: &Moto, name: &str, desired: u32, most: u32) {
    let launch = "Action=CreateLaunchConfiguration&Version=2011-01-01&LaunchConfigurationName=large&\
                  ImageId=ami-12c6146b&InstanceType=c6i.8xlarge";
    moto.post("autoscaling", "/", launch);
    let group = format!(
        "Action=CreateAutoScalingGroup&Version=2011-01-01&AutoScalingGroupName={name}&LaunchConfigurationName=large&\
         MinSize=0&MaxSize={most}&DesiredCapacity={desired}&AvailabilityZones.member.1={REGION}a"
    );
    moto.post("autoscaling", "/", &group);
}

/// How many instances a group was asked for.
pub(crate) fn desired(moto: &Moto) -> u32 {
    let groups = moto.post("autoscaling", "/", "Action=DescribeAutoScalingGroups&Version=2011-01-01");
    between(&groups, "<DesiredCapacity>", "</DesiredCapacity>").parse().expect("a number")
}
