// Writes the TypeScript declarations of the documents beside their schemas.
//
//     node schema/typescript.cjs
//
// Needs the package json-schema-to-typescript; `.ci/typescript` installs it and checks the result.
const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { createRequire } = require("node:module");
const here = createRequire(join(process.cwd(), "package.json"));
const { compile } = here("json-schema-to-typescript");

// The package knows pairs by the keyword of older drafts, knows a variant's only key where it is
// required, and takes a schema without a type for an object's.
const adapted = (key, value) => {
  if (value && value.prefixItems) {
    const { prefixItems, ...rest } = value;
    return { items: prefixItems, ...rest };
  }
  if (value && value.minProperties === 1) {
    return { ...value, required: Object.keys(value.properties) };
  }
  if (value && Object.keys(value).join() === "defaultSnippets,description") {
    return { ...value, tsType: "unknown" };
  }
  return value;
};

const bannerComment = "// Made from the JSON Schema of the same name by schema/typescript.cjs.";

(async () => {
  for (const file of readdirSync(__dirname).filter((name) => name.endsWith(".json"))) {
    const schema = JSON.parse(readFileSync(join(__dirname, file), "utf8"), adapted);
    const text = await compile(schema, schema.title, { bannerComment });
    writeFileSync(join(__dirname, file.replace(/\.json$/, ".d.ts")), text);
  }
})();
