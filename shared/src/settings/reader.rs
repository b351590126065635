//! Reader for the settings of a function: one after the other, with all faults at the end.

use std::ops::RangeInclusive;

use super::address::AddressError;
use super::documents::Documents;
use super::fault::Fault;
use super::files::Files;
use super::source::{self, Source};

/// Reads settings from a source, and keeps what is wrong with them until [`Reader::finish`].
pub struct Reader<'s> {
    source: &'s Source<'s>,
    documents: Option<Documents>,
    faults: Vec<Fault>,
}

/// What a parser says when a text is no good: words that go on where the setting's name ends, or faults with paths.
pub trait Problem {
    fn faults(self, setting: &str) -> Vec<Fault>;
}

impl Problem for String {
    fn faults(self, setting: &str) -> Vec<Fault> {
        vec![Fault::malformed(setting, self)]
    }
}

impl Problem for &str {
    fn faults(self, setting: &str) -> Vec<Fault> {
        self.to_owned().faults(setting)
    }
}

impl Problem for AddressError {
    fn faults(self, setting: &str) -> Vec<Fault> {
        self.to_string().faults(setting)
    }
}

impl Problem for Vec<Fault> {
    fn faults(self, _: &str) -> Vec<Fault> {
        self
    }
}

impl<'s> Reader<'s> {
    pub const fn new(source: &'s Source<'s>) -> Self {
        Self {
            source,
            documents: None,
            faults: Vec::new(),
        }
    }

    /// A reader for functions that read the documents `AGENTS` and `TRUSTED_ISSUERS`, which may be in files. Of a file
    /// that cannot be read there is one fault, and none because the document is missing.
    pub fn with_documents(source: &'s Source<'s>, files: &Files<'_>) -> Self {
        let mut faults = Vec::new();
        let documents = Documents::read(source, files, &mut faults);
        Self {
            source,
            documents: Some(documents),
            faults,
        }
    }

    /// The text of a setting. An empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<String> {
        let documents = self.documents.as_ref();
        match documents.and_then(|documents| documents.find(name)) {
            Some(document) => document.text().map(str::to_owned),
            None => source::text(self.source, name),
        }
    }

    /// Whether a setting is there, be it good or not.
    pub fn is_given(&self, name: &str) -> bool {
        source::text(self.source, name).is_some()
    }

    /// Reads a setting that may be absent.
    pub fn optional<T, P: Problem>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        let parsed = parse(&self.text(name)?);
        parsed
            .map_err(|problem| self.faults.extend(problem.faults(name)))
            .ok()
    }

    /// Reads a setting that must be there.
    pub fn required<T, P: Problem>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        self.required_if(true, name, parse)
    }

    /// Reads a setting that must be there where others ask for it. What is given is checked in any case.
    pub fn required_if<T, P: Problem>(
        &mut self,
        is_required: bool,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        if is_required && !self.is_given(name) {
            self.faults.push(Fault::missing(name));
        }
        self.optional(name, parse)
    }

    /// Reads `true` or `false`.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        let flag = self.optional(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("is neither `true` nor `false`"),
        });
        flag.unwrap_or(default)
    }

    /// Reads a whole number within a range.
    pub fn number(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let (least, most) = (*range.start(), *range.end());
        let number = self.optional(name, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.ok_or_else(|| format!("is not a whole number from {least} to {most}"))
        });
        number.unwrap_or(default)
    }

    /// Adds a fault of a setting.
    pub fn fault(&mut self, name: &str, problem: impl Into<String>) {
        self.faults.push(Fault::malformed(name, problem));
    }

    /// Adds faults that settings have together.
    pub fn faults(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.extend(faults);
    }

    /// The digest of the documents. One that is absent counts as empty.
    pub fn digest(&self) -> String {
        self.documents
            .as_ref()
            .map(Documents::digest)
            .unwrap_or_default()
    }

    /// The value that was read, if nothing was wrong.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<Fault>> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            Some(_) | None => {
                if let Some(documents) = &self.documents {
                    documents.place(&mut self.faults);
                }
                Err(self.faults)
            }
        }
    }
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

    fn said(faults: &[Fault]) -> Vec<String> {
        faults.iter().map(Fault::to_string).collect()
    }

    fn bad(_: &str) -> Result<(), &'static str> {
        Err("is bad")
    }

    fn good(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    #[test]
    fn every_fault_is_kept_under_its_name() {
        let rows = [
            ("ON", "yes"),
            ("SIZE", "70"),
            ("SHARE", "-1"),
            ("EMPTY", ""),
            ("BAD", "x"),
            ("ADDRESS", "http://a.example"),
        ];
        let source = table(&rows);
        let mut settings = Reader::new(&source);
        assert_eq!(settings.required("EMPTY", good), None);
        assert!(!settings.flag("ON", false));
        assert_eq!(settings.number("SIZE", 5, 1..=69), 5);
        assert_eq!(settings.number("SHARE", 5, 0..=9), 5);
        assert_eq!(settings.optional("BAD", bad), None);
        assert_eq!(settings.required_if(false, "BAD", bad), None);
        assert_eq!(settings.required_if(true, "ABSENT", bad), None);
        let address = |_: &str| Err::<(), _>(AddressError::Insecure);
        assert_eq!(settings.required("ADDRESS", address), None);
        let inside = |_: &str| Err::<(), _>(vec![Fault::missing("BAD.a"), Fault::missing("BAD.b")]);
        assert_eq!(settings.required("BAD", inside), None);
        settings.fault("BAD", "contradicts `ON`");
        settings.faults([Fault::missing("OTHER")]);
        assert_eq!(
            said(&settings.finish(Some(())).unwrap_err()),
            [
                "`EMPTY` is missing",
                "`ON` is neither `true` nor `false`",
                "`SIZE` is not a whole number from 1 to 69",
                "`SHARE` is not a whole number from 0 to 9",
                "`BAD` is bad",
                "`BAD` is bad",
                "`ABSENT` is missing",
                "`ADDRESS` is neither https nor http on a loopback host",
                "`BAD.a` is missing",
                "`BAD.b` is missing",
                "`BAD` contradicts `ON`",
                "`OTHER` is missing",
            ]
        );
    }

    #[test]
    fn good_settings_are_read_and_absent_ones_have_their_default() {
        let rows = [("ON", "true"), ("SIZE", "69"), ("NAME", "x"), ("EMPTY", "")];
        let source = table(&rows);
        let mut settings = Reader::new(&source);
        assert_eq!(settings.required("NAME", good).as_deref(), Some("x"));
        assert_eq!(
            settings.required_if(true, "NAME", good).as_deref(),
            Some("x")
        );
        for absent in ["NONE", "EMPTY"] {
            assert!(!settings.is_given(absent));
            assert_eq!(settings.text(absent), None);
            assert_eq!(settings.optional(absent, bad), None);
            assert_eq!(settings.required_if(false, absent, bad), None);
            assert!(settings.flag(absent, true));
            assert_eq!(settings.number(absent, 5, 1..=69), 5);
        }
        assert!(settings.flag("ON", false));
        assert_eq!(settings.number("SIZE", 5, 1..=69), 69);
        assert_eq!(settings.digest(), "");
        assert_eq!(settings.finish(Some(7)), Ok(7));
    }

    #[test]
    fn a_value_that_is_not_there_is_no_success() {
        let source = |_: &str| None;
        assert_eq!(Reader::new(&source).finish(None::<()>), Err(Vec::new()));
    }
}
