//! One call of an agent, as a route asks for it.

use http::header::HeaderMap;
use shared::session::Conversation;

use crate::access::Admitted;

/// What a route says of one call, beside what the caller sent.
pub(crate) struct Call<'c> {
    pub(crate) admitted: &'c Admitted<'c>,
    pub(crate) conversation: &'c Conversation,
    /// The protocol's own.
    pub(crate) headers: HeaderMap,
}
