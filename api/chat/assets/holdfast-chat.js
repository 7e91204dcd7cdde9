/* <holdfast-chat>: the customer's chat of Holdfast as one web component. How to embed it: docs/chat.md.
   Sections: words · drawing · identity and API · server-sent events · conversation · view · element · style. */

// ---- words: English is here, the other languages lie beside this module, in words/ ----------------------------------

const ENGLISH = {
  title: "Help with your order",
  hello: "Hello! Ask about an order, a parcel, a return or a refund.",
  open: "Open chat",
  close: "Close chat",
  unread: "{n} unread",
  messages: "Messages",
  you: "You",
  assistant: "Assistant",
  write: "Write a message",
  send: "Send",
  orders: "Choose an order",
  photo: "Add a photo",
  ask_track: "Where is my order?",
  ask_return: "I want to return something",
  ask_missing: "My parcel never arrived",
  person: "Talk to a person",
  queue: "You are number {n} in line.",
  waiting: "A person will take over.",
  promised: "Answer by {time}.",
  talking: "You are talking to {name}.",
  joined: "{name} has joined.",
  someone: "a colleague",
  returned: "The assistant is back.",
  approval: "The refund waits for a person’s approval.",
  asked: "You asked for a person.",
  typing: "Writing…",
  s_orders: "Looking up your order",
  s_parcel: "Locating your parcel",
  s_policies: "Reading the shop’s policies",
  s_checking: "Checking the details",
  s_refunding: "Making the refund",
  s_returning: "Arranging the return",
  s_cancelling: "Cancelling the order",
  s_changing: "Changing the order",
  s_handing_over: "Handing over to a person",
  k_refund: "Refund",
  k_return: "Return",
  k_cancel: "Cancellation",
  k_address: "New address",
  order: "Order {order}",
  yes: "Confirm",
  yes_refund: "Refund {amount}",
  no: "No, thanks",
  valid: "Valid for {time}",
  accepted: "You confirmed this",
  declined: "You declined this",
  expired: "This offer has expired",
  gone: "No longer open",
  queued: "Waiting for connection",
  unsent: "Not sent",
  retry: "Try again",
  offline: "You are offline. Messages are sent once you are back.",
  lost: "Connection lost. Trying again…",
  over: "This conversation is closed.",
  again: "Start a new conversation",
  how: "How was this?",
  up: "Good",
  down: "Not good",
  comment: "Anything to add? (optional)",
  thanks: "Thank you for your feedback.",
  sources: "Sources",
  label: "Download return label",
  delivery_photo: "Photo of the delivery",
  your_photo: "Photo you sent",
  remove: "Remove photo",
  uploading: "Uploading…",
  too_big: "The photo is larger than 8 MB.",
  not_photo: "Only JPEG, PNG or WebP photos.",
  no_orders: "You have no orders yet.",
  failed: "That did not work. Please try again.",
  too_long: "The message is too long.",
  sign_in: "Please sign in to chat.",
  r_pending: "Refund under way",
  r_approved: "Refund approved",
  r_settled: "Refunded",
  r_failed: "Refund failed",
  o_pending: "Pending",
  o_processed: "Being prepared",
  o_in_transit: "On its way",
  o_delivered: "Delivered",
  o_cancelled: "Cancelled",
  o_returned: "Returned",
};
const LANGUAGES = ["en", "de", "fr", "es", "hi", "ar"];
const WORDS = { en: ENGLISH };
const asked = {};

/* Fetch the words of a language, once; where they cannot be had, English is spoken until somebody asks again. */
function learn(language) {
  const file = new URL(`words/${language}.json`, import.meta.url);
  asked[language] ??= fetch(file, { credentials: "omit", signal: AbortSignal.timeout(5_000) })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then((words) => (WORDS[language] = words))
    .catch(() => delete asked[language]);
  return asked[language];
}

class Language {
  constructor(tag) {
    const [wanted] = (tag || document.documentElement.lang || navigator.language || "en").split(",");
    const short = wanted.toLowerCase().split("-")[0];
    this.short = LANGUAGES.includes(short) ? short : "en";
    // Dates and money follow the whole tag (de-CH) where its words are known, and never mix with other words.
    this.tag = short === this.short && Intl.NumberFormat.supportedLocalesOf(wanted).length ? wanted : this.short;
  }

  get words() {
    return WORDS[this.short];
  }

  get direction() {
    return this.short === "ar" ? "rtl" : "ltr";
  }

  async learn() {
    await learn(this.short);
    if (!this.words) this.short = this.tag = "en";
  }

