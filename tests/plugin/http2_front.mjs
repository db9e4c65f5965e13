// Stands in front of a plain service and speaks HTTP/2 and HTTP/1.1 over TLS. Arguments: a folder with server.pem; the service's port.
// Says its own port on the first line and, when its standard input ends, how many requests came by which version.
import { readFileSync } from "node:fs";
import { Agent, request as ask } from "node:http";
import { createSecureServer } from "node:http2";

const [folder, upstream] = process.argv.slice(2);
const pem = readFileSync(`${folder}/server.pem`);
const agent = new Agent({ keepAlive: true });
const hops = new Set(["connection", "keep-alive", "transfer-encoding", "host"]);
const versions = {};

const without = (fields) => {
  const kept = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index].toLowerCase();
    if (!hops.has(name) && !name.startsWith(":")) kept.push(fields[index], fields[index + 1]);
  }
  return kept;
};

const server = createSecureServer({ key: pem, cert: pem, allowHTTP1: true }, (incoming, outgoing) => {
  versions[incoming.httpVersion] = (versions[incoming.httpVersion] ?? 0) + 1;
  const host = incoming.authority ?? incoming.headers.host;
  const headers = ["Host", host, ...without(incoming.rawHeaders)];
  const { method, url: path } = incoming;
  const inner = ask({ agent, host: "127.0.0.1", port: Number(upstream), method, path, headers }, (answer) => {
    const fields = without(answer.rawHeaders);
    for (let index = 0; index < fields.length; index += 2) outgoing.appendHeader(fields[index], fields[index + 1]);
    outgoing.statusCode = answer.statusCode;
    answer.pipe(outgoing);
  });
  inner.on("error", () => outgoing.destroy());
  incoming.on("error", () => {});
  incoming.pipe(inner);
});
server.on("sessionError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin
  .on("end", () => {
    console.log(JSON.stringify(versions));
    process.exit(0);
  })
  .resume();
