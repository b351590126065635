//! `GET /.well-known/oauth-protected-resource/…`, open: where to get a token for the door, or for one agent (RFC 9728).

use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::caller::resource::Resource;
use crate::turn::request::Request;
use http::StatusCode;

impl App {
    /// Shows the metadata of the resource at this path. Before it may stand what stands before the door's own paths, as a
    /// client writes it who puts the well-known part between host and path (RFC 9728, 3.1).
    pub(crate) fn resource_metadata(&self, path: &str, request: Request) -> Answer {
        let metadata = request.door.as_ref().and_then(|door| {
            let path = path.strip_prefix(door.path()).unwrap_or(path);
            Resource::at(path)?.metadata(door, &self.access.agents, &self.advertised)
        });
        match metadata {
            Some(metadata) => request.whole(Answer::json(StatusCode::OK, &metadata)),
            None => request.problem(Problem::NotFound),
        }
    }
}
