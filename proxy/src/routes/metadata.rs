//! `GET /.well-known/oauth-protected-resource/…`, open: metadata that say where to get a token for the door, or for one
//! agent (RFC 9728).

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
