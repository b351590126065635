//! Configuration errors: the setting, the place in it, and what is wrong there.

use std::fmt;

/// The longest name that a fault repeats.
const MAX_SHOWN: usize = 64;

/// A place in a setting: the setting's name, then the members and items that lead there.
///
/// The steps are kept beside the text, which cannot be taken apart again: names in a document may hold dots and
/// brackets, and the text cuts long names short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The setting's name is the first.
    steps: Vec<Step>,
    text: String,
}

/// One step into a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Member(String),
    Item(usize),
}

impl Path {
    /// The place of a member of the object at this place.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        let shown: String = name.escape_debug().take(MAX_SHOWN).collect();
        self.followed_by(Step::Member(name.to_owned()), &format!(".{shown}"))
    }

    /// The place of an item of the list at this place, counted from 0.
    #[must_use]
    pub fn item(&self, place: usize) -> Self {
        self.followed_by(Step::Item(place), &format!("[{place}]"))
    }

    /// The place in words: `TRUSTED_ISSUERS[0].discoveryUrl`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The steps into the document of this setting; nothing if it is another setting's place.
    pub(super) fn steps_in(&self, setting: &str) -> Option<&[Step]> {
        match self.steps.split_first() {
            Some((Step::Member(first), steps)) if first == setting => Some(steps),
            Some(_) | None => None,
        }
    }

    fn followed_by(&self, step: Step, text: &str) -> Self {
        let mut path = self.clone();
        path.steps.push(step);
        path.text.push_str(text);
        path
    }
}

/// A place as code writes it: the setting's name alone, or with the names of members behind it, joined by dots. A name
/// that comes from a document is added with [`Path::member`] instead.
impl From<&str> for Path {
    fn from(text: &str) -> Self {
        let mut names = text.split('.');
        let setting = names.next().unwrap_or_default().to_owned();
        let start = Self {
            text: setting.clone(),
            steps: vec![Step::Member(setting)],
        };
        names.fold(start, |path, name| path.member(name))
    }
}

impl From<String> for Path {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Self> for Path {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One thing that is wrong with the settings, under the name of the setting or the path inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    path: Path,
    problem: String,
    place: Place,
}

/// Where a fault is in a text, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    file: Option<Box<str>>,
    line: Option<usize>,
    /// Of an error of syntax.
    column: Option<usize>,
}

impl Fault {
    /// The setting is required and not there.
    pub fn missing(path: impl Into<Path>) -> Self {
        Self::malformed(path, "is missing")
    }

    /// The setting is there and wrong; `problem` goes on where the name ends: "is not a number".
    pub fn malformed(path: impl Into<Path>, problem: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            problem: problem.into(),
            place: Place::default(),
        }
    }

    /// The setting is no JSON; line and column are those of the parser.
    pub(super) fn not_json(setting: &str, line: usize, column: usize) -> Self {
        let mut fault = Self::malformed(setting, "is not JSON");
        fault.place.line = Some(line);
        fault.place.column = Some(column);
        fault
    }

    /// The name of the setting, or the path inside it, such as `TRUSTED_ISSUERS[0].discoveryUrl`.
    pub fn setting(&self) -> &str {
        self.path.as_str()
    }

    /// What is wrong there; it goes on where the name of the setting ends.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The file in which it is, if the setting names one.
    pub fn file(&self) -> Option<&str> {
        self.place.file.as_deref()
    }

    /// The line on which it is, counted from 1.
    pub const fn line(&self) -> Option<usize> {
        self.place.line
    }

    pub(super) const fn path(&self) -> &Path {
        &self.path
    }

    /// Says in which file it is, and on which line if no parser has said so.
    pub(super) fn set_place(&mut self, file: &str, line: Option<usize>) {
        self.place.file = Some(file.into());
        self.place.line = self.place.line.or(line);
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            problem,
            place: Place { file, line, column },
        } = self;
        let line = line.map(|line| format!("line {line}"));
        let column = column.map(|column| format!("column {column}"));
        let within = [line, column].into_iter().flatten().collect::<Vec<_>>();
        let within = within.join(", ");
        match file {
            Some(file) if within.is_empty() => write!(f, "`{file}`: `{path}` {problem}"),
            Some(file) => write!(f, "`{file}` {within}: `{path}` {problem}"),
            None if within.is_empty() => write!(f, "`{path}` {problem}"),
            None => write!(f, "`{path}` {problem} ({within})"),
        }
    }
}
