// What the console's pages do beyond htmx: keys, dialogs, times in the reader's own zone, drafts that survive news.
"use strict";

const all = (query, from = document) => [...from.querySelectorAll(query)];
const byId = (id) => document.getElementById(id);

// --- times -------------------------------------------------------------------------------------------------------

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

function span(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  const minutes = Math.floor(whole / 60), hours = Math.floor(whole / 3600), days = Math.floor(whole / 86400);
  if (minutes < 1) return `${whole} s`;
  if (hours < 1) return `${minutes} min`;
  if (days < 1) return `${hours} h` + (minutes % 60 ? ` ${minutes % 60} min` : "");
  return `${days} d` + (hours % 24 ? ` ${hours % 24} h` : "");
}

function tellTimes(from = document) {
  const now = new Date();
  for (const time of all("time[datetime]", from)) {
    const at = new Date(time.dateTime);
    const relative = "relative" in time.dataset;
    const text = relative ? span((now - at) / 1000) : (at.toDateString() === now.toDateString() ? hour : day).format(at);
    if (time.textContent !== text) time.textContent = text;
    time.title = day.format(at);
  }
}

// --- notices -----------------------------------------------------------------------------------------------------

function say(text) {
  const told = document.createElement("div");
  told.className = "notice bad";
  const words = document.createElement("p");
  words.textContent = text;
  const away = document.createElement("button");
  away.className = "bare";
  away.dataset.dismiss = "";
  away.setAttribute("aria-label", "Dismiss");
  away.textContent = "×";
  told.append(words, away);
  byId("notice").replaceChildren(told);
}

// --- dialogs -----------------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]");
  if (opens) byId(opens.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  if (event.target.closest("[data-dismiss]")) byId("notice").replaceChildren();
  if (event.target.closest("[data-theme-toggle]")) {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark"
      || (document.documentElement.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("holdfast-theme", document.documentElement.dataset.theme);
  }
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    // Only the dialog itself, so a click beside its box, on the backdrop.
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right
      && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// --- keys --------------------------------------------------------------------------------------------------------

const OFF = "holdfast-keys-off";
const writing = (element) => element.matches("input, textarea, select, [contenteditable]");

function step(by) {
  const links = all("[data-row] a");
  if (!links.length) return;
  const at = links.indexOf(document.activeElement?.closest?.("[data-row]")?.querySelector("a"));
  const next = links[Math.min(Math.max(at + by, 0), links.length - 1)];
  next.focus();
  next.closest("[data-row]").scrollIntoView({ block: "nearest" });
}

function press(element) {
  if (writing(element)) return element.focus();
  element.click();
  if (element.dataset.then) byId(element.dataset.then).focus();
}

document.addEventListener("keydown", (event) => {
  const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea");
  if (sends) {
    event.preventDefault();
    event.target.form.requestSubmit();
  } else if (event.key === "Escape" && writing(event.target) && !event.target.closest("dialog")) {
    event.target.blur();
  } else if (event.key === "/" && event.target.matches("[data-canned]") && startsWord(event.target)) {
    event.preventDefault();
    byId("canned").showModal();
  }
  const alone = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!alone || writing(event.target) || document.querySelector("dialog[open]") || localStorage.getItem(OFF)) return;
  if (event.key === "?") return byId("help")?.showModal();
  if (event.key === "j" || event.key === "k") return step(event.key === "j" ? 1 : -1);
  const meant = all(`[data-key="${CSS.escape(event.key)}"]`).find((each) => each.checkVisibility());
  if (!meant) return;
  event.preventDefault();
  press(meant);
});

// --- canned replies ----------------------------------------------------------------------------------------------

function startsWord(area) {
  const before = area.value.slice(0, area.selectionStart);
  return before === "" || /\s$/.test(before);
}

function setUpCanned(dialog) {
  const into = byId(dialog.dataset.into), search = dialog.querySelector("input");
  const offers = all("button[data-text]", dialog);
  const shown = () => offers.filter((each) => !each.closest("li").hidden);
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/);
    for (const each of offers) {
      each.closest("li").hidden = !words.every((word) => each.textContent.toLowerCase().includes(word));
    }
  });
  dialog.addEventListener("keydown", (event) => {
    const at = shown().indexOf(document.activeElement);
    if (event.key === "Enter" && event.target === search) {
      event.preventDefault();
      shown()[0]?.click();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      (shown()[at + 1] ?? shown()[0])?.focus();
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      (shown()[at - 1] ?? search).focus();
    }
  });
  dialog.addEventListener("click", (event) => {
    const offer = event.target.closest("button[data-text]");
    if (!offer || into.readOnly) return;
    dialog.close();
    into.focus();
    const from = into.selectionStart;
    into.setRangeText(offer.dataset.text, from, into.selectionEnd, "end");
    // The first gap that nobody could fill for them is selected, to be written over.
    const gap = /\{[a-z]+\}/.exec(offer.dataset.text);
    if (gap) into.setSelectionRange(from + gap.index, from + gap.index + gap[0].length);
    into.dispatchEvent(new Event("input", { bubbles: true }));
  });
  dialog.addEventListener("close", () => {
    search.value = "";
    search.dispatchEvent(new Event("input"));
    into.focus();
  });
}

