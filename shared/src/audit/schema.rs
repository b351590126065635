//! Version of the record, and how it shows strangers' texts.

use tracing::field::{DisplayValue, display};

use crate::log::Loggable;

/// The version of the record. It changes if a field goes or means something else; a new field changes nothing.
pub const SCHEMA: &str = "gatehouse.audit.v1";

pub(super) fn loggable(text: Option<&str>) -> Option<DisplayValue<Loggable<'_>>> {
    text.map(|text| display(Loggable(text)))
}
