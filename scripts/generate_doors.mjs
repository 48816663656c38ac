// Writes the doors src/index.ts, src/rdkafka.ts, src/rdkafka_mock.ts and src/testing.ts: what src/api/ exports and
// functions.tsv names, in the header's order (api.md rule 1). Run it after adding a function; `--check` writes nothing and fails when one is stale.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');

/** Rule 2: names that can't be declared, and what they are declared as in src/api/. */
const DECLARED_AS = { new: 'new_', yield: 'yield_' };
/** api.md section 2, exported by `rdkafka-ts` alone, from wherever it is declared. */
const PROMISE_VALUES = [
  ...['KafkaError', 'package_version', 'out', 'producer_new', 'consumer_new', 'produce_async', 'room_async'],
  ...['transaction', 'messages', 'batches', 'each', 'poll_start', 'close_async'],
];
const PROMISE_TYPES = [
  ...[
    'Bytes',
    'Out',
    'TopicPartition',
    'MaybePromise',
    'ErrorType',
    'ApiName',
    'Statistics',
    'StallCause',
    'Properties',
  ],
  ...['Signal', 'Wait', 'Hooks', 'ConsumerHooks', 'HeaderInput', 'ProduceMessage', 'Report', 'Message'],
  ...['MessagesOptions', 'BatchesOptions', 'EachOptions', 'EachHandler', 'EachContext', 'FailureAnswer'],
];
/** api.md section 3, exported by `rdkafka-ts/testing` alone. */
const TESTING_VALUES = ['mock_cluster', 'suite_cluster', 'open_handles'];
const TESTING_TYPES = ['TestContext', 'ClusterOptions', 'StoredRecord', 'RequestSeen', 'Where', 'MockCluster'];
const PROMISE_ROOMS = ['promise', 'api', 'conf', 'defs'];

/** functions.tsv as objects, in the header's order. */
export function functionRows() {
  const [head, ...lines] = read('reference/functions.tsv').trimEnd().split('\n');
  const names = head.split('\t');
  const rows = lines.map((line) => {
    const cells = line.split('\t');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
  return rows.sort((a, b) => a.header.localeCompare(b.header) || Number(a.header_line) - Number(b.header_line));
}

/** Exported names of a source text, by regular expression: { values, types }. */
export function exportsOf(text) {
  const values = new Set();
  const types = new Set();
  for (const m of text.matchAll(/^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|class) (\w+)/gm)) {
    values.add(m[1]);
  }
  for (const m of text.matchAll(/^export (?:type|interface) (\w+)/gm)) types.add(m[1]);
  for (const m of text.matchAll(/^export (type )?\{([^}]*)\}/gm)) {
    for (const part of m[2]
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)) {
      // `type as x` is a value named `type`.
      const isType = m[1] !== undefined || (part.startsWith('type ') && !part.startsWith('type as '));
      (isType ? types : values).add(
        part
          .replace(/^type (?!as )/, '')
          .split(/ as /)
          .at(-1)
          .trim(),
      );
    }
  }
  return { values, types };
}

function sources(room) {
  const dir = new URL(`src/${room}/`, root);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => ({ path: `./${room}/${name}`, ...exportsOf(read(`src/${room}/${name}`)) }));
}

/** C name without prefix -> { path, declared } for every function of functions.tsv that src/api/ exports, and its twin. */
export function apiFunctions() {
  const found = new Map();
  const files = sources('api');
  for (const row of functionRows()) {
    const plain = row.name.replace('rd_kafka_', '');
    for (const name of [plain, `${plain}_async`]) {
      const wanted = [DECLARED_AS[name] ?? name, name];
      const hits = files.filter((file) => wanted.some((one) => file.values.has(one)));
      if (hits.length > 1) throw new Error(`${name} is exported by ${hits.map((file) => file.path).join(' and ')}`);
      if (hits.length === 1) {
        found.set(name, { path: hits[0].path, declared: wanted.find((one) => hits[0].values.has(one)) });
      }
    }
  }
  return found;
}

function functionLines(header, nameOf) {
  const found = apiFunctions();
  const done = new Set();
  let section = '';
  let text = '';
  for (const row of functionRows()) {
    if (row.header !== header) continue;
    const plain = row.name.replace('rd_kafka_', '');
    let lines = '';
    for (const name of [plain, `${plain}_async`]) {
      const hit = found.get(name);
      if (hit === undefined || done.has(name)) continue;
      done.add(name);
      lines += line(hit, nameOf(name));
    }
    if (lines === '') continue;
    if (section !== row.section) text += `\n// ${row.section}\n`;
    section = row.section;
    text += lines;
  }
  return text;
}

function line({ path, declared }, exported) {
  if (exported === 'rd_kafka_metadata') return metadataLines(path);
  if (exported === declared) return `export { ${declared} } from '${path}';\n`;
  return `export { ${declared} as ${exported} } from '${path}';\n`;
}

