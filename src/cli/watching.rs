//! What people see of a run in this process, and type into it: the screen on a terminal, one line for each event in a pipe.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::event;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::io::Errno;
use rustix::termios;
use rustix::termios::LocalModes;
use rustix::termios::OptionalActions;
use rustix::termios::Termios;
use tokio::runtime;

use crate::cli::live::now;
use crate::cli::screen::Screen;
use crate::cli::typed;
use crate::cli::ui::Ui;
use crate::cli::who::me;
use crate::engine::Handle;
use crate::plan::Plan;
use crate::report::run_line::event_line;
use crate::report::run_screen::Size;
use crate::report::run_screen::screen;
use crate::report::words;
use crate::run::Entry;
use crate::run::No;
use crate::run::Script;
use crate::run::State;
use crate::run::fold;

/// Between two frames, where nothing happens: clocks show seconds.
const FRAME: Duration = Duration::from_millis(250);
/// What was answered, and what is being typed, stand below the frame.
const BELOW: usize = 2;
/// From so many lines on there is one to spare between the frame and those.
const AIRY: usize = 30;

/// What is seen.
pub(crate) enum Seen {
    /// Something was written down.
    Entries(Vec<Entry>),
    /// Keys were pressed.
    Keys(Vec<u8>),
    /// What a command came to.
    Answer(String),
    /// The process was stopped, and goes on; meanwhile the terminal was somebody else's.
    Again,
    /// The run is over, or is left.
    Over,
}

/// Somebody who watches.
pub(crate) struct Watching {
    thread: Option<thread::JoinHandle<()>>,
    news: mpsc::Sender<Seen>,
}

impl Watching {
    /// Begins to watch. `past` is known already and is not told again.
    pub(crate) fn begin(
        plan: Arc<Plan>,
        script: Arc<Script>,
        past: &[Entry],
        (news, hears): (mpsc::Sender<Seen>, mpsc::Receiver<Seen>),
        ui: Ui,
        handle: Handle,
    ) -> Self {
        let mut state = State::new(&script);
        for entry in past {
            // The loop has folded the same; what it refused never lived.
            drop(fold(&script, &mut state, entry));
            drop(state.take_touched());
        }
        let watched = Watched {
            screen: Screen::new(ui),
            in_front: true,
            plan,
            script,
            state,
            ui,
            handle,
            runtime: runtime::Handle::current(),
            news: news.clone(),
            typed: Vec::new(),
            answer: format!("type {}", typed::HELP),
        };
        let thread = Some(thread::spawn(move || watched.watch(&hears)));
        Self { thread, news }
    }
}

/// Shows what is left, and gives the terminal back, also where the run ends in a panic.
impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.news.send(Seen::Over));
        drop(self.thread.take().map(thread::JoinHandle::join));
    }
}

struct Watched {
    screen: Screen,
    /// In the background the terminal is somebody else's.
    in_front: bool,
    plan: Arc<Plan>,
    script: Arc<Script>,
    state: State,
    ui: Ui,
    handle: Handle,
    runtime: runtime::Handle,
    news: mpsc::Sender<Seen>,
    typed: Vec<u8>,
    answer: String,
}

