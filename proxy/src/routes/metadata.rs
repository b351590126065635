//! `GET /.well-known/oauth-protected-resource/…`, open: metadata that say where to get a token for the door, or for one
//! agent (RFC 9728). `GET /.well-known/oauth-authorization-server`, open: metadata of an issuer, served by the door
//! (RFC 8414).

use http::StatusCode;

use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::caller::resource::Resource;
use crate::turn::declined::Declined;
use crate::turn::request::Request;

/// Shows the metadata of the resource at this path. Before it may stand what stands before the door's own paths, as a
/// client writes it who puts the well-known part between host and path (RFC 9728, section 3.1).
pub(crate) fn resource_metadata(
    app: &App,
    path: &str,
    request: &Request,
) -> Result<Answer, Declined> {
    let door = request.door.as_ref().ok_or(Problem::NotFound)?;
    let path = path.strip_prefix(door.path()).unwrap_or(path);
    let resource = Resource::at(path).ok_or(Problem::NotFound)?;
    let metadata = resource.metadata(door, &app.access.agents, &app.advertised);
    let metadata = metadata.ok_or(Problem::NotFound)?;
    Ok(Answer::json(StatusCode::OK, &metadata))
}

/// Shows where people sign in, and clients get tokens, at the issuer whose metadata the door serves.
pub(crate) async fn authorization_server(app: &App, request: &Request) -> Result<Answer, Declined> {
    let server = app.authorization_server.as_ref().ok_or(Problem::NotFound)?;
    let door = request.door.as_ref().ok_or(Problem::NotFound)?;
    let scopes = Resource::Door.scopes(&app.access.agents, &app.advertised);
    let metadata = server.metadata(door, &scopes).await;
    let metadata = metadata.ok_or(Problem::IssuerUnavailable)?;
    Ok(Answer::json(StatusCode::OK, &metadata))
}
