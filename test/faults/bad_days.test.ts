// Days on which nothing goes as it should: silent ports, torn answers, clocks that jump, descriptors that are full or
// closed, suspended processes, workers of another build.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { WORKER_TEXT } from '../../src/app/worker_text.generated.ts';
import { APIS } from '../../src/protocol/api.ts';
import { decodeRequest } from '../../src/protocol/compile.ts';
import { readRequestHeader, responseFrame } from '../../src/protocol/frame.ts';
import { Reader } from '../../src/protocol/reader.ts';
import * as k from '../../src/rdkafka.ts';
import { writeBatch } from '../../src/records/batch_writer.ts';
import { aConsumer } from '../kit/builders.ts';
import { childRunner, type RunChild } from '../kit/child.ts';
import { until } from '../kit/until.ts';
import { oneBroker, RawBroker } from './raw_broker.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

interface Producer {
  readonly rk: k.rd_kafka_t;
  /** The code of each report. */
  readonly reports: number[];
}

function aProducer(properties: Record<string, string>): Producer {
  const conf = k.rd_kafka_conf_new();
  for (const [name, value] of Object.entries({ log_level: '2', ...properties }))
    expect(k.rd_kafka_conf_set(conf, name, value)).toBe(k.RD_KAFKA_CONF_OK);
  const reports: number[] = [];
  k.rd_kafka_conf_set_dr_msg_cb(conf, (_rk, message) => {
    reports.push(message.err);
  });
  const rk = k.rd_kafka_new(k.RD_KAFKA_PRODUCER, conf)!;
  onTestFinished(() => rk[Symbol.dispose]());
  return { rk, reports };
}

function send(rk: k.rd_kafka_t, value = 'x'): void {
  expect(k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE(value))).toBe(0);
}

test('a port that accepts and says nothing: the message fails at its timeout, calls end at theirs', async (t) => {
  const broker = new RawBroker();
  broker.onPeer = () => false;
  await broker.listen(t);
  const settings = { 'bootstrap.servers': `127.0.0.1:${broker.port}`, 'socket.timeout.ms': '1000' };
  const { rk, reports } = aProducer({ ...settings, 'message.timeout.ms': '1500' });
  const patient = aProducer(settings);
  for (const each of [rk, patient.rk]) send(each);

  const cluster = await k.rd_kafka_clusterid_async(rk, 100);
  const early = await k.rd_kafka_flush_async(patient.rk, 100).catch((error) => error.code);
  await k.rd_kafka_flush_async(rk, 45_000);

  expect(cluster).toBeNull();
  expect(early).toBe(k.RD_KAFKA_RESP_ERR__TIMED_OUT);
  expect(reports).toEqual([k.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT]);
  expect(broker.peers.length).toBeGreaterThan(0);
});

test('a handle whose broker says nothing is destroyed in bounded time, and its message is reported as purged', async (t) => {
  const broker = new RawBroker();
  broker.onPeer = () => false;
  await broker.listen(t);
  const { rk, reports } = aProducer({ 'bootstrap.servers': `127.0.0.1:${broker.port}` });
  send(rk);
  await until(() => broker.peers.length > 0);

  k.rd_kafka_destroy(rk);

  expect(reports).toEqual([k.RD_KAFKA_RESP_ERR__PURGE_QUEUE]);
});

test('a broker that closes in mid-response is asked again, and the report comes once', async (t) => {
  const broker = new RawBroker();
  let asked = 0;
  broker.onRequest = oneBroker(broker, (request, peer) => {
    if (request.apiKey !== APIS.Produce.key) return;
    const answer = responseFrame('Produce', request.apiVersion, request.correlationId, {
      responses: [{ name: 't', partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 5 }] }],
    } as never);
    // The length alone, half of it, all but a byte, and then the whole.
    const cut = [4, answer.length >> 1, answer.length - 1][asked++];
    if (cut === undefined) peer.socket.write(answer);
    else peer.socket.write(answer.subarray(0, cut), () => peer.socket.destroy());
  });
  await broker.listen(t);
  const { rk, reports } = aProducer({
    'bootstrap.servers': `127.0.0.1:${broker.port}`,
    'reconnect.backoff.ms': '10',
    'reconnect.backoff.max.ms': '20',
    'retry.backoff.ms': '10',
  });
  send(rk);

  await k.rd_kafka_flush_async(rk, 15_000);

  expect(reports).toEqual([0]);
  expect(asked).toBe(4);
});

