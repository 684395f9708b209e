// A WebSocket that comes back: exponential backoff with jitter.

const FIRST_DELAY = 1000;       // ms
const LONGEST_DELAY = 30000;
const CONNECT_TIMEOUT = 10000;
const STEADY = 5000;            // open for so long, and the next loss starts from the first delay
const FINAL = new Set([1000, 1008]);    // the server meant it: come back only when asked

const MEANINGS = {
  1000: "closed in good order",
  1001: "the server is going away or restarting",
  1002: "the protocol was broken",
  1003: "this kind of data is not taken here",
  1005: "closed without saying why",
  1006: "the connection broke without a goodbye",
  1007: "the data was not valid",
  1008: "against the rules of the server",
  1009: "the message was too big",
  1011: "a handler of the script failed, the server's log says where",
  1012: "the server is restarting",
  1013: "the server is overloaded, or this window too slow",
};

export function closeMeaning(code) {
  return MEANINGS[code] ?? (code >= 4000 ? "a code of the script's own" : "a code without a name");
}

export function delayAfter(failures, random = Math.random) {
  const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
  return longest * (0.5 + random() / 2);
}

// on: { connecting(), open(), line(text), closed({ code, reason, opened, delay }) }; delay is in
// ms until the next try, null when there will be none.
export class Link {
  constructor(url, on) {
    this.url = url;
    this.on = on;
    this.failures = 0;
    this.socket = null;
    this.timers = [];
  }

  get isOpen() { return this.socket?.readyState === WebSocket.OPEN; }

  connect() {
    this.drop();
    this.on.connecting();
    let socket;
    try {
      socket = new WebSocket(this.url);
    } catch (error) {
      this.lost({ code: 1006, reason: error.message }, 0);
      return;
    }
    this.socket = socket;
    this.listen(socket);
    this.after(CONNECT_TIMEOUT, () => {
      if (socket.readyState === WebSocket.CONNECTING) socket.close();
    });
  }

  listen(socket) {
    let openedAt = 0;
    const listen = (event, act) => socket.addEventListener(event, (detail) => {
      if (this.socket === socket) act(detail);
    });
    socket.binaryType = "arraybuffer";
    listen("open", () => {
      openedAt = performance.now();
      this.on.open();
    });
    listen("message", ({ data }) => {
      this.on.line(typeof data === "string" ? data : `(${data.byteLength} bytes of binary data)`);
    });
    listen("close", (event) => this.lost(event, openedAt));
  }

  lost({ code, reason }, openedAt) {
    this.drop();
    const opened = openedAt > 0;
    if (opened && performance.now() - openedAt > STEADY) this.failures = 0;
    const delay = FINAL.has(code) ? null : delayAfter(this.failures);
    this.failures += 1;
    if (delay !== null) this.after(delay, () => this.connect());
    this.on.closed({ code, reason, opened, delay });
  }

  send(text) {
    if (this.isOpen) this.socket.send(text);
    return this.isOpen;
  }

  // Says goodbye; no event follows.
  close() {
    const socket = this.socket;
    this.drop();
    socket?.close(1000);
  }

  drop() {
    this.socket = null;
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
  }

  after(ms, act) { this.timers.push(setTimeout(act, ms)); }
}
