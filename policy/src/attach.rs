//! The function: one event of CloudFormation, one gateway brought to where it is wanted, one answer.

mod answer;
mod control;
mod error;
mod gateway;
mod handler;
mod plan;
mod reconcile;
mod request;

pub(crate) use answer::Answers;
pub(crate) use control::AgentCore;
pub(crate) use handler::Attacher;
