//! The part of the API that is written as OpenAPI and merged with the routes: which of them have an authorizer.

use std::collections::BTreeMap;

use http::Method;

use super::tree::Node;
use super::{Authorizer, Route, TemplateError};

/// What stands for no authorizer, and takes away the default one.
const NONE: &str = "NONE";

/// Applies `DefinitionBody` to the routes that the functions' events declare.
///
/// SAM merges the two only if `MergeDefinitions` says so, and takes the event's word where both have one.
pub(super) fn merge(
    properties: &Node,
    authorizers: &BTreeMap<String, Authorizer>,
    routes: &mut [Route],
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
                    merge_path(path, methods, authorizers, routes)?;
                }
            }
            other => return Err(node.fault(format!("`{other}` is not supported here"))),
        }
    }
    Ok(())
}

fn merge_path(
    path: &str,
    methods: &Node,
    authorizers: &BTreeMap<String, Authorizer>,
    routes: &mut [Route],
) -> Result<(), TemplateError> {
    for (method, operation) in methods.map()? {
        let name = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok();
        let is_it = |route: &&mut Route| route.path == path && route.method == name;
        let route = routes.iter_mut().find(is_it);
        let route = route.ok_or_else(|| operation.fault("no event declares this route"))?;
        for (name, node) in operation.map()? {
            if name != "security" {
                return Err(node.fault(format!("`{name}` is not supported here")));
            }
            route.authorizer = security(node, authorizers)?;
        }
    }
    Ok(())
}

/// Of several, SAM removes a [`NONE`] after it has kept the default away.
fn security(
    node: &Node,
    authorizers: &BTreeMap<String, Authorizer>,
) -> Result<Option<String>, TemplateError> {
    let mut found = None;
    for scheme in node.list()? {
        for (name, _) in scheme.map()? {
            if name == NONE {
                continue;
            }
            if !authorizers.contains_key(name) {
                return Err(scheme.fault(format!("there is no authorizer `{name}`")));
            }
            if found.replace(name.clone()).is_some() {
                return Err(scheme.fault("a route has one authorizer"));
            }
        }
    }
    Ok(found)
}
