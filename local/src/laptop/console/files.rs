//! Files of the built console.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use http::StatusCode;

/// Of one file; the whole console has less.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// The page in place of a console that is not built.
const HOW_TO_GET_IT: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Gatehouse</title></head><body><main>\
<h1>The console is not built</h1>\
<p>Run <code>make web</code>, which needs Python 3, and load this page again. Everything else works without it: the lines of \
<code>make local ARGS=--paste</code> call the door with curl.</p></main></body></html>\n";

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) status: StatusCode,
    pub(super) media_type: &'static str,
    pub(super) content: Bytes,
}

/// The file of the path, `index.html` for `/`. Nothing outside of the folder is one, nor what a name with a full stop at its
/// beginning leads to.
pub(super) fn find(folder: &Path, path: &str) -> Option<Found> {
    let path = match path.strip_prefix('/')? {
        "" => "index.html",
        path => path,
    };
    if !path.split('/').all(is_plain) {
        return None;
    }
    let found = read(folder, path);
    if found.is_none() && path == "index.html" {
        return Some(Found {
            status: StatusCode::OK,
            media_type: "text/html; charset=utf-8",
            content: Bytes::from_static(HOW_TO_GET_IT.as_bytes()),
        });
    }
    found
}

fn read(folder: &Path, path: &str) -> Option<Found> {
    let folder = fs::canonicalize(folder).ok()?;
    // A link in the folder may lead out of it.
    let file = fs::canonicalize(folder.join(path)).ok()?;
    let is_inside = file.starts_with(&folder) && fs::metadata(&file).ok()?.is_file();
    let mut content = Vec::new();
    let file = File::open(&file).ok().filter(|_| is_inside)?;
    let length = file.take(MAX_FILE).read_to_end(&mut content).ok()?;
    (u64::try_from(length).ok()? < MAX_FILE).then(|| Found {
        status: StatusCode::OK,
        media_type: media_type(path),
        content: content.into(),
    })
}

fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::random;

    fn scratch() -> PathBuf {
        let path = std::env::temp_dir().join(format!("gatehouse-files-{}", random::uuid()));
        fs::create_dir_all(path.join("dist/assets")).unwrap();
        fs::write(path.join("secret"), "secret").unwrap();
        path
    }

    #[test]
    fn files_below_the_folder_are_found_and_nothing_else() {
        let scratch = scratch();
        let folder = scratch.join("dist");
        for (name, text) in [
            ("index.html", "page"),
            ("assets/a.js", "code"),
            (".env", "hidden"),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        std::os::unix::fs::symlink(scratch.join("secret"), folder.join("link")).unwrap();
        for (path, media_type, content) in [
            ("/", "text/html; charset=utf-8", "page"),
            ("/index.html", "text/html; charset=utf-8", "page"),
            ("/assets/a.js", "text/javascript; charset=utf-8", "code"),
        ] {
            let found = find(&folder, path).unwrap();
            assert_eq!(
                (found.media_type, &*found.content),
                (media_type, content.as_bytes()),
                "{path}"
            );
        }
        for path in [
            "/../secret",
            "/assets/../../secret",
            "/%2e%2e/secret",
            "/.env",
            "/link",
            "/assets",
            "/assets/",
            "//etc/passwd",
            "/a\\b",
            "/none",
            "none",
        ] {
            assert_eq!(find(&folder, path), None, "{path}");
        }
        fs::remove_dir_all(scratch).unwrap();
    }

    #[test]
    fn without_a_console_the_page_says_how_to_get_it() {
        let nowhere = Path::new("/nonexistent/dist");
        let page = find(nowhere, "/").unwrap();
        assert!(String::from_utf8_lossy(&page.content).contains("make web"));
        assert_eq!(find(nowhere, "/assets/a.js"), None);
    }
}
