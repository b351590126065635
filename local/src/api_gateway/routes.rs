//! The choice of a request's route.

use std::collections::BTreeMap;

use http::Method;

use crate::template::Route;

/// The routes of an API.
pub(super) struct Routes(Vec<Resource>);

/// A path and what may be done with it.
struct Resource {
    segments: Vec<Segment>,
    routes: Vec<Route>,
}

/// In the order in which API Gateway prefers them.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Segment {
    Fixed(String),
    Parameter(String),
    Rest(String),
}

impl Segment {
    fn parse(text: &str) -> Self {
        match text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
        {
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Self::Rest(name.to_owned()),
                None => Self::Parameter(name.to_owned()),
            },
            None => Self::Fixed(text.to_owned()),
        }
    }

    /// How much it is preferred: less is more.
    fn rank(&self) -> u8 {
        match self {
            Self::Fixed(_) => 0,
            Self::Parameter(_) => 1,
            Self::Rest(_) => 2,
        }
    }
}

impl Routes {
    pub(super) fn new(routes: &[Route]) -> Self {
        let mut by_path: BTreeMap<&str, Vec<Route>> = BTreeMap::new();
        for route in routes {
            by_path.entry(&route.path).or_default().push(route.clone());
        }
        let mut resources: Vec<_> = by_path
            .into_iter()
            .map(|(path, routes)| Resource {
                segments: segments(path).map(Segment::parse).collect(),
                routes,
            })
            .collect();
        // The first that fits is then the one that is meant: at the first difference, the more definite segment.
        resources.sort_by_key(|resource| {
            resource
                .segments
                .iter()
                .map(Segment::rank)
                .collect::<Vec<_>>()
        });
        Self(resources)
    }

    /// The route and the values of its path's parameters (as sent, still encoded).
    ///
    /// The path decides first: a resource that lacks the method is not passed over for a less definite one.
    pub(super) fn find(
        &self,
        method: &Method,
        path: &str,
    ) -> Option<(&Route, Vec<(String, String)>)> {
        let (resource, parameters) = self
            .0
            .iter()
            .find_map(|resource| Some((resource, fit(&resource.segments, path)?)))?;
        let exact = resource
            .routes
            .iter()
            .find(|route| route.method.as_ref() == Some(method));
        let route =
            exact.or_else(|| resource.routes.iter().find(|route| route.method.is_none()))?;
        Some((route, parameters))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn fit(pattern: &[Segment], path: &str) -> Option<Vec<(String, String)>> {
    let mut parameters = Vec::new();
    let mut given = segments(path);
    for segment in pattern {
        let value = given.next()?;
        match segment {
            Segment::Fixed(text) if text == value => {}
            Segment::Parameter(name) if !value.is_empty() => {
                parameters.push((name.clone(), value.to_owned()))
            }
            Segment::Rest(name) if !value.is_empty() => {
                let rest: Vec<_> = std::iter::once(value).chain(given.by_ref()).collect();
                parameters.push((name.clone(), rest.join("/")));
            }
            Segment::Fixed(_) | Segment::Parameter(_) | Segment::Rest(_) => return None,
        }
    }
    given.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::template::{Call, Integration};

    fn routes(declared: &[(&str, &str)]) -> Routes {
        let routes: Vec<_> = declared
            .iter()
            .map(|(method, path)| Route {
                path: (*path).to_owned(),
                method: (*method != "ANY").then(|| method.parse().unwrap()),
                integration: Integration::Function(Call {
                    function: "f".to_owned(),
                    streaming: false,
                    timeout: Duration::ZERO,
                }),
                authorizer: None,
            })
            .collect();
        Routes::new(&routes)
    }

    /// Method and path, the route's path, its parameters.
    const CASES: [(&str, &str, Option<&str>, &str); 12] = [
        ("GET", "/", Some("/"), ""),
        ("GET", "/healthz", Some("/healthz"), ""),
        ("POST", "/healthz", None, ""),
        ("GET", "/healthz/", Some("/{proxy+}"), "proxy=healthz/"),
        (
            "GET",
            "/agents/x/card",
            Some("/agents/{agent}/card"),
            "agent=x",
        ),
        ("POST", "/agents/x/card", None, ""),
        (
            "POST",
            "/agents/x/run",
            Some("/agents/{agent}/{act}"),
            "agent=x act=run",
        ),
        (
            "GET",
            "/agents/demo/run",
            Some("/agents/demo/{act}"),
            "act=run",
        ),
        (
            "PUT",
            "/agents/demo/card",
            Some("/agents/demo/{act}"),
            "act=card",
        ),
        (
            "PUT",
            "/agents/a%2Fb/c/d",
            Some("/{proxy+}"),
            "proxy=agents/a%2Fb/c/d",
        ),
        (
            "GET",
            "/agents//card",
            Some("/{proxy+}"),
            "proxy=agents//card",
        ),
        ("GET", "//agents", None, ""),
    ];

    #[test]
    fn the_most_definite_path_then_the_method() {
        let routes = routes(&[
            ("ANY", "/{proxy+}"),
            ("GET", "/agents/{agent}/card"),
            ("POST", "/agents/{agent}/{act}"),
            ("GET", "/agents/demo/{act}"),
            ("ANY", "/agents/demo/{act}"),
            ("GET", "/"),
            ("GET", "/healthz"),
        ]);
        for (method, path, expected, parameters) in CASES {
            let found = routes.find(&method.parse().unwrap(), path);
            let values = found
                .as_ref()
                .map_or(Vec::new(), |(_, values)| values.clone());
            let values: Vec<_> = values
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            assert_eq!(
                found.map(|(route, _)| route.path.as_str()),
                expected,
                "{method} {path}"
            );
            assert_eq!(values.join(" "), parameters, "{method} {path}");
        }
    }
}
