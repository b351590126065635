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
    setting: String,
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

    pub(super) fn setting(&self) -> &str {
        &self.setting
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
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
        let text = setting.clone();
        let start = Self {
            setting,
            steps: Vec::new(),
            text,
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
    /// Where a parser of JSON gave up.
    position: Option<(usize, usize)>,
    place: Option<Place>,
}

/// The file that a fault is in, and the line if one is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    file: String,
    line: Option<usize>,
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
            position: None,
            place: None,
        }
    }

    /// The setting is no JSON; line and column are those of the parser.
    pub(super) fn not_json(setting: &str, line: usize, column: usize) -> Self {
        Self {
            position: Some((line, column)),
            ..Self::malformed(setting, "is not JSON")
        }
    }

    /// The name of the setting, or the path inside it, such as `TRUSTED_ISSUERS[0].discoveryUrl`.
    pub fn setting(&self) -> &str {
        self.path.as_str()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Says in which file it is, and on which line unless the parser has said so.
    pub(super) fn set_place(&mut self, file: &str, line: impl FnOnce(&Path) -> Option<usize>) {
        let line = match self.position {
            Some((line, _)) => Some(line),
            None => line(&self.path),
        };
        self.place = Some(Place {
            file: file.to_owned(),
            line,
        });
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            problem,
            position,
            place,
        } = self;
        let Some(Place { file, line }) = place else {
            write!(f, "`{path}` {problem}")?;
            return match position {
                Some((line, column)) => write!(f, " (line {line}, column {column})"),
                None => Ok(()),
            };
        };
        write!(f, "`{file}`")?;
        if let Some(line) = line {
            write!(f, " line {line}")?;
        }
        if let Some((_, column)) = position {
            write!(f, ", column {column}")?;
        }
        write!(f, ": `{path}` {problem}")
    }
}
