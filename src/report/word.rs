//! The words of the page, in English and in Arabic.

use crate::claim::{Basis, Modality, Polarity, SourceSide, Stance};
use crate::document::{Commitment, Direction, Language, Side, Topic};

/// The language of the page's own words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PageLanguage {
    /// English, left to right.
    #[default]
    English,
    /// Arabic, the whole page mirrored.
    Arabic,
}

impl PageLanguage {
    /// The language of a tag of the command line, `en` or `ar`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::English),
            "ar" => Some(Self::Arabic),
            _ => None,
        }
    }

    /// The language tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Arabic => "ar",
        }
    }

    /// The direction of the page.
    pub fn direction(self) -> Direction {
        match self {
            Self::English => Direction::Ltr,
            Self::Arabic => Direction::Rtl,
        }
    }
}

/// The value of HTML's `dir`.
pub fn dir(direction: Direction) -> &'static str {
    match direction {
        Direction::Ltr => "ltr",
        Direction::Rtl => "rtl",
    }
}

/// Words of the page in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// Arabic.
    pub ar: &'static str,
}

impl Words {
    /// The words in one language.
    pub fn of(self, language: PageLanguage) -> &'static str {
        match language {
            PageLanguage::English => self.en,
            PageLanguage::Arabic => self.ar,
        }
    }
}

/// Words in both languages.
pub const fn words(en: &'static str, ar: &'static str) -> Words {
    Words { en, ar }
}

/// A side's name.
pub fn side(side: Side) -> Words {
    match side {
        Side::Us => words("United States", "الولايات المتحدة"),
        Side::Cn => words("China", "الصين"),
        Side::Other => words("Neither side", "غير الطرفين"),
    }
}

/// Stated or described.
pub fn basis(basis: Basis) -> Words {
    match basis {
        Basis::Stated => words("Stated by the side", "على لسان الطرف"),
        Basis::Described => words("Described by others", "وصفٌ من غيره"),
    }
}

/// How a side is presented.
pub fn stance(stance: Stance) -> Words {
    match stance {
        Stance::Favourable => words("Favourable", "إيجابي"),
        Stance::Unfavourable => words("Unfavourable", "سلبي"),
        Stance::Neutral => words("Neutral", "محايد"),
    }
}

/// Who speaks.
pub fn speaker(side: SourceSide) -> Words {
    match side {
        SourceSide::Us => words("US sources", "مصادر أمريكية"),
        SourceSide::Cn => words("Chinese sources", "مصادر صينية"),
        SourceSide::Other => words("Other sources", "مصادر أخرى"),
        SourceSide::None => words("The narrator", "كاتب المقال"),
    }
}

/// Language of an article.
pub fn language(language: Language) -> Words {
    match language {
        Language::Ar => words("Arabic", "العربية"),
        Language::En => words("English", "الإنجليزية"),
        Language::Mixed => words("Arabic and English", "العربية والإنجليزية"),
        Language::Other => words("Another language", "لغة أخرى"),
    }
}

/// How far a source commits itself; `None` for the narrator.
pub fn commitment(commitment: Option<Commitment>) -> Words {
    match commitment {
        Some(Commitment::Said) => words("said", "قال"),
        Some(Commitment::Asserted) => words("asserted, confirmed", "أكد"),
        Some(Commitment::Claimed) => words("claimed", "زعم"),
        Some(Commitment::Denied) => words("denied, rejected", "نفى أو رفض"),
        Some(Commitment::Accused) => words("accused, criticised", "اتهم أو انتقد"),
        Some(Commitment::Warned) => words("warned", "حذّر"),
        Some(Commitment::Promised) => words("promised", "تعهّد"),
        Some(Commitment::Demanded) => words("demanded", "طالب"),
        Some(Commitment::Believed) => words("believes, expects", "يعتقد أو يتوقع"),
        Some(Commitment::Announced) => words("announced", "أعلن"),
        Some(Commitment::Indicated) => words("indicated (data, studies)", "أظهرت البيانات"),
        Some(Commitment::Praised) => words("praised", "أشاد"),
        Some(Commitment::Asked) => words("asked", "سأل"),
        None => words("no source: the narrator", "بلا مصدر: كاتب المقال"),
    }
}

/// A topic's name.
pub fn topic(topic: Topic) -> Words {
    match topic {
        Topic::Models => words("Models", "النماذج"),
        Topic::Chips => words("Chips", "الرقائق"),
        Topic::Compute => words("Compute", "القدرة الحاسوبية"),
        Topic::ExportControls => words("Export controls", "ضوابط التصدير"),
        Topic::Data => words("Data", "البيانات"),
        Topic::Talent => words("Talent", "الكفاءات"),
        Topic::Energy => words("Energy", "الطاقة"),
        Topic::Investment => words("Investment", "الاستثمار"),
        Topic::Regulation => words("Regulation", "التنظيم"),
        Topic::Governance => words("Governance", "الحوكمة الدولية"),
        Topic::Applications => words("Applications", "التطبيقات"),
        Topic::Military => words("Military", "الشأن العسكري"),
        Topic::SecurityIp => words("Security and IP", "الأمن والملكية الفكرية"),
        Topic::OpenSource => words("Open source", "المصادر المفتوحة"),
        Topic::Rivalry => words("Rivalry", "التنافس"),
    }
}

/// Polarity and modality.
pub fn reading(polarity: Polarity, modality: Modality) -> Words {
    match (polarity, modality) {
        (Polarity::Affirmed, Modality::Asserted) => words("affirmed, asserted", "مثبت، مجزوم به"),
        (Polarity::Affirmed, Modality::Possible) => words("affirmed, possible", "مثبت، محتمل"),
        (Polarity::Affirmed, Modality::Intended) => words("affirmed, intended", "مثبت، مزمع"),
        (Polarity::Affirmed, Modality::Obligated) => words("affirmed, an obligation", "مثبت، واجب"),
        (Polarity::Affirmed, Modality::Conditional) => words("affirmed, under a condition", "مثبت، مشروط"),
        (Polarity::Negated, Modality::Asserted) => words("negated, asserted", "منفي، مجزوم به"),
        (Polarity::Negated, Modality::Possible) => words("negated, possible", "منفي، محتمل"),
        (Polarity::Negated, Modality::Intended) => words("negated, intended", "منفي، مزمع"),
        (Polarity::Negated, Modality::Obligated) => words("negated, an obligation", "منفي، واجب"),
        (Polarity::Negated, Modality::Conditional) => words("negated, under a condition", "منفي، مشروط"),
    }
}