// --- acts whose answer is lost -----------------------------------------------------------------------------------

const UNSETTLED = "It may have been sent as it stands here, so it cannot be changed now. Press again: it counts once. "
  + "To write something else, load the page again and look first.";

function settle(form, settled) {
  for (const each of form.elements) {
    if (each.matches("textarea, input:not([type=hidden])")) each.readOnly = !settled;
    if (each.matches("select")) each.inert = !settled;
  }
  form.querySelector(".unsettled")?.remove();
  if (settled) return;
  const told = document.createElement("p");
  told.className = "unsettled small";
  told.textContent = UNSETTLED;
  form.append(told);
}

// A form that stays carries the id of its act: pressed again, it must say the same until the first press is settled.
function judge(form, status) {
  if (!form.querySelector(":scope > [id^='act-id-'], :scope > [name=decision_id]")) return;
  if (status === 0 || status >= 500 || form.querySelector("[data-lost]")) settle(form, false);
  else if (status !== 401 && status !== 429) settle(form, true);
}

document.addEventListener("submit", (event) => {
  if (!("once" in event.target.dataset)) return;
  if ("sent" in event.target.dataset) event.preventDefault();
  event.target.dataset.sent = "";
});

// --- news --------------------------------------------------------------------------------------------------------

function fetchAgain() {
  for (const each of all("[data-live]")) htmx.trigger(each, "fetch-again");
}

function toEnd(log) {
  log.scrollTop = log.scrollHeight;
}

document.addEventListener("DOMContentLoaded", () => {
  // What somebody opened stays open, and what they are filling in stays as it is, while the rest is brought up to date.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.matches("details"));
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (node) => !(node instanceof HTMLFormElement && "dirty" in node.dataset);

  tellTimes();
  setInterval(tellTimes, 15_000);
  const log = byId("log");
  if (log) toEnd(log);
  const canned = byId("canned");
  if (canned) setUpCanned(canned);
  const keys = byId("keys-on");
  if (keys) {
    keys.checked = !localStorage.getItem(OFF);
    keys.addEventListener("change", () => (keys.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  }

  const follow = { atEnd: true };
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    // A refusal says by itself where it wants to be told.
    if (xhr.status >= 400) event.detail.shouldSwap = xhr.getResponseHeader("HX-Retarget") !== null;
    else delete requestConfig.elt.dataset.dirty;
    const now = byId("log");
    if (now) follow.atEnd = now.scrollHeight - now.scrollTop - now.clientHeight < 80;
  });
  document.addEventListener("htmx:afterSettle", () => tellTimes());
  document.addEventListener("htmx:oobAfterSwap", () => {
    const now = byId("log");
    tellTimes();
    if (now && follow.atEnd) toEnd(now);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt, xhr = event.detail.xhr;
    if (form.matches("form")) judge(form, xhr?.status ?? 0);
    if (event.detail.successful && form.matches("form")) {
      if (xhr.getResponseHeader("HX-Retarget") !== "#notice") byId("notice").replaceChildren();
      if ("empties" in form.dataset) form.reset();
      form.closest("dialog")?.close();
    }
    if (event.detail.failed && xhr?.status >= 400 && form.matches("form")) {
      form.closest("dialog")?.close();
      fetchAgain();
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Retarget") === null) say("Something broke on our side. Try again in a moment.");
  });
  document.addEventListener("htmx:sendError", () => say("No connection. What you wrote is still here; try again."));
  // News of the time without a connection is lost, also of the moment before the first one, so look.
  document.addEventListener("htmx:sseOpen", () => setTimeout(fetchAgain, 500));
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[hx-post], form[role=search]");
  if (form) form.dataset.dirty = "";
});
