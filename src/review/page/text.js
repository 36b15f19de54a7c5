// The text of an article on the page: paragraphs of their own direction, plain inline marks, and the way back from a
// selection to positions. All positions count UTF-16 units of the article's text.

import { el } from "./dom.js";

/** Parts of a claim that are marked, outermost first: an inner mark stands inside the outer ones. */
export const ROLES = ["content", "source", "cue", "actor", "predicate", "object"];

const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/;
const NAMES = {
  "\u00ad": "SHY", "\u061c": "ALM", "\u200b": "ZWSP", "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM",
  "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO", "\u2060": "WJ", "\u2066": "LRI",
  "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI", "\ufeff": "BOM",
};

/** Base direction by the majority of strong letters, as for the paragraphs: «CNN قالت …» is Arabic. */
export function direction(text) {
  let left = 0;
  let right = 0;
  for (const letter of (text ?? "").slice(0, 2000)) {
    if (/\p{Script=Arabic}|\p{Script=Hebrew}/u.test(letter)) right += 1;
    else if (/\p{L}/u.test(letter)) left += 1;
  }
  return right > left ? "rtl" : "ltr";
}

/** A line of article text (a title, a quote) of its own direction. */
export function line(text, name = "span", properties = {}) {
  const dir = direction(text);
  return el(name, { dir, lang: dir === "rtl" ? "ar" : "en", ...properties }, text ?? "");
}

/** The marks of a claim. */
export function marksOf(claim) {
  const marks = [];
  const put = (role, span) => { if (span) marks.push({ role, start: span.start, end: span.end }); };
  for (const role of ["content", "source", "cue", "actor", "predicate"]) put(role, claim[role]);
  for (const object of claim.objects) put("object", object);
  return marks;
}

/** Text nodes of a piece, with invisible characters shown if asked: their names are drawn by the style sheet, so that
 *  positions and copied text stay what they are. */
function characters(parent, text, invisible) {
  if (!invisible || !INVISIBLE.test(text)) {
    parent.append(document.createTextNode(text));
    return;
  }
  for (const piece of text.split(new RegExp(`(${INVISIBLE.source})`))) {
    if (piece === "") continue;
    if (INVISIBLE.test(piece)) parent.append(el("span", { class: "invisible", "data-name": NAMES[piece] ?? "?" }, piece));
    else parent.append(document.createTextNode(piece));
  }
}

/** Paragraphs with their marks. */
export function paragraphs(blocks, marks, invisible) {
  return blocks.map((block) => {
    const end = block.start + block.text.length;
    const inside = marks.filter((mark) => mark.start < end && block.start < mark.end);
    const edges = new Set([block.start, end]);
    for (const mark of inside) {
      edges.add(Math.max(mark.start, block.start));
      edges.add(Math.min(mark.end, end));
    }
    const sorted = [...edges].sort((a, b) => a - b);
    const shown = el("p", {
      class: `text ${block.kind}${block.cut_before ? " cut-before" : ""}${block.cut_after ? " cut-after" : ""}`,
      dir: block.dir, lang: block.dir === "rtl" ? "ar" : "en", "data-start": block.start,
    });
    for (let at = 0; at + 1 < sorted.length; at += 1) {
      const [from, to] = [sorted[at], sorted[at + 1]];
      let parent = shown;
      for (const role of ROLES) {
        if (inside.some((mark) => mark.role === role && mark.start <= from && to <= mark.end)) {
          const mark = el("mark", { class: `m-${role}` });
          parent.append(mark);
          parent = mark;
        }
      }
      characters(parent, block.text.slice(from - block.start, to - block.start), invisible);
    }
    return shown;
  });
}

/** Position of a place in the document, or null outside the article's text. */
function position(node, offset) {
  const start = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  const paragraph = start?.closest?.("p.text");
  if (!paragraph) return null;
  const before = document.createRange();
  before.selectNodeContents(paragraph);
  before.setEnd(node, offset);
  return Number(paragraph.dataset.start) + before.toString().length;
}

/** What is selected of the article's text, widened to whole words and clitics; null if nothing is. */
export function selected(words) {
  const selection = document.getSelection();
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const start = position(range.startContainer, range.startOffset);
  const end = position(range.endContainer, range.endOffset);
  if (start === null || end === null || end <= start) return null;
  const edges = words.flat();
  const from = edges.filter((edge) => edge <= start).at(-1);
  const to = edges.find((edge) => edge >= end);
  const first = words.find((word) => word.at(-1) > start);
  const last = words.findLast((word) => word[0] < end);
  if (!first || !last) return null;
  return { start: Math.max(from ?? first[0], first[0]), end: Math.min(to ?? last.at(-1), last.at(-1)) };
}

/** The characters of a span, out of the blocks; null if it is not wholly in one paragraph after another shown. */
export function quoteOf(blocks, start, end) {
  const first = blocks.find((block) => block.start <= start && start < block.start + block.text.length);
  if (!first || end > first.start + first.text.length) return null;
  return first.text.slice(start - first.start, end - first.start);
}

/** Moves an edge of a span by a word or a clitic. `words` are lists of edges; gives the span or null if it cannot. */
export function stepped(words, span, edge, back, clitics) {
  const edges = edge === "start"
    ? words.flatMap((word) => (clitics ? word.slice(0, -1) : [word[0]]))
    : words.flatMap((word) => (clitics ? word.slice(1) : [word.at(-1)]));
  const now = span[edge];
  const to = back ? edges.filter((place) => place < now).at(-1) : edges.find((place) => place > now);
  if (to === undefined) return null;
  const moved = { ...span, [edge]: to };
  return moved.start < moved.end ? moved : null;
}
