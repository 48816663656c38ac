import { describe, expect, test } from 'vitest';
import type { PartitionOffset } from '../../../src/main/group_env.ts';
import { E } from '../../kit/fake_coordinator.ts';
import { type MemberOptions, type TestMember, World } from '../../kit/group_member.ts';

const at = (partition: number, offset = -1001): PartitionOffset => ({ topic: 't', partition, offset });

/** An app that has assigned four partitions by itself. */
function anApp(options: MemberOptions = {}): [World, TestMember] {
  const world = new World();
  world.topics.set('t', 4);
  const settings = { 'enable.auto.commit': false, ...options.settings };
  const a = world.member('a', { ...options, settings });
  a.group.onAssignCall([at(0), at(1), at(2), at(3)]);
  world.advance(10);
  return [world, a];
}

interface Result {
  err: number;
  offsets: PartitionOffset[];
  at: number;
}

function commit(world: World, a: TestMember, offsets: PartitionOffset[] | null): Result[] {
  const results: Result[] = [];
  a.group.offsets.commit(offsets, (err, of) => results.push({ err, offsets: of, at: world.now }));
  return results;
}

function fetch(world: World, a: TestMember, partitions: PartitionOffset[], timeoutMs: number): Result[] {
  const results: Result[] = [];
  a.group.offsets.fetch(partitions, timeoutMs, (err, of) => results.push({ err, offsets: of, at: world.now }));
  return results;
}

const commits = (world: World): any[] =>
  world.coordinator.seen.filter((each) => each.name === 'OffsetCommit').map((each) => each.body);