impl Watched {
    fn watch(mut self, hears: &mpsc::Receiver<Seen>) {
        let mut keys = if self.screen.is_live() { Keys::listen(self.news.clone()) } else { None };
        loop {
            match hears.recv_timeout(FRAME) {
                Ok(Seen::Entries(entries)) => self.entries(&entries),
                Ok(Seen::Keys(bytes)) => self.keys(&bytes),
                Ok(Seen::Answer(answer)) => self.answer = answer,
                Ok(Seen::Again) => self.in_front = false,
                Ok(Seen::Over) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            let before = std::mem::replace(&mut self.in_front, is_in_front(&std::io::stdout()));
            if self.in_front && !before {
                keys.iter_mut().for_each(Keys::hush);
                self.screen.anew();
            }
            self.draw(keys.is_some());
        }
        self.draw(false);
        self.screen.close();
    }

    fn entries(&mut self, entries: &[Entry]) {
        for entry in entries {
            drop(fold(&self.script, &mut self.state, entry));
            drop(self.state.take_touched());
            if !self.screen.is_live()
                && let Some(line) = event_line(&self.plan, &self.script, &self.state, entry)
            {
                // Whether anybody reads it changes nothing about the run.
                drop(self.screen.line(&line));
            }
        }
    }

    fn draw(&mut self, asks: bool) {
        if !self.screen.is_live() || !self.in_front {
            return;
        }
        let size = self.screen.size();
        let air = usize::from(size.lines >= AIRY);
        let below = if asks { BELOW + air } else { 0 };
        let room = Size { lines: size.lines.saturating_sub(below), ..size };
        let now = now().max(self.state.now);
        let mut frame = screen(&self.plan, &self.script, &self.state, now, room, self.ui.paint);
        if asks {
            let typed = String::from_utf8_lossy(&self.typed).into_owned();
            let typed = words::plain(&typed);
            // What was typed last is what one looks at.
            let wide = words::width(&typed).saturating_sub(size.columns.saturating_sub(4));
            let shown: String = typed.chars().skip(wide).collect();
            let answer = words::cut(&words::plain(&self.answer), size.columns.saturating_sub(1));
            frame = format!("{}\n{}{answer}\n> {shown}", frame.trim_end(), "\n".repeat(air));
        }
        drop(self.screen.draw(&frame, size));
    }

    fn keys(&mut self, bytes: &[u8]) {
        // Arrows and the like come as one piece; nothing here is moved about in.
        if bytes.first() == Some(&ESCAPE) {
            return;
        }
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' => self.enter(),
                BACKSPACE | DELETE => {
                    // One letter, however many bytes it has.
                    while self.typed.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
                }
                KILL_LINE => self.typed.clear(),
                byte if byte < b' ' => {}
                byte => self.typed.push(byte),
            }
        }
    }

    fn enter(&mut self) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.typed)).into_owned();
        if line.trim().is_empty() {
            self.answer = format!("type {}", typed::HELP);
            return;
        }
        match typed::read(&line, &self.plan, &self.script, &self.state) {
            Err(what) => self.answer = what,
            Ok((command, reason)) => {
                let (handle, news) = (self.handle.clone(), self.news.clone());
                self.answer = format!("{line} …");
                self.runtime.spawn(async move {
                    let answer = match handle.ask(command, me(), reason).await {
                        Ok(Ok(())) => format!("{line}: done, and written down"),
                        Ok(Err(No::NeedsReason)) => "no: this needs a reason: type it behind the name".to_owned(),
                        Ok(Err(no)) => format!("no: {no}"),
                        Err(gone) => gone.to_string(),
                    };
                    drop(news.send(Seen::Answer(answer)));
                });
            }
        }
    }
}

const ESCAPE: u8 = 0x1b;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
/// Ctrl-U, as in every shell.
const KILL_LINE: u8 = 0x15;

/// Between two looks whether somebody typed. Whoever only looks is not stopped in the background, as a reader would be.
const KEY: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

/// Whether what is typed there is for us. Where nobody can say, nobody shares it.
fn is_in_front(terminal: &impl AsFd) -> bool {
    termios::tcgetpgrp(terminal).map_or(true, |front| front == rustix::process::getpgrp())
}

/// The keyboard, byte by byte and without echo, until this is dropped. Ctrl-C keeps its meaning.
struct Keys {
    /// How the terminal was; none where it was never ours.
    before: Option<Termios>,
}

impl Keys {
    /// Listens, where there is a keyboard.
    fn listen(news: mpsc::Sender<Seen>) -> Option<Self> {
        let input = std::io::stdin();
        if !input.is_terminal() {
            return None;
        }
        let mut keys = Self { before: None };
        keys.hush();
        // It ends with the process.
        thread::spawn(move || {
            let mut bytes = [0; 256];
            loop {
                let typed = event::poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&KEY));
                match typed {
                    Ok(0) | Err(Errno::INTR) => continue,
                    Ok(_) if !is_in_front(&input) => {
                        thread::park_timeout(FRAME);
                        continue;
                    }
                    Ok(_) => {}
                    Err(_) => return,
                }
                match rustix::io::read(&input, &mut bytes) {
                    Ok(0) => return,
                    Ok(read) if news.send(Seen::Keys(bytes[..read].to_vec())).is_err() => return,
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(_) => return,
                }
            }
        });
        Some(keys)
    }

    /// Takes the echo away. Whoever changes a terminal from the background is stopped.
    fn hush(&mut self) {
        let input = std::io::stdin();
        if !is_in_front(&input) {
            return;
        }
        let Ok(mut modes) = termios::tcgetattr(&input) else { return };
        let echoes = LocalModes::ICANON | LocalModes::ECHO;
        if modes.local_modes.contains(echoes) {
            self.before = Some(modes.clone());
        }
        modes.local_modes.remove(echoes);
        termios::tcsetattr(&input, OptionalActions::Now, &modes).unwrap_or_default();
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let input = std::io::stdin();
        if let Some(before) = self.before.take().filter(|_| is_in_front(&input)) {
            // A terminal that is gone needs nothing back.
            termios::tcsetattr(&input, OptionalActions::Now, &before).unwrap_or_default();
        }
    }
}
