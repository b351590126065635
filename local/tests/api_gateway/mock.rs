//! Methods that API Gateway answers by itself.

use http::Method;
use serde_json::json;

use crate::{Answer, Door};

#[tokio::test]
async fn what_a_mock_answers_no_function_is_asked() {
    let door = Door::open().await;
    let json = [("content-type", "application/json; charset=utf-8")];
    let event_stream = [("accept", "text/event-stream")];
    for (method, headers) in [
        (Method::GET, &[][..]),
        (Method::GET, &event_stream),
        (Method::PUT, &json),
        (Method::DELETE, &[]),
    ] {
        // A function that read it would end.
        let instruction = json!({"do": "exit"}).to_string();
        let said = door.send(method, "/stream", headers, instruction).await;
        let said = Answer::read(said).await;
        assert_eq!(said.status, 405);
        assert_eq!(said.header("allow"), "POST");
        assert_eq!(said.header("content-type"), "a/b");
        let id = said.header("x-amzn-requestid");
        assert_eq!(said.json(), json!({"id": id, "at": "live"}));
    }
    let text = [("content-type", "text/plain")];
    let said = door.send(Method::PUT, "/stream", &text, "x").await;
    let said = Answer::read(said).await;
    assert_eq!(said.status, 415);
    assert_eq!(said.json(), json!({"message": "Unsupported Media Type"}));
    // The route that is there by name is asked as before.
    let sent = json!({"do": "reflect"});
    assert_ne!(door.post("/stream", &sent).await.status, 405);
}
