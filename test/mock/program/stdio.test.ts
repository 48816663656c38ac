// Standard output, error and input of a program that blocks.
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type ChildOptions, childRunner, type RunChild } from '../../kit/child.ts';
import { until } from '../../kit/until.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

const program = (main: string): string => `program(import.meta.url, ${main});`;
const PIPES: ChildOptions = { stdio: ['pipe', 'pipe', 'pipe'] };

test('what is written has been written, in order, whatever wrote it and however main ends', async () => {
  const child = run(
    program(`() => {
      stdout.write('a'); console.log('b'); process.stdout.write('c'); stdout.write(new Uint8Array([100]));
      console.error('E'); stderr.write('F');
      process.kill(process.pid, 'SIGKILL');
      for (;;);
    }`),
  );

  expect(await child.ended).toBe('SIGKILL');
  expect(child.out()).toBe('ab\ncd');
  expect(child.err()).toBe('E\nF');
});

test.each([
  ['a pipe that blocks', ''],
  ['a pipe that does not', 'process.stdout;'],
])('2 MB get through %s to a slow reader', async (_what, before) => {
  const child = run(
    `${before}${program(`() => {
      const line = 'x'.repeat(99) + '\\n';
      for (let i = 0; i < 20_000; i++) stdout.write(line);
      console.log('end');
    }`)}`,
    { read: false },
  );
  let text = '';
  const { stdout } = child.process;
  stdout!.setEncoding('utf8');
  // 64 KB at a time, with the pipe full in between.
  stdout!.on('data', (piece: string) => {
    text += piece;
    stdout!.pause();
    setImmediate(() => stdout!.resume());
  });

  expect(await child.ended).toBe(0);
  expect(text).toBe(`${`${'x'.repeat(99)}\n`.repeat(20_000)}end\n`);
});

test('a reader that goes ends the program without a word, with the code that a shell shows for SIGPIPE', async () => {
  const child = run(
    program(`() => {
      for (;;) stdout.write('line\\n');
    }`),
    { read: false },
  );
  child.process.stdout!.destroy();
  let err = '';
  child.process.stderr!.on('data', (piece) => (err += piece));

  expect(await child.ended).toBe(141);
  expect(err).toBe('');
});

test('main may catch that its reader has gone, and end in order', async () => {
  const child = run(
    program(`() => {
      try { for (;;) stdout.write('line\\n'); }
      catch (error) { stderr.write(error.code + ' ' + error.fd + '\\n'); return 5; }
    }`),
    { read: false },
  );
  child.process.stdout!.destroy();
  let err = '';
  child.process.stderr!.on('data', (piece) => (err += piece));

  expect(await child.ended).toBe(5);
  expect(err).toBe('EPIPE 1\n');
});

test('console does not mind a reader that has gone', async () => {
  const child = run(
    program(`async () => {
      for (let i = 0; i < 10_000; i++) console.log('line');
      await new Promise((done) => setTimeout(done, 10));
      return 5;
    }`),
    {
      read: false,
    },
  );
  child.process.stdout!.destroy();

  expect(await child.ended).toBe(5);
});

test('process.stdout minds it as an error event', async () => {
  const child = run(
    program(`async () => {
      for (;;) {
        process.stdout.write('line');
        await new Promise((done) => setTimeout(done, 1));
      }
    }`),
    { read: false },
  );
  child.process.stdout!.destroy();

  expect(await child.ended).toBe(141);
});

test('handlers of signals run while a write waits for its reader', async () => {
  const child = run(
    `process.stdout;${program(`() => {
      signal('SIGINT', () => { stderr.write('handler\\n'); });
      stderr.write('writing\\n');
      stdout.write('x'.repeat(1_000_000));
      return 3;
    }`)}`,
    { read: false },
  );
  let err = '';
  child.process.stderr!.on('data', (piece) => (err += piece));
  await until(() => err.includes('writing'));

  child.process.kill('SIGINT');
  await until(() => err.includes('handler'));
  child.process.stdout!.resume();

  expect(await child.ended).toBe(3);
});

const ECHO = program(`() => {
  for (let line = getline(); line !== null; line = getline()) stdout.write('<' + line + '>');
  stdout.write('end ' + k.rd_kafka_last_error() + ' ' + getline());
}`);

test('lines come one by one, and null at the end', async () => {
  const child = run(ECHO, PIPES);

  child.process.stdin!.write('one\ntw');
  await child.says(/<one>/);
  child.process.stdin!.write('o\n\ndr');
  await child.says(/<two><>/);
  child.process.stdin!.end('ei');

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('<one><two><><drei>end 0 null');
});

test('a long line, and many of them, come whole', async () => {
  const child = run(
    program(`() => {
      let lines = 0, letters = 0;
      for (let line = getline(); line !== null; line = getline()) { lines++; letters += line.length; }
      stdout.write(lines + ' ' + letters);
    }`),
    PIPES,
  );

  child.process.stdin!.end(`${'é'.repeat(1_000_000)}\n${'x\n'.repeat(100_000)}`);

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('100001 1100000');
});

test.each([
  ['/dev/null', '/dev/null', 'end 0 null'],
  ['a file', `${import.meta.dirname}/../../../LICENSE`, /^<MIT License><>.*end 0 null$/],
])('standard input may be %s', async (_what, path, expected) => {
  const fd = openSync(path, 'r');
  const child = run(ECHO, { stdio: [fd, 'pipe', 'pipe'] });

  expect(await child.ended).toBe(0);
  expect(child.out()).toMatch(expected);
  closeSync(fd);
});

test('standard input that can not be read is an error', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rdkafka-stdin-'));
  const fd = openSync(join(dir, 'only-written'), 'w');
  const child = run(ECHO, { stdio: [fd, 'pipe', 'pipe'] });

  expect(await child.ended).toBe(1);
  expect(child.err()).toMatch(/getline: standard input can't be read: EBADF/);
  closeSync(fd);
  rmSync(dir, { recursive: true });
});

test('a signal wakes getline, and what comes later is not lost', async () => {
  const child = run(
    program(`() => {
      signal('SIGUSR2', () => stdout.write('handler '));
      stdout.write('waiting ');
      stdout.write(getline() + ' ' + k.rd_kafka_last_error() + ' ');
      stdout.write(getline() + ' ' + k.rd_kafka_last_error());
    }`),
    PIPES,
  );
  await child.says(/waiting/);

  child.process.kill('SIGUSR2');
  await child.says(/null -163/);
  child.process.stdin!.write('line\n');

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('waiting handler null -163 line 0');
});

test('a program that does not read leaves standard input to those that it starts', async () => {
  const child = run(
    `import { execFileSync } from 'node:child_process';
     ${program(`() => { stdout.write(execFileSync('cat', { stdio: [0, 'pipe', 'inherit'] })); }`)}`,
    PIPES,
  );

  child.process.stdin!.end('for cat\n');

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('for cat\n');
});

test('getline without a program reads the descriptor itself', async () => {
  const child = run(
    `for (let line = getline(); line !== null; line = getline()) stdout.write('<' + line + '>');`,
    PIPES,
  );

  child.process.stdin!.write('one\n');
  await child.says(/<one>/);
  child.process.stdin!.end('two');

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('<one><two>');
});
