// How a program begins and ends: exit codes, errors, where its module runs.
import { beforeAll, expect, test } from 'vitest';
import { childRunner, type RunChild } from '../../kit/child.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

const program = (main: string): string => `program(import.meta.url, ${main});`;

test.each([
  ['() => 7', 7],
  ['() => {}', 0],
  ['() => 256 + 3', 3],
  ['() => -1', 255],
  ['() => { process.exitCode = 4; }', 4],
  ['() => { process.exitCode = 4; return 0; }', 0],
  ['() => { process.exit(9); }', 9],
  ['async () => 5', 5],
  ['async () => { await new Promise((done) => setTimeout(done, 20)); return 6; }', 6],
  ['async () => { setTimeout(() => process.exit(8), 1); await new Promise((done) => setTimeout(done, 60_000)); }', 8],
])('%s ends the process with %i', async (main, code) => {
  const child = run(program(main));

  expect(await child.ended).toBe(code);
  expect(child.err()).toBe('');
});

test('what main leaves running does not keep the process', async () => {
  const child = run(program(`() => { setInterval(() => {}, 1000); }`));

  expect(await child.ended).toBe(0);
});

test.each([
  ['() => { throw new Error("gone wrong"); }', /^Error: gone wrong\n {4}at main/],
  ['async () => { throw new Error("gone wrong"); }', /^Error: gone wrong\n/],
  ['() => { throw Object.assign(new Error("gone wrong"), { code: "E1" }); }', /code: 'E1'/],
  ['() => { throw "text"; }', /^'text'\n$/],
  [
    '() => { Promise.reject(new Error("gone wrong")); return new Promise((done) => setTimeout(done, 60_000)); }',
    /gone wrong/,
  ],
  ['() => "text"', /TypeError: program: what main returns must be a number, not a string/],
  ['async () => 1.5', /RangeError: program: what main returns must be an integer, not 1.5/],
])('%s is told on stderr and gives 1', async (main, text) => {
  const child = run(`const main = ${main};\n${program('main')}`);

  expect(await child.ended).toBe(1);
  expect(child.err()).toMatch(text);
});

test('a promise that nothing can settle any more gives 13, as at the top level of a module', async () => {
  const child = run(program(`() => new Promise(() => {})`));

  expect(await child.ended).toBe(13);
  expect(child.err()).toBe('program: the promise of main is pending, and nothing is left that would settle it\n');
});

test('messages that main leaves undelivered are told at the end', async () => {
  const child = run(
    program(`() => {
      const rk = producer('127.0.0.1:1', null, { log_level: '0' });
      k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
      return 2;
    }`),
  );

  expect(await child.ended).toBe(2);
  expect(child.err()).toMatch(/the process ends with 1 message not delivered/);
});

test('main gets the arguments, and the worker the options and the environment of node', async () => {
  const preload = `data:text/javascript,${encodeURIComponent('globalThis.preloaded = (globalThis.preloaded ?? 0) + 1')}`;
  const child = run(
    program(`(argv) => {
      process.env.OWN = 'set';
      console.log(JSON.stringify([argv[0] === process.argv[1], argv.slice(1), preloaded, process.env.GIVEN, gc !== undefined]));
    }`),
    { execArgv: ['--import', preload, '--expose-gc'], args: ['-b', 'a b'], env: { GIVEN: 'x' } },
  );

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('[true,["-b","a b"],1,"x",true]\n');
});

test('a module that is CommonJS is given by __filename', async () => {
  const child = run(
    `program(__filename, (argv) => { stdout.write(argv[0] === __filename ? 'yes' : argv[0]); return 3; });`,
    {
      cjs: true,
    },
  );

  expect(await child.ended).toBe(3);
  expect(child.out()).toBe('yes');
});

test.each([
  [`program('here.mjs', () => 0)`, /TypeError: program: module must be import.meta.url or __filename, not a string/],
  [`program(undefined, () => 0)`, /TypeError: program: module must be import.meta.url or __filename, not undefined/],
  [`program(import.meta.url)`, /TypeError: program: main must be a function, not undefined/],
  [
    `program(import.meta.url, () => 0); program(import.meta.url, () => 0)`,
    /Error: program: it was called before, and a process has one main/,
  ],
  [`program('file:///not/there.mjs', () => 0)`, /Cannot find module/],
  [
    `program('data:text/javascript,', () => 0)`,
    /^program: the module that it was given does not call it again in its worker\n$/,
  ],
  [
    `import { Worker, isMainThread } from 'node:worker_threads';
     if (isMainThread) new Worker(new URL(import.meta.url)); else program(import.meta.url, () => 0)`,
    /Error: program: it starts in the main thread of a process/,
  ],
])('%s is refused', async (script, text) => {
  const child = run(script);

  expect(await child.ended).toBe(1);
  expect(child.err()).toMatch(text);
});

test('what stands outside main runs in both threads, and main in the worker alone', async () => {
  const child = run(`
    import { isMainThread } from 'node:worker_threads';
    stdout.write('outside ' + isMainThread + '\\n');
    program(import.meta.url, () => { stdout.write('main ' + isMainThread + '\\n'); });
    stdout.write('behind ' + isMainThread + '\\n');
  `);

  expect(await child.ended).toBe(0);
  expect(child.out().split('\n').sort()).toEqual(['', 'behind true', 'main false', 'outside false', 'outside true']);
});
