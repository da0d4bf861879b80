//! The runbooks of the invented estate: templates for many services, and procedures for whole sites.

/// By name.
pub(crate) const ALL: [(&str, &str); 5] =
    [("stateless", STATELESS), ("sticky", STICKY), ("stateful", STATEFUL), ("border", BORDER), ("isolate", ISOLATE)];
/// Those for whole sites.
pub(crate) const OF_SITES: [(&str, &str); 2] = [("border", BORDER), ("isolate", ISOLATE)];

const STATELESS: &str = r#"
[runbook]
id = "stateless"
title = "Any replica serves any user"
owner = "platform"
reviewed = 2026-09-18
params = { port = "8080" }

[[failover]]
id = "launch"
title = "Launch what {{ service }} lacks at {{ target }}"
phase = "prepare"
at = "cloud"
scale = true
timeout = "20m"

[[failover]]
id = "configure"
title = "Tell {{ service }} at {{ target }} that {{ source }} is gone"
phase = "prepare"
ssh = "svcctl configure {{ service }} --without {{ source }}"
expect = "15s"
timeout = "2m"
batch = { parallel = 64, enough = "95%" }

[[failover]]
id = "start"
title = "Start {{ service }} at {{ target }}"
phase = "start"
when = ["warm", "cold"]
ssh = "svcctl start {{ service }}"
done-if = { ssh = "svcctl status {{ service }}", expect-output = "running" }
expect = "90s"
timeout = "6m"
retry = { attempts = 3, backoff = "5s" }
batch = { parallel = 64, enough = "95%" }

[[failover]]
id = "verify"
title = "{{ service }} at {{ target }} says that it can serve"
phase = "verify"
wait = { ssh = "svcctl ready {{ service }} --port {{ port }}", expect-output = "ready", within = "90s", times = 2 }
expect = "12s"
timeout = "3m"
batch = { parallel = 64, enough = "95%" }

[[failover]]
id = "shift"
title = "Send the users of {{ service }} to {{ target }}"
phase = "shift"
route = true
timeout = "30m"

[[degrade]]
id = "degrade"
title = "Go to the floor of {{ service }}"
ssh = "svcctl degrade {{ service }}"
expect = "8s"
timeout = "2m"

[[shed]]
id = "shed"
title = "Switch {{ service }} off"
ssh = "svcctl shed {{ service }}"
expect = "25s"
timeout = "4m"

[[restore]]
id = "restore"
title = "Back to the full form of {{ service }}"
ssh = "svcctl restore {{ service }}"
verify = { ssh = "svcctl ready {{ service }}", expect-output = "ready", within = "2m" }
expect = "60s"
timeout = "10m"
"#;

const STICKY: &str = r#"
[runbook]
id = "sticky"
title = "Users hold connections: limit the herd first"
owner = "edge"
reviewed = 2026-09-18

[[failover]]
id = "launch"
title = "Launch what {{ service }} lacks at {{ target }}"
phase = "prepare"
at = "cloud"
scale = true
timeout = "20m"

[[failover]]
id = "start"
title = "Start {{ service }} at {{ target }}"
phase = "start"
when = ["warm", "cold"]
ssh = "svcctl start {{ service }}"
expect = "90s"
timeout = "6m"
retry = { attempts = 3, backoff = "5s" }
batch = { parallel = 64, enough = "95%" }

[[failover]]
id = "warm"
title = "Fill the caches of {{ service }} at {{ target }}"
phase = "warm"
ssh = "svcctl warm {{ service }}"
timeout = "5m"
batch = { parallel = 64, enough = "95%" }

[[failover]]
id = "limit"
title = "Admit newcomers of {{ service }} at the declared rate"
phase = "verify"
ssh = "svcctl limit {{ service }}"
undo = { ssh = "svcctl unlimit {{ service }}" }
expect = "5s"
timeout = "1m"
batch = { parallel = 64, enough = "99%" }

[[failover]]
id = "verify"
title = "{{ service }} at {{ target }} says that it can serve"
phase = "verify"
wait = { ssh = "svcctl ready {{ service }}", expect-output = "ready", within = "90s", times = 2 }
expect = "10s"
timeout = "3m"
batch = { parallel = 64, enough = "95%" }

[[failover]]
id = "shift"
title = "Send the users of {{ service }} to {{ target }}"
phase = "shift"
route = true
timeout = "30m"

[[degrade]]
id = "degrade"
title = "Go to the floor of {{ service }}"
ssh = "svcctl degrade {{ service }}"
expect = "10s"
timeout = "2m"

