// The page of `moonroom dev` in Chromium, serving spec/e2e/dev:
//   node chromium_dev.js URL                the checks, for chromium_dev_spec.lua
//   node chromium_dev.js --pictures URL DIRECTORY     pictures, for somebody to look at
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { openPage, withBrowser } = require("./browser.js");
const { check, end, please } = require("./checks.js");

const LOBBY = "/lobby?name={name}";
const WINDOWS = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 800 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  "phone-light": { colorScheme: "light", viewport: { width: 360, height: 740 } },
  "phone-dark": { colorScheme: "dark", viewport: { width: 360, height: 740 } },
};

const column = (page, name) => page.locator(`.user[aria-label^="${name} "]`);
const inState = (page, name, state) => page.waitForSelector(
  `.user[aria-label^="${name} "][data-state="${state}"]`);

async function add(page, name, target, state = "open") {
  await page.fill("#name", name);
  await page.fill("#path", target);
  await page.press("#path", "Enter");
  await inState(page, name, state);
}

async function say(page, name, text, kind = "text") {
  await column(page, name).locator(".kind").selectOption(kind);
  await column(page, name).locator("textarea").fill(text);
  await column(page, name).locator("textarea").press("Enter");
}

const press = (page, name, act) => column(page, name).locator(`.act-${act}`).click();

// Waits for a frame of that direction, kind and text.
const sees = (page, name, direction, kind, text) => column(page, name)
  .locator(`.frame.${direction}.${kind}`, { hasText: text }).first().waitFor();

const open = (browser, url, options) => openPage(browser, `${url}__dev`, options);

// --- the checks ---

async function checkUsers(page) {
  await check("two users talk side by side on the page of dev", async () => {
    await add(page, "Ann", LOBBY);
    await add(page, "Ben", LOBBY);
    await say(page, "Ann", "Is anybody awake?");
    await sees(page, "Ann", "out", "text", "Is anybody awake?");
    await sees(page, "Ben", "in", "text", '{"from":"Ann","text":"Is anybody awake?"}');
    const [left, right] = await Promise.all(["Ann", "Ben"].map((name) => column(page, name)
      .boundingBox()));
    assert.equal(left.y, right.y);
    assert(left.x + left.width <= right.x);
  });
  await check("a frame has its time since the connect, and opens as JSON in lines", async () => {
    const frame = column(page, "Ben").locator(".frame.in", { hasText: "awake" });
    assert.match(await frame.locator(".time").textContent(), /^[\d\u202f.]+$/);
    await frame.locator("summary").focus();
    await page.keyboard.press("Enter");
    assert.match(await frame.locator("pre").textContent(), /\n {2}"from": "Ann",\n/);
  });
  await check("a user sends JSON and binary, and is told what is neither", async () => {
    await add(page, "Cleo", "/echo");
    await say(page, "Cleo", '{"a": 1}', "json");
    await sees(page, "Cleo", "in", "text", '{"a": 1}');
    await say(page, "Cleo", "00 ff 41", "binary");
    await sees(page, "Cleo", "in", "binary", "00 ff 41");
    await say(page, "Cleo", '{"a": ', "json");
    await column(page, "Cleo").locator(".trouble", { hasText: "No JSON" }).waitFor();
    await say(page, "Cleo", "0g", "binary");
    await column(page, "Cleo").locator(".trouble", { hasText: "hexadecimal" }).waitFor();
  });
}

async function checkFaults(page) {
  await check("a slow reader's queue shows in its room", async () => {
    await press(page, "Ben", "slow");
    await say(page, "Ann", "flood");
    await page.locator(".room .queued", { hasText: "KiB queued" }).waitFor();
    await press(page, "Ben", "slow");
    await sees(page, "Ben", "in", "text", "xxxx");
    await page.locator(".room .queued").waitFor({ state: "detached" });
  });
  await check("a bad frame is closed with a code that is explained", async () => {
    await column(page, "Cleo").locator(".fault").selectOption("utf8");
    await press(page, "Cleo", "bad");
    await inState(page, "Cleo", "closed");
    await column(page, "Cleo").locator(".note", { hasText: "1007 bad data" }).waitFor();
    await column(page, "Cleo").locator(".note", { hasText: "A text that isn't UTF-8" }).waitFor();
  });
  await check("a drop is seen by the others, and the user can come again", async () => {
    await press(page, "Ben", "drop");
    await inState(page, "Ben", "closed");
    await sees(page, "Ann", "in", "text", '{"here":1,"left":"Ben"}');
    await press(page, "Ben", "again");
    await inState(page, "Ben", "open");
  });
  await check("a user closes with a code of its own", async () => {
    await column(page, "Ben").locator(".code").fill("4321");
    await press(page, "Ben", "close");
    await column(page, "Ben").locator(".note", { hasText: "4321 the app's own" }).waitFor();
  });
  await check("a refusal says its status and its body", async () => {
    await add(page, "Dan", "/door", "refused");
    await column(page, "Dan").locator(".note", { hasText: "Refused with 401" }).waitFor();
    await column(page, "Dan").locator("pre", { hasText: "Where is your key?" }).waitFor();
    await page.locator("#connect summary").click();
    await page.fill("#cookie", "key=gold");
    await add(page, "Eve", "/door");
    await page.fill("#cookie", "");
    await add(page, "Finn", "/broken", "refused");
    await column(page, "Finn").locator("pre", { hasText: "stack traceback:" }).waitFor();
  });
}

