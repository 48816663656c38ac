// Leaving the group: best effort, nobody's fate depends on the answer. @thread main
import { errorText } from '../../defs/errors.ts';
import type { Member } from './member.ts';
import { leaveGroup } from './requests.ts';

const LEAVE_MS = 5000;
/** Without a connection: no more than it takes to make one. The coordinator will miss us in the end. */
const UNHEARD_MS = 300;

/** Forgets the member id at once, and tells the coordinator if there is one. */
export function leave(member: Member, now: number, reason: string): void {
  const { memberId } = member;
  member.setMemberId('');
  if (memberId !== '') leaveAs(member, now, memberId, reason);
}

/** Tells the coordinator that nobody of that id is here any more. */
export function leaveAs(member: Member, now: number, memberId: string, reason: string): void {
  const { node } = member.coordinator;
  if (node === null || member.leaveCall !== null) return;
  member.log('LEAVE', `leaving: ${reason}`, 'consumer');
  const left = (member.closing?.deadline ?? Number.POSITIVE_INFINITY) - now;
  const patience = member.env.reach() === 'coordinator' ? LEAVE_MS : UNHEARD_MS;
  const request = leaveGroup(member.env.settings, memberId, Math.max(1, Math.min(patience, left)), reason);
  member.leaveCall = member.calls.send(now, { broker: node }, request, (_at, error, response) => {
    member.leaveCall = null;
    const err = error !== 0 ? error : (response?.errorCode ?? 0);
    member.log('LEAVE', err === 0 ? 'the coordinator has heard that we left' : `leave: ${errorText(err)}`);
  });
}

/** Leaves if that was wanted when the partitions are let go. Static members stay when they only close. */
export function leaveIfWanted(member: Member, now: number, reason: string): void {
  if (!member.leaveAfter) return;
  member.leaveAfter = false;
  if (member.isStatic && member.closing !== null) return;
  leave(member, now, reason);
}