test('a broker that closes in the middle of a fetch: every record is handed out once', async (t) => {
  const broker = new RawBroker();
  const records = writeBatch([{ value: 'a' }, { value: 'b' }]);
  let asked = 0;
  broker.onRequest = oneBroker(broker, (request, peer) => {
    if (request.apiKey !== APIS.Fetch.key) return;
    const { fetchOffset } = fetchedFrom(request.frame, request.apiVersion);
    const answer = responseFrame('Fetch', request.apiVersion, request.correlationId, {
      responses: [
        {
          topic: 't',
          partitions: [{ partitionIndex: 0, highWatermark: 2, records: fetchOffset < 2 ? records : null }],
        },
      ],
    } as never);
    const cut = [4, answer.length >> 1, answer.length - 1][asked++];
    if (cut !== undefined) peer.socket.write(answer.subarray(0, cut), () => peer.socket.destroy());
    else setTimeout(() => peer.socket.write(answer), fetchOffset < 2 ? 0 : 50);
  });
  await broker.listen(t);
  const consumer = aConsumer(t, {
    'bootstrap.servers': `127.0.0.1:${broker.port}`,
    'reconnect.backoff.ms': 10,
    'reconnect.backoff.max.ms': 20,
    'fetch.error.backoff.ms': 10,
    'enable.auto.commit': false,
  });
  await k.rd_kafka_assign_async(consumer, [{ topic: 't', partition: 0, offset: 0 }]);

  const values: string[] = [];
  await until(async () => {
    const message = await k.rd_kafka_consumer_poll_async(consumer, 200);
    if (message?.err === 0) values.push(String(message.value));
    return values.length >= 2 && asked > 5;
  });

  expect(values).toEqual(['a', 'b']);
});

function fetchedFrom(frame: Uint8Array, version: number): { fetchOffset: number } {
  const reader = new Reader(frame);
  readRequestHeader(reader);
  const body = decodeRequest('Fetch', version, reader);
  return body.topics[0]!.partitions[0]!;
}

