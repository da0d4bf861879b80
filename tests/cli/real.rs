//! The real thing in small: two sites with a database, its synchronous standby and pages for users, and a third place with a
//! balancer and a name server, all real servers in networks of their own. One site is cut off while people write and read; the
//! tool brings it back elsewhere, and what comes back later is fenced before anybody trusts it.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;
use std::time::Instant;

use bonghwa::run::Event;
use serde_json::Value;

use crate::crowd::Crowd;
use crate::crowd::Notes;
use crate::crowd::Session;
use crate::crowd::counts;
use crate::crowd::now;
use crate::crowd::resolve;
use crate::net::Net;
use crate::run::Test;
use crate::servers;
use crate::servers::BALANCER;
use crate::servers::CONTROL;
use crate::servers::NAMES;
use crate::servers::NORTH_DB;
use crate::servers::SOUTH_DB;
use crate::small::Small;
use crate::small::patiently;
use crate::tty::Tty;

/// Nothing that was under way when the line was cut is read later than this after it.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// Enough of them to say that it goes on.
const MANY: usize = 50;

/// All that there is, and who uses it. The crowd goes first.
struct Real {
    crowd: Crowd,
    tty: Tty,
    small: Small,
    net: Net,
    began: Instant,
}

impl Real {
    fn new() -> Self {
        let began = now();
        let mut net = Net::new(&["north", "south", "cloud", "desk"]);
        let (lab, bin) = (net.folder().to_owned(), servers::programs());
        let here =
            |text: &str| text.replace("LAB", &lab.display().to_string()).replace("BIN", &bin.display().to_string());
        for (name, text) in [
            ("fence.sh", include_str!("real/fence.sh")),
            ("promote.sh", include_str!("real/promote.sh")),
            ("position.sh", include_str!("real/position.sh")),
            ("tsig", servers::SECRET),
            ("web-north", ""),
        ] {
            fs::write(lab.join(name), here(text)).expect("a file");
        }
        let mut crowd = Crowd::default();
        servers::databases(&mut net, &lab);
        for (site, first) in [("north", "10.77.1"), ("south", "10.77.2")] {
            crowd.page(&net, site, &format!("{first}.2:8000"), &lab.join(format!("web-{site}")));
            servers::logins(&mut net, &lab, site, first);
        }
        servers::balancer(&mut net, &lab);
        servers::names(&mut net, &lab);
        let test = Test::new()
            .file("bonghwa.toml", &here(include_str!("real/bonghwa.toml")))
            .file("topology/all.toml", &here(include_str!("real/topology.toml")))
            .file("runbooks/store.toml", &here(include_str!("real/store.toml")))
            .file("runbooks/web.toml", &here(include_str!("real/web.toml")))
            .file("runbooks/paper.toml", include_str!("real/paper.toml"));
        let tty = Tty::open_in(&net.inside("desk"), test.path(), 120, 45);
        let real = Self { crowd, tty, small: Small { test }, net, began };
        real.tell("the sites are up");
        real
    }

    /// Waits until the run asks a person this.
    fn asked(&self, what: &str) {
        self.small.event(what, |event| matches!(event, Event::GateAsked { gate, .. } if gate == what));
    }

    /// Waits until it is noted from a moment on, and gives when that was.
    fn until<T: std::fmt::Debug>(
        &self,
        what: &str,
        notes: &Notes<T>,
        from: Instant,
        is: impl Fn(&T) -> bool,
    ) -> Instant {
        let mut found = None;
        let last = || -> Vec<String> {
            notes.lock().expect("no panic").iter().rev().take(3).map(|(_, what)| format!("{what:?}")).collect()
        };
        let shown = || [last(), self.tty.lines()].concat().join("\n");
        patiently(what, &shown, || {
            found = first(notes, from, &is);
            found.is_some()
        });
        found.expect("it was found")
    }

    /// A document that the tool prints.
    fn json(&self, args: &[&str]) -> serde_json::Value {
        let ended = self.small.run(args);
        serde_json::from_str(&ended.out()).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", ended.err()))
    }

    /// Waits until nobody owes the fence any more.
    fn until_fenced(&self) {
        let shown = || self.tty.lines().join("\n");
        patiently("the fence", &shown, || {
            let report = self.json(&["report", "--format", "json"]);
            report["owed"].as_array().is_some_and(|owed| owed.iter().all(|owed| owed["collected"] == true))
        });
        assert!(self.net.folder().join("pg-north.fenced").exists());
        let looks = self.net.thread("desk", || Session::open(NORTH_DB).err().map(|error| error.kind()));
        assert_eq!(looks.join().expect("no panic"), Some(ErrorKind::ConnectionRefused));
    }

