// Heartbeats: by them a member joins, says what it wants and has, and hears what it is to have. One at a time.
// @thread main
import { RD_KAFKA_RESP_ERR__BAD_MSG } from '../../defs/enums.ts';
import { errorText } from '../../defs/errors.ts';
import type { ConsumerGroupHeartbeatResponse } from '../../protocol/messages.ts';
import { retryBackoff } from '../../rd/backoff.ts';
import { overdue } from '../group/poll_interval.ts';
import { heartbeatRemedyOf } from './errors.ts';
import type { ConsumerMember, OwnedSet } from './member.ts';
import { type Beat, consumerGroupHeartbeat, type TopicIdPartitions } from './requests.ts';
import { namesOf, regexOf } from './subscription.ts';
import { offeredOf } from './target.ts';

const RECHECK_MS = 500;
/** A lost heartbeat should not cost the session. */
const LEAST_PATIENCE_MS = 3000;
const PATIENCE_INTERVALS = 3;
/** The app is told of the same error no more often. */
const TELL_EVERY_MS = 5000;

/** What a heartbeat has said, to be believed when it is answered. */
interface Said {
  readonly at: number;
  readonly node: number;
  readonly join: boolean;
  readonly version: number;
  readonly owned: OwnedSet | null;
}

/** Sends a heartbeat when it is time: joins, if we are no member. Returns when to be polled next. */
export function serveHeartbeat(member: ConsumerMember, now: number): number {
  const { node } = member.coordinator;
  if (member.fatalError !== 0 || node === null) return Number.POSITIVE_INFINITY;
  if (member.heartbeatCall !== null || member.leaveCall !== null) return Number.POSITIVE_INFINITY;
  if (!member.joined) {
    if (!mayJoin(member)) return Number.POSITIVE_INFINITY;
    if (member.pollExceeded && overdue(member, now) > 0) return now + RECHECK_MS;
  }
  const due = !member.joined || urgent(member) ? member.retryAt : Math.max(member.heartbeatAt, member.retryAt);
  if (now < due) return due;
  send(member, now, node);
  return Number.POSITIVE_INFINITY;
}

function mayJoin(member: ConsumerMember): boolean {
  if (member.subscription === null || member.leaveAfter || member.closing !== null) return false;
  return member.state === 'init' && !member.changes.busy;
}

function urgent(member: ConsumerMember): boolean {
  return member.hurry || member.full || acks(member) || saysSubscription(member);
}

function acks(member: ConsumerMember): boolean {
  return member.ackDue && (member.state === 'steady' || member.state === 'wait-assign-call');
}

function saysSubscription(member: ConsumerMember): boolean {
  return member.subscription !== null && member.toldVersion !== member.version;
}

function send(member: ConsumerMember, now: number, node: number): void {
  const { env, held, version } = member;
  const join = !member.joined;
  if (join) {
    member.pollExceeded = false;
    member.epoch = 0;
    member.mayBeKnown = true;
  }
  const full = join || member.full;
  const owned = full || acks(member) ? held : null;
  const subscription = full || saysSubscription(member) ? member.subscription : null;
  const beat: Beat = {
    memberId: member.id,
    epoch: member.epoch,
    full,
    names: subscription === null ? null : namesOf(subscription),
    regex: subscription === null ? null : regexOf(subscription),
    owned: owned === null ? null : byTopicId(owned),
  };
  member.hurry = false;
  const told = subscription === null ? member.toldVersion : version;
  const said: Said = { at: now, node, join, version: told, owned };
  member.log('HEARTBEAT', describe(beat, owned));
  const patience = Math.max(LEAST_PATIENCE_MS, member.intervalMs * PATIENCE_INTERVALS);
  const timeoutMs = join ? env.settings['session.timeout.ms'] : patience;
  const request = consumerGroupHeartbeat(env.settings, beat, timeoutMs);
  member.heartbeatCall = member.calls.send(now, { broker: node }, request, (at, error, response) => {
    member.heartbeatCall = null;
    const answer = response as ConsumerGroupHeartbeatResponse | null;
    const bad = answer === null || (answer.errorCode === 0 && answer.memberEpoch <= 0);
    const err = error !== 0 ? error : bad ? RD_KAFKA_RESP_ERR__BAD_MSG : answer.errorCode;
    if (err === 0) heard(member, at, said, answer!);
    else refused(member, at, said, err, answer?.errorMessage ?? null);
  });
}

