// Joining: JoinGroup, the leader's assignment, SyncGroup. One of these requests at a time; an answer that finds another
// state (the app has unsubscribed meanwhile) is put aside. @thread main
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
import { remedyOf } from './errors.ts';
import { overdue, startSession } from './heartbeat.ts';
import { leave } from './leave.ts';
import type { Member } from './member.ts';
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './protocol.ts';
import { offer, rejoin } from './rebalance.ts';
import { joinGroup, syncGroup } from './requests.ts';
import { existing, follow, reportMissing } from './topics.ts';

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
  if (member.joinCall !== null || member.coordinator.node === null) return Number.POSITIVE_INFINITY;
  if (member.pollExceeded && overdue(member, now) > 0) return now + RECHECK_MS / 2;
  if (now < member.joinAt) return member.joinAt;
  return join(member, now, member.coordinator.node);
}

/** Our own topics are missing in the metadata. */
function serveTopics(member: Member, now: number): number {
  if (existing(member) === null) return now + RECHECK_MS;
  member.enter('init', 'metadata is here');
  return now;
}

function join(member: Member, now: number, node: number): number {
  member.pollExceeded = false;
  const topics = existing(member);
  if (topics === null) {
    member.enter('wait-metadata', 'partition counts of the subscribed topics are not known yet');
    return now + RECHECK_MS;
  }
  reportMissing(member);
  if (topics.size === 0) {
    member.log('JOIN', 'none of the subscribed topics exists', 'consumer');
    member.joinAt = now + RECHECK_MS;
    return member.joinAt;
  }
  member.effective = topics;
  member.leadership = null;
  const { settings } = member.env;
  const names = [...topics.keys()].sort();
  const protocols = member.assignors.map((assignor) => ({
    name: assignor.name,
    metadata: encodeSubscription({
      topics: names,
      owned: assignor.protocol === 'EAGER' ? [] : (member.groupAssignment ?? []),
      generation: -1,
      rack: settings['client.rack'] || null,
      userData: assignor.userData(names),
    }),
  }));
  member.enter('wait-join', `joining with ${names.length} topic(s) as "${member.memberId}"`);
  const request = joinGroup(settings, member.memberId, protocols, member.joinReason);
  const joinedAs = member.memberId;
  member.joinCall = member.calls.send(now, { broker: node }, request, (at, error, response) => {
    member.joinCall = null;
    if (member.state === 'wait-join') onJoin(member, at, node, error, response);
    else onLateJoin(member, at, joinedAs, response);
  });
  return Number.POSITIVE_INFINITY;
}

/** The app has gone another way since: the id that the coordinator gave us is used for the next join, or left. */
function onLateJoin(member: Member, now: number, joinedAs: string, response: JoinGroupResponse | null): void {
  if (response === null || joinedAs !== '' || response.memberId === '' || member.hasJoined) return;
  if (response.errorCode !== 0 && response.errorCode !== RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED) return;
  member.setMemberId(response.memberId);
  if (member.subscription === null && !(member.isStatic && member.closing !== null))
    leave(member, now, 'no subscription');
}

function onJoin(member: Member, now: number, node: number, error: number, response: JoinGroupResponse | null): void {
  let err = error !== 0 ? error : (response?.errorCode ?? RD_KAFKA_RESP_ERR__BAD_MSG);
  const assignor = member.assignors.find((each) => each.name === response?.protocolName) ?? null;
  if (err === 0 && assignor === null) err = RD_KAFKA_RESP_ERR__UNKNOWN_PROTOCOL;
  if (err !== 0 || response === null) {
    if (response !== null && err === RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED) member.setMemberId(response.memberId);
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
  member.leadership = { members, topics, counts: null };
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
  member.joinCall = member.calls.send(now, { broker: node }, request, (at, error, response) => {
    member.joinCall = null;
    if (member.state === 'wait-sync') onSync(member, at, node, error, response);
  });
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
  if (err === RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION) member.generation = -1;
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