    /// Nobody is led to north, whatever is asked for, until it is released.
    fn is_used_after_its_release_only(&self) {
        let plan = self.json(&["plan", "--lost", "south", "--json"]);
        let is_north = |at: &Value, key: &str| at[key] == "north";
        let north = list(&plan["sites"]).iter().find(|site| is_north(site, "id")).expect("it is declared");
        assert_eq!(north["state"], "quarantined");
        assert!(!list(&plan["steps"]).iter().any(|step| is_north(step, "site")), "{plan:#}");
        let to = list(&plan["services"]).iter().flat_map(|service| list(&service["to"]));
        assert!(!to.into_iter().any(|to| is_north(to, "site")), "{plan:#}");
        let said = self.small.run(&["plan", "--return", "north"]).code(3).err();
        assert!(said.contains("north is quarantined: nobody has said that it can be trusted again"), "{said}");
        self.tell("north is quarantined: no plan leads there");
        // Nothing is owed there any more, so nobody has to say what became of it.
        self.small.run(&["release", "north", "--reason", "power is back"]).code(0);
        let home = self.small.run(&["plan", "--return", "north", "--json", "--quiet"]).code(0).out();
        let home: Value = serde_json::from_str(&home).expect("JSON");
        assert!(list(&home["steps"]).iter().any(|step| is_north(step, "site")), "{home:#}");
        self.tell("north is released, and a plan leads home");
    }

    /// What was attained, beside what the plan had promised and proven.
    fn kept_its_promises(&self) {
        let report = self.json(&["report", "--format", "json"]);
        let plan = self.json(&["show", report["plan"].as_str().expect("a plan"), "--json"]);
        let seconds = |time: &Value| time.as_f64().map_or("-".to_owned(), |time| format!("{:.1}s", time / 1_000.0));
        for service in list(&report["services"]) {
            let planned = list(&plan["services"]).iter().find(|planned| planned["id"] == service["id"]);
            let planned = planned.expect("it is planned");
            self.tell(&format!(
                "{}: back after {}; planned {} ({} without people), bound {}, promised {}",
                service["id"],
                seconds(&service["back-ms"]),
                seconds(&planned["expected-back-ms"]),
                seconds(&planned["without-people-ms"]),
                seconds(&planned["bound-ms"]),
                seconds(&service["objective-ms"]),
            ));
            assert_eq!(service["verdict"], "met", "{service:#}");
        }
        assert_eq!(list(&report["data"]).len(), 1, "{report:#}");
        assert_eq!(report["data"][0]["verdict"], "met", "{report:#}");
    }

    /// Tells what happened, and when.
    #[expect(clippy::print_stderr, reason = "whoever reads the log of this test wants to see what happened")]
    fn tell(&self, what: &str) {
        eprintln!("{:6.2}s  {what}", now().duration_since(self.began).as_secs_f64());
    }
}

/// As another hand sets the first weights: nobody is led to south.
fn starts_at_north(net: &Net) {
    let told = net.thread("desk", || {
        let mut stream = TcpStream::connect(CONTROL)?;
        stream.write_all(b"set weight web/south 0\n")?;
        let mut told = String::new();
        stream.read_to_string(&mut told).map(|_| told)
    });
    assert_eq!(told.join().expect("no panic").expect("it answers").trim(), "");
}