// The one name that is a function and a struct: declared here, once, with both meanings, or TypeScript answers TS2300. Its
// docstring comes along.
function metadataLines(path) {
  const [docstring] = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n(?=export function metadata\()/.exec(read(`src/${path}`));
  return `${docstring}export const rd_kafka_metadata: typeof metadata = metadata;\nexport type rd_kafka_metadata = rd_kafka_metadata_t;\n`;
}

function head(what) {
  const ignore = ['assist/source/organizeImports', 'format'].map(
    (rule) => `// biome-ignore-all ${rule}: the header's order\n`,
  );
  return `// Generated by scripts/generate_doors.mjs: do not edit.\n// ${what} @thread app\n${ignore.join('')}`;
}

function rdkafka() {
  const metadata = apiFunctions().get('metadata');
  let text = head('Door `rdkafka-ts/rdkafka`: rdkafka.h under its C names, in its order.');
  if (metadata !== undefined) {
    text += `import { metadata } from '${metadata.path}';\nimport type { rd_kafka_metadata_t } from './defs/types.ts';\n`;
  }
  text += "\n// constants, macros, enum types\nexport * from './defs/enums.ts';\n";
  text += `export {\n${macros()
    .map((name) => `  ${name},\n`)
    .join('')}  type rd_kafka_vu_t,\n} from './defs/vu.ts';\n`;
  text +=
    "\n// types; out() makes an out-parameter\nexport type * from './defs/types.ts';\nexport { type Out, out } from './defs/out.ts';\n";
  return text + functionLines('rdkafka.h', (name) => `rd_kafka_${name}`);
}

function rdkafkaMock() {
  let text = head('Door `rdkafka-ts/rdkafka_mock`: rdkafka_mock.h under its C names, in its order.');
  text +=
    "\n// RD_KAFKAP_*: the API keys\nexport * from './defs/mock_enums.ts';\n\n// types\nexport type * from './defs/mock_types.ts';\n";
  return text + functionLines('rdkafka_mock.h', (name) => `rd_kafka_${name}`);
}

function testing() {
  let text = head(
    "Door `rdkafka-ts/testing`: the mock cluster of a test, and rdkafka_mock.h's functions without their prefix.",
  );
  text += `\n// the cluster of a test\n${namedLines(['testing'], TESTING_VALUES, TESTING_TYPES)}`;
  text +=
    "\n// RD_KAFKAP_*: the API keys\nexport * from './defs/mock_enums.ts';\n\n// types\nexport type * from './defs/mock_types.ts';\n";
  return text + functionLines('rdkafka_mock.h', (name) => name);
}

function index() {
  let text = head('Door `rdkafka-ts`: rdkafka.h without its prefix, and the promise forms.');
  text += "\n// constants, macros, enum types\nexport * from './defs/enums.ts';\n";
  text += `export {\n${macros()
    .map((name) => `  ${name},\n`)
    .join('')}  type rd_kafka_vu_t,\n} from './defs/vu.ts';\n`;
  text += "\n// types\nexport type * from './defs/types.ts';\n";
  text += `\n// the promise forms, and what goes with them\n${namedLines(PROMISE_ROOMS, PROMISE_VALUES, PROMISE_TYPES)}`;
  return text + functionLines('rdkafka.h', (name) => (name === 'yield' ? 'yield_' : name));
}

/** What has these names, from wherever in the rooms it is declared; nothing for what is not there. */
function namedLines(rooms, values, types) {
  const files = rooms.flatMap(sources);
  // `export type * from './defs/types.ts'` and `export * from './defs/enums.ts'` have these already.
  const starred = new Set(['./defs/types.ts', './defs/enums.ts', './defs/enums.generated.ts']);
  const lines = [];
  for (const [names, kind] of [
    [values, 'values'],
    [types, 'types'],
  ]) {
    for (const name of names) {
      const file = files.find((one) => one[kind].has(name));
      if (file === undefined || starred.has(file.path)) continue;
      lines.push(`export ${kind === 'types' ? 'type ' : ''}{ ${name} } from '${file.path}';\n`);
    }
  }
  return lines.join('');
}

function macros() {
  return [...exportsOf(read('src/defs/vu.ts')).values].filter((name) => name.startsWith('RD_KAFKA_')).sort();
}

export function generateDoors() {
  return {
    'src/index.ts': index(),
    'src/rdkafka.ts': rdkafka(),
    'src/rdkafka_mock.ts': rdkafkaMock(),
    'src/testing.ts': testing(),
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const check = process.argv.includes('--check');
  for (const [path, text] of Object.entries(generateDoors())) {
    const target = new URL(path, root);
    if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
    if (!check) writeFileSync(target, text);
    console.log(`${check ? 'stale' : 'written'}: ${path}`);
    if (check) process.exitCode = 1;
  }
}