/** A worker file that is the built text behind these lines. */
function workerFile(prologue: string, change: (text: string) => string = (text) => text): string {
  const dir = mkdtempSync(join(tmpdir(), 'rdkafka-worker-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'worker.cjs');
  writeFileSync(file, `${prologue}\n${change(WORKER_TEXT)}`);
  return file;
}

/** Each look at the clock finds it an hour further back. */
const CLOCK_SET_BACK = `{
  const real = Date.now.bind(Date);
  let looks = 0;
  Date.now = () => real() - 3_600_000 * ++looks;
}`;

test('a clock that is set back, in the app and in the workers, loses nothing and stops nothing', async () => {
  const child = run(
    `${CLOCK_SET_BACK}
    const c = cluster();
    const errors = [];
    const rk = producer(c.bootstrap, (err) => errors.push(err), { 'linger.ms': '20', 'queue.buffering.max.ms': '20' });
    for (let i = 0; i < 100; i++) k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x' + i));
    const flushed = k.rd_kafka_flush(rk, 45_000);

    const conf = k.rd_kafka_conf_new();
    for (const [n, v] of Object.entries({ 'bootstrap.servers': c.bootstrap, 'group.id': 'g', 'auto.offset.reset': 'earliest' }))
      k.rd_kafka_conf_set(conf, n, v);
    const consumer = k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf);
    k.rd_kafka_subscribe(consumer, ['t']);
    const got = [];
    for (let i = 0; i < 300 && got.length < 100; i++) {
      const m = k.rd_kafka_consumer_poll(consumer, 200);
      if (m !== null) got.push(m.err === 0 ? m.timestamp : m.err);
    }
    const empty = k.rd_kafka_consumer_poll(consumer, 50);
    k.rd_kafka_consumer_close(consumer);
    k.rd_kafka_destroy(consumer);
    k.rd_kafka_destroy(rk);
    console.log(JSON.stringify({ flushed, reports: errors.length, failed: errors.filter((e) => e !== 0).length,
      got: got.length, back: got.every((t, i) => t > 0 && (i === 0 || t < got[i - 1])), empty }));
    c.end();
  `,
    { env: { RDKAFKA_TS_WORKER: workerFile(CLOCK_SET_BACK) } },
  );

  expect(await child.ended, child.err()).toBe(0);

  expect(JSON.parse(child.out())).toEqual({ flushed: 0, reports: 100, failed: 0, got: 100, back: true, empty: null });
});

/** Debugs everything, delivers 300 messages, and says so by its exit code: 40 + how many failed, 3 without reports. */
const LOUD = `
  const c = cluster();
  let good = 0;
  const rk = producer(c.bootstrap, (err) => { good += err === 0 ? 1 : 0; }, { debug: 'all', log_level: '7', 'linger.ms': '1' });
  const line = 'a line for the log, as long as a line of a log may be '.repeat(8);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 100; i++) k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x' + i));
    for (let i = 0; i < 1000; i++) k.rd_kafka_log_print?.(rk, 7, 'TEST', line);
    if (k.rd_kafka_log_print === undefined) for (let i = 0; i < 1000; i++) rk.logs.print(7, 'TEST', line);
    if (k.rd_kafka_flush(rk, 45_000) !== 0) process.exit(3);
  }
  k.rd_kafka_destroy(rk);
  c.end();
  process.exit(good === 300 ? 0 : 4);
`;

test('a stderr that nobody reads: with debug=all nothing hangs, and every message is delivered', async () => {
  const child = run(LOUD, { read: false });

  expect(await child.ended).toBe(0);
});

test('a stderr whose pipe is full and in non-blocking mode, as process.stderr leaves it', async () => {
  const child = run(`process.stderr.write('first\\n');${LOUD}`, { read: false });

  expect(await child.ended).toBe(0);
});

test('a stderr and stdout whose reader is gone: nothing dies of it', async () => {
  const child = run(LOUD, { read: false });
  child.process.stderr?.destroy();
  child.process.stdout?.destroy();

  expect(await child.ended).toBe(0);
});

test('stdout and stderr that are closed descriptors: nothing dies of it', async () => {
  const child = run(LOUD, { redirect: '>&- 2>&-' });

  expect(await child.ended).toBe(0);
});

test('a process that is suspended for longer than a worker may be silent goes on afterwards', async () => {
  const child = run(`import { writeSync } from 'node:fs';
    const c = cluster();
    let reports = 0;
    const rk = producer(c.bootstrap, (err) => { reports += err === 0 ? 1 : 0; });
    poll_start(rk);
    const send = () => k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
    send();
    if (k.rd_kafka_flush(rk, 45_000) !== 0) process.exit(3);
    writeSync(1, 'ready\\n');
    // Suspended in here, and no longer blocked some time after that.
    k.rd_kafka_poll(rk, 12_000);
    send();
    if (k.rd_kafka_flush(rk, 45_000) !== 0) process.exit(4);
    send();
    await k.rd_kafka_flush_async(rk, 45_000);
    writeSync(1, reports + ' ' + k.rd_kafka_fatal_error(rk) + '\\n');
    process.exit(0);
  `);
  await until(() => child.out().includes('ready'), { deadline_ms: 60_000 });

  child.process.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  child.process.kill('SIGCONT');

  expect(await child.ended, child.err()).toBe(0);
  expect(child.out()).toBe('ready\n3 0\n');
});

/** What becomes of a producer whose worker file is this one, in a blocking call and in a pending one. */
async function fatalOf(
  file: string,
  waits: 'blocked' | 'pending',
): Promise<{ code: number; text: string; reports: number[] }> {
  const wait =
    waits === 'blocked'
      ? 'for (let i = 0; i < 400 && k.rd_kafka_fatal_error(rk) === 0; i++) k.rd_kafka_poll(rk, 100);'
      : 'for (let i = 0; i < 400 && k.rd_kafka_fatal_error(rk) === 0; i++) await k.rd_kafka_poll_async(rk, 100);';
  const child = run(
    `
    const reports = [];
    const rk = producer('127.0.0.1:1', (err) => { reports.push(err); }, { log_level: '0' });
    k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
    ${wait}
    const text = { value: '' };
    const code = k.rd_kafka_fatal_error(rk, text);
    k.rd_kafka_flush(rk, 15_000);
    k.rd_kafka_destroy(rk);
    console.log(JSON.stringify({ code, text: text.value, reports }));
  `,
    { env: { RDKAFKA_TS_WORKER: file } },
  );
  expect(await child.ended, child.err()).toBe(0);
  return JSON.parse(child.out());
}

const otherBuild = (text: string): string => text.replace(/"[0-9a-f]{16}"/, '"0123456789abcdef"');

test.each(['blocked', 'pending'] as const)(
  'a worker file of another build is refused with a text that says what to do (%s)',
  async (waits) => {
    const { code, text, reports } = await fatalOf(workerFile('', otherBuild), waits);

    expect(code).toBe(k.RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
    expect(text).toMatch(/not from the same build as the library.*rebuild or reinstall/);
    expect(reports).toEqual([k.RD_KAFKA_RESP_ERR__FATAL]);
  },
);

test.each(['mock_cluster_new', 'mock_cluster_new_async'])(
  '%s says so of a mock worker of another build',
  async (name) => {
    const child = run(
      `
    const rk = producer('127.0.0.1:1', null, { log_level: '2' });
    try {
      if ((await k['rd_kafka_${name}'](rk, 1)) === null) console.log(k.rd_kafka_err2name(k.rd_kafka_last_error()));
    } catch (error) {
      console.log(error.name, error.type, error.message);
    }
    k.rd_kafka_destroy(rk);
  `,
      { env: { RDKAFKA_TS_WORKER: workerFile('', otherBuild) } },
    );

    expect(await child.ended, child.err()).toBe(0);
    expect(child.out()).toMatch(/_DESTROY/);
    if (name.endsWith('_async')) expect(child.out()).toMatch(/not from the same build as the library/);
    expect(child.err()).toMatch(/MOCK\|.*not from the same build as the library.*rebuild or reinstall/);
  },
);

test('a worker file that is not there makes the handle fatal and names it', async () => {
  const { code, text } = await fatalOf('/nowhere/worker.cjs', 'pending');

  expect(code).toBe(k.RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
  expect(text).toMatch(/did not start.*\/nowhere\/worker.cjs/);
});
