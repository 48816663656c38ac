// Rules of classic groups: static members, and groups that change their protocol while members are in them.
import { decodeStruct, encodeStruct } from '../../../src/protocol/compile.ts';
import type { JoinGroupRequest, JoinGroupResponse } from '../../../src/protocol/messages.ts';
import { Reader } from '../../../src/protocol/reader.ts';
import { Writer } from '../../../src/protocol/writer.ts';
import type { RawClient } from '../raw_client.ts';
import { until } from '../until.ts';
import { kipGroup } from './consumer_groups.ts';
import { PATIENCE_MS, type Peer, type Rule } from './peer.ts';

interface Owned {
  readonly topic: string;
  readonly partitions: readonly number[];
}

function subscription(topics: readonly string[], owned: readonly Owned[] = []): Uint8Array {
  const writer = new Writer();
  writer.int16(1);
  encodeStruct('ConsumerProtocolSubscription', 1, { topics, userData: null, ownedPartitions: owned }, writer);
  return writer.bytes().slice();
}

function assignment(topic: string, partitions: readonly number[], userData: Uint8Array | null = null): Uint8Array {
  const writer = new Writer();
  writer.int16(1);
  encodeStruct('ConsumerProtocolAssignment', 1, { assignedPartitions: [{ topic, partitions }], userData }, writer);
  return writer.bytes().slice();
}

function partitionsIn(bytes: Uint8Array): number[] {
  if (bytes.length === 0) return [];
  const reader = new Reader(bytes);
  const read = decodeStruct('ConsumerProtocolAssignment', reader.int16(), reader, 'ignore');
  return read.assignedPartitions.flatMap((each) => each.partitions).sort();
}

interface Classic {
  readonly id: string;
  join(more?: Partial<JoinGroupRequest>, version?: number, client?: RawClient): Promise<JoinGroupResponse>;
  /** What a join says beside ids: [error, generation, protocol, leader or not, members, skip]. */
  told(answer: JoinGroupResponse): unknown[];
  sync(memberId: string, generationId: number, more?: object): Promise<readonly [number, number[]]>;
  beat(memberId: string, generationId: number, groupInstanceId?: string): Promise<number>;
  commit(memberId: string, generation: number, groupInstanceId?: string): Promise<number | undefined>;
  leave(...members: readonly { memberId: string; groupInstanceId?: string }[]): Promise<(number | undefined)[]>;
  describe(): Promise<unknown[]>;
}

function classicGroup(p: Peer, id: string = p.fresh()): Classic {
  const { client, topic } = p;
  const base = {
    groupId: id,
    sessionTimeoutMs: PATIENCE_MS,
    rebalanceTimeoutMs: PATIENCE_MS,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription([topic]) }],
  };
  return {
    id,
    join: (more = {}, version = 9, on = client) => on.send('JoinGroup', { ...base, ...more }, version),
    told: (a) => [
      a.errorCode,
      a.generationId,
      a.protocolName,
      a.leader === a.memberId,
      a.members.length,
      a.skipAssignment,
    ],
    sync: async (memberId, generationId, more = {}) => {
      const body = { groupId: id, memberId, generationId, protocolType: 'consumer', protocolName: 'range', ...more };
      const answer = await client.send('SyncGroup', body);
      return [answer.errorCode, partitionsIn(answer.assignment)];
    },
    beat: async (memberId, generationId, groupInstanceId) =>
      (await client.send('Heartbeat', { groupId: id, memberId, generationId, groupInstanceId })).errorCode,
    commit: async (memberId, generationIdOrMemberEpoch, groupInstanceId) => {
      const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: Buffer.from('m') }];
      const body = {
        groupId: id,
        memberId,
        generationIdOrMemberEpoch,
        groupInstanceId,
        topics: [{ name: topic, partitions }],
      };
      return (await client.send('OffsetCommit', body)).topics[0]?.partitions[0]?.errorCode;
    },
    leave: async (...members) => {
      const answer = await client.send('LeaveGroup', { groupId: id, members });
      return [answer.errorCode, ...answer.members.map((each) => each.errorCode)];
    },
    describe: async () => {
      const { groups } = await client.send('DescribeGroups', { groups: [id] });
      const { groupState, protocolType, protocolData, members } = groups[0]!;
      const rows = members.map((each) => [each.groupInstanceId, partitionsIn(each.memberAssignment)]);
      return [groupState, protocolType, protocolData, rows.map(String).sort()];
    },
  };
}

