// The page of `moonroom dev`: one WebSocket to the server, in which the users are.

import { byId, make } from "/__dev/build.js";
import { addError, setErrors, setRooms, setRoutes, tick } from "/__dev/side.js";
import { User } from "/__dev/user.js";
import { clock, sendableCodes } from "/__dev/words.js";

const NAMES = ["Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gwen", "Hugo", "Iris"];
const WAITS = [250, 500, 1000, 2000];   // ms, between tries

const users = new Map();
let socket = null;
let faults = [];
let lastId = 0;
let tries = 0;
let isPathChosen = false;               // by somebody, so that it stays

// --- users ---

function suggestName() {
  const taken = [...users.values()].map((user) => user.options.name);
  byId("name").value = NAMES.find((name) => !taken.includes(name)) ?? `User ${lastId + 1}`;
}

const nameOf = (id) => users.get(id)?.options.name;

// Whether there is a way to the server, so that the command is on it.
function send(command) {
  const isOpen = socket?.readyState === WebSocket.OPEN;
  if (isOpen) socket.send(JSON.stringify(command));
  return isOpen;
}

// What stands for the user's name in a path, and what can't be in one, is encoded.
function pathFor(name) {
  const path = byId("path").value.trim().replaceAll("{name}", encodeURIComponent(name));
  return encodeURI(path).replaceAll("%25", "%");
}

function readForm() {
  const name = byId("name").value.trim();
  const list = byId("protocols").value.split(",").map((word) => word.trim()).filter(Boolean);
  return {
    name,
    path: pathFor(name),
    protocols: list.length > 0 ? list : undefined,
    origin: byId("origin").value.trim() || undefined,
    cookie: byId("cookie").value.trim() || undefined,
    compression: byId("compression").checked || undefined,
  };
}

function addUser(options) {
  lastId += 1;
  const user = new User(lastId, options, { send, removed });
  users.set(lastId, user);
  user.setFaults(faults);
  byId("users").append(user.element);
  byId("hint").hidden = true;
  user.connect();
  user.focus();
  suggestName();
}

function removed(user) {
  users.delete(user.id);
  byId("hint").hidden = users.size > 0;
  byId("name").focus();
  suggestName();
}

// --- the server ---

function setLink(state, words) {
  document.body.dataset.link = state;
  byId("link-words").textContent = words;
}

function showNews(news) {
  if (!news) return;
  byId("news").dataset.ok = String(news.ok);
  byId("news").textContent = news.ok ? `Reloaded at ${clock(news.time)}`
    : `Not reloaded at ${clock(news.time)}: the old code stays`;
}

// A query stays: it is likely to be the app's way to be told of a name. What stands for a parameter
// is there to be typed over.
function choosePath(pattern) {
  const input = byId("path");
  const parameter = /:([^/]+)/.exec(pattern);
  input.value = pattern.replaceAll(/:([^/]+)/g, "$1") + (/\?.*/.exec(input.value)?.[0] ?? "");
  isPathChosen = true;
  input.focus();
  if (parameter) input.setSelectionRange(parameter.index, parameter.index + parameter[1].length);
}

// The first room is as good a guess as any; a name in the query is a common way to give one.
function suggestPath({ routes, rooms }) {
  const [first] = [...routes.filter((route) => route.kind === "room").map((route) => route.pattern),
    ...rooms.map((room) => room.path), "/"];
  if (!isPathChosen) byId("path").value = `${first.replaceAll(/:[^/]+/g, "lobby")}?name={name}`;
}

const hears = {
  hello(what) {
    faults = what.faults;
    for (const user of users.values()) user.setFaults(faults);
    byId("script").textContent = what.script;
    document.title = `${what.script} · Moonroom dev`;
    setErrors(what.errors);
    showNews(what.news);
  },
  app(what) {
    suggestPath(what);
    setRoutes(what.routes, choosePath);
    setRooms(what.rooms, nameOf, choosePath);
  },
  error(what) { addError(what.error); },
  errors(what) { setErrors(what.errors); },
  reload(what) { showNews(what.news); },
  left_out(what) { setLink("open", `${what.count} frames were too many to show`); },
};

function hear(what) {
  if (what.user !== undefined) users.get(what.user)?.hear(what);
  else hears[what.type]?.(what);
}

function connect() {
  const url = new URL("/__dev/socket", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(url);
  socket.onopen = () => {
    tries = 0;
    setLink("open", "live");
    for (const user of users.values()) user.resume();
  };
  socket.onmessage = (event) => hear(JSON.parse(event.data));
  socket.onclose = () => {
    for (const user of users.values()) user.lose();
    setRooms([], nameOf, choosePath);
    setLink("closed", "no server, trying again");
    setTimeout(connect, WAITS[Math.min(tries, WAITS.length - 1)]);
    tries += 1;
  };
}

// --- the beginning ---

byId("connect").addEventListener("submit", (event) => {
  event.preventDefault();
  addUser(readForm());
});
byId("path").addEventListener("input", () => { isPathChosen = true; });
byId("clear-errors").addEventListener("click", () => send({ act: "clear_errors" }));
byId("codes").append(...sendableCodes().map((code) => {
  const option = make("option", "");
  option.value = String(code);
  return option;
}));

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || !/^Digit\d$/.test(event.code)) return;
  const number = Number(event.code.slice(5));
  const user = [...users.values()][number - 1];
  event.preventDefault();
  if (number === 0) byId("name").focus();
  else user?.focus();
});

setInterval(tick, 1000);
suggestName();
connect();
byId("name").focus();
byId("name").select();
