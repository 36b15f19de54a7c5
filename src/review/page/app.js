// The page: bar, list, card, keys.

import { el, fill, bdi, badge } from "./dom.js";
import { claimLine, comparison, evidence, fields, heading, legend, sideMark, stateMark, text, verdict, versions } from "./card.js";
import { desk, newId, Trouble } from "./desk.js";
import { edit, typing } from "./editor.js";
import { line } from "./text.js";
import { KEYS, speak, spoken, t, value } from "./words.js";

const PAGE = 25;
const $ = (id) => document.getElementById(id);

/** What people chose, kept in this browser. */
const kept = {
  get: (key) => { try { return localStorage.getItem(`khabar.${key}`); } catch { return null; } },
  set: (key, chosen) => { try { localStorage.setItem(`khabar.${key}`, chosen); } catch { /* a browser that keeps nothing */ } },
};

const state = {
  session: null, filter: {}, listing: { total: 0, offset: 0, items: [] }, card: null, whole: false, invisible: false,
  editor: null, rejecting: false, busy: false, pending: null, ahead: new Map(), keys: kept.get("keys") !== "off",
};

const adjudicating = () => state.session?.role === "adjudicator";
const unseen = () => (adjudicating() ? "undecided" : "unreviewed");

// ---- Messages

function tell(message) {
  $("status").textContent = message;
}

function trouble(error, again) {
  const told = error instanceof Trouble
    ? error.gone ? t("notSaved") : error.moved ? t("moved") : `${t("failed")}: ${error.message}`
    : `${t("failed")}: ${error.message}`;
  tell("");
  fill($("trouble"), el("p", {}, el("bdi", {}, told), error.hint && error.code !== "E-DATA-001" ? [" ", el("bdi", {}, error.hint)] : null),
    again ? el("button", { type: "button", id: "retry", onclick: () => { calm(); again(); } }, t("retry")) : null,
    el("button", { type: "button", onclick: calm }, t("close")));
}

function calm() {
  $("trouble").replaceChildren();
}

// ---- Language and theme

function dress() {
  const root = document.documentElement;
  root.lang = spoken();
  root.dir = spoken() === "ar" ? "rtl" : "ltr";
  const theme = kept.get("theme") ?? "auto";
  if (theme === "auto") root.removeAttribute("data-theme");
  else root.dataset.theme = theme;
  document.title = t("title");
  $("skip").textContent = t("skipToCard");
}

function switchLanguage() {
  speak(spoken() === "ar" ? "en" : "ar");
  kept.set("language", spoken());
  dress();
  showAll();
  $("language")?.focus();
}

function setTheme(theme) {
  kept.set("theme", theme);
  dress();
}

function turnTheme() {
  const themes = ["auto", "light", "dark"];
  setTheme(themes[(themes.indexOf(kept.get("theme") ?? "auto") + 1) % 3]);
  showBar();
}

// ---- The bar

function progress() {
  const { counts } = state.session;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { all, open: (counts[unseen()] ?? 0), decided: all - (counts[unseen()] ?? 0) };
}

function showBar() {
  const { reviewer, lost, counts } = state.session;
  const { all, decided } = progress();
  const open = adjudicating() ? (counts.differ ?? 0) + (counts.single ?? 0) : all - decided + (counts.again ?? 0);
  fill($("bar"),
    el("div", { class: "bar-name" }, el("strong", {}, t("title")),
      el("span", {}, t(adjudicating() ? "adjudicator" : "reviewer"), ": ", bdi(reviewer)),
      el("span", { id: "progress" }, t("decidedOf", decided, all), " · ", t("openLeft", open)),
      lost.length > 0 ? el("button", { type: "button", class: "link", id: "lost", onclick: showLost }, t("lost", lost.length)) : null),
    el("form", { class: "search", role: "search", onsubmit: (event) => { event.preventDefault(); filterBy({ text: $("search").value }); } },
      el("label", { for: "search", class: "hidden" }, t("search")),
      el("input", { type: "search", id: "search", placeholder: t("search"), title: t("searchHint"), value: state.filter.text ?? "", dir: "auto" }),
      el("button", { type: "submit" }, t("search"))),
    el("div", { class: "bar-buttons" },
      el("button", { type: "button", id: "language", lang: spoken() === "ar" ? "en" : "ar", title: t("languageName"), onclick: switchLanguage }, t("language")),
      el("label", { for: "theme", class: "hidden" }, t("theme")),
      el("select", { id: "theme", onchange: (event) => setTheme(event.target.value) },
        ["auto", "light", "dark"].map((theme) =>
          el("option", { value: theme, selected: (kept.get("theme") ?? "auto") === theme }, t(theme)))),
      el("button", { type: "button", id: "help", onclick: showHelp }, el("kbd", { "aria-hidden": "true" }, "?"), " ", t("help"))));
}

