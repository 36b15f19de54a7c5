// A claim with its evidence, and the comparison of what reviewers decided about it.

import { add, badge, bdi, el } from "./dom.js";
import { line, marksOf, paragraphs, ROLES } from "./text.js";
import { t, value } from "./words.js";

/** Signs beside the words for states: told apart without colour. */
export const SIGNS = {
  unreviewed: "○", accepted: "✓", edited: "✎", rejected: "✕", added: "＋", skipped: "»", again: "↻",
  undecided: "○", agree: "=", differ: "≠", single: "1", adjudicated: "⚖",
};

/** The state of a claim as sign and word. */
export function stateMark(state) {
  return el("span", { class: `state s-${state}` }, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state] ?? "•"),
    " ", t(`state_${state}`));
}

/** The side of a claim. */
export function sideMark(side) {
  return el("span", { class: `side side-${side}`, title: value(side) }, badge(side));
}

function percent(confidence) {
  return badge(`${Math.round(confidence * 100)} %`);
}

function quote(span) {
  return span ? line(span.quote, "span", { class: "quote" }) : t("nothing");
}

/** What the marks in the text mean. */
export function legend() {
  const names = { content: t("content"), source: t("source"), cue: t("cue"), actor: t("actor"), predicate: t("predicate"),
    object: t("objects") };
  return el("ul", { class: "legend", "aria-label": t("colours") },
    ROLES.map((role) => el("li", {}, el("mark", { class: `m-${role}` }, names[role]))));
}

/** The text of a card with the marks of a claim. */
export function text(card, claim, invisible, extra = []) {
  return el("section", { class: "article-text", id: "text", tabindex: "-1", "aria-label": t("textAround") },
    paragraphs(card.blocks, [...marksOf(claim), ...extra], invisible));
}

/** The article's title, outlet, date and address. */
export function heading(card) {
  const { article, item } = card;
  const known = [article.outlet, article.date].filter(Boolean);
  return el("header", { class: "card-head" },
    el("div", { class: "marks" }, stateMark(item.state), sideMark(card.current.side), el("span", {}, value(card.current.basis)),
      el("span", {}, value(card.current.topic)), percent(card.current.confidence)),
    line(article.title ?? article.path, "h1", {}),
    el("p", { class: "known" }, known.map((part) => [bdi(part), " · "]), bdi(article.path), " · ",
      t("articleClaims", article.claims)));
}

/** The claim's words by themselves. */
export function claimLine(claim) {
  return line(claim.content.quote, "p", { class: "claim-line", id: "claim-line" });
}

function row(name, ...content) {
  return el("div", { class: "row" }, el("dt", {}, name), el("dd", {}, content));
}

/** All fields of a claim. */
export function fields(claim, changed = []) {
  const marked = (name, label) => [label, changed.includes(name) ? el("span", { class: "changed" }, ` (${t("changedFields")})`) : null];
  const list = el("dl", { class: "fields" });
  add(list, [
    row(marked("side", t("side")), value(claim.side), " ", badge(claim.side)),
    row(marked("basis", t("basis")), value(claim.basis)),
    row(marked("source", t("source")), claim.source ? quote(claim.source) : t("narrator")),
    row(marked("source_side", t("source_side")), value(claim.source_side)),
    row(marked("cue", t("cue")), quote(claim.cue)),
    row(marked("actor", t("actor")), quote(claim.actor)),
    row(marked("predicate", t("predicate")), quote(claim.predicate)),
    claim.objects.length > 0 && row(marked("objects", t("objects")), claim.objects.map((span, at) => [at > 0 ? " · " : "", quote(span)])),
    row(marked("about", t("about")), claim.about.length > 0 ? claim.about.map(value).join(" · ") : t("nothing")),
    row(marked("stance_us", t("stance_us")), value(claim.stance.us)),
    row(marked("stance_cn", t("stance_cn")), value(claim.stance.cn)),
    row(marked("topic", t("topic")), value(claim.topic)),
    row(marked("commitment", t("commitment")), value(claim.commitment)),
    row(marked("polarity", t("polarity")), value(claim.polarity)),
    row(marked("modality", t("modality")), value(claim.modality)),
    claim.time.length > 0 && row(t("time"), claim.time.map((time, at) => [at > 0 ? " · " : "", quote(time), " = ", badge(time.value)])),
    claim.quantities.length > 0 && row(t("quantities"),
      claim.quantities.map((found, at) => [at > 0 ? " · " : "", quote(found), " = ", badge(`${found.value} ${found.unit}`.trim())])),
    claim.source_chain.length > 1 && row(t("chain"),
      claim.source_chain.map((link, at) => [at > 0 ? " ‹ " : "", link.source ? bdi(link.source.quote) : t("narrator")])),
    row(t("confidence"), percent(claim.confidence)),
    row(t("rule"), el("code", { dir: "ltr" }, claim.rule)),
    claim.abstained.length > 0 && row(t("abstained"), bdi(claim.abstained.join("; "))),
  ]);
  return el("section", { class: "panel", "aria-label": t("fieldsTitle") }, list);
}

