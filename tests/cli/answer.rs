//! A run that goes on in this process, on scripted hands, and is asked by the tool from another one: real sockets, a real
//! journal, the real loop.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bonghwa::cli::socket;
use bonghwa::cli::who;
use bonghwa::control::Listener;
use bonghwa::driver;
use bonghwa::driver::Answer;
use bonghwa::driver::Fault;
use bonghwa::driver::Said;
use bonghwa::engine::Engine;
use bonghwa::engine::Leave;
use bonghwa::engine::Patience;
use bonghwa::journal::FileJournal;
use bonghwa::journal::Holder;
use bonghwa::journal::Opening;
use bonghwa::journal::Pen;
use bonghwa::model::Millis;
use bonghwa::plan;
use bonghwa::run::Entry;
use bonghwa::run::Event;
use bonghwa::run::OpenedBy;
use bonghwa::run::RunEnd;
use bonghwa::run::Script;
use expect_test::expect;
use tokio::sync::oneshot;

use crate::played::NIGHT;
use crate::played::play;
use crate::run::Test;

const RUN: &str = "20261122-0312-north";
/// Nothing here takes so long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run of the plan for the loss of north, in which photos can't be seen to work.
struct Going {
    test: Test,
    seen: mpsc::Receiver<Vec<Entry>>,
    life: thread::JoinHandle<Leave>,
}

impl Going {
    fn new() -> Self {
        let test = Test::with_init();
        let text = test.plan(&["--lost", "north", "--json"]).code(0).out();
        let plan = plan::from_bytes(text.as_bytes()).expect("a plan");
        let (ours, me) = (test.path().join(".bonghwa"), who::me());
        let holder = Holder { by: me.clone(), run: RUN.to_owned(), since: NIGHT };
        let pen = Pen::take(&ours, holder).expect("the pen");
        let opening = Opening { run: RUN.into(), plan: plan.id.clone(), parent: None, program: "0.1.0".into() };
        let folder = ours.join("runs").join(RUN);
        let (journal, past) = FileJournal::create(&folder, pen, NIGHT, opening).expect("a journal");
        fs::write(folder.join("plan.json"), text).expect("a file");
        let script = Arc::new(Script::new(&plan).expect("a script"));
        let fault = Fault::parse("photos/verify@south=refuse").expect("a fault");
        // The copy is as far as the source was: nobody has to judge what may be lost.
        let hands = driver::Script::new(|_| Millis(1)).with_faults(vec![fault]).with_answers(|job, _| {
            let said = || Said::just("position=1 age=0ms");
            (job.key.attempt == 0).then(|| Answer::Yes { said: said(), hosts: Vec::new() })
        });
        let socket = test.path().join("sockets/run.sock");
        let (tells, seen) = mpsc::channel();
        let (listens, begun) = mpsc::channel();
        let life = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let observer = Box::new(move |entries: &[Entry]| drop(tells.send(entries.to_vec())));
                let engine = Engine::begin(Arc::new(plan), script, journal, Arc::new(hands), &past, NIGHT, observer)
                    .expect("it");
                let listener = Listener::open(&socket, &folder, me).await.expect("a socket");
                let (stop, stopped) = oneshot::channel::<()>();
                let answers = tokio::spawn(socket::answer(listener, engine.handle(), async { drop(stopped.await) }));
                listens.send(()).expect("somebody waits");
                let (leave, journal) = engine.run(Patience::Stays).await;
                drop(stop);
                answers.await.expect("no talk stops it");
                drop(journal);
                leave
            })
        });
        begun.recv_timeout(PATIENCE).expect("it begins");
        Self { test, seen, life }
    }

    /// Waits until this was written.
    fn until(&self, event: impl Fn(&Event) -> bool) -> Entry {
        loop {
            let entries = self.seen.recv_timeout(PATIENCE).expect("it is written");
            if let Some(found) = entries.into_iter().find(|entry| event(&entry.event)) {
                return found;
            }
        }
    }
}

