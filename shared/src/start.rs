//! Start of a function: its settings, or an exit that names all that is wrong with them.

use std::process;

use crate::log;
use crate::settings::{self, Fault, Source};

/// The exit status of a process whose settings are wrong: `EX_USAGE` of `sysexits.h`.
const EXIT_STATUS: i32 = 64;

/// How many faults are told: a line with as many long ones is within the 256 KB that CloudWatch Logs keeps of an event.
const MAX_TOLD: usize = 500;

/// Reads the settings of this process. If they are wrong it ends here: one log line that names every fault, and exit
/// status 64.
pub fn config<T>(read: impl FnOnce(&Source<'_>) -> Result<T, Vec<Fault>>) -> T {
    read(&settings::environment).unwrap_or_else(|faults| {
        log::write_fatal(&format!("the settings are wrong: {}", told(&faults)));
        process::exit(EXIT_STATUS)
    })
}

fn told(faults: &[Fault]) -> String {
    let mut told: Vec<String> = faults.iter().take(MAX_TOLD).map(Fault::to_string).collect();
    let others = faults.len().saturating_sub(MAX_TOLD);
    if others > 0 {
        told.push(format!("and {others} more"));
    }
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{AGENTS, Path};

    #[test]
    fn a_file_full_of_faults_is_no_line_without_end() {
        let faults = |count: usize| -> Vec<Fault> {
            let fault = |place| Fault::missing(Path::from(AGENTS).item(place));
            (0..count).map(fault).collect()
        };
        assert_eq!(
            told(&faults(2)),
            "`AGENTS[0]` is missing; `AGENTS[1]` is missing"
        );
        assert!(told(&faults(500)).ends_with("; `AGENTS[499]` is missing"));
        let told = told(&faults(700));
        assert!(told.ends_with("; `AGENTS[499]` is missing; and 200 more"));
    }
}
