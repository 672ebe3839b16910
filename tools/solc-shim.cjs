#!/usr/bin/env node
// An executable that py-solc-x takes for the native compiler: the same release of solc, compiled to JavaScript, from
// the lock file. Reads standard JSON on stdin; imports are read below --base-path and nowhere else.
"use strict";

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

// The shim is copied outside the repository's own folders, so it is told where the packages are.
const repository = process.env.CLUSTER_HOME || path.resolve(__dirname, "..");
const solc = createRequire(path.join(repository, "package.json"))("solc");

const args = process.argv.slice(2);
if (args.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
  process.exit(0);
}
if (!args.includes("--standard-json")) {
  process.stderr.write("this compiler speaks standard JSON only: pass --standard-json\n");
  process.exit(1);
}

const given = args.indexOf("--base-path");
const base = fs.realpathSync(given >= 0 ? args[given + 1] : process.cwd());

function readImport(name) {
  const file = path.resolve(base, name);
  if (file !== base && !file.startsWith(base + path.sep)) return { error: `${name} lies outside ${base}` };
  try {
    return { contents: fs.readFileSync(file, "utf8") };
  } catch (error) {
    return { error: String(error) };
  }
}

process.stdout.write(solc.compile(fs.readFileSync(0, "utf8"), { import: readImport }));
