// Who was heard in the room. The server tells who comes, goes and speaks, not who is silent.

import { moonOf, newMoon } from "./moon.js";

const SHOWN = 60;
const KEPT = 1000;              // names that help to read lines

export class People {
  constructor(list) {
    this.list = list;
    this.me = "";
    this.counts = new Map();    // name -> how many of that name
    this.heard = new Set();     // every name of this stay, for reading lines
    this.due = false;
  }

  names() { return this.heard; }

  joined(name) { this.count(name, 1); }

  left(name) { this.count(name, -1); }

  spoke(name) { if (!this.counts.has(name)) this.count(name, 1); }

  enter(me) {
    this.me = me;
    this.heard = new Set([me]);
    this.startOver();
  }

  startOver() {
    this.counts.clear();
    this.show();
  }

  count(name, change) {
    const now = (this.counts.get(name) ?? 0) + change;
    if (now > 0) this.counts.set(name, now);
    else this.counts.delete(name);
    if (this.heard.size < KEPT) this.heard.add(name);
    this.show();
  }

  // Once a frame, however many came or went.
  show() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      const items = [...this.counts].slice(0, SHOWN).map(([name, n]) => this.item(name, n));
      this.list.replaceChildren(...items);
      if (this.counts.size > SHOWN) {
        const more = document.createElement("li");
        more.textContent = `and ${this.counts.size - SHOWN} more`;
        this.list.append(more);
      }
    });
  }

  item(name, n) {
    const item = document.createElement("li");
    const label = document.createElement("span");
    const { hue, lit, waning } = moonOf(name);
    item.style.setProperty("--hue", hue);
    label.textContent = name === this.me ? `${name} (you)` : name;
    label.title = name;
    item.append(newMoon(lit, waning), label);
    if (n > 1) item.append(` × ${n}`);
    return item;
  }
}
