//! An event of any JSON: it is refused without a word of its own, or its body is within the bound and its path is one
//! route or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proxy::caller::event::Event;
use proxy::caller::media;
use proxy::caller::route::Asked;

const MAX_BODY: usize = 64 * 1024;

fuzz_target!(|data: &[u8]| {
    let Ok(mut event) = serde_json::from_slice::<Event>(data) else {
        return;
    };
    let _ = Asked::read(&event.method, &event.path);
    let _ = event.action();
    let _ = media::accepted(&event.headers);
    let _ = media::is_coded(&event.headers);
    if let Ok(body) = event.take_body(MAX_BODY) {
        assert!(body.len() <= MAX_BODY);
    }
    assert!(event.take_body(MAX_BODY).is_ok_and(|rest| rest.is_empty()), "the body is taken once");
});
