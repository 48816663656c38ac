// Joining: JoinGroup, the leader's assignment, SyncGroup. The answer to a request that has been given up meanwhile (the
// app has unsubscribed, the group has moved) is put aside, and the next join does not wait for it. @thread main
import {
  RD_KAFKA_RESP_ERR__BAD_MSG,
  RD_KAFKA_RESP_ERR__UNKNOWN_PROTOCOL,
  RD_KAFKA_RESP_ERR__WAIT_COORD,
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
  RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
} from '../../defs/enums.ts';
import { errorText } from '../../defs/errors.ts';
import type { JoinGroupResponse, SyncGroupResponse } from '../../protocol/messages.ts';
import { retryBackoff } from '../../rd/backoff.ts';
import type { PartitionOffset } from '../group_env.ts';
import type { AssignorTopic, GroupMember } from './assignors/assignor.ts';
import type { Call } from './calls.ts';
import { remedyOf } from './errors.ts';
import { startSession } from './heartbeat.ts';
import { leave, leaveAs } from './leave.ts';
import type { Member } from './member.ts';
import { overdue } from './poll_interval.ts';
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './protocol.ts';
import { offer, rejoin } from './rebalance.ts';
import { joinGroup, syncGroup } from './requests.ts';
import { existing, follow, racksOf, reportMissing, takeTopics } from './topics.ts';

const RECHECK_MS = 1000;

interface SyncAssignment {
  readonly memberId: string;
  readonly assignment: Uint8Array;
}

/** Joins when everything is there for it. Returns when to be polled next. */
export function serveJoin(member: Member, now: number): number {
  if (member.closing !== null || member.fatalError !== 0) return Number.POSITIVE_INFINITY;
  if (member.state === 'wait-metadata')
    return member.leadership === null ? serveTopics(member, now) : serveLeader(member, now);
  if (member.state !== 'init' || member.subscription === null || member.removal !== null)
    return Number.POSITIVE_INFINITY;
  if (member.coordinator.node === null) return Number.POSITIVE_INFINITY;
  if (member.pollExceeded && overdue(member, now) > 0) return now + RECHECK_MS / 2;
  if (now < member.joinAt) return member.joinAt;
  return join(member, now, member.coordinator.node);
}

/** Our own topics are missing in the metadata. Some of them are waited for only for a while. */
function serveTopics(member: Member, now: number): number {
  const { found, unknown } = existing(member);
  if (unknown.length > 0 && found.size === 0) return now + RECHECK_MS;
  if (unknown.length > 0 && now < member.topicsDeadline) return member.topicsDeadline;
  member.enter('init', 'metadata is here');
  return now;
}

function join(member: Member, now: number, node: number): number {
  member.pollExceeded = false;
  const { found: topics, unknown } = existing(member);
  if (unknown.length > 0) {
    if (member.topicsDeadline === Number.POSITIVE_INFINITY) member.topicsDeadline = now + RECHECK_MS;
    if (topics.size === 0 || now < member.topicsDeadline) {
      member.enter('wait-metadata', `nothing is known yet of ${unknown.length} subscribed topic(s)`);
      return Math.min(now + RECHECK_MS, Math.max(now, member.topicsDeadline));
    }
    member.log('JOIN', `joining without the topics that nothing is known of: ${unknown.join(', ')}`, 'consumer');
  } else member.topicsDeadline = Number.POSITIVE_INFINITY;
  reportMissing(member);
  if (topics.size === 0) {
    member.log('JOIN', 'none of the subscribed topics exists', 'consumer');
    member.joinAt = now + RECHECK_MS;
    return member.joinAt;
  }
  takeTopics(member, topics);
  member.leadership = null;
  const names = [...topics.keys()].sort();
  const protocols = protocolsOf(member, names);
  member.enter('wait-join', `joining with ${names.length} topic(s) as "${member.memberId}"`);
  const request = joinGroup(member.env.settings, member.memberId, protocols, member.joinReason);
  const joinedAs = member.memberId;
  const call: Call = member.calls.send(now, { broker: node }, request, (at, error, response) => {
    if (member.joinCall !== call) {
      onLateJoin(member, at, joinedAs, response);
      return;
    }
    member.joinCall = null;
    onJoin(member, at, node, error, response);
  });
  member.joinCall = call;
  return Number.POSITIVE_INFINITY;
}

