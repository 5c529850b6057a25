#!/usr/bin/env node
// npm run build: always compiles, however fresh dist looks.
import { build } from "./lib/prepare.mjs";

const problem = await build((line) => console.error(line));
if (problem !== undefined) console.error(problem);
process.exitCode = problem === undefined ? 0 : 1;
