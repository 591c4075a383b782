// Holds exported FHIR against the `fhir` package (R4), which also checks required codes:
//
//   npm install --prefix FOLDER fhir@4.12
//   NODE_PATH=FOLDER/node_modules node tests/fhir/validate.js FILES...
//
// Reads Bundles and single resources (.json) and NDJSON files (.ndjson); ends with 1 if anything is wrong.
const fs = require("fs");
const { Fhir } = require("fhir");

const fhir = new Fhir();
let count = 0;
const wrong = new Map();

function check(resource) {
  count += 1;
  const { messages } = fhir.validate(resource, { errorOnUnexpected: true });
  for (const { severity, location, message } of messages) {
    if (severity !== "error" && severity !== "fatal") continue;
    const text = `${resource.resourceType}: ${location}: ${message}`;
    wrong.set(text, (wrong.get(text) || 0) + 1);
  }
}

for (const path of process.argv.slice(2)) {
  const text = fs.readFileSync(path, "utf8");
  if (path.endsWith(".ndjson")) text.split("\n").filter(Boolean).forEach((line) => check(JSON.parse(line)));
  else check(JSON.parse(text));
}
for (const [text, times] of wrong) console.log(`${times} × ${text}`);
console.log(`${count} resources, ${wrong.size} kinds of error`);
process.exit(wrong.size > 0 || count === 0 ? 1 : 0);
