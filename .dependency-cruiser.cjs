// Who may import whom: the table of ARCHITECTURE.md. Each folder may use itself and what is listed, nothing else of ours.
const ports = "^(actors|cluster)/.*\\bports\\.ts$";
const actorPorts = "^actors/.*\\bports\\.ts$";
const mayImport = {
  lib: [],
  protos: ["^lib/"],
  actors: ["^lib/", "^protos/"],
  cluster: ["^lib/", "^protos/"],
  gateway: ["^lib/", "^protos/", "^cluster/"],
  storage: ["^lib/", "^protos/", ports],
  push: ["^lib/", "^protos/", actorPorts],
  media: ["^lib/", "^protos/", actorPorts],
  client: ["^lib/", "^protos/"],
  app: ["^lib/", "^protos/", "^client/"],
  console: ["^lib/", "^gateway/rest/.*types\\.ts$"],
};
const folders = [...Object.keys(mayImport), "bin"];
const ours = `^(${[...folders, "test", "scripts"].join("|")})/`;

// A heavy package has one home, so that it can be replaced or left out at one place.
const homes = {
  "nact": "^actors/runtime/",
  "uWebSockets.js": "^gateway/",
  "@trufflesuite/uws-js-unofficial": "^gateway/",
  "@grpc/(grpc-js|proto-loader)": "^cluster/transport/",
  "(nats|@nats-io/[^/]+)": "^cluster/bus/",
  "(cassandra-driver|@scylladb/driver)": "^storage/cql/",
  "lmdb": "^storage/lmdb/",
  "apns2": "^push/",
  "google-auth-library": "^push/",
  "@signalapp/libsignal-client": "^(client/|actors/runtime/signatures[^/]*\\.ts$)",
  "@signalapp/sqlcipher": "^client/",
  "protobufjs": "^protos/",
  "(ink|react)": "^app/tui/",
};

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: { pathNot: "^test/" }, to: { circular: true } },
    {
      name: "no-circular-in-tests",
      severity: "error",
      comment: "A world and its parts may name each other's types.",
      from: { path: "^test/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "resolvable", severity: "error", comment: "An import that leads nowhere.", from: {}, to: { couldNotResolve: true } },
    {
      name: "declared",
      severity: "error",
      comment: "Shipped code uses only what package.json lists under dependencies.",
      from: { path: `^(${folders.join("|")})/` },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "lib-is-bare",
      severity: "error",
      comment: "lib uses nothing but Node itself.",
      from: { path: "^lib/" },
      to: { dependencyTypes: ["npm", "npm-optional", "npm-peer"] },
    },
    {
      name: "kinds-are-apart",
      severity: "error",
      comment: "Actor kinds speak by messages; none imports another, nor the shell.",
      from: { path: "^actors/(conversation|device|account)/" },
      to: { path: "^actors/(conversation|device|account|runtime)/", pathNot: "^actors/$1/" },
    },
    ...Object.entries(mayImport).map(([folder, allowed]) => ({
      name: `${folder}-imports`,
      severity: "error",
      comment: `${folder}/ imports what the table in ARCHITECTURE.md allows.`,
      from: { path: `^${folder}/` },
      to: { path: ours, pathNot: [`^${folder}/`, ...allowed] },
    })),
    { name: "nothing-imports-tests", severity: "error", from: { path: `^(${folders.join("|")})/` }, to: { path: "^(test|scripts)/" } },
    ...Object.entries(homes).map(([name, home]) => ({
      name: `home-of-${name.replace(/[^a-zA-Z0-9]+/g, "-").replace(/^-|-$/g, "")}`,
      severity: "error",
      from: { path: `^(${folders.join("|")})/`, pathNot: home },
      to: { path: `(^|node_modules/)${name.replace(/\./g, "\\.")}(/|$)`, pathNot: ours },
    })),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|protos/gen)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.test.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["main", "types"],
    },
  },
};
