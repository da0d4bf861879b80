//! Sockets that are left over, taken, removed, or somebody else's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::control::Answer;
use crate::control::AskError;
use crate::control::ListenError;
use crate::control::Listener;
use crate::control::tests::Heard;
use crate::control::tests::Room;
use crate::control::tests::approve;
use crate::control::tests::asks;
use crate::control::tests::me;

#[tokio::test]
async fn the_socket_of_a_dead_run_is_removed() {
    let room = Room::new();
    fs::create_dir(room.socket().parent().unwrap()).unwrap();
    fs::set_permissions(room.socket().parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    // Dropping it closes it, and leaves the file, as a process that is killed does.
    drop(std::os::unix::net::UnixListener::bind(room.socket()).unwrap());
    std::os::unix::fs::symlink(room.socket(), room.run().join("control")).unwrap();
    assert!(matches!(asks(&room.run(), approve("x")).await, Err(AskError::NobodyListens)));
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    asks(&room.run(), approve("x")).await.unwrap();
    assert_eq!(heard.end().await.len(), 1);
}

#[tokio::test]
async fn the_socket_of_a_living_run_is_left_alone() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    let second = Listener::open(&room.socket(), &room.run(), me()).await;
    assert!(matches!(second, Err(ListenError::Taken(_))), "{second:?}");
    asks(&room.run(), approve("x")).await.unwrap();
    assert_eq!(heard.end().await.len(), 1);
}

#[tokio::test]
async fn what_is_no_socket_is_left_alone() {
    let room = Room::new();
    drop(room.listen().await);
    fs::write(room.socket(), "mine").unwrap();
    let listener = Listener::open(&room.socket(), &room.run(), me()).await;
    assert!(matches!(listener, Err(ListenError::InTheWay(_))), "{listener:?}");
    assert_eq!(fs::read_to_string(room.socket()).unwrap(), "mine");
}

#[tokio::test]
async fn only_its_owner_can_open_it() {
    let room = Room::new();
    let listener = room.listen().await;
    assert_eq!(fs::metadata(listener.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(listener.path().parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}

/// When its user logs out, a system may remove the whole runtime folder.
#[tokio::test]
async fn a_socket_that_was_removed_is_made_again() {
    let room = Room::new();
    let mut listener = room.listen().await;
    fs::remove_dir_all(room.socket().parent().unwrap()).unwrap();
    assert!(matches!(asks(&room.run(), approve("x")).await, Err(AskError::NobodyListens)));
    listener.mend();
    let heard = Heard::begin(listener, |_| Answer::Done);
    asks(&room.run(), approve("x")).await.unwrap();
    assert_eq!(heard.end().await.len(), 1);
    assert!(!room.socket().exists());
}

/// The same, by the clock of the run: nobody has to ask for it.
#[tokio::test(start_paused = true)]
async fn it_is_looked_after() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    tokio::time::sleep(Duration::from_secs(1)).await;
    fs::remove_file(room.socket()).unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(room.socket().exists());
    heard.end().await;
}

#[tokio::test]
async fn a_socket_of_somebody_else_is_not_asked() {
    let room = Room::new();
    let strange = room.run().join("strange");
    fs::write(&strange, "").unwrap();
    std::os::unix::fs::symlink(&strange, room.run().join("control")).unwrap();
    if std::os::unix::fs::chown(&strange, Some(me().uid + 1), None).is_ok() {
        assert!(matches!(asks(&room.run(), approve("x")).await, Err(AskError::Stranger(_))));
    }
}
