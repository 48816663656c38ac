// Runs what is too long for CI: `npm run soak`, or a part of it by name (`npm run stress` is `soak stress`).
// The tests are the same files as in `npm test`; environment variables make them long.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const hours = (n) => n * 3_600_000;

const PARTS = [
  { name: 'fuzz', files: /fuzz[^/]*\.test\.ts$/, env: { FUZZ_FRAMES: '1000000' } },
  { name: 'stress', files: /stress[^/]*\.test\.ts$/, env: { STRESS_SECONDS: '600' } },
  // Everything on the mock cluster, with workers that pause at random: what depends on who is first comes out here.
  {
    name: 'pauses',
    files: /^test\/(mock|faults)\/.*\.test\.ts$/,
    env: { WORKER_PAUSES: '1' },
    projects: ['mock'],
    limitMs: 120_000,
  },
  { name: 'soak', files: /^test\/(?!real\/).*soak[^/]*\.test\.ts$/, env: { SOAK_SECONDS: '3600' } },
  { name: 'kafka', files: /^test\/real\/.*soak[^/]*\.test\.ts$/, env: { SOAK_SECONDS: '3600' }, projects: ['real'] },
];

const tests = readdirSync(join(root, 'test'), { recursive: true }).map((file) => `test/${file.replaceAll('\\', '/')}`);

function runPart({ name, files, env, projects = ['unit', 'mock'], limitMs = hours(6) }) {
  const found = tests.filter((file) => files.test(file));
  if (found.length === 0) {
    console.log(`soak: ${name}: there is no such test yet`);
    return true;
  }
  const settings = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, process.env[key] ?? value]));
  const which = found.length > 10 ? `${found.length} files` : found.join(', ');
  console.log(`soak: ${name}: ${which} with ${JSON.stringify(settings)}`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const named = projects.flatMap((project) => ['--project', project]);
  const args = [vitest, 'run', ...named, `--testTimeout=${limitMs}`, ...found];
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...settings },
  });
  return status === 0;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`soak: no part named ${unknown.join(', ')}; there are ${PARTS.map((part) => part.name).join(', ')}`);
  process.exit(1);
}
const failed = PARTS.filter((part) => wanted.length === 0 || wanted.includes(part.name)).filter(
  (part) => !runPart(part),
);
if (failed.length > 0) {
  console.error(`soak: red: ${failed.map((part) => part.name).join(', ')}`);
  process.exitCode = 1;
}
