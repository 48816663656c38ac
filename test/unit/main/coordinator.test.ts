import { describe, expect, test } from 'vitest';
import { Coordinator } from '../../../src/main/coordinator.ts';
import { Calls } from '../../../src/main/group/calls.ts';
import { E, FakeCoordinator } from '../../kit/fake_coordinator.ts';
import { SETTINGS } from '../../kit/group_member.ts';

class Bench {
  now = 0;
  readonly fake: FakeCoordinator = new FakeCoordinator();
  readonly failed: [number, string][] = [];
  readonly addresses: [number, string, number][] = [];
  readonly calls: Calls;
  readonly coordinator: Coordinator;
  wakeAt = 0;

  constructor(keyType: 0 | 1 = 0) {
    const wake = (): void => {
      this.wakeAt = 0;
    };
    this.calls = new Calls({ send: (target, request) => this.fake.send('a', target, request), wake });
    const env = {
      settings: SETTINGS,
      random: () => 0.5,
      log: () => undefined,
      coordinatorAddress: (...args: [number, string, number]) => this.addresses.push(args),
    };
    this.coordinator = new Coordinator(env, this.calls, 'g', keyType, (err, text) => this.failed.push([err, text]));
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = Math.min(this.fake.nextAt(), this.wakeAt);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      this.fake.run(this.now);
      this.wakeAt = Number.POSITIVE_INFINITY;
      let next2 = this.now;
      this.calls.run(this.now, () => {
        next2 = this.coordinator.poll(this.now);
      });
      this.wakeAt = Math.min(this.wakeAt, next2, this.calls.wakeAt(this.now));
    }
    this.now = end;
  }

  get asked(): number[] {
    return this.fake.seen.filter((each) => each.name === 'FindCoordinator').map((each) => each.at);
  }
}

describe('the coordinator', () => {
  test.each([0, 1, 3, 4])('is asked for, and found, in version %i', (version) => {
    const bench = new Bench();
    bench.fake.maxVersions = { FindCoordinator: version };

    bench.advance(10);

    expect(bench.coordinator.node).toBe(1);
    expect(bench.addresses).toEqual([[1, '127.0.0.1', 9091]]);
  });

  test('of a transactional id is asked for as such', () => {
    const bench = new Bench(1);

    bench.advance(10);

    expect(bench.fake.seen[0]!.body.keyType).toBe(1);
  });

  test('that is not there yet is asked for with growing waits, up to two a second', () => {
    const bench = new Bench();
    bench.fake.errors['FindCoordinator'] = Array.from({ length: 20 }, () => E.notAvailable);

    bench.advance(5000);

    const waits = bench.asked.slice(1).map((at, i) => Math.round(at - bench.asked[i]!));
    expect(waits.slice(0, 5)).toEqual([101, 201, 401, 501, 501]);
    expect(bench.failed).toEqual([]);
  });

  test('that may not be asked for is an error, told once, and asked for all the same', () => {
    const bench = new Bench();
    bench.fake.errors['FindCoordinator'] = [E.groupAuth, E.groupAuth];

    bench.advance(5000);

    expect(bench.failed.map(([err]) => err)).toEqual([E.groupAuth]);
    expect(bench.coordinator.node).toBe(1);
  });

  test('that was lost is asked for at once, but not more than about twice a second', () => {
    const bench = new Bench();
    bench.advance(5000);
    bench.fake.moveTo(2);

    bench.calls.later((now) => bench.coordinator.lost(now, 1, 'test'));
    bench.advance(10);
    expect(bench.coordinator.node).toBe(2);
    for (let i = 0; i < 100; i++) {
      bench.calls.later((now) => bench.coordinator.lost(now, 2, 'test'));
      bench.advance(50);
    }

    expect(bench.asked.length).toBeLessThan(15);
  });

  test('is not lost by bad news of another node', () => {
    const bench = new Bench();
    bench.advance(10);

    bench.coordinator.lost(bench.now, 7, 'test');

    expect(bench.coordinator.state).toBe('known');
  });

  test('is asked for again as a routine, and followed when it has moved', () => {
    const bench = new Bench();
    bench.advance(10);
    bench.fake.moveTo(3);

    bench.advance(600_010);

    expect([bench.coordinator.node, bench.asked.length]).toEqual([3, 2]);
  });

  test('that is lost during the routine question is found by its answer', () => {
    const bench = new Bench();
    bench.advance(10);
    bench.fake.latency = () => 100;
    bench.advance(600_000);
    expect(bench.asked.length).toBe(1);
    bench.calls.later((now) => bench.coordinator.lost(now, 1, 'test'));

    bench.advance(200);

    expect(bench.coordinator.node).toBe(1);
  });

  test('is asked for as soon as a broker comes up', () => {
    const bench = new Bench();
    bench.fake.down = true;
    bench.advance(4900);
    bench.fake.down = false;

    bench.coordinator.brokerUp();
    bench.advance(5);

    expect(bench.coordinator.node).toBe(1);
  });

  test('whose answer has no address is asked for again', () => {
    const bench = new Bench();
    bench.fake.node = -1;
    bench.advance(50);
    expect([bench.coordinator.node, bench.addresses]).toEqual([null, []]);

    bench.fake.node = 4;
    bench.advance(1000);

    expect(bench.coordinator.node).toBe(4);
  });

  test('is told to those who wait for it', () => {
    const bench = new Bench();
    const told: number[] = [];
    bench.coordinator.whenKnown((node) => told.push(node));
    expect(told).toEqual([]);

    bench.advance(10);
    bench.coordinator.whenKnown((node) => told.push(node));

    expect(told).toEqual([1, 1]);
  });

  test('is not asked for after stop', () => {
    const bench = new Bench();
    bench.fake.down = true;
    bench.advance(300);
    bench.coordinator.stop();
    bench.fake.down = false;

    bench.advance(700_000);

    expect([bench.asked.length, bench.coordinator.node]).toEqual([0, null]);
  });
});

describe('a call', () => {
  test('ends at its deadline though nobody answers, and the answer that comes then is put aside', () => {
    const bench = new Bench();
    const answers: number[] = [];
    let late: ((error: number, response: any, version: number, frame: null) => void) | null = null;
    const calls = new Calls({
      send: (_, request) => {
        late = request.done;
      },
      wake: () => undefined,
    });
    calls.send(0, { any: true }, { name: 'Heartbeat', timeoutMs: 100 }, (_now, error) => answers.push(error));
    calls.run(99, () => undefined);
    expect([answers, calls.wakeAt(99)]).toEqual([[], 100]);

    calls.run(100, () => undefined);
    late!(0, {}, 1, null);
    calls.run(101, () => undefined);

    expect(answers).toEqual([-185]);
    expect(bench.coordinator.state).toBe('unknown');
  });

  test('that fails within send is told in the same poll', () => {
    const answers: number[] = [];
    const calls = new Calls({ send: (_, request) => request.done(-195, null, -1, null), wake: () => undefined });

    let sent = false;
    calls.run(0, () => {
      if (!sent)
        calls.send(0, { any: true }, { name: 'Heartbeat', timeoutMs: 100 }, (_now, error) => answers.push(error));
      sent = true;
    });

    expect(answers).toEqual([-195]);
  });

  test('that fails within send over and over does not hold the thread', () => {
    const calls = new Calls({ send: (_, request) => request.done(-195, null, -1, null), wake: () => undefined });

    calls.run(0, () => {
      calls.send(0, { any: true }, { name: 'Heartbeat', timeoutMs: 100 }, () => undefined);
    });

    expect(calls.wakeAt(0)).toBe(0);
  });
});
