// What the tests share: an annotated folder, a server over it, a browser.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, "../..");
const program = process.env.KHABAR ?? join(root, "target/debug/khabar");
const browserPath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

/** A hostile article: script text, bidi overrides, one line of 200 KB. */
export const HOSTILE = [
  "<script>window.attacked = 1</script> Beijing said it will ban <img src=x onerror=\"window.attacked = 2\"> chips.",
  "",
  "قالت بكين إنها \u202e</p><svg onload=alert(1)>\u202c سترد على واشنطن (Beijing) بنسبة 7.2% يوم 5 مارس 2024.",
  "",
  `${"Washington said it will restrict exports of chips to China, and بكين ترفض القيود الأمريكية. ".repeat(1600)}`,
  "",
].join("\n");

/** Annotates articles of the corpus and the hostile one into `out` of a new folder. */
export function annotated(articles = 3, hostile = true) {
  const folder = mkdtempSync(join(tmpdir(), "khabar-browser-"));
  for (const language of ["ar", "en"]) {
    const from = join(root, "corpus/dev/articles", language);
    mkdirSync(join(folder, "in", language), { recursive: true });
    for (const name of readdirSync(from).sort().slice(0, articles)) cpSync(join(from, name), join(folder, "in", language, name));
  }
  if (hostile) writeFileSync(join(folder, "in/hostile.txt"), HOSTILE);
  const ran = spawnSync(program, ["run", "in", "-o", "out", "-q"], { cwd: folder, encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`khabar run: ${ran.status} ${ran.stderr} ${ran.error ?? ""}`);
  return folder;
}

/** Multiplies the output of a run to at least `wanted` claims, each with an id of its own. */
export function multiplied(wanted) {
  const folder = annotated(20, false);
  const out = join(folder, "out");
  const lines = readFileSync(join(out, "claims.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const many = [];
  for (let copy = 0; many.length < wanted; copy += 1) {
    const rename = (id) => `${copy.toString(16).padStart(3, "0")}${id.slice(3)}`;
    const done = new Set();
    for (const line of lines) {
      const from = line.article.output;
      const to = `${copy}/${from}`;
      if (!done.has(to)) {
        done.add(to);
        const article = JSON.parse(readFileSync(join(out, from), "utf8"));
        article.article.output = to;
        for (const claim of article.claims) claim.id = rename(claim.id);
        mkdirSync(dirname(join(out, to)), { recursive: true });
        writeFileSync(join(out, to), JSON.stringify(article));
      }
      many.push(JSON.stringify({ ...line, id: rename(line.id), article: { ...line.article, output: to } }));
    }
  }
  writeFileSync(join(out, "claims.jsonl"), `${many.join("\n")}\n`);
  return folder;
}

/** Starts `khabar review`; gives the address and a way to end it. */
export async function serve(folder, ...more) {
  const child = spawn(program, ["review", "out", ...more], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  child.stderr.on("data", (data) => { told += data; });
  const ended = new Promise((done) => child.once("exit", done));
  const address = await new Promise((done, failed) => {
    createInterface({ input: child.stdout }).once("line", done);
    ended.then((code) => failed(new Error(`khabar review ended with ${code}: ${told}`)));
  });
  return { address, kill: async () => { child.kill("SIGKILL"); await ended; } };
}

/** The decision log. */
export function log(folder) {
  const ran = spawnSync(program, ["review", "out", "--export-log", "-"], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
  return ran.stdout.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

export function remove(folder) {
  rmSync(folder, { recursive: true, force: true });
}

export async function browser() {
  if (!browserPath) throw new Error("no Chromium: install Debian's `chromium`, or name one in CHROMIUM");
  return chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
}

/** Opens the page and waits for its first card; every request and error is kept. */
export async function open(chrome, address, { language = "en", dark = false, width = 1280, height = 900 } = {}) {
  const context = await chrome.newContext({
    viewport: { width, height }, colorScheme: dark ? "dark" : "light", locale: language === "ar" ? "ar" : "en-US",
  });
  const page = await context.newPage();
  const seen = { requests: [], errors: [], dialogs: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") seen.errors.push(message.text()); });
  page.on("dialog", (dialog) => { seen.dialogs.push(dialog.message()); dialog.dismiss(); });
  await page.goto(address);
  await page.waitForSelector("html[data-ready]");
  return { page, seen, close: () => context.close() };
}

/** Key of the card that is shown. */
export function shown(page) {
  return page.evaluate(() => Number(document.documentElement.dataset.card));
}

/** Presses a key and waits until another card is shown. */
export async function pressAndMove(page, key) {
  const before = await shown(page);
  await page.keyboard.press(key);
  await page.waitForFunction((old) => Number(document.documentElement.dataset.card) !== old
    && !document.documentElement.hasAttribute("data-busy"), before);
  return shown(page);
}

/** Waits for a message of the status line, and until keys are taken again. */
export async function says(page, part) {
  await page.waitForFunction((wanted) => document.getElementById("status").textContent.includes(wanted)
    && !document.documentElement.hasAttribute("data-busy"), part);
}
