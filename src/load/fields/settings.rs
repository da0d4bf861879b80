//! The keys of `bonghwa.toml`, and of the lists of `uses` that stand in every kind of file.

use crate::load::fields::may;
use crate::load::fields::must;
use crate::model::Kind;
use crate::model::Noun;
use crate::model::Table;

/// How one thing that is used is written.
pub(in crate::load) const USE_FORM: &str = "\"SERVICE\", \"SERVICE@SITE\", \"kit:NAME\" or { any-of = [ … ] }";

/// One thing that is used.
pub(super) const USE: Kind = Kind::Either(&[Kind::Form(USE_FORM), Kind::Table(&ANY_OF)]);

pub(in crate::load) static ANY_OF: Table = Table {
    title: "any-of",
    doc: "Alternatives: the first that is there is taken.",
    rest: None,
    fields: &[must("any-of", Kind::List(&Kind::Form(USE_FORM)), "The alternatives, the preferred one first.")],
};

pub(in crate::load) static SETTINGS: Table = Table {
    title: "bonghwa.toml",
    doc: "The settings of the project.",
    rest: None,
    fields: &[
        may("project", Kind::Table(&PROJECT), "What the project is called, and by which clock its times are shown."),
        may("orchestrator", Kind::Table(&ORCHESTRATOR), "Where this tool, its files and its journal live."),
        may("pools", Kind::Map(&Kind::Table(&POOL)), "What steps compete for."),
        may("limits", Kind::Table(&LIMITS), "Limits for the whole run."),
        may("ssh", Kind::Table(&SSH), "How operators reach hosts."),
    ],
};

pub(in crate::load) static PROJECT: Table = Table {
    title: "[project]",
    doc: "What the project is called.",
    rest: None,
    fields: &[
        may("title", Kind::Text, "For people."),
        may(
            "timezone",
            Kind::Form("the name of a timezone, such as \"Asia/Seoul\""),
            "An IANA name; UTC unless written.",
        ),
    ],
};

pub(in crate::load) static ORCHESTRATOR: Table = Table {
    title: "[orchestrator]",
    doc: "Where this tool, its files and its journal live; audited like everything else.",
    rest: None,
    fields: &[
        must("copies-at", Kind::List(&Kind::Ref(Noun::Whereabouts)), "Sites and places that hold a copy."),
        may("uses", Kind::List(&USE), "What every ssh step uses, unless its host rule says otherwise."),
    ],
};

pub(in crate::load) static POOL: Table = Table {
    title: "pool",
    doc: "Something that steps compete for.",
    rest: None,
    fields: &[
        must("size", Kind::Count { low: 1, high: 1_000_000 }, "How much of it there is."),
        may(
            "kept-for-first-tier",
            Kind::Count { low: 0, high: 999_999 },
            "What is kept for the first tier until that is back; one of a pool larger than one unless written.",
        ),
    ],
};

pub(in crate::load) static LIMITS: Table = Table {
    title: "[limits]",
    doc: "Limits for the whole run.",
    rest: None,
    fields: &[
        may("ssh-handshakes", Kind::Count { low: 1, high: 1_024 }, "SSH handshakes at once, over all hosts (64)."),
        may("steps-per-site", Kind::Count { low: 1, high: 10_000 }, "Steps at once per site (64)."),
        may("gate-wait", Kind::Span, "How long a gate waits for people before the run holds (4h)."),
        may(
            "output-bytes",
            Kind::Count { low: 1_024, high: 16 * 1_048_576 },
            "Output kept per host and step, in bytes (65536).",
        ),
    ],
};

pub(in crate::load) static SSH: Table = Table {
    title: "[ssh]",
    doc: "How operators reach hosts. A path may begin with ~/, which is whoever runs this.",
    rest: None,
    fields: &[
        may("known-hosts", Kind::List(&Kind::Text), "Files with the keys of hosts; those of ssh unless written."),
        may("identities", Kind::List(&Kind::Text), "Files with private keys, in the order in which they are tried."),
        may("passphrase", Kind::Secret, "Where the passphrase of encrypted keys is."),
        may("agent", Kind::Flag, "Whether keys of the agent are tried, before those in files (true)."),
        may("connect", Kind::Span, "Until a connection stands (10s)."),
        may("banner", Kind::Span, "Until a host has said the first word (10s)."),
        may("login", Kind::Span, "From the first word to the login (20s)."),
    ],
};
