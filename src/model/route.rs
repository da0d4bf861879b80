//! How users reach services, how this tool reaches hosts, and who changes what.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::model::Amounts;
use crate::model::HostSet;
use crate::model::Millis;
use crate::model::Need;
use crate::model::Ppm;
use crate::model::ProviderId;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::template::Text;

/// How users reach a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name, unique among routes.
    pub name: String,
    /// Who changes it.
    pub provider: ProviderId,
    /// The record, backend or path that the provider knows it by.
    pub record: String,
    /// How long an answer may be kept by whoever asked.
    pub ttl: Millis,
    /// The same while a planned move is on its way, where somebody wrote it.
    pub low_ttl: Option<Millis>,
    /// Where it can point: addresses by site, never empty. Sorted by site.
    pub at: Vec<(SiteId, Vec<String>)>,
    /// The shares that a target passes through, rising to all of it. Never empty.
    pub ramp: Vec<Ppm>,
    /// Between two steps of the ramp.
    pub hold: Millis,
    /// How health is judged on the way.
    pub health: Option<Health>,
}

/// While users are moved in a planned move, answers may be kept so long, unless somebody wrote otherwise. Shorter ones gain
/// little: a JVM keeps what it resolved for 30 s whatever the answer says, and so do many caches on the way. And name
/// servers are asked as much more often as answers are kept shorter.
const LOW_TTL: Millis = Millis::from_secs(30);

impl Route {
    /// How long answers may be kept while a planned move is on its way; none where that is no shorter than ever, or where
    /// the keeper gives no answers that anybody keeps.
    #[must_use]
    pub fn lowered(&self, kind: ProviderKind) -> Option<Millis> {
        let low = self.low_ttl.unwrap_or(LOW_TTL);
        (kind.keeps_ttl() && low < self.ttl).then_some(low)
    }
}

/// How the health of a route's target is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What is fetched; may name `address`.
    pub http: Text,
    /// The status that means healthy.
    pub expect_status: u16,
    /// The share of failed answers above which a ramp goes back.
    pub max_error_rate: Ppm,
}

/// Who changes routes or launches capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name, unique among providers.
    pub name: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// Where it is spoken to: name servers are tried in turn, balancers are all changed.
    pub servers: Vec<Server>,
    /// Further servers that answer for it: they are looked at after a change, and never changed.
    pub also: Vec<Server>,
    /// The DNS zone, for `rfc2136`; its name or its identifier, for `route53`.
    pub zone: Option<String>,
    /// The key that signs updates, for `rfc2136`.
    pub tsig: Option<Tsig>,
    /// The auto-scaling group, for `aws-autoscaling`.
    pub group: Option<String>,
    /// The region that the group is in.
    pub region: Option<String>,
    /// What one instance of the group gives; nothing for all other kinds.
    pub instance: Amounts,
    /// How many instances the group has in normal times, for what no plan launches.
    pub standing: u64,
    /// What reads the present state, for `http` and `command`.
    pub read: Option<Text>,
    /// What changes it, for `http` and `command`.
    pub write: Option<Text>,
    /// What sees where a route leads by another way than its keeper, for `http` and `command`.
    pub look: Option<Text>,
    /// Secrets by reference, for `http` and `command`. Sorted.
    pub env: Vec<(String, SecretRef)>,
    /// What it needs in order to work at all.
    pub uses: Vec<Need>,
}

impl Provider {
    /// How many instances of its group give this much; none where an instance gives nothing of what is wanted.
    #[must_use]
    pub fn instances_for(&self, wanted: &Amounts) -> Option<u64> {
        let one = |(wanted, gives): (&u64, &u64)| match (*wanted, *gives) {
            (0, _) => Some(0),
            (_, 0) => None,
            (wanted, gives) => Some(wanted.div_ceil(gives)),
        };
        wanted.0.iter().zip(&self.instance.0).map(one).try_fold(0, |most, many| Some(most.max(many?)))
    }

