//! An A2A agent's card: `GetAgentCard`.

use std::time::Duration;

use aws_sdk_bedrockagentcore::operation::RequestId;
use aws_smithy_types::{Document, Number};
use serde_json::Value;

use super::bounded::Bounded;
use super::call::Session;
use super::failure::Failure;
use super::runtime::{Runtimes, answer, show};
use crate::audit::record::Upstream;
use crate::caller::problem::Problem;

/// Cards in use have some kilobytes.
const MAX_CARD: usize = 256 * 1024;

/// A card as deep as this says nothing that an agent could mean; `serde_json` reads no deeper one.
const MAX_DEPTH: usize = 128;

impl Runtimes {
    /// Asks for the card, and waits at most `patience` for it.
    pub(super) async fn agent_card(
        &self,
        session: Session<'_>,
        patience: Duration,
    ) -> Result<(Value, Upstream), Failure> {
        let Session {
            permit: _,
            authority,
            runtime,
            qualifier,
            id,
        } = session;
        let client = self.client(runtime, authority)?;
        let request = client
            .get_agent_card()
            .agent_runtime_arn(runtime.as_str())
            .qualifier(qualifier)
            .runtime_session_id(id.as_str())
            .customize()
            .interceptor(Bounded::everything(MAX_CARD))
            .mutate_request(show(authority));
        let output = answer(request.send(), authority, patience).await?;
        let upstream = Upstream {
            status: output
                .status_code
                .and_then(|status| u16::try_from(status).ok()),
            request_id: output.request_id().map(str::to_owned),
            ..Upstream::default()
        };
        let card = json(&output.agent_card, MAX_DEPTH);
        let card = card.ok_or_else(|| Failure::without_answer(Problem::AgentFailed, None))?;
        Ok((card, upstream))
    }
}

/// The SDK's document as JSON; none if it is too deep.
fn json(document: &Document, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match document {
        Document::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| Some((name.clone(), json(member, depth)?)))
                .collect::<Option<_>>()?,
        ),
        Document::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| json(item, depth))
                .collect::<Option<_>>()?,
        ),
        Document::Number(Number::PosInt(number)) => Value::from(*number),
        Document::Number(Number::NegInt(number)) => Value::from(*number),
        Document::Number(Number::Float(number)) => Value::from(*number),
        Document::String(text) => Value::String(text.clone()),
        Document::Bool(truth) => Value::Bool(*truth),
        Document::Null => Value::Null,
    })
}
