// What an editor makes of the schema of a sandbox spec: what it offers, what it says of a key, what
// it marks. `‸` is the author's place in a document.
//
//     node tests/schema/editor.cjs
//
// Needs the package vscode-json-languageservice; `.ci/editor` installs it.
const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { createRequire } = require("node:module");
const here = createRequire(join(process.cwd(), "package.json"));
const { getLanguageService, TextDocument } = here("vscode-json-languageservice");

const file = join(__dirname, "../../schema/sandbox-spec.json");
const schema = JSON.parse(readFileSync(file, "utf8"));
const service = getLanguageService({});
service.configure({ schemas: [{ uri: "schema://spec", fileMatch: ["*"], schema }] });

const open = (text) => {
  const document = TextDocument.create("file:///spec.json", "json", 1, text.replace("‸", ""));
  const place = document.positionAt(Math.max(text.indexOf("‸"), 0));
  return { document, parsed: service.parseJSONDocument(document), place };
};

const offers = async (text) => {
  const { document, parsed, place } = open(text);
  return (await service.doComplete(document, place, parsed)).items;
};

const says = async (text) => {
  const { document, parsed, place } = open(text);
  const hover = await service.doHover(document, place, parsed);
  return hover.contents.join("\n").replace(/\\(.)/g, "$1");
};

const marks = async (text) => {
  const { document, parsed } = open(text);
  const found = await service.doValidation(document, parsed, { schemaValidation: "error" });
  return found.map((one) => `${document.getText(one.range)}: ${one.message}`);
};

// A snippet as it is once its author has taken every suggestion.
const taken = (snippet) =>
  snippet
    .replace(/\$\{\d+\|([^,|]*)[^}]*\}/g, "$1")
    .replace(/\$\{\d+:((?:[^}\\]|\\.)*)\}/g, "$1")
    .replace(/\$\d+/g, "")
    .replace(/\\([$}\\])/g, "$1");

const START = '{"name": "web-1", "image": {"Oci": {"reference": "alpine:3.20"}}, ';

// [document, some labels that are offered, whether each of them makes a document without mistakes]
const COMPLETIONS = [
  ['{"name": "web-1", ‸}', ["image"], true],
  [START + "‸}", ["mounts", "init", "env", "labels", "rlimits", "patches"], true],
  [START + "‸}", ["network", "runtime", "resources", "lifecycle"], true],
  [START + "‸}", ["pull_policy", "security_profile"], false],
  ['{"name": "web-1", "image": ‸}', ["OCI image"], true],
  ['{"name": "web-1", "image": {‸}}', ["Bind", "Oci", "DiskImage"], true],
  [START + '"network": {‸}}', ["ports", "policy", "dns", "enabled"], true],
  [START + '"network": {"ports": [‸]}}', ["Published port"], true],
  [START + '"env": [‸]}', ["Environment variable"], true],
  [START + '"rlimits": [‸]}', ["Resource limit"], true],
  [START + '"rlimits": [{"soft": 1, "hard": 1, "resource": ‸}]}', ['"Nofile"', '"Core"'], true],
  [
    START + '"mounts": [‸]}',
    ["Directory or file on the host", "Named volume", "Filesystem in memory", "Disk image"],
    true,
  ],
  [START + '"mounts": [{"type": "‸"}]}', ['"Bind"', '"Named"', '"Tmpfs"', '"DiskImage"'], false],
  [START + '"mounts": [{"type": "Tmpfs", "guest": "/a", ‸}]}', ["options", "size_mib"], true],
  [START + '"patches": [{‸}]}', ["Text", "CopyFile", "Mkdir"], true],
  [START + '"patches": [{‸}]}', ["File", "Symlink", "Remove", "Append", "CopyDir"], false],
  [START + '"init": {"cmd": ‸}}', ['"auto"', '"/sbin/init"'], true],
  [START + '"init": {"cmd": "auto", ‸}}', ["args", "env"], true],
  [START + '"pull_policy": ‸}', ['"IfMissing"', '"Always"', '"Never"'], true],
  [START + '"security_profile": ‸}', ['"default"', '"restricted"'], true],
];

