//! Lines that the test run collects for its end.

/// Says how many of something were tried.
#[expect(
    clippy::print_stdout,
    reason = "the end of a test run is read by people"
)]
pub fn counted(what: &str) {
    println!("counted: {what}");
}

/// Says that something could not be tried here, and why. Where everything must be tried, that is a failure.
///
/// # Panics
/// Under `CI=true`.
#[expect(
    clippy::print_stdout,
    reason = "the end of a test run is read by people"
)]
#[expect(
    clippy::disallowed_methods,
    reason = "asks about the test run, not about a function"
)]
pub fn skipped(what: &str) {
    println!("skipped: {what}");
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "nothing is skipped here: {what}"
    );
}
