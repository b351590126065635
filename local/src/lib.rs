//! Gatehouse on one machine: emulators of the cloud services around the functions, on loopback.
//!
//! # What is emulated
//!
//! | Module | Service | Operations that are there | Left out |
//! |---|---|---|---|
//! | [`lambda`] | AWS Lambda | the Runtime API (`/invocation/next`, `/response`, `/error`, `/init/error`) with whole and streamed answers; `Invoke` and `InvokeWithResponseStream` as methods; timeouts, a limit of processes | invocations over HTTP or asynchronous, extensions, versions and aliases, SnapStart, several requests a process |
//! | [`api_gateway`] | API Gateway, a REST API | routing; Lambda authorizers, `TOKEN` and `REQUEST`, with their cache; IAM policies against one method; proxy integrations, buffered and streamed; mock integrations with one fixed answer; gateway responses; the access log; a custom domain with a base path; limits of headers, payload, method ARN and the authorizer's answer | throttling, usage plans, API keys, WAF, request validation, mapping templates, other integrations, resource policies |
//! | [`cognito`] | Cognito, a user pool with its domain | `/.well-known/openid-configuration`, `/.well-known/jwks.json`, `/oauth2/authorize`, `/login`, `/logout`, `/oauth2/token`, `/oauth2/revoke`, `/oauth2/userInfo`; `InitiateAuth`; `AddUserPoolClientSecret`, `DeleteUserPoolClientSecret`, `ListUserPoolClientSecrets`; the pre token generation trigger, version V3_0 | sign-up, MFA, other sign-in flows, federation, other triggers, dynamic client registration, client id metadata documents, token exchange, resource binding, rotation of refresh tokens |
//! | [`dynamodb`] | DynamoDB | `BatchGetItem`, `DeleteItem`, `GetItem`, `PutItem`, `UpdateItem`; of its own: `/directory/{sub}`, which changes a profile | every other operation, sort keys, keys that are not strings, indexes, expiry, streams, capacity, return values but `ALL_OLD` and `ALL_NEW` |
//! | [`secrets_manager`] | Secrets Manager | `GetSecretValue`, `DescribeSecret`, `PutSecretValue`, `UpdateSecretVersionStage`, `RotateSecret` with its four calls of a function | every other operation, binary values, KMS, resource policies, replicas, schedules of rotation |
//! | [`agentcore_runtime`] | AgentCore Runtime, the data plane | `InvokeAgentRuntime`, `GetAgentCard`, `StopRuntimeSession`, WebSocket connections, protected resource metadata; for containers that speak HTTP, MCP or A2A; callers with a signature or with a token | every other operation, the control plane, cold starts, idle timeout and lifetime of sessions, rate limits, quotas of WebSocket frames, resource policies |
//! | [`agentcore_gateway`] | AgentCore Gateway with its policy engine | `initialize`, `ping`, `tools/list`, `tools/call` of MCP; protected resource metadata; Cedar policies, enforced or only logged | every other method, the control plane, targets of other kinds, interceptors, rate limits, sessions and streams of MCP, policies that count by session |
//! | [`jwt_authorizer`] | AgentCore's `customJWTAuthorizer`, of runtimes and gateways | RS256 signatures of one issuer; `iss`, `sub`, `exp`, `nbf`, `aud`, `client_id` | other algorithms, conditions on scopes and on other claims |
//! | [`sigv4`] | Signature Version 4, for all services | signatures in headers, and in the query of a presigned address (`X-Amz-Signature`) | SigV4A, unsigned and chunked payloads, IAM policies |
//! | [`template`] | CloudFormation and SAM, as far as `template.yaml` uses them | parameters, conditions, rules; `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::Select`, `Fn::Split`, `Fn::If`; functions, the API, its authorizers and gateway responses | resources that concern only the cloud, nested stacks; whatever else is not understood is an error |
//!
//! Beside them: [`agent`], a demonstration agent behind AgentCore Runtime; [`agent_command`], the developer's own agent as a
//! process; [`stack`], which starts everything and tells the functions where it is; [`log`], the lines of all services, and
//! [`hops`], what requests carry through them; [`laptop`], what a person starts, with [`welcome`], the lines that it prints.
//!
//! # Known differences
//!
//! Everything is in one region and one account. Further differences:
//!
//! | Module | Kinder than AWS | Stricter than AWS, or a choice where AWS documents nothing |
//! |---|---|---|
//! | [`lambda`] | memory is not limited; idle processes are not frozen; an invocation waits up to two seconds for a process that is nearly free, where Lambda throttles at once | - |
//! | [`api_gateway`] | nothing is throttled; a stream is as fast as its function | a policy with `Condition`, `NotAction` or `NotResource` is a configuration error; too large headers are status 431, where the real status is not documented; header names reach functions in lower case |
//! | [`cognito`] | `scopes_supported` lacks `phone`, for which the client is not set up; passwords may be guessed without limit; no rate limits | a code verifier without a challenge is refused; `prompt` is `none` or `login`; a trigger's answer with an unknown member is refused, and groups that it leaves out are removed; a failed trigger is `invalid_request` at the token endpoint, where the real error is not documented |
//! | [`dynamodb`] | every read is consistent; size of items and types of attributes are not checked; `role` is the only reserved word; a batch reads every key; no capacity is exceeded | a condition has no `BETWEEN`, `IN`, `begins_with`, `contains` and `attribute_type`, an update sets no computed value, and both name attributes and values by placeholders only; numbers that are added are whole; a table holds 10,000 items |
//! | [`secrets_manager`] | lengths of values and of version ids are not checked; there is no minimum time between two changes of a value | a secret is named by its name or its whole ARN, never by a part of it |
//! | [`agentcore_runtime`] | a container hears that its caller hung up, in AgentCore it does not; one container serves all sessions; a session lasts until it is stopped | a session or user id in both header and query of a WebSocket is refused, where the precedence is not documented; each answer carries the session endpoint header, which only some runtimes send |
//! | [`agentcore_gateway`] | of a tool's schema only `required`, `properties` and `type` are checked; `tools/list` may show a tool that no input opens | a policy that cannot be evaluated denies, a `permit` and a `forbid` alike; the wording of a denial is not AgentCore's contract |
//! | [`jwt_authorizer`] | an unknown key id always fetches the keys again | a token without `sub` is refused |
//! | [`sigv4`] | there is one principal, who may do everything | none known |
//! | [`template`] | none known | a property or function that is not understood is an error with its line; a buffered route has 29 seconds at most, also where a quota was raised |
//!
//! `docs/local.md` shows how the emulators fit together, and has the same two tables: a test compares them.

pub mod agent;
pub mod agent_command;
pub mod agentcore_gateway;
pub mod agentcore_runtime;
pub mod api_gateway;
pub mod cognito;
pub mod dynamodb;
pub mod hops;
pub mod jwt_authorizer;
pub mod lambda;
pub mod laptop;
pub mod log;
pub mod secrets_manager;
pub mod sigv4;
pub mod stack;
pub mod template;
pub mod welcome;

mod aws_json;
mod clock;
mod listen;
#[cfg(test)]
mod modelled;
mod random;
mod trace;
mod watched;