    /// The first of these names that its texts name.
    #[must_use]
    pub fn names_any(&self, names: &[&str]) -> Option<String> {
        let texts = [&self.read, &self.write, &self.look].into_iter().flatten();
        texts.flat_map(Text::names).find(|name| names.contains(name)).map(str::to_owned)
    }
}

/// One server of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it is spoken to.
    pub address: String,
    /// Where it is, if anybody said: whoever loses that site loses this server.
    pub site: Option<SiteId>,
}

/// The host and the path of a socket on it, where an address is written as `ssh:HOST:/path`.
#[must_use]
pub fn far_socket(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("ssh:")?;
    let at = rest.find(":/").filter(|at| *at > 0)?;
    let (host, path) = (&rest[..at], &rest[at + 1..]);
    let is_one = HostSet::parse(host).is_ok_and(|set| set.count() == 1);
    (is_one && !path.contains('\0')).then_some((host, path))
}

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// DNS dynamic update, RFC 2136, signed.
    Rfc2136,
    /// HAProxy's runtime API.
    Haproxy,
    /// Route 53.
    Route53,
    /// An auto-scaling group.
    AwsAutoscaling,
    /// An HTTP API.
    Http,
    /// A program on the operator's machine.
    Command,
}

impl ProviderKind {
    /// Whether it answers with how long the answer may be kept, and can be told another time.
    #[must_use]
    pub const fn keeps_ttl(self) -> bool {
        match self {
            Self::Rfc2136 | Self::Route53 => true,
            Self::Haproxy | Self::AwsAutoscaling | Self::Http | Self::Command => false,
        }
    }
}

/// A key that signs DNS updates (RFC 8945).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tsig {
    /// The key's name.
    pub name: String,
    /// `hmac-sha256` or `hmac-sha512`.
    pub algorithm: String,
    /// Where the key is.
    pub secret: SecretRef,
}

/// Where a secret is. The secret itself is never in a model, a plan or a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In a variable of the environment: `env:NAME`.
    Env(String),
    /// In a file: `file:PATH`.
    File(String),
}

/// As it was written.
impl fmt::Display for SecretRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(out, "env:{name}"),
            Self::File(path) => write!(out, "file:{path}"),
        }
    }
}

/// How to reach hosts, by name pattern; the first rule that matches is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// `*` stands for anything.
    pub pattern: String,
    /// May name `host`; the name itself where none was written.
    pub address: Option<Text>,
    /// The user to log in as.
    pub user: Option<String>,
    /// The port, 22 unless written.
    pub port: u16,
    /// Bastions, tried in turn; none means a direct connection.
    pub jump: Vec<(ServiceId, SiteId)>,
    /// What an ssh step on such a host uses, in place of the orchestrator's `uses`.
    pub uses: Option<Vec<Need>>,
}

impl HostRule {
    /// Whether the rule is for `host`.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        let mut parts = self.pattern.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = host.strip_prefix(first) else {
            return false;
        };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::HostRule;
    use super::far_socket;

    #[test]
    fn a_socket_may_be_on_another_host() {
        assert_eq!(far_socket("ssh:lb1.ansan:/run/lb:1.sock"), Some(("lb1.ansan", "/run/lb:1.sock")));
        for odd in
            ["ssh:", "ssh:lb1", "ssh::/run/lb", "ssh:lb1:run", "ssh:lb-[1-2]:/run/lb", "unix:/run/lb", "lb1:9999"]
        {
            assert_eq!(far_socket(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        let rule = |pattern: &str| HostRule {
            pattern: pattern.to_owned(),
            address: None,
            user: None,
            port: 22,
            jump: Vec::new(),
            uses: None,
        };
        assert!(rule("pg-*").matches("pg-msg-001"));
        assert!(!rule("pg-*").matches("as-pg-1"));
        assert!(rule("*").matches("x"));
        assert!(rule("a*-db-*").matches("as-db-01"));
        assert!(!rule("a*-db-*").matches("as-web-01"));
        assert!(rule("exact").matches("exact"));
        assert!(!rule("exact").matches("exactly"));
        assert!(!rule("*-1").matches("a-12"));
    }
}
