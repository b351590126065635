//! The outputs of a deployed stack of FAST: the runtime, and the pool whose users may call it.

use std::path::Path;

use serde_json::Value;
use shared::aws::names::{is_app_client_id, is_pool_id, pool_issuers};
use shared::settings::nearest;
use url::Url;

use crate::failure::Failure;

/// The outputs that the door needs.
pub(super) struct Outputs {
    pub(super) runtime: String,
    pool: String,
    pub(super) client: String,
    /// The origin of the front end, if there is one.
    pub(super) page: Option<String>,
}

impl Outputs {
    /// Reads what `aws cloudformation describe-stacks` answers, or what `cdk deploy --outputs-file` writes.
    pub(super) fn read(text: &[u8], stack: &str, file: &Path) -> Result<Self, Failure> {
        let shown = file.display();
        let wrong = |what: String| Failure::usage(what, advice(stack));
        let document: Value = serde_json::from_slice(text).map_err(|_| {
            wrong(format!(
                "`{shown}` is not JSON, and should have the outputs of the stack `{stack}`"
            ))
        })?;
        let output = of_stack(&document, stack).map_err(|why| wrong(format!("`{shown}` {why}")))?;
        let required = |name: &str, is_good: fn(&str) -> bool| {
            let value = output(name).ok_or_else(|| {
                wrong(format!(
                    "`{shown}`: the stack `{stack}` has no output `{name}`"
                ))
            })?;
            if is_good(&value) {
                Ok(value)
            } else {
                let value = value.escape_debug();
                Err(wrong(format!(
                    "`{shown}`: the output `{name}` cannot be `{value}`"
                )))
            }
        };
        let page = output("AmplifyUrl").and_then(|page| Url::parse(&page).ok());
        let page = page.filter(|page| page.scheme() == "https" && page.has_host());
        Ok(Self {
            runtime: required("RuntimeArn", |arn| arn.starts_with("arn:"))?,
            pool: required("CognitoUserPoolId", is_pool_id)?,
            client: required("CognitoClientId", is_app_client_id)?,
            page: page.map(|page| page.origin().ascii_serialization()),
        })
    }

    /// The metadata of the pool, as FAST gives them to the runtime's authorizer.
    pub(super) fn discovery_url(&self) -> String {
        let region = self.pool.split('_').next().unwrap_or_default();
        let [issuer, _] = pool_issuers(region, &self.pool);
        format!("{issuer}/.well-known/openid-configuration")
    }
}

/// The command that writes the file.
pub(super) fn advice(stack: &str) -> String {
    format!(
        "deploy the stack, then `aws cloudformation describe-stacks --stack-name {stack} --output json > outputs.json`, and name that file with `--state`"
    )
}

type Output<'d> = Box<dyn Fn(&str) -> Option<String> + 'd>;

/// The outputs of the stack of this name, by their names.
fn of_stack<'d>(document: &'d Value, stack: &str) -> Result<Output<'d>, String> {
    let name_of = |entry: &'d Value| entry.get("StackName").and_then(Value::as_str);
    let described = document.get("Stacks").and_then(Value::as_array);
    let found: Vec<(&str, &Value)> = match (described, document.as_object()) {
        (Some(stacks), _) => {
            let stacks = stacks.iter();
            stacks
                .filter_map(|entry| Some((name_of(entry)?, entry)))
                .collect()
        }
        (None, Some(stacks)) => {
            let stacks = stacks.iter().filter(|(_, outputs)| outputs.is_object());
            stacks
                .map(|(name, outputs)| (name.as_str(), outputs))
                .collect()
        }
        (None, None) => Vec::new(),
    };
    let is_described = described.is_some();
    let outputs = found.iter().find(|(name, _)| *name == stack);
    let (_, outputs) = *outputs.ok_or_else(|| {
        let meant = nearest(stack, found.iter().map(|(name, _)| *name));
        let meant = meant.map(|meant| format!("; did you mean `{}`?", meant.escape_debug()));
        format!("has no stack `{stack}`{}", meant.unwrap_or_default())
    })?;
    Ok(Box::new(move |name| {
        let value = if is_described {
            let list = outputs.get("Outputs")?.as_array()?;
            let is_it =
                |entry: &&Value| entry.get("OutputKey").and_then(Value::as_str) == Some(name);
            list.iter().find(is_it)?.get("OutputValue")?
        } else {
            outputs.get(name)?
        };
        Some(value.as_str()?.to_owned())
    }))
}