// ---- Filters and list

const CHOICES = {
  side: ["US", "CN"], basis: ["stated", "described"],
  stance_us: ["favourable", "unfavourable", "neutral"], stance_cn: ["favourable", "unfavourable", "neutral"],
};

function filterForm() {
  const { facets } = state.session;
  const states = adjudicating()
    ? ["open", "differ", "single", "agree", "adjudicated", "undecided"]
    : ["open", "unreviewed", "again", "skipped", "accepted", "edited", "rejected", "added"];
  const choose = (name, label, options) => el("div", { class: "choice" }, el("label", { for: `f-${name}` }, label),
    el("select", { id: `f-${name}`, name }, el("option", { value: "" }, t("any")),
      options.map(([chosen, shown]) => el("option", { value: chosen, selected: state.filter[name] === chosen }, shown))));
  const write = (name, label, type = "text", more = {}) => el("div", { class: "choice" },
    el("label", { for: `f-${name}` }, label),
    el("input", { id: `f-${name}`, name, type, value: state.filter[name] ?? "", dir: type === "text" ? "auto" : null, ...more }));
  const counted = (name) => facets[name].map(([one, count]) => [one, `${name === "rule" || name === "outlet" ? one : value(one)} (${count})`]);
  const plain = (name) => CHOICES[name].map((one) => [one, value(one)]);
  const on = Object.entries(state.filter).filter(([key, chosen]) => chosen && key !== "text").length;
  return el("details", { id: "filters", open: state.filtersOpen, ontoggle: (event) => { state.filtersOpen = event.target.open; } },
    el("summary", {}, el("kbd", { "aria-hidden": "true" }, "f"), " ", t("filters"), on > 0 ? [" ", badge(on)] : null),
    el("form", { class: "choices", onsubmit: readFilters, onreset: () => setTimeout(() => filterBy(null)) },
      choose("state", t("state"), states.map((one) => [one, t(`state_${one}`)])),
      choose("side", t("side"), plain("side")), choose("basis", t("basis"), plain("basis")),
      choose("topic", t("topic"), counted("topic")), write("actor", t("actorFilter")),
      choose("outlet", t("outlet"), counted("outlet")),
      write("from", t("from"), "date"), write("to", t("to"), "date"),
      choose("language", t("articleLanguage"), counted("language")),
      choose("stance_us", t("stance_us"), plain("stance_us")), choose("stance_cn", t("stance_cn"), plain("stance_cn")),
      write("min_confidence", t("min_confidence"), "number", { min: 0, max: 1, step: 0.05 }),
      write("max_confidence", t("max_confidence"), "number", { min: 0, max: 1, step: 0.05 }),
      choose("rule", t("rule"), counted("rule")),
      el("div", { class: "choice" }, el("label", { for: "f-order" }, t("order")),
        el("select", { id: "f-order", name: "order" },
          [["", t("orderQueue")], ["text", t("orderText")]].map(([chosen, shown]) =>
            el("option", { value: chosen, selected: (state.filter.order ?? "") === chosen }, shown)))),
      el("div", { class: "buttons" }, el("button", { type: "submit", class: "primary" }, t("apply")),
        el("button", { type: "reset" }, t("clear")))));
}

function readFilters(event) {
  event.preventDefault();
  const chosen = {};
  for (const [name, given] of new FormData(event.target)) {
    if (given !== "") chosen[name] = name.endsWith("_confidence") ? Number(given) : given;
  }
  filterBy({ ...chosen, text: state.filter.text }, true);
}

async function filterBy(changes, anew = false) {
  const filter = changes === null ? {} : anew ? changes : { ...state.filter, ...changes };
  for (const key of Object.keys(filter)) if (filter[key] === "" || filter[key] === undefined) delete filter[key];
  state.filter = filter;
  state.ahead.clear();
  await attempt(async () => {
    await loadList(0);
    const open = await desk.step(state.filter, { open: true });
    const first = open ?? (await desk.step(state.filter, {}));
    if (first) await openCard(first.item.key, first.offset);
    else showNothing();
  });
  showBar();
  tell(t("shownOf", Math.min(1, state.listing.total), Math.min(PAGE, state.listing.total), state.listing.total));
}

