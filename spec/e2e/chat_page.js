// The page of examples/chat as its visitors use it.
"use strict";

const { openPage } = require("./browser.js");

// Runs in the page: its log, an entry a string. One's own messages begin with "*".
function defineReadLog() {
  window.readLog = () => [...document.querySelectorAll("#log > *")].map((entry) => {
    if (!entry.matches(".message")) return entry.querySelector(".words").textContent;
    const own = entry.matches(".own") ? "*" : "";
    return `${own}${entry.dataset.name}: ${entry.querySelector(".text").textContent}`;
  });
}

// Comes in by the door. Returns the page, in the state "open".
async function visit(browser, url, room, name, options) {
  const page = await openPage(browser, url, { setUp: defineReadLog, ...options });
  await enter(page, room, name);
  return page;
}

async function enter(page, room, name) {
  await page.fill("#name", name);
  await page.check(`#room-${room}`);
  await page.click("#join");
  await inState(page, "open");
}

function inState(page, state) {
  return page.waitForSelector(`body[data-state="${state}"]`);
}

async function say(page, text) {
  await page.fill("#message", text);
  await page.press("#message", "Enter");
}

function logOf(page) {
  return page.evaluate(() => readLog());
}

// Waits until the log's last entry is the expected one.
async function hears(page, last) {
  try {
    await page.waitForFunction((expected) => readLog().at(-1) === expected, last);
  } catch (error) {
    throw new Error(`waited for ${JSON.stringify(last)} in ${JSON.stringify(await logOf(page))}`,
      { cause: error });
  }
}

module.exports = { enter, hears, inState, logOf, say, visit };
