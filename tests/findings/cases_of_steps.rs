//! Mistakes in runbooks and their steps, and in who uses them.

use crate::cases::Case;
use crate::cases::add;
use crate::cases::swap;

/// Every mistake of runbooks.
pub(crate) fn cases() -> Vec<Case> {
    let demote = "undo = { ssh = \"svcctl demote\" }";
    vec![
        swap("braces that are not closed", "ssh = \"svcctl stop {{ service }}\"", "ssh = \"svcctl stop {{ service\""),
        swap("an expression", "ssh = \"svcctl stop {{ service }}\"", "ssh = \"svcctl stop {{ service | upper }}\""),
        swap("empty braces", "ssh = \"svcctl stop {{ service }}\"", "ssh = \"svcctl stop {{ }}\""),
        swap("a block", "ssh = \"svcctl stop {{ service }}\"", "ssh = \"{% if x %}svcctl stop\""),
        swap("text of another tool", r"\{{.Names}}", "{{.Names}}"),
        swap("an unknown variable", "ssh = \"svcctl stop {{ service }}\"", "ssh = \"svcctl 중지 {{ servise }}\""),
        swap(
            "a variable behind an escape",
            "ssh = \"svcctl stop {{ service }}\"",
            "ssh = \"svcctl\\t\\u2026 {{ servise }}\"",
        ),
        swap("no source in shed", "ssh = \"svcctl stop {{ service }}\"", "ssh = \"svcctl stop {{ source }}\""),
        swap(
            "no host in a question",
            "confirm = \"Is {{ site }} safe again?\"",
            "confirm = \"Is {{ host }} safe again?\"",
        ),
        swap("no host in a title", "title = \"Fence {{ service }} at {{ source }}\"", "title = \"Fence {{ host }}\""),
        swap(
            "not part of a step",
            "address = \"{{ host }}.pangyo.talk.internal\"",
            "address = \"{{ service }}.pangyo\"",
        ),
        swap("a parameter with a taken name", "flavour = \"none\" }", "flavour = \"none\", host = \"x\" }"),
        swap("a parameter that is wanted", "wait-for = \"10\"", "wait-for = { required = true }"),
        swap("a parameter that nobody wants", "params = { wait-for = \"15\" }", "params = { wait-fro = \"15\" }"),
        swap("no action", "scale = true", "answer = \"1m\""),
        swap("two actions", "scale = true", "scale = true\nroute = true"),
        swap("a probe without a question", "verify = { ssh = \"svcctl writable\", within", "verify = { within"),
        swap("two ways to undo", demote, "undo = { ssh = \"svcctl demote\", exec = \"demote\" }"),
        swap("a message to nobody", ", webhook = \"env:HOOK\" }", " }"),
        swap("ssh for a site", "exec = \"border cut {{ site }}\"", "ssh = \"border cut {{ site }}\""),
        swap("ssh on the operator's machine", "on = \"source\"\nssh", "on = \"operator\"\nssh"),
        swap("no source to shed", "id = \"stop\"", "id = \"stop\"\non = \"source\""),
        swap("a step without its phase", "phase = \"verify\"\n", ""),
        swap("a phase where there are none", "id = \"stop\"", "id = \"stop\"\nphase = \"stop\""),
        swap("an unknown phase", "phase = \"promote\"", "phase = \"promot\""),
        swap("a step twice", "id = \"look\"", "id = \"promote\""),
        swap("steps in a circle", "phase = \"fence\"", "phase = \"fence\"\nneeds = [\"promote\"]"),
        swap("a claim above the pool", "claims = { restore-bandwidth = 2 }", "claims = { restore-bandwidth = 9 }"),
        swap("a subset that a replica lacks", "subsets = { primary-candidate = \"as-db-01\" }\n", ""),
        swap(
            "tried again without looking",
            "done-if = { ssh = \"svcctl role {{ host-address }}\", expect-output = \"primary\", times = 2 }\n",
            "",
        ),
        swap("no host is enough", "enough = \"90%\"", "enough = 0"),
        swap("given up too early", "timeout = \"3m\"", "timeout = \"3s\""),
        swap("a fence procedure for a service", "[[shed]]", "[[fence]]"),
        swap("a failover for a site", "[[release]]\nid = \"ask\"", "[[failover]]\nphase = \"verify\"\nid = \"ask\""),
        swap("a runbook of both", "runbook = \"border-cut\"", "runbook = \"message-store\""),
        add("a runbook for nobody", "runbooks/spare.toml", "[runbook]\nid = \"spare\"\n"),
        swap("nowhere to take a runbook from", "id = \"message-store\"", "id = \"store\""),
        add("two runbooks", "runbooks/bastion.toml", "[runbook]\nid = \"bastion\"\n"),
        add(
            "a runbook without a head",
            "runbooks/spare.toml",
            "[[failover]]\nid = \"x\"\nphase = \"start\"\nscale = true\n",
        ),
    ]
}

/// Names in braces that have no value where they stand.
pub(crate) fn cases_of_names() -> Vec<Case> {
    vec![
        swap("an address without a route", "https://{{ target }}.talk.example/", "https://{{ address }}/"),
        swap(
            "one of several addresses",
            "phase = \"verify\"\nwait = { http = { url = \"https://{{ target }}.talk.example/",
            "phase = \"verify\"\nwhen = [\"warm\"]\nwait = { http = { url = \"https://{{ address }}/",
        ),
        swap(
            "no target on the source",
            "ssh = \"svcctl fence {{ service }}\"",
            "ssh = \"svcctl fence {{ source }} {{ target }} {{ share }} {{ level }}\"",
        ),
        swap(
            "no site where no target is named",
            "{{ service }} is at {{ target }}, {{ level }}, {{ share }}",
            "{{ service }} is at {{ site }}, {{ level }}, {{ share }}",
        ),
        swap("no run in a title", "title = \"Fence {{ service }} at {{ source }}\"", "title = \"Fence in {{ run }}\""),
        swap("no run in a question", "Is the old primary powered off?", "Is {{ service }} fenced in {{ run }}?"),
    ]
}

/// Mistakes in requests.
pub(crate) fn requests() -> Vec<Case> {
    vec![
        swap("an address of another kind", "https://{{ target }}.talk.example/{{ flavour }}", "ftp://a/"),
        swap("a password in an address", "https://{{ target }}.talk.example/{{ flavour }}", "https://ops:hunter2@a/"),
        swap("two bodies", "body = \"{}\"", "body = \"{}\", body-from = \"env:BODY\""),
        swap(
            "a status that there is not",
            "expect-status = 200, expect-body",
            "expect-status = [200, 999], expect-body",
        ),
        swap("no status is good", "expect-status = 200, expect-body", "expect-status = [], expect-body"),
        swap("an authority written out", "expect-body = \"ok\"", "expect-body = \"ok\", ca = \"MIIB\""),
    ]
}