  say(key, facts = {}) {
    return (this.words[key] ?? ENGLISH[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
  }

  money({ minor, currency }) {
    const format = new Intl.NumberFormat(this.tag, { style: "currency", currency });
    return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
  }

  moment(iso) {
    const then = new Date(iso);
    const today = then.toDateString() === new Date().toDateString();
    const day = today ? {} : { day: "numeric", month: "short" };
    return new Intl.DateTimeFormat(this.tag, { hour: "numeric", minute: "2-digit", ...day }).format(then);
  }

  day(iso) {
    return new Intl.DateTimeFormat(this.tag, { dateStyle: "medium" }).format(new Date(iso));
  }

  left(seconds) {
    const [value, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
    return new Intl.NumberFormat(this.tag, { style: "unit", unit, unitDisplay: "long" }).format(value);
  }
}

// ---- drawing: text only ever enters the page as text ---------------------------------------------------------------

function el(tag, { on = {}, text, ...given } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  for (const [name, heard] of Object.entries(on)) made.addEventListener(name, heard);
  if (text != null) made.textContent = text;
  made.append(...children.filter((child) => child != null));
  return made;
}

const SHAPES = {
  chat: "M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM7 9h10M7 13h6",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-6 16-3-7z",
  box: "M3 7l9-4 9 4v10l-9 4-9-4zM3 7l9 4 9-4M12 11v10",
  camera: "M4 7h4l2-3h4l2 3h4v13H4zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
  up: "M7 11v9H4v-9zM7 11l4-8c2 0 3 1 3 3l-1 4h6l-2 10H7",
  down: "M17 13V4h3v9zM17 13l-4 8c-2 0-3-1-3-3l1-4H5l2-10h10",
  check: "M5 12l5 5L20 7",
  label: "M12 4v11M7 11l5 5 5-5M4 20h16",
};

function icon(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const frame = { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" };
  for (const [key, value] of Object.entries(frame)) drawn.setAttribute(key, value);
  path.setAttribute("d", SHAPES[name]);
  drawn.append(path);
  return drawn;
}

// A canvas needs nothing of the shop's img-src, where an image from a blob: address would.
function canvas(label) {
  return el("canvas", { role: "img", "aria-label": label, width: 1, height: 1, part: "picture" });
}

async function paint(surface, blob, most = 640) {
  const picture = await createImageBitmap(blob);
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  surface.width = Math.round(picture.width * scale);
  surface.height = Math.round(picture.height * scale);
  surface.getContext("2d").drawImage(picture, 0, 0, surface.width, surface.height);
  picture.close();
}

function safeLink(address) {
  try {
    const url = new URL(address);
    return ["https:", "http:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// ---- identity and API ----------------------------------------------------------------------------------------------

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const backoff = (tries) => Math.min(20_000, 500 * 2 ** tries) * (0.5 + Math.random() / 2);
const newId = () =>
  crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join("-");

/* Anything but the wanted answer. `status` is 0 where nobody answered; `slug` ends the problem's type. */
class Trouble extends Error {
  constructor(status, slug, wait = 0) {
    super(slug);
    Object.assign(this, { status, slug, wait });
  }

  get passing() {
    return [0, 408, 429, 500, 502, 503, 504].includes(this.status);
  }

  static of(status, header, body) {
    let slug = "";
    try {
      slug = JSON.parse(body).type.split(":").pop();
    } catch {
      slug = `status-${status}`;
    }
    return new Trouble(status, slug, 1000 * (Number(header("Retry-After")) || 0));
  }
}

/* Keeps the customer's token and asks for another one in time; several callers share one question. */
class Identity {
  constructor(read) {
    this.read = read;
    this.token = "";
    this.until = 0;
  }

  async get(stale = null) {
    if (this.token && this.token !== stale && Date.now() < this.until) return this.token;
    this.asking ??= this.renew().finally(() => (this.asking = null));
    return this.asking;
  }

  async renew() {
    this.token = String(await this.read()).trim();
    try {
      const claims = JSON.parse(atob(this.token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
      this.who = `${claims.tenant}/${claims.sub}`;
      // A visitor's clock may be wrong; how long a token lasts is not.
      const lasts = claims.iat ? claims.exp - claims.iat : claims.exp - Date.now() / 1000;
      this.until = Date.now() + Math.max(5_000, (lasts - 30) * 1000);
    } catch {
      this.who = "?";
      this.until = Date.now() + 60_000;
    }
    return this.token;
  }
}

class Api {
  constructor(address, identity) {
    this.address = address.replace(/\/+$/, "");
    this.identity = identity;
  }

  async ask(path, { headers = {}, type, signal, patience, ...rest } = {}) {
    const limit = patience ? AbortSignal.timeout(patience) : signal;
    return this.authorised(async (token) => {
      const sent = { Authorization: `Bearer ${token}`, ...(type ? { "Content-Type": type } : {}), ...headers };
      const wanted = { credentials: "omit", cache: "no-store", signal: limit, headers: sent, ...rest };
      const answer = await fetch(this.address + path, wanted).catch((error) => {
        throw signal?.aborted ? error : new Trouble(0, "unreachable");
      });
      if (answer.ok) return answer;
      throw Trouble.of(answer.status, (name) => answer.headers.get(name), await answer.text());
    });
  }

  async json(path, options) {
    return (await this.ask(path, { patience: 20_000, ...options })).json();
  }

  /* Only XMLHttpRequest tells how far an upload is. */
  upload(path, file, progress) {
    return this.authorised((token) => new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.open("POST", this.address + path);
      request.setRequestHeader("Authorization", `Bearer ${token}`);
      request.setRequestHeader("Content-Type", file.type);
      request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
      request.addEventListener("error", () => failed(new Trouble(0, "unreachable")));
      request.addEventListener("load", () => {
        const { status, responseText } = request;
        if (status < 300) done(JSON.parse(responseText));
        else failed(Trouble.of(status, (name) => request.getResponseHeader(name), responseText));
      });
      request.send(file);
    }));
  }

  async authorised(attempt) {
    const token = await this.identity.get();
    try {
      return await attempt(token);
    } catch (trouble) {
      if (trouble.status !== 401) throw trouble;
      return attempt(await this.identity.get(token));
    }
  }
}

// ---- server-sent events: EventSource cannot send a token, so the stream is read here -------------------------------

const SILENCE_MS = 45_000; // the API sends a comment every 15 seconds
const FIRST_MS = 1_000;

async function* serverSent(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let fields = {};
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      const [, name, content] = /^([^:]*):? ?(.*)$/.exec(line);
      if (line === "") {
        if (fields.data) yield fields;
        fields = {};
      } else if (name === "data") fields.data = fields.data ? `${fields.data}\n${content}` : content;
      else if (name) fields[name] = content;
    }
  }
}

// ---- conversation: every event once and in order, every message sent until it is answered --------------------------

/* Tells its view: event, drafts, pending, person, offer, link, closed. Knows nothing of what they look like. */
class Conversation {
  constructor(api, id, tell) {
    Object.assign(this, { api, id, tell, path: `/v1/conversations/${encodeURIComponent(id)}` });
    this.events = [];
    this.pending = [];
    this.offset = 0;
    this.place = "0";
    this.number = 0;
    this.closed = this.stopped = this.following = false;
    this.failures = this.absences = 0;
    this.resting = new Set();
    this.online = () => this.wake();
    addEventListener("online", this.online);
    addEventListener("offline", this.online);
  }

  /* Show what is known, send what was not answered before the page was left, then follow. */
  async resume(fresh) {
    this.pending = this.unsent();
    if (fresh) return;
    try {
      await this.reread(true);
    } catch (trouble) {
      if (trouble.slug !== "conversation-not-found") this.failures = 1;
    }
    this.tell("pending");
    for (const message of this.pending) this.deliver(message);
    if (this.offset || this.failures) this.follow();
  }

  stop() {
    this.stopped = true;
    removeEventListener("online", this.online);
    removeEventListener("offline", this.online);
    this.wake();
    clearInterval(this.polling);
  }

  // What the browser just learned of its network counts at once: give up the open stream, end any pause.
  wake() {
    this.leave?.abort();
    for (const rouse of this.resting) rouse();
    this.tell("link");
  }

  async rest(ms) {
    let rouse;
    await Promise.race([pause(ms), new Promise((done) => this.resting.add((rouse = done)))]);
    this.resting.delete(rouse);
  }

  get link() {
    return !navigator.onLine ? "offline" : this.failures > 1 ? "lost" : "";
  }

  async reread(history = false) {
    const transcript = await this.api.json(this.path);
    for (const event of transcript.events) if (event.offset > this.offset) this.accept(event, history);
    this.offset = Math.max(this.offset, transcript.last_offset);
    this.tell("offer", transcript.offer?.digest ?? null);
    if (transcript.person || this.person) this.meet(transcript.person);
    if (transcript.closed) this.end();
  }

  async follow() {
    if (this.following) return;
    this.following = true;
    while (!this.stopped && !this.closed) {
      let alarm;
      this.leave = new AbortController();
      const { signal } = this.leave;
      const heard = () => {
        clearTimeout(alarm);
        alarm = setTimeout(() => this.leave.abort(), SILENCE_MS);
      };
      try {
        heard();
        const headers = { "Last-Event-ID": this.place };
        const answer = await this.api.ask(`${this.path}/events?drafts=true`, { headers, signal });
        this.failures = 0;
        this.tell("link");
        for await (const line of serverSent(answer.body, heard)) await this.take(line);
        if (!this.closed) await this.rest(300);
      } catch (error) {
        clearTimeout(alarm);
        if (this.stopped) break;
        await this.recover(error);
      }
      clearTimeout(alarm);
    }
    this.following = false;
  }

  async recover(error) {
    if (error.slug === "event-id-malformed") return this.forget();
    // The first message is still on its way; its conversation is there in a moment.
    if (error.slug === "conversation-not-found" && !this.offset) return this.rest(backoff(this.absences++));
    this.failures += 1;
    this.tell("link");
    if (error.slug === "conversation-not-found" && this.failures > 3) this.stopped = true;
    await this.rest(Math.max(error.wait || 0, navigator.onLine ? backoff(this.failures) : 15_000));
  }

  // Our place lies behind the conversation's end: it was erased and begun anew.
  async forget() {
    this.events = [];
    this.offset = this.number = 0;
    this.place = "0";
    this.tell("forgotten");
    await this.rest(backoff(1));
  }

  async take({ event: name, data }) {
    const line = JSON.parse(data);
    const behind = name === "reply.draft" ? line.after : line.offset - 1;
    if (behind > this.offset) await this.reread();
    if (name === "reply.draft") this.draft(line);
    else if (line.offset > this.offset) this.accept(line);
  }

  draft(line) {
    if (line.after !== this.offset || line.number <= this.number) return;
    this.number = line.number;
    this.place = `${line.after}-${line.number}`;
    this.tell("draft", line);
  }

  accept(event, history = false) {
    this.offset = event.offset;
    this.place = String(event.offset);
    this.number = 0;
    this.events.push(event);
    this.land(event);
    this.tell("event", { event, history });
    if (event.kind === "conversation.closed") this.end();
    if (event.kind === "handoff.claimed" || event.kind === "message.person") this.meet({ state: "talking", name: event.by });
    else if (event.kind === "handoff.returned") this.meet(null);
    else if (!history && (event.reply?.stage === "with_person" || event.kind.startsWith("handoff."))) this.queue();
  }

  end() {
    if (this.closed) return;
    this.closed = true;
    this.meet(null);
    this.tell("closed");
  }

  // -- messages out

  /* Events carry no message ids, replies do: match by text first, and by the reply that answers it at the latest. */
  land(event) {
    const answered = event.reply?.answers ?? [];
    const first = this.pending.find(
      (each) => event.kind === "message.customer" && each.after < event.offset && each.body.text === event.text,
    );
    const left = this.pending.filter((each) => each !== first && !answered.includes(each.id));
    if (left.length === this.pending.length) return;
    this.pending = left;
    this.keep();
    this.tell("pending");
  }

  send(text, photos) {
    const body = { text, ...(photos.length ? { photos: photos.map((photo) => photo.photo_id) } : {}) };
    const message = { id: newId(), path: "/messages", body, photos, after: this.offset, state: "sending" };
    this.pending.push(message);
    this.keep();
    this.tell("pending");
    return this.deliver(message);
  }

  /* A press of a button: sent like a message, but with nothing to show until its event comes. */
  press(path, body = {}) {
    return this.deliver({ id: newId(), path, body, state: "sending", silent: true });
  }

  async deliver(message) {
    for (let tries = 0; !this.stopped; tries += 1) {
      this.mark(message, navigator.onLine ? "sending" : "queued");
      try {
        if (!navigator.onLine) throw new Trouble(0, "unreachable");
        await this.turn(message);
        const post = this.post(message);
        // The first message makes the conversation: nothing is there to be followed before, drafts soon after.
        if (!this.offset) await Promise.race([post, this.rest(FIRST_MS)]);
        this.follow();
        return await this.answered(message, await post);
      } catch (trouble) {
        if (trouble.slug === "message-already-answered") return this.answered(message, null);
        const hopeless = !trouble.passing || (trouble.status === 500 && tries > 4);
        if (hopeless) {
          this.mark(message, "failed", trouble);
          if (trouble.slug === "conversation-closed") this.reread().catch(() => {});
          if (message.silent) throw trouble;
          return null;
        }
        message.waits = true;
        this.mark(message, trouble.status ? "sending" : "queued");
        await this.rest(Math.max(trouble.wait, navigator.onLine ? backoff(tries) : 15_000));
        message.waits = false;
      }
    }
    return null;
  }

  async post({ id, path, body }) {
    const options = { method: "POST", type: "application/json", patience: 75_000 };
    return this.api.json(this.path + path, { ...options, body: JSON.stringify({ message_id: id, ...body }) });
  }

  // What was written first is sent first, also when its connection broke.
  async turn(message) {
    while (!this.stopped && this.pending.slice(0, this.pending.indexOf(message)).some((each) => each.waits)) {
      await this.rest(500);
    }
  }

  async answered(message, reply) {
    // The stream brings the reply as an event. Where it cannot (a proxy that holds it back), read it.
    for (let waited = 0; waited < 1_500 && reply && this.offset < reply.offset; waited += 100) await pause(100);
    if (!reply || this.offset < reply.offset) await this.reread().catch(() => {});
    this.pending = this.pending.filter((each) => each !== message);
    this.keep();
    this.tell("pending");
    return reply;
  }

  mark(message, state, trouble = null) {
    Object.assign(message, { state, trouble: trouble?.slug ?? "" });
    if (!message.silent) this.tell("pending");
  }

  // Kept for this tab only, until answered: a reload must neither lose a message nor send it as another one.
  keep() {
    const kept = this.pending.map(({ id, path, body, photos, after }) => ({ id, path, body, photos, after }));
    store(sessionStorage, `holdfast:unsent:${this.id}`, kept.length ? kept : null);
  }

  unsent() {
    const kept = recall(sessionStorage, `holdfast:unsent:${this.id}`) ?? [];
    return kept.map((message) => ({ ...message, state: "sending" }));
  }

  // -- people

  meet(person) {
    this.person = person && person.state !== "none" ? person : null;
    const waits = this.person?.state === "waiting" && !this.closed;
    if (waits) this.polling ??= setInterval(() => document.hidden || this.queue(), 15_000);
    else this.polling = clearInterval(this.polling);
    this.tell("person");
  }

  async queue() {
    try {
      this.meet(await this.api.json(`${this.path}/queue`));
    } catch {
      this.meet(this.person ?? { state: "waiting" });
    }
  }
}

function recall(shelf, key) {
  try {
    return JSON.parse(shelf.getItem(key));
  } catch {
    return null;
  }
}

function store(shelf, key, value) {
  try {
    if (value == null) shelf.removeItem(key);
    else shelf.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the conversation goes on, only without a memory of it.
  }
}

// ---- view ----------------------------------------------------------------------------------------------------------

const PHOTO_TYPES = ["image/jpeg", "image/png", "image/webp"];
const PHOTO_BYTES = 8 * 1024 * 1024;
const PHOTOS_AT_ONCE = 4;
const QUIET_MS = 60_000; // after that long without a word, the customer may be asked how it went
// What is told by events that may come without a text.
const SYSTEM = { "handoff.requested": "waiting", "handoff.returned": "returned", "approval.waiting": "approval" };
const PRESSED = { "[confirmed]": "accepted", "[declined]": "declined" };

class View {
  constructor(element, language) {
    Object.assign(this, { element, language });
    this.cards = [];
    this.photos = [];
    this.say = (key, facts) => language.say(key, facts);
    this.build();
    this.ticking = setInterval(() => this.tick(), 1000);
  }

  discard() {
    clearInterval(this.ticking);
    clearTimeout(this.quiet);
  }

  button(name, words, pressed, { shape, spelt = !shape, ...more } = {}) {
    const label = spelt ? {} : { "aria-label": words, title: words };
    const given = { class: name, part: `button ${name}`, type: "button", on: { click: pressed }, ...label, ...more };
    return el("button", given, shape ? icon(shape) : null, spelt ? el("span", { text: words }) : null);
  }

  build() {
    const { say, element } = this;
    this.badge = el("span", { class: "badge", part: "badge", hidden: true });
    this.launcher = this.button("launcher", say("open"), () => element.toggle(), { shape: "chat", "aria-expanded": "false", "aria-controls": "panel" });
    this.launcher.append(this.badge);
    this.wish = this.button("person", say("person"), () => element.askForPerson(), { shape: "person", spelt: true });
    const shut = this.button("close", say("close"), () => element.close(), { shape: "close" });
    const heading = el("h2", { id: "title", text: element.getAttribute("heading") || say("title") });
    this.link = el("p", { class: "notice link", part: "notice", role: "status" });
    this.line = el("p", { class: "notice queue", part: "notice", role: "status" });
    this.log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": say("messages") });
    this.waiting = el("div", { class: "log" });
    this.bubble = el("div", { class: "bubble theirs", part: "bubble assistant", "aria-hidden": "true", hidden: true, dir: "auto" });
    this.status = el("p", { class: "status", part: "status", role: "status" });
    this.asking = el("div");
    this.hello = el("div", { class: "hello" }, el("p", { class: "bubble theirs", part: "bubble assistant", text: say("hello") }), this.chips());
    const inside = [this.hello, this.log, this.waiting, this.bubble, this.status, this.asking];
    const stuck = () => (this.stuck = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 40);
    this.scroll = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": say("messages"), on: { scroll: stuck } }, ...inside);
    this.stuck = true;
    const head = el("div", { class: "head", part: "header" }, heading, shut, this.wish);
    const dialog = { id: "panel", class: "panel", part: "panel", role: "dialog", "aria-labelledby": "title", hidden: true };
    this.panel = el("section", { ...dialog, on: { keydown: (event) => this.key(event) } }, head, this.link, this.line, this.scroll, this.composer());
    this.root = el("div", { class: "root", dir: this.language.direction, lang: this.language.tag }, this.panel, this.launcher);
    element.shadowRoot.replaceChildren(this.root);
  }

  chips() {
    const asks = ["ask_track", "ask_return", "ask_missing"].map((key) => this.say(key));
    return el("div", { class: "chips" }, ...asks.map((ask) => this.button("chip", ask, () => this.element.send(ask))));
  }

  composer() {
    const { say } = this;
    const limits = { rows: 1, maxlength: 4000, "aria-label": say("write"), placeholder: say("write"), part: "input", dir: "auto" };
    this.text = el("textarea", { ...limits, on: { keydown: (event) => this.enter(event), input: () => this.fit() } });
    this.file = el("input", { type: "file", accept: PHOTO_TYPES.join(), hidden: true, multiple: true, on: { change: () => this.pick() } });
    this.tray = el("div", { class: "tray" });
    this.trouble = el("p", { class: "trouble", role: "alert" });
    this.list = el("div", { class: "orders", part: "orders", role: "group", "aria-label": say("orders"), hidden: true });
    this.opener = this.button("tool", say("orders"), () => this.orders(), { shape: "box", "aria-expanded": "false" });
    const camera = this.button("tool", say("photo"), () => this.file.click(), { shape: "camera" });
    const submit = this.button("send", say("send"), () => this.submit(), { shape: "send" });
    this.row = el("div", { class: "row" }, this.opener, camera, this.file, this.text, submit);
    this.again = this.button("again", say("again"), () => this.element.startAnew(), { hidden: true });
    return el("div", { class: "foot", part: "composer" }, this.list, this.tray, this.trouble, this.row, this.again);
  }

  // -- keyboard and focus

  key(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (this.list.hidden) this.element.close();
      else this.orders(false);
    } else if (event.key === "Tab" && this.panel.ariaModal === "true") {
      const stops = [...this.panel.querySelectorAll("button, textarea, a, [tabindex]")].filter((each) => each.offsetParent && !each.disabled);
      const edge = event.shiftKey ? stops[0] : stops.at(-1);
      if (this.element.shadowRoot.activeElement !== edge) return;
      event.preventDefault();
      (event.shiftKey ? stops.at(-1) : stops[0]).focus();
    }
  }

  enter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  show(open) {
    this.panel.hidden = !open;
    this.launcher.setAttribute("aria-expanded", open);
    // On a phone the panel covers the page, so the page behind it must not be reached by Tab.
    this.panel.ariaModal = String(matchMedia("(max-width: 480px)").matches);
    if (open) {
      (this.text.offsetParent ? this.text : this.scroll).focus();
      this.down(true);
    } else this.launcher.focus();
  }

  unread(count) {
    this.badge.hidden = !count;
    this.badge.textContent = count > 9 ? "9+" : count;
    const name = count ? `${this.say("open")}, ${this.say("unread", { n: count })}` : this.say("open");
    this.launcher.setAttribute("aria-label", name);
  }

  fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 120)}px`;
  }

  // Whoever has scrolled up to read is not pulled down again.
  down(always = false) {
    if (always || this.stuck) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  // -- composing

  submit() {
    const text = this.text.value.trim();
    const ready = this.photos.filter((photo) => photo.sent);
    if (this.photos.length > ready.length || !(text || ready.length)) return this.text.focus();
    this.photos = [];
    this.tray.replaceChildren();
    this.text.value = "";
    this.warn("");
    this.fit();
    this.text.focus();
    this.element.send(text, ready.map((photo) => photo.sent));
  }

  warn(key) {
    this.trouble.textContent = key ? this.say(key) : "";
  }

  pick() {
    const files = [...this.file.files].slice(0, PHOTOS_AT_ONCE - this.photos.length);
    this.file.value = "";
    for (const file of files) {
      if (!PHOTO_TYPES.includes(file.type)) this.warn("not_photo");
      else if (file.size > PHOTO_BYTES) this.warn("too_big");
      else this.attach(file);
    }
  }

  async attach(file) {
    const photo = { sent: null };
    const preview = canvas(file.name);
    const bar = el("progress", { max: 1, value: 0, "aria-label": this.say("uploading") });
    const drop = () => {
      this.photos = this.photos.filter((each) => each !== photo);
      frame.remove();
      this.text.focus();
    };
    const frame = el("div", { class: "photo" }, preview, bar, this.button("drop", this.say("remove"), drop, { shape: "close" }));
    this.warn("");
    this.photos.push(photo);
    this.tray.append(frame);
    try {
      await paint(preview, file, 160);
      photo.sent = await this.element.upload(file, (share) => (bar.value = share));
      bar.remove();
    } catch (trouble) {
      drop();
      const why = { "photo-too-large": "too_big", "photo-unreadable": "not_photo" }[trouble.slug];
      this.warn(why ?? (trouble instanceof Trouble ? "failed" : "not_photo"));
    }
  }

  async orders(open = this.list.hidden) {
    this.list.hidden = !open;
    this.opener.setAttribute("aria-expanded", open);
    if (!open) return this.text.focus();
    this.list.replaceChildren(el("p", { class: "muted", role: "status", text: this.say("s_orders") }));
    try {
      const { orders } = await this.element.orders();
      const rows = orders.map((order) => this.order(order));
      this.list.replaceChildren(...(rows.length ? rows : [el("p", { class: "muted", role: "status", text: this.say("no_orders") })]));
      rows[0]?.focus();
    } catch {
      this.list.replaceChildren(el("p", { class: "muted", role: "alert", text: this.say("failed") }));
    }
  }

  order({ order_id: id, status, placed_at: at, items, total_minor: minor, currency }) {
    const number = `#${id.replace(/^#/, "")}`;
    const what = Array.isArray(items) ? items.map((item) => item.title ?? item).join(", ") : items;
    const chosen = () => {
      this.text.setRangeText(`${number} `, this.text.selectionStart, this.text.selectionEnd, "end");
      this.orders(false);
      this.fit();
    };
    const state = [this.say(`o_${status}`) || status, this.language.day(at)].join(" · ");
    return el("button", { class: "order", part: "order", type: "button", on: { click: chosen } },
      el("strong", { text: number }), el("span", { class: "sum", text: this.language.money({ minor, currency }) }),
      el("span", { class: "what", text: what, dir: "auto" }), el("span", { class: "muted", text: state }));
  }

  // -- what happened

  add(...nodes) {
    this.hello.lastChild.hidden = true;
    this.log.append(...nodes);
  }

  system(text) {
    if (text) this.add(el("p", { class: "system", part: "system", text, dir: "auto" }));
  }

  said(by, text, at, whose = "theirs") {
    const part = whose === "mine" ? "customer" : by ? "person" : "assistant";
    const bubble = el("div", { class: `bubble ${whose}`, part: `bubble ${part}` });
    const name = by || this.say(whose === "mine" ? "you" : "assistant");
    bubble.append(el("span", { class: by ? "by" : "sr", text: by || `${name}: ` }));
    if (text) bubble.append(el("p", { text, dir: "auto" }));
    if (at) bubble.append(el("time", { datetime: at, text: this.language.moment(at) }));
    return bubble;
  }

  event({ event, history }) {
    const { kind, reply } = event;
    const ended = kind === "offer.closed";
    this.drafted();
    if (kind === "message.customer") this.mine(event);
    else if (kind === "message.person") this.add(this.said(event.by || this.say("someone"), event.text, event.at));
    else if (kind === "handoff.claimed") this.system(this.say("joined", { name: event.by || this.say("someone") }));
    else if (kind === "feedback.given") this.thank();
    else if (reply || event.refund) this.reply(reply ?? event, history);
    else this.system(event.text || this.say(SYSTEM[kind]));
    // Without a reply it was no clock that ended the offer: a person took over.
    if (reply || ended) this.offer(reply?.offer, reply && ended ? "expired" : "gone");
    this.hint();
    this.down(history || kind === "message.customer");
    this.hush();
  }

  mine({ text, photos = [], at }) {
    const pressed = PRESSED[text];
    if (pressed) {
      this.answered = pressed;
      this.offer(null);
    }
    if (pressed) return this.cards.length || this.system(this.say(pressed));
    if (text.startsWith("[asks for a person]")) return this.system(this.say("asked"));
    this.add(this.own(text, photos, at));
  }

  own(text, photos, at) {
    const bubble = this.said("", text, at, "mine");
    for (const photo of photos) bubble.append(this.picture("your_photo", () => this.element.photo(`photos/${photo.photo_id}`)));
    return bubble;
  }

  reply({ text, at, offer, refund, links = [], citations = [] }, history) {
    if (!(text || offer || refund)) return;
    const bubble = this.said("", text, at);
    for (const link of links) bubble.append(...this.linked(link));
    if (refund) bubble.append(this.refund(refund));
    if (citations.length) bubble.append(this.sources(citations));
    this.add(bubble);
    if (refund && !history) this.element.emit("refund", refund);
    if (refund?.status === "settled") this.settled = true;
  }

  linked({ kind, url, awb }) {
    if (kind === "delivery_photo") return [this.picture(kind, () => this.element.photo(`parcels/${encodeURIComponent(awb)}/photo`))];
    const href = safeLink(url);
    if (!href) return [];
    const given = { class: "label", part: "link", href, target: "_blank", rel: "noopener noreferrer", download: true };
    return [el("a", given, icon("label"), el("span", { text: this.say("label") }))];
  }

  picture(key, fetched) {
    const surface = canvas(this.say(key));
    const figure = el("figure", {}, surface, el("figcaption", { text: this.say(key) }));
    const draw = async () => {
      await paint(surface, await fetched());
      this.down();
    };
    draw().catch(() => figure.replaceChildren(el("figcaption", { text: `${this.say(key)}: ${this.say("failed")}` })));
    return figure;
  }

  refund({ status, amount, method_label: method, refund_id: id }) {
    const words = `${this.say(`r_${status}`)} · ${this.language.money(amount)}`;
    return el("div", { class: `refund ${status}`, part: "refund" }, icon("check"),
      el("strong", { text: words }), el("span", { class: "muted", text: [method, id].filter(Boolean).join(" · ") }));
  }

  sources(citations) {
    const rows = citations.map(({ title, document }) => el("li", { text: [title, document].filter(Boolean).join(" — "), dir: "auto" }));
    return el("details", { class: "sources", part: "sources" }, el("summary", { text: this.say("sources") }), el("ul", {}, ...rows));
  }

  // -- the offer: one card is open at most, the one of the newest reply

  offer(card, how = "gone") {
    const open = this.cards.at(-1);
    if (open && !open.ended && open.digest !== card?.digest) this.closeCard(open, this.answered ?? how);
    if (!card || (open && open.digest === card.digest)) return;
    this.answered = undefined;
    this.cards.push(this.card(card));
    this.add(this.cards.at(-1).box);
    this.tick(true);
  }

  card({ digest, kind, order_id: order, amount, method_label: method, expires_at: until }) {
    const { say } = this;
    const money = amount && this.language.money(amount);
    const name = `offer-${this.cards.length}`;
    const left = el("p", { class: "muted", role: "timer", "aria-live": "off" });
    const answer = (accept) => this.element.answer(card, accept);
    const yes = this.button("yes", money ? say("yes_refund", { amount: money }) : say("yes"), () => answer(true));
    const no = this.button("no", say("no"), () => answer(false));
    const facts = [say("order", { order: `#${order.replace(/^#/, "")}` }), method].filter(Boolean).join(" · ");
    const box = el("div", { class: "card", part: "card", role: "group", "aria-labelledby": name },
      el("h3", { id: name, text: say(`k_${kind}`) }), money ? el("p", { class: "amount", part: "amount", text: money }) : null,
      el("p", { text: facts, dir: "auto" }), el("div", { class: "buttons" }, yes, no), left);
    const card = { digest, box, left, buttons: [yes, no], until: Date.parse(until), ended: false };
    return card;
  }

  closeCard(card, how) {
    card.ended = true;
    for (const button of card.buttons) button.disabled = true;
    card.box.classList.add("ended");
    card.left.textContent = this.say(how);
  }

  tick(always = false) {
    const card = this.cards.at(-1);
    if (!card || card.ended || (this.panel.hidden && !always)) return;
    const seconds = Math.ceil((card.until - Date.now()) / 1000);
    if (seconds <= 0) this.closeCard(card, "expired");
    else card.left.textContent = this.say("valid", { time: this.language.left(seconds) });
  }

  // -- what is under way

  draft({ kind, text }) {
    if (kind === "status") {
      const words = this.say(`s_${text}`);
      if (words) this.status.textContent = words;
    } else if (kind === "delta") {
      this.bubble.hidden = false;
      this.bubble.textContent += text;
      this.status.textContent = "";
    } else this.drafted();
    this.hint();
    this.down();
  }

  drafted() {
    this.bubble.hidden = true;
    this.bubble.textContent = this.status.textContent = "";
  }

  pending(messages) {
    const shown = messages.filter((message) => message.path === "/messages").map((message) => this.unsent(message));
    if (shown.length) this.hello.lastChild.hidden = true;
    this.waiting.replaceChildren(...shown);
    this.sending = messages.some((message) => message.state === "sending");
    this.hint();
    this.down();
  }

  unsent(message) {
    const bubble = this.own(message.body.text, message.photos);
    if (message.state === "queued") bubble.append(el("small", { text: this.say("queued") }));
    if (message.state === "failed") {
      const again = () => this.element.retry(message);
      const why = { "message-too-long": "too_long", "conversation-closed": "over" }[message.trouble] ?? "unsent";
      bubble.append(el("small", { role: "alert", text: this.say(why) }), this.button("retry", this.say("retry"), again));
    }
    return bubble;
  }

  // Dots while an answer is on its way and nothing of it is to be seen yet.
  hint() {
    const quiet = this.sending && this.bubble.hidden && !this.status.textContent;
    this.status.classList.toggle("dots", Boolean(this.sending && this.bubble.hidden));
    if (quiet) this.status.textContent = this.say("typing");
    else if (!this.sending && this.status.textContent === this.say("typing")) this.status.textContent = "";
  }

  banner(link) {
    this.link.textContent = link ? this.say(link) : "";
  }

  person(person) {
    this.wish.disabled = Boolean(person) || this.over;
    if (!person) return (this.line.textContent = "");
    const name = person.name || this.say("someone");
    const place = person.place == null ? this.say("waiting") : this.say("queue", { n: person.place + 1 });
    const promised = person.promised_at ? this.say("promised", { time: this.language.moment(person.promised_at) }) : "";
    const words = person.state === "talking" ? this.say("talking", { name }) : `${place} ${promised}`.trim();
    if (this.line.textContent !== words) this.line.textContent = words;
  }

  // -- the end

  closed() {
    this.over = true;
    this.system(this.say("over"));
    this.offer(null);
    this.row.hidden = true;
    this.again.hidden = false;
    this.person(null);
    this.ask();
  }

  hush() {
    clearTimeout(this.quiet);
    if (this.settled) this.ask();
    else if (this.log.querySelector(".theirs")) this.quiet = setTimeout(() => this.ask(), QUIET_MS);
  }

  ask() {
    const open = this.cards.at(-1);
    if (this.rated || this.asking.firstChild || (open && !open.ended) || this.line.textContent) return;
    const { say } = this;
    const comment = el("textarea", { rows: 2, maxlength: 1000, "aria-label": say("comment"), placeholder: say("comment"), part: "input", dir: "auto" });
    const send = this.button("yes", say("send"), () => this.element.rate(chosen, comment.value.trim()));
    const more = el("div", { class: "more", hidden: true }, comment, send);
    let chosen = "";
    const thumb = (rating) => this.button("thumb", say(rating), () => {
      chosen = rating;
      for (const each of thumbs) each.ariaPressed = String(each === thumbs[rating === "up" ? 0 : 1]);
      more.hidden = false;
      comment.focus();
      this.down(true);
    }, { shape: rating, "aria-pressed": "false" });
    const thumbs = [thumb("up"), thumb("down")];
    this.asking.replaceChildren(el("div", { class: "feedback", part: "feedback", role: "group", "aria-label": say("how") },
      el("p", { text: say("how") }), ...thumbs, more));
    this.down();
  }

  thank() {
    this.rated = true;
    this.asking.replaceChildren();
    this.system(this.say("thanks"));
  }
}

// ---- element -------------------------------------------------------------------------------------------------------

const HERE = new URL(import.meta.url).origin;

export class HoldfastChat extends HTMLElement {
  static observedAttributes = ["api", "token-url", "conversation", "language", "open", "heading"];

