// Cooperative members without fetching, on a clock that the test moves. @thread any
import { type MemberOptions, type TestMember, World } from './group_member.ts';

export const COOPERATIVE: Readonly<Record<string, string>> = { 'partition.assignment.strategy': 'cooperative-sticky' };

export function join(world: World, name: string, options: MemberOptions = {}, topics: string[] = ['t']): TestMember {
  const member = world.member(name, { ...options, settings: { ...COOPERATIVE, ...options.settings } });
  member.group.subscribe(topics);
  return member;
}

/** A settled member that is alone in its group. */
export function alone(options: MemberOptions = {}, topics: Record<string, number> = { t: 4 }): [World, TestMember] {
  const world = new World();
  for (const [topic, count] of Object.entries(topics)) world.topics.set(topic, count);
  const a = join(world, 'a', options, Object.keys(topics));
  if (options.callback === 'manual') {
    world.until(() => a.group.state === 'wait-assign-call');
    answer(a);
    world.advance(10);
  } else world.until(() => world.stable);
  return [world, a];
}

/** Answers the last rebalance as programs do. */
export function answer(member: TestMember): void {
  const op = member.ops.filter((each) => each.type === 'rebalance').at(-1)!;
  if (op.type === 'rebalance') member.group.onAssignCall(op.partitions, op.err === -175 ? 'add' : 'remove');
}

/** What the app was asked: `+` for assign, `-` for revoke, `!` for lost, with the partitions. */
export function asked(member: TestMember): string[] {
  return member.ops.flatMap((op) => {
    if (op.type !== 'rebalance') return [];
    const names = op.partitions.map(({ topic, partition }) => `${topic}${partition}`).join(' ');
    return `${op.lost ? '!' : ''}${op.err === -175 ? '+' : '-'}${names}`;
  });
}

export const at = (partition: number, topic = 't') => ({ topic, partition, offset: -1001 });
