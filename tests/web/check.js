"use strict";
// Opens pages in a real Chromium and writes, as one JSON document, what it saw; tests/web/test_browser.py judges it.
// Usage: NODE_PATH=... CHROMIUM=... node check.js FOLDER NAME...   (FOLDER/NAME.html)
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");
const axe = require("axe-core");
const { chromium } = require("playwright-core");

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOOKS = ["light", "dark"].flatMap((scheme) => [1280, 390].map((width) => ({ scheme, width })));

/** Everything on the page that can be unfolded or is filtered away at first. */
const openAll = () => {
  for (const box of document.querySelectorAll("#filter input[name=state]")) box.checked = true;
  const form = document.querySelector("#filter");
  if (form) form.dispatchEvent(new Event("input"));
  for (const box of document.querySelectorAll(".only input")) box.checked = false;
  for (const fold of document.querySelectorAll("details")) fold.open = true;
};

/** axe's findings and what sticks out of the screen, with everything open. */
async function accessibility(browser, url) {
  const seen = [];
  for (const { scheme, width } of LOOKS) {
    // axe is brought in by script, which the page's own policy rightly forbids; what the policy does is tried in `safety`.
    const context = await browser.newContext({ bypassCSP: true, colorScheme: scheme, viewport: { width, height: 900 } });
    const page = await context.newPage();
    await page.goto(url);
    await page.evaluate(openAll);
    await page.evaluate(axe.source);
    const found = await page.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] }), RULES);
    const violations = found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    seen.push({ scheme, width, violations, passes: found.passes.length, overflow });
    await context.close();
  }
  return seen;
}

/** What the page asks for, says and lets happen under its own policy. */
async function safety(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const seen = { requests: [], console: [], errors: [], dialogs: [] };
  page.on("request", (request) => request.url() === url || seen.requests.push(request.url()));
  page.on("console", (message) => seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("dialog", (dialog) => { seen.dialogs.push(dialog.message()); dialog.dismiss(); });
  await page.goto(url);
  await page.evaluate(openAll);
  await page.waitForLoadState("networkidle");
  const said = { ...seen, console: [...seen.console], errors: [...seen.errors] }; // what follows provokes the policy, and it answers there
  const held = await page.evaluate(() => {
    const threw = (act) => { try { act(); return false; } catch { return true; } };
    const script = document.createElement("script");
    return {
      scripts: document.scripts.length,
      handlers: [...document.querySelectorAll("*")].flatMap((part) => [...part.attributes]).filter(({ name, value }) => /^on|^style$/i.test(name) || /^\s*javascript:/i.test(value)).length,
      links: [...document.links].filter((link) => !link.getAttribute("href").startsWith("#")).length,
      dangling: [...document.links].filter((link) => !document.getElementById(link.getAttribute("href").slice(1))).length,
      doubles: [...document.querySelectorAll("[id]")].length - new Set([...document.querySelectorAll("[id]")].map((part) => part.id)).size,
      markupRefused: threw(() => document.body.insertAdjacentHTML("beforeend", "<i>x</i>")),
      scriptRefused: threw(() => { script.textContent = "window.ran = 1"; document.body.append(script); }) && !window.ran,
    };
  });
  await context.close();
  return { ...said, ...held };
}

/** Keys, filters and links, as a person uses them. */
async function handling(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  if (!(await page.locator("#list").count())) { await context.close(); return null; }
  const focused = () => page.evaluate(() => (document.activeElement.closest(".f") || document.activeElement).id);
  const open = () => page.evaluate(() => document.querySelectorAll("#list > .f[open]").length);
  const count = () => page.textContent("#count");
  const seen = { atFirst: await count() };
  await page.keyboard.press("j");
  seen.outside = await focused();
  await page.locator("#list > .f:not([hidden]) > summary").first().focus();
  seen.first = await focused();
  await page.keyboard.press("j");
  seen.next = await focused();
  await page.keyboard.press("k");
  seen.back = await focused();
  await page.click("#openall");
  seen.opened = await open();
  await page.locator("#list > .f:not([hidden]) > summary").first().focus();
  await page.keyboard.press("c");
  seen.closed = await open();
  await page.fill("[name=q]", "jkc no such finding");
  seen.typed = await page.inputValue("[name=q]");
  seen.none = await count();
  await page.click("button[type=reset]");
  await page.waitForFunction(() => document.querySelector("#none").hidden);
  seen.reset = await count();
  const hidden = await page.evaluate(() => {
    const item = document.querySelector("#list > .f[hidden]");
    return item && item.querySelector("li[id]") ? item.querySelector("li[id]").id : "";
  });
  if (hidden) {
    await page.goto(`${url}#${hidden}`);
    await page.waitForFunction((id) => document.getElementById(id).closest(".f").open, hidden);
    seen.linked = await page.evaluate((id) => document.getElementById(id).checkVisibility(), hidden);
  }
  await page.click("#theme");
  seen.theme = await page.evaluate(() => document.documentElement.dataset.theme);
  await context.close();
  return seen;
}

/** What is left without scripts, and on paper. */
async function plain(browser, url) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  const seen = {
    badge: await page.locator(".badge").innerText(),
    findings: await page.locator("#list > .f").count(),
    visible: await page.locator("#list > .f:visible").count(),
    controls: await page.locator("button:visible, form:visible").count(),
    firstScreen: await page.locator("#why .kv").boundingBox().then((box) => box.y + box.height),
  };
  await context.close();
  const paper = await browser.newContext({ colorScheme: "dark" });
  const sheet = await paper.newPage();
  await sheet.goto(url);
  await sheet.emulateMedia({ media: "print", colorScheme: "dark" });
  seen.paperControls = await sheet.locator("button:visible, form:visible, nav:visible").count();
  seen.paper = await sheet.evaluate(() => getComputedStyle(document.body).backgroundColor);
  seen.pdf = (await sheet.pdf({ format: "A4", printBackground: true })).length;
  await paper.close();
  return seen;
}

(async () => {
  const [folder, ...names] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
  const seen = {};
  try {
    for (const name of names) {
      const url = pathToFileURL(join(folder, `${name}.html`)).href;
      const began = performance.now();
      const page = await browser.newPage();
      await page.goto(url);
      const seconds = (performance.now() - began) / 1000;
      await page.close();
      const large = name.startsWith("large");
      seen[name] = {
        seconds,
        accessibility: large ? [] : await accessibility(browser, url),
        safety: await safety(browser, url),
        handling: await handling(browser, url),
        plain: large || name.startsWith("hostile") ? null : await plain(browser, url),
      };
    }
  } finally {
    await browser.close();
  }
  process.stdout.write(JSON.stringify(seen));
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
