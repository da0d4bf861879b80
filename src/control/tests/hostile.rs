//! What comes in may be anything, and from many at once: the run goes on, and people are still heard.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use crate::control::Answer;
use crate::control::AskError;
use crate::control::Refusal;
use crate::control::Request;
use crate::control::tests::Heard;
use crate::control::tests::Room;
use crate::control::tests::approve;
use crate::control::tests::asks;
use crate::run::Command;

/// Sends bytes, ends its half, and reads what comes back.
async fn sends(room: &Room, bytes: &[u8]) -> Option<Answer> {
    let mut stream = UnixStream::connect(room.socket()).await.unwrap();
    drop(stream.write_all(bytes).await);
    drop(stream.shutdown().await);
    let mut line = Vec::new();
    drop(stream.read_to_end(&mut line).await);
    Answer::read(&line)
}

#[tokio::test]
async fn garbage_is_answered_and_nothing_happens() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    let whole = Request::new(Command::Cancel, "").line().unwrap();
    for bytes in [&b""[..], b"\0\xff\n", b"GET / HTTP/1.1\r\n\r\n", &whole[..whole.len() - 1]] {
        let answer = sends(&room, bytes).await;
        assert!(matches!(answer, Some(Answer::Refused(Refusal::Garbled { .. }))), "{answer:?}");
    }
    let answer = sends(&room, &vec![b'x'; 1024 * 1024]).await;
    assert_eq!(answer, Some(Answer::Refused(Refusal::TooLong { max: 65_536 })));
    // What stands behind the first line is not looked at.
    let twice = [Request::new(Command::Hold, "").line().unwrap(), whole].concat();
    assert_eq!(sends(&room, &twice).await, Some(Answer::Done));
    let asked = heard.end().await;
    assert_eq!(asked.iter().map(|(request, _)| request.command.clone()).collect::<Vec<_>>(), [Command::Hold]);
}

#[tokio::test(start_paused = true)]
async fn whoever_says_nothing_is_sent_away() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    let mut slow = UnixStream::connect(room.socket()).await.unwrap();
    let began = tokio::time::Instant::now();
    // A byte now and then does not help.
    let mut line = Vec::new();
    loop {
        drop(slow.write_all(b" ").await);
        if let Ok(read) = tokio::time::timeout(Duration::from_secs(3), slow.read_to_end(&mut line)).await {
            read.unwrap();
            break;
        }
    }
    assert_eq!(Answer::read(&line), Some(Answer::Refused(Refusal::TooSlow)));
    assert!(began.elapsed() < Duration::from_secs(13));
    assert_eq!(heard.end().await, []);
}

#[tokio::test]
async fn many_who_hang_do_not_stop_it() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    let mut hanging = Vec::new();
    for _ in 0..200 {
        hanging.push(UnixStream::connect(room.socket()).await.unwrap());
    }
    // So many are listened to; the others are told, at once.
    let busy = sends(&room, b"").await;
    assert_eq!(busy, Some(Answer::Refused(Refusal::Busy)));
    drop(hanging);
    while let Err(told) = asks(&room.run(), approve("approval:start")).await {
        assert!(matches!(told, AskError::Refused(Refusal::Busy)), "{told:?}");
    }
    assert_eq!(heard.end().await.len(), 1);
}

#[tokio::test]
async fn whoever_leaves_without_an_answer_has_asked_all_the_same() {
    let room = Room::new();
    let heard = Heard::begin(room.listen().await, |_| Answer::Done);
    let mut stream = UnixStream::connect(room.socket()).await.unwrap();
    stream.write_all(&Request::new(Command::Hold, "").line().unwrap()).await.unwrap();
    drop(stream);
    asks(&room.run(), approve("x")).await.unwrap();
    assert_eq!(heard.end().await.len(), 2);
}
