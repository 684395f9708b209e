// The door: which room, and who comes in. The room is also in the address, as #/fury.

import { moonAt, paintMoon } from "./moon.js";
import { recall, remember } from "./memory.js";

export const ROOMS = ["/bongo", "/fury"];

const LONGEST_NAME = 40;
const ROOM = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,;=:@%-]{1,80}){1,4}$/;
const FIRST = ["Amber", "Brisk", "Drowsy", "Gentle", "Lucky", "Mellow", "Quiet", "Silver"];
const SECOND = ["Badger", "Bat", "Fox", "Hare", "Heron", "Lynx", "Moth", "Otter", "Owl"];

const byId = (id) => document.getElementById(id);
const anyOf = (list) => list[Math.floor(Math.random() * list.length)];

// null where the address names none.
export function roomInAddress() {
  const path = location.hash.slice(1);
  return ROOM.test(path) ? path : null;
}

export function readableRoom(path) {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function cleanName(text) {
  const whole = text.replace(/\p{Surrogate}/gu, "").replace(/[\s\p{Cc}]+/gu, " ").trim();
  return Array.from(whole).slice(0, LONGEST_NAME).join("");
}

function addChoice(room) {
  const label = byId("room-choice").firstElementChild.cloneNode(true);
  const input = label.querySelector("input");
  input.id = "room-other";
  input.value = room;
  label.querySelector(".path").textContent = readableRoom(room);
  label.querySelector(".about").textContent = "the room of your link";
  byId("room-other")?.parentElement.remove();
  byId("room-choice").append(label);
  return input;
}

export function chooseRoom(room) {
  const inputs = [...document.querySelectorAll("#room-choice input")];
  const input = inputs.find(({ value }) => value === room) ?? addChoice(room);
  input.checked = true;
}

function showTonight() {
  const { lit, waning, name } = moonAt(new Date());
  paintMoon(byId("tonight"), lit, waning);
  byId("tonight-text").textContent = `${name}, ${Math.round(lit * 100)} % lit`;
}

function submit(event, enter) {
  event.preventDefault();
  const input = byId("name");
  const name = cleanName(input.value);
  input.value = name;
  if (!input.reportValidity()) return;
  const room = new FormData(event.target).get("room");
  remember("name", name);
  remember("room", room);
  enter(room, name);
}

// enter(room, name) is called when somebody comes in.
export function openDoor(enter) {
  const input = byId("name");
  const known = cleanName(recall("name") ?? "");
  const room = roomInAddress() ?? recall("room");
  input.value = known || `${anyOf(FIRST)} ${anyOf(SECOND)}`;
  if (room !== null && ROOM.test(room)) chooseRoom(room);
  byId("join-form").addEventListener("submit", (event) => submit(event, enter));
  byId("room-choice").addEventListener("change", ({ target }) => {
    history.replaceState(null, "", `#${target.value}`);
  });
  showTonight();
  return known;
}