describe('a commit', () => {
  test('of a list commits it, with metadata and leader epoch, and leaves out what has no offset', () => {
    const [world, a] = anApp();

    const results = commit(world, a, [{ ...at(0, 5), metadata: Buffer.from('m'), leaderEpoch: 3 }, at(1)]);
    world.advance(10);

    expect(results.map((each) => each.err)).toEqual([0]);
    expect(commits(world)[0].topics[0].partitions).toMatchObject([
      {
        partitionIndex: 0,
        committedOffset: 5,
        committedLeaderEpoch: 3,
        committedMetadata: new Uint8Array(Buffer.from('m')),
      },
    ]);
    expect(a.assignment.committed_.get('t 0')).toBe(5);
  });

  test('of null commits what is stored and not committed yet', () => {
    const [world, a] = anApp();
    a.assignment.store('t', 2, 9);
    const first = commit(world, a, null);
    world.advance(10);

    const second = commit(world, a, null);
    world.advance(10);

    expect([first[0]!.err, second[0]!.err]).toEqual([0, -168]);
    expect(world.coordinator.committed.get('t 2')).toBe(9);
  });

  test('tells the error of each partition, and the last one for the whole', () => {
    const [world, a] = anApp();
    world.coordinator.errors['OffsetCommit'] = [E.groupAuth];

    const results = commit(world, a, [at(0, 5), at(1, 6)]);
    world.advance(10);

    expect(results[0]!.err).toBe(E.groupAuth);
    expect(results[0]!.offsets.map((each) => each.err)).toEqual([E.groupAuth, E.groupAuth]);
  });

  test('waits for a coordinator, and gives up after session.timeout.ms', () => {
    const [world, a] = anApp();
    world.coordinator.down = true;
    world.coordinator.cut('a');
    const start = world.now;

    const results = commit(world, a, [at(0, 5)]);
    world.advance(20_000);

    expect(results.map(({ err, at: when }) => [err, when - start])).toEqual([[-180, 6000]]);
  });

  test('reaches the coordinator that the group has moved to', () => {
    const [world, a] = anApp();
    world.coordinator.moveTo(2);

    const results = commit(world, a, [at(0, 5)]);
    world.advance(2000);

    expect(results.map((each) => each.err)).toEqual([0]);
    expect(world.coordinator.committed.get('t 0')).toBe(5);
  });

  test('is tried again while the coordinator loads the group, and twice after a time-out', () => {
    const [world, a] = anApp();
    world.coordinator.errors['OffsetCommit'] = [E.loading, E.loading, E.loading, 7, 7];
    const first = commit(world, a, [at(0, 5)]);
    world.advance(5500);
    world.coordinator.errors['OffsetCommit'] = [7, 7, 7];

    const second = commit(world, a, [at(0, 6)]);
    world.advance(5500);

    expect([first[0]!.err, second[0]!.err]).toEqual([0, 7]);
  });

  test('that waits takes the later ones along, in one request, the last offset of each partition', () => {
    const [world, a] = anApp();
    world.coordinator.latency = () => 20;
    const all = [1, 2, 3, 4, 5].map((offset) => commit(world, a, [at(0, offset), at(1, 10 - offset)]));
    world.advance(5);
    all.push(commit(world, a, [at(0, 6)]), commit(world, a, [at(0, 7)]));

    world.advance(100);

    expect(all.map((each) => each.length && each[0]!.err)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const sent = commits(world).map(({ topics }) => topics[0].partitions.map((each: any) => each.committedOffset));
    expect(sent).toEqual([[5, 5], [7]]);
  });

  test('that is tried again never puts back a later one', () => {
    const [world, a] = anApp();
    world.coordinator.errors['OffsetCommit'] = [E.loading];
    world.coordinator.latency = () => 20;

    commit(world, a, [at(0, 5)]);
    world.advance(5);
    commit(world, a, [at(0, 6)]);
    world.advance(3000);

    expect(world.coordinator.committed.get('t 0')).toBe(6);
  });

  test('goes to offset_commit_cb as well, and to nobody twice', () => {
    const [world, a] = anApp({ commitCallback: true });
    a.group.offsets.commit([at(0, 5)], null, { reason: 'manual' });
    a.group.offsets.commit([at(1, 6)], () => undefined, { reason: 'queue', ownCallback: true });

    world.advance(10);

    expect(a.ops).toEqual([{ type: 'offset_commit', err: 0, offsets: [{ ...at(0, 5), err: 0 }] }]);
  });

  test('that fails and that nobody listens to is logged', () => {
    const [world, a] = anApp();
    world.coordinator.errors['OffsetCommit'] = [E.groupAuth];

    a.group.offsets.commit([at(0, 5)], null);
    world.advance(10);

    expect(a.logs.filter((line) => line.startsWith('4 COMMITFAIL')).length).toBe(1);
  });

  test('of another generation does not pass for one of this, and is no news about this one', () => {
    const world = new World();
    world.topics.set('t', 1);
    const a = world.member('a', { settings: { 'enable.auto.commit': false } });
    a.group.subscribe(['t']);
    world.until(() => world.stable);
    world.coordinator.errors['OffsetCommit'] = Array.from({ length: 30 }, () => E.loading);
    const old = commit(world, a, [at(0, 5)]);
    world.coordinator.remove(a.group.memberId());
    world.until(() => world.stable && world.coordinator.generation > 1, 5000);
    const { generation } = world.coordinator;

    const young = commit(world, a, [at(0, 3)]);
    world.coordinator.errors['OffsetCommit'] = [];
    world.advance(5000);

    expect([old[0]!.err, young[0]!.err]).toEqual([E.unknownMember, 0]);
    expect(world.coordinator.committed.get('t 0')).toBe(3);
    expect([world.stable, world.coordinator.generation]).toEqual([true, generation]);
  });

  test('after a fatal error is refused', () => {
    const [world, a] = anApp();
    a.group.fatalRaised(-144);

    const results = commit(world, a, [at(0, 5)]);
    world.advance(10);

    expect([results[0]!.err, commits(world).length]).toEqual([-150, 0]);
  });

  test('of null on a lost assignment is refused', () => {
    const world = new World();
    world.topics.set('t', 1);
    const a = world.member('a', { callback: 'manual' });
    a.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-assign-call');
    a.group.onAssignCall([at(0)]);
    world.advance(10);
    a.assignment.store('t', 0, 3);
    world.coordinator.errors['Heartbeat'] = [E.unknownMember];
    world.until(() => a.group.assignmentLost(), 3000);

    const results = commit(world, a, null);
    world.advance(10);

    expect(results[0]!.err).toBe(-142);
  });

  test('by a member that is none any more does not go out as one of nobody', () => {
    const world = new World();
    world.topics.set('t', 1);
    const a = world.member('a', { callback: 'manual' });
    a.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-assign-call');
    a.group.onAssignCall([at(0)]);
    world.advance(10);
    world.coordinator.errors['Heartbeat'] = [E.unknownMember];
    world.until(() => a.group.assignmentLost(), 3000);

    const results = commit(world, a, [at(0, 5)]);
    world.advance(10);

    expect([results[0]!.err, commits(world).length]).toEqual([E.unknownMember, 0]);
  });
});

describe('the automatic commit', () => {
  test('comes once an interval, with what is new, and says nothing when there is nothing', () => {
    const [world, a] = anApp({ settings: { 'enable.auto.commit': true }, commitCallback: true });
    a.assignment.store('t', 0, 1);
    world.advance(5000);
    world.advance(5000);
    a.assignment.store('t', 0, 2);

    world.advance(5000);

    const sent = commits(world).map(({ topics }) => topics[0].partitions.map((each: any) => each.committedOffset));
    expect(sent).toEqual([[1], [2]]);
    expect(a.ops.map((op) => op.type)).toEqual(['offset_commit', 'offset_commit']);
  });

  test('has as long for its answer as any other', () => {
    const [world, a] = anApp({ settings: { 'enable.auto.commit': true, 'auto.commit.interval.ms': 1000 } });
    world.coordinator.latency = () => 500;
    a.assignment.store('t', 0, 1);

    world.advance(5000);

    expect(commits(world).length).toBe(1);
    expect(a.group.offsets.pending).toBe(0);
  });

  test('leaves out the beats of a rebalance', () => {
    const world = new World();
    world.topics.set('t', 1);
    const a = world.member('a', { callback: 'manual', settings: { 'auto.commit.interval.ms': 500 } });
    a.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-assign-call');
    a.group.onAssignCall([at(0)]);
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.until(() => a.group.state === 'wait-unassign-call', 3000);
    a.assignment.store('t', 0, 3);

    world.advance(5000);

    expect(commits(world).length).toBe(0);
  });

  test('is off with an interval of 0', () => {
    const [world, a] = anApp({ settings: { 'enable.auto.commit': true, 'auto.commit.interval.ms': 0 } });
    a.assignment.store('t', 0, 3);

    world.advance(20_000);

    expect(commits(world).length).toBe(0);
  });

  test('does not pile up while there is no coordinator', () => {
    const [world, a] = anApp({ settings: { 'enable.auto.commit': true, 'auto.commit.interval.ms': 100 } });
    a.assignment.store('t', 0, 3);
    world.coordinator.down = true;
    world.coordinator.cut('a');

    world.advance(5000);

    expect(a.group.offsets.pending).toBe(1);
  });
});

describe('asking for committed offsets', () => {
  test('shows what was committed before it, however long that takes', () => {
    const [world, a] = anApp();
    world.coordinator.errors['OffsetCommit'] = [E.loading, E.loading];

    a.group.offsets.commit([at(0, 4)], null);
    const results = fetch(world, a, [at(0)], 5000);
    world.advance(3000);

    expect(results[0]).toMatchObject({ err: 0, offsets: [at(0, 4)] });
  });

  test('does not show what is committed after it', () => {
    const [world, a] = anApp();

    const results = fetch(world, a, [at(0)], 5000);
    a.group.offsets.commit([at(0, 4)], null);
    world.advance(3000);

    expect(results[0]).toMatchObject({ err: 0, offsets: [at(0, -1001)] });
    expect(world.coordinator.committed.get('t 0')).toBe(4);
  });

  test.each([1, 5, 7, 8, 9])('gives them, and INVALID for those that there are not, in version %i', (version) => {
    const [world, a] = anApp();
    world.coordinator.maxVersions = { OffsetFetch: version };
    world.coordinator.committed.set('t 1', 77);

    const results = fetch(world, a, [at(0), at(1)], 1000);
    world.advance(10);

    expect(results[0]).toMatchObject({ err: 0, offsets: [at(0), at(1, 77)] });
  });

  test('waits for open transactions to end', () => {
    const [world, a] = anApp();
    world.coordinator.committed.set('t 0', 5);
    world.coordinator.errors['partition'] = [E.unstable, E.unstable];

    const results = fetch(world, a, [at(0)], 5000);
    world.advance(1000);

    expect(results[0]).toMatchObject({ err: 0, offsets: [at(0, 5)] });
    const { body } = world.coordinator.seen.find((each) => each.name === 'OffsetFetch')!;
    expect(body.requireStable).toBe(true);
  });

  test('tells the error of a partition with it', () => {
    const [world, a] = anApp();
    world.coordinator.errors['partition'] = [29];

    const results = fetch(world, a, [at(0)], 5000);
    world.advance(10);

    expect(results[0]).toMatchObject({ err: 0, offsets: [{ ...at(0), err: 29 }] });
  });

  test.each([
    ['there is no coordinator', (world: World) => (world.coordinator.down = true)],
    ['nobody answers', (world: World) => world.coordinator.silent.add('OffsetFetch')],
    [
      'an open transaction does not end',
      (world: World) => {
        world.coordinator.errors['partition'] = Array.from({ length: 100 }, () => E.unstable);
      },
    ],
  ])('times out when %s', (_, break_) => {
    const [world, a] = anApp();
    break_(world);
    const start = world.now;

    const results = fetch(world, a, [at(0), at(1)], 1500);
    world.advance(10_000);

    expect(results.map(({ err, at: when }) => [err, when - start])).toEqual([[-185, 1500]]);
    expect(results[0]!.offsets).toEqual([at(0), at(1)]);
  });

  test('without a time waits as long as it takes', () => {
    const [world, a] = anApp();
    world.coordinator.down = true;
    const results = fetch(world, a, [at(0)], -1);
    world.advance(200_000);
    expect(results).toEqual([]);

    world.coordinator.down = false;
    world.advance(1000);

    expect(results[0]!.err).toBe(0);
  });

  test('for nothing gives nothing', () => {
    const [world, a] = anApp();

    const results = fetch(world, a, [], 1000);
    world.advance(1);

    expect(results).toMatchObject([{ err: 0, offsets: [] }]);
  });

  test('that the coordinator refuses ends with its error', () => {
    const [world, a] = anApp();
    world.coordinator.errors['OffsetFetch'] = [E.groupAuth];

    const results = fetch(world, a, [at(0)], 1000);
    world.advance(10);

    expect(results[0]!.err).toBe(E.groupAuth);
  });
});
