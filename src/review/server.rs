//! The desk over HTTP, for the one browser of the one person before it.
//!
//! What keeps others out:
//! - it listens on 127.0.0.1 only, under a path that begins with 128 random bits; every other path is not found;
//! - requests that name another host (DNS rebinding), or come from a page of another origin, are refused;
//! - what changes anything has to be JSON from a page of this very origin;
//! - the page may load nothing but its own files, run no inline script, be put in no frame, and make no markup out of
//!   strings (`Content-Security-Policy` with trusted types).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Json, Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::desk::{Desk, Filter, Wish};
use super::log::random_hex;
use super::page::FILES;
use crate::error::{Error, ErrorKind, Result};

/// What the browser may do with the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

struct Shared {
    desk: Mutex<Desk>,
    token: [u8; 32],
    hosts: [String; 2],
}

/// Serves the desk until Ctrl-C. `port` 0 takes a free one. `started` is told the address once it can be opened.
///
/// # Errors
/// [`ErrorKind::Config`] if the port is taken, [`ErrorKind::Internal`] if the server fails.
pub fn serve(desk: Desk, port: u16, started: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let internal = |what: String| Error::new(ErrorKind::Internal, what);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| internal(format!("no threads for the server: {e}")))?;
    runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = tokio::net::TcpListener::bind(address).await.map_err(|e| {
            Error::new(ErrorKind::Config, format!("cannot listen on port {port}: {e}; choose another with --port"))
        })?;
        let port = listener.local_addr().map_err(|e| internal(e.to_string()))?.port();
        let token = random_hex::<16>()?;
        started(&format!("http://127.0.0.1:{port}/{token}/"))?;
        axum::serve(listener, router(desk, port, &token))
            .with_graceful_shutdown(async {
                // Without a handler for Ctrl-C the system ends the process, which loses nothing either.
                let _ = tokio::signal::ctrl_c().await;
            })
            .await
            .map_err(|e| internal(format!("the server failed: {e}")))
    })
}

fn router(desk: Desk, port: u16, token: &str) -> Router {
    let shared = Arc::new(Shared {
        desk: Mutex::new(desk),
        token: Sha256::digest(token.as_bytes()).into(),
        hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
    });
    let mut router = Router::new();
    for (name, media, content) in FILES {
        let file = move || async move { ([(header::CONTENT_TYPE, media)], content) };
        router = router.route(&format!("/{token}/{name}"), get(file));
    }
    let api = |name: &str| format!("/{token}/api/{name}");
    router
        .route(&api("session"), get(session))
        .route(&api("list"), get(list))
        .route(&api("step"), get(step))
        .route(&api("card"), get(card))
        .route(&api("decide"), post(decide))
        .route(&api("accept"), post(accept))
        .route(&api("undo"), post(undo))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .with_state(shared)
}

