// Makes and deletes topics on a Kafka by requests of our own schemas over plain sockets: for tests, beside the client
// that they test. The versions used are understood from Kafka 1.0 to 4.1.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Body } from '../../src/protocol/compile.ts';
import type { Messages, MetadataResponse } from '../../src/protocol/messages.ts';
import { withClient } from './raw_client.ts';

/** No more than a cold machine may need; what is well takes milliseconds. */
const TIMEOUT_MS = 45_000;
const PAUSE_MS = 20;
const VERSIONS = { Metadata: 4, ListOffsets: 1, CreateTopics: 2, DeleteTopics: 1, CreatePartitions: 0 } as const;
type Asked = keyof typeof VERSIONS;

const UNKNOWN_TOPIC_OR_PARTITION = 3;
const REQUEST_TIMED_OUT = 7;
const TOPIC_ALREADY_EXISTS = 36;
/** Of a topic that has that many already. */
const INVALID_PARTITIONS = 37;
/** Fewer brokers are up than the topic has replicas; or another one is the controller by now. */
const NOT_YET: readonly number[] = [38, 41];
const LATEST = -1;

/** One request over a connection of its own. */
function ask<N extends Asked>(
  address: string,
  name: N,
  body: Body<Messages[N]['request']>,
): Promise<Messages[N]['response']> {
  return withClient(address, TIMEOUT_MS, (client) => client.send(name, body, VERSIONS[name]));
}

/** Metadata of `topics` without making them. */
async function metadata(address: string, topics: readonly string[]): Promise<MetadataResponse> {
  const body = { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: false };
  return ask(address, 'Metadata', body);
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

/** `already`: the error of what is done; no error once a request has gone out whose outcome nobody knows. */
async function askController<N extends Asked>(
  bootstrap: string,
  name: N,
  body: Body<Messages[N]['request']>,
  already: number,
  outcome: (response: Messages[N]['response']) => { errorCode: number; errorMessage?: string | null },
): Promise<void> {
  let unknown = false;
  await retry(name, async () => {
    const { brokers, controllerId } = await metadata(first(bootstrap), []);
    const controller = brokers.find((broker) => broker.nodeId === controllerId);
    if (controller === undefined) return undefined;
    const before = unknown;
    unknown = true;
    const response = await ask(`${controller.host}:${controller.port}`, name, body);
    const { errorCode, errorMessage } = outcome(response);
    if (errorCode === 0 || (before && errorCode === already)) return true;
    const error: Refused = new Error(`${name}: error ${errorCode} ${errorMessage ?? ''}`);
    if (errorCode === REQUEST_TIMED_OUT) throw error;
    unknown = before;
    if (!NOT_YET.includes(errorCode)) error.refused = true;
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

/** Waits until each partition is led by whom metadata names: a leader is named a moment before it knows of that. */
async function led(bootstrap: string, name: string): Promise<void> {
  await retry(`leaders of ${name}`, async () => {
    const { brokers, topics } = await metadata(first(bootstrap), [name]);
    for (const { nodeId, host, port } of brokers) {
      const partitions = topics[0]!.partitions
        .filter(({ leaderId }) => leaderId === nodeId)
        .map(({ partitionIndex }) => ({ partitionIndex, timestamp: LATEST }));
      if (partitions.length === 0) continue;
      const asked = { replicaId: -1, topics: [{ name, partitions }] };
      const found = await ask(`${host}:${port}`, 'ListOffsets', asked);
      if (found.topics[0]!.partitions.some(({ errorCode }) => errorCode !== 0)) return undefined;
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
 * Makes a topic by a request to the controller and returns when every broker knows a leader of each partition, and that
 * one leads. Rejects with Kafka's error code if the topic is refused, and after 45 s.
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
  await askController(bootstrap, 'CreateTopics', body, TOPIC_ALREADY_EXISTS, (response) => response.topics[0]!);
  await complete(bootstrap, name, partitions);
}

/** Gives a topic more partitions, `count` in all, and returns as `createTopic` does. Rejects like it. */
export async function createPartitions(bootstrap: string, name: string, count: number): Promise<void> {
  const body = { topics: [{ name, count, assignments: null }], timeoutMs: TIMEOUT_MS, validateOnly: false };
  await askController(bootstrap, 'CreatePartitions', body, INVALID_PARTITIONS, (response) => response.results[0]!);
  await complete(bootstrap, name, count);
}

/** Waits until every broker knows all partitions and their leaders, and these lead. */
async function complete(bootstrap: string, name: string, partitions: number): Promise<void> {
  const hasLeader = (one: { leaderId: number; errorCode: number }): boolean => one.leaderId >= 0 && one.errorCode === 0;
  await everywhere(
    bootstrap,
    name,
    (one) => one.errorCode === 0 && one.partitions.length === partitions && one.partitions.every(hasLeader),
  );
  await led(bootstrap, name);
}

/** Deletes a topic and returns when no broker knows it any more. Rejects like `createTopic`. */
export async function deleteTopic(bootstrap: string, name: string): Promise<void> {
  const body = { topicNames: [name], timeoutMs: TIMEOUT_MS };
  await askController(
    bootstrap,
    'DeleteTopics',
    body,
    UNKNOWN_TOPIC_OR_PARTITION,
    (response) => response.responses[0]!,
  );
  await everywhere(bootstrap, name, (one) => one.errorCode === UNKNOWN_TOPIC_OR_PARTITION);
}

/** A new topic of a name that nobody else has; gives the name. */
export async function freshTopic(bootstrap: string, partitions: number, options: TopicOptions = {}): Promise<string> {
  const name = `t-${randomUUID()}`;
  await createTopic(bootstrap, name, partitions, options);
  return name;
}
