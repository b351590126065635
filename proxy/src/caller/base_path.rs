//! The base path of a custom domain: what stands before the API's own path where a domain maps only a part of its paths
//! to this API ("API mappings for REST APIs").
//!
//! API Gateway leaves it in the event's path, and says apart from it which resource it matched and what the resource's
//! parameters are. What the resource describes is the end of the path; what is left before it is the base path.

use std::collections::BTreeMap;

/// The values of a resource's parameters, by name.
pub(crate) type Parameters = BTreeMap<String, Option<String>>;

/// A path in two: what stands before the API's own path, empty or `/v1`, and the API's own path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut<'p> {
    pub(crate) base: &'p str,
    pub(crate) own: &'p str,
}

impl<'p> Cut<'p> {
    /// All of a path is the API's own.
    pub(crate) const fn without_base(path: &'p str) -> Self {
        Self {
            base: "",
            own: path,
        }
    }

    /// Cuts a path before what the resource describes, such as `/agents/{agent}/invocations` or `/.well-known/{rest+}`.
    ///
    /// None if the path does not end with just that, or begins with what is no base path. Callers write all of the
    /// path, and must not be able to move the cut. So nothing is decoded, folded or skipped: the resource and its
    /// parameters have as many segments as API Gateway matched, an escape in the path differs from the parameter that
    /// API Gateway decoded, and `//` and `..` are no base path.
    pub(crate) fn at(path: &'p str, resource: &str, parameters: &Parameters) -> Option<Self> {
        let own = described(resource, parameters)?;
        let base = path.strip_suffix(&own)?;
        let own = path.strip_prefix(base)?;
        (base.is_empty() || is_plain(base)).then_some(Self { base, own })
    }
}

/// Whether a path has segments that mean nothing but themselves to any reader: at least one, none of them empty or of
/// dots, and no character that would need an escape in a path or within the quotes of a header.
pub(crate) fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    // RFC 3986, section 5.2.4: clients take dot segments out.
    let is_segment =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain);
    path.strip_prefix('/')
        .is_some_and(|path| path.split('/').all(is_segment))
}

/// The path that a resource and its parameters describe.
fn described(resource: &str, parameters: &Parameters) -> Option<String> {
    let mut path = String::new();
    for segment in resource.strip_prefix('/')?.split('/') {
        path.push('/');
        path.push_str(value(segment, parameters)?);
    }
    Some(path)
}

