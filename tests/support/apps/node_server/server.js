const http = require("http");

const GREETING = "one";

http
  .createServer((request, response) => {
    response.end(GREETING);
  })
  .listen({ fd: 3 });
