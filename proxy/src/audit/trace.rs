//! Trace ids of a request: AWS X-Ray's, and the caller's own (W3C Trace Context).

use http::HeaderMap;
use shared::audit::{TraceFrom, Traces};
use shared::gate::UnixTime;
use shared::text::is_visible;

/// The traces that a request belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// `X-Amzn-Trace-Id` as Lambda gives it; AWS's own text, with the root that a caller may have sent.
    pub header: Option<String>,
    pub ids: Traces,
}

/// As AgentCore takes it (InvokeAgentRuntime, request parameters).
const MAX_HEADER: usize = 128;

/// How far the time in a root that API Gateway made may be from the request's. Both are of one machine, in seconds.
const MAX_SKEW_SECS: u64 = 5;

impl Trace {
    /// Of a request, by what Lambda says of it, by those of its headers that may travel, and by when API Gateway took it.
    pub fn of(xray: Option<&str>, travelling: &HeaderMap, taken: Option<UnixTime>) -> Self {
        let header = xray.filter(|text| is_visible(text, MAX_HEADER));
        let root =
            header.and_then(|text| text.split(';').find_map(|part| part.strip_prefix("Root=")));
        let parent = travelling
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        let parent = parent.and_then(|text| text.split('-').nth(1));
        Self {
            header: header.map(str::to_owned),
            ids: Traces {
                root: root.map(str::to_owned),
                from: root.map(|root| from(root, taken)),
                parent: parent.map(str::to_owned),
            },
        }
    }
}

/// API Gateway keeps the root that a caller sends in `X-Amzn-Trace-Id`, and says nothing about it. But a root begins with
/// the time at which it was made (X-Ray guide, "Tracing header"), so one of another time is certainly the caller's.
fn from(root: &str, taken: Option<UnixTime>) -> TraceFrom {
    let made = root.split('-').nth(1);
    let made = made.and_then(|hex| u64::from_str_radix(hex, 16).ok());
    match (made, taken) {
        (Some(made), Some(taken)) if made.abs_diff(taken.0) <= MAX_SKEW_SECS => TraceFrom::Unproven,
        (Some(_), None) => TraceFrom::Unproven,
        (Some(_), Some(_)) | (None, _) => TraceFrom::Caller,
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
        let trace = Trace::of(Some(xray), &headers, None);
        assert_eq!(trace.header.as_deref(), Some(xray));
        assert_eq!(
            trace.ids.root.as_deref(),
            Some("1-67891233-abcdef012345678912345678")
        );
        assert_eq!(
            trace.ids.parent.as_deref(),
            Some("4bf92f3577b34da6a3ce929d0e0e4736")
        );
    }

    #[test]
    fn what_is_no_trace_is_none() {
        for xray in ["Root=a b", "Root=a\n", &"x".repeat(129)] {
            assert_eq!(of(Some(xray), None), Trace::default());
        }
        assert_eq!(of(Some("Parent=1"), None).ids, Traces::default());
        assert_eq!(of(None, None), Trace::default());
    }

    #[test]
    fn a_root_of_another_time_is_the_callers() {
        // The root was made at 0x67891233.
        let made = 0x6789_1233;
        let root = "Root=1-67891233-abcdef012345678912345678";
        let from = |xray: &str, taken| of(Some(xray), taken).ids.from.unwrap();
        for (taken, expected) in [
            (Some(made), TraceFrom::Unproven),
            (Some(made + 5), TraceFrom::Unproven),
            (Some(made - 5), TraceFrom::Unproven),
            (Some(made + 6), TraceFrom::Caller),
            (Some(made - 6), TraceFrom::Caller),
            (None, TraceFrom::Unproven),
        ] {
            assert_eq!(from(root, taken.map(UnixTime)), expected, "{taken:?}");
        }
        for made_up in ["Root=1", "Root=1-zz-abcdef", "Root=a-"] {
            assert_eq!(from(made_up, None), TraceFrom::Caller, "{made_up}");
        }
    }

    fn of(xray: Option<&str>, taken: Option<UnixTime>) -> Trace {
        Trace::of(xray, &HeaderMap::new(), taken)
    }
}
