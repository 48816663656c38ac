// Faults that a test ties to what a request is about: beside librdkafka's stacks, which know only the API. @thread mock
import type { ApiName } from '../defs/api_name.ts';
import type { Fault } from './faults.ts';

/** Null: any. */
export interface Where {
  readonly broker: number | null;
  readonly topic: string | null;
  readonly partition: number | null;
}

/** What the requests name that are about topics; all others name none. */
export const NAMED: Readonly<Partial<Record<ApiName, 'topics' | 'partitions'>>> = {
  Produce: 'partitions',
  Fetch: 'partitions',
  ListOffsets: 'partitions',
  Metadata: 'topics',
  OffsetCommit: 'partitions',
  OffsetFetch: 'partitions',
  CreateTopics: 'topics',
  DeleteTopics: 'topics',
  OffsetForLeaderEpoch: 'partitions',
  CreatePartitions: 'topics',
};

interface Condition {
  readonly apiKey: number;
  readonly where: Where;
  readonly fault: Fault;
  times: number;
}

/** Topics under the names and partitions under the fields that the requests have for them; null: all there are. */
export interface Mentioning {
  readonly topics?: readonly MentioningTopic[] | null;
  readonly topicData?: readonly MentioningTopic[];
  readonly topicNames?: readonly string[];
  readonly groups?: readonly { readonly topics?: readonly MentioningTopic[] | null }[];
}

interface MentioningTopic {
  readonly name?: string | null;
  readonly topic?: string;
  readonly topicId?: string;
  readonly partitions?: readonly (number | { readonly partition?: number; readonly partitionIndex?: number })[];
  readonly partitionData?: readonly { readonly index: number }[];
  readonly partitionIndexes?: readonly number[];
}

export class Conditions {
  #conditions: Condition[] = [];

  get empty(): boolean {
    return this.#conditions.length === 0;
  }

  /** The next `times` requests of this kind that fit get the fault; Infinity: all, until `reset`. */
  add(apiKey: number, where: Where, fault: Fault, times: number): void {
    if (times > 0) this.#conditions.push({ apiKey, where, fault, times });
  }

  /**
   * Takes the oldest fault that fits a request, undefined if there is none.
   * @param nameOf name of a topic by its id
   */
  next(
    apiKey: number,
    broker: number,
    request: Mentioning,
    nameOf: (id: string) => string | undefined,
  ): Fault | undefined {
    const found = this.#conditions.find(
      ({ apiKey: key, where }) =>
        key === apiKey && (where.broker ?? broker) === broker && mentions(request, where, nameOf),
    );
    if (found === undefined) return undefined;
    if (--found.times === 0) this.#conditions = this.#conditions.filter((one) => one !== found);
    return found.fault;
  }

  reset(): void {
    this.#conditions = [];
  }
}

function mentions(request: Mentioning, where: Where, nameOf: (id: string) => string | undefined): boolean {
  if (where.topic === null) return true;
  const { groups = [], topicNames = [] } = request;
  if (groups.length > 0) return groups.some(({ topics }) => mentions({ topics }, where, nameOf));
  if (request.topics === null || topicNames.includes(where.topic)) return true;
  const topics = request.topics ?? request.topicData ?? [];
  return topics.some((topic) => {
    const name = topic.name || topic.topic || nameOf(topic.topicId ?? '');
    return name === where.topic && (where.partition === null || partitionsOf(topic).includes(where.partition));
  });
}

function partitionsOf(topic: MentioningTopic): readonly (number | undefined)[] {
  const { partitions = [], partitionData = [], partitionIndexes = [] } = topic;
  const named = partitions.map((one) => (typeof one === 'number' ? one : (one.partition ?? one.partitionIndex)));
  return [...named, ...partitionData.map(({ index }) => index), ...partitionIndexes];
}
