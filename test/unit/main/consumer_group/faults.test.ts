import { expect, test } from 'vitest';
import { type BeatMember, BeatWorld } from '../../../kit/consumer_group_member.ts';
import { C } from '../../../kit/fake_consumer_coordinator.ts';

const CODES = [C.transport, C.timedOut, C.loading, C.notAvailable, C.notCoordinator, C.unknownMember, C.fencedEpoch];

/** One thing that goes wrong, or changes. */
function trouble(world: BeatWorld, members: BeatMember[]): void {
  const { coordinator, random } = world;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const what = Math.floor(random() * 10);
  if (what === 0) coordinator.cut();
  else if (what === 1) coordinator.moveTo(1 + Math.floor(random() * 3));
  else if (what === 2) coordinator.lose(pick(['ConsumerGroupHeartbeat', 'OffsetCommit']), 1 + Math.floor(random() * 3));
  else if (what === 3) coordinator.remove(pick(members).id);
  else if (what === 4) coordinator.topics.set('t', 1 + Math.floor(random() * 6));
  else if (what === 5) coordinator.errors['ConsumerGroupHeartbeat'] = [pick(CODES), pick(CODES)];
  else if (what === 6) coordinator.nameless.add('u');
  else if (what === 7) pick(members).group.subscribe(pick([null, ['t'], ['u'], ['t', 'u'], ['^t', 'u']]));
  else if (what === 8) coordinator.down = !coordinator.down;
  else coordinator.bump();
}

test('whatever happens, the members share everything again when it is over, and never the same', () => {
  for (let seed = 1; seed <= 25; seed++) {
    const world = new BeatWorld(seed);
    const { coordinator } = world;
    coordinator.latency = () => 1 + world.random() * 20;
    coordinator.topics.set('t', 5).set('u', 3);
    const members = ['a', 'b', 'c'].map((id, i) => world.member(id, { callback: i === 0 ? 'none' : 'auto' }));
    for (const member of members) member.group.subscribe(['t', 'u']);
    for (let i = 0; i < 40; i++) world.after(world.random() * 30_000, () => trouble(world, members));
    world.advance(30_000);

    coordinator.down = false;
    coordinator.nameless.clear();
    coordinator.errors['ConsumerGroupHeartbeat'] = [];
    for (const member of members) member.group.subscribe(['t', 'u']);
    coordinator.bump();
    world.until(() => world.stable);

    const all = members.flatMap(({ holds }) => holds);
    expect([seed, all.length, new Set(all).size]).toEqual([seed, coordinator.topics.get('t')! + 3, all.length]);
    expect(members.flatMap(({ fatal }) => fatal)).toEqual([]);
  }
});
