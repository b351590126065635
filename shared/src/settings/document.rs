//! Reader for settings that are JSON documents: member by member, so that every fault is found and named by its path.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::mem;
use std::ops::RangeInclusive;

use super::fault::{Fault, Path};
use super::json::Json;
use super::nearest::nearest;
use crate::aws::names::{MAX_AGENTCORE_SCOPE, is_scope};
use crate::text::is_visible;

/// Members for people and their editors, in every object of a document that takes them: a remark, and the address of the
/// JSON Schema that the document follows (JSON Schema 2020-12, 8.1.1 and 8.3).
const REMARKS: [&str; 2] = ["$comment", "$schema"];

/// The faults found so far in a document.
#[derive(Default)]
pub struct Faults {
    found: RefCell<Vec<Fault>>,
    takes_remarks: bool,
}

impl Faults {
    /// Those of a document whose objects may have a `$comment` and a `$schema`, which are texts and mean nothing.
    pub fn with_remarks() -> Self {
        Self {
            takes_remarks: true,
            ..Self::default()
        }
    }

    pub fn add(&self, fault: Fault) {
        self.found.borrow_mut().push(fault);
    }

    /// The value, if nothing was wrong.
    ///
    /// # Errors
    /// Every fault that was found.
    pub fn or_value<T>(self, value: T) -> Result<T, Vec<Fault>> {
        let faults = self.found.into_inner();
        if faults.is_empty() {
            Ok(value)
        } else {
            Err(faults)
        }
    }

    fn wrong_kind(&self, path: impl Into<Path>, wanted: &str, found: &str) {
        let problem = format!("is {found}, not {wanted}");
        self.add(Fault::malformed(path, problem));
    }

    /// The items of a list that may not be empty, each with its path.
    pub fn list(&self, path: impl Into<Path>, json: Json) -> Option<Vec<(Path, Json)>> {
        let path = path.into();
        let kind = json.kind();
        let Json::List(items) = json else {
            self.wrong_kind(path, "a list", kind);
            return None;
        };
        if items.is_empty() {
            self.add(Fault::malformed(path, "is an empty list"));
            return None;
        }
        let paths = (0..items.len()).map(|place| path.item(place));
        Some(paths.zip(items).collect())
    }

    /// A text of the given form.
    fn text(&self, path: Path, json: Json, form: &Form) -> Option<String> {
        let kind = json.kind();
        let Json::Text(text) = json else {
            self.wrong_kind(path, "a text", kind);
            return None;
        };
        if !(form.holds)(&text) {
            self.add(Fault::malformed(path, format!("is not {}", form.says)));
            return None;
        }
        Some(text)
    }
}

/// What a text must be.
pub struct Form {
    /// The rule in words, going on after "is not".
    pub says: &'static str,
    pub holds: fn(&str) -> bool,
}

impl Form {
    pub const ANY: Self = Self {
        says: "a text",
        holds: |_| true,
    };

    /// The form of ids and names in tokens, of any issuer.
    pub const PLAIN: Self = Self {
        says: "1 to 255 printable characters without spaces",
        holds: |text| is_visible(text, 255),
    };

    /// A scope, of AgentCore's length.
    pub const SCOPE: Self = Self {
        says: "a scope of 1 to 255 printable characters without spaces, quotes and backslashes",
        holds: |text| is_scope(text, MAX_AGENTCORE_SCOPE),
    };
}

/// The members of one object. Each is taken by its name; [`Members::finish`] reports unknown ones.
pub struct Members<'f> {
    path: Path,
    members: Vec<(String, Json)>,
    /// The names that were asked for, which are the known ones: for the one who misspelt one of them.
    asked: BTreeSet<String>,
    faults: &'f Faults,
}

impl<'f> Members<'f> {
    /// Opens an object; anything else is a fault.
    pub fn open(path: impl Into<Path>, json: Json, faults: &'f Faults) -> Option<Self> {
        let path = path.into();
        let kind = json.kind();
        let Json::Object(members) = json else {
            faults.wrong_kind(path, "an object", kind);
            return None;
        };
        let mut opened = Self {
            path,
            members,
            asked: BTreeSet::new(),
            faults,
        };
        for name in REMARKS.iter().filter(|_| faults.takes_remarks) {
            let _means_nothing = opened.text(name, &Form::ANY);
        }
        Some(opened)
    }

    /// The path of a member.
    pub fn path(&self, name: &str) -> Path {
        self.path.member(name)
    }

    /// Adds a fault of a member.
    pub fn fault(&self, name: &str, problem: impl Into<String>) {
        self.faults.add(Fault::malformed(self.path(name), problem));
    }

    /// Adds a fault of the object itself.
    pub fn own_fault(&self, problem: impl Into<String>) {
        self.faults.add(Fault::malformed(&self.path, problem));
    }

