// Pictures of the chat page, for somebody to look at, as the built server serves it.
"use strict";

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const path = require("node:path");
const readline = require("node:readline");
const { openPage, withBrowser } = require("./browser.js");
const { hears, inState, say, visit } = require("./chat_page.js");

const TOP = path.join(__dirname, "../..");
const WINDOWS = {
  light: { colorScheme: "light", viewport: { width: 1100, height: 720 } },
  dark: { colorScheme: "dark", viewport: { width: 1100, height: 720 } },
  "phone-light": { colorScheme: "light", viewport: { width: 360, height: 740 } },
  "phone-dark": { colorScheme: "dark", viewport: { width: 360, height: 740 } },
};

// Starts the server. Returns its process and address.
async function startServer() {
  const server = spawn("build/moonroom", ["run", "--listen", "127.0.0.1:0", "examples/chat"],
    { cwd: TOP, stdio: ["ignore", "inherit", "pipe"] });
  for await (const line of readline.createInterface({ input: server.stderr })) {
    const address = /http:\/\/[\w.:]+\//.exec(line);
    if (address) return { server, url: address[0] };
  }
  throw new Error("the server has not come up; is it built?");
}

async function talk(pages, guest) {
  const [first, ...others] = pages;
  await say(guest, "Is anybody awake?");
  await hears(first, "Ben Heron: Is anybody awake?");
  for (const [i, page] of pages.entries()) await say(page, `Window ${i + 1} is. 🌕`);
  await say(guest, "Look at this: https://example.org/a/rather/long/address/without/any/space/in/it");
  await say(guest, "And a second line of mine, long enough to be broken where the window ends.");
  for (const page of [first, ...others]) {
    await hears(page, "Ben Heron: And a second line of mine, long enough to be broken where the "
      + "window ends.");
  }
}

async function takePictures(directory) {
  const { server, url } = await startServer();
  const shoot = (page, name) => page.screenshot({ path: path.join(directory, `${name}.png`) });
  try {
    await withBrowser(async (browser) => {
      const names = Object.keys(WINDOWS);
      for (const name of names) {
        await shoot(await openPage(browser, url, WINDOWS[name]), `door-${name}`);
      }
      const pages = [];
      for (const name of names) {
        pages.push(await visit(browser, url, "bongo", `Ann ${name}`, WINDOWS[name]));
      }
      const guest = await visit(browser, url, "bongo", "Ben Heron");
      await talk(pages, guest);
      await Promise.all(pages.map((page) => page.waitForTimeout(400)));
      for (const [i, name] of names.entries()) await shoot(pages[i], `chat-${name}`);
      server.kill("SIGTERM");
      for (const page of pages) await inState(page, "waiting");
      for (const [i, name] of names.entries()) await shoot(pages[i], `disconnected-${name}`);
    });
  } finally {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill("SIGTERM");
      await once(server, "exit");
    }
  }
}

module.exports = { takePictures };
