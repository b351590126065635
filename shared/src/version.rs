//! The version that runs: one constant for health checks, logs and `--version`.

/// The version of the workspace; behind `+` the commit that was built, where the build names one (`0.0.0+4a1b2c3d5e6f`, as
/// Semantic Versioning writes build metadata).
///
/// `make build` and `make package` name it in `GATEHOUSE_VERSION`. No build asks Git by itself, so that the same source
/// makes the same program everywhere, without Git, too.
pub const TEXT: &str = match option_env!("GATEHOUSE_VERSION") {
    Some(text) => text,
    None => env!("CARGO_PKG_VERSION"),
};
