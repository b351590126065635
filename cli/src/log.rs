//! Lines of the log, and what they say together of one request.

pub(crate) mod advice;
pub(crate) mod line;
pub(crate) mod reader;
pub(crate) mod story;
