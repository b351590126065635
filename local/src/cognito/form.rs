//! Parameters of a query or of a form body.

use std::collections::BTreeMap;

use url::form_urlencoded;

/// Parameters by name, each once.
#[derive(Default)]
pub(super) struct Form(BTreeMap<String, String>);

/// A parameter came twice (RFC 6749, sections 3.1 and 3.2: it must not).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repeated;

impl Form {
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, Repeated> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if parameters
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(Repeated);
            }
        }
        Ok(Self(parameters))
    }

    /// The parameter's value; one without a value counts as absent (RFC 6749, section 3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// All of it as a query again, safe inside a URL and a quoted attribute once `&` is escaped.
    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_parameter_is_refused_and_an_empty_one_is_absent() {
        assert_eq!(Form::parse(b"a=1&b=2&a=1").err(), Some(Repeated));
        let form = Form::parse(b"a=1&empty=").unwrap();
        assert_eq!(
            (form.get("a"), form.get("empty"), form.get("b")),
            (Some("1"), None, None)
        );
    }

    #[test]
    fn what_is_encoded_again_holds_no_character_of_markup() {
        let form = Form::parse(b"state=%3C%22%27%3E%26").unwrap();
        assert_eq!(form.encoded(), "state=%3C%22%27%3E%26");
    }
}
