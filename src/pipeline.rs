//! The order of the stages, checked when the pipeline is built, and the run of one article through them.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

use crate::annotator::attribution::Attributions;
use crate::annotator::coreference::Coreference;
use crate::annotator::entity::Entities;
use crate::annotator::morphology::Morphology;
use crate::annotator::quantity::Quantities;
use crate::annotator::reading::Reader;
use crate::annotator::syntax::Syntax;
use crate::annotator::time::Times;
use crate::article::Article;
use crate::claim::extractor::Extractor;
use crate::claim::learned::Learned;
use crate::claim::{Claim, Extraction, Method};
use crate::document::{Annotator, Document, Layer, LayerKind};
use crate::error::{Error, ErrorKind, Result};
use crate::network::Choice;
use crate::segmenter::{SentenceSegmenter, Tokenizer};

/// The last stage: reads a document with its layers and returns its claims.
pub trait ClaimExtractor: Send + Sync {
    /// The layers that it needs.
    fn requires(&self) -> &'static [LayerKind];
    /// Finds the claims.
    fn extract(&self, document: &Document) -> Extraction;
}

impl ClaimExtractor for Extractor {
    fn requires(&self) -> &'static [LayerKind] {
        Extractor::requires(self)
    }

    fn extract(&self, document: &Document) -> Extraction {
        Extraction { claims: Extractor::extract(self, document), attributions: None }
    }
}

impl ClaimExtractor for Learned {
    fn requires(&self) -> &'static [LayerKind] {
        Learned::requires(self)
    }

    fn extract(&self, document: &Document) -> Extraction {
        Learned::extract(self, document)
    }
}

/// Extracts nothing: for runs that only want the layers.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoClaims;

impl ClaimExtractor for NoClaims {
    fn requires(&self) -> &'static [LayerKind] {
        &[]
    }

    fn extract(&self, _document: &Document) -> Extraction {
        Extraction::default()
    }
}

/// Name of the extractor in provenance and timings.
pub const EXTRACTOR: &str = "claim-extractor";

/// The stages in their order and the claim extractor.
///
/// # Examples
/// ```
/// use khabar::{article::Article, pipeline::Pipeline};
/// let pipeline = Pipeline::with_defaults()?;
/// let (document, _claims) = pipeline.run(Article::from_text("قالت بكين إنها سترد على القيود."));
/// assert_eq!(document.layers().sentences.len(), 1);
/// # Ok::<(), khabar::error::Error>(())
/// ```
pub struct Pipeline {
    stages: Vec<Box<dyn Annotator>>,
    extractor: Box<dyn ClaimExtractor>,
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pipeline").field(&self.stage_names()).finish()
    }
}

impl Pipeline {
    /// Takes the stages in their order.
    ///
    /// # Errors
    /// [`ErrorKind::Pipeline`] if a stage needs a layer that none before it makes, or two make the same.
    pub fn new(stages: Vec<Box<dyn Annotator>>, extractor: Box<dyn ClaimExtractor>) -> Result<Self> {
        let mut made = BTreeSet::new();
        for stage in &stages {
            check(stage.name(), stage.requires(), &made)?;
            if !made.insert(stage.provides()) {
                return Err(Error::new(
                    ErrorKind::Pipeline,
                    format!("stage {} makes {:?}, which a stage before it makes too", stage.name(), stage.provides()),
                ));
            }
        }
        check(EXTRACTOR, extractor.requires(), &made)?;
        Ok(Self { stages, extractor })
    }

    /// The stages of `khabar run` with a model, in their order.
    pub fn stages_with(model: Choice) -> Vec<Box<dyn Annotator>> {
        vec![
            Box::new(SentenceSegmenter),
            Box::new(Tokenizer),
            Box::new(Reader::new(model)),
            Box::new(Morphology),
            Box::new(Syntax),
            Box::new(Times),
            Box::new(Quantities),
            Box::new(Entities::default()),
            Box::new(Coreference::default()),
            Box::new(Attributions::default()),
        ]
    }

    /// The stages of `khabar run`, in their order.
    pub fn default_stages() -> Vec<Box<dyn Annotator>> {
        Self::stages_with(Choice::default())
    }

    /// The pipeline of `khabar run`.
    ///
    /// # Errors
    /// As [`Pipeline::new`].
    pub fn with_defaults() -> Result<Self> {
        Self::with(Choice::default(), Method::default())
    }

    /// The pipeline of `khabar run --model --claims`.
    ///
    /// # Errors
    /// As [`Pipeline::new`].
    pub fn with(model: Choice, claims: Method) -> Result<Self> {
        let extractor: Box<dyn ClaimExtractor> = match claims {
            Method::Network => Box::new(Learned::default()),
            Method::Rules => Box::new(Extractor),
        };
        Self::new(Self::stages_with(model), extractor)
    }