/// Refuses what does not come from the page itself, and puts the headers on every answer.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&shared, &request) {
        Some(status) => status.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(shared: &Shared, request: &Request) -> Option<StatusCode> {
    let headers = request.headers();
    let text = |name: HeaderName| header_text(headers, &name);
    let host = text(header::HOST).unwrap_or_default();
    if !shared.hosts.contains(&host) {
        return Some(StatusCode::MISDIRECTED_REQUEST);
    }
    // Compared as hashes: the time that it takes tells nothing of the token.
    let given = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
    let given: [u8; 32] = Sha256::digest(given.as_bytes()).into();
    if given != shared.token {
        return Some(StatusCode::NOT_FOUND);
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let same = |origin: &str| origin == format!("http://{host}");
    match text(header::ORIGIN) {
        Some(origin) if !same(&origin) => return Some(StatusCode::FORBIDDEN),
        None if changes => return Some(StatusCode::FORBIDDEN),
        _ => {}
    }
    match text(HeaderName::from_static("sec-fetch-site")).as_deref() {
        None | Some("same-origin") => None,
        // Typed or opened from outside a page: may look, not change.
        Some("none") if !changes => None,
        Some(_) => Some(StatusCode::FORBIDDEN),
    }
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    // Bytes that are no text are some other host or origin.
    headers.get(name).map(|value| value.to_str().unwrap_or("?").to_owned())
}

/// What the page is told when something went wrong.
#[derive(Serialize)]
struct Trouble {
    code: &'static str,
    message: String,
    hint: &'static str,
}

fn trouble(error: &Error) -> Response {
    let status = match error.kind() {
        ErrorKind::Data => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let path = error.path().map(|path| format!("{}: ", path.display())).unwrap_or_default();
    let told =
        Trouble { code: error.kind().code(), message: format!("{path}{}", error.message()), hint: error.kind().hint() };
    (status, Json(told)).into_response()
}

/// Asks the desk on a thread that may wait for the disk.
async fn ask<T: Serialize + Send + 'static>(
    shared: Arc<Shared>,
    question: impl FnOnce(&mut Desk) -> Result<T> + Send + 'static,
) -> Response {
    let answer = tokio::task::spawn_blocking(move || {
        // A panic while the desk was held left the log whole: each write is one transaction.
        let mut desk = shared.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = question(&mut desk)?;
        serde_json::to_string(&answer).map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))
    });
    match answer.await {
        Ok(Ok(json)) => ([(header::CONTENT_TYPE, "application/json")], Body::from(json)).into_response(),
        Ok(Err(error)) => trouble(&error),
        Err(_) => trouble(&Error::new(ErrorKind::Internal, "the desk could not answer")),
    }
}

async fn session(State(shared): State<Arc<Shared>>) -> Response {
    ask(shared, Desk::session).await
}

/// A filter travels as JSON in the address.
fn filter(json: Option<&str>) -> Result<Filter> {
    match json {
        None | Some("") => Ok(Filter::default()),
        Some(json) => {
            serde_json::from_str(json).map_err(|e| Error::new(ErrorKind::Data, format!("no filter of the list: {e}")))
        }
    }
}

#[derive(Deserialize)]
struct ListQuery {
    filter: Option<String>,
    offset: Option<i64>,
    limit: Option<usize>,
}

async fn list(State(shared): State<Arc<Shared>>, Query(query): Query<ListQuery>) -> Response {
    ask(shared, move |desk| {
        desk.list(&filter(query.filter.as_deref())?, query.offset.unwrap_or(0), query.limit.unwrap_or(25))
    })
    .await
}

#[derive(Deserialize)]
struct StepQuery {
    filter: Option<String>,
    from: Option<i64>,
    back: Option<bool>,
    open: Option<bool>,
}

#[derive(Serialize)]
struct Step {
    item: super::desk::Item,
    offset: i64,
}

async fn step(State(shared): State<Arc<Shared>>, Query(query): Query<StepQuery>) -> Response {
    ask(shared, move |desk| {
        let filter = filter(query.filter.as_deref())?;
        let found = desk.step(&filter, query.from, query.back.unwrap_or(false), query.open.unwrap_or(false))?;
        Ok(found.map(|(item, offset)| Step { item, offset }))
    })
    .await
}

#[derive(Deserialize)]
struct CardQuery {
    key: i64,
    whole: Option<bool>,
}

async fn card(State(shared): State<Arc<Shared>>, Query(query): Query<CardQuery>) -> Response {
    ask(shared, move |desk| desk.card(query.key, query.whole.unwrap_or(false))).await
}

async fn decide(State(shared): State<Arc<Shared>>, Json(wish): Json<Wish>) -> Response {
    ask(shared, move |desk| desk.decide(&wish)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    batch: String,
    keys: Vec<i64>,
}

async fn accept(State(shared): State<Arc<Shared>>, Json(batch): Json<Batch>) -> Response {
    ask(shared, move |desk| desk.accept_all(&batch.batch, &batch.keys)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UndoWish {
    id: String,
}

async fn undo(State(shared): State<Arc<Shared>>, Json(wish): Json<UndoWish>) -> Response {
    ask(shared, move |desk| desk.undo(&wish.id)).await
}
