// Calls of the user's that main answers: one row each, every one with a deadline of its own.
// @thread main

import * as E from '../defs/enums.ts';
import type { CallOp, PartitionOffset } from '../ops/ops.ts';
import type { MetadataResponse } from '../protocol/messages.ts';
import { hostPort } from '../rd/host_port.ts';
import type { WireRequest } from '../wire/requests.ts';
import type { MainHandle } from './handle.ts';
import { GroupListings } from './list_groups.ts';
import type { Source } from './metadata.ts';
import { OffsetQueries, type OffsetQuestion } from './offset_queries.ts';

type Answer = (err: number, value: unknown, text?: string) => void;

interface OpenCall {
  readonly until: number;
  readonly answer: Answer;
}

export class Calls {
  readonly offsets: OffsetQueries;
  readonly groups: GroupListings;
  private readonly rk: MainHandle;
  /** Calls whose answer is still to come; a late one is told _TIMED_OUT. */
  private readonly open: Map<number, OpenCall>;
  private readonly purges: Map<number, { left: number; readonly queue: boolean }>;

  constructor(rk: MainHandle) {
    this.rk = rk;
    this.open = new Map();
    this.purges = new Map();
    const env = {
      settings: rk.settings,
      random: Math.random,
      metadata: rk.metadata,
      nodes: rk.brokers.nodes,
      now: () => rk.now(),
      anyUp: () => rk.brokers.anyUp,
      sendTo: (broker: number, request: WireRequest) => rk.brokers.sendTo(broker, request),
      soon: () => rk.soon(),
    };
    this.offsets = new OffsetQueries(env);
    this.groups = new GroupListings(env);
  }

  call(op: CallOp): void {
    const row = ROWS[op.what];
    if (row === undefined) throw new Error(`no call ${op.what}`);
    const answer: Answer = (err, value, text = '') => {
      if (!this.open.delete(op.call)) return;
      this.rk.toApp.post({ type: 'reply', call: op.call, err, text, value });
    };
    const timeoutMs = op.timeoutMs < 0 ? Number.POSITIVE_INFINITY : op.timeoutMs;
    this.open.set(op.call, { until: this.rk.now() + timeoutMs, answer });
    row(this.rk, op, answer);
  }

  poll(now: number): number {
    // These give up by themselves, with codes of their own.
    let wake = Math.min(this.offsets.poll(now), this.groups.poll(now));
    for (const { until, answer } of [...this.open.values()]) {
      if (until <= now)
        answer(this.rk.brokers.anyUp ? E.RD_KAFKA_RESP_ERR__TIMED_OUT : E.RD_KAFKA_RESP_ERR__TRANSPORT, null);
      else wake = Math.min(wake, until);
    }
    return wake;
  }

  /** Purges what main holds and asks every worker; answered when all have reported what they purged. */
  purge(op: CallOp): void {
    const [queue, inflight] = op.args as [boolean, boolean];
    const { rk } = this;
    if (queue) {
      for (const topic of rk.topics.byName.values()) {
        rk.waiting.purge(topic, E.RD_KAFKA_RESP_ERR__PURGE_QUEUE);
        for (const part of topic.partitions) {
          rk.topics.wakeHere(part);
          rk.topics.giveUp(part, part.fifo.splice(0), E.RD_KAFKA_RESP_ERR__PURGE_QUEUE);
        }
      }
    }
    const workers = rk.workers.all.filter((worker) => !worker.closed);
    this.purges.set(op.call, { left: workers.length + 1, queue });
    for (const worker of workers) worker.channel.post({ type: 'purge', call: op.call, queue, inflight });
    this.purged(op.call);
  }

  /** A purge of what is queued is on its way: what a worker hands back now left before it could read of it. */
  get purging(): boolean {
    for (const { queue } of this.purges.values()) if (queue) return true;
    return false;
  }

  purged(call: number): void {
    const purge = this.purges.get(call);
    if (purge === undefined || --purge.left > 0) return;
    this.purges.delete(call);
    this.open.get(call)?.answer(0, null);
  }

  /** A worker is gone, and with it its answers. */
  workerGone(): void {
    for (const call of [...this.purges.keys()]) this.purged(call);
  }
}

