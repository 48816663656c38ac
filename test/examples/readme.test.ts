// README shows tested code only.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const examples = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(ROOT, 'examples', name), 'utf8'));

test('each piece of code in README stands in an example', () => {
  const pieces = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);

  expect(pieces.length).toBeGreaterThan(4);
  expect(pieces.filter((piece) => !examples.some((example) => example.includes(piece)))).toEqual([]);
});

test('its first program is examples/first.ts, whole', () => {
  expect(readme).toContain(`\`\`\`ts\n${readFileSync(join(ROOT, 'examples/first.ts'), 'utf8')}\`\`\`\n`);
});
