// Stands between a client and the server: hands everything on as it is, and keeps the lines that the client has sent.
// `tap.mjs FILE PROGRAM ARGUMENT...`.

import { spawn } from "node:child_process";
import fs from "node:fs";
import { constants } from "node:os";

const [file, program, ...args] = process.argv.slice(2);
const server = spawn(program, args, { stdio: ["pipe", "inherit", "inherit"] });
process.stdin.on("data", (bytes) => {
  fs.appendFileSync(file, bytes);
  server.stdin.write(bytes);
});
process.stdin.on("end", () => server.stdin.end());
server.stdin.on("error", () => {});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => server.kill(signal));
server.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
