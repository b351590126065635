//! Trace ids of a request: AWS X-Ray's, and the caller's own (W3C Trace Context).

use http::HeaderMap;
use shared::text::is_visible;

/// The ids of the traces that a request belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// `X-Amzn-Trace-Id` as Lambda gives it; AWS's own text, whatever the caller sent.
    pub header: Option<String>,
    /// Its root: `1-67891233-abcdef012345678912345678`.
    pub root: Option<String>,
    /// The trace id of the caller's `traceparent`: 32 hexadecimal digits.
    pub parent: Option<String>,
}

/// As AgentCore takes it (InvokeAgentRuntime, request parameters).
const MAX_HEADER: usize = 128;

impl Trace {
    /// Of a request, by what Lambda says of it and by those of its headers that may travel.
    pub fn of(xray: Option<&str>, travelling: &HeaderMap) -> Self {
        let header = xray.filter(|text| is_visible(text, MAX_HEADER));
        let root =
            header.and_then(|text| text.split(';').find_map(|part| part.strip_prefix("Root=")));
        let parent = travelling
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        Self {
            header: header.map(str::to_owned),
            root: root.map(str::to_owned),
            parent: parent
                .and_then(|text| text.split('-').nth(1))
                .map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_its_traces() {
        let xray = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1";
        let mut headers = HeaderMap::new();
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        headers.insert("traceparent", parent.parse().unwrap());
        let trace = Trace::of(Some(xray), &headers);
        assert_eq!(trace.header.as_deref(), Some(xray));
        assert_eq!(
            trace.root.as_deref(),
            Some("1-67891233-abcdef012345678912345678")
        );
        assert_eq!(
            trace.parent.as_deref(),
            Some("4bf92f3577b34da6a3ce929d0e0e4736")
        );
    }

    #[test]
    fn what_is_no_trace_is_none() {
        for xray in ["Root=a b", "Root=a\n", &"x".repeat(129)] {
            assert_eq!(Trace::of(Some(xray), &HeaderMap::new()), Trace::default());
        }
        assert_eq!(Trace::of(Some("Parent=1"), &HeaderMap::new()).root, None);
        assert_eq!(Trace::of(None, &HeaderMap::new()), Trace::default());
    }
}
