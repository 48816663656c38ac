// Makes test/golden/vectors/partitioners/librdkafka.jsonl: random keys, and where an installed librdkafka (librdkafka-dev, gcc) puts
// them. By hand: node scripts/vectors/sample_partitioners.mjs
import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KEYS = 400;
const LONGEST = 100;

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'partitioners-'));
try {
  const program = join(folder, 'partitioners');
  execFileSync('gcc', ['-O1', '-o', program, at('partitioners.c'), '-lrdkafka'], { stdio: 'inherit' });
  const asked = Array.from({ length: KEYS }, (_, i) => ({
    key: randomBytes(i === 0 ? 0 : randomInt(1, LONGEST)).toString('hex'),
    count: randomInt(1, i % 2 === 0 ? 20 : 100_000),
  }));
  const input = asked.map(({ key, count }) => `${count} ${key}\n`).join('');
  const answers = execFileSync(program, { input, encoding: 'utf8' }).trim().split('\n');
  const lines = asked.map(({ key, count }, i) => {
    const [consistent, murmur2, fnv1a] = answers[i].split(' ').map(Number);
    return `${JSON.stringify({ key, count, consistent, murmur2, fnv1a })}\n`;
  });
  writeFileSync(at('../../test/golden/vectors/partitioners/librdkafka.jsonl'), lines.join(''));
} finally {
  rmSync(folder, { recursive: true });
}