async function loadList(offset) {
  state.listing = await desk.list(state.filter, Math.max(0, offset), PAGE);
  showList();
}

function undecidedShown() {
  return state.listing.items.filter((item) => item.state === unseen());
}

function showList() {
  const { items, offset, total } = state.listing;
  const row = (item) => el("li", {}, el("button", {
    type: "button", class: "item", "data-key": item.key, "aria-current": state.card?.item.key === item.key ? "true" : null,
    onclick: () => attempt(() => openCard(item.key)),
  }, el("span", { class: "marks" }, stateMark(item.state), sideMark(item.side), el("span", { class: "quiet" }, value(item.topic)),
    badge(`${Math.round(item.confidence * 100)} %`)),
  line(item.content, "span", { class: "item-line" })));
  const shown = undecidedShown().length;
  fill($("side"),
    filterForm(),
    el("div", { class: "list-head" }, el("h2", {}, t("list")),
      total > 0 ? el("span", { id: "range" }, t("shownOf", offset + 1, offset + items.length, total)) : null),
    total === 0 ? el("p", {}, t("none")) : el("ol", { class: "items", start: offset + 1 }, items.map(row)),
    el("div", { class: "buttons" },
      el("button", { type: "button", disabled: offset === 0, onclick: () => attempt(() => loadList(offset - PAGE)) }, t("previousPage")),
      el("button", { type: "button", disabled: offset + items.length >= total, onclick: () => attempt(() => loadList(offset + PAGE)) }, t("nextPage")),
      adjudicating() ? null : el("button", { type: "button", id: "accept-all", disabled: shown === 0, onclick: askAcceptAll },
        el("kbd", { "aria-hidden": "true" }, "A"), " ", t("acceptAll", shown))),
    adjudicating() ? null : el("p", { class: "quiet" }, t("blind")));
}

// ---- The card

async function fetchCard(key) {
  const known = state.whole ? null : state.ahead.get(key);
  if (known) {
    state.ahead.delete(key);
    const card = await known.catch(() => null);
    if (card) return card;
  }
  return desk.card(key, state.whole);
}

async function openCard(key, offset = null) {
  const card = await fetchCard(key);
  state.card = card;
  state.editor = null;
  state.rejecting = false;
  showCard();
  const shown = state.listing.items.some((item) => item.key === key);
  if (!shown && offset !== null) await loadList(Math.floor(offset / PAGE) * PAGE);
  else markCurrent();
  lookAhead(card);
}

function markCurrent() {
  for (const button of document.querySelectorAll(".item")) {
    if (Number(button.dataset.key) === state.card?.item.key) {
      button.setAttribute("aria-current", "true");
      button.scrollIntoView({ block: "nearest" });
    } else button.removeAttribute("aria-current");
  }
}

/** Fetches the next claim while this one is read. */
async function lookAhead(card) {
  try {
    const next = await desk.step(state.filter, { from: card.item.place, open: true });
    if (next && !state.ahead.has(next.item.key)) {
      if (state.ahead.size > 4) state.ahead.clear();
      const coming = desk.card(next.item.key, false);
      coming.catch(() => {});
      state.ahead.set(next.item.key, coming);
    }
  } catch {
    // The step itself will tell.
  }
}

function showNothing() {
  state.card = null;
  fill($("main"), el("h1", {}, t("title")), el("p", {}, state.listing.total === 0 ? t("none") : t("noneOpen")));
  document.documentElement.removeAttribute("data-card");
}

