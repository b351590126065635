//! Conversations, and their end.

use bytes::Bytes;
use hyper::http::Request;
use local::stack::Stack;
use serde_json::json;
use tests::{Answer, chain, send};

/// One turn; the compute that took it.
async fn turn(stack: &Stack, token: &str, conversation: &str) -> String {
    let request = Request::post(format!("{}/agents/demo/invocations", stack.url()))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("x-conversation-id", conversation);
    let body = Bytes::from(json!({"prompt": "fail midway"}).to_string());
    let answer = send(request.body(body).unwrap()).await.whole().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let call = stack.data_plane().calls().pop().unwrap();
    call.compute
}

async fn stop(stack: &Stack, token: &str, conversation: &str) -> Answer {
    let path = format!("agents/demo/conversations/{conversation}");
    let request = Request::delete(format!("{}/{path}", stack.url()))
        .header("authorization", format!("Bearer {token}"));
    send(request.body(Bytes::new()).unwrap())
        .await
        .whole()
        .await
}

#[tokio::test]
async fn one_ends_ones_own_and_nobody_elses() {
    let stack = chain(Vec::new()).await;
    let [alice, bob] = ["alice", "bob"].map(|user| stack.issuer().access_token(user).unwrap());
    let first = turn(&stack, &alice, "ours").await;
    assert_ne!(
        turn(&stack, &bob, "ours").await,
        first,
        "the name is the same, the conversation is not"
    );
    assert_eq!(stop(&stack, &bob, "ours").await.status, 204);
    assert_eq!(
        turn(&stack, &alice, "ours").await,
        first,
        "bob has ended his own"
    );
    assert_eq!(stop(&stack, &alice, "ours").await.status, 204);
    assert_eq!(
        stop(&stack, &alice, "ours").await.status,
        204,
        "what has ended is not there to end"
    );
    assert_ne!(
        turn(&stack, &alice, "ours").await,
        first,
        "a new begin has nothing of the old"
    );
    stack.stop().await;
}
