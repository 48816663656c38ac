import { describe, expect, test } from 'vitest';
import * as E from '../../../src/defs/enums.ts';
import { type FoundGroup, GroupListings } from '../../../src/main/list_groups.ts';
import type { MetadataCall } from '../../../src/main/metadata.ts';
import type { WireRequest } from '../../../src/wire/requests.ts';

interface Result {
  readonly err: number;
  readonly groups: string[];
}

/** Listings whose brokers, metadata and time are the test's. */
class Bench {
  now = 0;
  known = true;
  readonly nodes: Map<number, { id: number; host: string; port: number; rack: null }> = new Map();
  readonly metadataCalls: MetadataCall[] = [];
  readonly asked: [broker: number, request: WireRequest][] = [];
  readonly listings: GroupListings;

  constructor(brokers = 2) {
    for (let id = 1; id <= brokers; id++) this.nodes.set(id, { id, host: `host${id}`, port: 9092, rack: null });
    const bench = this;
    this.listings = new GroupListings({
      settings: {
        'client.id': 'test',
        'retry.backoff.ms': 100,
        'retry.backoff.max.ms': 1000,
        'socket.timeout.ms': 60_000,
      },
      random: () => 0.5,
      metadata: {
        get known() {
          return bench.known;
        },
        ask: (call) => void this.metadataCalls.push(call),
      },
      nodes: this.nodes,
      now: () => this.now,
      sendTo: (broker, request) => void this.asked.push([broker, request]),
      soon: () => {},
    });
  }

  list(group: string | null = null, timeoutMs = 5000): Result[] {
    const results: Result[] = [];
    const names = (found: readonly FoundGroup[]): string[] =>
      found.map(({ broker, group: each }) => `${each.groupId} of ${broker.host}`);
    this.listings.list(group, timeoutMs, (err, groups) => results.push({ err, groups: names(groups) }));
    this.advance(0);
    return results;
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const wake = this.listings.poll(this.now);
      if (wake > end) break;
      this.now = Math.max(wake, this.now + 0.5);
    }
    this.now = end;
  }

  /** Ends the oldest request that is not over. */
  answer(broker: number, response: object, err = 0): void {
    const at = this.asked.findIndex(([to]) => to === broker);
    const [[, request]] = this.asked.splice(at, 1) as [[number, WireRequest]];
    request.done(err, err === 0 ? response : null, 5, null);
    this.advance(0);
  }

  listed(broker: number, ...ids: string[]): void {
    this.answer(broker, { errorCode: 0, groups: ids.map((groupId) => ({ groupId })) });
  }

  described(broker: number, ...ids: string[]): void {
    this.answer(broker, { groups: ids.map((groupId) => ({ groupId })) });
  }
}

describe('listing groups', () => {
  test('asks every broker, then each for what it has', () => {
    const bench = new Bench();
    const results = bench.list();
    bench.listed(1, 'a', 'b');
    bench.listed(2);
    bench.described(1, 'a', 'b');

    expect(results).toEqual([{ err: 0, groups: ['a of host1', 'b of host1'] }]);
  });

  test('by name describes that one only', () => {
    const bench = new Bench(1);
    const results = bench.list('b');
    bench.listed(1, 'a', 'b');
    const { frame } = bench.asked[0]![1];
    const bytes = Buffer.from(frame!(4, 1)[0]!);
    bench.described(1, 'b');

    expect(bytes.subarray(-8).toString('hex')).toBe('0000000100016200');
    expect(results).toEqual([{ err: 0, groups: ['b of host1'] }]);
  });

  test('waits for metadata, which names the brokers', () => {
    const bench = new Bench(1);
    bench.known = false;
    const results = bench.list();
    bench.metadataCalls[0]!.done(E.RD_KAFKA_RESP_ERR__TRANSPORT, null, null);
    bench.advance(200);
    bench.known = true;
    bench.metadataCalls[1]!.done(0, null, null);
    bench.advance(0);
    bench.listed(1);

    expect(bench.metadataCalls.length).toBe(2);
    expect(results).toEqual([{ err: 0, groups: [] }]);
  });

  test('is partial when a broker has not answered in time, and a time-out when nobody had a group', () => {
    const bench = new Bench();
    const partial = bench.list();
    bench.listed(1, 'a');
    bench.described(1, 'a');
    bench.advance(5001);
    const nothing = new Bench();
    const none = nothing.list();
    nothing.advance(5001);

    expect(partial).toEqual([{ err: E.RD_KAFKA_RESP_ERR__PARTIAL, groups: ['a of host1'] }]);
    expect(none).toEqual([{ err: E.RD_KAFKA_RESP_ERR__TIMED_OUT, groups: [] }]);
  });

  test('gives the error of a broker, whatever others say behind it', () => {
    const bench = new Bench();
    const results = bench.list();
    bench.answer(1, { errorCode: E.RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, groups: [] });
    bench.listed(2);

    expect(results).toEqual([{ err: E.RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, groups: [] }]);
  });

  test('without a single broker fails', () => {
    const bench = new Bench(0);

    expect(bench.list()).toEqual([{ err: E.RD_KAFKA_RESP_ERR__TRANSPORT, groups: [] }]);
  });

  test('has no use for answers behind its time', () => {
    const bench = new Bench(1);
    const results = bench.list(null, 100);
    bench.advance(200);
    bench.listed(1, 'a');

    expect(results.length).toBe(1);
  });
});
