// Serves HTTP on the socket that it was started with: LISTEN_FDS tells how many there are, from descriptor 3 on.
const http = require("node:http");

const greeting = "Hello from Node";

const server = http.createServer((request, response) => {
  response.end(`${greeting}: ${request.url}\n`);
});

server.listen(process.env.LISTEN_FDS ? { fd: 3 } : { port: 8005 });

// Asked to end, it finishes what it is answering.
process.on("SIGTERM", () => server.close());
