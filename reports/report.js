(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = one("#filter");
  const items = all("#list > .f");
  const words = new Map();

  for (const part of all("[data-js]")) part.hidden = false;

  // What a row can be found by: its own line, its places and its rule. Read once, at the first search.
  function text(item) {
    if (!words.has(item)) words.set(item, (item.id + " " + all("summary, .places, .kv", item).map((part) => part.textContent).join(" ")).toLowerCase());
    return words.get(item);
  }

  function apply() {
    const chosen = (name) => new Set(all(`[name=${name}]:checked`, form).map((box) => box.value));
    const states = chosen("state"), severities = chosen("severity"), suites = chosen("suite");
    const everySuite = suites.size === all("[name=suite]", form).length;
    const hide = form.elements.waived && form.elements.waived.checked;
    const sought = form.elements.q.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const { state, severity, suites: seenBy, waived } = item.dataset;
      const fits = states.has(state) && severities.has(severity) && !(hide && waived !== undefined)
        && (everySuite || seenBy.split(" ").some((suite) => suites.has(suite)))
        && sought.every((word) => text(item).includes(word));
      item.hidden = !fits;
      shown += fits;
    }
    one("#count").textContent = `${shown} of ${items.length} shown`;
    one("#none").hidden = shown > 0;
  }

  // A link may name a finding or one of its places, also one that the filters hide.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const item = target && target.closest(".f");
    if (!item) return;
    item.hidden = false;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
    one("summary", item).focus({ preventScroll: true });
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = items.filter((item) => !item.hidden);
    const at = shown.indexOf(event.target.closest("#list > .f"));
    if (event.key === "j" || event.key === "k") {
      const next = shown[at + (event.key === "j" ? 1 : -1)];
      if (next) one("summary", next).focus();
    } else if (event.key === "c") {
      for (const item of shown) item.open = false;
      if (at >= 0) one("summary", shown[at]).focus();
    } else return;
    event.preventDefault();
  }

  if (form) {
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    one("#list").addEventListener("keydown", keys);
    one("#openall").addEventListener("click", () => {
      const shown = items.filter((item) => !item.hidden);
      const open = !shown.every((item) => item.open);
      for (const item of shown) item.open = open;
    });
    apply();
  }

  for (const source of all("pre")) {
    const button = document.createElement("button");
    const command = source.textContent;
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(command);
        button.textContent = "Copied";
      } catch {
        const chosen = document.createRange();
        chosen.selectNode(source.lastChild);
        getSelection().removeAllRanges();
        getSelection().addRange(chosen);
        button.textContent = "Press Ctrl+C";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    source.prepend(button);
  }

  one("#theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  one("#print").addEventListener("click", () => print());

  addEventListener("hashchange", reveal);
  addEventListener("load", () => setTimeout(reveal)); // after the browser's own jump, which takes the focus away
})();
