//! Changes of access: what opens, what closes, and what cannot be told.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// One thing that changes, and about what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    about: String,
    what: String,
}

/// All that changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    opens: Vec<Change>,
    closes: Vec<Change>,
    unclear: Vec<Change>,
}

impl Changes {
    /// A caller may do now what they could not before.
    pub(crate) fn opens(&mut self, about: &str, what: String) {
        push(&mut self.opens, about, what);
    }

    /// A caller may no longer do what they could before.
    pub(crate) fn closes(&mut self, about: &str, what: String) {
        push(&mut self.closes, about, what);
    }

    /// A rule has changed, and the direction cannot be told. It counts as opened.
    pub(crate) fn unclear(&mut self, about: &str, what: String) {
        push(&mut self.unclear, about, what);
    }

    /// True if access is wider, or may be.
    pub(crate) fn is_wider(&self) -> bool {
        !self.opens.is_empty() || !self.unclear.is_empty()
    }

    /// A list of each kind that there is, with its name above it.
    pub(crate) fn text(&self) -> String {
        let lists = [
            ("opens:", &self.opens),
            ("closes:", &self.closes),
            ("unclear, so it counts as opening:", &self.unclear),
        ];
        let mut text = String::new();
        for (name, changes) in lists.into_iter().filter(|(_, changes)| !changes.is_empty()) {
            let _always_fits = writeln!(text, "{name}");
            for Change { about, what } in changes {
                let _always_fits = writeln!(text, "  {about}: {what}");
            }
        }
        if text.is_empty() {
            text.push_str("nothing changes about who may call what\n");
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let list = |changes: &[Change]| -> Vec<Value> {
            let told = |Change { about, what }: &Change| json!({"about": about, "what": what});
            changes.iter().map(told).collect()
        };
        json!({
            "closes": list(&self.closes),
            "opens": list(&self.opens),
            "unclear": list(&self.unclear),
            "wider": self.is_wider(),
        })
    }
}

fn push(changes: &mut Vec<Change>, about: &str, what: String) {
    let about = about.to_owned();
    let change = Change { about, what };
    if !changes.contains(&change) {
        changes.push(change);
    }
}