/** A member alone and stable, with all partitions. */
async function stable(p: Peer, g: Classic, more: Partial<JoinGroupRequest> = {}, userData: Uint8Array | null = null) {
  const first = await g.join(more);
  const joined = first.errorCode === 0 ? first : await g.join({ ...more, memberId: first.memberId });
  const { memberId, generationId } = joined;
  const bytes = assignment(p.topic, [0, 1, 2, 3], userData);
  const groupInstanceId = more.groupInstanceId ?? null;
  await g.sync(memberId, generationId, { groupInstanceId, assignments: [{ memberId, assignment: bytes }] });
  return { memberId, generationId };
}

const leaderAgain: Rule = async (p) => {
  const rows: unknown[] = [];
  for (const version of [5, 8, 9]) {
    const g = classicGroup(p);
    const i = { groupInstanceId: 'i' };
    const old = await stable(p, g, i);
    const again = await g.join(i, version);
    rows.push([
      g.told(again),
      [again.memberId === old.memberId, again.leader === old.memberId],
      await g.sync(again.memberId, again.generationId, i),
      await g.beat(again.memberId, again.generationId, 'i'),
      [await g.beat(old.memberId, 1, 'i'), await g.beat(old.memberId, 1), await g.sync(old.memberId, 1, i)],
      [await g.commit(old.memberId, 1, 'i'), await g.commit(again.memberId, 1, 'i'), await g.commit(again.memberId, 1)],
      g.told(await g.join({ ...i, memberId: old.memberId })),
      [
        await g.leave({ memberId: old.memberId, groupInstanceId: 'i' }),
        await g.leave({ memberId: '', groupInstanceId: 'j' }),
      ],
      await g.describe(),
      await g.leave({ memberId: '', groupInstanceId: 'i' }, { memberId: 'x' }),
      await g.describe(),
    ]);
  }
  return rows;
};

const otherProtocol: Rule = async (p) => {
  const g = classicGroup(p);
  const i = { groupInstanceId: 'i' };
  const both = ['range', 'roundrobin'].map((name) => ({ name, metadata: subscription([p.topic]) }));
  const old = await stable(p, g, { ...i, protocols: both });
  // The old one counts when protocols are compared, and the new one's choice is what is taken.
  const none = await g.join({ ...i, protocols: [{ name: 'sticky', metadata: subscription([p.topic]) }] });
  const changed = await g.join({ ...i, protocols: [both[1]!] });
  const stays = await g.join({ ...i, memberId: changed.memberId, protocols: [both[0]!] });
  return [none.errorCode, g.told(changed), stays.errorCode, await g.beat(old.memberId, 2, 'i'), await g.describe()];
};

const followerAgain: Rule = async (p) => {
  const g = classicGroup(p);
  const lead = await stable(p, g);
  const other = p.another();
  const joining = g.join({ groupInstanceId: 'f' }, 9, other);
  await until(async () => (await g.beat(lead.memberId, 1)) === 27, { what: 'a rebalance', deadline_ms: PATIENCE_MS });
  const led = await g.join({ memberId: lead.memberId });
  const follower = await joining;
  const assignments = [
    { memberId: lead.memberId, assignment: assignment(p.topic, [0, 1]) },
    { memberId: follower.memberId, assignment: assignment(p.topic, [2, 3]) },
  ];
  const synced = await g.sync(lead.memberId, 2, { assignments });
  const mine = await g.sync(follower.memberId, 2, { groupInstanceId: 'f' });
  const again = await g.join({ groupInstanceId: 'f' });
  return [
    [g.told(led), g.told(follower), synced, mine],
    [g.told(again), again.leader === lead.memberId, await g.sync(again.memberId, 2, { groupInstanceId: 'f' })],
    [await g.beat(lead.memberId, 2), await g.beat(follower.memberId, 2, 'f'), await g.beat(follower.memberId, 2)],
  ];
};

