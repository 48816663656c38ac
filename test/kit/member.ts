// A group consumer as tests drive it: polled in turns with others of this thread, what it got written down. @thread app
import type { TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  rd_kafka_assign,
  rd_kafka_assignment,
  rd_kafka_consumer_poll,
  rd_kafka_err2name,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_unassign,
  type rd_kafka_message_t,
  rd_kafka_rebalance_protocol,
  rd_kafka_subscribe,
  type rd_kafka_t,
  type rd_kafka_topic_partition_list_t,
} from '../../src/rdkafka.ts';
import { aConsumer, type Config, type TestCallbacks } from './builders.ts';
import { pollUntil } from './consuming.ts';

/** `topic [partition]` of each entry, sorted. */
export function names(list: rd_kafka_topic_partition_list_t): string[] {
  return list.elems.map(({ topic, partition }) => `${topic} [${partition}]`).sort();
}

export class Member {
  readonly rk: rd_kafka_t;
  readonly got: rd_kafka_message_t[];
  /** Names of errors that came as messages. */
  readonly errors: string[];
  /** What rebalance_cb was told: `+` for assigned, `-` for revoked. */
  readonly rebalances: string[];

  constructor(t: TestContext, config: Config, callbacks: TestCallbacks = {}) {
    this.got = [];
    this.errors = [];
    this.rebalances = [];
    this.rk = aConsumer(t, config, callbacks);
  }

  /** One poll; an error that is no end of partition is written down. */
  poll(ms: number = 20): rd_kafka_message_t | null {
    const message = rd_kafka_consumer_poll(this.rk, ms);
    if (message === null) return null;
    if (message.err === 0) this.got.push(message);
    else if (message.err !== RD_KAFKA_RESP_ERR__PARTITION_EOF) this.errors.push(rd_kafka_err2name(message.err));
    return message;
  }

  get assigned(): string[] {
    const list = out<rd_kafka_topic_partition_list_t>();
    rd_kafka_assignment(this.rk, list);
    return names(list.value);
  }

  get values(): string[] {
    return this.got.map(({ payload }) => String(payload));
  }

  subscribe(...topics: string[]): this {
    const err = rd_kafka_subscribe(this.rk, topics);
    if (err !== 0) throw new Error(`subscribe: ${rd_kafka_err2name(err)}`);
    return this;
  }
}

/** A member whose rebalance_cb assigns and unassigns as programs do, and writes down what it was told. */
export function aMember(
  t: TestContext,
  config: Config,
  before: (member: Member, err: number) => void = () => {},
): Member {
  const member: Member = new Member(t, config, {
    rebalance_cb: (rk, err, partitions) => {
      const assigns = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
      member.rebalances.push(`${assigns ? '+' : '-'}${partitions.cnt}`);
      before(member, err);
      if (rd_kafka_rebalance_protocol(rk) !== 'COOPERATIVE') rd_kafka_assign(rk, assigns ? partitions : null);
      else if (assigns) rd_kafka_incremental_assign(rk, partitions);
      else rd_kafka_incremental_unassign(rk, partitions);
    },
  });
  return member;
}

/** Polls all of them in turns until `ready`. */
export function pollAll(members: readonly Member[], what: string, ready: () => boolean, timeout_ms?: number): void {
  const serve = (): void => {
    let idle = true;
    for (const member of members) for (let i = 0; i < 50 && member.poll(0) !== null; i++) idle = false;
    if (idle) for (const member of members) member.poll(Math.ceil(20 / members.length));
  };
  const state = (): string => members.map((each) => `${each.assigned.length}/${each.got.length}`).join(' ');
  try {
    pollUntil(what, serve, ready, timeout_ms);
  } catch (error) {
    throw new Error(`${(error as Error).message}; partitions/messages of each: ${state()}`);
  }
}

/** Polls until the members hold all `partitions` among them, `each` having some, none twice. */
export function settle(members: readonly Member[], partitions: number): void {
  pollAll(members, `${partitions} partitions shared by ${members.length}`, () => {
    const all = members.flatMap(({ assigned }) => assigned);
    const fair = members.every(({ assigned }) => assigned.length >= Math.floor(partitions / members.length));
    return fair && all.length === partitions && new Set(all).size === partitions;
  });
}
