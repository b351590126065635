//! Process information from Linux.

use std::fs;
use std::path::Path;

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident now
    pub resident: u64,
    /// The most that ever was resident
    pub peak: u64,
}

/// Reads `/proc/PID/status`.
///
/// # Panics
/// If there is no such process.
pub fn memory(pid: u32) -> Memory {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or_else(|| panic!("`{name}` of process {pid}"))
    };
    Memory {
        resident: field("VmRSS:"),
        peak: field("VmHWM:"),
    }
}

/// Whether there is such a process; one that has ended and waits for its parent counts as gone.
pub fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

/// The processes that this one started and that have not been waited for.
///
/// # Panics
/// Where there is no `/proc`.
pub fn children(pid: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|&child| stat(child).is_some_and(|(_, parent)| parent == pid))
        .collect()
}

/// State and parent: the two fields after the name, which may itself hold spaces and parentheses.
fn stat(pid: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
