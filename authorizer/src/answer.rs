//! The authorizer's answer: an IAM policy, or a simple response (HTTP APIs) if the API asks for one.
//!
//! API Gateway keeps an answer and uses it on every route where the same token is shown, so an answer depends on the
//! token, the settings and the API's stage, and on nothing else of the request: a policy lists all that the caller may
//! call. A name that no agent has is left to the proxy, which answers 404; a refusal here would be a 403.
//!
//! An answer has at most [`MAX_BYTES`]. What a caller is said to be comes first, then the denials, all of them or none:
//! without them the answer lets every call of an agent through to the proxy, which decides each call again by the same
//! settings and says 403 itself. A list of what is allowed would save room, too, but would deny all other names, and of a
//! name that no agent has the proxy says 404. So with many agents API Gateway stops fewer calls than it could, and none
//! comes further than the proxy that should not.
//!
//! With names of at most 63 characters no resource comes near the 512 characters that API Gateway takes ("Output from an
//! API Gateway Lambda authorizer").

use std::collections::BTreeMap;

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerIamPolicyResponse, ApiGatewayV2CustomAuthorizerSimpleResponse,
};
use aws_lambda_events::iam::{IamPolicyEffect, IamPolicyStatement};
use serde::Serialize;
use serde_json::Value;
use shared::agents::{Agent, Agents};
use shared::gate::Identity;

use crate::event::Method;

/// The most bytes of an answer. Of its APIs, AWS says for WebSocket APIs alone how large an authorizer's result may be, 8
/// KB ("Quotas for configuring and running a WebSocket API in API Gateway"), so all are held to that, and to the smaller
/// meaning of KB.
const MAX_BYTES: usize = 8000;

/// What is left out of the context, in this order, where a caller has more than an answer holds. A caller without groups
/// or scopes may less, never more. What remains always fits: texts of at most 255 characters, of four bytes each, and an
/// issuer's address of at most 2048.
const OPTIONAL: [&str; 2] = ["groups", "scope"];

/// An authorizer's answer.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum PolicyAnswer {
    /// The form is the same for REST, WebSocket and HTTP APIs. The crate's type for the first two would add a null.
    Policy(ApiGatewayV2CustomAuthorizerIamPolicyResponse<Context>),
    /// An HTTP API's simple response.
    Simple(ApiGatewayV2CustomAuthorizerSimpleResponse<Context>),
}

/// What the integration is told of the caller, and with which settings they were judged. API Gateway takes no lists or
/// objects here.
type Context = BTreeMap<String, String>;

impl PolicyAnswer {
    /// The policy of all that a believed caller may call.
    pub(crate) fn policy(
        identity: &Identity,
        agents: &Agents,
        settings: &str,
        method: &Method,
    ) -> Self {
        let policy = |statement| {
            let context = context(identity, settings);
            Self::from_statements(&identity.subject, vec![statement], context).shortened()
        };
        if method.is_connect() {
            return policy(connect(identity, agents, method));
        }
        let allowing = policy(allowed(method));
        let denying = denied(identity, agents, method).map(|denied| allowing.with(denied));
        denying.filter(Self::fits).unwrap_or(allowing)
    }

    /// The policy for a good token that its issuer's entry does not let in: nothing of this stage. The token's id leads from
    /// the access log to the line that says why, also while API Gateway uses this answer again.
    pub(crate) fn nothing(method: &Method, token_id: Option<&str>) -> Self {
        let all = statement(IamPolicyEffect::Deny, vec![format!("{}/*", method.stage())]);
        let token_id = token_id.map(|id| ("token_id".to_owned(), id.to_owned()));
        Self::from_statements("refused", vec![all], Context::from_iter(token_id))
    }

    /// Whether a believed caller may call the one route that was asked about.
    pub(crate) fn simple(
        identity: &Identity,
        agents: &Agents,
        settings: &str,
        method: &Method,
    ) -> Self {
        let is_authorized = may_call(identity, agents, method.route());
        Self::simply(is_authorized, context(identity, settings)).shortened()
    }

    /// The simple form of [`Self::nothing`].
    pub(crate) fn simply_nothing() -> Self {
        Self::simply(false, Context::new())
    }

