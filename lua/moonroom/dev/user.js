// One user: its column, what it sends, and what it sees.

import { byId, make } from "/__dev/build.js";
import { bytes, codeWords, moment, statusWords } from "/__dev/words.js";

const MOST_FRAMES = 500;
const MOST_RECALLED = 50;
const PLACEHOLDERS = {
  text: "Message", json: '{"any": "JSON"}', binary: "00 ff 41 (hex)",
};

// The text as JSON on lines of its own, where it is a JSON object or list.
function pretty(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// Rows of 16 bytes: offset, hexadecimal digits, ASCII.
function dump(hex) {
  const rows = [];
  for (let at = 0; at < hex.length; at += 32) {
    const pairs = hex.slice(at, at + 32).match(/../g);
    const text = pairs.map((pair) => {
      const code = parseInt(pair, 16);
      return code > 31 && code < 127 ? String.fromCharCode(code) : ".";
    }).join("");
    rows.push(`${(at / 2).toString(16).padStart(4, "0")}  ${pairs.join(" ").padEnd(47)}  ${text}`);
  }
  return rows.join("\n");
}

const spaced = (hex) => hex.replace(/..(?=.)/g, "$& ");

function previewOf(frame) {
  if (frame.kind === "close") {
    const reason = frame.text ? ` “${frame.text}”` : "";
    return `${frame.code} ${codeWords(frame.code)[0]}${reason}`;
  }
  if (frame.kind === "bad") return frame.text;
  if (frame.kind === "text") return frame.text === "" ? "(empty)" : frame.text;
  return frame.hex === "" ? "(empty)" : spaced(frame.hex);
}

function wholeOf(frame) {
  if (frame.kind === "close") return codeWords(frame.code)[1];
  const whole = frame.hex === undefined ? pretty(frame.text) : dump(frame.hex);
  return frame.is_cut ? `${whole}\n… ${bytes(frame.size)} in all` : whole;
}

export class User {
  // actions: send(command), which says whether it could; removed(user)
  constructor(id, options, actions) {
    this.id = id;
    this.options = options;
    this.actions = actions;
    this.sent = [];
    this.recalled = 0;
    this.element = byId("user-template").content.firstElementChild.cloneNode(true);
    this.frames = this.find(".frames");
    this.message = this.find("textarea");
    this.find(".user-name").textContent = options.name;
    this.find(".user-path").textContent = options.path;
    this.element.setAttribute("aria-label", `${options.name} at ${options.path}`);
    this.follows = true;
    this.listen();
    this.setState("new", "not connected");
  }

  find(selector) { return this.element.querySelector(selector); }

  act(act, more) { return this.actions.send({ act, user: this.id, ...more }); }

  focus() { this.message.focus(); }

  // --- what it is told to do ---

  connect() {
    const { path, protocols, origin, cookie, compression } = this.options;
    this.setSlow(false);
    if (!this.act("connect", { path, protocols, origin, cookie, compression })) {
      this.setState("waiting", "waits for the server");
    }
  }

  // The way to the server is there.
  resume() {
    if (this.state === "waiting") this.connect();
  }

  listen() {
    const on = (selector, act) => this.find(selector).addEventListener("click", act);
    on(".act-again", () => { this.connect(); this.focus(); });
    on(".act-ping", () => this.act("ping"));
    on(".act-close", () => this.close());
    on(".act-drop", () => this.act("drop"));
    on(".act-slow", () => this.setSlow(!this.isSlow, true));
    on(".act-bad", () => this.act("bad", { fault: this.find(".fault").value }));
    on(".act-remove", () => this.remove());
    this.find(".compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.find(".kind").addEventListener("change", () => {
      this.message.placeholder = PLACEHOLDERS[this.find(".kind").value];
      this.message.focus();
    });
    this.message.addEventListener("keydown", (event) => this.key(event));
    this.message.addEventListener("input", () => this.fit());
    this.frames.addEventListener("scroll", () => { this.follows = this.isAtEnd(); });
    new ResizeObserver(() => this.scroll()).observe(this.frames);
  }

  setFaults(faults) {
    this.find(".fault").replaceChildren(...faults.map(({ name, words, code }) => {
      const option = make("option", "", `${words} → ${code}`);
      option.value = name;
      return option;
    }));
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && (this.message.value === "" || this.recalled > 0)) {
      event.preventDefault();
      this.recall(1);
    } else if (event.key === "ArrowDown" && this.recalled > 0) {
      event.preventDefault();
      this.recall(-1);
    }
  }

  // The lines that were sent, the latest first.
  recall(step) {
    this.recalled = Math.min(Math.max(this.recalled + step, 0), this.sent.length);
    this.message.value = this.recalled === 0 ? "" : this.sent[this.sent.length - this.recalled];
    this.fit();
  }

  fit() {
    this.message.rows = Math.min(this.message.value.split("\n").length, 8);
  }

  trouble(words) { this.find(".trouble").textContent = words; }

  send() {
    const text = this.message.value;
    const kind = this.find(".kind").value;
    this.trouble("");
    if (this.state !== "open") {
      this.trouble(`${this.options.name} is not connected.`);
      return;
    }
    if (kind === "json") {
      try {
        JSON.parse(text);
      } catch (error) {
        this.trouble(`No JSON: ${error.message}`);
        return;
      }
    }
    this.act(kind === "binary" ? "send_binary" : "send", kind === "binary" ? { hex: text } : { text });
    if (text !== "") this.sent.push(text);
    if (this.sent.length > MOST_RECALLED) this.sent.shift();
    this.message.value = "";
    this.recalled = 0;
    this.fit();
  }

  close() {
    const text = this.find(".code").value.trim();
    this.trouble("");
    if (!/^\d*$/.test(text)) {
      this.trouble("A close code is a number, or nothing.");
      return;
    }
    this.act("close", text === "" ? {} : { code: Number(text) });
  }

  setSlow(isSlow, tells) {
    this.isSlow = isSlow;
    this.find(".act-slow").setAttribute("aria-pressed", String(isSlow));
    if (tells) this.act("slow", { is_slow: isSlow });
  }

  remove() {
    this.act("forget");
    this.element.remove();
    this.actions.removed(this);
  }

  // --- what it sees ---

  setState(state, words, title = "") {
    this.state = state;
    this.element.dataset.state = state;
    const line = this.find(".state");
    line.textContent = words;
    line.title = title;
    const isOpen = state === "open";
    for (const name of [".act-ping", ".act-close", ".act-slow", ".act-bad"]) {
      this.find(name).disabled = !isOpen;
    }
    this.find(".act-drop").disabled = !isOpen && state !== "connecting";
    this.find(".act-again").hidden = isOpen || state === "connecting";
  }

  // The server, or the way to it, is gone.
  lose() {
    if (this.state === "open" || this.state === "connecting") {
      this.addNote("The server has gone, and this user with it.", "bad");
      this.setState("closed", "gone");
    }
  }

  hear(what) {
    if (what.type === "frame") this.addFrame(what);
    else if (what.type === "note") this.trouble(`${what.why[0].toUpperCase()}${what.why.slice(1)}.`);
    else if (what.state === "connecting") this.setState("connecting", "connecting");
    else this[what.state](what);
  }

  open(what) {
    const parts = [what.client && `client ${what.client}`, what.protocol, what.compression && "compressed"];
    this.addNote(`Connected${parts.filter(Boolean).map((part) => `, ${part}`).join("")}`, "good", what.at);
    this.setState("open", "open");
  }

  closed(what) {
    const [name, meaning] = codeWords(what.code);
    const reason = what.reason ? ` “${what.reason}”` : "";
    const why = what.why ? `${what.why[0].toUpperCase()}${what.why.slice(1)}.` : meaning;
    this.addNote(`Closed: ${what.code} ${name}${reason}. ${why}`, "bad", what.at);
    this.setState("closed", `${what.code} ${name}`, meaning);
  }

  refused(what) {
    const words = what.why ?? `Refused with ${what.status}. ${statusWords(what.status)}`;
    const note = this.addNote(words, "bad", what.at);
    if (what.body) note.append(make("pre", "", what.body));
    this.setState("refused", what.status ? `refused ${what.status}` : "refused", words);
  }

  // A line that is no frame.
  addNote(words, kind, at) {
    const time = make("span", "time", at === undefined ? "" : moment(at));
    const line = make("div", `note ${kind}`, time, make("p", "", words));
    this.add(line);
    return line;
  }

  addFrame(frame) {
    const arrow = make("span", "arrow", frame.direction === "in" ? "←" : "→");
    arrow.setAttribute("role", "img");
    arrow.setAttribute("aria-label", frame.direction === "in" ? "received" : "sent");
    const kind = frame.kind;
    const summary = make("summary", "", make("span", "time", moment(frame.at)), arrow,
      make("span", "kind-name", kind, frame.compressed ? " z" : ""),
      make("span", "preview", previewOf(frame).slice(0, 300)),
      make("span", "size", bytes(frame.size)));
    const line = make("details", `frame ${frame.direction} ${frame.kind}`, summary);
    line.addEventListener("toggle", () => {
      if (line.open && line.children.length === 1) line.append(make("pre", "", wholeOf(frame)));
    });
    this.add(line);
  }

  // The end is followed, unless somebody has scrolled away from it.
  isAtEnd() {
    const box = this.frames;
    return box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  }

  scroll() {
    if (this.follows) this.frames.scrollTop = this.frames.scrollHeight;
  }

  add(line) {
    this.frames.append(line);
    if (this.frames.children.length > MOST_FRAMES) this.frames.firstElementChild.remove();
    this.scroll();
  }
}
