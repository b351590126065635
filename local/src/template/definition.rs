//! The part of the API that is written as OpenAPI and merged with the routes: which of them have an authorizer, and those
//! that API Gateway answers by itself.

use http::Method;

use super::api::Auth;
use super::mock;
use super::tree::Node;
use super::{Integration, Route, TemplateError};

/// What stands for no authorizer, and takes away the default one.
const NONE: &str = "NONE";
/// The methods of a path that it does not have by name ("x-amazon-apigateway-any-method object").
const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
const INTEGRATION: &str = "x-amazon-apigateway-integration";

/// Applies `DefinitionBody` to the routes that the functions' events declare.
///
/// SAM merges the two only if `MergeDefinitions` says so, and takes the event's word where both have one.
pub(super) fn merge(
    properties: &Node,
    auth: &Auth,
    routes: &mut Vec<Route>,
) -> Result<(), TemplateError> {
    let Some(body) = properties.get("DefinitionBody") else {
        return Ok(());
    };
    let merges = properties.get("MergeDefinitions");
    if !merges.map_or(Ok(false), Node::flag)? {
        return Err(body.fault("without `MergeDefinitions` the functions' events have no effect"));
    }
    for (name, node) in body.map()? {
        match name.as_str() {
            "info" | "openapi" => {}
            "paths" => {
                for (path, methods) in node.map()? {
                    for (method, operation) in methods.map()? {
                        merge_method(path, method, operation, auth, routes)?;
                    }
                }
            }
            other => return Err(node.fault(format!("`{other}` is not supported here"))),
        }
    }
    Ok(())
}

fn merge_method(
    path: &str,
    method: &str,
    operation: &Node,
    auth: &Auth,
    routes: &mut Vec<Route>,
) -> Result<(), TemplateError> {
    let name = match method {
        ANY_METHOD => None,
        named => Method::from_bytes(named.to_ascii_uppercase().as_bytes()).ok(),
    };
    let is_it = |route: &&mut Route| route.path == path && route.method == name;
    let declared = routes.iter_mut().find(is_it);
    match (declared, operation.get(INTEGRATION)) {
        (Some(route), None) => {
            for (name, node) in operation.map()? {
                if name != "security" {
                    return Err(node.fault(format!("`{name}` is not supported here")));
                }
                route.authorizer = security(node, auth)?;
            }
        }
        (Some(_), Some(integration)) => {
            return Err(integration.fault("an event declares this route"));
        }
        (None, None) => return Err(operation.fault("no event declares this route")),
        (None, Some(integration)) => {
            let (status, answer) = mock::read(operation, integration)?;
            let own = operation.get("security");
            routes.push(Route {
                path: path.to_owned(),
                method: name,
                integration: Integration::Mock(status, answer),
                authorizer: own.map_or(Ok(auth.default.clone()), |own| security(own, auth))?,
            });
        }
    }
    Ok(())
}

/// Of several, SAM removes a [`NONE`] after it has kept the default away.
fn security(node: &Node, auth: &Auth) -> Result<Option<String>, TemplateError> {
    let mut found = None;
    for scheme in node.list()? {
        for (name, _) in scheme.map()? {
            if name == NONE {
                continue;
            }
            if !auth.authorizers.contains_key(name) {
                return Err(scheme.fault(format!("there is no authorizer `{name}`")));
            }
            if found.replace(name.clone()).is_some() {
                return Err(scheme.fault("a route has one authorizer"));
            }
        }
    }
    Ok(found)
}
