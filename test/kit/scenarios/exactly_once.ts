// The promise of an idempotent producer under torment: each message is reported as delivered once, and lies once in its
// partition, in the order in which it was produced. Where messages may fail, those that do may be stored (once, in their
// order) unless their report denies it. The seed of all choices stands in what is thrown.
import { setTimeout as pause } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
  RD_KAFKA_MSG_STATUS_PERSISTED,
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  rd_kafka_destroy,
  rd_kafka_err2name,
  rd_kafka_fatal_error,
  rd_kafka_flush_async,
  rd_kafka_outq_len,
  rd_kafka_poll_async,
  rd_kafka_producev,
} from '../../../src/rdkafka.ts';
import { aProducer, type Config, type TestProducer } from '../builders.ts';
import { SeededRandom } from '../random_message.ts';
import { readTopic } from '../read_topic.ts';
import type { Report } from '../reports.ts';
import type { Torments } from '../torments.ts';

/** For what is still on its way when everything works again. */
const FLUSH_MS = 60_000;
const MOST_PROBLEMS = 10;

export interface Ordeal {
  /** For the producer; it may lead through a proxy. */
  readonly bootstrap: string;
  /** For who reads the topic afterwards. */
  readonly direct: string;
  /** An empty topic. */
  readonly topic: string;
  readonly torments: readonly Torments[];
}

export interface Course {
  readonly seed: number;
  readonly messages: number;
  /** ms over which they are produced. */
  readonly during_ms: number;
  /** Messages may time out, or be refused. */
  readonly mayFail?: boolean;
}

/** A seed of its own for each run, unless EXACTLY_ONCE_SEED repeats one. */
export function aSeed(): number {
  return Number(process.env['EXACTLY_ONCE_SEED'] ?? Math.floor(Math.random() * 0x7fffffff));
}

/** How long rounds go on; 0 is one round. */
export function soakSeconds(): number {
  return Number(process.env['SOAK_SECONDS'] ?? 0);
}

/** One round. Rejects with what is wrong, and the seed. */
export async function exactlyOnce(t: TestContext, ordeal: Ordeal, course: Course): Promise<void> {
  if (soakSeconds() > 0) console.log(`${ordeal.topic}: EXACTLY_ONCE_SEED=${course.seed}`);
  try {
    await run(t, ordeal, course);
  } catch (error) {
    throw new Error(`EXACTLY_ONCE_SEED=${course.seed}: ${(error as Error).message}`, { cause: error });
  }
}

async function run(t: TestContext, ordeal: Ordeal, course: Course): Promise<void> {
  const random = new SeededRandom(course.seed);
  const p = aProducer(t, { 'bootstrap.servers': ordeal.bootstrap, ...configOf(random, course) });
  const over = { value: false };
  const seeds = ordeal.torments.map(() => random.bits());
  const running = ordeal.torments.map((torments, i) => torment(torments, new SeededRandom(seeds[i]!), over));
  let failed: unknown = null;
  try {
    await produce(p, ordeal.topic, course, random);
  } catch (error) {
    failed = error;
  }
  over.value = true;
  await Promise.all(running);
  for (const { heal } of ordeal.torments) await heal();
  if (failed !== null) throw failed;
  await flushed(p);
  const messages = course.mayFail ? await goesOn(p, ordeal.topic, course.messages) : course.messages;
  const problems = [
    ...problemsOfReports(p.reports.all, { ...course, messages }),
    ...(await problemsOfTopic(ordeal, p)),
  ];
  rd_kafka_destroy(p.rk);
  if (problems.length > 0) throw new Error(problems.slice(0, MOST_PROBLEMS).join('\n'));
}

function configOf(random: SeededRandom, { mayFail = false }: Course): Config {
  return {
    'message.timeout.ms': mayFail ? random.pick([300, 800, 2000]) : 300_000,
    'enable.idempotence': true,
    'linger.ms': random.below(6),
    'batch.num.messages': random.pick([1, 7, 100, 10_000]),
    'max.in.flight': random.pick([1, 2, 5, 5, 5]),
    'retry.backoff.ms': random.pick([1, 10, 100]),
    'retry.backoff.max.ms': 200,
    'reconnect.backoff.ms': 10,
    'reconnect.backoff.max.ms': 200,
    'socket.timeout.ms': random.pick([700, 2000]),
    'socket.max.fails': random.pick([1, 3]),
    'topic.metadata.refresh.fast.interval.ms': 50,
    'compression.type': random.pick(['none', 'none', 'gzip', 'lz4']),
  };
}

