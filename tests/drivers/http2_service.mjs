// A service on Node's own HTTP/2, which tells what it was asked and how. Arguments: a folder with server.pem and ca.pem; `demand`: only
// clients with a certificate are let in; `h2`: no HTTP/1.1. Says its port on the first line.
import { readFileSync } from "node:fs";
import { constants, createSecureServer } from "node:http2";

const [folder, ...wishes] = process.argv.slice(2);
const pem = readFileSync(`${folder}/server.pem`);
const demand = wishes.includes("demand");
const server = createSecureServer({
  key: pem,
  cert: pem,
  ca: readFileSync(`${folder}/ca.pem`),
  requestCert: demand,
  rejectUnauthorized: demand,
  allowHTTP1: !wishes.includes("h2"),
});
const connections = new Map();

const told = (request, body) => {
  const socket = request.stream ? request.stream.session.socket : request.socket;
  const session = request.stream ? request.stream.session : socket;
  if (!connections.has(session)) connections.set(session, connections.size + 1);
  return {
    connection: connections.get(session),
    version: request.httpVersion,
    method: request.method,
    target: request.url,
    fields: request.rawHeaders,
    body: body.toString("latin1"),
    name: socket.servername,
    spoken: socket.alpnProtocol,
    client: demand ? socket.getPeerCertificate().subject.CN : "",
  };
};

const answers = {
  "/reset": (request) => request.stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  "/refused": (request, answer) => {
    const { connection } = told(request, Buffer.of());
    if (connection === 1) request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else answer.end("taken");
  },
  "/leaves": (request, answer) => {
    const { session } = request.stream;
    request.stream.on("close", () => session.close());
    answer.end("farewell");
  },
  "/silent": () => {},
  "/stuck": (_, answer) => answer.write("beginning"),
  "/early": (_, answer) => {
    answer.writeEarlyHints({ link: "</style.css>; rel=preload" });
    answer.end("late");
  },
  "/twins": (_, answer) => {
    answer.setHeader("Set-Cookie", ["a=1", "b=2"]);
    answer.setHeader("X-Mixed-Case", "Kept");
    answer.end("twins");
  },
  "/none": (_, answer) => answer.writeHead(204).end(),
};

server.on("request", (request, answer) => {
  const parts = [];
  request.on("error", () => {});
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const url = new URL(request.url, "https://service.invalid");
    if (url.pathname === "/big") answer.end("x".repeat(Number(url.searchParams.get("bytes"))));
    else if (url.pathname in answers) answers[url.pathname](request, answer);
    else answer.end(JSON.stringify(told(request, Buffer.concat(parts))));
  });
});
server.on("sessionError", () => {});
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
// Whoever started it holds its standard input; it never outlives him.
process.stdin.on("end", () => process.exit(0)).resume();