  /* A function that promises a token; wins over the attribute `token-url`. */
  get tokenProvider() {
    return this._provider;
  }

  set tokenProvider(provider) {
    this._provider = provider;
    if (this.view) this.restart();
  }

  connectedCallback() {
    if (Object.hasOwn(this, "tokenProvider")) {
      const early = this.tokenProvider;
      delete this.tokenProvider;
      this._provider = early;
    }
    if (!this.shadowRoot) this.attachShadow({ mode: "open" }).adoptedStyleSheets = [STYLE];
    this.seen = () => this.read();
    document.addEventListener("visibilitychange", this.seen);
    this.speak();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.seen);
    this.talk?.stop();
    this.view?.discard();
    this.talk = this.view = this.wish = null;
  }

  attributeChangedCallback(name, before, now) {
    if (!this.wish || before === now) return;
    if (name === "language") this.speak();
    else if (!this.view) return;
    else if (name === "open") this.opened(now !== null);
    else if (name === "heading") this.redraw();
    else this.restart();
  }

  /* Show everything in the language wanted now, as soon as its words are here; the latest wish wins. */
  async speak() {
    const wish = new Language(this.getAttribute("language"));
    this.wish = wish;
    if (!wish.words) await wish.learn();
    if (this.wish !== wish) return;
    this.speech = wish;
    if (this.view) this.redraw();
    else this.restart();
  }

