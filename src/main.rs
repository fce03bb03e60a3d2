//! The `loader` program: hands the command line to the library and ends the way it says.

use std::process::ExitCode;

use loader::error::ExitStatus;

fn main() -> ExitCode {
    let status = loader::cli::run(std::env::args_os());
    if let ExitStatus::Signal(signal) = status {
        // The shell then sees a program that was interrupted, not one that chose a number.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    u8::try_from(status.code()).map_or(ExitCode::FAILURE, ExitCode::from)
}
