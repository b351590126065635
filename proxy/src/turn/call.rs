//! One call of an agent, as a route asks for it.

use crate::access::Admitted;
use http::header::HeaderMap;
use shared::session::Conversation;

/// What a route says of one call, beside what the caller sent.
pub(crate) struct Call<'c> {
    pub(crate) admitted: &'c Admitted<'c>,
    pub(crate) conversation: &'c Conversation,
    /// The protocol's own.
    pub(crate) headers: HeaderMap,
}
