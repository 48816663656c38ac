// Taking partitions and letting them go, a few at a time, with the app's consent where it has a rebalance callback.
// @thread main
import {
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS,
} from '../../defs/enums.ts';
import type { AssignCall } from '../group/rebalance.ts';
import type { PartitionName, PartitionOffset } from '../group_env.ts';
import { leave } from './leave.ts';
import type { ConsumerMember, OwnedSet } from './member.ts';

export function without(set: OwnedSet, other: OwnedSet): OwnedSet {
  return new Map([...set].filter(([key]) => !other.has(key)));
}

function listOf(set: OwnedSet): PartitionOffset[] {
  return [...set.values()].map(({ topic, partition }) => ({ topic, partition, offset: RD_KAFKA_OFFSET_INVALID }));
}

/** The coordinator wants us to have `target`: what is not in it is let go first. */
export function reconcile(member: ConsumerMember, now: number, target: OwnedSet): void {
  const revoked = without(member.held, target);
  const added = without(target, member.held);
  member.log('REBALANCE', `${added.size} partition(s) more, ${revoked.size} less, ${target.size} in all`, 'consumer');
  member.target = target;
  if (revoked.size > 0) revoke(member, now, revoked, added, 'the coordinator has taken partitions back');
  else offer(member, now, added);
}

/** Gives up everything that the group gave us, then leaves or joins again. `lost`: others may have it already. */
export function revokeAll(member: ConsumerMember, now: number, lost: boolean, reason: string): void {
  const { held } = member;
  member.log('REBALANCE', `revoking ${held.size} partition(s)${lost ? ' (lost)' : ''}: ${reason}`, 'consumer');
  member.target = null;
  member.offered = null;
  if (held.size === 0) {
    end(member, now, reason);
    return;
  }
  member.lost = lost;
  revoke(member, now, held, null, reason);
}

function offer(member: ConsumerMember, now: number, added: OwnedSet): void {
  member.enter('wait-assign-call', `${added.size} partition(s) assigned`);
  ask(member, now, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, added);
}

function revoke(
  member: ConsumerMember,
  now: number,
  partitions: OwnedSet,
  then: OwnedSet | null,
  reason: string,
): void {
  member.revocation = { partitions, then };
  member.enter('wait-unassign-call', reason);
  ask(member, now, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, partitions);
}

function ask(member: ConsumerMember, now: number, err: number, set: OwnedSet): void {
  const assign = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  const partitions = listOf(set);
  if (member.env.asksApp() && member.fatalError === 0) {
    const lost = !assign && member.lost;
    member.env.toApp({ type: 'rebalance', err, partitions, lost, generation: member.epoch });
  } else answered(member, now, assign ? 'add' : 'remove', partitions);
}

/** The assign call: of the app, or our own where the app has no callback. Null with 'assign': lets everything go. */
export function answered(
  member: ConsumerMember,
  now: number,
  how: AssignCall,
  partitions: readonly PartitionOffset[] | null,
): void {
  const { lost } = member;
  member.lost = false;
  if (member.state === 'wait-unassign-call' && (how !== 'add' || member.ended)) {
    unassigned(member, now, how === 'remove' ? (partitions ?? []) : [], lost);
    return;
  }
  if (member.state === 'wait-assign-call' && member.ended) {
    member.target = null;
    member.enter('steady', 'ending: nothing is assigned any more');
    return;
  }
  if (member.state === 'wait-assign-call' && how === 'add') taken(member, now);
  const list = partitions ?? [];
  const done = null;
  if (member.ended) member.changes.start(now, { remove: 'all', add: [], lost, done });
  else if (how === 'add') member.changes.start(now, { remove: [], add: list, lost, done });
  else if (how === 'remove') member.changes.start(now, { remove: list, add: [], lost, done });
  else member.changes.start(now, { remove: 'all', add: list, lost, done });
}

function taken(member: ConsumerMember, now: number): void {
  const { target, held } = member;
  member.target = null;
  // Behind a revocation there may be nothing new: that one is told already.
  if (target !== null && target.size > held.size) {
    member.held = target;
    member.ackDue = true;
  }
  member.enter('steady', `${member.held.size} partition(s) taken`);
  if (member.subscription !== null && member.joined) member.pollCheckAt = now;
}

/** What was revoked is let go, whatever the app has named: others will have it. */
function unassigned(member: ConsumerMember, now: number, named: readonly PartitionName[], lost: boolean): void {
  const { partitions, then } = member.revocation!;
  member.enter('wait-incr-unassign-to-complete', 'unassigned');
  const done = (at: number): void => released(member, at);
  const remove = then === null ? 'all' : [...listOf(partitions), ...named];
  member.changes.start(now, { remove, add: [], lost, done });
}

function released(member: ConsumerMember, now: number): void {
  const { partitions, then } = member.revocation!;
  member.revocation = null;
  member.held = without(member.held, partitions);
  // Before the app has answered the next callback: others wait for these partitions.
  member.ackDue = true;
  if (then === null) end(member, now, 'partitions are let go');
  // No member any more, or not for long.
  else if (member.ended || member.leaveAfter || !member.joined) member.enter('steady', 'the membership ends');
  else offer(member, now, then);
}

/** The membership is over, and nothing is left of it. */
function end(member: ConsumerMember, now: number, reason: string): void {
  member.held = new Map();
  member.ackDue = false;
  member.superseded = false;
  const leaving = member.leaveAfter;
  member.joined = false;
  if (leaving) leave(member, now, reason);
  member.epoch = 0;
  member.enter('init', reason);
}
