//! Real sockets in folders that vanish, and a run that is made up: it keeps what it was asked, and says what it is told.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::control::Answer;
use crate::control::AskError;
use crate::control::Listener;
use crate::control::Refusal;
use crate::control::Request;
use crate::control::ask;
use crate::control::serve;
use crate::control::serve::admitted;
use crate::run::Command;
use crate::run::No;
use crate::run::Who;

mod hostile;
mod listener;
mod place;
mod wire;

/// Nothing in these tests takes so long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder for the socket and one for the run.
struct Room {
    folder: TempDir,
}

impl Room {
    fn new() -> Self {
        let room = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(room.run()).unwrap();
        room
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("bonghwa/s.sock")
    }

    fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    async fn listen(&self) -> Listener {
        Listener::open(&self.socket(), &self.run(), me()).await.unwrap()
    }
}

/// Whoever runs these tests, under a name that no system knows.
fn me() -> Who {
    let folder = tempfile::tempdir().unwrap();
    let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder.path()).unwrap());
    Who { user: "jo".into(), uid, pid: 1, host: "laptop".into() }
}

/// A run that hears until it is told to stop.
struct Heard {
    asked: Arc<Mutex<Vec<(Request, Who)>>>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Heard {
    fn begin(listener: Listener, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = oneshot::channel();
        let kept = Arc::clone(&asked);
        let handler = move |request: Request, who: Who| {
            let answer = answer(&request);
            kept.lock().unwrap().push((request, who));
            async { answer }
        };
        let ended = tokio::spawn(serve(listener, handler, async { drop(stopped.await) }));
        Self { asked, stop, ended }
    }

    async fn end(self) -> Vec<(Request, Who)> {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap();
        Arc::try_unwrap(self.asked).unwrap().into_inner().unwrap()
    }
}

async fn asks(run: &Path, request: Request) -> Result<(), AskError> {
    let run = run.to_owned();
    tokio::task::spawn_blocking(move || ask(&run, &request, PATIENCE)).await.unwrap()
}

fn approve(what: &str) -> Request {
    Request::new(Command::Approve { what: what.into() }, "the house burns")
}

#[tokio::test]
async fn what_is_asked_arrives_with_who_asks() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    asks(&room.run(), approve("approval:start")).await.unwrap();
    let asked = heard.end().await;
    let [(request, who)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*request, approve("approval:start"));
    assert_eq!(*who, Who { pid: std::process::id(), ..me() });
}

#[tokio::test]
async fn no_comes_back_as_it_was_said() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |_| Answer::No(No::NeedsReason));
    let told = asks(&room.run(), approve("fence:db@pangyo")).await;
    assert!(matches!(told, Err(AskError::No(No::NeedsReason))), "{told:?}");
    heard.end().await;
}

/// Neither is answered before both were heard, so one does not wait for the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_are_heard_at_once() {
    let room = Room::new();
    let both = Arc::new(Barrier::new(2));
    let (stop, stopped) = oneshot::channel::<()>();
    let handler = move |request: Request, _: Who| {
        let both = Arc::clone(&both);
        async move {
            both.wait().await;
            let held = request.command == Command::Hold;
            if held { Answer::Done } else { Answer::No(No::RunIs { state: "held".into() }) }
        }
    };
    let listener = room.listen().await;
    let ended = tokio::spawn(serve(listener, handler, async { drop(stopped.await) }));
    let run = room.run();
    let (held, again) =
        tokio::join!(asks(&run, Request::new(Command::Hold, "")), asks(&run, Request::new(Command::Cancel, "")));
    held.unwrap();
    assert!(matches!(again, Err(AskError::No(No::RunIs { .. }))), "{again:?}");
    stop.send(()).unwrap();
    ended.await.unwrap();
}

#[tokio::test]
async fn nobody_listens_where_no_run_goes_on() {
    let room = Room::new();
    assert!(matches!(asks(&room.run(), approve("x")).await, Err(AskError::NobodyListens)));
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    heard.end().await;
    assert!(matches!(asks(&room.run(), approve("x")).await, Err(AskError::NobodyListens)));
    assert!(!room.socket().exists());
}

/// Whoever cancels a run is answered, though the run ends by it.
#[tokio::test]
async fn what_was_asked_before_the_end_is_answered() {
    let room = Room::new();
    let (stop, stopped) = oneshot::channel::<()>();
    let stop = Mutex::new(Some(stop));
    let handler = move |_: Request, _: Who| {
        if let Some(stop) = stop.lock().unwrap().take() {
            stop.send(()).unwrap();
        }
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Answer::Done
        }
    };
    let listener = room.listen().await;
    let ended = tokio::spawn(serve(listener, handler, async { drop(stopped.await) }));
    asks(&room.run(), Request::new(Command::Cancel, "")).await.unwrap();
    ended.await.unwrap();
}

#[tokio::test]
async fn a_run_that_goes_away_leaves_doubt() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |request| {
        assert_eq!(request.command, Command::Hold, "made up: the handler has a bug");
        Answer::Gone
    });
    for command in [Command::Hold, Command::Cancel] {
        let told = asks(&room.run(), Request::new(command, "")).await;
        assert!(matches!(told, Err(AskError::NobodyKnows { .. })), "{told:?}");
    }
    // It was one talk that ended; others are still heard.
    let told = asks(&room.run(), Request::new(Command::Hold, "")).await;
    assert!(matches!(told, Err(AskError::NobodyKnows { .. })), "{told:?}");
    drop(heard.stop);
    heard.ended.await.unwrap();
}

#[test]
fn only_the_owner_and_root_are_heard() {
    let owner = Who { user: "jo".into(), uid: 1000, pid: 1, host: "laptop".into() };
    assert_eq!(admitted(Some(1000), 7, owner.clone()), Ok(Who { pid: 7, ..owner.clone() }));
    let root = Who { user: "root".into(), uid: 0, pid: 8, host: "laptop".into() };
    assert_eq!(admitted(Some(0), 8, owner.clone()), Ok(root));
    for stranger in [Some(1001), Some(u32::MAX), None] {
        assert_eq!(admitted(stranger, 9, owner.clone()), Err(Refusal::NotYours { owner: "jo".into() }));
    }
}

/// Whoever is refused at the door is told so, whatever they send.
#[tokio::test]
async fn a_stranger_is_told_so() {
    let room = Room::new();
    let listener = room.listen().await.owned_by(Who { uid: me().uid + 1, user: "kim".into(), ..me() });
    let heard = Heard::begin(listener, |_| Answer::Done);
    let told = asks(&room.run(), approve("x")).await;
    if me().uid == 0 {
        told.unwrap();
        assert_eq!(heard.end().await[0].1.user, "root");
    } else {
        assert!(matches!(told, Err(AskError::Refused(Refusal::NotYours { owner })) if owner == "kim"));
        assert_eq!(heard.end().await, []);
    }
}
