// Leaving the group: best effort, nobody's fate depends on the answer. @thread main
import { errorText } from '../../defs/errors.ts';
import type { ConsumerMember } from './member.ts';
import { consumerGroupHeartbeat } from './requests.ts';

const LEAVE_MS = 5000;
/** Without a connection: no more than it takes to make one. The coordinator will miss us in the end. */
const UNHEARD_MS = 300;
/** For good, and for a while: a static member finds its partitions again when it comes back in time. */
const LEAVE_EPOCH = -1;
const STATIC_LEAVE_EPOCH = -2;

/** Ends the membership at once, and tells the coordinator if there is one. */
export function leave(member: ConsumerMember, now: number, reason: string): void {
  const { node } = member.coordinator;
  const known = member.mayBeKnown;
  member.leaveAfter = false;
  member.joined = false;
  member.mayBeKnown = false;
  // Its answer would be about a membership that is over.
  member.heartbeatCall?.cancel();
  member.heartbeatCall = null;
  if (!known || node === null || member.leaveCall !== null) return;
  member.log('LEAVE', `leaving: ${reason}`, 'consumer');
  const left = (member.closing?.deadline ?? Number.POSITIVE_INFINITY) - now;
  const patience = member.env.reach() === 'coordinator' ? LEAVE_MS : UNHEARD_MS;
  const epoch = member.isStatic ? STATIC_LEAVE_EPOCH : LEAVE_EPOCH;
  const beat = { memberId: member.id, epoch, full: false, names: null, regex: null, owned: null };
  const request = consumerGroupHeartbeat(member.env.settings, beat, Math.max(1, Math.min(patience, left)));
  member.leaveCall = member.calls.send(now, { broker: node }, request, (_at, error, response) => {
    member.leaveCall = null;
    const err = error !== 0 ? error : (response?.errorCode ?? 0);
    member.log('LEAVE', err === 0 ? 'the coordinator has heard that we left' : `leave: ${errorText(err)}`);
  });
}
