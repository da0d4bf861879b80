//! A small estate: three sites, a store, what needs it, what it takes to bring it back, and somebody who gives way.

use crate::load::SourceText;
use crate::load::load;
use crate::model::Estate;

const SETTINGS: &str = r#"
[project]
title = "Small"
[orchestrator]
copies-at = ["beta"]
uses = ["bastion"]
[pools]
operators = { size = 3, kept-for-first-tier = 1 }
[limits]
steps-per-site = 4
"#;

const TOPOLOGY: &str = r#"
[[tier]]
id = "lifeline"
title = "first"
rto = "10m"
rpo = "0s"
[[tier]]
id = "rest"
title = "then"
rto = "1h"

[site.alpha]
kind = "datacenter"
capacity = { cores = 2000 }
fault-domains = ["power:north"]
[site.beta]
kind = "datacenter"
capacity = { cores = 1000 }
fill-limit = 0.8
[site.gamma]
kind = "cloud"
capacity = { cores = 100 }
on-demand = { cores = 200, ready-in = "5m" }

[place.laptops]
title = "laptops"
[kit.sealed]
title = "sealed credentials"
held-at = ["alpha", "laptops"]
fetch = "1m"

[service.store]
title = "store"
tier = "lifeline"
owner = "us"
kind = "stateful"
load = { cores = 90 }
[service.store.at.alpha]
role = "active"
hosts = "al-db-[1-4]"
[service.store.at.beta]
role = "hot"
hosts = "be-db-[1-4]"
max-load = { cores = 100 }
standing = { cores = 60 }
replication = { from = "alpha", mode = "sync", max-lag = "0s" }
[service.store.at.gamma]
role = "warm"
hosts = "ga-db-[1-4]"
max-load = { cores = 100 }
replication = { from = "alpha", mode = "async", max-lag = "5s" }

[service.text]
title = "text"
tier = "lifeline"
owner = "us"
kind = "stateless"
depends-on = ["store", { service = "names", unless = "degraded" }, { service = "registry", kind = "start" }]
load = { cores = 500 }
degraded = { load = { cores = 40 }, note = "text only" }
surge = { new-year = 1.5 }
route = "text"
[service.text.at.alpha]
role = "active"
hosts = "al-tx-[1-9]"
[service.text.at.beta]
role = "warm"
hosts = "be-tx-[1-9]"
max-load = { cores = 600 }

[service.names]
title = "names"
tier = "rest"
owner = "us"
kind = "stateless"
load = { cores = 50 }
[service.names.at.alpha]
role = "active"
hosts = "al-na-1"
[service.names.at.beta]
role = "hot"
hosts = "be-na-1"
max-load = { cores = 50 }

[service.registry]
title = "registry"
tier = "rest"
owner = "us"
kind = "stateless"
load = { cores = 20 }
[service.registry.at.alpha]
role = "active"
hosts = "al-re-1"
[service.registry.at.beta]
role = "hot"
hosts = "be-re-1"
max-load = { cores = 20 }

[service.burst]
title = "burst"
tier = "rest"
owner = "us"
kind = "stateless"
load = { cores = 220 }
[service.burst.at.alpha]
role = "active"
hosts = "al-bu-1"
[service.burst.at.gamma]
role = "cold"
hosts = "ga-bu-1"
max-load = { cores = 50 }
scale = { provider = "cloud", max-load = { cores = 250 } }

[service.ads]
title = "ads"
tier = "rest"
owner = "us"
kind = "stateless"
load = { cores = 500 }
degraded = { load = { cores = 100 }, note = "fewer" }
[service.ads.at.beta]
role = "active"
hosts = "be-ad-1"

[service.bastion]
title = "bastion"
tier = "lifeline"
owner = "us"
kind = "stateless"
load = { cores = 20 }
[service.bastion.at.alpha]
role = "active"
share = 0.5
hosts = "al-ba-1"
[service.bastion.at.beta]
role = "active"
share = 0.5
hosts = "be-ba-1"
max-load = { cores = 20 }

[service.vault]
title = "vault"
tier = "rest"
owner = "us"
kind = "stateless"
load = { cores = 10 }
[service.vault.at.alpha]
role = "active"
hosts = "al-va-1"

[route.text]
provider = "names"
name = "text.example."
ttl = "30s"
at = { alpha = ["198.51.100.1"], beta = ["203.0.113.1"] }

[provider.names]
kind = "command"
read = "dns read"
write = "dns write"
uses = [{ any-of = ["vault", "kit:sealed"] }]
[provider.cloud]
kind = "aws-autoscaling"
group = "burst"
region = "eu-west-1"
instance = { cores = 32 }
standing = 3

[[host]]
match = "*"
jump = ["bastion@alpha", "bastion@beta"]
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "store"
title = "store"
owner = "us"
[[failover]]
id = "fence"
title = "fence"
phase = "fence"
on = "source"
ssh = "svcctl fence store"
[[failover]]
id = "promote"
title = "promote"
phase = "promote"
ssh = "svcctl promote store"
[[failover]]
id = "verify"
title = "verify"
phase = "verify"
ssh = "svcctl writable store"
[[failover]]
id = "shift"
title = "shift"
phase = "shift"
ssh = "svcctl point store"
"#;

/// The estate; what it leaves out on purpose is no error.
pub(super) fn estate() -> Estate {
    let text = |(path, text): (&str, &str)| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    let files = [("bonghwa.toml", SETTINGS), ("topology/all.toml", TOPOLOGY), ("runbooks/store.toml", RUNBOOK)];
    load(files.map(text).into()).estate
}
