//! Tests of signatures: which callers are accepted.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::Full;

use crate::world::{
    KEY_ID, SECRET, TOKEN, World, client, failure, invocation, refusal, send, signed,
};

const USER: &str = "x-amzn-bedrock-agentcore-runtime-user-id";

fn signed_for_user_1(world: &World) -> Request<Full<Bytes>> {
    let body = Bytes::from_static(b"{\"prompt\":\"hello\"}");
    let headers = [("content-type", "application/json"), (USER, "user-1")];
    signed(&world.plane, SystemTime::now(), body, &headers)
}

#[tokio::test]
async fn a_wrong_secret_region_key_or_token_is_refused() {
    let world = World::start().await;
    for (secret, region, expected) in [
        ("another", "us-east-1", "InvalidSignatureException"),
        (SECRET, "eu-west-1", "InvalidSignatureException"),
    ] {
        let client = client(world.plane.url(), secret, region);
        let error = invocation(&client, "hello").send().await.unwrap_err();
        assert_eq!(
            failure(&error),
            (403, expected.to_owned()),
            "{secret} {region}"
        );
    }
    for (part, other) in [(KEY_ID, "AKIDOTHER"), (TOKEN, "another-token")] {
        let mut request = signed(&world.plane, SystemTime::now(), Bytes::new(), &[]);
        for value in request.headers_mut().values_mut() {
            *value = value
                .to_str()
                .unwrap()
                .replace(part, other)
                .parse()
                .unwrap();
        }
        let answer = send(request).await;
        assert_eq!(
            refusal(&answer),
            (403, "UnrecognizedClientException"),
            "{part}"
        );
    }
    assert_eq!((world.plane.refused(), world.plane.calls().len()), (4, 0));
}

#[tokio::test]
async fn a_request_changed_after_signing_is_refused() {
    let world = World::start().await;
    assert_eq!(send(signed_for_user_1(&world)).await.status(), 200);

    let replaced = |part, other| {
        let mut request = signed_for_user_1(&world);
        *request.uri_mut() = request
            .uri()
            .to_string()
            .replace(part, other)
            .parse()
            .unwrap();
        request
    };
    let with_header = |name, value| {
        let mut request = signed_for_user_1(&world);
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        request
    };
    let with_body = |body| {
        let mut request = signed_for_user_1(&world);
        *request.body_mut() = Full::from(body);
        request
    };
    for (name, request) in [
        ("body", with_body("{\"prompt\":\"other\"}")),
        (
            "hash",
            with_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ),
        ("user", with_header(USER, "user-2")),
        ("added header", with_header("x-amz-more", "1")),
        ("query", replaced("DEFAULT", "OTHER")),
        ("path", replaced("demo", "other")),
    ] {
        assert_eq!(
            refusal(&send(request).await),
            (403, "InvalidSignatureException"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_request_with_no_signature_or_two_is_refused() {
    let world = World::start().await;
    let mut unsigned = signed_for_user_1(&world);
    unsigned.headers_mut().remove("authorization");
    assert_eq!(
        refusal(&send(unsigned).await),
        (403, "MissingAuthenticationTokenException")
    );
    let mut twice = signed_for_user_1(&world);
    twice
        .headers_mut()
        .append("authorization", "Bearer token".parse().unwrap());
    assert_eq!(
        refusal(&send(twice).await),
        (403, "IncompleteSignatureException")
    );
}

#[tokio::test]
async fn an_old_or_future_signature_is_refused() {
    let world = World::start().await;
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let now = SystemTime::now();
    let status = async |time| send(signed(&world.plane, time, Bytes::from("{}"), &[])).await;
    // The container refuses the empty prompt, which shows that the signature was accepted.
    assert_eq!(
        refusal(&status(now - minutes(4)).await),
        (424, "RuntimeClientError")
    );
    for time in [now - minutes(6), now + minutes(6)] {
        assert_eq!(
            refusal(&status(time).await),
            (403, "InvalidSignatureException")
        );
    }
}
