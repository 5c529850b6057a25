import { writeSync } from "node:fs";
import { runProgram } from "../app/cli/program.js";
import { processTerminal } from "../app/cli/terminal.js";
import { setPointSink } from "../lib/point.js";
import { commands } from "./commands.js";
import { environment } from "./config.js";
import { version } from "./version.js";

/** HERMOD_POINT=name@n: end this process by SIGKILL when it passes that crash point for the n-th time; the name goes to descriptor 3 first. */
const wanted = /^([a-z-]+\.[a-z0-9-]+)@(\d+)$/.exec(environment().HERMOD_POINT ?? "");
if (wanted !== null) {
  let left = Number(wanted[2]);
  setPointSink((name) => {
    if (name !== wanted[1] || --left > 0) return;
    writeSync(3, `${name}\n`);
    process.kill(process.pid, "SIGKILL");
    // The signal is the kernel's and may take a moment: nothing may happen after the point.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}

process.exitCode = await runProgram(commands(environment()), version, process.argv.slice(2), processTerminal());
