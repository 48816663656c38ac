// kcat (librdkafka itself) against the mock cluster, where it is installed; without it these tests are skipped aloud.
import { spawn, spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../kit/until.ts';
import { aMockCluster, type TestCluster } from './kit.ts';

const installed = spawnSync('kcat', ['-V']).status === 0;
if (!installed) console.warn('kcat is not installed: the tests of librdkafka on the mock cluster are skipped');

interface Run {
  readonly lines: string[];
  readonly errors: string[];
  readonly exit: Promise<number | null>;
  stop(): void;
}

function kcat(t: TestCluster, args: string[], input?: string): Run {
  const child = spawn('kcat', ['-b', t.bootstrap, '-u', ...args]);
  const lines: string[] = [];
  const errors: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  child.stdin.end(input ?? '');
  const exit = new Promise<number | null>((done) => child.on('close', done));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return { lines, errors, exit, stop: () => void child.kill('SIGTERM') };
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `m${i}`);

test.skipIf(!installed)('kcat produces with idempotence and reads all back', async () => {
  const t = await aMockCluster({ brokers: 3, topics: { kcat: 3 } });

  const producer = kcat(t, ['-P', '-t', 'kcat', '-X', 'enable.idempotence=true'], `${texts(300).join('\n')}\n`);
  expect(await producer.exit, producer.errors.join('')).toBe(0);
  const consumer = kcat(t, ['-C', '-t', 'kcat', '-o', 'beginning', '-e', '-q']);
  expect(await consumer.exit, consumer.errors.join('')).toBe(0);

  expect(consumer.lines.toSorted()).toEqual(texts(300).toSorted());
  expect(t.complaints).toEqual([]);
});

test.skipIf(!installed)('two kcats in one group read all between them', async () => {
  const t = await aMockCluster({ brokers: 3, topics: { grouped: 4 } });
  const one = kcat(t, ['-G', 'cats', '-q', '-X', 'auto.offset.reset=earliest', 'grouped']);
  const two = kcat(t, ['-G', 'cats', '-q', '-X', 'auto.offset.reset=earliest', 'grouped']);
  await until(
    () => {
      const view = t.commands.group_state(t.cluster, 'cats');
      return view?.state === 'Stable' && view.members.length === 2;
    },
    { deadline_ms: 60_000, what: () => [...one.errors, ...two.errors].join('') },
  );

  await kcat(t, ['-P', '-t', 'grouped', '-X', 'partitioner=random'], `${texts(200).join('\n')}\n`).exit;

  await until(() => one.lines.length + two.lines.length >= 200, { deadline_ms: 60_000 });
  expect([...one.lines, ...two.lines].toSorted()).toEqual(texts(200).toSorted());
});

test.skipIf(!installed)('kcat lists brokers and topics, and finds the offset of a time', async () => {
  const t = await aMockCluster({ brokers: 3, topics: { timed: 1 } });
  t.commands.put(t.cluster, 'timed', 0, [
    { value: 'a', timestamp: 1000 },
    { value: 'b', timestamp: 2000 },
  ]);

  const list = kcat(t, ['-L']);
  const query = kcat(t, ['-Q', '-t', 'timed:0:1500']);
  await Promise.all([list.exit, query.exit]);

  expect(list.lines.join('\n')).toContain('3 brokers');
  expect(list.lines.join('\n')).toContain('topic "timed" with 1 partitions');
  expect(query.lines).toEqual(['timed [0] offset 1']);
});
