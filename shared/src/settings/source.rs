//! Source of settings, and the names of those that both authorizer and proxy read.

/// Who may be called, and by whom: a JSON object, read by [`crate::agents::Agents::parse`], or `file:` and the path of
/// one. Required.
pub const AGENTS: &str = "AGENTS";
/// The lowest level that is logged; Lambda sets it from the function's logging configuration. `INFO` by default.
pub const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// Whose tokens are believed: a JSON array, read by [`crate::issuers::TrustedIssuers::parse`], or `file:` and the path
/// of one. Required.
pub const TRUSTED_ISSUERS: &str = "TRUSTED_ISSUERS";

/// Where settings come from: [`environment`], or a table in tests.
pub type Source<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads a variable of the process. Text that is not UTF-8 counts as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads a setting. An empty one counts as absent: a template cannot leave a variable out.
pub(super) fn text(source: &Source<'_>, name: &str) -> Option<String> {
    source(name).filter(|text| !text.is_empty())
}
