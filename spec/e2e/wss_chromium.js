// Chromium over TLS with permessage-deflate: node wss_chromium.js PORT on|off
// The last says whether the server keeps contexts from message to message.
"use strict";

const assert = require("node:assert/strict");
const { check, end } = require("./checks.js");
const { openPage, withBrowser } = require("./browser.js");

const [port, takeover] = process.argv.slice(2);

// Runs in the page. Returns what was agreed, and what of the echoes was not as it was sent.
async function echoAll() {
  const MIB = 1 << 20;
  const socket = new WebSocket(new URL("/echo", location.href.replace(/^http/, "ws")));
  socket.binaryType = "arraybuffer";
  const once = (name) => new Promise((resolve, reject) => {
    socket.addEventListener(name, resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("an error of the socket")));
  });
  await once("open");
  const faults = [];
  const text = "Im Mondlicht. ".repeat(MIB / 14 + 1).slice(0, MIB);
  for (const message of [text, "", text, text.slice(0, 600)]) {
    socket.send(message);
    const { data } = await once("message");
    if (data !== message) faults.push(`${data.length} other characters than ${message.length}`);
  }
  for (const length of [MIB, 0, 600, MIB]) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 65536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65536));
    }
    socket.send(bytes);
    const came = new Uint8Array((await once("message")).data);
    if (came.length !== length || !came.every((byte, at) => byte === bytes[at])) {
      faults.push(`${came.length} other bytes than ${length}`);
    }
  }
  socket.close(1000);
  const { code, wasClean } = await once("close");
  return { extensions: socket.extensions, faults, code, wasClean };
}

async function main() {
  await withBrowser(async (browser) => {
    await check("a page gets 1 MiB of text and of random bytes back", async () => {
      const page = await openPage(browser, `https://localhost:${port}/`, { ignoreHTTPSErrors: true });
      const { extensions, ...rest } = await page.evaluate(echoAll);
      assert.deepEqual(rest, { faults: [], code: 1000, wasClean: true });
      assert.match(extensions, /^permessage-deflate/);
      assert.equal(extensions.includes("no_context_takeover"), takeover !== "on");
      assert.deepEqual(page.faults, []);
    });
  });
}

main().then(() => end(0), (error) => {
  console.error(error);
  end(1);
});
