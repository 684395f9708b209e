// The conversation on the page. Whatever comes in goes in as text, never as markup.

import { moonOf, newMoon } from "./moon.js";

const KEPT = 500;               // entries on the page
const LONGEST = 8000;           // characters of one message that are shown
const TOGETHER = 120000;        // ms within which one person's messages stand as a group
const NEAR = 80;                // px from the bottom that still count as reading along

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const FEW_EMOJI = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f]*\s?){1,5}$/u;

function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function timeOf(date) {
  const time = make("time", "time", clock.format(date));
  time.dateTime = date.toISOString();
  time.title = full.format(date);
  return time;
}

function shortened(text) {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… (${text.length.toLocaleString()} characters, cut here)`;
}

export class Log {
  constructor(element, newer) {
    this.element = element;
    this.newer = newer;
    this.last = null;
    this.following = true;      // whether the reader reads along at the end
    this.height = 0;
    this.due = false;
    newer.addEventListener("click", () => { this.toEnd(); element.focus(); });
    element.addEventListener("scroll", () => this.scrolled());
    new ResizeObserver(() => this.resized()).observe(element);
  }

  message({ name, text, own }) {
    const now = new Date();
    const look = moonOf(name);
    const entry = make("div", own ? "message own" : "message");
    entry.dataset.name = name;
    entry.style.setProperty("--hue", look.hue);
    if (this.continues(name, own, now)) entry.classList.add("more");
    const meta = make("p", "meta");
    meta.append(make("b", "who", name), " ", timeOf(now));
    const words = make("p", "text", shortened(text));
    words.dir = "auto";
    if (FEW_EMOJI.test(text)) words.classList.add("emoji");
    entry.append(newMoon(look.lit, look.waning), meta, words);
    this.append(entry, own);
    this.last = { name, own, at: now };
  }

  // kind: "joined", "left", "note" or "other"
  quiet(text, kind) {
    const entry = make("p", `quiet ${kind}`);
    entry.append(make("span", "words", shortened(text)), " ", timeOf(new Date()));
    this.append(entry, false);
    this.last = null;
  }

  clear() {
    this.element.replaceChildren();
    this.newer.hidden = true;
    this.last = null;
    this.following = true;
  }

  continues(name, own, now) {
    const last = this.last;
    return last !== null && last.name === name && last.own === own && now - last.at < TOGETHER;
  }

  append(entry, always) {
    this.element.append(entry);
    while (this.element.childElementCount > KEPT) this.element.firstElementChild.remove();
    if (this.following || always) this.follow();
    else this.newer.hidden = false;
  }

  // Once a frame, however many entries came.
  follow() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.toEnd();
    });
  }

  // What a change of height does to the distance from the end is not the reader's doing.
  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    if (clientHeight !== this.height) return;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.following) this.newer.hidden = true;
  }

  resized() {
    this.height = this.element.clientHeight;
    if (this.following) this.toEnd();
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
    this.following = true;
    this.newer.hidden = true;
  }
}
