// ws on Node:  node ws.js echo|room PORT [CERT KEY]
const { readFileSync } = require("fs");
const http = require("http");
const https = require("https");
const { WebSocketServer } = require("../../../spec/node_modules/ws");

const [what, port, cert, key] = process.argv.slice(2);
const server = cert
  ? https.createServer({ cert: readFileSync(cert), key: readFileSync(key) })
  : http.createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

const echo = (client, data, binary) => client.send(data, { binary });
const broadcast = (_, data, binary) => {
  for (const client of sockets.clients) client.send(data, { binary });
};
const answer = what === "room" ? broadcast : echo;

sockets.on("connection", (client) => {
  client.on("message", (data, isBinary) => answer(client, data, isBinary));
  client.on("error", () => {});
});
server.listen({ host: "127.0.0.1", port: Number(port), backlog: 4096 });
