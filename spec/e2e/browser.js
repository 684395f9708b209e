// Chromium as Debian packages it, alone with servers of this machine.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// Starts it and hands it to use(browser); nothing is left when that has ended, well or not: the
// profile, and what Chromium puts into a home directory, are in a directory of their own.
async function withBrowser(use) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "moonroom-chromium-"));
  try {
    const browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: ARGUMENTS,
      env: { ...process.env, HOME: home, TMPDIR: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
      handleSIGTERM: false,
      timeout: 20000,
    });
    // Whatever use() waits for then fails, and so it comes to its end.
    const stop = () => browser.close();
    process.once("SIGTERM", stop);
    try {
      return await use(browser);
    } finally {
      process.off("SIGTERM", stop);
      await browser.close();
    }
  } finally {
    fs.rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

// A page of a browser's window of its own. What goes wrong in it is collected in page.faults: errors
// and warnings of the console (a breach of a Content-Security-Policy among them), uncaught errors,
// and requests to anywhere but the server. setUp runs in the page before its own scripts.
async function openPage(browser, url, { setUp = () => {}, ...options } = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.addInitScript(setUp);
  page.faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.faults.push(message.text());
  });
  page.on("pageerror", (error) => page.faults.push(error.stack));
  page.on("request", (request) => {
    if (!/^(?:data:|blob:)/.test(request.url()) && !request.url().startsWith(new URL(url).origin)) {
      page.faults.push(`asks for ${request.url()}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 400) page.faults.push(`${response.status()} for ${response.url()}`);
  });
  page.setDefaultTimeout(10000);
  await page.goto(url);
  return page;
}

module.exports = { openPage, withBrowser };
