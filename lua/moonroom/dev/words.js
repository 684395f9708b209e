// What numbers mean, in words.

// RFC 6455 7.4.1, and what Moonroom means by each.
const CODES = {
  1000: ["normal", "Whoever closed was done."],
  1001: ["going away", "The server shuts down, the room was closed, or the page was left."],
  1002: ["protocol error", "A frame broke the protocol."],
  1003: ["type refused", "Binary was sent, and the room has no on_binary."],
  1005: ["no code", "The Close had no code in it."],
  1006: ["abnormal", "No Close came: the connection was dropped, or reset."],
  1007: ["bad data", "A text that isn't UTF-8, a JSON that is none, or bad compressed data."],
  1008: ["policy", "A limit or a rule of the room: rate, max_fragments, on_open said no."],
  1009: ["too big", "Beyond max_message or max_frame."],
  1010: ["extension missing", "The client wanted an extension that wasn't agreed on."],
  1011: ["handler failed", "An error in a handler, or one that took too long: see Errors."],
  1012: ["restart", "The service restarts."],
  1013: ["overloaded", "This client read too slowly, or the server has too much to do."],
  1014: ["bad gateway", "A gateway got no good answer."],
  1015: ["TLS failed", "The TLS handshake failed."],
};

const STATUSES = {
  400: "The handshake is wrong.", 401: "The room wants to know who asks.",
  403: "The origin, or on_accept, said no.", 404: "No room is at this path.",
  426: "This path wants a WebSocket.", 429: "This address has too many clients.",
  500: "A handler failed: see Errors.", 503: "The room or the server is full, or shutting down.",
};

// [name, meaning] of a close code.
export function codeWords(code) {
  if (CODES[code]) return CODES[code];
  if (code >= 4000 && code <= 4999) return ["the app's own", "4000 to 4999 mean what the app says."];
  if (code >= 3000) return ["a library's", "3000 to 3999 are registered by libraries."];
  return ["unknown", "No meaning is known."];
}

export const statusWords = (status) => STATUSES[status] ?? "";

export const sendableCodes = () => [1000, 1001, 1003, 1007, 1008, 1009, 1011, 3000, 4000];

export function bytes(size) {
  if (size < 1024) return `${size} B`;
  if (size < 1048576) return `${(size / 1024).toFixed(1)} KiB`;
  return `${(size / 1048576).toFixed(1)} MiB`;
}

// Milliseconds since the user connected.
export function moment(at) {
  const text = at < 100 ? at.toFixed(1) : at.toFixed(0);
  return text.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}
