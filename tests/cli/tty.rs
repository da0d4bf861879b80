//! A real terminal of some size with a shell in it, as far as a machine can sit before one: tmux holds it, keys go in, and what
//! it shows is read again and again until it is so. Nothing here waits for a time.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use bonghwa::report::words;

use crate::small::patiently;

/// A terminal, which goes when the test does.
pub(crate) struct Tty {
    folder: PathBuf,
    socket: PathBuf,
}

/// The shell reads nothing of whoever runs the tests, and its prompt is short.
const SHELL: &str = "env PS1='ready$ ' HISTFILE= bash --norc --noprofile";

impl Tty {
    /// A terminal of so many columns and lines, with a shell in this folder. `bonghwa` is the tool under test there.
    pub(crate) fn open(folder: &Path, columns: usize, lines: usize) -> Self {
        Self::open_in("", folder, columns, lines)
    }

    /// The same, where its shell runs where this command line leads.
    pub(crate) fn open_in(way: &str, folder: &Path, columns: usize, lines: usize) -> Self {
        let tools = folder.join(".tools");
        fs::create_dir_all(&tools).expect("a folder");
        // A name without a path, so that what is typed fits in a line, wherever this machine keeps what it builds.
        let tool = tools.join("bonghwa");
        fs::write(&tool, format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_bonghwa"))).expect("a file");
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o700)).expect("it is ours");
        let tty = Self { folder: folder.to_owned(), socket: tools.join("tmux") };
        let (columns, lines) = (columns.to_string(), lines.to_string());
        tty.tmux(&["new-session", "-d", "-x", &columns, "-y", &lines, &format!("exec {way} {SHELL}")]);
        tty.sees("ready$");
        tty
    }

    /// One command of tmux, on a server of our own.
    pub(crate) fn tmux(&self, args: &[&str]) -> String {
        let output = self.asked(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "tmux {args:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8 from tmux")
    }

    #[expect(clippy::disallowed_methods, reason = "tmux is where whoever runs the tests has it")]
    fn asked(&self, args: &[&str]) -> Output {
        let path = std::env::var("PATH").expect("a PATH");
        let path = format!("{}:{path}", self.folder.join(".tools").display());
        let mut command = Command::new("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(&self.socket).args(args);
        command.current_dir(&self.folder).env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("TERM", "screen");
        command.stdin(Stdio::null());
        command.output().expect("tmux starts; these tests need it, and `.ci/run` installs it")
    }

    /// Presses keys by their names, such as `C-c` and `Enter`.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Types a line, and ends it.
    pub(crate) fn types(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.press(&["Enter"]);
    }

    /// What stands on it, line by line, without the blanks at their ends. What its edge broke is one line here, and wider
    /// than the terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        let shown = self.tmux(&["capture-pane", "-p", "-J"]);
        let mut lines: Vec<String> = shown.lines().map(|line| line.trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// The same with colour, as it came.
    pub(crate) fn colored(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    /// Something that tmux knows about it.
    pub(crate) fn about(&self, what: &str) -> String {
        self.tmux(&["display-message", "-p", what]).trim().to_owned()
    }

    /// Makes it larger or smaller.
    pub(crate) fn resize(&self, columns: usize, lines: usize) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &lines.to_string()]);
    }

    /// Waits until this, and nothing but one whole frame of a run, stands below the line at which it begins. Its last line
    /// begins with `last`, and no line is wider than the terminal.
    pub(crate) fn frame(&self, last: &str, part: &str) -> Vec<String> {
        let columns: usize = self.about("#{pane_width}").parse().expect("a number");
        let begins = |lines: &[String]| {
            let heads: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].starts_with("T+")).collect();
            if let [one] = heads[..] { Some(one) } else { None }
        };
        let is_whole = |lines: &[String]| {
            let frame = begins(lines).map(|at| &lines[at..]).unwrap_or_default();
            frame.last().is_some_and(|line| line.starts_with(last))
                && frame.iter().all(|line| words::width(line) <= columns)
                && frame.iter().any(|line| line.contains(part))
        };
        let lines = self.until(&format!("a frame with {part}"), is_whole);
        lines[begins(&lines).unwrap_or_default()..].to_vec()
    }

    /// Waits until what stands on it is so, and gives it.
    pub(crate) fn until(&self, what: &str, so: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut seen = Vec::new();
        patiently(what, &|| self.lines().join("\n"), || {
            seen = self.lines();
            so(&seen)
        });
        seen
    }

    /// Waits until this stands on it.
    pub(crate) fn sees(&self, part: &str) -> Vec<String> {
        self.until(part, |lines| lines.iter().any(|line| line.contains(part)))
    }

    /// Waits until the shell asks for the next command, in the last line.
    pub(crate) fn prompts(&self) {
        self.until("a prompt", |lines| lines.last().is_some_and(|line| line == "ready$"));
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        drop(self.asked(&["kill-server"]));
    }
}
