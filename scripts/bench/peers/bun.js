// Bun's native server:  bun bun.js echo|room PORT [CERT KEY]
const [what, port, cert, key] = process.argv.slice(2);
const tls = cert && { cert: Bun.file(cert), key: Bun.file(key) };

const rooms = {
  echo: { message: (client, message) => client.send(message) },
  room: {
    open: (client) => client.subscribe("room"),
    message: (_, message) => server.publish("room", message),
  },
};

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  tls,
  fetch: (request, here) =>
    here.upgrade(request) ? undefined : new Response("", { status: 426 }),
  websocket: { perMessageDeflate: false, ...rooms[what] },
});
