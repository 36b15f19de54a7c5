//! Review: people decide about the claims of a run.
//!
//! ```text
//! OUT/claims.jsonl, OUT/**/*.json ──► index (throw-away) ──► desk ◄──► decision log (append-only)
//!                                                             │                    │
//!                                                       server, page            apply ──► adjudicated documents
//! ```
//!
//! - [`log`]: the decisions, append-only, in `OUT/review.sqlite`. The output of the machine is never changed.
//! - [`index`]: what the queue is ordered, filtered and searched by, in `OUT/.khabar/review-index.sqlite`. It is made anew
//!   whenever `claims.jsonl` is another.
//! - [`anchor`]: where decisions belong after the pipeline ran again.
//! - [`desk`]: log, index and articles together: queue, cards, decisions, comparison.
//! - [`server`]: the desk over HTTP on 127.0.0.1, with the page of `page/`.
//! - [`apply`]: the decisions carried out.
//!
//! Spans are code points in the log, UTF-16 code units on the way to and from the page, and bytes in between.

pub mod anchor;
pub mod apply;
pub mod article;
pub mod desk;
pub mod index;
pub mod log;
mod page;
pub mod server;
pub mod version;