    /// The names of the stages in order, the extractor last.
    pub fn stage_names(&self) -> Vec<String> {
        self.stages.iter().map(|stage| stage.name()).chain([EXTRACTOR]).map(str::to_owned).collect()
    }

    /// Runs one article through all stages.
    pub fn run(&self, article: Article) -> (Document, Vec<Claim>) {
        self.run_timed(article, &mut |_, _| {})
    }

    /// As [`Pipeline::run`]; tells `observe` how long each stage took.
    pub fn run_timed(&self, article: Article, observe: &mut dyn FnMut(usize, Duration)) -> (Document, Vec<Claim>) {
        let mut document = Document::new(article);
        for (number, stage) in self.stages.iter().enumerate() {
            let start = Instant::now();
            let layer = stage.annotate(&document);
            document.add(layer);
            observe(number, start.elapsed());
        }
        let start = Instant::now();
        let Extraction { claims, attributions } = self.extractor.extract(&document);
        if let Some(attributions) = attributions {
            document.add(Layer::Attributions(attributions));
        }
        observe(self.stages.len(), start.elapsed());
        (document, claims)
    }

    /// As [`Pipeline::run_timed`], but a panic in a stage becomes an error of this article alone.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] with what the stage said.
    pub fn run_guarded(
        &self,
        article: Article,
        observe: &mut dyn FnMut(usize, Duration),
    ) -> Result<(Document, Vec<Claim>)> {
        guarded(&article.origin().path.clone(), || Ok(self.run_timed(article, observe)))
    }
}

fn check(name: &str, needs: &[LayerKind], made: &BTreeSet<LayerKind>) -> Result<()> {
    let (fulfilled, missing): (Vec<_>, Vec<_>) = needs.iter().partition(|kind| made.contains(kind));
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Pipeline,
        format!("stage {name} needs {}; made before it: {}", list(&missing), list(&fulfilled)),
    ))
}

fn list(kinds: &[LayerKind]) -> String {
    if kinds.is_empty() {
        return "none of them".to_owned();
    }
    kinds.iter().map(|kind| format!("{kind:?}")).collect::<Vec<_>>().join(", ")
}

thread_local! {
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic becomes an [`ErrorKind::Internal`] error about `path`.
///
/// # Errors
/// Those of `work`, and [`ErrorKind::Internal`].
pub fn guarded<T>(path: &std::path::Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let place = PANICKED_AT.with(|at| at.borrow_mut().take());
        let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
        Err(Error::new(ErrorKind::Internal, format!("{}{place}", said(&*payload))).at(path))
    })
}

fn said(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a stage stopped".to_owned())
}

/// From now on, a panic on a worker thread prints nothing, and its place in the source goes into the error.
///
/// Threads whose name does not start with `worker` keep the usual message.
pub fn quiet_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name().is_some_and(|name| name.starts_with("worker")) {
                let place = info.location().map(ToString::to_string);
                PANICKED_AT.with(|at| *at.borrow_mut() = place);
            } else {
                usual(info);
            }
        }));
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    struct Stage(&'static str, &'static [LayerKind], LayerKind);

    impl Annotator for Stage {
        fn name(&self) -> &'static str {
            self.0
        }
        fn requires(&self) -> &'static [LayerKind] {
            self.1
        }
        fn provides(&self) -> LayerKind {
            self.2
        }
        fn annotate(&self, document: &Document) -> Layer {
            assert!(!document.text().contains("BOOM"), "stage fell over");
            Layer::Sentences(Vec::new())
        }
    }

    #[test]
    fn order_is_checked_when_built() {
        let stages: Vec<Box<dyn Annotator>> = vec![
            Box::new(Stage("segment", &[], LayerKind::Sentences)),
            Box::new(Stage("tag", &[LayerKind::Sentences, LayerKind::Tokens], LayerKind::Words)),
        ];
        let error = Pipeline::new(stages, Box::new(NoClaims)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Pipeline);
        assert_eq!(error.message(), "stage tag needs Tokens; made before it: Sentences");
    }

    #[test]
    fn a_layer_is_made_once() {
        let stages: Vec<Box<dyn Annotator>> =
            vec![Box::new(Stage("one", &[], LayerKind::Sentences)), Box::new(Stage("two", &[], LayerKind::Sentences))];
        assert!(Pipeline::new(stages, Box::new(NoClaims)).is_err());
    }

    #[test]
    fn a_panic_is_an_error_of_the_article() {
        let stages: Vec<Box<dyn Annotator>> = vec![Box::new(Stage("one", &[], LayerKind::Sentences))];
        let pipeline = Pipeline::new(stages, Box::new(NoClaims)).unwrap();
        let error = pipeline.run_guarded(Article::from_text("BOOM"), &mut |_, _| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.message().contains("stage fell over"), "{error}");
        assert!(pipeline.run_guarded(Article::from_text("بكين"), &mut |_, _| {}).is_ok());
    }

    #[test]
    fn the_default_order_fits() {
        Pipeline::with_defaults().unwrap();
    }
}
