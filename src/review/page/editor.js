// Editing a claim, or adding one: every field, spans by word and clitic steps or from the selection.

import { el, fill } from "./dom.js";
import { line, marksOf, paragraphs, quoteOf, selected, stepped } from "./text.js";
import { legend } from "./card.js";
import { t, value } from "./words.js";

const SPANS = ["content", "actor", "predicate", "source", "cue"];
const CHOICES = {
  side: ["US", "CN"],
  basis: ["stated", "described"],
  source_side: ["US", "CN", "other", "none"],
  polarity: ["affirmed", "negated"],
  modality: ["asserted", "possible", "intended", "obligated", "conditional"],
  stance_us: ["favourable", "unfavourable", "neutral"],
  stance_cn: ["favourable", "unfavourable", "neutral"],
  topic: ["models", "chips", "compute", "export_controls", "data", "talent", "energy", "investment", "regulation",
    "governance", "applications", "military", "security_ip", "open_source", "rivalry"],
  commitment: ["", "said", "asserted", "claimed", "denied", "accused", "warned", "promised", "announced", "asked",
    "believed", "demanded", "indicated", "praised"],
};

/** Fields that the server takes, out of a claim. */
function fieldsOf(claim) {
  const { content, side, basis, about, actor, predicate, source, source_side, cue, polarity, modality, stance, topic,
    commitment, objects } = claim;
  return structuredClone({ content, side, basis, about, actor, predicate, source, source_side, cue, polarity, modality,
    stance, topic, commitment, objects });
}

/** What an added claim begins with. */
function blank(content, side) {
  return {
    content, side, basis: "described", about: [side], actor: null, predicate: null, source: null, source_side: "none",
    cue: null, polarity: "affirmed", modality: "asserted", stance: { us: "neutral", cn: "neutral" }, topic: "rivalry",
    commitment: null, objects: [],
  };
}

/**
 * Opens the editor in `place`. `done` gets the fields and the note, and may refuse by throwing; `cancelled` is called
 * when it is left. Gives an object whose `key` handles keys.
 */