    fn simply(is_authorized: bool, context: Context) -> Self {
        let mut answer = ApiGatewayV2CustomAuthorizerSimpleResponse::default();
        answer.is_authorized = is_authorized;
        answer.context = context;
        Self::Simple(answer)
    }

    fn from_statements(
        principal: &str,
        statements: Vec<IamPolicyStatement>,
        context: Context,
    ) -> Self {
        let mut answer = ApiGatewayV2CustomAuthorizerIamPolicyResponse::default();
        answer.principal_id = Some(principal.to_owned());
        answer.policy_document.version = Some("2012-10-17".to_owned());
        answer.policy_document.statement = statements;
        answer.context = context;
        Self::Policy(answer)
    }

    /// This policy with a statement more.
    fn with(&self, more: IamPolicyStatement) -> Self {
        let mut longer = self.clone();
        match &mut longer {
            Self::Policy(answer) => answer.policy_document.statement.push(more),
            Self::Simple(_) => {}
        }
        longer
    }

    /// Leaves out of the context what there is no room for.
    fn shortened(mut self) -> Self {
        for name in OPTIONAL {
            if self.fits() {
                break;
            }
            let context = match &mut self {
                Self::Policy(answer) => &mut answer.context,
                Self::Simple(answer) => &mut answer.context,
            };
            context.remove(name);
        }
        self
    }

    fn fits(&self) -> bool {
        serde_json::to_vec(self).is_ok_and(|text| text.len() <= MAX_BYTES)
    }
}

fn statement(effect: IamPolicyEffect, resource: Vec<String>) -> IamPolicyStatement {
    let mut statement = IamPolicyStatement::default();
    statement.action = vec!["execute-api:Invoke".to_owned()];
    statement.effect = effect;
    statement.resource = resource;
    statement
}

/// What every believed caller may ask for, unless it is denied: a denial outweighs the permission beside it.
fn allowed(method: &Method) -> IamPolicyStatement {
    let stage = method.stage();
    let routes = ["GET/whoami", "*/agents/*"].map(|route| format!("{stage}/{route}"));
    statement(IamPolicyEffect::Allow, routes.into())
}

/// The agents that refuse the caller, if any do.
fn denied(identity: &Identity, agents: &Agents, method: &Method) -> Option<IamPolicyStatement> {
    let stage = method.stage();
    let refusing = agents.iter().filter(|agent| !admits(agent, identity));
    let routes: Vec<String> = refusing
        .flat_map(|agent| {
            let agent = format!("{stage}/*/agents/{}", agent.name);
            [format!("{agent}/*"), agent]
        })
        .collect();
    (!routes.is_empty()).then(|| statement(IamPolicyEffect::Deny, routes))
}

/// A WebSocket has no route of an agent: it may be opened by whom at least one agent admits.
fn connect(identity: &Identity, agents: &Agents, method: &Method) -> IamPolicyStatement {
    let effect = if agents.iter().any(|agent| admits(agent, identity)) {
        IamPolicyEffect::Allow
    } else {
        IamPolicyEffect::Deny
    };
    statement(effect, vec![format!("{}/$connect", method.stage())])
}

/// What [`allowed`] and [`denied`] say of one route, which is a stranger's text.
fn may_call(identity: &Identity, agents: &Agents, route: &str) -> bool {
    let mut segments = route.split('/').skip(1);
    match (segments.next(), segments.next()) {
        (Some("whoami"), None) => route.starts_with("GET/"),
        (Some("agents"), Some(name)) => agents
            .find(name)
            .is_none_or(|agent| admits(agent, identity)),
        _ => false,
    }
}

fn admits(agent: &Agent, identity: &Identity) -> bool {
    agent.admission.admits(identity).is_ok()
}

fn context(identity: &Identity, settings: &str) -> Context {
    let groups: Value = identity.groups.iter().map(String::as_str).collect();
    let always = [
        ("sub", identity.subject.clone()),
        ("issuer", identity.issuer.clone()),
        ("scope", identity.scopes.join(" ")),
        ("groups", groups.to_string()),
        ("exp", identity.expires.0.to_string()),
        ("token_id", identity.token_id.clone()),
        ("settings", settings.to_owned()),
    ];
    let known = [
        ("client_id", &identity.client_id),
        ("username", &identity.username),
        ("email", &identity.email),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)));
    let pairs = always.into_iter().chain(known);
    pairs
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
