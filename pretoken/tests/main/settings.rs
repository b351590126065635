//! Wrong settings: one line that names all of them, and no function.

use local::lambda::{Exit, Function, FunctionSpec, StartError};

/// `EX_USAGE` of `sysexits.h`.
const USAGE: i32 = 64;

#[tokio::test]
async fn a_trigger_with_wrong_settings_does_not_start() {
    let mut spec = FunctionSpec::new("pretoken", env!("CARGO_BIN_EXE_pretoken"));
    spec.echo_logs = false;
    let wrong = [
        ("IDENTITY_PROOF", "asserted"),
        ("DIRECTORY", r#"{"a": {"role": "r"}}"#),
        ("CLIENT_CLAIMS", r#"{"a": {"sub": "x"}}"#),
    ];
    spec.environment = wrong
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let error = Function::start(spec).await.unwrap_err();
    let StartError::Init { failure, log, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(failure.exit, Exit::Code(USAGE));
    // Which version it is, and what is wrong.
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[0].contains("\"version\""), "{log:?}");
    for said in [
        "`ASSERTING_CLIENTS` is missing",
        "`DIRECTORY.a.department` is missing",
        "`CLIENT_CLAIMS.a.sub` is not a claim that may be set",
    ] {
        assert!(log[1].contains(said), "{log:?}");
    }
}