function showCard() {
  const { card } = state;
  if (!card) {
    showNothing();
    return;
  }
  const changed = card.verdicts.find((one) => one.role === state.session.role)?.changed ?? [];
  // Whoever works with buttons stays on the button.
  const held = document.activeElement?.closest?.("#main") ? document.activeElement.id || "main" : null;
  fill($("main"),
    heading(card), claimLine(card.current), actions(card), el("div", { id: "reasons" }), legend(), text(card, card.current, state.invisible),
    el("div", { class: "buttons" },
      el("button", { type: "button", id: "whole", "aria-pressed": String(state.whole), onclick: toggleWhole },
        el("kbd", { "aria-hidden": "true" }, "o"), " ", state.whole ? t("context") : t("whole")),
      el("button", { type: "button", id: "invisible", "aria-pressed": String(state.invisible), onclick: toggleInvisible },
        el("kbd", { "aria-hidden": "true" }, "v"), " ", t("invisible"))),
    adjudicating() ? comparison(card) : verdict(card),
    adjudicating() ? null : fields(card.current, changed),
    evidence(card, (key) => attempt(() => openCard(key))));
  document.documentElement.dataset.card = card.item.key;
  $("text").querySelector(".m-content")?.scrollIntoView({ block: "nearest" });
  if (held) ($(held) ?? $("main")).focus({ preventScroll: true });
  if (!state.whole) window.scrollTo({ top: 0 });
}

function actions(card) {
  const button = (key, word, act, kind = "", id = null) => el("button", { type: "button", class: kind, id, onclick: act },
    el("kbd", { "aria-hidden": "true" }, key), " ", word);
  const own = adjudicating()
    ? [card.machine ? button("0", t("takeMachine"), () => takeVersion(0), "primary") : null,
      versions(card).map((one, at) => (one.claim ? button(String(at + 1), t("takeOf", one.reviewer), () => takeVersion(at + 1)) : null)),
      button("x", t("noneOfThem"), () => decide({ action: "reject", reason: "none_of_them" }), "danger"),
      button("e", t("edit"), startEdit)]
    : [button("a", t("accept"), () => decide({ action: "accept" }), "primary", "accept"),
      button("r", t("reject"), startReject, "danger", "reject"), button("e", t("edit"), startEdit)];
  return el("div", { class: "buttons actions", role: "toolbar", "aria-label": t("decision") }, own,
    button("s", t("skip"), () => decide({ action: "skip" })), button("u", t("undo"), undo, "", "undo"),
    adjudicating() ? null : button("m", t("addMissed"), startAdd),
    button("k", t("previous"), () => move(true)), button("j", t("next"), () => move(false)),
    button("n", t("nextOpen"), () => nextOpen()));
}

function toggleWhole() {
  const chosen = document.getSelection()?.isCollapsed === false;
  state.whole = !state.whole;
  if (!chosen && state.card) attempt(() => openCard(state.card.item.key));
}

function toggleInvisible() {
  state.invisible = !state.invisible;
  showCard();
}

// ---- Moving

async function move(back) {
  await attempt(async () => {
    const found = await desk.step(state.filter, { from: state.card?.item.place ?? null, back });
    if (found) await openCard(found.item.key, found.offset);
  });
}

async function nextOpen() {
  await attempt(async () => {
    let found = await desk.step(state.filter, { from: state.card?.item.place ?? null, open: true });
    // From the beginning, for what was left out on the way.
    found ??= await desk.step(state.filter, { open: true });
    if (found) await openCard(found.item.key, found.offset);
    else {
      if (state.card) await openCard(state.card.item.key);
      tell(`${$("status").textContent} ${t("noneOpen")}`.trim());
    }
  });
}

/** Does something with the server; one thing at a time. */
async function attempt(act, again = null) {
  try {
    await act();
    return true;
  } catch (error) {
    trouble(error, again ?? (error.gone ? () => attempt(act) : null));
    return false;
  }
}

// ---- Deciding

/** While a decision is on its way, and until the next card is there, keys do nothing: none goes to the wrong claim. */
function busy(on) {
  state.busy = on;
  document.documentElement.toggleAttribute("data-busy", on);
}

function take(saved) {
  state.session.counts = saved.counts;
  for (const item of saved.items) {
    state.ahead.delete(item.key);
    const at = state.listing.items.findIndex((known) => known.key === item.key);
    if (at >= 0) state.listing.items[at] = item;
  }
  showBar();
  showList();
}

/** Sends a decision and says that it is saved once the server says so; the same id again if it has to be sent again. */
async function decide(wish) {
  if (!state.card || state.busy) return false;
  const whole = { decision_id: newId(), key: state.card.item.key, ...wish };
  return sendDecision(whole);
}

async function sendDecision(whole) {
  busy(true);
  calm();
  tell(t("saving"));
  try {
    try {
      const saved = await desk.decide(whole);
      take(saved);
      tell(t("saved", t(`action_${whole.action}`)));
    } catch (error) {
      tell("");
      trouble(error, error.gone ? () => sendDecision(whole) : null);
      return false;
    }
    if (whole.action === "add") {
      await loadListQuietly();
      await attempt(() => openCard(state.card.item.key));
    } else await nextOpen();
    return true;
  } finally {
    busy(false);
  }
}