const joiningTwice: Rule = async (p) => {
  const g = classicGroup(p);
  const lead = await stable(p, g);
  const [one, two] = [p.another(), p.another()];
  const first = g.join({ groupInstanceId: 'f' }, 9, one);
  await until(async () => (await g.beat(lead.memberId, 1)) === 27, { what: 'a rebalance', deadline_ms: PATIENCE_MS });
  const second = g.join({ groupInstanceId: 'f' }, 9, two);
  const fenced = await first;
  const led = await g.join({ memberId: lead.memberId });
  return [fenced.errorCode, g.told(led), g.told(await second)];
};

const upgrade: Rule = async (p) => {
  const g = classicGroup(p);
  const k = kipGroup(p, g.id);
  const old = await stable(p, g);
  const steps: unknown[] = [await k.beat('n', 1), await k.join('n'), await k.describe()];
  steps.push([await g.beat(old.memberId, 1), await g.commit(old.memberId, 1), await k.commit('n', 2)]);
  steps.push(await g.sync(old.memberId, 1));
  // Cooperative: it says what it still has, is told what to give up, and comes again without that.
  const owning = (partitions: number[]) => [
    { name: 'range', metadata: subscription([p.topic], [{ topic: p.topic, partitions }]) },
  ];
  const revoking = await g.join({ memberId: old.memberId, protocols: owning([0, 1, 2, 3]) });
  steps.push(g.told(revoking), await g.sync(old.memberId, revoking.generationId));
  steps.push([await g.beat(old.memberId, revoking.generationId), await k.beat('n', 2)]);
  const given = await g.join({ memberId: old.memberId, protocols: owning([0, 1]) });
  steps.push(g.told(given), await g.sync(old.memberId, given.generationId));
  steps.push([await g.beat(old.memberId, given.generationId), await g.beat(old.memberId, 1)]);
  steps.push(await k.owns('n', 2), await k.describe(), await g.describe());
  steps.push([await g.beat('n', 2), await g.beat('x', 2), await g.leave({ memberId: 'x' }, { memberId: 'n' })]);
  steps.push(await k.beat(old.memberId, 2), await k.describe());
  steps.push(await g.leave({ memberId: old.memberId }), await k.beat('n', 2), await k.describe());
  return steps;
};

const upgradeEager: Rule = async (p) => {
  const g = classicGroup(p);
  const k = kipGroup(p, g.id);
  const old = await stable(p, g);
  const steps: unknown[] = [await k.join('n'), await g.beat(old.memberId, 1)];
  const joined = await g.join({ memberId: old.memberId });
  steps.push(g.told(joined), await g.sync(old.memberId, joined.generationId), await k.beat('n', 2), await k.describe());
  const fresh = await g.join({});
  const known = await g.join({
    memberId: fresh.memberId,
    protocols: [{ name: 'sticky', metadata: subscription([p.topic]) }],
  });
  const third = await g.join({ memberId: fresh.memberId });
  steps.push(fresh.errorCode, known.errorCode, g.told(third), await g.sync(third.memberId, third.generationId));
  steps.push([await g.beat(old.memberId, joined.generationId)]);
  return steps;
};

const downgrade: Rule = async (p) => {
  const g = classicGroup(p);
  const k = kipGroup(p, g.id);
  const old = await stable(p, g);
  await k.join('n');
  const joined = await g.join({ memberId: old.memberId });
  await g.sync(old.memberId, joined.generationId);
  const steps: unknown[] = [await k.beat('n', 2), await k.beat('n', -1), await g.describe(), await k.describe()];
  steps.push(await g.beat(old.memberId, 2), g.told(await g.join({ memberId: old.memberId })));
  return steps;
};

const downgradeByStatic: Rule = async (p) => {
  const g = classicGroup(p);
  const k = kipGroup(p, g.id);
  const old = await stable(p, g);
  await k.join('n', { instanceId: 'i' });
  const joined = await g.join({ memberId: old.memberId });
  await g.sync(old.memberId, joined.generationId);
  await k.beat('n', 2, { instanceId: 'i' });
  const replaced = await g.join({ groupInstanceId: 'i' });
  return [
    g.told(replaced),
    await g.describe(),
    await g.sync(replaced.memberId, replaced.generationId, { groupInstanceId: 'i' }),
    [await g.beat(old.memberId, 2), await k.beat('n', 2, { instanceId: 'i' })],
  ];
};