#[test]
fn a_gate_is_answered_from_another_terminal() {
    let run = Going::new();
    run.test.run(&["approve", "strat"]).code(2).stderr(expect![[r#"
        error: nobody is asked strat in this plan
          -> did you mean approval:start?
    "#]]);
    run.test.run(&["approve", "start", "--reason", "battery fire"]).code(0).stdout(expect![""]).stderr(expect![[r#"
        run 20261122-0312-north: approved approval:start
    "#]]);
    let opened = run.until(|event| matches!(event, Event::GateOpened { gate, .. } if gate == "approval:start"));
    let Event::GateOpened { by: OpenedBy::Person { by, reason }, .. } = opened.event else { panic!("{opened:?}") };
    assert_eq!((by.user, by.uid, by.host, reason.as_str()), {
        let me = who::me();
        (me.user, me.uid, me.host, "battery fire")
    });
    assert_ne!(by.pid, std::process::id());
    run.test.run(&["approve", "start"]).code(3).stderr(expect![[r#"
        refused: approval:start wants no answer: it is open
          -> there is nothing left to answer
    "#]]);
    run.test.run(&["cancel", "--quiet"]).code(0).stderr(expect![""]);
    assert!(matches!(run.life.join(), Ok(Leave::Ended(RunEnd::Cancelled))));
    run.test.run(&["approve", "start"]).code(5).stderr(expect![[r#"
        error: no run is going on in this project
          -> 20261122-0312-north is over: `bonghwa report 20261122-0312-north` tells how it went
          -> `bonghwa run PLAN` starts one
    "#]]);
}

#[test]
fn what_failed_is_tried_again_skipped_or_done_by_hand() {
    let run = Going::new();
    run.test.run(&["approve", "start"]).code(0);
    run.test.run(&["approve", "victims"]).code(0);
    // A step that a person takes is a question too.
    run.test.run(&["approve", "sealed-credentials"]).code(0).stderr(expect![[r#"
        run 20261122-0312-north: approved kit:sealed-credentials/fetch
    "#]]);
    run.until(|event| matches!(event, Event::Ended { step, .. } if step == "photos/verify@south"));
    run.test.run(&["retry", "photos/verify"]).code(0).stderr(expect![[r#"
        run 20261122-0312-north: photos/verify@south is tried again
    "#]]);
    run.until(|event| matches!(event, Event::Ended { step, .. } if step == "photos/verify@south"));
    run.test.run(&["skip", "photos/verify"]).code(3).stderr(expect![[r#"
        refused: this needs a reason, and nothing was asked of the run
          -> say why with `--reason TEXT`: whoever reads the journal must be able to see it
    "#]]);
    run.test.run(&["skip", "border", "--reason", "late"]).code(3);
    run.test.run(&["skip", "approval:start", "--reason", "late"]).code(3).stderr(expect![[r#"
        refused: approval:start is a gate: it is approved or rejected, never skipped or marked done
          -> `bonghwa approve approval:start`, or `bonghwa reject approval:start --reason TEXT`
    "#]]);
    run.test.run(&["mark-done", "photos/verify", "--reason", "looked at it"]).code(0).stderr(expect![[r#"
        run 20261122-0312-north: marked photos/verify@south as done
    "#]]);
    // Nothing is left to wait for.
    run.until(|event| matches!(event, Event::RunEnded { end: RunEnd::Done }));
    assert!(matches!(run.life.join(), Ok(Leave::Ended(RunEnd::Done))));
}

#[test]
fn a_run_holds_and_rejects_when_it_is_told_to() {
    let run = Going::new();
    run.test.run(&["hold", "--reason", "wait for the network team"]).code(0).stderr(expect![[r#"
        run 20261122-0312-north: nothing new starts; `bonghwa resume` lets it go on
    "#]]);
    run.test.run(&["hold", "--run", "north"]).code(3).stderr(expect![[r#"
        refused: the run is held
          -> `bonghwa resume` lets it go on, `bonghwa cancel` ends it
    "#]]);
    run.test.run(&["reject", "start", "--reason", "a drill by mistake"]).code(0);
    run.test.run(&["approve", "approval:start"]).code(3).stderr(expect![[r#"
        refused: approval:start wants no answer: it is rejected
          -> `bonghwa retry approval:start` asks it again
    "#]]);
    run.test.run(&["approve", "fence:message-store@north"]).code(3).stderr(expect![[r#"
        refused: this needs a reason, and nothing was asked of the run
          -> say why with `--reason TEXT`: whoever reads the journal must be able to see it
    "#]]);
    run.test.run(&["skip", "message-store/promote", "--reason", "no"]).code(3).stderr(expect![[r#"
        refused: message-store/promote@south can't be passed over, because a second writer could come of it
          -> if a person did it: `bonghwa mark-done message-store/promote@south --reason TEXT`, once all gates before it are open
          -> what a fence could not prove, a person attests: `bonghwa approve fence:… --reason TEXT`
          -> `bonghwa retry message-store/promote@south` tries a step that failed again
    "#]]);
    run.test.run(&["retry", "session"]).code(2).stderr(expect![[r#"
        error: session could be any of 2
          -> there are: session/verify@south, session/shift@south
    "#]]);
    // Two at once, and a plan that somebody removed: the run has it in memory.
    fs::remove_file(run.test.path().join(".bonghwa/runs").join(RUN).join("plan.json")).expect("a file");
    let told = run.test.run(&["retry", "approval:start"]).code(0).err();
    assert!(told.contains("the name is taken as it was typed"), "{told}");
    let both = [(); 2].map(|()| run.test.command(&["cancel"]).stderr(std::process::Stdio::null()).spawn().expect("it"));
    let codes = both.map(|mut child| child.wait().expect("it ends").code());
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(matches!(run.life.join(), Ok(Leave::Ended(RunEnd::Cancelled))));
}

#[test]
fn where_no_run_goes_on_the_next_step_is_told() {
    let test = Test::with_init();
    test.run(&["hold"]).code(5).stderr(expect![[r#"
        error: no run is going on in this project
          -> `bonghwa run PLAN` starts one
    "#]]);
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    play(test.path(), "plan.json", RUN, NIGHT, 12);
    for args in [&["hold", "--run", "north"][..], &["hold"]] {
        let told = test.run(args).code(5).err();
        assert!(told.contains("-> `bonghwa resume 20261122-0312-north` goes on with it"), "{told}");
    }
    test.run(&["hold", "--run", "south"]).code(2);
    // Somebody has the pen, and hears nothing.
    let (ours, me) = (test.path().join(".bonghwa"), who::me());
    let pen = |run: &str, host: &str| {
        let by = bonghwa::run::Who { user: "mina".into(), pid: 4711, host: host.into(), ..me.clone() };
        Pen::take(&ours, Holder { by, run: run.into(), since: NIGHT }).expect("the pen")
    };
    let held = pen(RUN, &me.host);
    test.run(&["hold"]).code(5).stderr(expect![[r#"
        error: run 20261122-0312-north does not listen
          -> it may just begin or end: `bonghwa status` shows where it stands
          -> its own terminal can answer it: process 4711 of mina
          -> if that hangs, end it (`kill -9 4711`): `bonghwa resume 20261122-0312-north` goes on with the run
    "#]]);
    drop(held);
    let held = pen("20261122-0400-south", "ops9");
    test.run(&["hold"]).code(5).stderr(expect![[r#"
        error: run 20261122-0400-south does not listen
          -> it goes on on ops9, where mina started it: ask it there
    "#]]);
    test.run(&["hold", "--run", RUN]).code(5).stderr(expect![[r#"
        error: run 20261122-0312-north is not going on
          -> run 20261122-0400-south is: leave `--run` away to ask that one
    "#]]);
    drop(held);
}

/// A process that took the command and died over it leaves doubt, and a code of its own.
#[test]
fn a_run_that_dies_over_a_command_leaves_doubt() {
    let test = Test::with_init();
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    play(test.path(), "plan.json", RUN, NIGHT, 12);
    let folder: PathBuf = test.path().join(".bonghwa/runs").join(RUN);
    let holder = Holder { by: who::me(), run: RUN.into(), since: NIGHT };
    let pen = Pen::take(&test.path().join(".bonghwa"), holder).expect("the pen");
    let socket = test.path().join("s.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    std::os::unix::fs::symlink(&socket, folder.join("control")).expect("a link");
    let dies = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("it is asked");
        let mut line = String::new();
        drop(std::io::BufRead::read_line(&mut std::io::BufReader::new(stream), &mut line));
        line
    });
    test.run(&["hold"]).code(6).stderr(expect![[r#"
        error: run 20261122-0312-north was asked, and nobody knows whether it counted: the run went away before it answered
          -> `bonghwa status 20261122-0312-north` shows whether it did; ask again only if it did not
    "#]]);
    assert!(dies.join().expect("it heard").contains("hold"));
    drop(pen);
}
