//! Contradictions within and between services, sites, routes and providers.

use crate::cases::Case;
use crate::cases::swap;

/// Every contradiction of the topology.
#[expect(clippy::too_many_lines, reason = "a list of cases, a line or two each")]
pub(crate) fn cases() -> Vec<Case> {
    let text_pangyo = "role = \"active\"\nshare = \"70%\"";
    vec![
        swap("itself", "\"message-store\",\n", "\"message-store\", \"text-message\",\n"),
        swap("twice", "\"message-store\",\n", "\"message-store\", \"message-store\",\n"),
        swap("shares that don't add up", "share = 0.3", "share = 0.2"),
        swap("a share on a replica that waits", "role = \"warm\"", "role = \"warm\"\nshare = 0.1"),
        swap("an active one without a share", text_pangyo, "role = \"active\""),
        swap(
            "nobody is active",
            "role = \"active\"\nvoters = 3",
            "role = \"hot\"\nvoters = 3\nmax-load = { cores = 3 }",
        ),
        swap(
            "two writers",
            "role = \"hot\"\nhosts = \"as-db-[01-03]\"",
            "role = \"active\"\nshare = 0.5\nhosts = \"as-db-[01-03]\"",
        ),
        swap(
            "a copy that does not follow",
            "replication = { from = \"pangyo\", mode = \"sync\", max-lag = \"0s\" }\n",
            "",
        ),
        swap("a copy of itself", "replication = { from = \"pangyo\"", "replication = { from = \"ansan\""),
        swap("a copy of nobody", "replication = { from = \"pangyo\"", "replication = { from = \"aws-tokyo\""),
        swap("voters without a quorum", "hosts = \"pg-db-01\"", "voters = 3\nhosts = \"pg-db-01\""),
        swap("a quorum without voters", "voters = 3\n", ""),
        swap("what can it carry?", "max-load = { cores = 5000, gbps = 20 }\n", ""),
        swap("degraded above full", "degraded = { load = { cores = 4000", "degraded = { load = { cores = 10000"),
        swap("waiting above max-load", "standing = { cores = 200 }", "standing = { cores = 5001 }"),
        swap(
            "a subset of strangers",
            "subsets = { primary-candidate = \"as-msg-001\" }",
            "subsets = { primary-candidate = \"as-msg-101\" }",
        ),
        swap(
            "scaled where nothing is launched",
            "max-load = { cores = 100 }",
            "max-load = { cores = 100 }\nscale = { provider = \"tokyo-asg\", max-load = { cores = 200 } }",
        ),
        swap("scaled without gain", "max-load = { cores = 20000, gbps = 80 }", "max-load = { cores = 500, gbps = 8 }"),
        swap(
            "a cloud without capacity on demand",
            "on-demand = { cores = 30000, gbps = 400, ready-in = \"8m\", launch-proved = 2026-09-12 }\n",
            "",
        ),
        swap("a site without capacity", "capacity = { cores = 60000.5, gbps = 800 }", "capacity = { cores = 0 }"),
        swap("a kit nowhere", "held-at = [\"ansan\", \"oncall-laptops\"]", "held-at = []"),
        swap("no copies of this tool", "copies-at = [\"ansan\", \"oncall-laptops\"]", "copies-at = []"),
        swap("jump where nobody is", "jump = [\"bastion@ansan\"]", "jump = [\"bastion@aws-tokyo\"]"),
        swap("uses where nobody is", "uses = [\"bastion@ansan\", \"kit", "uses = [\"message-store@aws-tokyo\", \"kit"),
        swap(
            "a route where nobody is",
            "tier = \"core\"\nkind = \"quorum\"",
            "route = \"spare\"\ntier = \"core\"\nkind = \"quorum\"\n[route.spare]\nprovider = \"pager\"\nname = \"x\"\nttl = \"1s\"\nat = { pangyo = [\"192.0.2.1\"], ansan = [\"192.0.2.2\"] }\n[service.coordinator.params]",
        ),
        swap(
            "a route nobody uses",
            "[provider.gslb]",
            "[route.spare]\nprovider = \"pager\"\nname = \"x\"\nttl = \"1s\"\nat = { pangyo = [\"192.0.2.1\"] }\n[provider.gslb]",
        ),
        swap("an empty record set", "ansan = [\"203.0.113.10\"]", "ansan = []"),
        swap("an address that is none", "ansan = [\"203.0.113.10\"]", "ansan = [\"203.0.113.10; rm\"]"),
        swap("a ramp that falls", "ramp = [\"1%\", 0.1,", "ramp = [\"10%\", 0.1,"),
        swap("a ramp that stops", "\"50%\", \"100%\"]", "\"50%\"]"),
        swap("no ramp", "ramp = [\"1%\", 0.1, \"50%\", \"100%\"]", "ramp = []"),
        swap("a key of another kind of provider", "group = \"msg\"", "group = \"msg\"\nzone = \"x.\""),
        swap(
            "a look at what its servers are asked for",
            "zone = \"talk.example.\"\n",
            "zone = \"talk.example.\"\nlook = \"dig msg\"\n",
        ),
        swap("a key that a kind of provider needs", "zone = \"talk.example.\"\n", ""),
        swap("a provider that can't read back", "read = \"pager list {{ record }}\"\n", ""),
        swap("a name that only what writes knows", "pager list {{ record }}", "pager list {{ shares }}"),
        swap(
            "a look that would know what was written",
            "read = \"pager list {{ record }}\"\n",
            "read = \"pager list {{ record }}\"\nlook = \"pager probe {{ shares }}\"\n",
        ),
        swap("a name that a provider does not know", "pager set {{ record }}", "pager set {{ target }}"),
        swap(
            "two providers of one group",
            "[provider.pager]",
            "[provider.other]\nkind = \"aws-autoscaling\"\ngroup = \"msg\"\nregion = \"ap-northeast-1\"\ninstance = { cores = 8 }\nstanding = 1\n[provider.pager]",
        ),
        swap(
            "a group that gives nothing of what grows",
            "instance = { cores = 32, gbps = 0.4 }",
            "instance = { cores = 32 }",
        ),
        swap("a group whose own instances are not told", "standing = 0\n", ""),
        swap(
            "an account with two endpoints",
            "group = \"msg\"",
            "group = \"msg\"\nservers = [\"autoscaling.example\", \"https://autoscaling.example\"]",
        ),
        swap("a provider that can't launch", "provider = \"tokyo-asg\"", "provider = \"gslb\""),
        swap("a provider that can't shift", "provider = \"gslb\"", "provider = \"tokyo-asg\""),
        swap(
            "a pool that keeps all",
            "operators = { size = 4, kept-for-first-tier = 1 }",
            "operators = { size = 4, kept-for-first-tier = 4 }",
        ),
        swap(
            "a runbook beside the own",
            "tier = \"core\"\nkind = \"stateful\"",
            "runbook = \"other\"\ntier = \"core\"\nkind = \"stateful\"",
        ),
    ]
}
