//! A runbook of one service's own, of five steps that all stand in the plan wherever the service moves.

use std::fmt::Write;

use crate::service::Service;

/// As the service's team would write it.
pub(crate) fn runbook(service: &Service) -> String {
    let at = service.at;
    let team = at / 100;
    let mut text = format!(
        r#"[runbook]
id = "svc-{at:06}"
title = "{at}번 서비스 복구 (bring service {at} back)"
owner = "team-{team:04}"
reviewed = 2026-09-18
"#
    );
    if service.kind == "stateful" {
        writer(&mut text, at);
    } else {
        anybody(&mut text, at);
    }
    shift(&mut text, service);
    let sheddable = matches!(service.tier, "normal" | "background");
    if service.degrades {
        degrade(&mut text, at);
    }
    if sheddable {
        shed(&mut text, at);
    }
    if service.degrades || sheddable {
        restore(&mut text, at);
    }
    text
}

/// Prepare, start, warm, verify: any replica may serve.
fn anybody(text: &mut String, at: u32) {
    _ = write!(
        text,
        r#"
[[failover]]
id = "configure"
title = "{{{{ target }}}}에 {{{{ source }}}} 상실을 알린다 (tell svc-{at:06} at {{{{ target }}}} what is gone)"
phase = "prepare"
ssh = "svcctl configure {{{{ service }}}} --without {{{{ source }}}}"
expect = "{configure}s"
timeout = "2m"

[[failover]]
id = "start"
title = "svc-{at:06}을 {{{{ target }}}}에서 띄운다 (start it at {{{{ target }}}})"
phase = "start"
ssh = "svcctl start {{{{ service }}}}"
done-if = {{ ssh = "svcctl status {{{{ service }}}}", expect-output = "running" }}
expect = "{start}s"
expect-source = "autumn drill"
timeout = "6m"
retry = {{ attempts = 3, backoff = "5s" }}
batch = {{ parallel = 64, enough = "95%" }}

[[failover]]
id = "warm"
title = "캐시를 채운다 (fill the caches of svc-{at:06} at {{{{ target }}}})"
phase = "warm"
ssh = "svcctl warm {{{{ service }}}}"
expect = "{warm}s"
timeout = "5m"
batch = {{ parallel = 64, enough = "95%" }}
"#,
        configure = 5 + at % 20,
        start = 40 + at % 70,
        warm = 20 + at % 50,
    );
    ready(text, at, "ready");
}

/// Fence, start, promote, verify: there is one writer.
fn writer(text: &mut String, at: u32) {
    _ = write!(
        text,
        r#"
[[failover]]
id = "fence"
title = "옛 주 서버를 격리한다 (fence the old primary of svc-{at:06} at {{{{ source }}}})"
phase = "fence"
on = "source"
ssh = "svcctl fence {{{{ service }}}}"
done-if = {{ ssh = "svcctl role {{{{ service }}}}", expect-output = "fenced" }}
attest = "Is every old primary of {{{{ service }}}} at {{{{ source }}}} off for good?"
expect = "5s"
timeout = "20s"
batch = {{ parallel = 64, enough = "100%" }}

[[failover]]
id = "start"
title = "대기 서버를 띄운다 (give the standby of svc-{at:06} at {{{{ target }}}} its readers)"
phase = "start"
ssh = "svcctl start {{{{ service }}}}"
expect = "{start}s"
timeout = "15m"
claims = {{ restore-bandwidth = 1 }}
batch = {{ parallel = 40, enough = "100%" }}

[[failover]]
id = "promote"
title = "대기 서버를 승격한다 (promote svc-{at:06} at {{{{ target }}}})"
phase = "promote"
done-if = {{ ssh = "svcctl role {{{{ service }}}}", expect-output = "primary" }}
ssh = "svcctl promote {{{{ service }}}}"
position = {{ ssh = "svcctl position {{{{ service }}}}" }}
undo = {{ ssh = "svcctl demote {{{{ service }}}}" }}
uses = [{{ any-of = ["svc-000001", "kit:credentials"] }}]
expect = "{promote}s"
timeout = "3m"
retry = {{ attempts = 3, backoff = "2s" }}
batch = {{ parallel = 64, enough = "100%" }}
"#,
        start = 45 + at % 60,
        promote = 15 + at % 15,
    );
    ready(text, at, "writable");
}

fn ready(text: &mut String, at: u32, word: &str) {
    _ = write!(
        text,
        r#"
[[failover]]
id = "verify"
title = "{{{{ target }}}}에서 응답하는지 본다 (svc-{at:06} says twice that it is {word})"
phase = "verify"
wait = {{ ssh = "svcctl {word} {{{{ service }}}}", expect-output = "{word}", within = "90s", times = 2 }}
expect = "{verify}s"
timeout = "3m"
batch = {{ parallel = 64, enough = "95%" }}
"#,
        verify = 8 + at % 10,
    );
}

/// A route of its own, or callers that find it by themselves as soon as it says so.
fn shift(text: &mut String, service: &Service) {
    let at = service.at;
    let action = if service.routed {
        r#"route = true
timeout = "30m""#
    } else {
        r#"ssh = "svcctl announce {{ service }}"
undo = { ssh = "svcctl withdraw {{ service }}" }
expect = "10s"
timeout = "2m""#
    };
    _ = write!(
        text,
        r#"
[[failover]]
id = "shift"
title = "사용자를 {{{{ target }}}}로 보낸다 (send the users of svc-{at:06} to {{{{ target }}}})"
phase = "shift"
{action}
"#
    );
}

fn degrade(text: &mut String, at: u32) {
    _ = write!(
        text,
        r#"
[[degrade]]
id = "degrade"
title = "꼭 필요한 것만 남긴다 (svc-{at:06} goes to its floor)"
ssh = "svcctl degrade {{{{ service }}}}"
expect = "8s"
timeout = "2m"
"#
    );
}

fn restore(text: &mut String, at: u32) {
    _ = write!(
        text,
        r#"
[[restore]]
id = "restore"
title = "원래대로 되돌린다 (svc-{at:06} goes back to its full form)"
ssh = "svcctl restore {{{{ service }}}}"
expect = "60s"
timeout = "10m"
"#
    );
}

fn shed(text: &mut String, at: u32) {
    _ = write!(
        text,
        r#"
[[shed]]
id = "shed"
title = "자리를 내주고 끈다 (svc-{at:06} makes room and is switched off)"
ssh = "svcctl shed {{{{ service }}}}"
expect = "25s"
timeout = "4m"
"#
    );
}
