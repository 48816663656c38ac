// Writes the committed sample of Kafka's own bytes, test/golden/vectors/<message>.jsonl: random messages of every version
// of each message, more of its oldest, newest and first flexible one; and Kafka's definitions of the fields,
// test/golden/vectors/definitions-<release>.jsonl. Needs Java and Maven: node scripts/vectors/sample.mjs
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadSchemas } from '../generate_messages.mjs';
import { definedByKafka, everyMessage, RELEASES, writtenByKafka } from './kafka.mjs';

const SEED = 20_250_913;
const EACH = 12;
const EACH_BETWEEN = 4;
const folder = new URL('../../test/golden/vectors/', import.meta.url);

const { APIS } = await loadSchemas();
const every = await everyMessage();

/** Whether it is the oldest, newest or first flexible version of a message. */
function marked({ message, version }) {
  const api = APIS[message.replace(/(Request|Response)$/, '')];
  return api === undefined || [api.min, api.max, api.latest, Math.max(api.flexible, api.min)].includes(version);
}

function groupBy(lines, keyOf) {
  const groups = new Map();
  for (const line of lines) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return groups;
}

const found = new Map();
for (const release of RELEASES) {
  const lines = await writtenByKafka(release, SEED, EACH, every);
  for (const [kind, own] of groupBy(lines, ({ message, version }) => `${message} ${version}`)) {
    if (!found.has(kind)) found.set(kind, marked(own[0]) ? own : own.slice(0, EACH_BETWEEN));
  }
}

mkdirSync(folder, { recursive: true });
for (const file of readdirSync(folder)) if (file.endsWith('.jsonl')) rmSync(new URL(file, folder));
const files = groupBy([...found.values()].flat(), ({ message }) => message);
let bytes = 0;
for (const [message, lines] of files) {
  const sorted = lines.sort((a, b) => a.version - b.version);
  const text = sorted.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(new URL(`${message}.jsonl`, folder), text);
  bytes += Buffer.byteLength(text);
}
for (const release of RELEASES) {
  const text = (await definedByKafka(release, every)).map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(new URL(`definitions-${release}.jsonl`, folder), text);
  bytes += Buffer.byteLength(text);
}
console.log(`${files.size} files, ${found.size} messages and versions, ${bytes} bytes`);
