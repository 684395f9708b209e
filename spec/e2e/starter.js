// Chromium and the page that `moonroom new` makes:
//   node starter.js URL                  the checks, for starter_spec.lua
//   node starter.js --pictures URL DIRECTORY     pictures of it, for somebody to look at
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { check, end, please } = require("./checks.js");
const { openPage, withBrowser } = require("./browser.js");

const MARKUP = '<img src="x" onerror="alert(1)"><b>bold</b> &amp; <script>alert(2)</script>';
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1100, height: 720 };
const REFUSED = /^WebSocket connection to .* failed: /;

const logOf = (page) => page.locator("#log p").allTextContents();

function hears(page, line) {
  return page.waitForFunction((wanted) => [...document.querySelectorAll("#log p")]
    .some((entry) => entry.textContent === wanted), line);
}

async function visit(browser, url, query, options) {
  const page = await openPage(browser, `${url}?${new URLSearchParams(query)}`, options);
  await page.waitForFunction(() => document.querySelector("#state").textContent.startsWith("You"));
  return page;
}

async function say(page, text) {
  await page.fill("#line", text);
  await page.press("#line", "Enter");
}

async function checkTalk(ann, ben, eve) {
  await check("two pages in a room hear each other, a third in another doesn't", async () => {
    await say(ann, "Is there tea?");
    await hears(ben, "Ann: Is there tea?");
    await ben.fill("#line", "There is.");
    await ben.click("button");
    await hears(ann, "Ben: There is.");
    assert.deepEqual(await logOf(eve), ["Eve has come in."]);
    assert.equal(await ann.textContent("#state"), "You are Ann · 2 here");
    assert.equal(await eve.textContent("h1"), "The garden");
  });

  await check("a page shows markup as the text that it is", async () => {
    await say(ann, MARKUP);
    await hears(ben, `Ann: ${MARKUP}`);
    assert.equal(await ben.locator("#log :is(img, b, script)").count(), 0);
  });
}

// Whether each text stands out from its background as WCAG 2 wants it: 4.5 to 1.
function contrasts() {
  const channels = (color) => color.match(/[\d.]+/g).slice(0, 3).map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = (color) => {
    const [red, green, blue] = channels(color);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" ? backgroundOf(element.parentElement) : color;
  };
  return ["h1", "#state", ".text", ".event", "input", "button"].map((selector) => {
    const element = document.querySelector(selector);
    const [low, high] = [getComputedStyle(element).color, backgroundOf(element)].map(light)
      .sort((a, b) => a - b);
    return [selector, (high + 0.05) / (low + 0.05)];
  });
}

async function checkLook(ann) {
  await check("a page fits a phone, in the light and in the dark", async () => {
    await say(ann, "long".repeat(100));
    for (const colorScheme of ["light", "dark"]) {
      await ann.emulateMedia({ colorScheme });
      await ann.setViewportSize(PHONE);
      const [width, height] = await ann.evaluate(() => [
        document.documentElement.scrollWidth, document.documentElement.scrollHeight,
      ]);
      assert.deepEqual([width, height], [PHONE.width, PHONE.height]);
      assert.ok(await ann.locator("#line").isVisible());
      for (const [selector, contrast] of await ann.evaluate(contrasts)) {
        assert.ok(contrast >= 4.5, `${selector} in the ${colorScheme}: ${contrast}`);
      }
    }
  });

  await check("a page is used by keyboard alone", async () => {
    await ann.focus("#line");
    const stops = [];
    for (let i = 0; i < 2; i++) {
      await ann.keyboard.press("Shift+Tab");
      stops.push(await ann.evaluate(() => document.activeElement.id || document.activeElement.tagName));
    }
    assert.equal(stops[0], "log");
    await ann.focus("#line");
    await ann.keyboard.type("By keyboard.");
    await ann.keyboard.press("Tab");
    await ann.keyboard.press("Space");
    await hears(ann, "Ann: By keyboard.");
  });
}

async function runChecks(browser, url) {
  const ann = await visit(browser, url, { name: "Ann" });
  const ben = await visit(browser, url, { name: "Ben" });
  const eve = await visit(browser, url, { name: "Eve", room: "garden" });
  const pages = [ann, ben, eve];
  await checkTalk(ann, ben, eve);
  await checkLook(ann);
  await check("no page has a fault in its console", async () => {
    assert.deepEqual(pages.flatMap((page) => page.faults), []);
  });
  await check("a page says that it isn't connected, and comes back by itself", async () => {
    please("stop");
    await ben.waitForFunction(() => document.querySelector("#state").textContent
      .startsWith("Not connected"));
    please("start");
    await ben.waitForFunction(() => document.querySelector("#state").textContent.startsWith("You"));
    assert.deepEqual(ben.faults.filter((fault) => !REFUSED.test(fault)), []);
  });
}

async function takePictures(browser, url, directory) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries({ desk: DESK, phone: PHONE })) {
      const query = { name: "Ann", room: `${name}-${colorScheme}` };
      const page = await visit(browser, url, query, { colorScheme, viewport });
      const ben = await visit(browser, url, { ...query, name: "Ben Heron" });
      await say(ben, "Is anybody awake?");
      await say(page, "I am. 🌕");
      await say(ben, "A second line of mine, long enough to be broken where the window ends.");
      await hears(page, "Ben Heron: A second line of mine, long enough to be broken where the "
        + "window ends.");
      await page.screenshot({ path: path.join(directory, `starter-${name}-${colorScheme}.png`) });
    }
  }
}

async function main([first, second, third]) {
  await withBrowser((browser) => (first === "--pictures" ? takePictures(browser, second, third)
    : runChecks(browser, first)));
}

main(process.argv.slice(2)).then(() => end(0), (error) => {
  console.error(error);
  end(1);
});
