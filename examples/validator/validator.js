// The limits of n as a program: one question per line on stdin, one answer per line on stdout.
const { createInterface } = require("node:readline");

function validate(body) {
  if (!String(body?.model).startsWith("wan2.7-image")) return [];
  const { n, enable_sequential: sequential } = body.parameters ?? {};
  if (!Number.isInteger(n)) return [];
  if (n < 1) return ["wan2.7/n.min"];
  if (sequential === true) return n > 12 ? ["wan2.7/n.max:sequential"] : [];
  return n > 4 ? ["wan2.7/n.max"] : [];
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, body } = JSON.parse(line);
  console.log(JSON.stringify({ id, violations: validate(body) }));
});
