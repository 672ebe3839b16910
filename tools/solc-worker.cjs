#!/usr/bin/env node
// The compiler, kept warm: starting it costs seconds, and imported files are read once. One standard JSON a line on
// stdin, its output on stdout as a line; imports are read below the folders given as arguments, the first that has it.
"use strict";

const fs = require("fs");
const path = require("path");
const readline = require("readline");
const solc = require("solc");

const bases = process.argv.slice(2);
const contents = new Map();

function readImport(name) {
  if (!contents.has(name)) {
    const base = bases.find((folder) => fs.existsSync(path.join(folder, name)));
    if (base === undefined) return { error: `${name} is in none of ${bases.join(", ")}` };
    contents.set(name, fs.readFileSync(path.join(base, name), "utf8"));
  }
  return { contents: contents.get(name) };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${solc.compile(line, { import: readImport })}\n`);
});