function protocolsOf(member: Member, topics: readonly string[]): { name: string; metadata: Uint8Array }[] {
  return member.assignors.map((assignor) => {
    const keeps = assignor.protocol === 'COOPERATIVE';
    const generation = keeps ? member.ownedGeneration : -1;
    const metadata = encodeSubscription({
      topics,
      owned: keeps ? (member.groupAssignment ?? []) : [],
      generation,
      rack: member.env.settings['client.rack'] || null,
      userData: assignor.userData(topics, generation),
    });
    return { name: assignor.name, metadata };
  });
}

/**
 * The app has gone another way since: the id that the coordinator gave us is used for the next join. Without one, or if
 * that is on its way as another member already, it is left, so that the group does not wait for it.
 */
function onLateJoin(member: Member, now: number, joinedAs: string, response: JoinGroupResponse | null): void {
  if (response === null || joinedAs !== '' || response.memberId === '' || response.memberId === member.memberId) return;
  if (response.errorCode !== 0 && response.errorCode !== RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED) return;
  if (member.hasJoined || member.joinCall !== null) {
    if (!member.isStatic) leaveAs(member, now, response.memberId, 'joined as another member since');
    return;
  }
  member.setMemberId(response.memberId);
  if (member.subscription === null && !(member.isStatic && member.closing !== null))
    leave(member, now, 'no subscription');
}

function onJoin(member: Member, now: number, node: number, error: number, response: JoinGroupResponse | null): void {
  let err = error !== 0 ? error : (response?.errorCode ?? RD_KAFKA_RESP_ERR__BAD_MSG);
  const assignor = member.assignors.find((each) => each.name === response?.protocolName) ?? null;
  if (err === 0 && assignor === null) err = RD_KAFKA_RESP_ERR__UNKNOWN_PROTOCOL;
  if (err !== 0 || response === null) {
    if (response !== null && err === RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED) {
      member.setMemberId(response.memberId);
      member.loseGeneration();
    }
    joinFailed(member, now, node, err, 'JoinGroup');
    return;
  }
  member.setMemberId(response.memberId);
  member.generation = response.generationId;
  member.assignor = assignor;
  const leader = response.leader === response.memberId;
  member.log(
    'JOINGROUP',
    `generation ${response.generationId}, ${assignor!.name}, leader ${leader ? 'is us' : response.leader}`,
  );
  if (!leader) {
    follow(member);
    sync(member, now, []);
    return;
  }
  const members = membersOf(member, response);
  const topics = [...new Set(members.flatMap((each) => each.topics))];
  member.leadership = { members, topics, counts: null, racks: null };
  follow(member);
  if (response.skipAssignment) {
    // A static leader that came back: the others keep what they have, but we watch the topics for them.
    member.leadership.counts = new Map(topics.map((topic) => [topic, member.env.partitionCount(topic)]));
    sync(member, now, []);
    return;
  }
  // Half of what the coordinator waits for a sign of us.
  member.metadataDeadline = now + member.env.settings['session.timeout.ms'] / 2;
  member.enter('wait-metadata', `leader of ${members.length} member(s) with ${topics.length} topic(s)`);
}

/** Members whose subscription can't be read get nothing, which the coordinator sees to. */
function membersOf(member: Member, response: JoinGroupResponse): GroupMember[] {
  const members: GroupMember[] = [];
  for (const { memberId, groupInstanceId, metadata } of response.members) {
    try {
      members.push(decodeSubscription(memberId, groupInstanceId, metadata));
    } catch (error) {
      member.log('MEMBERMETA', `subscription of member "${memberId}" is left out: ${String(error)}`, 'assignor', 4);
    }
  }
  return members;
}

