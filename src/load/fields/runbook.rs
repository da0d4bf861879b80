//! The keys of the files below `runbooks/`.

use crate::load::fields::may;
use crate::load::fields::must;
use crate::load::fields::settings::USE;
use crate::model::Field;
use crate::model::Kind;
use crate::model::Noun;
use crate::model::Table;

const STEPS: Kind = Kind::List(&Kind::Table(&STEP));
const ENV: Field = may("env", Kind::Map(&Kind::Secret), "Secrets for ssh and exec, by reference.");
const SSH: Field = may("ssh", Kind::Template, "A command on the hosts of the replica.");
const EXEC: Field = may("exec", Kind::Template, "A command on the operator's machine.");
static HTTP_KINDS: [Kind; 2] = [Kind::Template, Kind::Table(&HTTP)];
const HTTP_KEY: Field = may("http", Kind::Either(&HTTP_KINDS), "One HTTP request.");
const ROUTE_KEY: Field =
    may("route", Kind::Either(&[Kind::Flag, Kind::Ref(Noun::Route)]), "Shift the service's own route, or this one.");
const SCALE_KEY: Field = may("scale", Kind::Flag, "Bring cloud capacity up.");
const CONFIRM: Field = may("confirm", Kind::Template, "What a person is asked to do or decide.");
const NOTIFY_KEY: Field = may("notify", Kind::Table(&NOTIFY), "Tell somebody.");
const WAIT: Field = may("wait", Kind::Table(&PROBE), "A probe that must pass.");

pub(in crate::load) const STATUS: Kind = Kind::Count { low: 100, high: 599 };
pub(in crate::load) const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

pub(in crate::load) static RUNBOOKS: Table = Table {
    title: "runbook file",
    doc: "Authored procedures: one runbook per file.",
    rest: None,
    fields: &[
        must("runbook", Kind::Table(&RUNBOOK), "What the runbook is called."),
        may("failover", STEPS, "The source is gone, or not trusted."),
        may("switchover", STEPS, "The source still serves, and is left in order."),
        may("failback", STEPS, "The way home."),
        may("detach", STEPS, "Let a primary go on without its lost standby."),
        may("degrade", STEPS, "Go to the reduced form."),
        may("shed", STEPS, "Go off, deliberately."),
        may("restore", STEPS, "The way back from both."),
        may("fence", STEPS, "Of a site: cut it off, so that nothing in it can act."),
        may("release", STEPS, "Of a site: let it act again."),
    ],
};

pub(in crate::load) static RUNBOOK: Table = Table {
    title: "[runbook]",
    doc: "What the runbook is called, and what it wants.",
    rest: None,
    fields: &[
        must("id", Kind::Name, "Its name; a service of the same name takes it."),
        may("title", Kind::Text, "For people."),
        may("owner", Kind::Text, "The team that answers for it."),
        may("reviewed", Kind::Date, "When somebody last read it through."),
        may(
            "params",
            Kind::Map(&Kind::Either(&[Kind::Text, Kind::Table(&PARAM)])),
            "Names that it wants from services, each with its default.",
        ),
    ],
};

pub(in crate::load) static PARAM: Table = Table {
    title: "params",
    doc: "A name that a runbook wants from services, without a default.",
    rest: None,
    fields: &[must("required", Kind::Flag, "Always true: every service has to give it.")],
};