/// What stands in the path for a segment of a resource: itself, or its parameter's value.
fn value<'v>(segment: &'v str, parameters: &'v Parameters) -> Option<&'v str> {
    let inner = segment.strip_prefix('{');
    let Some(name) = inner.and_then(|inner| inner.strip_suffix('}')) else {
        return Some(segment);
    };
    let (name, is_greedy) = match name.strip_suffix('+') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let value = parameters.get(name)?.as_deref()?;
    // One segment has no slash in it. A value that has one was decoded, and would count as two.
    let fits = !value.is_empty() && (is_greedy || !value.contains('/'));
    fits.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path, the resource that API Gateway matched, and the parameters it read.
    type Row = (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
    );

    const DEMO: &[(&str, &str)] = &[("agent", "demo")];
    const INVOKE: &str = "/agents/{agent}/invocations";
    const END: &str = "/agents/{agent}/conversations/{conversation}";
    const METADATA: &str = "/.well-known/oauth-protected-resource/{resource+}";

    fn cut<'p>(path: &'p str, resource: &str, parameters: &[(&str, &str)]) -> Option<Cut<'p>> {
        let parameters = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())))
            .collect();
        Cut::at(path, resource, &parameters)
    }

    #[test]
    fn the_base_path_is_what_stands_before_the_resource() {
        let metadata = "/.well-known/oauth-protected-resource/v1/agents/demo/mcp";
        let table: [Row; 7] = [
            ("/whoami", "/whoami", &[]),
            ("/", "/", &[]),
            ("/.well-known/jwks.json", "/.well-known/jwks.json", &[]),
            ("/agents/demo/invocations", INVOKE, DEMO),
            (
                "/agents/demo/conversations/c-1_",
                END,
                &[("agent", "demo"), ("conversation", "c-1_")],
            ),
            (metadata, METADATA, &[("resource", "v1/agents/demo/mcp")]),
            (
                "/agents/demo/mcp",
                "/{proxy+}",
                &[("proxy", "agents/demo/mcp")],
            ),
        ];
        for (own, resource, parameters) in table {
            for base in ["", "/v1", "/a/b", "/A-1._~/agents/x"] {
                let path = format!("{base}{own}");
                let expected = Some(Cut { base, own });
                assert_eq!(cut(&path, resource, parameters), expected, "{path}");
            }
        }
    }

    #[test]
    fn a_path_that_repeats_a_route_is_cut_before_the_last() {
        let path = "/agents/x/invocations/agents/y/invocations";
        let expected = Cut {
            base: "/agents/x/invocations",
            own: "/agents/y/invocations",
        };
        assert_eq!(cut(path, INVOKE, &[("agent", "y")]), Some(expected));
        assert_eq!(cut(path, INVOKE, &[("agent", "x")]), None);
        // All that the greedy parameter has is the API's own, whatever it looks like.
        let own = "/.well-known/oauth-protected-resource/x/.well-known/oauth-protected-resource/agents/demo/mcp";
        let path = format!("/v1{own}");
        let value = "x/.well-known/oauth-protected-resource/agents/demo/mcp";
        let expected = Cut { base: "/v1", own };
        assert_eq!(cut(&path, METADATA, &[("resource", value)]), Some(expected));
    }

    const UNFIT: [Row; 25] = [
        // Another resource, parameter, or none.
        ("/v1/agents/demo/invocations", "/agents/{agent}/mcp", DEMO),
        (
            "/v1/agents/demo/invocations",
            INVOKE,
            &[("agent", "finance")],
        ),
        ("/v1/agents/demo/invocations", INVOKE, &[("name", "demo")]),
        ("/v1/agents/demo/invocations", INVOKE, &[]),
        ("/v1/agents//invocations", INVOKE, &[("agent", "")]),
        (
            "/v1/agents/demo/invocations",
            "agents/{agent}/invocations",
            DEMO,
        ),
        ("/v1/agents/demo/invocations", "", DEMO),
        ("/v1/whoami/", "/whoami", &[]),
        ("/v1/Whoami", "/whoami", &[]),
        ("/v1whoami", "/whoami", &[]),
        ("", "/whoami", &[]),
        // Escapes, which API Gateway decodes in parameters and leaves in the path.
        ("/v1/agents/%64emo/invocations", INVOKE, DEMO),
        (
            "/v1/agents/a%2Finvocations/invocations",
            INVOKE,
            &[("agent", "a/invocations")],
        ),
        (
            "/v1/agents/x/agents/y/invocations",
            INVOKE,
            &[("agent", "x/agents/y")],
        ),
        (
            "/v1/.well-known/oauth-protected-resource/agents%2Fdemo/mcp",
            METADATA,
            &[("resource", "agents/demo/mcp")],
        ),
        (
            "/v1/.well-known/oauth-protected-resource//mcp",
            METADATA,
            &[("resource", "mcp")],
        ),
        (
            "/v1/.well-known/oauth-protected-resource/",
            METADATA,
            &[("resource", "")],
        ),
        // What no base path looks like.
        ("//whoami", "/whoami", &[]),
        ("/v1//whoami", "/whoami", &[]),
        ("//v1/whoami", "/whoami", &[]),
        ("/v1/./whoami", "/whoami", &[]),
        ("/v1/x/../whoami", "/whoami", &[]),
        ("/%76%31/whoami", "/whoami", &[]),
        ("/v1;x/whoami", "/whoami", &[]),
        ("v1/whoami", "/whoami", &[]),
    ];

    #[test]
    fn what_does_not_fit_is_not_cut() {
        for (path, resource, parameters) in UNFIT {
            assert_eq!(cut(path, resource, parameters), None, "{path} {resource}");
        }
        let null = BTreeMap::from([("agent".to_owned(), None)]);
        assert_eq!(Cut::at("/agents/demo/invocations", INVOKE, &null), None);
    }
}
