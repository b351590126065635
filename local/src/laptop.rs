//! The laptop's stack, as a person starts it: ports, passwords and a log that stay, one line a call, and a port of its own.

mod console;
mod home;
mod journal;
mod kept;
mod options;
mod own_agent;
mod ports;
mod run;
mod story;

pub use options::{Options, Stop, USAGE};
pub use run::run;