[[shed]]
id = "shed"
title = "Switch {{ service }} off"
ssh = "svcctl shed {{ service }}"
expect = "60s"
timeout = "4m"

[[restore]]
id = "restore"
title = "Back to the full form of {{ service }}"
ssh = "svcctl restore {{ service }}"
expect = "90s"
timeout = "10m"
"#;

const STATEFUL: &str = r#"
[runbook]
id = "stateful"
title = "One writer: fence it, then promote its standby"
owner = "storage"
reviewed = 2026-09-18

[[failover]]
id = "fence"
title = "Fence the old primary of {{ service }} at {{ source }}"
phase = "fence"
on = "source"
ssh = "svcctl fence {{ service }}"
done-if = { ssh = "svcctl role {{ service }}", expect-output = "fenced" }
attest = "Is every old primary of {{ service }} at {{ source }} off for good?"
expect = "5s"
timeout = "20s"
batch = { parallel = 64, enough = "100%" }

[[failover]]
id = "attach"
title = "Give the standby of {{ service }} at {{ target }} its readers"
phase = "start"
when = ["warm", "cold"]
ssh = "svcctl start {{ service }}"
expect = "2m"
timeout = "15m"
batch = { parallel = 40, enough = "100%" }

[[failover]]
id = "replay"
title = "Replay the log of {{ service }} at {{ target }}"
phase = "warm"
ssh = "svcctl replay {{ service }}"
expect = "45s"
timeout = "10m"
claims = { restore-bandwidth = 1 }
batch = { parallel = 40, enough = "100%" }

[[failover]]
id = "promote"
title = "Promote {{ service }} at {{ target }}"
phase = "promote"
done-if = { ssh = "svcctl role {{ service }}", expect-output = "primary" }
ssh = "svcctl promote {{ service }}"
verify = { ssh = "svcctl writable {{ service }}", expect-output = "writable", within = "30s" }
position = { ssh = "svcctl position {{ service }}" }
undo = { ssh = "svcctl demote {{ service }}" }
uses = [{ any-of = ["svc-000001", "kit:credentials"] }]
expect = "20s"
timeout = "3m"
retry = { attempts = 3, backoff = "2s" }
batch = { parallel = 64, enough = "100%" }

[[failover]]
id = "verify"
title = "A row is written to {{ service }} at {{ target }}, and read again"
phase = "verify"
wait = { ssh = "svcctl writable {{ service }}", expect-output = "writable", within = "60s", times = 2 }
expect = "8s"
timeout = "2m"

[[failover]]
id = "shift"
title = "Point the writers of {{ service }} at {{ target }}"
phase = "shift"
route = true
timeout = "10m"

[[detach]]
id = "detach"
title = "Let {{ service }} go on at {{ site }} without its lost standby"
ssh = "svcctl detach {{ service }}"
expect = "6s"
timeout = "1m"

[[degrade]]
id = "degrade"
title = "Go to the floor of {{ service }}"
ssh = "svcctl degrade {{ service }}"
expect = "10s"
timeout = "2m"

[[shed]]
id = "shed"
title = "Switch {{ service }} off"
ssh = "svcctl shed {{ service }}"
expect = "30s"
timeout = "4m"

[[restore]]
id = "restore"
title = "Back to the full form of {{ service }}"
ssh = "svcctl restore {{ service }}"
expect = "90s"
timeout = "10m"
"#;

const BORDER: &str = r#"
[runbook]
id = "border"
title = "Cut a site of ours off at its border"
owner = "network"
reviewed = 2026-09-18

[[fence]]
id = "tell"
title = "Tell everybody that {{ site }} is being cut off"
on = "operator"
notify = { message = "{{ site }} is being cut off.", webhook = "env:ESTATE_WEBHOOK" }
expect = "2s"

[[fence]]
id = "border"
title = "Cut {{ site }} off"
on = "operator"
confirm = "Have both carriers withdrawn the prefixes of {{ site }}?"
answer = "75s"
timeout = "15m"

[[release]]
id = "open"
title = "Open the border of {{ site }}"
on = "operator"
confirm = "Are the prefixes of {{ site }} announced again?"
answer = "10m"
timeout = "4h"
"#;

const ISOLATE: &str = r#"
[runbook]
id = "isolate"
title = "Cut a region off"
owner = "network"
reviewed = 2026-09-18

[[fence]]
id = "deny"
title = "Deny all traffic of {{ site }}"
on = "operator"
exec = "cloudctl deny {{ site }}"
expect = "30s"

[[release]]
id = "allow"
title = "Allow the traffic of {{ site }}"
on = "operator"
exec = "cloudctl allow {{ site }}"
expect = "30s"
"#;
