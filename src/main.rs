//! The process: hands the arguments to the door and leaves with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    bonghwa::cli::main()
}