async function torment(torments: Torments, random: SeededRandom, over: { readonly value: boolean }): Promise<void> {
  const [least, most] = torments.pause_ms;
  while (!over.value) {
    await pause(least + random.below(most - least + 1));
    if (!over.value) await random.pick(torments.each)(random);
  }
}

async function produce(p: TestProducer, topic: string, course: Course, random: SeededRandom): Promise<void> {
  const { messages, during_ms } = course;
  const start = performance.now();
  for (let sent = 0; sent < messages; ) {
    const due = Math.min(messages, Math.ceil((messages * (performance.now() - start)) / during_ms));
    while (sent < due) {
      const key = `k${random.below(97)}`;
      const err = rd_kafka_producev(p.rk, { topic, key, value: String(sent), opaque: sent });
      if (err === RD_KAFKA_RESP_ERR__QUEUE_FULL) break;
      if (err !== 0) throw new Error(`message ${sent} refused: ${rd_kafka_err2name(err)} ${fatalText(p)}`);
      sent++;
    }
    await rd_kafka_poll_async(p.rk, 2);
    await pause(random.below(4));
  }
}

async function flushed(p: TestProducer): Promise<void> {
  try {
    await rd_kafka_flush_async(p.rk, FLUSH_MS);
  } catch {
    const left = rd_kafka_outq_len(p.rk);
    throw new Error(`${left} messages without report ${FLUSH_MS} ms after everything works again ${fatalText(p)}`);
  }
}

/** Sends to each partition until something is delivered there; gives how many messages there are then. */
async function goesOn(p: TestProducer, topic: string, messages: number): Promise<number> {
  const { all } = p.reports;
  let next = messages;
  const over = performance.now() + FLUSH_MS;
  for (const partition of new Set(all.map((report) => report.partition))) {
    for (let delivered = false; !delivered; delivered = all.at(-1)!.err === 0) {
      if (performance.now() > over) throw new Error(`partition ${partition} takes nothing any more ${fatalText(p)}`);
      const err = rd_kafka_producev(p.rk, { topic, partition, value: String(next), opaque: next });
      if (err !== 0) throw new Error(`message ${next} refused: ${rd_kafka_err2name(err)} ${fatalText(p)}`);
      next++;
      await flushed(p);
    }
  }
  return next;
}

function fatalText(p: TestProducer): string {
  const errstr = out<string>('');
  const err = rd_kafka_fatal_error(p.rk, errstr);
  return err === 0 ? '' : `(fatal: ${rd_kafka_err2name(err)}: ${errstr.value})`;
}

function problemsOfReports(reports: readonly Report[], { messages, mayFail = false }: Course): string[] {
  const problems: string[] = [];
  const times = new Uint8Array(messages);
  for (const { opaque, err, status } of reports) {
    times[opaque as number]!++;
    if (err !== 0 && mayFail) continue;
    if (err !== 0) problems.push(`message ${opaque} is reported with ${rd_kafka_err2name(err)}`);
    else if (status !== RD_KAFKA_MSG_STATUS_PERSISTED) problems.push(`message ${opaque} has status ${status}`);
  }
  times.forEach((n, message) => {
    if (n !== 1) problems.push(`message ${message} is reported ${n} times`);
  });
  return problems;
}

async function problemsOfTopic(ordeal: Ordeal, p: TestProducer): Promise<string[]> {
  const { records } = await readTopic(ordeal.direct, ordeal.topic);
  const problems: string[] = [];
  const place = new Map<number, string>();
  const last = new Map<number, number>();
  for (const { partition, offset, value } of records) {
    const message = Number(value);
    const address = `[${partition}] @${offset}`;
    const before = last.get(partition) ?? -1;
    if (place.has(message)) problems.push(`message ${message} is stored twice: ${place.get(message)} and ${address}`);
    else if (message < before) problems.push(`message ${message} is stored behind ${before}: ${address}`);
    place.set(message, address);
    last.set(partition, Math.max(before, message));
  }
  for (const { opaque, partition, offset, err, status } of p.reports.all) {
    const address = `[${partition}] @${offset}`;
    const found = place.get(opaque as number);
    if (err === 0 && found === undefined) problems.push(`message ${opaque} is not stored`);
    if (status === RD_KAFKA_MSG_STATUS_NOT_PERSISTED && found !== undefined)
      problems.push(`message ${opaque} is stored at ${found}, which its report (${rd_kafka_err2name(err)}) denies`);
    if (offset >= 0 && found !== address)
      problems.push(`message ${opaque} is reported at ${address} and stored at ${found}`);
  }
  return problems;
}
