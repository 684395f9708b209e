// The chat page: joins the door, the link to the server and the log.

import { ROOMS, chooseRoom, openDoor, readableRoom, roomInAddress } from "./door.js";
import { Link, closeMeaning } from "./link.js";
import { Log } from "./log.js";
import { remember, rememberInside, wasInside } from "./memory.js";
import { paintMoon } from "./moon.js";
import { People } from "./people.js";
import { readLine } from "./line.js";

const PENDING_KEPT = 50;
const COUNTER_FROM = 400;       // characters left

const byId = (id) => document.getElementById(id);
const log = new Log(byId("log"), byId("newer"));
const people = new People(byId("people"));
const message = byId("message");

const pending = [];             // sent, and not yet heard back
let link = null;
let room = null;
let me = "";
let lostAt = null;              // when the connection was lost, ms; null while all is well
let everOpen = false;
let unread = 0;
let countdown = 0;

// The state: "door", "connecting", "open", "waiting" for the next try, or "closed" for good.
function setState(state, words, lit) {
  document.body.dataset.state = state;
  byId("status").textContent = words;
  paintMoon(byId("phase"), lit);
  byId("send").disabled = state !== "open";
  message.placeholder = state === "open" || !everOpen
    ? `Write to ${readableRoom(room)}`
    : "You can write on";
}

function showTitle() {
  const place = room === null ? "" : `${readableRoom(room)} · `;
  document.title = `${unread > 0 ? `(${unread}) ` : ""}${place}Moonroom`;
}

function showRooms() {
  const known = ROOMS.includes(room) ? ROOMS : [...ROOMS, room];
  byId("rooms").replaceChildren(...known.map((path) => {
    const anchor = document.createElement("a");
    anchor.href = `#${path}`;
    anchor.textContent = readableRoom(path);
    if (path === room) anchor.setAttribute("aria-current", "page");
    return anchor;
  }));
}

// Ours is what bears our name and was sent from here: somebody else may have the same name.
function isOwn(name, text) {
  const at = name === me ? pending.indexOf(text) : -1;
  if (at >= 0) pending.splice(0, at + 1);
  return at >= 0;
}

function hear(line) {
  const { kind, name, text } = readLine(line, people.names());
  if (kind === "says") {
    people.spoke(name);
    log.message({ name, text, own: isOwn(name, text) });
  } else {
    if (kind === "joined") people.joined(name);
    if (kind === "left") people.left(name);
    log.quiet(text, kind);
  }
  if (document.hidden) {
    unread += 1;
    showTitle();
  }
}

function lasted(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function opened() {
  stopCountdown();
  if (lostAt !== null) {
    log.quiet(`You are back, after ${lasted(Date.now() - lostAt)}. ` +
      "What was said meanwhile did not reach you.", "note");
  }
  people.startOver();
  pending.length = 0;
  lostAt = null;
  everOpen = true;
  setState("open", "Connected", 1);
  const leaving = byId("notice").contains(document.activeElement);
  byId("notice").hidden = true;
  if (leaving) message.focus();
}

function connecting() {
  stopCountdown();
  byId("countdown").textContent = "Trying now…";
  setState("connecting", "Connecting…", 0.35);
}

function describe({ code, reason, opened: wasOpen }) {
  if (!everOpen) {
    return [`No way into ${readableRoom(room)} yet`,
      "Nobody answers there. Is the server running, and does its init.lua have this room?"];
  }
  if (!wasOpen) return ["You are disconnected", "Still no answer from the server."];
  const words = reason ? `${closeMeaning(code)} (“${reason}”)` : closeMeaning(code);
  return ["You are disconnected", `${code}: ${words}.`];
}

function closed(event) {
  const [title, text] = describe(event);
  if (event.opened) {
    log.quiet(`You were disconnected. ${text}`, "note");
    lostAt = Date.now();
  }
  byId("notice-title").textContent = title;
  if (byId("notice-text").textContent !== text) byId("notice-text").textContent = text;
  byId("notice").hidden = false;
  if (event.delay === null) {
    byId("countdown").textContent = "The server meant it, so this page waits for you.";
    paintMoon(byId("waxing"), 0);
    setState("closed", "Disconnected", 0);
  } else {
    setState("waiting", "Disconnected", 0);
    startCountdown(event.delay);
  }
}

// The moon of the notice waxes until the next try.
function startCountdown(delay) {
  const due = performance.now() + delay;
  const tick = () => {
    const left = Math.max(0, due - performance.now());
    byId("countdown").textContent = `Next try in ${Math.ceil(left / 1000)} s`;
    paintMoon(byId("waxing"), 1 - left / delay);
  };
  stopCountdown();
  countdown = setInterval(tick, 100);
  tick();
}

function stopCountdown() {
  clearInterval(countdown);
}

function enter(path, name) {
  link?.close();
  stopCountdown();
  room = path;
  me = name;
  lostAt = null;
  everOpen = false;
  unread = 0;
  log.clear();
  showRoom();
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const address = `${scheme}//${location.host}${room}?name=${encodeURIComponent(me)}`;
  link = new Link(address, { connecting, open: opened, line: hear, closed });
  link.connect();
  message.focus();
}

function showRoom() {
  remember("room", room);
  rememberInside(true);
  history.replaceState(null, "", `#${room}`);
  document.body.dataset.room = room;
  byId("door").hidden = true;
  byId("chat").hidden = false;
  byId("notice").hidden = true;
  byId("me").textContent = me;
  byId("room-title").textContent = readableRoom(room);
  byId("log").setAttribute("aria-label", `What is said in ${readableRoom(room)}`);
  showRooms();
  people.enter(me);
  showTitle();
}

function leave() {
  link.close();
  link = null;
  stopCountdown();
  chooseRoom(room);
  rememberInside(false);
  room = null;
  document.body.dataset.state = "door";
  delete document.body.dataset.room;
  byId("chat").hidden = true;
  byId("door").hidden = false;
  showTitle();
  byId("name").focus();
}

function fitMessage() {
  message.style.height = "auto";
  message.style.height = `${message.scrollHeight + message.offsetHeight - message.clientHeight}px`;
  const left = message.maxLength - message.value.length;
  byId("left").textContent = left < COUNTER_FROM ? `${left} left` : "";
}

function send(event) {
  event.preventDefault();
  const text = message.value.trim();
  if (text !== "" && link.send(text)) {
    pending.push(text);
    if (pending.length > PENDING_KEPT) pending.shift();
    message.value = "";
    fitMessage();
  }
  message.focus();
}

function retry() {
  if (link !== null && document.body.dataset.state === "waiting") link.connect();
}

function roomAsked() {
  const asked = roomInAddress();
  if (asked === null || asked === room) return;
  if (room === null) chooseRoom(asked);
  else enter(asked, me);
}

message.addEventListener("input", fitMessage);
message.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
});
byId("composer").addEventListener("submit", send);
byId("reconnect").addEventListener("click", () => link.connect());
byId("leave").addEventListener("click", leave);
window.addEventListener("hashchange", roomAsked);
window.addEventListener("online", retry);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  showTitle();
  retry();
});

paintMoon(byId("mark"), 0.3);
const name = openDoor(enter);
if (name !== "" && wasInside()) byId("join-form").requestSubmit();
else byId("name").focus();