/** Why the claim has its side, and where else it stands. */
export function evidence(card, open) {
  return [
    card.why.length > 0 && el("section", { class: "panel" }, el("h2", {}, t("why")),
      el("ul", { class: "plain" }, card.why.map((found) => el("li", {}, badge(found.side), " ", line(found.quote, "bdi"),
        " ", el("span", { class: "quiet" }, t(`of_${found.of}`), ": ", bdi(found.reason)))))),
    card.siblings.length > 0 && el("section", { class: "panel" }, el("h2", {}, t("elsewhere")),
      el("ul", { class: "plain" }, card.siblings.map((found) => el("li", {},
        el("span", { class: "quiet" }, t(`kind_${found.kind}`),
          found.reason ? [": ", bdi(found.reason)] : null, " · "), bdi(found.title), " ", badge(found.side), " ",
        found.key === null ? line(found.content, "bdi")
          : el("button", { type: "button", class: "link", onclick: () => open(found.key) }, line(found.content, "bdi")))))),
  ];
}

/** What this person decided. */
export function verdict(card) {
  const mine = card.verdicts.at(-1);
  if (!mine) return null;
  return el("section", { class: "panel verdict" }, el("h2", {}, t("yourDecision")),
    el("p", {}, t(`action_${mine.action}`), mine.reason ? [" · ", t(`reason_${mine.reason}`)] : null,
      mine.note ? [" · ", bdi(mine.note)] : null),
    mine.again ? el("p", { class: "again" }, t("againNote")) : null,
    mine.changed.length > 0 ? el("p", {}, t("changedFields"), ": ", mine.changed.map((name) => t(name)).join(" · ")) : null);
}

const COMPARED = ["content", "side", "basis", "about", "actor", "predicate", "source", "source_side", "cue", "polarity",
  "modality", "stance_us", "stance_cn", "topic", "commitment", "objects"];

function cell(claim, name) {
  if (name === "stance_us") return value(claim.stance.us);
  if (name === "stance_cn") return value(claim.stance.cn);
  const found = claim[name];
  if (Array.isArray(found)) return found.map((one) => (one.quote ? one.quote : value(one))).join(" · ") || t("nothing");
  if (found && typeof found === "object") return line(found.quote, "bdi", { class: "quote" });
  return value(found);
}

function same(a, b, name) {
  const of = (claim) => {
    if (name === "stance_us") return claim.stance.us;
    if (name === "stance_cn") return claim.stance.cn;
    return claim[name];
  };
  return JSON.stringify(of(a)) === JSON.stringify(of(b));
}

/** What the machine and each reviewer hold right, side by side. */
export function comparison(card) {
  const reviewers = card.verdicts.filter((one) => one.role === "reviewer" && one.action !== "skip");
  const columns = [{ name: t("machine"), claim: card.machine, said: null, key: "0" },
    ...reviewers.map((one, at) => ({ name: one.reviewer, claim: one.claim, said: one, key: String(at + 1) }))];
  const claims = columns.map((column) => column.claim).filter(Boolean);
  const rows = COMPARED.map((name) => {
    const differs = claims.some((claim) => !same(claim, claims[0], name));
    return el("tr", { class: differs ? "differs" : "" },
      el("th", { scope: "row" }, t(name), differs ? el("span", { class: "differs-mark", title: t("differs") }, " ≠") : null),
      columns.map((column) => el("td", {}, column.claim ? cell(column.claim, name) : t("nothing"))));
  });
  const judged = card.verdicts.find((one) => one.role === "adjudicator");
  return el("section", { class: "panel compare" },
    el("h2", {}, t("compare")),
    el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": t("compare") },
      el("table", {},
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("field")),
          columns.map((column) => el("th", { scope: "col" }, el("kbd", {}, column.key), " ", bdi(column.name))))),
        el("tbody", {},
          el("tr", { class: "decided" }, el("th", { scope: "row" }, t("decision")),
            columns.map((column) => el("td", {}, column.said
              ? [t(`action_${column.said.action}`), column.said.reason ? [" · ", t(`reason_${column.said.reason}`)] : null,
                column.said.note ? [" · ", bdi(column.said.note)] : null]
              : column.claim ? t("nothing") : t("nothing")))),
          rows))),
    judged ? el("p", { class: "again" }, t("adjudicated"), ": ", t(`action_${judged.action}`),
      judged.reason ? [" · ", t(`reason_${judged.reason}`)] : null, " · ", bdi(judged.reviewer)) : null);
}

/** Reviewers of a card whose versions can be taken, in the order of their keys. */
export function versions(card) {
  return card.verdicts.filter((one) => one.role === "reviewer" && one.action !== "skip");
}
