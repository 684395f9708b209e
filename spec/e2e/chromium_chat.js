// Three pages of examples/chat: two in /bongo, one in /fury.
"use strict";

const assert = require("node:assert/strict");
const { check, please } = require("./checks.js");
const { enter, hears, inState, logOf, say, visit } = require("./chat_page.js");

const REFUSED = /^WebSocket connection to .* failed: .*ERR_CONNECTION_(?:REFUSED|RESET)/;
const MARKUP = '<img src="x" onerror="alert(1)"><b>bold</b> &amp; <script>alert(2)</script>';

async function checkTalk(pages) {
  const { ann, ben, cleo } = pages;

  await check("two chat pages in /bongo hear each other", async () => {
    await say(ann, "hello ben");
    await hears(ben, "ann: hello ben");
    await hears(ann, "*ann: hello ben");
    await ben.fill("#message", "hello ann");
    await ben.click("#send");
    await hears(ann, "ben: hello ann");
    await hears(ben, "*ben: hello ann");
  });

  await check("a third chat page in /fury hears nothing of it, and is not heard", async () => {
    await say(cleo, "is anybody here?");
    await hears(cleo, "*cleo: is anybody here?");
    await say(ann, "how quiet it is");
    await hears(ben, "ann: how quiet it is");
    await say(cleo, "nobody");
    await hears(cleo, "*cleo: nobody");
    assert.deepEqual(await logOf(cleo),
      ["cleo has joined /fury", "*cleo: is anybody here?", "*cleo: nobody"]);
    const bongo = ["hello ben", "hello ann", "how quiet it is"];
    const heard = (await logOf(ben)).slice(1).map((line) => line.replace(/^\*?\w+: /, ""));
    assert.deepEqual(heard, bongo);
  });

  await check("a chat page shows markup as the text that it is", async () => {
    await say(ann, MARKUP);
    await hears(ben, `ann: ${MARKUP}`);
    assert.equal(await ben.locator("#log :is(img, b:not(.who), script)").count(), 0);
  });

  await check("a chat page shows who comes and goes", async () => {
    await ben.click("#leave");
    await inState(ben, "door");
    await hears(ann, "ben has left /bongo");
    await enter(ben, "bongo", "ben");
    await hears(ann, "ben has joined /bongo");
    assert.equal(await ann.locator(".quiet.left").count(), 1);
    assert.equal(await ann.locator(".quiet.joined").count(), 3);
    await ann.waitForFunction(() => document.querySelectorAll("#people li").length === 2);
    assert.deepEqual(await ann.locator("#people li").allTextContents(), ["ann (you)", "ben"]);
  });
}

async function checkLook(ann) {
  await check("a chat page says which script serves it", async () => {
    assert.match(await ann.textContent("footer"), /examples\/chat\/init\.lua.*restart make run/s);
  });

  await check("a chat page fits a phone, in the light and in the dark", async () => {
    await ann.setViewportSize({ width: 360, height: 740 });
    for (const colorScheme of ["light", "dark"]) {
      await ann.emulateMedia({ colorScheme });
      const { wide, colours } = await ann.evaluate(() => {
        const style = getComputedStyle(document.querySelector(".text"));
        return {
          wide: document.documentElement.scrollWidth,
          colours: [style.color, style.backgroundColor].map((colour) => {
            const [red, green, blue] = colour.match(/\d+/g).map(Number);
            return red + green + blue > 382 ? "light" : "dark";
          }),
        };
      });
      assert.equal(wide, 360);
      assert.deepEqual(colours, colorScheme === "light" ? ["dark", "light"] : ["light", "dark"]);
      assert.ok(await ann.isVisible("#send"));
    }
    await ann.setViewportSize({ width: 1000, height: 700 });
  });
}

async function checkNoFault(pages) {
  await check("no chat page has a fault in its console", async () => {
    for (const page of Object.values(pages)) assert.deepEqual(page.faults, []);
  });
}

async function checkReconnect(pages) {
  const all = Object.values(pages);

  await check("a chat page sees itself disconnected when the server stops", async () => {
    please("stop");
    for (const page of all) {
      await inState(page, "waiting");
      assert.ok(await page.isVisible("#notice"));
      assert.equal(await page.textContent("#status"), "Disconnected");
      assert.match((await logOf(page)).at(-1), /^You were disconnected\. 1001: /);
    }
  });

  await check("a chat page tries again when it is told to", async () => {
    await pages.ann.click("#reconnect");
    await pages.ann.waitForFunction(() =>
      /Still no answer/.test(document.querySelector("#notice-text").textContent));
    await inState(pages.ann, "waiting");
  });

  await check("a chat page comes back by itself when the server does", async () => {
    please("start");
    for (const page of all) {
      await inState(page, "open");
      assert.equal(await page.isVisible("#notice"), false);
    }
    await say(pages.ann, "back again");
    await hears(pages.ben, "ann: back again");
    await say(pages.cleo, "still alone");
    await hears(pages.cleo, "*cleo: still alone");
    assert.equal((await logOf(pages.cleo)).filter((line) => line.startsWith("ann")).length, 0);
  });

  await check("a chat page's only faults meanwhile are the tries that met no server", async () => {
    for (const page of all) {
      assert.deepEqual(page.faults.filter((fault) => !REFUSED.test(fault)), []);
    }
  });
}

async function checkChat(browser, url) {
  const pages = {};
  await check("three chat pages come in by the door", async () => {
    pages.ann = await visit(browser, url, "bongo", "ann");
    await hears(pages.ann, "ann has joined /bongo");
    pages.ben = await visit(browser, url, "bongo", "ben");
    await hears(pages.ann, "ben has joined /bongo");
    pages.cleo = await visit(browser, url, "fury", "cleo");
    await hears(pages.cleo, "cleo has joined /fury");
  });
  await checkTalk(pages);
  await checkLook(pages.ann);
  await checkNoFault(pages);
  await checkReconnect(pages);
}

// Nobody but this page trusts the server's certificate.
async function checkSecureChat(browser, url) {
  await check("a chat page that came by https talks over wss", async () => {
    const page = await visit(browser, url, "bongo", "zoe", { ignoreHTTPSErrors: true });
    await say(page, "is this private?");
    await hears(page, "*zoe: is this private?");
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

module.exports = { checkChat, checkSecureChat };