const staticUpgrade: Rule = async (p) => {
  const g = classicGroup(p);
  const k = kipGroup(p, g.id);
  const old = await stable(p, g, { groupInstanceId: 'i' });
  const steps: unknown[] = [await k.join('n', { instanceId: 'i' }), await k.describe()];
  steps.push([
    await g.beat(old.memberId, 1, 'i'),
    await k.beat('n', 1, { instanceId: 'i' }),
    await k.beat('n', -1, { instanceId: 'i' }),
  ]);
  steps.push(await k.describe());
  return steps;
};

const noUpgrade: Rule = async (p) => {
  const connect = classicGroup(p);
  await stable(p, connect, { protocolType: 'connect' });
  const custom = classicGroup(p);
  await stable(p, custom, {}, new Uint8Array(3));
  const odd = classicGroup(p);
  await stable(p, odd, { protocols: [{ name: 'range', metadata: new Uint8Array([9]) }] });
  return [
    await kipGroup(p, connect.id).join('n'),
    await kipGroup(p, custom.id).join('n'),
    await kipGroup(p, odd.id).join('n'),
  ];
};

const listed: Rule = async (p) => {
  const g = classicGroup(p);
  const list = async (statesFilter: string[], typesFilter: string[]) => {
    const { groups } = await p.client.send('ListGroups', { statesFilter, typesFilter });
    const own = groups.filter((each) => each.groupId === g.id);
    return own.map((each) => [each.protocolType, each.groupState, each.groupType]);
  };
  const all = async () => [
    await list([], []),
    await list(['Stable', 'Empty'], []),
    await list(['stable'], ['CLASSIC']),
    await list([], ['consumer']),
  ];
  const { memberId } = await stable(p, g);
  const { groups } = await p.client.send('DescribeGroups', { groups: [g.id] });
  const described = groups.map(({ members }) =>
    members.map((each) => [each.clientId, each.clientHost, each.memberMetadata.length]),
  );
  const { groups: kip } = await p.client.send('ConsumerGroupDescribe', { groupIds: [g.id] });
  const before = await all();
  await g.commit(memberId, 1);
  await g.leave({ memberId });
  // Simple: nobody was ever in it.
  const simple = classicGroup(p);
  await simple.commit('', -1);
  const { groups: found } = await p.client.send('ListGroups', {});
  const row = found
    .filter((each) => each.groupId === simple.id)
    .map((each) => [each.protocolType, each.groupState, each.groupType]);
  return [
    before,
    described,
    kip.map((each) => [each.errorCode, each.groupState]),
    await all(),
    row,
    await simple.describe(),
  ];
};

const emptyGroups: Rule = async (p) => {
  const g = classicGroup(p);
  const k = kipGroup(p, g.id);
  const old = await stable(p, g);
  const before = [await g.commit(old.memberId, 1), await g.leave({ memberId: old.memberId }), await k.join('n')];
  const offset = await k.fetch('n', 1);
  const left = [await k.beat('n', -1), await k.describe()];
  const back = await g.join({ groupInstanceId: 'i' });
  await g.sync(back.memberId, back.generationId, { groupInstanceId: 'i', assignments: [] });
  return [before, offset, left, g.told(back), await g.describe(), await k.fetch(null, -1), await k.describe()];
};

export const CLASSIC_GROUP_RULES: Readonly<Record<string, Rule>> = {
  'classic groups in the lists': listed,
  'a static leader comes back under another id': leaderAgain,
  'a static member comes back with another protocol': otherProtocol,
  'a static follower comes back under another id': followerAgain,
  'a static member joins while another with its name waits': joiningTwice,
  'a classic group becomes a KIP-848 one, cooperatively': upgrade,
  'a classic group becomes a KIP-848 one, eagerly': upgradeEager,
  'a static member changes the protocol': staticUpgrade,
  'a group is classic again when the last consumer leaves': downgrade,
  'a group is classic again when a classic member replaces the last consumer': downgradeByStatic,
  'groups that can not become KIP-848 ones': noUpgrade,
  'a group without members takes any protocol': emptyGroups,
};
