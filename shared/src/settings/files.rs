//! The files that settings name.

use std::fs::{self, File};
use std::io::{self, Read};

/// The largest file that is read, in bytes: what Kubernetes lets a ConfigMap hold, which serves the same purpose. 200
/// agents and 30 issuers take a twentieth of it.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where files come from: [`file_system`], or a table in tests. A path is absolute, or relative to the working directory
/// of the process.
pub type Files<'a> = dyn Fn(&str) -> Result<Vec<u8>, FileError> + 'a;

/// Why the content of a file is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// No file has this path.
    Absent,
    /// A folder, a pipe or a device.
    Irregular,
    /// Larger than [`MAX_FILE_BYTES`].
    TooLarge,
    /// The operating system says no.
    Unreadable(io::ErrorKind),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        if kind == io::ErrorKind::NotFound {
            Self::Absent
        } else {
            Self::Unreadable(kind)
        }
    }
}

/// Reads a file.
///
/// # Errors
/// It cannot be read, or is not a file of at most [`MAX_FILE_BYTES`].
pub fn file_system(path: &str) -> Result<Vec<u8>, FileError> {
    // Opening a pipe would wait for a writer, and a device has no end: so this is asked before.
    if !fs::metadata(path)?.is_file() {
        return Err(FileError::Irregular);
    }
    let mut content = Vec::new();
    let file = File::open(path)?;
    // One byte more than may be there shows that there is too much.
    let mut bounded = file.take(MAX_FILE_BYTES.saturating_add(1));
    let read = bounded.read_to_end(&mut content)?;
    if u64::try_from(read).is_ok_and(|read| read <= MAX_FILE_BYTES) {
        Ok(content)
    } else {
        Err(FileError::TooLarge)
    }
}
