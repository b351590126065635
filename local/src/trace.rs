//! X-Ray trace headers.
//!
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>

use crate::{clock, random};

/// A new trace that is not sampled: `Root=1-<8 hex>-<24 hex>`.
pub(crate) fn new() -> String {
    let random: String = random::uuid()
        .chars()
        .filter(char::is_ascii_hexdigit)
        .skip(8)
        .collect();
    format!("Root=1-{:08x}-{random}", clock::now())
}

/// The root of a trace header; empty where there is none.
pub(crate) fn root(header: &str) -> &str {
    let root = header.split(';').next().unwrap_or_default();
    root.strip_prefix("Root=").unwrap_or_default()
}

/// Whether a header that a stranger sent has the form of a trace root, with whatever fields behind it.
pub(crate) fn is_wellformed(header: &str) -> bool {
    let root = header.split(';').next().unwrap_or_default();
    let mut parts = root.split('-');
    let hex = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    header.bytes().all(|byte| byte.is_ascii_graphic())
        && parts.next() == Some("Root=1")
        && hex(parts.next(), 8)
        && hex(parts.next(), 24)
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_wellformed() {
        let header = new();
        assert!(is_wellformed(&header), "{header}");
        assert!(is_wellformed(&format!(
            "{header};Parent=53995c3f42cd8ad8;Sampled=1"
        )));
        assert_ne!(header, new());
    }

    #[test]
    fn anything_else_is_not() {
        for header in [
            "",
            "Root=1",
            "Root=1-68f0c0de",
            "Root=1-68f0c0de-1122334455667788990011aa-1",
            "Root=1-68f0c0dg-1122334455667788990011aa",
            "root=1-68f0c0de-1122334455667788990011aa",
            "Root=1-68f0c0de-1122334455667788990011aa;\n",
        ] {
            assert!(!is_wellformed(header), "{header}");
        }
    }
}