async function checkSide(page) {
  await check("an error shows its traceback and the lines around it", async () => {
    await say(page, "Ann", "fail");
    const error = page.locator(".error").first();
    await error.locator("strong", { hasText: "attempt to index a nil value" }).waitFor();
    await error.locator("figcaption", { hasText: "lib/scores.lua:6" }).waitFor();
    assert.match(await error.locator(".here").first().textContent(),
      /6 {2}entry\.points = entry\.points \+ points/);
    assert.match(await error.locator(".traceback").textContent(), /in function/);
    await inState(page, "Ann", "closed");
    await column(page, "Ann").locator(".note", { hasText: "1011 handler failed" }).waitFor();
  });
  await check("the routes and the rooms with their clients are there", async () => {
    const routes = await page.locator("#routes .pattern").allTextContents();
    assert.deepEqual(routes, ["dispatch[1]", "/lobby", "/echo", "/door", "GET /scores",
      "POST /scores/:name"]);
    const door = page.locator(".room", { hasText: "/door" });
    await door.locator("li.own", { hasText: "Eve" }).waitFor();
    await page.locator("#routes button", { hasText: "/echo" }).click();
    assert.match(await page.inputValue("#path"), /^\/echo/);
  });
}

// From the door on, nothing but keys.
async function checkKeyboard(browser, url) {
  const page = await open(browser, url);
  await check("all of it works by keyboard", async () => {
    await page.locator("#routes li").first().waitFor();
    await page.keyboard.press("Enter");
    await inState(page, "Ann", "open");
    await page.keyboard.type("hello");
    await page.keyboard.press("Enter");
    await sees(page, "Ann", "in", "text", "hello");
    await page.keyboard.press("ArrowUp");
    assert.equal(await column(page, "Ann").locator("textarea").inputValue(), "hello");
    await page.keyboard.press("Alt+Digit0");
    await page.keyboard.press("Enter");
    await inState(page, "Ben", "open");
    await page.keyboard.press("Alt+Digit1");
    assert.equal(await page.evaluate(() => document.activeElement.closest(".user")
      .getAttribute("aria-label").split(" ")[0]), "Ann");
    const acts = [];
    while (acts.length < 9) {
      await page.keyboard.press("Tab");
      acts.push(await page.evaluate(() => document.activeElement.className));
      if (acts.at(-1).includes("act-drop")) break;
    }
    await page.keyboard.press("Space");
    await inState(page, "Ann", "closed");
  });
  await page.close();
}

async function checkFit(browser, url) {
  await check("the page of dev fits a phone, in the light and in the dark", async () => {
    const backs = new Set();
    for (const name of ["phone-light", "phone-dark"]) {
      const page = await open(browser, url, WINDOWS[name]);
      await add(page, "Ann", LOBBY);
      await add(page, "Ben", LOBBY);
      await say(page, "Ann", "fail");
      await page.locator(".error .here").first().waitFor();
      const [width, wanted, back] = await page.evaluate(() => [document.documentElement.scrollWidth,
        innerWidth, getComputedStyle(document.body).backgroundColor]);
      assert.equal(width, wanted);
      backs.add(back);
      assert.deepEqual(page.faults, []);
      await page.close();
    }
    assert.equal(backs.size, 2);
  });
}

async function checkEnd(page) {
  await check("no page of dev has a fault in its console", async () => {
    assert.deepEqual(page.faults, []);
  });
  await check("the page comes back by itself when the server does, and so may its users", async () => {
    please("stop");
    await page.waitForSelector('[data-link="closed"]');
    await inState(page, "Eve", "closed");
    await press(page, "Eve", "again");
    await inState(page, "Eve", "waiting");
    please("start");
    await page.waitForSelector('[data-link="open"]');
    await inState(page, "Eve", "open");
  });
}

async function runChecks(browser, url) {
  const page = await open(browser, url, { viewport: { width: 1280, height: 800 } });
  await checkUsers(page);
  await checkFaults(page);
  await checkSide(page);
  await checkKeyboard(browser, url);
  await checkFit(browser, url);
  await checkEnd(page);
}

// --- pictures ---

async function takePicture(browser, url, directory, name) {
  const page = await open(browser, url, WINDOWS[name]);
  const shoot = (what) => page.screenshot({
    path: path.join(directory, `dev-${what}-${name}.png`), fullPage: name.startsWith("phone"),
  });
  await page.locator("#routes li").first().waitFor();
  await shoot("empty");
  await add(page, "Ann", LOBBY);
  await add(page, "Ben", LOBBY);
  await say(page, "Ann", "Is anybody awake?");
  await say(page, "Ben", '{"a": [1, 2, {"b": "c"}]}', "json");
  await press(page, "Ben", "slow");
  await say(page, "Ann", "flood");
  await page.locator(".room .queued").waitFor();
  await column(page, "Ann").locator(".frame.in summary").first().click();
  await shoot("talking");
  await press(page, "Ben", "slow");
  await say(page, "Ann", "fail");
  await page.locator(".error .here").first().waitFor();
  await press(page, "Ben", "bad");
  await add(page, "Cleo", "/echo");
  await say(page, "Cleo", "00 ff 41 42 43", "binary");
  await press(page, "Cleo", "ping");
  await add(page, "Dan", "/door", "refused");
  await page.locator(".room li.own", { hasText: "Cleo" }).waitFor();
  await shoot("faults");
  await page.close();
}

async function main([first, ...rest]) {
  await withBrowser(async (browser) => {
    if (first !== "--pictures") {
      await runChecks(browser, first);
      return;
    }
    for (const name of Object.keys(WINDOWS)) await takePicture(browser, ...rest, name);
  });
}

main(process.argv.slice(2)).then(() => end(0), (error) => {
  console.error(error);
  end(1);
});
