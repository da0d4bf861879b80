//! A small estate in which every key is written once, and nothing is wrong.

/// Its files.
pub(super) const FILES: [(&str, &str); 4] = [
    ("bonghwa.toml", SETTINGS),
    ("runbooks/border-cut.toml", BORDER_CUT),
    ("runbooks/message-store.toml", MESSAGE_STORE),
    ("topology/estate.toml", TOPOLOGY),
];

pub(super) const SETTINGS: &str = r#"[project]
title = "Talk"
timezone = "Asia/Seoul"

[orchestrator]
copies-at = ["ansan", "oncall-laptops"]
uses = ["bastion"]

[pools]
operators = { size = 4, kept-for-first-tier = 1 }
restore-bandwidth = { size = 8 }

[limits]
ssh-handshakes = 64
steps-per-site = 64
gate-wait = "4h"
output-bytes = 65536
"#;

pub(super) const TOPOLOGY: &str = r#"[[tier]]
id = "lifeline"
title = "Text messages, and what they cannot live without"
rto = "10m"
rpo = "0s"

[[tier]]
id = "core"

[site.pangyo]
title = "판교 IDC (Pangyo)"
kind = "datacenter"
fault-domains = ["power:bundang", "metro:seoul-south"]
capacity = { cores = 96000, gbps = 800 }
fill-limit = 0.85
runbook = "border-cut"
defaults = { user = "ops" }

[site.ansan]
kind = "datacenter"
fault-domains = ["metro:seoul-south"]
capacity = { cores = 60000.5, gbps = 800 }

[site.aws-tokyo]
kind = "cloud"
fault-domains = ["region:ap-northeast-1"]
capacity = { cores = 6000, gbps = 60 }
on-demand = { cores = 30000, gbps = 400, ready-in = "8m", launch-proved = 2026-09-12 }

[place.oncall-laptops]
title = "Laptops of whoever is on call"

[kit.sealed-credentials]
title = "Sealed credentials"
held-at = ["ansan", "oncall-laptops"]
fetch = "3m"

[service.bastion]
tier = "lifeline"
kind = "stateless"
load = { cores = 10 }
runbook = "message-store"
[service.bastion.at.pangyo]
role = "active"
share = 0.5
hosts = "pg-bastion"
subsets = { primary-candidate = "pg-bastion" }
[service.bastion.at.ansan]
role = "active"
share = 0.5
hosts = "as-bastion"
subsets = { primary-candidate = "as-bastion" }

[service.text-message]
title = "텍스트 메시지 (text messages)"
tier = "lifeline"
owner = "talk-messaging"
kind = "sticky"
depends-on = [
  "message-store",
  { service = "bastion", kind = "soft", unless = "degraded", reach = "same-site" },
]
deps-reviewed = 2026-08-30
load = { cores = 9000, gbps = 20 }
degraded = { load = { cores = 4000, gbps = 4 }, note = "text only" }
surge = { new-year = 3.0 }
caches = [{ name = "recent-messages", kind = "capacity", warm = "4m" }]
reconnect = { clients = 40_000_000, per-second = 200_000 }
route = "text"
rto = "8m"
rpo = "0s"
runbook = "message-store"
params = { wait-for = "15" }
[service.text-message.at.pangyo]
role = "active"
share = "70%"
hosts = "pg-msg-[001-120]"
subsets = { primary-candidate = "pg-msg-001" }
max-load = { cores = 9000, gbps = 40 }
[service.text-message.at.ansan]
role = "active"
share = 0.3
hosts = "as-msg-[001-100]"
subsets = { primary-candidate = "as-msg-001" }
[service.text-message.at.aws-tokyo]
role = "warm"
hosts = "tk-msg-[01-80]"
subsets = { primary-candidate = "tk-msg-01" }
standing = { cores = 200 }
max-load = { cores = 5000, gbps = 20 }
scale = { provider = "tokyo-asg", max-load = { cores = 20000, gbps = 80 } }

[service.message-store]
tier = "core"
kind = "stateful"
load = { cores = 100 }
[service.message-store.at.pangyo]
role = "active"
hosts = "pg-db-01"
subsets = { primary-candidate = "pg-db-01" }
[service.message-store.at.ansan]
role = "hot"
hosts = "as-db-[01-03]"
subsets = { primary-candidate = "as-db-01" }
max-load = { cores = 100 }
replication = { from = "pangyo", mode = "sync", max-lag = "0s" }