type Written = Vec<(&'static str, Notes<(String, i64)>)>;

/// Who writes: two that take whichever database takes their rows, and two that know the old one only.
fn writers(real: &mut Real) -> Written {
    let mut writer = |what, place, number, at: &[&str]| (what, real.crowd.writer(&real.net, place, number, at));
    vec![
        writer("first", "desk", 1, &[NORTH_DB, SOUTH_DB]),
        writer("second", "cloud", 2, &[NORTH_DB, SOUTH_DB]),
        writer("stale", "desk", 3, &[NORTH_DB]),
        writer("inside", "north", 4, &[NORTH_DB]),
    ]
}

/// How many there are from a moment on.
fn noted<T>(notes: &Notes<T>, from: Instant) -> usize {
    notes.lock().expect("no panic").iter().filter(|(at, _)| *at >= from).count()
}

/// The first of these notes from a moment on that is so.
fn first<T>(notes: &Notes<T>, from: Instant, is: impl Fn(&T) -> bool) -> Option<Instant> {
    let notes = notes.lock().expect("no panic");
    notes.iter().find(|(at, what)| *at >= from && is(what)).map(|(at, _)| *at)
}

/// A site is cut off while people write and read, and comes back by itself when all is elsewhere.
#[test]
fn a_site_is_lost_its_users_are_served_elsewhere_and_it_comes_back_fenced() {
    let mut real = Real::new();
    starts_at_north(&real.net);
    let written = writers(&mut real);
    let balanced = real.crowd.user(&real.net, "desk", || Ok(BALANCER.parse().expect("an address")));
    let named = real.crowd.user(&real.net, "desk", || resolve(NAMES, "web.talk.example."));
    let start = now();
    for users in [&balanced, &named] {
        real.until("a page", users, start, |page| page == "north");
    }
    for (who, notes) in &written {
        patiently(who, &String::new, || noted(notes, start) >= MANY);
    }

    let cut = now();
    real.net.cut("north");
    real.tell("north is cut off");
    evacuates(&real, cut, [&written[0].1, &written[1].1], [&balanced, &named]);

    let served = now();
    real.net.heal("north");
    real.tell("the line of north is there again, by itself");
    real.until_fenced();
    let after = now().duration_since(served).as_secs_f64();
    real.tell(&format!("the old database was stopped for good {after:.1}s later"));
    // Whoever knows the old database only still tries.
    let stopped = now();
    for users in [&balanced, &named] {
        patiently("many pages", &String::new, || noted(users, stopped) >= MANY);
    }
    real.small.approve("paper/courier@south");
    real.tty.sees("left with 0");
    real.crowd.stop();

    real.kept_its_promises();
    nothing_is_lost(&real, &written, cut);
    for (who, users) in [("balancer", &balanced), ("name", &named)] {
        for (when, from, to) in [("before", start, cut), ("during", cut, served), ("after", served, now())] {
            real.tell(&format!("pages by the {who} {when}: {}", counts(users, from, to)));
        }
        let notes = users.lock().expect("no panic");
        let late: Vec<&str> = notes.iter().filter(|(at, _)| *at > served).map(|(_, page)| page.as_str()).collect();
        let of = |site: &str| late.iter().filter(|page| **page == site).count();
        // A machine may be so busy that somebody gives up waiting.
        assert!(of("north") == 0 && of("south") * 100 >= late.len() * 99 && !late.is_empty(), "{late:?}");
    }
    real.is_used_after_its_release_only();
}

/// A person answers for what no machine can know, and all else is the tool's; until all users are served again.
fn evacuates(real: &Real, cut: Instant, rows: [&Notes<(String, i64)>; 2], pages: [&Notes<String>; 2]) {
    real.tty.types("clear; bonghwa evacuate north; echo left with $?");
    real.tty.sees("Type north to run this plan");
    let typed = now();
    real.tty.types("north");
    real.asked("fence:store@north");
    real.tell("the fence got no answer, and a person says that the site is cut");
    real.small.approve("fence:store@north");
    let row = |(at, _): &(String, i64)| at == SOUTH_DB;
    let page = |page: &String| page == "south";
    for (what, at) in [
        ("a row of the first writer is acknowledged", real.until("a row at south", rows[0], cut, row)),
        ("a row of the second writer is acknowledged", real.until("a row at south", rows[1], cut, row)),
        ("a user of the balancer is served", real.until("a page of south", pages[0], cut, page)),
        ("a user of the name is served", real.until("a page of south", pages[1], cut, page)),
    ] {
        let [after_cut, after_typed] = [cut, typed].map(|from| at.duration_since(from).as_secs_f64());
        real.tell(&format!("{what} again {after_cut:.1}s after the cut, {after_typed:.1}s after the question"));
    }
    // All of the shift, and not its first stage only.
    for step in ["web/balance@south", "web/name@south"] {
        real.small.event(step, |event| matches!(event, Event::Ended { step: ended, .. } if ended == step));
    }
    let status = real.json(&["status", "--json"]);
    assert_eq!(status["quarantined"], serde_json::json!(["north"]));
}

/// What was acknowledged, by whomever, is there; and nobody acknowledged anything at north once it was cut off.
fn nothing_is_lost(real: &Real, written: &Written, cut: Instant) {
    let kept = servers::say(&real.net, SOUTH_DB, "select id from letter");
    let kept: BTreeSet<i64> = kept.iter().map(|id| id.parse().expect("a number")).collect();
    let mut all = 0;
    for (who, notes) in written {
        let notes = notes.lock().expect("no panic");
        let missing: Vec<i64> = notes.iter().map(|(_, (_, id))| *id).filter(|id| !kept.contains(id)).collect();
        assert!(missing.is_empty(), "{who}: {} of {} are missing: {missing:?}", missing.len(), notes.len());
        // What was on its way when the line was cut is read a moment later.
        let late = notes.iter().filter(|(at, (host, _))| host == NORTH_DB && *at > cut + ON_ITS_WAY);
        assert_eq!(late.count(), 0, "{who}");
        let south = notes.iter().filter(|(_, (host, _))| host == SOUTH_DB).count();
        real.tell(&format!("{who}: {} rows acknowledged by north, {south} by south", notes.len() - south));
        all += notes.len();
    }
    real.tell(&format!("all {all} rows that were acknowledged are at south, of {}", kept.len()));
}

/// What is listed there.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
