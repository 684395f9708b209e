// The WebSocket of a page, against the rooms of the fixture.
"use strict";

const assert = require("node:assert/strict");
const { check } = require("./checks.js");
const { openPage } = require("./browser.js");

// Runs in the page: window.connect(path, protocols) -> a socket with next() and ended.
function defineConnect() {
  window.connect = async (address, protocols) => {
    const url = new URL(address, location.href.replace(/^http/, "ws"));
    const socket = new WebSocket(url, protocols);
    const come = [];
    const waiting = [];
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      const waiter = waiting.shift();
      if (waiter) waiter(data);
      else come.push(data);
    });
    const next = () => (come.length > 0
      ? Promise.resolve(come.shift())
      : new Promise((resolve) => waiting.push(resolve)));
    const ended = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason, wasClean }) => {
        resolve({ code, reason, wasClean });
      });
    });
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error("no connection")));
    });
    return { socket, next, ended };
  };
  window.noise = (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 65536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65536));
    }
    return bytes;
  };
  window.same = (a, b) => {
    const other = new Uint8Array(b);
    return a.length === other.length && a.every((byte, i) => byte === other[i]);
  };
}

async function checkMessages(page, echo) {
  await check("the WebSocket of a page gets text back as it was", async () => {
    const texts = ["", "a", "x".repeat(125), "y".repeat(126), "z".repeat(65536), "Æ, 月, 🌕", "\0"];
    assert.deepEqual(await page.evaluate(async ([address, list]) => {
      const { socket, next } = await connect(address);
      const back = [];
      for (const text of list) {
        socket.send(text);
        back.push(await next());
      }
      socket.close();
      return back;
    }, [echo, texts]), texts);
  });

  await check("the WebSocket of a page gets an ArrayBuffer and a Blob back", async () => {
    assert.deepEqual(await page.evaluate(async (address) => {
      const { socket, next } = await connect(address);
      const bytes = noise(70000);
      socket.send(bytes.buffer);
      const buffer = same(bytes, await next());
      socket.send(new Blob([bytes]));
      const blob = same(bytes, await next());
      socket.binaryType = "blob";
      socket.send(bytes);
      const back = await next();
      const view = back instanceof Blob && same(bytes, await back.arrayBuffer());
      socket.close();
      return { buffer, blob, view };
    }, echo), { buffer: true, blob: true, view: true });
  });

  await check("the WebSocket of a page gets 1 MiB back, of text and of binary", async () => {
    assert.deepEqual(await page.evaluate(async (address) => {
      const { socket, next } = await connect(address);
      const long = "月a".repeat(262144);
      socket.send(long);
      const text = (await next()) === long;
      const bytes = noise(1048576);
      socket.send(bytes);
      const binary = same(bytes, await next());
      socket.close();
      return { text, binary };
    }, echo), { text: true, binary: true });
  });
}

async function checkCloses(page) {
  await check("the WebSocket of a page closes with a code and reason", async () => {
    for (const code of [1000, 3000, 4999]) {
      const seen = await page.evaluate(async (sent) => {
        const watcher = await connect("/watch");
        await watcher.next();
        const { socket, ended } = await connect(`/watched?key=b${sent}`);
        socket.close(sent, "bye, Ærø");
        const mine = await ended;
        const theirs = JSON.parse(await watcher.next());
        watcher.socket.close();
        return { mine, theirs };
      }, code);
      assert.deepEqual([seen.mine.code, seen.mine.wasClean], [code, true]);
      assert.deepEqual(seen.theirs, { key: `b${code}`, code, reason: "bye, Ærø", clean: true });
    }
  });

  await check("the WebSocket of a page sees the code and reason of a handler", async () => {
    for (const code of [1000, 1008, 3000, 4999]) {
      assert.deepEqual(await page.evaluate(async (asked) => {
        const { socket, ended } = await connect("/closing");
        socket.send(`${asked} farewell, Ærø`);
        return ended;
      }, code), { code, reason: "farewell, Ærø", wasClean: true });
    }
  });

  await check("the WebSocket of a page sees 1006 where no Close came", async () => {
    const seen = await page.evaluate(async () => {
      const { socket, ended } = await connect("/terminating");
      socket.send("now");
      return ended;
    });
    assert.deepEqual([seen.code, seen.wasClean], [1006, false]);
  });
}

async function checkHandshakes(page, other) {
  await check("the WebSocket of a page gets the subprotocol that the room prefers", async () => {
    assert.deepEqual(await page.evaluate(async () => {
      const chosen = [];
      for (const offered of [["chat.v1", "other", "chat.v2"], ["chat.v1"], []]) {
        const { socket } = await connect("/protocols", offered);
        chosen.push(socket.protocol);
        socket.close();
      }
      return chosen;
    }), ["chat.v2", "chat.v1", ""]);
  });

  await check("the WebSocket of a page of another origin is refused", async () => {
    const reached = await page.evaluate((address) => connect(address).then(() => true, () => false),
      other);
    assert.equal(reached, false);
    assert.equal(page.faults.length, 1);
    assert.match(page.faults.pop(), /Unexpected response code: 403/);
  });
}

async function checkExtension(page, extension) {
  await check("gets compression, which it offers", async () => {
    assert.match(await page.evaluate(async () => {
      const { socket } = await connect("/echo");
      socket.close();
      return socket.extensions;
    }), new RegExp(extension));
  });
}

// fixture, chat: the addresses of the servers, ending in "/". extension: what they agree to.
async function checkSocket(browser, fixture, chat, extension) {
  const page = await openPage(browser, fixture, { setUp: defineConnect });
  if (extension) await checkExtension(page, extension);
  await checkMessages(page, "/echo");
  await checkHandshakes(page, `${chat.replace("http", "ws")}bongo`);
  await checkCloses(page);
  await check("the WebSocket of a page leaves no fault in the console", async () => {
    assert.deepEqual(page.faults, []);
  });
  await page.context().close();
}

module.exports = { checkSocket };