[service.coordinator]
tier = "core"
kind = "quorum"
load = { cores = 3 }
[service.coordinator.at.pangyo]
role = "active"
voters = 3

[[host]]
match = "pg-*"
address = "{{ host }}.pangyo.talk.internal"
user = "ops"
port = 2222
jump = ["bastion@ansan"]
uses = ["bastion@ansan", "kit:sealed-credentials"]

[route.text]
provider = "gslb"
name = "msg.talk.example."
ttl = "30s"
at = { pangyo = ["198.51.100.10"], ansan = ["203.0.113.10"], aws-tokyo = ["192.0.2.10", "2001:db8::1"] }
ramp = ["1%", 0.1, "50%", "100%"]
hold = "20s"
health = { http = "https://{{ address }}/health", expect-status = 200, max-error-rate = 0.01 }

[provider.gslb]
kind = "rfc2136"
servers = ["ns1.ansan:53", "ns1.tokyo:53"]
zone = "talk.example."
tsig = { name = "bonghwa.", algorithm = "hmac-sha256", secret = "env:TALK_TSIG" }
uses = ["coordinator"]

[provider.tokyo-asg]
kind = "aws-autoscaling"
group = "msg"

[provider.pager]
kind = "command"
read = "pager list {{ service }}"
write = "pager set {{ service }} {{ share }}"
env = { PAGER_KEY = "file:/etc/pager.key" }
"#;

pub(super) const BORDER_CUT: &str = r#"[runbook]
id = "border-cut"

[[fence]]
id = "cut"
exec = "border cut {{ site }}"
attest = "Is the border of {{ site }} cut?"

[[release]]
id = "ask"
confirm = "Is {{ site }} safe again?"
"#;

pub(super) const MESSAGE_STORE: &str = r#"[runbook]
id = "message-store"
title = "Message store: PostgreSQL, synchronous standby"
owner = "talk-storage"
reviewed = 2026-10-02
params = { wait-for = "10", flavour = "none" }

[[failover]]
id = "fence"
title = "Fence {{ service }} at {{ source }}"
phase = "fence"
on = "source"
ssh = "svcctl fence {{ service }}"
attest = "Is the old primary powered off?"
timeout = "20s"
unreachable = "ok"
kill = "svcctl kill {{ host }}"
env = { DB_PASSWORD = "env:DB_PASSWORD" }

[[failover]]
id = "promote"
phase = "promote"
on = "target"
subset = "primary-candidate"
done-if = { ssh = "svcctl role {{ host-address }}", expect-output = "primary", times = 2 }
ssh = '''
svcctl promote --wait {{ wait-for }}
docker ps --format '\{{.Names}}'
'''
verify = { ssh = "svcctl writable", within = "30s" }
undo = { ssh = "svcctl demote" }
uses = [{ any-of = ["bastion", "kit:sealed-credentials"] }, "bastion@ansan"]
position = { ssh = "svcctl position" }
when = ["hot", "warm"]
at = "datacenter"
expect = "25s"
expect-source = "drill of 2026-06"
timeout = "3m"
retry = { attempts = 3, backoff = "2s" }
batch = { parallel = 10, enough = "90%" }
irreversible = true
needs = ["fence"]
claims = { restore-bandwidth = 2 }

[[failover]]
id = "look"
phase = "verify"
wait = { http = { url = "https://{{ address }}/{{ flavour }}", method = "POST", headers = { Authorization = "env:TOKEN", X-Site = "{{ target }}" }, body = "{}", expect-status = 200, expect-body = "ok" } }

[[failover]]
id = "shift"
phase = "shift"
route = true

[[failover]]
id = "grow"
phase = "prepare"
scale = true

[[failover]]
id = "tell"
phase = "stop"
on = "operator"
notify = { message = "{{ service }} is at {{ target }}, {{ level }}, {{ share }} ({{ run }})", webhook = "env:HOOK" }
answer = "60s"

[[failover]]
id = "tell-again"
phase = "stop"
notify = { message = "done", command = "wall" }

[[failover]]
id = "shift-named"
phase = "stop"
route = "text"

[[shed]]
id = "stop"
ssh = "svcctl stop {{ service }}"
"#;
