// Makes and deletes topics on a Kafka by requests of our own schemas over plain sockets: for tests, beside the client
// that they test. The versions used are understood from Kafka 1.0 to 4.1.
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiName } from '../../src/defs/api_name.ts';
import { type Body, decodeResponse } from '../../src/protocol/compile.ts';
import { FrameSplitter, readResponseHeader, requestFrame } from '../../src/protocol/frame.ts';
import type { Messages, MetadataResponse } from '../../src/protocol/messages.ts';
import { Reader } from '../../src/protocol/reader.ts';

const TIMEOUT_MS = 20_000;
const PAUSE_MS = 20;
const VERSIONS = { Metadata: 4, CreateTopics: 2, DeleteTopics: 1 } as const;
type Asked = keyof typeof VERSIONS;

const UNKNOWN_TOPIC_OR_PARTITION = 3;
const NOT_CONTROLLER = 41;

/** One connection that asks one request after another. */
class Line {
  private readonly socket: Socket;
  private readonly splitter: FrameSplitter;
  private correlationId: number;

  constructor(socket: Socket) {
    this.socket = socket;
    this.splitter = new FrameSplitter(1 << 24);
    this.correlationId = 0;
  }

  async ask<N extends Asked>(name: N, body: Body<Messages[N]['request']>): Promise<Messages[N]['response']> {
    const version = VERSIONS[name];
    const id = ++this.correlationId;
    const frame = await new Promise<Uint8Array>((resolve, reject) => {
      const failed = (error: Error): void => reject(error);
      const closed = (): void => reject(new Error(`the broker hung up on ${name}`));
      const data = (chunk: Uint8Array): void => {
        this.splitter.push(chunk, (whole) => {
          this.socket.off('error', failed).off('close', closed).off('data', data);
          resolve(whole);
        });
      };
      this.socket.on('error', failed).on('close', closed).on('data', data);
      this.socket.write(requestFrame(name, version, id, 'rdkafka-ts-test', body));
    });
    const reader = new Reader(frame);
    const { correlationId } = readResponseHeader(name as ApiName, version, reader);
    if (correlationId !== id) throw new Error(`an answer to ${correlationId} instead of ${id}`);
    return decodeResponse(name, version, reader);
  }
}

/** Opens a connection, lets `use` ask, closes it. */
async function withLine<T>(address: string, use: (line: Line) => Promise<T>): Promise<T> {
  const at = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(at + 1)), address.slice(0, at).replace(/^\[|\]$/g, ''));
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${address} says nothing`)));
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return await use(new Line(socket));
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}

/** Metadata of `topics` without making them. */
async function metadata(address: string, topics: readonly string[]): Promise<MetadataResponse> {
  const body = { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: false };
  return withLine(address, (line) => line.ask('Metadata', body));
}

const first = (bootstrap: string): string => bootstrap.split(',')[0]!.trim();

/** Calls `step` until it gives something; whatever it threw last is the reason when time is over. */
async function retry<T>(what: string, step: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + TIMEOUT_MS;
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      const done = await step();
      if (done !== undefined) return done;
    } catch (error) {
      if ((error as Refused).refused) throw error;
      cause = error;
    }
    await pause(PAUSE_MS);
  }
  throw new Error(`${what} took more than ${TIMEOUT_MS} ms`, { cause });
}

/** An answer that asking again will not change. */
interface Refused extends Error {
  refused?: true;
}

async function askController<N extends Asked>(
  bootstrap: string,
  name: N,
  body: Body<Messages[N]['request']>,
  outcome: (response: Messages[N]['response']) => { errorCode: number; errorMessage?: string | null },
): Promise<void> {
  await retry(name, async () => {
    const { brokers, controllerId } = await metadata(first(bootstrap), []);
    const controller = brokers.find((broker) => broker.nodeId === controllerId);
    if (controller === undefined) return undefined;
    const response = await withLine(`${controller.host}:${controller.port}`, (line) => line.ask(name, body));
    const { errorCode, errorMessage } = outcome(response);
    if (errorCode === 0) return true;
    const error: Refused = new Error(`${name}: error ${errorCode} ${errorMessage ?? ''}`);
    if (errorCode !== NOT_CONTROLLER) error.refused = true;
    throw error;
  });
}

/** Waits until every broker says of the topic what `right` wants. */
async function everywhere(
  bootstrap: string,
  name: string,
  right: (topic: MetadataResponse['topics'][number]) => boolean,
): Promise<void> {
  await retry(`metadata of ${name}`, async () => {
    const { brokers } = await metadata(first(bootstrap), []);
    if (brokers.length === 0) return undefined;
    for (const { host, port } of brokers) {
      const [topic] = (await metadata(`${host}:${port}`, [name])).topics;
      if (topic === undefined || !right(topic)) return undefined;
    }
    return true;
  });
}

export interface TopicOptions {
  /** Replicas of each partition, 1 by default. */
  replication?: number;
  /** Topic properties in Kafka's words. */
  configs?: Record<string, string>;
}

/**
 * Makes a topic by a request to the controller and returns when every broker knows a leader of each partition.
 * Rejects with Kafka's error code if the topic is refused, and after 20 s.
 */
export async function createTopic(
  bootstrap: string,
  name: string,
  partitions: number,
  options: TopicOptions = {},
): Promise<void> {
  const { replication = 1, configs = {} } = options;
  const topic = {
    name,
    numPartitions: partitions,
    replicationFactor: replication,
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  };
  const body = { topics: [topic], timeoutMs: TIMEOUT_MS };
  await askController(bootstrap, 'CreateTopics', body, (response) => response.topics[0]!);
  const led = (one: { leaderId: number; errorCode: number }): boolean => one.leaderId >= 0 && one.errorCode === 0;
  await everywhere(
    bootstrap,
    name,
    (one) => one.errorCode === 0 && one.partitions.length === partitions && one.partitions.every(led),
  );
}

/** Deletes a topic and returns when no broker knows it any more. Rejects like `createTopic`. */
export async function deleteTopic(bootstrap: string, name: string): Promise<void> {
  const body = { topicNames: [name], timeoutMs: TIMEOUT_MS };
  await askController(bootstrap, 'DeleteTopics', body, (response) => response.responses[0]!);
  await everywhere(bootstrap, name, (one) => one.errorCode === UNKNOWN_TOPIC_OR_PARTITION);
}

/** A new topic of a name that nobody else has; gives the name. */
export async function freshTopic(bootstrap: string, partitions: number, options: TopicOptions = {}): Promise<string> {
  const name = `t-${randomUUID()}`;
  await createTopic(bootstrap, name, partitions, options);
  return name;
}