    /// Takes a member out; one that is given twice is a fault.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        self.asked.insert(name.to_owned());
        self.remove(name)
    }

    fn remove(&mut self, name: &str) -> Option<Json> {
        let (mut found, others): (Vec<_>, Vec<_>) = mem::take(&mut self.members)
            .into_iter()
            .partition(|(own, _)| own == name);
        self.members = others;
        if found.len() > 1 {
            self.fault(name, "is given twice");
        }
        found.pop().map(|(_, json)| json)
    }

    /// Reports each of these that is not there.
    pub fn needs(&self, names: &[&str]) {
        for name in names.iter().filter(|name| !self.has(name)) {
            self.faults.add(Fault::missing(self.path(name)));
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(own, _)| own == name)
    }

    /// Every member, in order, each an object.
    pub fn into_objects(mut self) -> Vec<(String, Option<Self>)> {
        let members = self.take_all().into_iter();
        let objects = members.map(|(name, json)| {
            let object = Self::open(self.path(&name), json, self.faults);
            (name, object)
        });
        objects.collect()
    }

    /// Every member, in order, each a name and a text of the given forms.
    pub fn into_texts(mut self, names: &Form, texts: &Form) -> Vec<(String, String)> {
        let members = self.take_all().into_iter();
        let pairs = members.filter_map(|(name, json)| {
            if !(names.holds)(&name) {
                self.fault(&name, format!("is not {}", names.says));
            }
            let text = self.faults.text(self.path(&name), json, texts)?;
            Some((name, text))
        });
        pairs.collect()
    }

    /// Takes every member out, in order; one that is given twice is a fault.
    fn take_all(&mut self) -> Vec<(String, Json)> {
        let mut all = Vec::new();
        while let Some(name) = self.members.first().map(|(name, _)| name.clone()) {
            if let Some(json) = self.remove(&name) {
                all.push((name, json));
            }
        }
        all
    }

    /// An optional object.
    pub fn object(&mut self, name: &str) -> Option<Self> {
        let json = self.take(name)?;
        Self::open(self.path(name), json, self.faults)
    }

    /// An optional list that may not be empty, of objects.
    pub fn objects(&mut self, name: &str) -> Option<Vec<Self>> {
        let json = self.take(name)?;
        let items = self.faults.list(self.path(name), json)?;
        let objects = items
            .into_iter()
            .filter_map(|(path, item)| Self::open(path, item, self.faults));
        Some(objects.collect())
    }

    /// An optional text.
    pub fn text(&mut self, name: &str, form: &Form) -> Option<String> {
        let json = self.take(name)?;
        self.faults.text(self.path(name), json, form)
    }

    /// An optional list of texts.
    pub fn texts(&mut self, name: &str, form: &Form) -> Option<Vec<String>> {
        let json = self.take(name)?;
        let items = self.faults.list(self.path(name), json)?;
        let texts = items
            .into_iter()
            .filter_map(|(path, item)| self.faults.text(path, item, form));
        Some(texts.collect())
    }

    /// An optional text, or a list of texts that may not be empty.
    pub fn one_or_texts(&mut self, name: &str, form: &Form) -> Option<Vec<String>> {
        let json = self.take(name)?;
        let path = self.path(name);
        let kind = json.kind();
        match json {
            Json::Text(_) => Some(vec![self.faults.text(path, json, form)?]),
            Json::List(_) => {
                let items = self.faults.list(path, json)?.into_iter();
                let texts = items.map(|(path, item)| self.faults.text(path, item, form));
                Some(texts.flatten().collect())
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => {
                self.faults
                    .wrong_kind(path, "a text or a list of texts", kind);
                None
            }
        }
    }

    /// An optional list that may not be empty, of what `read` takes.
    pub fn items<T>(
        &mut self,
        name: &str,
        says: &str,
        read: impl Fn(&Json) -> Option<T>,
    ) -> Option<Vec<T>> {
        let json = self.take(name)?;
        let items = self.faults.list(self.path(name), json)?.into_iter();
        let items = items.filter_map(|(path, item)| {
            let read = read(&item);
            if read.is_none() {
                let problem = format!("is not {says}");
                self.faults.add(Fault::malformed(path, problem));
            }
            read
        });
        Some(items.collect())
    }

    /// An optional text that is one of a few names.
    pub fn one_of<T>(
        &mut self,
        name: &str,
        names: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(&self.text(name, &Form::ANY)?);
        if parsed.is_none() {
            self.fault(name, format!("is none of {names}"));
        }
        parsed
    }

    /// An optional `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let json = self.take(name)?;
        let kind = json.kind();
        let Json::Bool(flag) = json else {
            self.faults.wrong_kind(self.path(name), "a boolean", kind);
            return None;
        };
        Some(flag)
    }

    /// An optional whole number within a range.
    pub fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let json = self.take(name)?;
        let number = match &json {
            Json::Number(number) => number.as_u64().filter(|number| range.contains(number)),
            Json::Null | Json::Bool(_) | Json::Text(_) | Json::List(_) | Json::Object(_) => None,
        };
        if number.is_none() {
            let (least, most) = range.into_inner();
            self.fault(
                name,
                format!("is not a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// Reports every member that was not taken.
    pub fn finish(mut self) {
        for (name, _) in self.take_all() {
            let meant = nearest(&name, self.asked.iter().map(String::as_str));
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
            let problem = format!("is not a known field{}", meant.unwrap_or_default());
            self.fault(&name, problem);
        }
    }
}
