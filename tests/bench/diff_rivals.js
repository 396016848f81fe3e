// Reads pairs of JSON Schemas from standard input; prints for each tool its verdicts and seconds, as JSON.
// Run in a folder where the tools are installed.
const { createRequire } = require("module");
const load = createRequire(process.cwd() + "/");
const pairs = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const tools = {
  "json-schema-diff": async (oldSchema, newSchema) => {
    const diff = await load("json-schema-diff").diffSchemas({ sourceSchema: oldSchema, destinationSchema: newSchema });
    if (diff.removalsFound) return diff.additionsFound ? "incomparable" : "breaking";
    return diff.additionsFound ? "additive" : "none";
  },
  "json-schema-diff-validator": async (oldSchema, newSchema) => {
    try {
      load("json-schema-diff-validator").validateSchemaCompatibility(oldSchema, newSchema);
    } catch (error) {
      if (error.name !== "AssertionError") throw error;
      return "breaking";
    }
    return "compatible";
  },
};

(async () => {
  const results = {};
  for (const [name, compare] of Object.entries(tools)) {
    results[name] = [];
    for (const [oldSchema, newSchema] of pairs) {
      const start = process.cpuUsage();
      let verdict;
      try {
        verdict = await compare(structuredClone(oldSchema), structuredClone(newSchema));
      } catch (error) {
        verdict = `error: ${error.message}`.slice(0, 90);
      }
      const used = process.cpuUsage(start);
      results[name].push([verdict, (used.user + used.system) / 1e6]);
    }
  }
  console.log(JSON.stringify(results));
})();
