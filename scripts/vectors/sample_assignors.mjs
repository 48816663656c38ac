// Writes the committed sample of what Kafka's own assignors do, test/golden/assignors/rounds.jsonl.gz: random groups over
// several rounds, and a last line with the user data of cooperative-sticky. Needs Java and Maven:
// node scripts/vectors/sample_assignors.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { assignedByKafka, RELEASES } from './kafka.mjs';

const SEED = 20_261_121;
const GROUPS = 500;
const folder = new URL('../../test/golden/assignors/', import.meta.url);

const { rounds, userData } = await assignedByKafka(RELEASES[0], SEED, GROUPS);
const lines = [...rounds, { userData }].map((line) => `${JSON.stringify(line)}\n`);
const bytes = gzipSync(lines.join(''), { level: 9 });
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('rounds.jsonl.gz', folder), bytes);
console.log(`${rounds.length} rounds, ${bytes.length} bytes`);
