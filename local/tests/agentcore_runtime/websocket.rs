//! WebSocket connections, whose addresses one makes and another uses.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use local::agentcore_runtime::{Auth, DataPlane, Ended, Operation, Protocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::container::Container;
use crate::world::{KEY_ID, SECRET, SESSION, TOKEN, address, plane_of, refusal, send};

const SESSION_ID: &str = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";
const USER_ID: &str = "X-Amzn-Bedrock-AgentCore-Runtime-User-Id";

async fn world() -> (Container, DataPlane) {
    let container = Container::start(None).await;
    let plane = plane_of(&container.url, Protocol::Http, Auth::Iam).await;
    (container, plane)
}

/// An address for this session and user that holds for so many seconds.
fn presigned(plane: &DataPlane, seconds: u64) -> String {
    let uri = address(plane, "ws");
    let mut uri = format!("{uri}&{SESSION_ID}={SESSION}&{USER_ID}=user-1");
    let identity = SdkCredentials::new(KEY_ID, SECRET, Some(TOKEN.to_owned()), None, "test").into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(seconds));
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("bedrock-agentcore")
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .unwrap();
    let body = SignableBody::Bytes(b"");
    let signable = SignableRequest::new("GET", &uri, std::iter::empty(), body).unwrap();
    let (instructions, _) = sign(signable, &parameters.into()).unwrap().into_parts();
    for (name, value) in instructions.params() {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        uri.push_str(&format!("&{name}={value}"));
    }
    uri
}

fn handshake(uri: &str) -> http::request::Builder {
    Request::get(uri)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

fn request(builder: http::request::Builder) -> Request<Full<Bytes>> {
    builder.body(Full::default()).unwrap()
}

#[tokio::test]
async fn what_is_said_reaches_the_container_and_comes_back() {
    let (_container, plane) = world().await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let opening = request(handshake(&presigned(&plane, 300)));
    let mut answer = client.request(opening).await.unwrap();
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.headers()["x-session-of-the-container"], SESSION);
    let mut stream = TokioIo::new(hyper::upgrade::on(&mut answer).await.unwrap());
    stream.write_all(b"frames").await.unwrap();
    let mut heard = [0; 6];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"frames");
    let call = plane.calls().pop().unwrap();
    assert_eq!(call.operation, Operation::WebSocket);
    assert_eq!(
        (
            call.session_id.as_str(),
            call.user_id.as_deref(),
            call.ended
        ),
        (SESSION, Some("user-1"), None)
    );
    drop(stream);
    let ended = plane.until(|calls| calls[0].ended.is_some()).await;
    assert!(matches!(ended[0].ended, Some(Ended::Complete | Ended::Cut)));
}

#[tokio::test]
async fn an_address_that_was_changed_is_refused() {
    let (_container, plane) = world().await;
    let good = presigned(&plane, 300);
    let other = format!("9{}", SESSION.strip_prefix('0').unwrap());
    for (part, changed) in [
        (SESSION, other.as_str()),
        ("user-1", "user-2"),
        ("X-Amz-Expires=300", "X-Amz-Expires=299"),
        ("User-Id", "Other-Id"),
    ] {
        let uri = good.replace(part, changed);
        assert_ne!(uri, good);
        let answer = send(request(handshake(&uri))).await;
        assert_eq!(
            refusal(&answer),
            (403, "InvalidSignatureException"),
            "{part}"
        );
    }
    let long = send(request(handshake(&presigned(&plane, 301)))).await;
    assert_eq!(refusal(&long), (403, "InvalidSignatureException"));
    let beside = handshake(&good).header(SESSION_ID, other);
    assert_eq!(
        refusal(&send(request(beside)).await),
        (400, "ValidationException")
    );
    let twice = format!("{good}&{USER_ID}=user-2");
    assert_eq!(send(request(handshake(&twice))).await.status(), 403);
    assert!(plane.calls().is_empty());
}

#[tokio::test]
async fn an_address_is_for_a_websocket_alone() {
    let (_container, plane) = world().await;
    let plain = send(request(Request::get(presigned(&plane, 300)))).await;
    assert_eq!(
        refusal(&plain),
        (403, "MissingAuthenticationTokenException")
    );
    let unsigned = send(request(handshake(&address(&plane, "ws")))).await;
    assert_eq!(
        refusal(&unsigned),
        (403, "MissingAuthenticationTokenException")
    );
}
