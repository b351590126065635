//! A policy file: a header that says who may do what, and one Cedar statement.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::finding::Finding;

/// Stands for the gateway's ARN in every statement; CloudFormation puts in the real one.
pub const PLACEHOLDER: &str = "${GatewayArn}";

/// The text of one policy file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file, as findings name it.
    pub file: String,
    /// All of it.
    pub text: String,
}

/// Why the policies cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableError {
    #[error("read `{}`", .0.display())]
    Io(PathBuf, #[source] io::Error),
    /// A policy that is misspelt here would be missing there, in silence.
    #[error("`{}` is not a `.cedar` file", .0.display())]
    Stray(PathBuf),
    /// An engine without policies denies everything.
    #[error("there is no policy in `{}`", .0.display())]
    Empty(PathBuf),
}

impl Source {
    /// Reads every policy of a folder, in the order of their names.
    ///
    /// # Errors
    /// If one cannot be read, or if there is anything else in the folder.
    pub fn read_folder(folder: &Path) -> Result<Vec<Self>, UnreadableError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            |error| UnreadableError::Io(path, error)
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            paths.push(entry.map_err(unreadable(folder))?.path());
        }
        if paths.is_empty() {
            return Err(UnreadableError::Empty(folder.to_owned()));
        }
        paths.sort();
        paths
            .into_iter()
            .map(|path| {
                if path
                    .extension()
                    .is_none_or(|extension| extension != "cedar")
                {
                    return Err(UnreadableError::Stray(path));
                }
                let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
                let file = path.display().to_string();
                Ok(Self { file, text })
            })
            .collect()
    }

    /// The policy's name: the file's, without folder and extension.
    pub fn name(&self) -> &str {
        let name = Path::new(&self.file).file_stem();
        name.and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The lines of comment before the statement, as one line of text.
    pub(crate) fn header(&self) -> String {
        let lines = self.text.lines().map_while(|line| line.strip_prefix("//"));
        let lines: Vec<&str> = lines.map(str::trim).collect();
        lines.join(" ").trim().to_owned()
    }

    /// Where the statement starts, behind the header and all blanks after it.
    pub(crate) fn statement_start(&self) -> usize {
        let lines = self.text.split_inclusive('\n');
        let before = lines.take_while(|line| line.starts_with("//") || line.trim().is_empty());
        let header: usize = before.map(str::len).sum();
        let (_, rest) = self.text.split_at(header);
        let blanks = rest.len().saturating_sub(rest.trim_start().len());
        header.saturating_add(blanks)
    }

    /// The statement, without anything around it.
    pub fn statement(&self) -> &str {
        let (_, statement) = self.text.split_at(self.statement_start());
        statement.trim_end()
    }

    /// Where a piece of the statement's code first stands, comments left aside; the statement's start if it is nowhere.
    pub(crate) fn find(&self, piece: &str) -> usize {
        let start = self.statement_start();
        let code = without_comments(self.statement());
        let found = code.find(piece).unwrap_or_default();
        start.saturating_add(found)
    }

    /// A finding at a byte of the file.
    pub(crate) fn finding(&self, at: usize, message: impl Into<String>) -> Finding {
        let before: Vec<char> = self
            .text
            .char_indices()
            .take_while(|(index, _)| *index < at)
            .map(|(_, character)| character)
            .collect();
        let line = before
            .iter()
            .filter(|&&character| character == '\n')
            .count();
        let column = before
            .iter()
            .rev()
            .take_while(|&&character| character != '\n');
        Finding {
            file: self.file.clone(),
            line: line.saturating_add(1),
            column: column.count().saturating_add(1),
            message: message.into(),
        }
    }
}

/// The same text with blanks for its comments, so that every place stays where it was.
///
/// A comment starts with `//` outside a string and ends with the line; there are no others in Cedar.
fn without_comments(text: &str) -> String {
    let (mut in_string, mut in_comment, mut escaped) = (false, false, false);
    let mut code = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => in_comment = false,
            '"' if !in_comment && !escaped => in_string = !in_string,
            '/' if !in_string && characters.peek() == Some(&'/') => in_comment = true,
            _ => {}
        }
        escaped = in_string && character == '\\' && !escaped;
        if in_comment {
            code.extend(std::iter::repeat_n(' ', character.len_utf8()));
        } else {
            code.push(character);
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_header_and_a_statement() {
        let source = Source {
            file: "policies/some_name.cedar".to_owned(),
            text: "// Who may\n// do what.\n\npermit (\n  // not \"this\"\n  \"th\u{e9}\\\"//s\", \"this\"\n);\n\n"
                .to_owned(),
        };
        assert_eq!(source.name(), "some_name");
        assert_eq!(source.header(), "Who may do what.");
        assert!(source.statement().starts_with("permit ("));
        assert!(source.statement().ends_with(");"));
        let finding = source.finding(source.find("\"this\""), "found");
        assert_eq!(finding.to_string(), "policies/some_name.cedar:6:15: found");
        let nowhere = source.finding(source.find("elsewhere"), "start");
        assert_eq!((nowhere.line, nowhere.column), (4, 1));
    }

    #[test]
    fn a_folder_without_policies_or_with_more_is_refused() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let stray = Source::read_folder(&folder).unwrap_err();
        assert!(matches!(stray, UnreadableError::Stray(_)), "{stray}");
        let empty = std::env::temp_dir().join(format!("no-policies-{}", std::process::id()));
        fs::create_dir(&empty).unwrap();
        let nothing = Source::read_folder(&empty).unwrap_err();
        fs::remove_dir(&empty).unwrap();
        assert!(matches!(nothing, UnreadableError::Empty(_)), "{nothing}");
        let missing = Source::read_folder(&folder.join("none")).unwrap_err();
        assert!(matches!(missing, UnreadableError::Io(..)), "{missing}");
    }
}