export function edit(place, card, { adding, invisible, done, cancelled, tell }) {
  const chosen = adding ? selected(card.words) : null;
  const spanAt = ({ start, end }) => {
    const quote = quoteOf(card.blocks, start, end);
    return quote === null ? null : { start, end, quote };
  };
  const here = card.current.content;
  const draft = adding
    ? blank((chosen && spanAt(chosen)) ?? structuredClone(here), card.current.side)
    : fieldsOf(card.current);
  let active = "content";
  let clitics = false;

  const text = el("section", { class: "article-text", id: "text", "aria-label": t("textAround") });
  const parts = el("div", { class: "parts", role: "radiogroup", "aria-label": t("spanTitle") });
  const unit = el("button", { type: "button", onclick: () => { clitics = !clitics; show(); } });
  const note = el("input", { type: "text", id: "edit-note", maxlength: "2000" });

  function show() {
    fill(text, paragraphs(card.blocks, marksOf(draft), invisible));
    fill(parts, [...SPANS, "objects"].map((name, at) => {
      const quotes = name === "objects" ? draft.objects.map((span) => span.quote).join(" · ") : draft[name]?.quote;
      return el("button", {
        type: "button", role: "radio", "aria-checked": String(active === name), tabindex: active === name ? "0" : "-1",
        "data-part": name, class: "part", onclick: () => { active = name; show(); focusPart(); },
      }, el("kbd", { "aria-hidden": "true" }, String(at + 1)), " ",
      el("mark", { class: `m-${name === "objects" ? "object" : name}` }, t(name)), " ",
      quotes ? line(quotes, "span", { class: "quote" }) : t("nothing"));
    }));
    fill(unit, el("kbd", { "aria-hidden": "true" }, "c"), " ", t("step"), ": ", clitics ? t("stepClitic") : t("stepWord"));
  }

  function focusPart() {
    parts.querySelector(`[data-part="${active}"]`)?.focus();
  }

  function set(span) {
    const found = span && spanAt(span);
    if (!found) return;
    if (active === "objects") draft.objects = [...draft.objects.slice(0, -1), found];
    else draft[active] = found;
    show();
  }

  function now() {
    return active === "objects" ? draft.objects.at(-1) ?? null : draft[active];
  }

  function step(edge, back) {
    const span = now();
    if (span) {
      set(stepped(card.words, span, edge, back, clitics));
      return;
    }
    // An empty part begins with the first word of the content.
    const first = card.words.find((word) => word.at(-1) > draft.content.start);
    if (!first) return;
    if (active === "objects") draft.objects = [{ start: 0, end: 0, quote: "" }];
    set({ start: first[0], end: first.at(-1) });
  }

  function take() {
    const span = selected(card.words);
    if (!span) {
      tell(t("noSelection"));
      return;
    }
    if (active === "objects") {
      const found = spanAt(span);
      if (found) draft.objects = [...draft.objects, found];
      show();
    } else set(span);
  }

  function clear() {
    if (active === "content") return;
    if (active === "objects") draft.objects = draft.objects.slice(0, -1);
    else draft[active] = null;
    show();
  }

  function sentence(back) {
    if (active !== "content") return;
    const at = draft.content.start;
    const found = back ? card.sentences.filter(([start]) => start < at).at(-1) : card.sentences.find(([start]) => start > at);
    if (found) {
      set({ start: found[0], end: found[1] });
      text.querySelector(".m-content")?.scrollIntoView({ block: "nearest" });
    }
  }

  function choice(name) {
    const get = () => (name.startsWith("stance_") ? draft.stance[name.slice(7)] : draft[name] ?? "");
    const put = (chosenValue) => {
      if (name.startsWith("stance_")) draft.stance[name.slice(7)] = chosenValue;
      else draft[name] = chosenValue === "" ? null : chosenValue;
    };
    const id = `edit-${name}`;
    return el("div", { class: "choice" }, el("label", { for: id }, t(name)),
      el("select", { id, onchange: (event) => put(event.target.value) },
        CHOICES[name].map((one) => el("option", { value: one, selected: get() === one }, value(one)))));
  }

  function about(side) {
    return el("label", { class: "check" }, el("input", {
      type: "checkbox", id: `edit-about-${side}`, checked: draft.about.includes(side),
      onchange: (event) => {
        draft.about = draft.about.filter((one) => one !== side);
        if (event.target.checked) draft.about.push(side);
      },
    }), " ", value(side));
  }

  const button = (key, word, act) => el("button", { type: "button", onclick: act },
    el("kbd", { "aria-hidden": "true" }, key), " ", t(word));

  async function save() {
    if (saving) return;
    saving = true;
    try {
      await done(draft, note.value);
    } finally {
      saving = false;
    }
  }
  let saving = false;

  show();
  fill(place,
    el("header", { class: "card-head" }, el("h1", { id: "edit-title" }, adding ? t("addTitle") : t("editTitle"))),
    legend(), text,
    el("section", { class: "panel" }, el("h2", {}, t("spanTitle")), el("p", { class: "quiet" }, t("spanHelp")), parts,
      el("div", { class: "buttons", role: "toolbar", "aria-label": t("spanTitle") },
        button("[", "startBack", () => step("start", true)), button("]", "startOn", () => step("start", false)),
        button("{", "endBack", () => step("end", true)), button("}", "endOn", () => step("end", false)), unit,
        button("x", "takeSelection", take), button(",", "sentenceBack", () => sentence(true)),
        button(".", "sentenceOn", () => sentence(false)), button("Del", "clearSpan", clear))),
    el("section", { class: "panel choices" }, Object.keys(CHOICES).map(choice),
      el("fieldset", { class: "choice" }, el("legend", {}, t("about")), about("US"), about("CN"))),
    el("section", { class: "panel" }, el("label", { for: "edit-note" }, t("note")), note),
    el("div", { class: "buttons actions" },
      el("button", { type: "button", class: "primary", id: "save", onclick: save },
        el("kbd", { "aria-hidden": "true" }, "Ctrl+Enter"), " ", t("save")),
      el("button", { type: "button", onclick: cancelled }, el("kbd", { "aria-hidden": "true" }, "Esc"), " ", t("cancel"))));
  focusPart();
  text.querySelector(".m-content")?.scrollIntoView({ block: "nearest" });

  return {
    /** Handles a key; gives whether it was one of the editor's. */
    key(name, event) {
      if (name === "Enter" && (event.ctrlKey || event.metaKey)) save();
      else if (name === "Escape") cancelled();
      else if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return false;
      else if (name === "[") step("start", true);
      else if (name === "]") step("start", false);
      else if (name === "{") step("end", true);
      else if (name === "}") step("end", false);
      else if (name === "c") { clitics = !clitics; show(); focusPart(); }
      else if (name === "x") take();
      else if (name === ",") sentence(true);
      else if (name === ".") sentence(false);
      else if (name === "Delete" || name === "Backspace") clear();
      else if (/^[1-6]$/.test(name)) { active = [...SPANS, "objects"][Number(name) - 1]; show(); focusPart(); }
      else if ((name === "ArrowDown" || name === "ArrowUp") && document.activeElement?.getAttribute("role") === "radio") {
        const all = [...SPANS, "objects"];
        active = all[(all.indexOf(active) + (name === "ArrowDown" ? 1 : all.length - 1)) % all.length];
        show();
        focusPart();
      } else return false;
      return true;
    },
  };
}

/** Whether a key goes into a field. */
export function typing(event) {
  const target = event.target;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)
    || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

