//! Settings: their source, their faults, and the exit of a function that has a fault.
//!
//! A function reads all its settings once, at its start, reports every [`Fault`] at once, and never runs half configured.

mod address;
mod digest;
mod document;
mod documents;
mod fault;
mod files;
mod json;
mod lines;

use std::ops::RangeInclusive;
use std::process;

pub use address::{Address, AddressError};
pub use digest::{digest, is_digest};
pub use document::{Faults, Form, Members};
pub use documents::{Document, Documents, unreadable};
pub use fault::{Fault, Path};
pub use files::{FileError, Files, MAX_FILE_BYTES, file_system};
pub use json::Json;

use crate::log;

/// Who may be called, and by whom: a JSON object, read by [`crate::agents::Agents::parse`], or `file:` and the path of
/// one. Required.
pub const AGENTS: &str = "AGENTS";
/// The lowest level that is logged; Lambda sets it from the function's logging configuration. `INFO` by default.
pub const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// Whose tokens are believed: a JSON array, read by [`crate::issuers::TrustedIssuers::parse`], or `file:` and the path
/// of one. Required.
pub const TRUSTED_ISSUERS: &str = "TRUSTED_ISSUERS";

/// The exit status of a process whose settings are wrong: `EX_USAGE` of `sysexits.h`.
const EXIT_STATUS: i32 = 64;

/// How many faults are told: a line with as many long ones is within the 256 KB that CloudWatch Logs keeps of an event.
const MAX_TOLD: usize = 500;

/// Where settings come from: [`environment`], or a table in tests.
pub type Source<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads a variable of the process. Text that is not UTF-8 counts as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads an optional setting. An empty one counts as absent: a template cannot leave a variable out.
pub fn optional(source: &Source<'_>, name: &str) -> Option<String> {
    source(name).filter(|text| !text.is_empty())
}

/// Reads a required setting with its own parser; what is wrong with it is added to the faults.
pub fn required<T>(
    source: &Source<'_>,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, Vec<Fault>>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let Some(text) = optional(source, name) else {
        faults.push(Fault::missing(name));
        return None;
    };
    parse(&text).map_err(|found| faults.extend(found)).ok()
}

/// Reads `true` or `false`; anything else is a fault.
pub fn optional_bool(
    source: &Source<'_>,
    name: &str,
    default: bool,
    faults: &mut Vec<Fault>,
) -> bool {
    match optional(source, name).as_deref() {
        None => default,
        Some("true") => true,
        Some("false") => false,
        Some(_) => {
            faults.push(Fault::malformed(name, "is neither `true` nor `false`"));
            default
        }
    }
}

/// Reads a whole number within a range; anything else is a fault.
pub fn optional_number(
    source: &Source<'_>,
    name: &str,
    default: u64,
    range: RangeInclusive<u64>,
    faults: &mut Vec<Fault>,
) -> u64 {
    let Some(text) = optional(source, name) else {
        return default;
    };
    match text.parse() {
        Ok(number) if range.contains(&number) => number,
        Ok(_) | Err(_) => {
            let problem = format!(
                "is not a whole number from {} to {}",
                range.start(),
                range.end()
            );
            faults.push(Fault::malformed(name, problem));
            default
        }
    }
}

/// Ends the process over its settings: one log line that names every fault, and exit status 64.
pub fn stop(faults: &[Fault]) -> ! {
    log::write_fatal(&format!("the settings are wrong: {}", told(faults)));
    process::exit(EXIT_STATUS)
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

    fn table<'t>(rows: &'t [(&'t str, &'t str)]) -> impl Fn(&str) -> Option<String> + 't {
        |name| {
            let row = rows.iter().find(|row| row.0 == name)?;
            Some(row.1.to_owned())
        }
    }

    #[test]
    fn every_fault_is_kept_under_its_name() {
        let source = table(&[
            ("ON", "yes"),
            ("SIZE", "70"),
            ("SHARE", "-1"),
            ("EMPTY", ""),
        ]);
        let mut faults = Vec::new();
        let parse = |text: &str| Ok::<_, Vec<Fault>>(text.to_owned());
        assert_eq!(required(&source, "EMPTY", parse, &mut faults), None);
        assert!(!optional_bool(&source, "ON", false, &mut faults));
        assert_eq!(optional_number(&source, "SIZE", 5, 1..=69, &mut faults), 5);
        assert_eq!(optional_number(&source, "SHARE", 5, 0..=9, &mut faults), 5);
        let said: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(
            said,
            [
                "`EMPTY` is missing",
                "`ON` is neither `true` nor `false`",
                "`SIZE` is not a whole number from 1 to 69",
                "`SHARE` is not a whole number from 0 to 9",
            ]
        );
    }

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

    #[test]
    fn good_settings_are_read_and_absent_ones_have_their_default() {
        let source = table(&[("ON", "true"), ("SIZE", "69"), ("NAME", "x")]);
        let mut faults = Vec::new();
        let parse = |text: &str| Ok::<_, Vec<Fault>>(text.to_owned());
        let name = required(&source, "NAME", parse, &mut faults);
        assert_eq!(name.as_deref(), Some("x"));
        assert!(optional_bool(&source, "ON", false, &mut faults));
        assert!(optional_bool(&source, "OFF", true, &mut faults));
        assert_eq!(optional_number(&source, "SIZE", 5, 1..=69, &mut faults), 69);
        assert_eq!(optional_number(&source, "NONE", 5, 1..=69, &mut faults), 5);
        assert_eq!(faults, []);
    }
}
