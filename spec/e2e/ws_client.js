// npm's ws against a server: node ws_client.js ECHO_PORT FIXTURE_PORT [EXTENSION]
// EXTENSION: what it is to be answered, as it offers compression; nothing by default
"use strict";

const assert = require("node:assert/strict");
const { once } = require("node:events");
const http = require("node:http");
const WebSocket = require("ws");
const { check, end } = require("./checks.js");

const [echoPort, fixturePort, extension] = process.argv.slice(2);
const MIB = 1 << 20;

// A client whose messages, pongs and end can be awaited, in the order of their coming.
class Peer {
  constructor(address, protocols, options) {
    this.socket = new WebSocket(address, protocols, options);
    this.waiting = [];
    this.come = [];
    this.ended = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.put({ closed: code });
      });
    });
    this.socket.on("message", (data, isBinary) => this.put({ data, isBinary }));
    this.socket.on("pong", (data) => this.put({ pong: data.toString() }));
  }

  put(event) {
    const waiter = this.waiting.shift();
    if (waiter) waiter(event);
    else this.come.push(event);
  }

  next() {
    if (this.come.length > 0) return Promise.resolve(this.come.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async text() {
    const { data, isBinary, ...other } = await this.next();
    assert.equal(isBinary, false, `not a text: ${JSON.stringify(other)}`);
    return data.toString();
  }

  async binary() {
    const { data, isBinary, ...other } = await this.next();
    assert.equal(isBinary, true, `not binary: ${JSON.stringify(other)}`);
    return data;
  }

  async close(code, reason) {
    this.socket.close(code, reason);
    return this.ended;
  }
}

async function connect(port, path, protocols, options) {
  const peer = new Peer(`ws://127.0.0.1:${port}${path}`, protocols, options);
  await once(peer.socket, "open");
  peer.socket.on("error", () => {});
  return peer;
}

const echo = () => connect(echoPort, "/echo");
const fixture = (path, protocols) => connect(fixturePort, path, protocols);

// Bytes without a pattern that a misplaced mask or piece could repeat.
function noise(length) {
  const bytes = Buffer.alloc(length);
  let state = 0x9e3779b9;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

// The status that an upgrade is refused with.
async function refusal(port, path, options) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
  socket.on("error", () => {});
  const [request, response] = await once(socket, "unexpected-response");
  response.resume();
  request.destroy();
  return response.statusCode;
}

// A field of the answer to what every client of these asks.
async function fieldOf(port, name) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
  const opened = once(socket, "open");
  const [response] = await once(socket, "upgrade");
  await opened;
  socket.close();
  await once(socket, "close");
  return response.headers[name];
}

// The key ties the client that leaves to what the watcher hears.
async function seenLeaving(key, act) {
  const watcher = await fixture("/watch");
  assert.equal(await watcher.text(), "watching");
  const peer = await fixture(`/watched?key=${key}`);
  await act(peer);
  const { key: left, ...seen } = JSON.parse(await watcher.text());
  assert.equal(left, key);
  await watcher.close();
  return seen;
}

async function messages() {
  await check("gets text back as it was", async () => {
    const peer = await echo();
    for (const text of ["", "a", "x".repeat(125), "y".repeat(126), "z".repeat(65536), "Æ, 月, 🌕", "\0"]) {
      peer.socket.send(text);
      assert.equal(await peer.text(), text);
    }
    await peer.close();
  });

  await check("gets binary back as it was", async () => {
    const peer = await echo();
    for (const length of [0, 1, 7, 125, 126, 65535, 65536]) {
      const data = noise(length);
      peer.socket.send(data);
      assert.ok(data.equals(await peer.binary()), `${length} bytes`);
    }
    await peer.close();
  });

  await check("gets 1 MiB of text back", async () => {
    const peer = await echo();
    const text = "月a".repeat(MIB / 4);
    peer.socket.send(text);
    assert.ok((await peer.text()) === text);
    await peer.close();
  });

  await check("gets 1 MiB of binary back", async () => {
    const peer = await echo();
    const data = noise(MIB);
    peer.socket.send(data);
    assert.ok(data.equals(await peer.binary()));
    await peer.close();
  });

  await check("gets a thousand messages back in order", async () => {
    const peer = await echo();
    for (let i = 0; i < 1000; i += 1) peer.socket.send(i % 2 ? `${i}` : Buffer.from(`${i}`));
    for (let i = 0; i < 1000; i += 1) {
      assert.equal(i % 2 ? await peer.text() : (await peer.binary()).toString(), `${i}`);
    }
    await peer.close();
  });
}

async function fragments() {
  await check("may cut a text into fragments, even inside a character", async () => {
    const peer = await echo();
    const bytes = Buffer.from("one moon 🌕 is enough");
    for (const at of [1, 9, 10, 11, 12, 20]) {
      peer.socket.send(bytes.subarray(0, at), { binary: false, fin: false });
      peer.socket.send(bytes.subarray(at), { binary: false, fin: true });
      assert.equal(await peer.text(), bytes.toString());
    }
    await peer.close();
  });

  await check("may cut 1 MiB of binary into fragments", async () => {
    const peer = await echo();
    const data = noise(MIB);
    const step = 10007;
    for (let at = 0; at < MIB; at += step) {
      peer.socket.send(data.subarray(at, at + step), { fin: at + step >= MIB });
    }
    assert.ok(data.equals(await peer.binary()));
    await peer.close();
  });

  await check("may ping between fragments and is answered before the message", async () => {
    const peer = await echo();
    peer.socket.send("half", { fin: false });
    peer.socket.ping("between");
    assert.deepEqual(await peer.next(), { pong: "between" });
    peer.socket.send(" whole", { fin: true });
    assert.equal(await peer.text(), "half whole");
    await peer.close();
  });
}

