//! Mistakes in what is written: files, keys, values, names.

use bonghwa::model::Unread;

/// The sample estate with one edit.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) edit: Edit,
}

/// What is done to the sample.
pub(crate) enum Edit {
    /// The first text that reads so is written otherwise.
    Swap(&'static str, &'static str),
    /// One file more.
    Add(&'static str, &'static str),
    /// One file more, that is no text.
    Bytes(&'static str, &'static [u8]),
    /// A file that could not be read.
    Unread(&'static str, Unread),
    /// No file at all.
    Nothing,
}

/// The sample, where one text is written otherwise.
pub(crate) const fn swap(name: &'static str, from: &'static str, to: &'static str) -> Case {
    Case { name, edit: Edit::Swap(from, to) }
}

/// The sample, and one file.
pub(crate) const fn add(name: &'static str, path: &'static str, text: &'static str) -> Case {
    Case { name, edit: Edit::Add(path, text) }
}

/// Every mistake of writing.
#[expect(clippy::too_many_lines, reason = "a list of cases, a line or two each")]
pub(crate) fn cases() -> Vec<Case> {
    let refused = Unread::Refused("Permission denied (os error 13)".to_owned());
    vec![
        swap("not TOML", "owner = \"talk-messaging\"", "owner = talk-messaging"),
        swap("a header that is not closed", "[site.ansan]", "[site.ansan"),
        swap(
            "several syntax errors at once",
            "tier = \"lifeline\"\nowner = \"talk-messaging\"",
            "tier = \nowner = \"talk",
        ),
        swap("a key twice", "kind = \"sticky\"", "kind = \"sticky\"\nkind = \"quorum\""),
        swap("a table twice in one file", "[site.ansan]\n", "[site.pangyo]\nkind = \"cloud\"\n[site.ansan]\n"),
        add("a name declared twice in two files", "topology/again.toml", "[place.oncall-laptops]\ntitle = \"again\"\n"),
        add("a place with the name of a site", "topology/again.toml", "[place.ansan]\n"),
        add("tiers in two files", "topology/again.toml", "[[tier]]\nid = \"extra\"\n"),
        swap("a tier twice", "id = \"core\"", "id = \"lifeline\""),
        Case { name: "not UTF-8", edit: Edit::Bytes("topology/latin.toml", b"title = \"caf\xe9\"") },
        Case { name: "too large", edit: Edit::Unread("topology/huge.toml", Unread::TooLarge(9_000_000)) },
        Case { name: "refused", edit: Edit::Unread("topology/secret.toml", refused) },
        Case { name: "a loop of links", edit: Edit::Unread("topology/again", Unread::Loop) },
        Case { name: "nothing at all", edit: Edit::Nothing },
        swap("an unknown key", "depends-on = [\n", "depend_on = [\n"),
        swap("a table of another file", "[limits]", "[tier]\nid = \"x\"\n[limits]"),
        swap("a missing key", "tier = \"core\"\nkind = \"quorum\"", "kind = \"quorum\""),
        swap("another type", "deps-reviewed = 2026-08-30", "deps-reviewed = \"2026-08-30\""),
        swap("a number without its unit", "rto = \"8m\"", "rto = 8"),
        swap("an unknown word", "kind = \"sticky\"", "kind = \"stiky\""),
        swap("no span", "rto = \"8m\"", "rto = \"8 min\""),
        swap("no share", "share = \"70%\"", "share = \"70\""),
        swap("a share above all", "share = \"70%\"", "share = 1.5"),
        swap("a negative amount", "load = { cores = 9000, gbps = 20 }", "load = { cores = -9000, gbps = 20 }"),
        swap("not a number", "load = { cores = 9000, gbps = 20 }", "load = { cores = nan, gbps = 20 }"),
        swap("too fine", "load = { cores = 9000, gbps = 20 }", "load = { cores = 9000.0001, gbps = 20 }"),
        swap("too much", "load = { cores = 9000, gbps = 20 }", "load = { cores = 9e12, gbps = 20 }"),
        swap("a surge of nothing", "new-year = 3.0", "new-year = 0.0"),
        swap("out of range", "port = 2222", "port = 99999"),
        swap("no day", "deps-reviewed = 2026-08-30", "deps-reviewed = 2026-08-30T10:00:00"),
        swap("a name with a blank", "id = \"core\"", "id = \"core team\""),
        swap("a name in Korean", "[place.oncall-laptops]", "[place.\"노트북\"]"),
        swap("no hosts", "\"pg-msg-[001-120]\"", "\"\""),
        swap("a range backwards", "\"pg-msg-[001-120]\"", "\"pg-msg-[120-001]\""),
        swap("no range", "\"pg-msg-[001-120]\"", "\"pg-msg-[001..120]\""),
        swap("too many hosts", "\"pg-msg-[001-120]\"", "\"pg-msg-[0000001-9999999]\""),
        swap("a host twice", "\"pg-msg-[001-120]\"", "\"pg-msg-[001-120],pg-msg-007\""),
        swap("an odd host", "\"pg-msg-[001-120]\"", "\"pg-msg-[001-120];reboot\""),
        swap("a control character", "\"판교 IDC (Pangyo)\"", "\"판교 \\u001b[31mIDC\""),
        swap("text that runs backwards", "\"판교 IDC (Pangyo)\"", "\"판교 \\u202eIDC\""),
        swap(
            "wide text before the place",
            "title = \"판교 IDC (Pangyo)\"\nkind = \"datacenter\"",
            "\"판교 센터\" = 3\nkind = \"datacenter\"",
        ),
        swap("another form", "jump = [\"bastion@ansan\"]", "jump = [\"bastion\"]"),
        swap("a written secret", "\"env:TALK_TSIG\"", "\"c2VjcmV0IQ==\""),
        swap("a written header", "Authorization = \"env:TOKEN\"", "Authorization = \"Bearer 123\""),
        swap("an unknown timezone", "Asia/Seoul", "Asia/Soul"),
        swap("an empty list", "when = [\"hot\", \"warm\"]", "when = []"),
        swap(
            "no alternatives",
            "uses = [{ any-of = [\"bastion\", \"kit:sealed-credentials\"] }",
            "uses = [{ any-of = [] }",
        ),
        swap("an unknown service", "\"message-store\",\n", "\"mesage-store\",\n"),
        swap("an unknown tier", "tier = \"core\"\nkind = \"quorum\"", "tier = \"cor\"\nkind = \"quorum\""),
        swap("an unknown site", "[service.coordinator.at.pangyo]", "[service.coordinator.at.pangio]"),
        swap("an unknown runbook", "runbook = \"border-cut\"", "runbook = \"border\""),
        swap("an unknown route", "route = \"text\"\nrto", "route = \"texts\"\nrto"),
        swap("a name in DNS that is no address", "ansan = [\"203.0.113.10\"]", "ansan = [\"be-ansan\"]"),
        swap("one address at two sites", "ansan = [\"203.0.113.10\"]", "ansan = [\"198.51.100.10\"]"),
        swap("a record outside its zone", "name = \"msg.talk.example.\"", "name = \"msg.talk-example.\""),
        add(
            "two routes with one record",
            "topology/more.toml",
            "[route.more]\nprovider = \"gslb\"\nname = \"MSG.talk.example\"\nttl = \"30s\"\nat = { ansan = [\"203.0.113.11\"] }\n",
        ),
        swap("IPv6 at one site only", "ansan = [\"203.0.113.10\"]", "ansan = [\"203.0.113.10\", \"2001:db8::10\"]"),
        add(
            "a ramp that weights can't follow",
            "topology/more.toml",
            "[provider.lb]\nkind = \"haproxy\"\nservers = [\"lb.ansan:9999\"]\n\
             [route.more]\nprovider = \"lb\"\nname = \"more\"\nttl = \"30s\"\nramp = [\"0.2%\", \"100%\"]\n\
             at = { ansan = [\"a1\"] }\n",
        ),
        swap("a low TTL that is not lower", "ttl = \"30s\"\n", "ttl = \"30s\"\nlow-ttl = \"30s\"\n"),
        add(
            "a low TTL where nobody keeps answers",
            "topology/more.toml",
            "[provider.lb]\nkind = \"haproxy\"\nservers = [\"lb.ansan:9999\"]\n\
             [route.more]\nprovider = \"lb\"\nname = \"more\"\nttl = \"30s\"\nlow-ttl = \"5s\"\nat = { ansan = [\"a1\"] }\n",
        ),
        swap("an unknown provider", "provider = \"gslb\"", "provider = \"glsb\""),
        swap("an unknown pool", "claims = { restore-bandwidth = 2 }", "claims = { restore = 2 }"),
        swap("an unknown kit", "\"kit:sealed-credentials\"]\n\n[route", "\"kit:sealed-credential\"]\n\n[route"),
        swap(
            "an unknown place",
            "copies-at = [\"ansan\", \"oncall-laptops\"]",
            "copies-at = [\"ansan\", \"oncall-laptop\"]",
        ),
        swap("an unknown resource", "standing = { cores = 200 }", "standing = { core = 200 }"),
        swap("an unknown step", "needs = [\"fence\"]", "needs = [\"fenc\"]"),
    ]
}