pub(in crate::load) static STEP: Table = Table {
    title: "step",
    doc: "One authored step, with exactly one action.",
    rest: None,
    fields: &[
        must("id", Kind::Name, "Its name, unique in its procedure."),
        may("title", Kind::Template, "For people."),
        may(
            "phase",
            Kind::Word(&[
                "free", "prepare", "start", "warm", "quiesce", "fence", "promote", "verify", "shift", "drain", "stop",
            ]),
            "Where in the recovery it belongs; needed in failover, switchover and failback.",
        ),
        may("on", Kind::Word(&["source", "target", "operator"]), "Whose hosts it runs on (target)."),
        may("subset", Kind::Ref(Noun::Subset), "Which of the replica's hosts; all of them unless written."),
        SSH,
        EXEC,
        HTTP_KEY,
        ROUTE_KEY,
        SCALE_KEY,
        CONFIRM,
        NOTIFY_KEY,
        WAIT,
        ENV,
        may("done-if", Kind::Table(&PROBE), "Already so? Then it is not done again."),
        may("verify", Kind::Table(&PROBE), "Proof that it worked."),
        may("position", Kind::Table(&PROBE), "Asks for the log position and its age, for the DataLoss gate."),
        may("undo", Kind::Table(&ACTION), "The way back."),
        may("attest", Kind::Template, "What a person is asked when the effect can't be proven."),
        may("uses", Kind::List(&USE), "What it needs in order to run at all."),
        may("when", Kind::List(&Kind::Word(&["active", "hot", "warm", "cold"])), "Only for replicas in these roles."),
        may("at", Kind::Word(&["datacenter", "cloud"]), "Only at sites of this kind."),
        may("expect", Kind::Span, "How long it typically takes."),
        may("expect-source", Kind::Text, "Where that figure came from."),
        may("timeout", Kind::Span, "When an attempt is given up."),
        may("retry", Kind::Table(&RETRY), "How often it may be tried; only for steps that are safe to repeat."),
        may("batch", Kind::Table(&BATCH), "How it spreads over its hosts."),
        may("irreversible", Kind::Flag, "There is no way back."),
        may("needs", Kind::List(&Kind::Ref(Noun::Step)), "What it follows, in place of the order written."),
        may(
            "claims",
            Kind::Map(&Kind::Count { low: 1, high: 1_000_000 }),
            "What it claims of the pools while it runs.",
        ),
        may("unreachable", Kind::Word(&["fail", "ok"]), "What a host that can't be reached counts as (fail)."),
        may("answer", Kind::Span, "How long a person takes."),
        may("kill", Kind::Template, "How a privileged command is killed."),
    ],
};

pub(in crate::load) static ACTION: Table = Table {
    title: "undo",
    doc: "Exactly one action.",
    rest: None,
    fields: &[SSH, EXEC, HTTP_KEY, ROUTE_KEY, SCALE_KEY, CONFIRM, NOTIFY_KEY, WAIT, ENV],
};

pub(in crate::load) static PROBE: Table = Table {
    title: "probe",
    doc: "A question that is answered without changing anything: exactly one of ssh, exec and http.",
    rest: None,
    fields: &[
        SSH,
        EXEC,
        HTTP_KEY,
        ENV,
        may("expect-output", Kind::Text, "The output must contain this."),
        may("within", Kind::Span, "How long it may take until it passes."),
        may("times", Kind::Count { low: 1, high: 1_000 }, "How many times in a row it must pass (1)."),
    ],
};

pub(in crate::load) static HTTP: Table = Table {
    title: "http",
    doc: "One HTTP request, and what counts as success.",
    rest: None,
    fields: &[
        may("method", Kind::Word(METHODS), "The method (GET)."),
        must("url", Kind::Template, "The whole address."),
        may(
            "headers",
            Kind::Map(&Kind::Either(&[Kind::Template, Kind::Secret])),
            "Headers; a value that begins with env: or file: is a secret by reference.",
        ),
        may("body", Kind::Template, "The body."),
        may("body-from", Kind::Secret, "The body, all of it by reference, in place of body."),
        may(
            "expect-status",
            Kind::Either(&[STATUS, Kind::List(&STATUS)]),
            "The status that means success, or several; any 2xx unless written.",
        ),
        may("expect-body", Kind::Text, "The body of the answer must contain this."),
        may("redirects", Kind::Count { low: 0, high: 20 }, "How many redirects are followed (0)."),
        may(
            "ca",
            Kind::Secret,
            "The certificates (PEM) of the authorities that are trusted, and nobody else; the machine's unless written.",
        ),
    ],
};

pub(in crate::load) static NOTIFY: Table = Table {
    title: "notify",
    doc: "A message to people, and where it goes: exactly one of webhook and command.",
    rest: None,
    fields: &[
        must("message", Kind::Template, "What it says."),
        may("webhook", Kind::Secret, "A webhook, whose address is a secret."),
        may("command", Kind::Template, "A program on the operator's machine; the message is its standard input."),
    ],
};

pub(in crate::load) static RETRY: Table = Table {
    title: "retry",
    doc: "How often a step may be tried.",
    rest: None,
    fields: &[
        must("attempts", Kind::Count { low: 1, high: 100 }, "How many times, the first included."),
        may("backoff", Kind::Span, "Between two attempts (0s)."),
    ],
};

pub(in crate::load) static BATCH: Table = Table {
    title: "batch",
    doc: "How a step spreads over its hosts.",
    rest: None,
    fields: &[
        must("parallel", Kind::Count { low: 1, high: 100_000 }, "At most this many hosts at once."),
        may("enough", Kind::Share, "The share of hosts that is enough (100%)."),
    ],
};
