//! Gatehouse on one machine: the cloud services around the functions, as doubles on loopback.

pub mod agent;
pub mod agentcore_gateway;
pub mod agentcore_runtime;
pub mod api_gateway;
pub mod cognito;
pub mod dynamodb;
pub mod jwt_authorizer;
pub mod lambda;
pub mod secrets_manager;
pub mod sigv4;
pub mod stack;
pub mod template;
pub mod welcome;

mod aws_json;
mod clock;
mod listen;
mod random;
mod trace;
mod watched;
