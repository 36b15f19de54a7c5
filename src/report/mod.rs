//! The report of an output folder: the two sides beside each other, as one HTML file that needs nothing else.
//!
//! ```text
//! output folder ──► folder     articles, claims with their evidence, what failed
//!                     ├──────► cluster    which claims say the same
//!                     ├──────► breakdown  rows and columns of claims, never bare numbers
//!                     ▼
//!                   page       tables, evidence, words in English or Arabic;  chart: SVG
//! ```
//!
//! The report holds what the articles attribute to each side. Every number is the size of a set of claims, articles or
//! clusters that the page opens; every claim shows the sentences that it rests on. The same folder gives the same bytes.

mod breakdown;
mod chart;
mod cluster;
mod folder;
mod page;
mod word;

use std::path::Path;

use crate::error::{Error, Result};
pub use word::PageLanguage;

/// A report.
#[derive(Debug, Clone)]
pub struct Report {
    /// The file.
    pub html: String,
    /// Articles in it.
    pub articles: usize,
    /// Claims in it.
    pub claims: usize,
    /// Files of the folder that could not be read; the page lists them too.
    pub unreadable: Vec<Error>,
}

/// Makes the report of the output folder `root`. Its articles come from the native JSON files under it, its clusters from
/// `links.json` where that is there:
///
/// ```text
/// {"clusters": [{"id": "…", "claims": [{"article": ARTICLE ID, "claim": CLAIM ID}, …], "reason": "…"}, …]}
/// ```
///
/// # Errors
/// If the folder cannot be read or is no output of a run. Single files that are broken are listed in the report.
pub fn report(root: &Path, language: PageLanguage) -> Result<Report> {
    let material = folder::read(root)?;
    let clusters = cluster::clusters(&material);
    let name = root.file_name().map_or_else(|| root.to_string_lossy(), |name| name.to_string_lossy());
    let html = page::page(&material, &clusters, &name, language);
    Ok(Report {
        html,
        articles: material.articles.len(),
        claims: material.claims.len(),
        unreadable: material.unreadable,
    })
}

#[cfg(test)]
mod tests;
