// A peer on Node's http. It serves listening sockets that it inherits: plain, TLS, and TLS that demands a client's certificate.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { gzipSync } from "node:zlib";

const THING = '{"id": 5}';

function text(response, body) {
  response.setHeader("Content-Length", Buffer.byteLength(body));
  response.end(body);
}

const ROUTES = {
  "/plain": (_, response) => text(response, THING),
  "/empty": (_, response) => response.writeHead(204).end(),
  "/same": (_, response) => response.writeHead(304, { ETag: '"v1"' }).end(),
  "/parts": (request, response) => {
    if (request.method === "HEAD") return response.end();
    response.setHeader("Trailer", "X-Sum");
    response.write("one");
    response.write("two");
    response.addTrailers({ "X-Sum": "7" });
    response.end();
  },
  "/zipped": (_, response) => {
    response.setHeader("Content-Encoding", "gzip");
    response.end(gzipSync(THING));
  },
  "/big": (_, response) => text(response, "x".repeat(300_000)),
  "/moved": (_, response) => response.writeHead(302, { Location: "http://elsewhere.example/", "Content-Length": 0 }).end(),
  "/last": (_, response) => {
    response.setHeader("Connection", "close");
    text(response, "bye");
  },
  "/length": async (request, response) => {
    let read = 0;
    for await (const part of request) read += part.length;
    text(response, String(read));
  },
  "/sum": async (request, response) => {
    const sum = createHash("sha256");
    for await (const part of request) sum.update(part);
    text(response, sum.digest("hex"));
  },
  "/many": (_, response) => {
    for (let number = 0; number < 90; number++) response.setHeader(`X-Field-${String(number).padStart(2, "0")}`, String(number));
    text(response, THING);
  },
  "/twice": (_, response) => {
    response.setHeader("Set-Cookie", ["a=1", "b=2"]);
    text(response, THING);
  },
  "/hints": (_, response) => response.writeEarlyHints({ link: "</style.css>; rel=preload" }, () => text(response, THING)),
  "/old": (request) => request.socket.end("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold"),
  "/never": () => {},
  "/who": (request, response) => {
    const shown = request.socket.getPeerCertificate();
    text(response, request.socket.servername + (shown.subject ? ` CN=${shown.subject.CN}` : ""));
  },
};

function answer(request, response) {
  const route = ROUTES[request.url];
  response.setHeader("Content-Type", "application/json");
  if (route) route(request, response);
  else response.writeHead(404).end("nothing here");
}

const [plain, secure, mutual, certificate, authority] = process.argv.slice(2);
const own = { cert: readFileSync(certificate), key: readFileSync(certificate) };
const demanding = { ...own, ca: readFileSync(authority), requestCert: true, rejectUnauthorized: true };
http.createServer(answer).listen({ fd: Number(plain) });
https.createServer(own, answer).listen({ fd: Number(secure) });
https.createServer(demanding, answer).listen({ fd: Number(mutual) });
process.stdin.on("end", () => process.exit()).resume();