  toggle() {
    this.toggleAttribute("open");
  }

  close() {
    this.removeAttribute("open");
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(`holdfast:${name}`, { detail, bubbles: true, composed: true }));
  }

  // -- which conversation

  restart() {
    this.talk?.stop();
    this.talk = null;
    this.starting = null;
    this.identity = new Identity(() => this.askForToken());
    this.api = new Api(this.getAttribute("api") || HERE, this.identity);
    this.redraw();
    if (this.hasAttribute("open")) this.opened(true);
    // Without an earlier conversation nobody is asked for anything until the panel is opened.
    else if (this.getAttribute("conversation") || recall(localStorage, `holdfast:${this.api.address}`)) this.start();
  }

  async askForToken() {
    if (this._provider) return this._provider();
    const options = { credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json, text/plain" } };
    const answer = await fetch(this.getAttribute("token-url"), options).catch(() => {
      throw new Trouble(0, "unreachable");
    });
    if (!answer.ok) throw new Trouble(answer.status, "signed-out");
    const text = await answer.text();
    return text.trim().startsWith("{") ? JSON.parse(text).token : text;
  }

  start() {
    this.starting ??= this.begin().catch((trouble) => {
      this.starting = null;
      this.view?.warn(trouble.passing ? "failed" : "sign_in");
      throw trouble;
    });
    // Whoever awaits it hears of the failure; nobody has to.
    this.starting.catch(() => {});
    return this.starting;
  }

  async begin() {
    const { api } = this;
    await api.identity.get();
    const kept = recall(localStorage, this.key) ?? {};
    const known = this.getAttribute("conversation") || kept.id;
    const id = known || `web-${newId()}`;
    if (this.api !== api) return;
    this.last = kept.id === id ? kept.read ?? 0 : 0;
    const talk = new Conversation(api, id, (what, detail) => this.talk === talk && this.told(what, detail));
    this.talk = talk;
    this.view.warn("");
    await talk.resume(!known);
    if (known) this.remember();
    this.read();
  }

  get key() {
    return `holdfast:${this.api.address}:${this.identity.who}`;
  }

  remember() {
    store(localStorage, this.key, { id: this.talk.id, read: this.last });
    store(localStorage, `holdfast:${this.api.address}`, 1);
  }

  startAnew() {
    store(localStorage, this.key, null);
    if (this.getAttribute("conversation")) this.removeAttribute("conversation");
    else this.restart();
  }

  // -- what the conversation tells

  told(what, detail) {
    const { view, talk } = this;
    if (what === "event") {
      view.event(detail);
      if (!detail.history) this.announce(detail.event);
      this.read();
    } else if (what === "draft") view.draft(detail);
    else if (what === "pending") view.pending(talk.pending);
    else if (what === "person") view.person(talk.person);
    else if (what === "offer") detail || view.offer(null);
    else if (what === "link") view.banner(talk.link);
    else if (what === "forgotten") this.redraw();
    else if (what === "closed") {
      view.closed();
      this.emit("closed", { conversation: talk.id });
    }
  }

  announce({ kind, text, by, offset }) {
    const role = { "message.customer": "customer", "message.person": "person" }[kind] ?? "assistant";
    if (text) this.emit("message", { role, text, by, offset, kind });
  }

  read() {
    const { talk, view } = this;
    if (!talk) return;
    if (this.hasAttribute("open") && !document.hidden && talk.offset > this.last) {
      this.last = talk.offset;
      this.remember();
    }
    const theirs = talk.events.filter(({ offset, kind, text, refund }) => offset > this.last && (text || refund) && kind !== "message.customer");
    view.unread(theirs.length);
  }

  redraw() {
    const draft = this.view?.text.value ?? "";
    this.view?.discard();
    this.view = new View(this, this.speech);
    this.view.text.value = draft;
    if (this.hasAttribute("open")) this.view.panel.hidden = false;
    const { talk } = this;
    if (!talk) return;
    for (const event of talk.events) this.view.event({ event, history: true });
    if (talk.closed) this.view.closed();
    for (const what of ["pending", "person", "link"]) this.told(what);
    this.read();
  }

  opened(open) {
    this.view.show(open);
    this.emit("open", { open });
    if (open) this.start();
    this.read();
  }

  // -- what the customer does

  async send(text, photos = []) {
    try {
      await this.start();
      // From here on a reload must come back to this conversation, also before its first event.
      this.remember();
      this.talk.send(text, photos);
    } catch {
      if (!this.view.text.value) this.view.text.value = text;
    }
  }

  async retry(message) {
    this.talk.deliver(message);
  }

  async press(path, body) {
    try {
      await this.start();
      return await this.talk.press(path, body);
    } catch (trouble) {
      this.view.warn({ "offer-expired": "expired", "offer-changed": "gone", "offer-already-answered": "gone" }[trouble.slug] ?? "failed");
      await this.talk?.reread().catch(() => {});
      throw trouble;
    }
  }

  async answer(card, accept) {
    for (const button of card.buttons) button.disabled = true;
    this.view.text.focus();
    this.view.sending = true;
    this.view.hint();
    this.view.answered = accept ? "accepted" : "declined";
    try {
      await this.press(`/offers/${card.digest}/${accept ? "confirm" : "decline"}`);
    } catch ({ slug }) {
      this.view.answered = undefined;
      if (slug?.startsWith("offer-")) this.view.closeCard(card, slug === "offer-expired" ? "expired" : "gone");
      else for (const button of card.buttons) button.disabled = false;
    }
    this.view.pending(this.talk.pending);
  }

  async askForPerson() {
    this.view.text.focus();
    // Only a message can begin a conversation.
    if (!this.talk?.offset) return this.send(this.view.say("person"));
    this.view.wish.disabled = true;
    this.view.draft({ kind: "status", text: "handing_over" });
    await this.press("/escalate").then(() => this.talk.queue(), () => (this.view.wish.disabled = false));
    this.view.drafted();
  }

  async rate(rating, comment) {
    await this.press("/feedback", { rating, comment }).then(() => this.view.rated || this.view.thank(), () => {});
  }

  async orders() {
    await this.start();
    return this.api.json("/v1/me/orders");
  }

  async upload(file, progress) {
    await this.start();
    return this.api.upload(`${this.talk.path}/photos`, file, progress);
  }

  async photo(path) {
    return (await this.api.ask(`${this.talk.path}/${path}`, { patience: 20_000 })).blob();
  }
}

