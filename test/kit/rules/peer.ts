// A broker that rules are tried on, the mock's or Kafka's: a rule is a list of raw requests, and what it gives must be
// the same on both. Names and ids that differ from run to run are left out of it.
import { randomUUID } from 'node:crypto';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { RawClient } from '../raw_client.ts';
import { createTopic, type TopicOptions } from '../topics.ts';
import { until } from '../until.ts';

/** For a broker that has just started, and for members that ask when a rule comes to them. */
export const PATIENCE_MS = 45_000;

/** Enough to ask all parts of a coordinator. */
const SOME_GROUPS = 12;

export interface Peer {
  readonly client: RawClient;
  readonly bootstrap: string;
  /** Four partitions; in the first one record at each of 100, 300, 200, 400 ms. */
  readonly topic: string;
  readonly topicId: string;
  /** A name that nobody else has. */
  fresh(): string;
  /** A fresh topic of which the coordinators of groups know. */
  aTopic(partitions: number, options?: TopicOptions & { readonly name?: string }): Promise<string>;
  /** One more connection, closed with the peer. */
  another(): RawClient;
  /** A producer that writes in transactions, each record a batch of its own. */
  transactional(): Promise<Transactional>;
}

export interface Transactional {
  /** Appends a record to a partition of the peer's topic, within a transaction that begins if need be. */
  send(partition: number): Promise<void>;
  /** Ends the transaction, and returns when its marker is there. */
  end(committed: boolean): Promise<void>;
}

/** How a broker is made to have transactions: this one's and its topic's. */
export type Transactions = (bootstrap: string, topic: string) => Promise<Transactional>;

export type Rule = (p: Peer) => Promise<unknown>;

export async function topicIdOf(client: RawClient, name: string): Promise<string> {
  const { topics } = await client.send('Metadata', { topics: [{ name }], allowAutoTopicCreation: false });
  return topics[0]!.topicId;
}

/** Joins groups that nobody needs until each is given the topic: Kafka tells its coordinators of one later than all others. */
async function coordinated(client: RawClient, topic: string): Promise<void> {
  for (let i = 0; i < SOME_GROUPS; i++) {
    const joining = {
      memberId: 'm',
      rebalanceTimeoutMs: PATIENCE_MS,
      subscribedTopicNames: [topic],
      topicPartitions: [],
    };
    const given = async (): Promise<boolean> => {
      const groupId = `nobodys-${randomUUID()}`;
      const { errorCode, assignment } = await client.send('ConsumerGroupHeartbeat', { groupId, ...joining });
      if (errorCode === 0) await client.send('ConsumerGroupHeartbeat', { groupId, memberId: 'm', memberEpoch: -1 });
      return (assignment?.topicPartitions.length ?? 0) > 0;
    };
    await until(given, { what: `coordinators that know of ${topic}`, deadline_ms: PATIENCE_MS });
  }
}

async function produced({ client, topic }: Peer): Promise<boolean> {
  const records = writeBatch([100, 300, 200, 400].map((timestamp) => ({ value: 'v', timestamp })));
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  const { responses } = await client.send('Produce', { acks: -1, timeoutMs: PATIENCE_MS, topicData }, 9);
  return responses[0]!.partitionResponses[0]!.errorCode === 0;
}

async function coordinates(client: RawClient): Promise<boolean> {
  const { coordinators } = await client.send('FindCoordinator', { coordinatorKeys: ['g'] });
  if (coordinators[0]?.errorCode !== 0) return false;
  // Enough to reach every partition of the coordinator's topic: each of them is loaded on its own.
  const groups = Array.from({ length: 300 }, (_, i) => ({ groupId: `group-${i}`, topics: [] }));
  const answer = await client.send('OffsetFetch', { groups });
  return answer.groups.every((group) => group.errorCode === 0);
}

/** Tries a rule on the broker at a port of this machine. */
export async function tryRule(port: number, rule: Rule, transactions: Transactions): Promise<unknown> {
  const clients: RawClient[] = [];
  const another = (): RawClient => {
    const client = new RawClient(port);
    clients.push(client);
    return client;
  };
  const bootstrap = `127.0.0.1:${port}`;
  const fresh = (): string => `fresh-${randomUUID()}`;
  try {
    const client = another();
    await until(() => coordinates(client), { what: 'a coordinator with its groups', deadline_ms: PATIENCE_MS });
    const aTopic: Peer['aTopic'] = async (partitions, { name = `rule-${randomUUID()}`, ...options } = {}) => {
      await createTopic(bootstrap, name, partitions, options);
      await coordinated(client, name);
      return name;
    };
    // Times long ago must not make Kafka drop the records.
    const topic = await aTopic(4, { configs: { 'retention.ms': '-1' } });
    const topicId = await topicIdOf(client, topic);
    const transactional = () => transactions(bootstrap, topic);
    const peer: Peer = { client, bootstrap, topic, topicId, fresh, aTopic, another, transactional };
    await until(() => produced(peer), { what: 'records in the topic', deadline_ms: PATIENCE_MS });
    return JSON.parse(JSON.stringify(await rule(peer)));
  } finally {
    for (const client of clients) client.close();
  }
}
