// `range`: each topic by itself, its partitions in consecutive pieces to its members in order, so that topics with the
// same number of partitions and the same members are split alike. Members and replicas with racks are matched first, as
// far as that leaves the sizes as they are. @thread main
import {
  type Assignments,
  type Assignor,
  type AssignorTopic,
  compareMembers,
  compareText,
  type GroupMember,
  Shares,
} from './assignor.ts';

/** One topic while it is handed out. */
interface Piece {
  readonly topic: AssignorTopic;
  readonly members: readonly GroupMember[];
  /** By member id. */
  readonly given: Map<string, number>;
  readonly left: Set<number>;
  /** Partitions that every member gets; `extra` of them get one more. */
  readonly each: number;
  extra: number;
}

function pieceOf(topic: AssignorTopic, members: readonly GroupMember[]): Piece {
  return {
    topic,
    members,
    given: new Map(members.map((member) => [member.memberId, 0])),
    left: new Set(Array.from({ length: topic.partitions }, (_, i) => i)),
    each: Math.floor(topic.partitions / members.length),
    extra: topic.partitions % members.length,
  };
}

function room(piece: Piece, member: GroupMember): number {
  return Math.max(0, piece.each + (piece.extra > 0 ? 1 : 0) - piece.given.get(member.memberId)!);
}

function give(piece: Piece, member: GroupMember, partitions: readonly number[], shares: Shares): void {
  const given = piece.given.get(member.memberId)! + partitions.length;
  piece.given.set(member.memberId, given);
  if (given > piece.each) piece.extra--;
  for (const partition of partitions) {
    piece.left.delete(partition);
    shares.give(member.memberId, piece.topic.topic, partition);
  }
}

/** Members without a rack match everything. */
function racksMatch(piece: Piece, member: GroupMember, partition: number): boolean {
  return member.rack === null || piece.topic.racks?.[partition]?.includes(member.rack) === true;
}

function giveRanges(piece: Piece, shares: Shares, may: (member: GroupMember, partition: number) => boolean): void {
  for (const member of piece.members) {
    if (piece.left.size === 0) return;
    const most = room(piece, member);
    const partitions: number[] = [];
    for (const partition of piece.left) {
      if (partitions.length >= most) break;
      if (may(member, partition)) partitions.push(partition);
    }
    if (partitions.length > 0) give(piece, member, partitions, shares);
  }
}

/** Racks can make a difference: some member's rack holds some replica, and not every partition is in every rack. */
function rackAware({ topic, members }: Piece): boolean {
  const wanted = new Set(members.flatMap((member) => (member.rack === null ? [] : [member.rack])));
  if (wanted.size === 0 || topic.racks === null) return false;
  const all = new Set(topic.racks.flat());
  if (![...wanted].some((rack) => all.has(rack))) return false;
  return topic.racks.some((racks) => new Set(racks).size !== all.size);
}

/** One member gets partition n of all topics, if its rack and its room allow that in each of them. */
function giveTogether(pieces: readonly Piece[], shares: Shares): void {
  const { topic, members } = pieces[0]!;
  for (let partition = 0; partition < topic.partitions; partition++) {
    const fits = (member: GroupMember): boolean =>
      pieces.every((piece) => racksMatch(piece, member, partition) && room(piece, member) > 0);
    const member = members.find(fits);
    if (member !== undefined) for (const piece of pieces) give(piece, member, [partition], shares);
  }
}

function assign(members: readonly GroupMember[], topics: readonly AssignorTopic[]): Assignments {
  const shares = new Shares(members);
  const subscribers = new Map<string, GroupMember[]>(topics.map(({ topic }) => [topic, []]));
  for (const member of [...members].sort(compareMembers)) {
    for (const topic of member.topics) subscribers.get(topic)?.push(member);
  }
  const pieces: Piece[] = [];
  for (const topic of [...topics].sort((a, b) => compareText(a.topic, b.topic))) {
    const subscribed = subscribers.get(topic.topic)!;
    if (subscribed.length > 0 && topic.partitions > 0) pieces.push(pieceOf(topic, subscribed));
  }
  if (pieces.some(rackAware)) {
    const alike = new Map<string, Piece[]>();
    for (const piece of pieces) {
      const key = JSON.stringify([piece.topic.partitions, piece.members.map((member) => member.memberId)]);
      const same = alike.get(key);
      if (same === undefined) alike.set(key, [piece]);
      else same.push(piece);
    }
    for (const same of alike.values()) {
      if (same.length > 1) giveTogether(same, shares);
      else if (rackAware(same[0]!)) giveRanges(same[0]!, shares, (member, n) => racksMatch(same[0]!, member, n));
    }
  }
  for (const piece of pieces) giveRanges(piece, shares, () => true);
  return shares.result();
}

export const range: Assignor = { name: 'range', protocol: 'EAGER', userData: () => null, assign };