const ROWS: Readonly<Record<string, (rk: MainHandle, op: CallOp, answer: Answer) => void>> = {
  metadata(rk, op, answer) {
    const [all, only, local] = op.args as [boolean, string | null, readonly string[]];
    const topics = only !== null ? [only] : all ? null : [...new Set([...rk.metadata.used(), ...local])];
    const done = (err: number, response: MetadataResponse | null, from: Source | null) => {
      const node = [...rk.brokers.nodes.values()].find(({ host, port }) => host === from?.host && port === from.port);
      const origBrokerId = node?.id ?? -1;
      const origBrokerName = from === null ? '' : `${hostPort(from.host, from.port)}/${node?.id ?? 'bootstrap'}`;
      answer(err, err === 0 ? { ...response, origBrokerId, origBrokerName } : null);
    };
    const timeoutMs = op.timeoutMs < 0 ? Number.POSITIVE_INFINITY : op.timeoutMs;
    rk.metadata.ask({ topics, done }, timeoutMs, rk.settings['allow.auto.create.topics']);
  },
  clusterid(rk, op, answer) {
    known(rk, op, answer, () => rk.metadata.clusterId);
  },
  controllerid(rk, op, answer) {
    known(rk, op, answer, () => rk.metadata.controllerId);
  },
  purge(rk, op) {
    rk.calls.purge(op);
  },
  dump(rk, _op, answer) {
    const { clusterId, controllerId } = rk.metadata;
    const group = rk.consumer?.group ?? null;
    const partitions = [...rk.topics.partitionByBlock.values()].filter(
      ({ home, fifo }) => home !== 'main' || fifo.length > 0,
    );
    answer(0, {
      clusterId,
      controllerId,
      nodes: [...rk.brokers.nodes.values()],
      connections: rk.brokers.describe(),
      topics: [...rk.metadata.topics.values()],
      queues: partitions.map(({ topic, number, home, broker, fifo }) => ({
        topic: topic.name,
        partition: number,
        home: home === 'main' ? 'with the main thread' : `${home} (broker ${broker})`,
        batches: fifo.length,
      })),
      group:
        group === null
          ? null
          : { id: rk.settings['group.id'] ?? '', state: group.state, coordinator: group.coordinator.node ?? -1 },
      stalls: rk.consumer?.progress.stalls ?? null,
      workers: rk.workers.all.length,
    });
  },
  learned_ids(rk, _op, answer) {
    answer(
      0,
      [...rk.brokers.nodes.keys()].sort((a, b) => a - b),
    );
  },
  query_offsets(rk, op, answer) {
    const [questions, timeoutMs] = op.args as [readonly OffsetQuestion[], number];
    rk.calls.offsets.ask(questions, timeoutMs, answer);
  },
  list_groups(rk, op, answer) {
    const [group, timeoutMs] = op.args as [string | null, number];
    rk.calls.groups.list(group, timeoutMs, answer);
  },
  committed(rk, op, answer) {
    if (rk.consumer === null) answer(E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, null);
    else rk.consumer.committed(op.args[0] as PartitionOffset[], timeoutOf(rk, op), answer);
  },
  commit(rk, op, answer) {
    if (rk.consumer === null) answer(E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, null);
    else {
      const [offsets, wish] = op.args as [PartitionOffset[] | null, { async: boolean; ownCallback: boolean }];
      rk.consumer.commit(offsets, wish, answer);
    }
  },
  consume_stop(rk, op, answer) {
    const [topic, partition] = op.args as [string, number];
    if (rk.consumer === null) answer(0, null);
    else rk.consumer.consumeStop(topic, partition, answer);
  },
  consumer_close(rk, op, answer) {
    const [timeoutMs, ending] = op.args as [number, boolean];
    if (rk.consumer === null) answer(E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, null);
    else rk.consumer.close(rk.now() + timeoutMs, ending, () => answer(0, null));
  },
};

function timeoutOf(rk: MainHandle, op: CallOp): number {
  return op.timeoutMs < 0 ? rk.settings['socket.timeout.ms'] : Math.max(1, op.timeoutMs);
}

/** Answers from the cache, or asks and then does. */
function known(rk: MainHandle, op: CallOp, answer: Answer, value: () => unknown): void {
  if (rk.metadata.known) answer(0, value());
  else {
    const timeoutMs = op.timeoutMs < 0 ? Number.POSITIVE_INFINITY : op.timeoutMs;
    rk.metadata.ask({ topics: [], done: (err) => answer(err, err === 0 ? value() : null) }, timeoutMs, false);
  }
}
