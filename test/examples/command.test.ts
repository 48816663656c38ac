// The commands: rdkafka-ts with its subcommands, and rdkafka-mock.
import { connect, createServer } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { beforeAll, expect, test } from 'vitest';
import { hasLines } from '../kit/docs/blocks.ts';
import { documents } from '../kit/docs/markdown.ts';
import { isFree, twoPorts } from '../kit/ports.ts';
import { programs, type StartProgram } from '../kit/programs.ts';

const COMMAND = 'src/bin/rdkafka-ts.ts';
const MOCK = 'src/bin/rdkafka-mock.ts';

const SHOWN_BY_README = documents()
  .flatMap(({ file, blocks }) => (file === 'README.md' ? blocks : []))
  .find(({ text }) => text.includes('broker 2 is shut down'))!.text;

/** The process gets its SIGINT while it writes the line: no reader could be faster. */
const AT_ONCE = `const { stdout } = process;
const write = stdout.write.bind(stdout);
stdout.write = (text, ...rest) => {
  const done = write(text, ...rest);
  if (String(text).includes('Ctrl-C ends it')) process.kill(process.pid, 'SIGINT');
  return done;
};`;

let start: StartProgram;
beforeAll(async () => {
  start = await programs(COMMAND, MOCK);
});

const run = (...args: string[]): ReturnType<StartProgram> => start(COMMAND, {}, args);

test('the demo counts every message through a broker that goes down, and loses none', async () => {
  const demo = run('demo');

  const code = await demo.ended;

  expect(demo.out()).toMatch(/broker 2 is shut down[\s\S]*one consumer leaves[\s\S]*another consumer joins/);
  expect(demo.out()).toMatch(/broker 2 is back[\s\S]*\n {2}lost {20,}0\n/);
  expect(demo.out()).toContain('every message was delivered, reported once and consumed');
  expect(hasLines(SHOWN_BY_README, demo.out())).toBe(true);
  expect(code).toBe(0);
});

test('the demo fails on a cluster that is not there, within 15 seconds', async () => {
  const demo = run('demo', '--bootstrap', `127.0.0.1:${await twoPorts()}`);

  const code = await demo.ended;

  expect(demo.out()).toContain('could not be made and written to');
  expect(demo.err()).toContain('_TRANSPORT');
  expect(code).toBe(1);
});

test('the mock serves another client on the ports it was told, until SIGTERM', async () => {
  const port = await twoPorts();
  const mock = start(MOCK, {}, ['--brokers', '2', '--port', String(port), '--topics', 'a:3,b']);
  await mock.says(/Ctrl-C ends it/);

  const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.fetchTopicMetadata({ topics: ['a', 'b'] })).topics;
  await admin.disconnect();
  mock.process.kill('SIGTERM');

  expect(topics.map(({ name, partitions }) => `${name}:${partitions.length}`).sort()).toEqual(['a:3', 'b:1']);
  expect(await mock.ended).toBe(0);
  expect(mock.out()).toContain(`127.0.0.1:${port},127.0.0.1:${port + 1}\n`);
  expect(mock.err()).toBe('');
  expect(await isFree(port)).toBe(true);
});

test('the mock ends by itself on Ctrl-C while a client is connected', async () => {
  const port = await twoPorts();
  const mock = run('mock', '--brokers', '1', '--port', String(port));
  await mock.says(/Ctrl-C ends it/);
  const client = connect(port, '127.0.0.1');
  await new Promise((resolve) => client.once('connect', resolve));
  // The end of a process may reset what is open.
  client.on('error', () => {});

  mock.process.kill('SIGINT');

  expect(await mock.ended).toBe(0);
  client.destroy();
});

test('the mock names the port that is taken', async () => {
  const port = await twoPorts();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port + 1, '127.0.0.1', resolve));

  const mock = run('mock', '--brokers', '2', '--port', String(port));
  const code = await mock.ended;

  expect(mock.err()).toBe(
    `rdkafka-ts mock: port ${port + 1} is taken; 2 brokers want the ports ${port} to ${port + 1}: --port moves them\n`,
  );
  expect(code).toBe(1);
  server.close();
});

test.each([
  [['mock', '--brokers', 'three'], /--brokers must be a whole number from 1 to 100, not "three"/],
  [['mock', '--port', '70000'], /--port must be a whole number from 1 to \d+/],
  [['mock', '--topics', 'a:0'], /--topics must be a whole number from 1/],
  [['mock', '--topics', 'a b'], /"a b" is no topic/],
  [['mock', '--topics', 'a,a:2'], /names a twice/],
  [['mock', '--colour', 'red'], /'--colour'/],
  [['demo', '--bootstrap', 'host:port'], /wants host:port/],
  [['serve'], /no command "serve"/],
])('%j is refused with a reason', async (args, reason) => {
  const program = run(...args);

  const code = await program.ended;

  expect(program.err()).toMatch(reason);
  expect(program.err().trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
});

test('help and version are written to standard output', async () => {
  const [help, mockHelp, version] = [run(), run('help', 'mock'), run('version')];

  expect([await help.ended, await mockHelp.ended, await version.ended]).toEqual([0, 0, 0]);
  expect(help.out()).toContain('rdkafka-ts demo');
  expect(mockHelp.out()).toContain('--brokers N');
  expect(version.out()).toMatch(/^rdkafka-ts \d+\.\d+\.\d+ \(the interface of librdkafka 2\.15\.0\)/);
});

test('the mock can be ended by Ctrl-C as soon as it says so', async () => {
  const port = await twoPorts();
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(AT_ONCE)}`;

  const mock = start(COMMAND, { NODE_OPTIONS }, ['mock', '--brokers', '1', '--port', String(port)]);

  expect(await mock.ended).toBe(0);
});
