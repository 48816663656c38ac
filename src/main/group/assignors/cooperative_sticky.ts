// `cooperative-sticky`: every member keeps what it has as far as that is even, and what is to move is withheld until the
// member that has it has let it go: it comes in the next rebalance. @thread main
import { Writer } from '../../../protocol/writer.ts';
import { type Assignments, type Assignor, type AssignorTopic, type GroupMember, Shares } from './assignor.ts';
import { assignEqual } from './sticky_equal.ts';
import { assignGeneral } from './sticky_general.ts';
import { layoutOf, ownershipOf } from './sticky_layout.ts';
import { racksOf } from './sticky_racks.ts';

/** Topics that do not exist count too. */
function wantTheSame(members: readonly GroupMember[]): boolean {
  const wanted = new Set(members[0]!.topics);
  return members.every(({ topics }) => topics.length === wanted.size && topics.every((topic) => wanted.has(topic)));
}

function assign(members: readonly GroupMember[], topics: readonly AssignorTopic[]): Assignments {
  const shares = new Shares(members);
  if (members.length === 0) return shares.result();
  const layout = layoutOf(members, topics);
  const ownership = ownershipOf(layout);
  const algorithm = wantTheSame(members) ? assignEqual : assignGeneral;
  const { given, moving } = algorithm(layout, ownership, racksOf(layout));
  for (const [member, partitions] of given.entries()) {
    for (const partition of partitions) {
      if (moving.has(partition)) continue;
      const { name, first } = layout.topics[layout.topicOf[partition]!]!;
      shares.give(layout.members[member]!.memberId, name, partition - first);
    }
  }
  return shares.result();
}

/** For leaders that read no generation from the subscription itself, which it has since its version 2. */
function userData(_topics: readonly string[], generation: number): Uint8Array {
  const writer = new Writer();
  writer.int32(generation);
  return writer.bytes();
}

export const cooperativeSticky: Assignor = { name: 'cooperative-sticky', protocol: 'COOPERATIVE', userData, assign };