/** The leader assigns as soon as it knows all topics, or with those it knows when time is short. */
function serveLeader(member: Member, now: number): number {
  const { topics, members } = member.leadership!;
  const counts = new Map(topics.map((topic) => [topic, member.env.partitionCount(topic)]));
  const complete = [...counts.values()].every((count) => count !== null);
  if (!complete && now < member.metadataDeadline) return Math.min(member.metadataDeadline, now + RECHECK_MS);
  // A count that is null here is another one as soon as it is known: then the group rebalances.
  member.leadership!.counts = new Map([...counts].map(([topic, count]) => [topic, count ?? -1]));
  if (members.some(({ rack }) => rack !== null)) member.leadership!.racks = racksOf(member, counts);
  const known: AssignorTopic[] = [];
  for (const [topic, count] of counts) {
    const racks = member.env.partitionRacks?.(topic) ?? null;
    if (count !== null && count > 0) known.push({ topic, partitions: count, racks });
  }
  const assignments = member.assignor!.assign(members, known);
  member.log(
    'ASSIGNOR',
    `${member.assignor!.name} for ${members.length} member(s), ${known.length} topic(s)`,
    'assignor',
  );
  sync(
    member,
    now,
    [...assignments].map(([memberId, of]) => ({ memberId, assignment: encodeAssignment(of) })),
  );
  return Number.POSITIVE_INFINITY;
}

function sync(member: Member, now: number, assignments: readonly SyncAssignment[]): void {
  const { node } = member.coordinator;
  if (node === null) {
    joinFailed(member, now, -1, RD_KAFKA_RESP_ERR__WAIT_COORD, 'SyncGroup');
    return;
  }
  member.enter('wait-sync', assignments.length > 0 ? `sending ${assignments.length} assignment(s)` : 'asking for ours');
  const request = syncGroup(member.env.settings, member.identity, member.assignor!.name, assignments);
  const call: Call = member.calls.send(now, { broker: node }, request, (at, error, response) => {
    if (member.joinCall !== call) return;
    member.joinCall = null;
    onSync(member, at, node, error, response);
  });
  member.joinCall = call;
}

function onSync(member: Member, now: number, node: number, error: number, response: SyncGroupResponse | null): void {
  const err = error !== 0 ? error : (response?.errorCode ?? RD_KAFKA_RESP_ERR__BAD_MSG);
  if (err !== 0 || response === null) {
    joinFailed(member, now, node, err, 'SyncGroup');
    return;
  }
  let partitions: PartitionOffset[];
  try {
    partitions = decodeAssignment(response.assignment);
  } catch (failure) {
    member.log('ASSIGNMENT', `the leader's assignment can't be read: ${String(failure)}`, 'cgrp', 3);
    joinFailed(member, now, node, RD_KAFKA_RESP_ERR__BAD_MSG, 'SyncGroup');
    return;
  }
  member.joinFailures = 0;
  member.ownedGeneration = member.generation;
  startSession(member, now);
  offer(member, now, partitions);
}

/** Back to the start, at once where the coordinator only wants to be asked again, else after a while. */
function joinFailed(member: Member, now: number, node: number, err: number, what: string): void {
  const text = `${what}: ${errorText(err)}`;
  const remedy = remedyOf(err);
  if (remedy === 'coordinator') member.coordinator.lost(now, node, text);
  else if (remedy === 'fenced') member.fenced(err);
  else if (remedy === 'permanent') member.tellError(err, `${what} failed: ${errorText(err)}`);
  if (err === RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID) member.setMemberId('');
  if (err === RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION) member.loseGeneration();
  member.leadership = null;
  rejoin(member, now, text);
  const { settings, random } = member.env;
  const first = member.joinFailures++ === 0;
  if (remedy === 'member' && first) return;
  // An error that time does not mend is told once a second.
  const most = remedy === 'permanent' ? RECHECK_MS : settings['retry.backoff.max.ms'];
  const base = remedy === 'permanent' ? RECHECK_MS : settings['retry.backoff.ms'];
  member.joinAt = now + retryBackoff(member.joinFailures, base, most, random);
}