// ---- style: a constructed sheet is allowed where the shop's policy forbids inline styles -----------------------------

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
:host { --accent: var(--holdfast-accent, #1f5f52); --on: var(--holdfast-on-accent, #fff);
  --back: var(--holdfast-background, light-dark(#fff, #17191c)); --ink: var(--holdfast-text, light-dark(#1b1f24, #eceef0));
  --dim: var(--holdfast-muted, light-dark(#59626b, #a7b0b8)); --soft: var(--holdfast-bubble, light-dark(#f1f3f4, #262a2f));
  --edge: var(--holdfast-border, light-dark(#d9dee2, #3a4047)); --link: var(--holdfast-link, light-dark(#1f5f52, #8fd3c3));
  --round: var(--holdfast-radius, 18px); --bad: light-dark(#a4262c, #ff9c9c); color-scheme: var(--holdfast-scheme, light dark);
  position: fixed; inset-block-end: 0; inset-inline-end: 0; z-index: var(--holdfast-z, 2147483000);
  font: 15px/1.45 var(--holdfast-font, system-ui, sans-serif); color: var(--ink); }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; margin: 0; }
button, textarea { font: inherit; color: inherit; background: none; border: 0; border-radius: 12px; }
button { cursor: pointer; min-block-size: 36px; min-inline-size: 36px; display: inline-flex; align-items: center; justify-content: center; gap: 6px; }
button:disabled { cursor: default; color: var(--dim); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.icon { inline-size: 20px; block-size: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.sr { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
.launcher { position: fixed; inset-block-end: var(--holdfast-offset, 20px); inset-inline-end: var(--holdfast-offset, 20px); inline-size: 58px; block-size: 58px;
  border-radius: 50%; background: var(--accent); color: var(--on); box-shadow: 0 6px 20px #0004; }
.launcher .icon { inline-size: 26px; block-size: 26px; }
.badge { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-inline-size: 22px; padding-inline: 6px; border-radius: 11px; background: #b3261e; color: #fff; font-size: 13px; font-weight: 600; line-height: 22px; }
.panel { position: fixed; inset-inline-end: var(--holdfast-offset, 20px); inset-block-end: calc(var(--holdfast-offset, 20px) + 72px); display: flex; flex-direction: column; overflow: hidden;
  inline-size: var(--holdfast-width, 390px); block-size: min(var(--holdfast-height, 640px), 100dvh - 112px); background: var(--back); border: 1px solid var(--edge); border-radius: var(--round); box-shadow: 0 16px 48px #0003; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 0 8px; padding: 10px 10px 8px 18px; padding-inline: 18px 10px; background: var(--accent); color: var(--on); }
.head :focus-visible, .launcher:focus-visible { outline-color: currentColor; }
.launcher:focus-visible { outline: 3px solid var(--link); }
h2 { flex: 1; font-size: 17px; font-weight: 650; }
.person { order: 3; font-size: 13.5px; padding-inline: 10px; margin-inline-start: -10px; min-block-size: 30px; text-decoration: underline; text-underline-offset: 3px; }
.person .icon { inline-size: 16px; block-size: 16px; }
.person:disabled { color: inherit; text-decoration: none; cursor: default; }
.head::after { content: ""; inline-size: 100%; order: 2; }
.notice:empty, .status:empty, .trouble:empty, .tray:empty { display: none; }
.notice { padding: 8px 18px; font-size: 13.5px; background: var(--soft); border-block-end: 1px solid var(--edge); }
.notice.link { background: light-dark(#fff3d6, #4a3a12); }
.scroll { flex: 1; overflow-y: auto; padding: 16px; overscroll-behavior: contain; }
.scroll:focus-visible { outline-offset: -3px; }
.scroll, .log, .hello { display: flex; flex-direction: column; gap: 8px; }
.log:empty { display: none; }
.bubble { max-inline-size: 86%; inline-size: fit-content; padding: 9px 14px; border-radius: var(--round); overflow-wrap: anywhere; white-space: pre-wrap; }
.theirs { background: var(--soft); border-end-start-radius: 5px; }
.mine { align-self: flex-end; background: var(--accent); color: var(--on); border-end-end-radius: 5px; }
.bubble time, .by, small { display: block; font-size: 12px; color: var(--dim); }
.mine time, .mine small { color: inherit; text-align: end; }
.by { font-weight: 650; color: var(--ink); }
.chips { display: flex; flex-wrap: wrap; gap: 6px; }
.chip { border: 1px solid var(--edge); border-radius: 18px; padding: 4px 13px; color: var(--link); font-size: 14px; }
.system, .status, .muted { font-size: 13px; color: var(--dim); }
.system { text-align: center; padding-block: 2px; }
.status.dots::before { content: ""; display: inline-block; inline-size: 8px; block-size: 8px; margin-inline: 4px 9px; border-radius: 50%; background: var(--link); animation: beat 1s infinite alternate; }
@keyframes beat { to { opacity: .25; transform: scale(.7); } }
.card { max-inline-size: 100%; padding: 14px 16px; border: 1.5px solid var(--link); border-radius: var(--round); }
.card h3 { font-size: 14px; font-weight: 600; color: var(--dim); }
.card.ended { border-color: var(--edge); }
.amount { font-size: 28px; line-height: 1.25; font-weight: 700; font-variant-numeric: tabular-nums; }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-block: 12px 8px; }
.ended .buttons { display: none; }
.yes, .again { padding-inline: 16px; min-block-size: 42px; background: var(--accent); color: var(--on); font-weight: 600; }
.no, .retry { padding-inline: 14px; min-block-size: 42px; border: 1px solid var(--edge); }
.buttons :disabled { background: var(--soft); color: var(--dim); }
.retry { border-color: currentColor; min-block-size: 30px; }
.refund { display: grid; grid-template-columns: auto 1fr; gap: 0 8px; margin-block: 8px 4px; padding: 8px 12px; border-radius: 12px; background: var(--back); border: 1px solid var(--edge); }
.refund .icon { color: var(--link); }
.refund.failed .icon { visibility: hidden; }
.refund .muted { grid-column: 2; }
.label { display: inline-flex; gap: 8px; margin-block: 8px; color: var(--link); font-weight: 600; }
figure { margin-block: 8px 2px; }
canvas { display: block; max-inline-size: 100%; border-radius: 12px; background: var(--edge); }
figcaption, .sources { font-size: 12.5px; color: var(--dim); margin-block-start: 4px; }
.mine figcaption { color: inherit; }
.sources ul { padding-inline-start: 18px; }
summary { cursor: pointer; min-block-size: 24px; }
.foot { padding: 10px; border-block-start: 1px solid var(--edge); }
.row { display: flex; align-items: flex-end; gap: 2px; }
.row textarea, .more textarea { flex: 1; min-inline-size: 0; padding: 8px 12px; border: 1px solid light-dark(#84909a, #78838c); resize: none; }
::placeholder { color: var(--dim); opacity: 1; }
.tool, .send { min-block-size: 40px; min-inline-size: 38px; color: var(--dim); }
.send { background: var(--accent); color: var(--on); margin-inline-start: 6px; }
:dir(rtl) .send .icon { transform: scaleX(-1); }
.again { inline-size: 100%; }
.trouble { color: var(--bad); font-size: 13.5px; padding: 0 6px 8px; }
.tray { display: flex; gap: 8px; padding-block-end: 8px; }
.photo { position: relative; inline-size: 72px; }
.photo canvas { inline-size: 72px; block-size: 72px; object-fit: cover; }
.photo progress { position: absolute; inset: auto 6px 6px; inline-size: 60px; accent-color: var(--accent); }
.drop { position: absolute; inset: -6px -6px auto auto; min-block-size: 26px; min-inline-size: 26px; border-radius: 50%; background: var(--back); border: 1px solid var(--edge); }
.drop .icon { inline-size: 14px; block-size: 14px; }
.orders { max-block-size: 260px; overflow-y: auto; margin-block-end: 8px; padding: 2px; }
.order { inline-size: 100%; display: grid; grid-template-columns: 1fr auto; gap: 0 8px; padding: 8px 12px; text-align: start; border-radius: 10px; }
.order .what { grid-column: 1 / -1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.order .muted { grid-column: 1 / -1; }
.feedback { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; padding-block: 8px; font-size: 14px; color: var(--dim); }
.thumb { border: 1px solid var(--edge); border-radius: 50%; }
.thumb[aria-pressed="true"] { background: var(--accent); color: var(--on); }
.more { display: flex; gap: 8px; align-items: flex-end; inline-size: 100%; }
@media (hover: hover) { .tool:hover, .chip:hover, .order:hover, .no:hover { background: var(--soft); } }
@media (max-width: 480px) { .panel { inset: 0; inline-size: 100%; block-size: 100dvh; border: 0; border-radius: 0; } .panel:not([hidden]) ~ .launcher { display: none; } .row textarea { font-size: 16px; } }
@media (prefers-reduced-motion: no-preference) { .panel { animation: rise .16s ease-out; } @keyframes rise { from { opacity: 0; translate: 0 12px; } } }
@media (prefers-reduced-motion: reduce) { .status.dots::before { animation: none; } }
@media (forced-colors: active) { .bubble, .launcher, .panel, .card, button { border: 1px solid; } .icon { stroke: CanvasText; } }
`);

if (!customElements.get("holdfast-chat")) customElements.define("holdfast-chat", HoldfastChat);
