// Moons: drawn at any phase, in a viewBox of -50 -50 100 100.

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 46;
const MONTH = 29.530588;                            // days from new moon to new moon
const NEW_MOON = Date.UTC(2000, 0, 6, 18, 14);      // one of them
const NAMES = ["new moon", "waxing crescent", "first quarter", "waxing gibbous",
  "full moon", "waning gibbous", "last quarter", "waning crescent"];

// The lit part: half a circle, closed by half an ellipse, the terminator.
function outline(lit, waning) {
  const across = Math.abs(1 - 2 * lit) * RADIUS;
  const limb = waning ? 0 : 1;
  const terminator = (lit > 0.5) === waning ? 0 : 1;
  return `M0 ${-RADIUS}A${RADIUS} ${RADIUS} 0 0 ${limb} 0 ${RADIUS}` +
    `A${across.toFixed(2)} ${RADIUS} 0 0 ${terminator} 0 ${-RADIUS}Z`;
}

function part(name, className) {
  const element = document.createElementNS(SVG, name);
  element.setAttribute("class", className);
  return element;
}

// Paints an <svg> with the given part lit, 0 (new) to 1 (full); waning is lit from the left.
export function paintMoon(svg, lit, waning = false) {
  if (!svg.querySelector(".lit")) {
    const disc = part("circle", "dark");
    disc.setAttribute("r", RADIUS);
    svg.prepend(disc, part("path", "lit"));
  }
  const path = outline(Math.min(1, Math.max(0, lit)), waning);
  svg.querySelector(".lit").setAttribute("d", path);
}

export function newMoon(lit, waning) {
  const svg = part("svg", "moon");
  svg.setAttribute("viewBox", "-50 -50 100 100");
  svg.setAttribute("aria-hidden", "true");
  paintMoon(svg, lit, waning);
  return svg;
}

// The real moon's phase at a time, good to some hours.
export function moonAt(date) {
  const months = (date - NEW_MOON) / 86400000 / MONTH;
  const phase = months - Math.floor(months);
  return {
    lit: (1 - Math.cos(2 * Math.PI * phase)) / 2,
    waning: phase > 0.5,
    name: NAMES[Math.round(phase * 8) % 8],
  };
}

// What a name looks like: its own hue and its own phase, the same in every window.
export function moonOf(name) {
  let hash = 0x811c9dc5;                            // FNV-1a
  for (const byte of new TextEncoder().encode(name)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return {
    hue: (hash % 24) * 15,
    lit: 0.3 + ((hash >>> 8) % 8) * 0.1,
    waning: ((hash >>> 16) & 1) === 1,
  };
}
