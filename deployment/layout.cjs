// Storage layouts of contracts, read from their sources with OpenZeppelin's upgrades-core, and whether each may follow
// another. JSON on stdin: {sources: {name: path}, originals: {name: layout}}; on stdout, for each name:
// {layout, unsafe, incompatible}, the last two being explanations, empty if there is nothing to explain.
"use strict";

const fs = require("fs");
const path = require("path");

// Reports are read by people and by tests; colours are for neither.
process.env.FORCE_COLOR = "0";

const root = process.cwd();
const requireHere = require("module").createRequire(path.join(root, "package.json"));
const solc = requireHere("solc");
const upgrades = requireHere("@openzeppelin/upgrades-core");
const { stabilizeTypeIdentifier } = requireHere("@openzeppelin/upgrades-core/dist/utils/type-id");

const { sources, originals } = JSON.parse(fs.readFileSync(0, "utf8"));

const texts = {};

function read(name) {
  const file = name.startsWith("@") ? path.join(root, "node_modules", name) : path.join(root, name);
  try {
    texts[name] = fs.readFileSync(file, "utf8");
    return { contents: texts[name] };
  } catch (error) {
    return { error: String(error) };
  }
}

function compile(input) {
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  return output;
}

// Without the AST's numbers, which change with any line of any file, and with no type that is not in use.
function stable({ storage, namespaces = {}, types }) {
  const sorted = (entries) => Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  const layout = {
    storage: storage.map(item),
    namespaces: sorted(Object.entries(namespaces).map(([name, items]) => [name, items.map(item)])),
  };
  const known = {};
  for (const [id, { label, numberOfBytes, members, underlying }] of Object.entries(types)) {
    const type = { label, numberOfBytes };
    if (members) type.members = members.map((member) => (typeof member === "string" ? member : item(member)));
    if (underlying) type.underlying = stabilizeTypeIdentifier(underlying);
    const name = stabilizeTypeIdentifier(id);
    if (name in known && JSON.stringify(known[name]) !== JSON.stringify(type)) {
      throw new Error(`two different types are called ${name}; give one another name`);
    }
    known[name] = type;
  }
  const used = new Set();
  const use = (id) => {
    for (const name of Object.keys(known)) {
      if (used.has(name) || !id.includes(name)) continue;
      used.add(name);
      const { members = [], underlying } = known[name];
      for (const member of members) if (typeof member !== "string") use(member.type);
      if (underlying) use(underlying);
    }
  };
  for (const { type } of [layout.storage, ...Object.values(layout.namespaces)].flat()) use(type);
  layout.types = sorted(Object.entries(known).filter(([name]) => used.has(name)));
  return layout;
}

function item({ contract, label, type, slot, offset, renamedFrom, retypedFrom, src }) {
  return { contract, label, type: stabilizeTypeIdentifier(type), slot, offset, renamedFrom, retypedFrom, src };
}

for (const file of Object.values(sources)) read(file);
const input = {
  language: "Solidity",
  sources: Object.fromEntries(Object.entries(texts).map(([name, content]) => [name, { content }])),
  settings: { outputSelection: { "*": { "*": ["storageLayout", "evm.methodIdentifiers"], "": ["ast"] } } },
};
const output = compile(input);
// What was imported; the library wants to see it all.
for (const [name, content] of Object.entries(texts)) input.sources[name] = { content };
for (const [file, contracts] of Object.entries(output.contracts)) {
  for (const [name, contract] of Object.entries(contracts)) {
    // Layouts need no bytecode; the library tells contracts apart by it, so it gets their names.
    const wanted = sources[name] === file;
    contract.evm.bytecode = { object: wanted ? Buffer.from(`${file}:${name}`).toString("hex") : "", linkReferences: {} };
  }
}
const namespaced = compile(upgrades.makeNamespacedInput(input, output));
const decodeSource = upgrades.solcInputOutputDecoder(input, output);
const validation = upgrades.validate(output, decodeSource, solc.version().split("+")[0], input, namespaced);

const result = {};
for (const name of Object.keys(sources)) {
  const version = upgrades.getContractVersion(validation, `${sources[name]}:${name}`);
  const layout = stable(upgrades.getStorageLayout([validation], version));
  const options = upgrades.withValidationDefaults({ kind: "uups" });
  const errors = upgrades.getErrors([validation], version, options);
  const report = originals[name] && upgrades.getStorageUpgradeReport(originals[name], layout, options);
  result[name] = {
    layout,
    unsafe: errors.length > 0 ? new upgrades.UpgradeableContractErrorReport(errors).explain(false) : "",
    incompatible: report && !report.pass ? report.explain(false) : "",
  };
}
// Positions in the sources are for the explanations alone: any line of any file moves them.
process.stdout.write(JSON.stringify(result, (key, value) => (key === "src" ? undefined : value)));
