//! The two JSON documents of the settings, `AGENTS` and `TRUSTED_ISSUERS`: in their variables, or in files that those
//! name.

use super::digest::digest;
use super::fault::Fault;
use super::files::{FileError, Files, MAX_FILE_BYTES};
use super::lines::Lines;
use super::source::{self, AGENTS, Source, TRUSTED_ISSUERS};

/// What stands before the path of a file.
const FILE: &str = "file:";

/// The longest path that a fault repeats; the variables of a function have 4 KB in all.
const MAX_SHOWN: usize = 256;

/// Some editors begin a file with it. It is no part of a JSON text, and a reader may ignore it (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Both documents.
#[derive(Debug)]
pub(super) struct Documents {
    agents: Document,
    issuers: Document,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Document {
    name: &'static str,
    /// Nothing if the variable is not set, or if it names a file that cannot be read; then a fault says why.
    content: Option<Content>,
}

/// What is in the variable, or in the file of this path.
#[derive(Debug)]
struct Content {
    text: String,
    file: Option<String>,
}

impl Documents {
    /// Reads both. A file that cannot be read is added to the faults.
    pub(super) fn read(source: &Source<'_>, files: &Files<'_>, faults: &mut Vec<Fault>) -> Self {
        let mut read = |name| {
            let content = Content::read(name, source, files);
            let content = content.unwrap_or_else(|fault| {
                faults.push(fault);
                None
            });
            Document { name, content }
        };
        Self {
            issuers: read(TRUSTED_ISSUERS),
            agents: read(AGENTS),
        }
    }

    /// The document of this name, if it is one of the two.
    pub(super) fn find(&self, name: &str) -> Option<&Document> {
        let mut documents = [&self.issuers, &self.agents].into_iter();
        documents.find(|document| document.name == name)
    }

    /// The digest of both texts. A document that is absent counts as empty.
    pub(super) fn digest(&self) -> String {
        digest(
            self.agents.text().unwrap_or_default(),
            self.issuers.text().unwrap_or_default(),
        )
    }

    /// Says of each fault in a file in which file it is, and on which line.
    pub(super) fn place(&self, faults: &mut [Fault]) {
        self.issuers.place(faults);
        self.agents.place(faults);
    }
}

impl Document {
    /// Its text, if it is there and can be read.
    pub(super) fn text(&self) -> Option<&str> {
        self.content.as_ref().map(|content| content.text.as_str())
    }

    fn place(&self, faults: &mut [Fault]) {
        let Some(Content {
            text,
            file: Some(file),
        }) = &self.content
        else {
            return;
        };
        let is_own = |fault: &&mut Fault| fault.path().steps_in(self.name).is_some();
        let mut own = faults.iter_mut().filter(is_own).peekable();
        if own.peek().is_none() {
            return;
        }
        let lines = Lines::of(text);
        for fault in own {
            let steps = fault.path().steps_in(self.name).unwrap_or_default();
            let line = lines.as_ref().map(|lines| lines.find(steps));
            fault.set_place(file, line);
        }
    }
}

impl Content {
    fn read(name: &str, source: &Source<'_>, files: &Files<'_>) -> Result<Option<Self>, Fault> {
        let Some(text) = source::text(source, name) else {
            return Ok(None);
        };
        let Some(path) = text.strip_prefix(FILE) else {
            return Ok(Some(Self { text, file: None }));
        };
        if path.is_empty() {
            let problem = "is `file:` without a path; write the path of a JSON file behind it";
            return Err(Fault::malformed(name, problem));
        }
        let shown: String = path.escape_debug().take(MAX_SHOWN).collect();
        let fault = |problem: String| {
            Fault::malformed(name, format!("is in the file `{shown}`, which {problem}"))
        };
        let content = files(path).map_err(|error| fault(unreadable(error)))?;
        let text = match String::from_utf8(content) {
            Ok(text) => text,
            Err(error) => {
                let end = error.utf8_error().valid_up_to();
                let before = error.as_bytes().iter().take(end);
                let breaks = before.filter(|byte| **byte == b'\n').count();
                let line = breaks.saturating_add(1);
                return Err(fault(format!(
                    "is not UTF-8 text from line {line} on; save it as UTF-8"
                )));
            }
        };
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
        if text.trim().is_empty() {
            return Err(fault("is empty; write a JSON document into it".to_owned()));
        }
        Ok(Some(Self {
            text: text.to_owned(),
            file: Some(shown),
        }))
    }
}

/// Why there is no content, and what to do about it.
pub fn unreadable(error: FileError) -> String {
    match error {
        FileError::Absent => {
            "does not exist; a relative path starts at the working directory of the function"
                .to_owned()
        }
        FileError::Irregular => "is a folder, a pipe or a device; name a regular file".to_owned(),
        FileError::TooLarge => {
            format!("is larger than {MAX_FILE_BYTES} bytes; shorten it")
        }
        FileError::Unreadable(kind) => {
            format!("cannot be read: {kind}; let the function's user read it")
        }
    }
}
