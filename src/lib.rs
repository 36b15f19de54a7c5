//! khabar reads Arabic and English news articles and writes annotated JSON: views, sentences, words, entities,
//! attributions, stance, and structured claims attributed to the United States or to China, each tied to exact
//! characters of the article.
//!
//! ```text
//! bytes → Article → Document (text + layers) → claims → native JSON → exports, review, evaluation
//! ```
//!
//! **Offsets.** Inside the library every span counts bytes of the article's UTF-8 text and is half-open; the unit is in
//! the type ([`offset::Span`]). Native JSON says code points. The text of an article never changes.

pub mod annotator;
pub mod article;
pub mod batch;
pub mod claim;
pub mod cli;
pub mod config;
pub mod document;
pub mod error;
pub mod evaluation;
pub mod export;
pub mod import;
pub mod network;
pub mod normalizer;
pub mod offset;
pub mod pipeline;
pub mod provenance;
pub mod report;
pub mod review;
pub mod segmenter;
#[cfg(feature = "train")]
pub mod training;