const HOVERS = [
  ['{"na‸me": "a"}', "The sandbox's name: 1 to 128 ASCII letters"],
  ['{"im‸age": {"Oci": {"reference": "a"}}}', "Where a root filesystem comes from."],
  ['{"image": {"O‸ci": {"reference": "a"}}}', "An OCI image."],
  ['{"image": {"B‸ind": "/a"}}', "The path of a directory on the host."],
  ['{"image": {"Oci": {"ref‸erence": "a"}}}', "The image's reference, such as `alpine:3.20`."],
  ['{"resources": {"cp‸us": 1}}', "The number of virtual CPUs; 1 by default."],
  ['{"pull_pol‸icy": "Always"}', "When to pull an image from its registry.\n\n`Always`: Every time."],
  ['{"mounts": [{"ty‸pe": "Tmpfs", "guest": "/a"}]}', "A filesystem in the guest's memory."],
  ['{"mounts": [{"type": "Tmpfs", "gue‸st": "/a"}]}', "The path inside the guest."],
  ['{"init": {"cm‸d": "auto"}}', "or `auto` to let the guest find one."],
  ['{"runtime": {"metrics_sample_inter‸val_ms": 1}}', "`null` turns sampling off."],
  ['{"network": {"ports": [{"host_‸bind": "::"}]}}', "The address on the host to listen on"],
  ['{"patches": [{"Mk‸dir": {"path": "/a"}}]}', "Creates a directory."],
  ['{"rlimits": [{"resource": "Nof‸ile"}]}', "`Nofile`: The number of open files"],
];

const IMAGE = "Must be an object with exactly one of `Bind`, `Oci`, `DiskImage`.";
const PATH = "Must be an absolute path in the guest, without `//`, `.` and `..`.";
const DIAGNOSTICS = [
  [START + '"env": []}', []],
  ["{}", ['{: Missing property "name".', '{: Missing property "image".']],
  ['{"name": "a", "image": "alpine"}', [`"alpine": ${IMAGE}`]],
  ['{"name": "a", "image": {"oci": {"reference": "alpine"}}}', [`"oci": ${IMAGE}`]],
  ['{"name": "a", "image": {"Oci": {"reference": "a"}, "Bind": "/a"}}', [`"Bind": ${IMAGE}`]],
  [
    '{"name": "a", "image": {"Oci": {"reference": "Alpine"}}}',
    ['"Alpine": Must look like `registry.example/team/app:1.2`.'],
  ],
  [
    '{"name": "a b", "image": {"Oci": {"reference": "alpine"}}}',
    [
      '"a b": May contain only ASCII letters, digits, `.`, `-` and `_`, and must start with a ' +
        "letter or digit.",
    ],
  ],
  [
    START + '"mounts": [{"type": "bind", "host": "/a", "guest": "/b"}]}',
    ['"bind": Must be one of `Bind`, `Named`, `Tmpfs`, `DiskImage`.'],
  ],
  [START + '"mounts": [{"type": "Tmpfs", "guest": "data"}]}', [`"data": ${PATH}`]],
  [START + '"mounts": [{"type": "Tmpfs", "guest": "/a/../b"}]}', [`"/a/../b": ${PATH}`]],
  [START + '"mounts": [{"type": "Tmpfs", "guest": "/a/"}]}', []],
  [
    START + '"env": [{"key": "A=b", "value": ""}]}',
    ['"A=b": Must not contain `=` or a NUL character.'],
  ],
  [
    START + '"init": {"cmd": "auto", "env": [["", ""]]}}',
    ['"": String is shorter than the minimum length of 1.'],
  ],
  [
    START + '"init": {"cmd": "sbin/init"}}',
    ['"sbin/init": Must be an absolute path in the guest or `auto`.'],
  ],
  [
    START + '"runtime": {"entrypoint": [""]}}',
    ['"": String is shorter than the minimum length of 1.'],
  ],
  [
    START + '"runtime": {"hostname": "a b"}}',
    ['"a b": Must not contain a space, `/` or a control character.'],
  ],
  [
    START + '"network": {"ports": [{"host_port": 0, "guest_port": 80, "host_bind": "localhost"}]}}',
    ['"localhost": Must be an IP address, such as `127.0.0.1` or `0.0.0.0`.'],
  ],
  [
    START + '"pull_policy": "always"}',
    ['"always": Value is not accepted. Valid values: "IfMissing", "Always", "Never".'],
  ],
  [START + '"resources": {"memory": 512}}', ['"memory": Property memory is not allowed.']],
];

(async () => {
  for (const [text, labels, whole] of COMPLETIONS) {
    const items = await offers(text);
    for (const label of labels) {
      const item = items.find((item) => item.label === label);
      assert(item, `${label} in ${text}: ${items.map((item) => item.label)}`);
      const { document } = open(text);
      const snippet = item.textEdit?.newText ?? item.insertText;
      const inserted = TextDocument.applyEdits(document, [
        { range: item.textEdit.range, newText: taken(snippet) },
      ]);
      const found = whole ? await marks(inserted) : [];
      assert.deepStrictEqual(found, [], `${label} in ${text} makes ${inserted}`);
    }
  }
  for (const [text, expected] of HOVERS) {
    const words = await says(text);
    assert(words.includes(expected), `${text}: ${words}`);
  }
  for (const [text, expected] of DIAGNOSTICS) {
    assert.deepStrictEqual(await marks(text), expected, text);
  }
  const cases = COMPLETIONS.length + HOVERS.length + DIAGNOSTICS.length;
  console.log(`${cases} documents are completed, explained and checked`);
})();