async function pings() {
  await check("has each ping answered, in order", async () => {
    const peer = await echo();
    const payloads = ["", "a", ..."0123456789", "p".repeat(125)];
    for (const payload of payloads) peer.socket.ping(payload);
    for (const payload of payloads) assert.deepEqual(await peer.next(), { pong: payload });
    await peer.close();
  });

  await check("answers the server's ping", async () => {
    const peer = await fixture("/pinging");
    assert.equal(await peer.text(), "pong: are you there?");
    await peer.close();
  });
}

async function closesByClient() {
  for (const code of [1000, 3000, 4999]) {
    await check(`closes with ${code} and a reason, which the handler gets`, async () => {
      const seen = await seenLeaving(`c${code}`, async (peer) => {
        assert.equal((await peer.close(code, "bye, Ærø")).code, code);
      });
      assert.deepEqual(seen, { code, reason: "bye, Ærø", clean: true });
    });
  }

  await check("closes without a code, which the handler gets as 1005", async () => {
    const seen = await seenLeaving("none", async (peer) => {
      assert.equal((await peer.close()).code, 1005);
    });
    assert.deepEqual([seen.code, seen.clean], [1005, true]);
  });

  await check("goes without a Close, which the handler gets as 1006", async () => {
    const seen = await seenLeaving("gone", async (peer) => peer.socket.terminate());
    assert.deepEqual([seen.code, seen.clean], [1006, false]);
  });

  await check("gets what it sent before its Close handled", async () => {
    const peer = await echo();
    peer.socket.send("last words");
    const ended = peer.close(1000);
    assert.equal(await peer.text(), "last words");
    assert.equal((await ended).code, 1000);
  });
}

async function closesByServer() {
  for (const code of [1000, 1008, 3000, 4999]) {
    await check(`is closed by a handler with ${code} and a reason`, async () => {
      const peer = await fixture("/closing");
      peer.socket.send(`${code} farewell, Ærø`);
      assert.deepEqual(await peer.ended, { code, reason: "farewell, Ærø" });
    });
  }

  await check("gets a long reason cut to 123 bytes at a character", async () => {
    const peer = await fixture("/closing");
    peer.socket.send(`4000 ${"x".repeat(122)}Æ`);
    assert.deepEqual(await peer.ended, { code: 4000, reason: "x".repeat(122) });
  });

  await check("is closed by on_join", async () => {
    const peer = await fixture("/unwelcome");
    assert.deepEqual(await peer.ended, { code: 4001, reason: "not today" });
  });

  await check("is terminated by a handler without a Close", async () => {
    const peer = await fixture("/terminating");
    peer.socket.send("now");
    assert.equal((await peer.ended).code, 1006);
  });

  await check("gets 1011 where a handler fails", async () => {
    const peer = await fixture("/failing");
    peer.socket.send("now");
    assert.equal((await peer.ended).code, 1011);
  });

  await check("gets 1007 for text that isn't UTF-8", async () => {
    const peer = await echo();
    peer.socket.send(Buffer.from([0x61, 0xff]), { binary: false });
    assert.equal((await peer.ended).code, 1007);
  });

  await check("gets 1003 for binary where the room takes text", async () => {
    const peer = await fixture("/narrow");
    peer.socket.send(Buffer.from("no"));
    assert.equal((await peer.ended).code, 1003);
  });

  await check("gets 1009 for a message that is too big", async () => {
    const peer = await fixture("/narrow");
    peer.socket.send("x".repeat(100));
    assert.equal(await peer.text(), "x".repeat(100));
    peer.socket.send("x".repeat(101));
    assert.equal((await peer.ended).code, 1009);
  });
}

async function handshakes() {
  await check("gets the subprotocol that the room prefers", async () => {
    const peer = await fixture("/protocols", ["chat.v1", "other", "chat.v2"]);
    assert.equal(peer.socket.protocol, "chat.v2");
    assert.equal(await peer.text(), "chat.v2");
    await peer.close();
  });

  await check("gets no subprotocol where it offers none", async () => {
    const peer = await fixture("/protocols");
    assert.equal(peer.socket.protocol, "");
    await peer.close();
  });

  await check("is never told a subprotocol that the room doesn't know", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${fixturePort}/protocols`, ["unknown"]);
    const [error] = await once(socket, "error");
    assert.equal(error.message, "Server sent no subprotocol");
  });

  const answered = extension ? "gets compression, which it offers"
    : "gets no extension, though it offers compression";
  await check(answered, async () => {
    const peer = await echo();
    assert.equal(peer.socket.extensions, extension ? "permessage-deflate" : "");
    if (extension) assert.equal(await fieldOf(echoPort, "sec-websocket-extensions"), extension);
    await peer.close();
  });

  await check("is refused where no room is and where its origin is another", async () => {
    assert.equal(await refusal(echoPort, "/nowhere"), 404);
    assert.equal(await refusal(echoPort, "/echo", { origin: "http://elsewhere.example" }), 403);
    assert.equal(await refusal(echoPort, "/echo", { protocolVersion: 8 }), 426);
    const origin = `http://127.0.0.1:${echoPort}`;
    const peer = await connect(echoPort, "/echo", [], { origin });
    await peer.close();
  });

  await check("is told to upgrade where it asks for a room by plain GET", async () => {
    const [response] = await once(http.get(`http://127.0.0.1:${echoPort}/echo`), "response");
    response.resume();
    assert.equal(response.statusCode, 426);
    assert.equal(response.headers.upgrade, "websocket");
  });
}

(async () => {
  await messages();
  await fragments();
  await pings();
  await closesByClient();
  await closesByServer();
  await handshakes();
  end(0);
})();
