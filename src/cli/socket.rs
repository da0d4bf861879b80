//! Where the socket of a run and its engine are joined. It decides nothing: one carries, the other answers.

use std::path::Path;

use crate::cli::input;
use crate::cli::past_runs;
use crate::control;
use crate::control::Answer;
use crate::control::ListenError;
use crate::control::Listener;
use crate::engine::Handle;
use crate::run::Who;

/// Listens for what people ask of this run. Whoever calls has the pen, and is `owner`.
///
/// # Errors
///
/// Why nobody can be heard. A run can go on without, and should say so.
pub async fn listen(root: &Path, run: &str, owner: &Who) -> Result<Listener, ListenError> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let folder = past_runs::folder(&root).join(run);
    let runtime = input::runtime_folder();
    let path = |runtime| control::socket_path(runtime, &input::temp_folder(), owner.uid, &root, run);
    match Listener::open(&path(runtime.as_deref())?, &folder, owner.clone()).await {
        // After `sudo -E` or `su` it is somebody else's, or is not there.
        Err(ListenError::Unsafe(_) | ListenError::Io { .. }) if runtime.is_some() => {
            Listener::open(&path(None)?, &folder, owner.clone()).await
        }
        opened => opened,
    }
}

/// Answers what people ask, until `until` is over; the socket is gone then.
pub async fn answer(listener: Listener, handle: Handle, until: impl Future<Output = ()>) {
    let handler = move |request: control::Request, who| {
        let handle = handle.clone();
        async move {
            match handle.ask(request.command, who, request.reason).await {
                Ok(Ok(())) => Answer::Done,
                Ok(Err(no)) => Answer::No(no),
                Err(_) => Answer::Gone,
            }
        }
    };
    control::serve(listener, handler, until).await;
}