function describe({ epoch, full, names }: Beat, owned: OwnedSet | null): string {
  const kind = epoch === 0 ? 'joining' : full ? 'full heartbeat' : 'heartbeat';
  const topics = names === null ? '' : `, ${names.length} topic name(s)`;
  return `${kind}, epoch ${epoch}${topics}${owned === null ? '' : `, has ${owned.size} partition(s)`}`;
}

function byTopicId(owned: OwnedSet): TopicIdPartitions[] {
  const topics = new Map<string, number[]>();
  for (const { topicId, partition } of owned.values()) {
    const partitions = topics.get(topicId);
    if (partitions === undefined) topics.set(topicId, [partition]);
    else partitions.push(partition);
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}

function heard(member: ConsumerMember, now: number, said: Said, answer: ConsumerGroupHeartbeatResponse): void {
  member.failures = 0;
  member.retryAt = Number.NEGATIVE_INFINITY;
  member.toldError = 0;
  member.full = false;
  member.toldVersion = said.version;
  if (answer.memberEpoch !== member.epoch) member.log('HEARTBEAT', `epoch ${member.epoch} -> ${answer.memberEpoch}`);
  member.epoch = answer.memberEpoch;
  if (answer.heartbeatIntervalMs > 0) member.intervalMs = answer.heartbeatIntervalMs;
  member.heartbeatAt = said.at + member.intervalMs;
  if (said.owned !== null && said.owned === member.held) member.ackDue = false;
  if (said.join) {
    member.joined = true;
    member.firstEpoch = answer.memberEpoch;
    member.enter('steady', `member with epoch ${answer.memberEpoch}`);
    member.pollCheckAt = now;
  }
  if (answer.assignment === null || member.subscription === null) return;
  if (member.offered !== null && !said.join) member.superseded = true;
  member.offered = offeredOf(answer.assignment);
}

function refused(member: ConsumerMember, now: number, said: Said, err: number, message: string | null): void {
  const { settings, random } = member.env;
  const text = `${errorText(err)}${message === null || message === '' ? '' : `: ${message}`}`;
  member.log('HEARTBEAT', `heartbeat in state ${member.state}: ${text}`);
  member.failures++;
  member.full = true;
  const { 'retry.backoff.ms': base, 'retry.backoff.max.ms': max } = settings;
  member.retryAt = now + retryBackoff(member.failures, base, max, random);
  const remedy = heartbeatRemedyOf(err);
  if (remedy === 'coordinator') member.coordinator.lost(now, said.node, `heartbeat: ${errorText(err)}`);
  else if (remedy === 'rejoin') {
    // What the app does with what it has is settled first: see Group.
    member.joined = false;
    member.mayBeKnown = false;
    if (member.failures === 1) member.retryAt = Number.NEGATIVE_INFINITY;
  } else if (remedy === 'tell') {
    tell(member, now, err, `ConsumerGroupHeartbeat failed: ${text}`);
  } else if (remedy === 'fatal') {
    member.fatal(err, `The consumer can't go on, its heartbeat was refused: ${text}`);
  }
}

function tell(member: ConsumerMember, now: number, err: number, text: string): void {
  if (member.toldError === err && now < member.toldAt + Math.max(TELL_EVERY_MS, member.intervalMs)) return;
  member.toldError = err;
  member.toldAt = now;
  member.env.log(3, 'HEARTBEAT', text, 'cgrp');
  member.tellError(err, text);
}
