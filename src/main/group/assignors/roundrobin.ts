// `roundrobin`: all partitions in a row, by topic and number, dealt one by one to the members in a circle, past those
// that are not subscribed to the topic. @thread main
import {
  type Assignments,
  type Assignor,
  type AssignorTopic,
  compareMembers,
  compareText,
  type GroupMember,
  Shares,
} from './assignor.ts';

function assign(members: readonly GroupMember[], topics: readonly AssignorTopic[]): Assignments {
  const shares = new Shares(members);
  const circle = [...members].sort(compareMembers);
  const wanted = circle.map((member) => new Set(member.topics));
  let next = 0;
  for (const { topic, partitions } of [...topics].sort((a, b) => compareText(a.topic, b.topic))) {
    if (!wanted.some((set) => set.has(topic))) continue;
    for (let partition = 0; partition < partitions; partition++) {
      while (!wanted[next]!.has(topic)) next = (next + 1) % circle.length;
      shares.give(circle[next]!.memberId, topic, partition);
      next = (next + 1) % circle.length;
    }
  }
  return shares.result();
}

export const roundrobin: Assignor = { name: 'roundrobin', protocol: 'EAGER', userData: () => null, assign };
