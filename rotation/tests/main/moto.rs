//! A rotation at moto's Secrets Manager, an independent emulator; and the keys as the proxy reads them there.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::types::RotationRulesType;
use python::{PythonServer, counted};
use rotation::handler::Rotation;
use rotation::{RotationError, SigningSecret, Step};
use shared::aws::arn::SecretArn;
use shared::clock::Clock;
use shared::signing::SigningKeys;

use crate::scene::{call, event, platform};

const TOKEN: &str = "2d4c6b8a-1111-4222-8333-944455556666";

/// Begins a rotation, whose steps are ours to take. moto ends one that has no function at once, so its end is undone.
async fn begin(client: &Client, arn: &str, first: &str) {
    let rules = RotationRulesType::builder().automatically_after_days(30);
    let rotate = client.rotate_secret().secret_id(arn);
    let rotate = rotate
        .client_request_token(TOKEN)
        .rotation_rules(rules.build());
    rotate.send().await.unwrap();
    for (stage, to, from) in [
        ("AWSCURRENT", Some(first), Some(TOKEN)),
        ("AWSPREVIOUS", None, Some(TOKEN)),
        ("AWSPENDING", Some(TOKEN), None),
    ] {
        let moved = client.update_secret_version_stage().secret_id(arn);
        let moved = moved
            .version_stage(stage)
            .set_move_to_version_id(to.map(str::to_owned))
            .set_remove_from_version_id(from.map(str::to_owned));
        moved.send().await.unwrap();
    }
}

#[tokio::test]
async fn the_secret_may_be_at_moto() {
    let Some(moto) = PythonServer::moto("the rotation") else {
        return;
    };
    let platform = platform(&moto.url).await;
    let client = Client::new(&platform);
    let made = client
        .create_secret()
        .name("signing")
        .secret_string("no key yet");
    let made = made.send().await.unwrap();
    let arn = made.arn().unwrap();
    let first = made.version_id().unwrap();
    let rotation = Rotation::new(SigningSecret, &platform, Clock::system());
    let step = async |step| call(&rotation, event(arn, TOKEN, step)).await;
    let keys = || SigningKeys::new(SecretArn::parse(arn).unwrap(), &platform, Clock::system());

    assert_eq!(step(Step::Create).await, Err(RotationError::NoRotation));
    assert!(keys().ring().await.is_err(), "it holds no key");
    begin(&client, arn, first).await;
    for early in [Step::Test, Step::Finish] {
        assert_eq!(step(early).await, Err(RotationError::NothingYet));
    }
    for (next, current) in [
        (Step::Create, first),
        (Step::Create, first),
        (Step::Set, first),
        (Step::Test, first),
        (Step::Finish, TOKEN),
        (Step::Finish, TOKEN),
        (Step::Create, TOKEN),
    ] {
        assert_eq!(step(next).await, Ok(()), "{next:?}");
        let found = client
            .get_secret_value()
            .secret_id(arn)
            .version_stage("AWSCURRENT")
            .send()
            .await
            .unwrap();
        assert_eq!(found.version_id(), Some(current), "{next:?}");
    }
    let keys = keys();
    let ring = keys.ring().await.unwrap();
    assert_eq!(ring.signer(keys.now()).id(), TOKEN);
    assert_eq!(ring.published()["keys"].as_array().unwrap().len(), 1);
    counted("10 steps of a rotation at moto");
}
