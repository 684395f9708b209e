// What stands beside the users: errors, rooms, routes.

import { byId, make } from "/__dev/build.js";
import { bytes, clock, duration } from "/__dev/words.js";

const MOST_ERRORS = 50;

function count(what, number) {
  byId(`${what}-count`).textContent = String(number);
  byId(`no-${what}`).hidden = number > 0;
}

// --- errors ---

// The lines of a script around the one that failed.
function showPlace(place) {
  const lines = place.lines.map(({ number, text }) => {
    const line = make("span", number === place.line ? "line here" : "line",
      make("span", "number", String(number)), text === "" ? " " : text, "\n");
    return line;
  });
  return make("figure", "", make("figcaption", "mono", `${place.file}:${place.line}`),
    make("pre", "source", ...lines));
}

// "DIR/init.lua:5: words" without the place, which is shown on its own.
function wordsOf(error) {
  return error.message.replace(/^[^\n:]+\.lua:\d+: /, "");
}

function showError(error, isOpen) {
  const [first] = error.places;
  const where = [first && `${first.file}:${first.line}`, error.where, error.path];
  const summary = make("summary", "", make("strong", "", wordsOf(error)),
    make("span", "about mono", where.filter(Boolean).join("  ")),
    make("span", "time", clock(error.time)));
  const line = make("details", "error", summary, ...error.places.map(showPlace),
    error.traceback && make("pre", "traceback", error.traceback));
  line.open = isOpen;
  return line;
}

export function addError(error, isOpen = true) {
  const box = byId("errors");
  for (const other of box.children) other.open = false;
  box.prepend(showError(error, isOpen));
  if (box.children.length > MOST_ERRORS) box.lastElementChild.remove();
  count("errors", box.children.length);
  byId("clear-errors").hidden = false;
}

export function setErrors(errors) {
  byId("errors").replaceChildren();
  byId("clear-errors").hidden = true;
  count("errors", 0);
  for (const error of errors) addError(error, false);
}

// --- rooms ---

function showClient(client, nameOf) {
  const name = nameOf(client.user) ?? client.name;
  const line = make("li", client.user ? "own" : "", make("span", "who", name ?? `client ${client.id}`),
    make("span", "about mono", client.user ? "" : client.address));
  if (client.queued > 0) {
    const queue = make("span", "queued", `${bytes(client.queued)} queued`);
    queue.title = "What the server has for it, and it hasn't read yet";
    line.append(queue);
  }
  const since = make("span", "time");
  since.dataset.since = client.joined_at;
  line.append(since);
  line.title = `client ${client.id}`;
  return line;
}

// A path that can be put into the form.
function pathButton(path, choose) {
  const button = make("button", "mono pattern", path);
  button.type = "button";
  button.title = "Put this path into the form";
  button.addEventListener("click", () => choose(path));
  return button;
}

function showRoom(room, nameOf, choose) {
  const left = room.count - room.clients.length;
  return make("div", "room",
    make("h3", "", pathButton(room.path, choose), make("span", "about", room.class),
      make("span", "count", String(room.count))),
    make("ul", "", ...room.clients.map((client) => showClient(client, nameOf)),
      left > 0 ? make("li", "about", `and ${left} more`) : null));
}

export function setRooms(rooms, nameOf, choose) {
  byId("rooms").replaceChildren(...rooms.map((room) => showRoom(room, nameOf, choose)));
  count("rooms", rooms.length);
  tick();
}

export function tick() {
  const now = Date.now() / 1000;
  for (const time of document.querySelectorAll("#rooms [data-since]")) {
    const since = Number(time.dataset.since);
    time.textContent = since > 0 ? duration(now - since) : "";
  }
}

// --- routes ---

function showRoute(route, choose) {
  const pattern = route.kind === "room" ? pathButton(route.pattern, choose)
    : make("span", "mono pattern", route.pattern);
  return make("li", "", pattern, make("span", "about", route.target));
}

export function setRoutes(routes, choose) {
  byId("routes").replaceChildren(...routes.map((route) => showRoute(route, choose)));
  byId("paths").replaceChildren(...routes.filter((route) => route.kind === "room").map((route) => {
    const option = make("option", "");
    option.value = route.pattern;
    return option;
  }));
  count("routes", routes.length);
}
