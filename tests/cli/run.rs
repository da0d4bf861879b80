//! One run of the tool: a folder with files, arguments, and what is expected of it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use expect_test::Expect;
use tempfile::TempDir;

/// A project in a folder of its own, and what was expected so far.
pub(crate) struct Test {
    folder: TempDir,
}

/// How a run ended.
pub(crate) struct Ended {
    output: Output,
}

impl Test {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for a test") }
    }

    /// The estate that `init` writes.
    pub(crate) fn with_init() -> Self {
        let test = Self::new();
        test.run(&["init", "--quiet"]).code(0);
        test
    }

    /// With a file.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
        self
    }

    /// With one text in a file replaced by another.
    pub(crate) fn changed(self, path: &str, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.path().join(path)).expect("a file");
        assert!(text.contains(from), "{path} does not hold {from}");
        self.file(path, &text.replacen(from, to, 1))
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The tool, ready to run here.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonghwa"));
        command.args(args).current_dir(self.path()).env_clear().env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended { output: self.command(args).output().expect("the tool starts") }
    }

    /// Runs it, as of a fixed day.
    pub(crate) fn plan(&self, args: &[&str]) -> Ended {
        let mut all = vec!["plan", "--as-of", "2026-11-22"];
        all.extend(args);
        self.run(&all)
    }
}

impl Ended {
    /// How something ended that was started in another way.
    pub(crate) fn of(output: Output) -> Self {
        Self { output }
    }

    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(code), "{}{}", self.out(), self.err());
        self
    }

    /// Whether it left with 0.
    pub(crate) fn is_ok(&self) -> bool {
        self.output.status.success()
    }

    pub(crate) fn stdout(self, golden: Expect) -> Self {
        golden.assert_eq(&self.out());
        self
    }

    pub(crate) fn stderr(self, golden: Expect) -> Self {
        golden.assert_eq(&self.err());
        self
    }

    /// What was printed as data.
    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("UTF-8 on stdout")
    }

    /// What was said beside it.
    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).expect("UTF-8 on stderr")
    }
}
