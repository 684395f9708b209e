// npm's ws over TLS with permessage-deflate: node wss_client.js PORT CA on|off
// The last says whether the server keeps contexts from message to message.
"use strict";

const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const { once } = require("node:events");
const fs = require("node:fs");
const WebSocket = require("ws");
const { check, end } = require("./checks.js");

const [port, authority, takeover] = process.argv.slice(2);
const keepsContext = takeover === "on";
const MIB = 1 << 20;
const WORDS = "The moon rose over the bay, and the bay lay still. ";
const TEXT = WORDS.repeat(MIB / WORDS.length + 1).slice(0, MIB);

async function connect(options) {
  const socket = new WebSocket(`wss://localhost:${port}/echo`, {
    ca: fs.readFileSync(authority), perMessageDeflate: true, ...options,
  });
  await once(socket, "open");
  return socket;
}

async function echo(socket, message, isBinary) {
  const before = socket._socket.bytesRead;
  socket.send(message, { binary: isBinary });
  const [data, cameBinary] = await once(socket, "message");
  assert.equal(cameBinary, isBinary);
  assert.ok(Buffer.from(message).equals(data), `${data.length} other bytes came back`);
  return socket._socket.bytesRead - before;
}

async function close(socket) {
  socket.close(1000);
  const [code] = await once(socket, "close");
  assert.equal(code, 1000);
}

async function main() {
  await check("agrees on the extension and on what contexts keep", async () => {
    const socket = await connect();
    const agreed = socket._extensions["permessage-deflate"];
    assert.ok(agreed, `agreed on ${socket.extensions}`);
    assert.equal(Boolean(agreed.params.server_no_context_takeover), !keepsContext);
    assert.equal(Boolean(agreed.params.client_no_context_takeover), !keepsContext);
    await close(socket);
  });

  await check("gets 1 MiB of text back, and less came than that", async () => {
    const socket = await connect();
    const came = await echo(socket, TEXT, false);
    assert.ok(came < MIB / 20, `${came} bytes came`);
    await close(socket);
  });

  await check("gets 1 MiB of random bytes back, three times", async () => {
    const socket = await connect();
    for (let i = 0; i < 3; i++) {
      const came = await echo(socket, randomBytes(MIB), true);
      assert.ok(came >= MIB && came < MIB + 1000, `${came} bytes came`);
    }
    await close(socket);
  });

  await check("gets a message again, smaller only where contexts are kept", async () => {
    const socket = await connect();
    const message = randomBytes(1500).toString("base64");
    const first = await echo(socket, message, false);
    const second = await echo(socket, message, false);
    assert.equal(second < first / 4, keepsContext, `${first} bytes, then ${second} bytes came`);
    await close(socket);
  });

  await check("gets 500 messages of many sizes back in order", async () => {
    const socket = await connect();
    const messages = Array.from({ length: 500 }, (_, i) => `${i} `.repeat(i * 3));
    const come = [];
    const all = new Promise((resolve) => {
      socket.on("message", (data) => {
        if (come.push(data.toString()) === messages.length) resolve();
      });
    });
    for (const message of messages) socket.send(message);
    await all;
    assert.deepEqual(come, messages);
    await close(socket);
  });

  await check("may offer windows of every size", async () => {
    for (let bits = 9; bits <= 15; bits++) {
      const socket = await connect({
        perMessageDeflate: { serverMaxWindowBits: bits, clientMaxWindowBits: bits },
      });
      assert.equal(socket._extensions["permessage-deflate"].params.server_max_window_bits, bits);
      await echo(socket, TEXT.slice(0, 100000), false);
      await echo(socket, randomBytes(100000).toString("hex"), false);
      await close(socket);
    }
  });

  await check("may do without the extension", async () => {
    const socket = await connect({ perMessageDeflate: false });
    assert.equal(socket.extensions, "");
    const came = await echo(socket, TEXT, false);
    assert.ok(came > MIB, `${came} bytes came`);
    await close(socket);
  });

  await check("does not connect where it doesn't trust the certificate", async () => {
    await assert.rejects(connect({ ca: [] }), /certificate/);
  });
}

main().then(() => end(0), (error) => {
  console.error(error);
  end(1);
});