async function loadListQuietly() {
  await attempt(() => loadList(state.listing.offset));
}

function takeVersion(at) {
  if (at === 0) {
    if (state.card.machine) decide({ action: "accept" });
    return;
  }
  const version = versions(state.card)[at - 1];
  if (version?.claim) decide({ action: "accept", version_of: version.reviewer });
  else if (version) decide({ action: "reject", reason: version.reason });
}

async function undo() {
  if (state.busy) return;
  busy(true);
  calm();
  try {
    const saved = await desk.undo(newId());
    take(saved);
    const first = saved.items[0];
    if (first) await openCard(first.key);
    tell(t("undone"));
  } catch (error) {
    if (error.code === "E-DATA-001") tell(t("nothingUndone"));
    else trouble(error, error.gone ? undo : null);
  } finally {
    busy(false);
  }
}

function startReject() {
  if (adjudicating() || !state.card) return;
  state.rejecting = true;
  const note = el("input", { type: "text", id: "reject-note", maxlength: "2000", placeholder: t("noteHint") });
  fill($("reasons"), el("section", { class: "panel reasons", role: "group", "aria-labelledby": "reason-title" },
    el("h2", { id: "reason-title" }, t("reasonTitle")),
    el("div", { class: "buttons" }, state.session.reasons.map((reason, at) => el("button", {
      type: "button", "data-reason": reason, onclick: () => reject(at),
    }, el("kbd", { "aria-hidden": "true" }, String(at + 1)), " ", t(`reason_${reason}`)))),
    el("label", { for: "reject-note" }, t("note")), note,
    el("div", { class: "buttons" }, el("button", { type: "button", onclick: stopReject },
      el("kbd", { "aria-hidden": "true" }, "Esc"), " ", t("cancel")))));
  $("reasons").querySelector("button")?.focus();
}

function stopReject() {
  state.rejecting = false;
  $("reasons")?.replaceChildren();
  $("reject")?.focus();
}

function reject(at) {
  const reason = state.session.reasons[at];
  if (reason) decide({ action: "reject", reason, note: $("reject-note")?.value || null });
}

function startEdit() {
  if (state.card) openEditor(false, state.card);
}

async function startAdd() {
  if (!state.card || adjudicating()) return;
  await attempt(async () => {
    const chosen = document.getSelection();
    const has = chosen && !chosen.isCollapsed && $("text")?.contains(chosen.anchorNode);
    // Without a selection the whole article is there to choose from.
    const card = has ? state.card : await desk.card(state.card.item.key, true);
    openEditor(true, card);
  });
}

function openEditor(adding, card) {
  const key = card.item.key;
  state.editor = edit($("main"), card, {
    adding, invisible: state.invisible, tell,
    cancelled: () => { state.editor = null; calm(); showCard(); $("main").focus(); },
    done: async (chosen, note) => {
      await sendDecision({ decision_id: newId(), key, action: adding ? "add" : "edit", note: note || null, fields: chosen });
    },
  });
}

// ---- Dialogs

function openDialog(title, ...content) {
  const dialog = $("dialog");
  fill(dialog, el("h2", { id: "dialog-title" }, title), content);
  dialog.showModal();
}

function closeButton(word = "close") {
  return el("button", { type: "button", onclick: () => $("dialog").close() }, t(word));
}

function askAcceptAll() {
  const keys = undecidedShown().map((item) => item.key);
  if (keys.length === 0 || adjudicating()) return;
  openDialog(t("acceptAllTitle"), el("p", {}, t("acceptAllText", keys.length)),
    el("div", { class: "buttons" },
      el("button", { type: "button", class: "primary", id: "confirm", onclick: () => { $("dialog").close(); acceptAll(newId(), keys); } }, t("confirm")),
      closeButton("cancel")));
  $("confirm").focus();
}

async function acceptAll(batch, keys) {
  if (state.busy) return;
  busy(true);
  calm();
  tell(t("saving"));
  try {
    try {
      const saved = await desk.acceptAll(batch, keys);
      state.ahead.clear();
      take(saved);
      tell(t("savedAll", saved.items.length));
    } catch (error) {
      trouble(error, error.gone ? () => acceptAll(batch, keys) : null);
      return;
    }
    await nextOpen();
  } finally {
    busy(false);
  }
}

function showHelp() {
  const keys = (name) => el("dl", { class: "keys" }, KEYS[name].map(([key, word]) =>
    el("div", {}, el("dt", {}, el("kbd", { dir: "ltr" }, key)), el("dd", {}, t(word, "…")))));
  openDialog(t("keysTitle"),
    el("label", { class: "check" }, el("input", {
      type: "checkbox", id: "keys-on", checked: state.keys,
      onchange: (event) => { state.keys = event.target.checked; kept.set("keys", state.keys ? "on" : "off"); },
    }), " ", t("keysOn")),
    keys(adjudicating() ? "compare" : "review"), el("h3", {}, t("editTitle")), keys("edit"),
    adjudicating() ? null : el("p", { class: "quiet" }, t("blind")),
    el("div", { class: "buttons" }, closeButton()));
}

function showLost() {
  openDialog(t("lostTitle"), el("p", {}, t("lostText")),
    el("ul", { class: "plain" }, state.session.lost.map((found) => el("li", {}, t(`action_${found.action}`), " · ",
      bdi(found.reviewer), " · ", bdi(found.article), ": ", line(found.quote, "bdi"), " – ", t(`why_${found.why}`)))),
    el("div", { class: "buttons" }, closeButton()));
}

// ---- Keys

/** The key as on a Latin keyboard, so that keys work while an Arabic layout is on. */
function keyOf(event) {
  const { key, code, shiftKey } = event;
  if (key.length !== 1 || /^[\x20-\x7e]$/.test(key)) return key;
  if (/^Key[A-Z]$/.test(code)) return shiftKey ? code.slice(3) : code.slice(3).toLowerCase();
  if (/^Digit\d$/.test(code)) return code.slice(5);
  const others = { BracketLeft: ["[", "{"], BracketRight: ["]", "}"], Slash: ["/", "?"], Comma: [",", "<"], Period: [".", ">"] };
  return others[code]?.[shiftKey ? 1 : 0] ?? key;
}

const ACTS = {
  a: () => !adjudicating() && decide({ action: "accept" }), r: startReject, e: startEdit, s: () => decide({ action: "skip" }),
  u: undo, m: startAdd, j: () => move(false), k: () => move(true), n: nextOpen, A: askAcceptAll, o: toggleWhole,
  v: toggleInvisible, "/": () => { $("search").focus(); $("search").select(); }, "?": showHelp, l: switchLanguage, t: turnTheme,
  f: () => { const filters = $("filters"); filters.open = true; filters.querySelector("select").focus(); },
  x: () => adjudicating() && state.card && decide({ action: "reject", reason: "none_of_them" }),
};

document.addEventListener("keydown", (event) => {
  if (!state.session || $("dialog").open || event.isComposing) return;
  const key = keyOf(event);
  if (state.editor) {
    if ((state.keys || key.length > 1) && state.editor.key(key, event)) event.preventDefault();
    return;
  }
  if (key === "Escape") {
    if (state.rejecting) stopReject();
    else if (typing(event)) { event.target.blur(); $("main").focus(); }
    return;
  }
  if (!state.keys || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  let act = ACTS[key];
  if (/^\d$/.test(key)) {
    if (state.rejecting) act = () => reject(Number(key) - 1);
    else if (adjudicating() && state.card) act = () => takeVersion(Number(key));
  }
  if (act) {
    event.preventDefault();
    if (!state.busy) act();
  }
});

// ---- Beginning

function showAll() {
  showBar();
  showList();
  if (state.editor) return;
  showCard();
}

async function begin() {
  speak(kept.get("language") ?? (navigator.language?.startsWith("ar") ? "ar" : "en"));
  dress();
  const begun = await attempt(async () => {
    state.session = await desk.session();
    showBar();
    const open = await desk.step(state.filter, { open: true });
    const first = open ?? (await desk.step(state.filter, {}));
    if (first) {
      const [card] = await Promise.all([desk.card(first.item.key, false), loadList(Math.floor(first.offset / PAGE) * PAGE)]);
      state.card = card;
      showCard();
      showList();
      lookAhead(card);
    } else {
      await loadList(0);
      showNothing();
    }
  }, begin);
  if (begun) document.documentElement.dataset.ready = "true";
}

begin();
