// The groups of the cluster with their members: ListGroups to every broker, then DescribeGroups to those that have some.
// @thread main

import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { requestFrame } from '../protocol/frame.ts';
import type {
  DescribeGroupsResponse,
  DescribeGroupsResponseDescribedGroup,
  ListGroupsResponse,
} from '../protocol/messages.ts';
import { retryBackoff } from '../rd/backoff.ts';
import type { WireRequest } from '../wire/requests.ts';
import type { Node } from './brokers.ts';
import type { MetadataCall } from './metadata.ts';

/** A described group, and the broker that knows it. */
export interface FoundGroup {
  readonly broker: { readonly id: number; readonly host: string; readonly port: number };
  readonly group: DescribeGroupsResponseDescribedGroup;
}

export type GroupsDone = (err: number, groups: readonly FoundGroup[]) => void;

export interface ListGroupsEnv {
  readonly settings: Pick<Settings, 'client.id' | 'retry.backoff.ms' | 'retry.backoff.max.ms' | 'socket.timeout.ms'>;
  readonly random: () => number;
  readonly metadata: { readonly known: boolean; ask(call: MetadataCall, timeoutMs: number, create: boolean): void };
  readonly nodes: ReadonlyMap<number, Node>;
  now(): number;
  /** `done` never comes within the call. */
  sendTo(broker: number, request: WireRequest): void;
  soon(): void;
}

interface Listing {
  /** null: every group. */
  readonly wanted: string | null;
  readonly deadline: number;
  readonly done: GroupsDone;
  readonly found: FoundGroup[];
  /** Brokers are asked (else they are not known yet). */
  begun: boolean;
  /** Requests for brokers or groups that have no answer. */
  waiting: number;
  err: number;
  asks: number;
  askAt: number;
}

/** From version 6 on a group of the new protocol is an error; before that it is one without state and members. */
const DESCRIBE_MAX_VERSION = 5;

export class GroupListings {
  private readonly env: ListGroupsEnv;
  private readonly listings: Set<Listing>;

  constructor(env: ListGroupsEnv) {
    this.env = env;
    this.listings = new Set();
  }

  /**
   * rd_kafka_list_groups: `done` comes in a poll: 0 and the groups; _PARTIAL with those of the brokers that answered
   * within `timeoutMs` (negative: no limit), _TIMED_OUT when there are none; the error of a broker otherwise.
   */
  list(wanted: string | null, timeoutMs: number, done: GroupsDone): void {
    const { env } = this;
    const deadline = timeoutMs < 0 ? Number.POSITIVE_INFINITY : env.now() + timeoutMs;
    this.listings.add({
      wanted,
      deadline,
      done,
      found: [],
      begun: false,
      waiting: 0,
      err: 0,
      asks: 0,
      askAt: 0,
    });
    env.soon();
  }

  poll(now: number): number {
    let wake = Number.POSITIVE_INFINITY;
    for (const listing of [...this.listings]) wake = Math.min(wake, this.serve(listing, now));
    return wake;
  }

  private serve(listing: Listing, now: number): number {
    if (now >= listing.deadline) {
      this.finish(listing, true);
      return Number.POSITIVE_INFINITY;
    }
    if (listing.begun) {
      if (listing.waiting > 0) return listing.deadline;
      this.finish(listing, false);
      return Number.POSITIVE_INFINITY;
    }
    if (listing.waiting > 0) return listing.deadline;
    if (now < listing.askAt) return Math.min(listing.askAt, listing.deadline);
    if (this.env.metadata.known) this.begin(listing, now);
    else this.askBrokers(listing, now);
    // With nobody to ask it is over.
    return listing.waiting > 0 ? listing.deadline : now;
  }

  private askBrokers(listing: Listing, now: number): void {
    const { env } = this;
    const { 'retry.backoff.ms': base, 'retry.backoff.max.ms': max } = env.settings;
    listing.waiting++;
    listing.asks++;
    const done = (): void => {
      listing.waiting--;
      listing.askAt = env.metadata.known ? 0 : env.now() + retryBackoff(listing.asks, base, max, env.random);
      env.soon();
    };
    env.metadata.ask({ topics: [], done }, listing.deadline - now, false);
  }

  private begin(listing: Listing, now: number): void {
    listing.begun = true;
    if (this.env.nodes.size === 0) listing.err = E.RD_KAFKA_RESP_ERR__TRANSPORT;
    for (const node of this.env.nodes.values()) {
      this.send(listing, now, node.id, 'ListGroups', 99, {}, (response: ListGroupsResponse) => {
        if (response.errorCode !== 0) listing.err = response.errorCode;
        else this.listed(listing, node, response);
      });
    }
  }

  private listed(listing: Listing, { id, host, port }: Node, { groups }: ListGroupsResponse): void {
    const { wanted } = listing;
    const ids = groups.map(({ groupId }) => groupId).filter((groupId) => wanted === null || groupId === wanted);
    if (ids.length === 0) return;
    const broker = { id, host, port };
    const body = { groups: ids };
    const described = (response: DescribeGroupsResponse): void => {
      for (const group of response.groups) listing.found.push({ broker, group });
    };
    this.send(listing, this.env.now(), id, 'DescribeGroups', DESCRIBE_MAX_VERSION, body, described);
  }

  private send<N extends 'ListGroups' | 'DescribeGroups'>(
    listing: Listing,
    now: number,
    broker: number,
    name: N,
    maxVersion: number,
    body: object,
    answered: (response: any) => void,
  ): void {
    const { env } = this;
    listing.waiting++;
    env.sendTo(broker, {
      name,
      maxVersion,
      timeoutMs: Math.max(1, Math.min(listing.deadline - now, env.settings['socket.timeout.ms'])),
      frame: (version, correlationId) => [
        requestFrame(name, version, correlationId, env.settings['client.id'], body as never),
      ],
      done: (err, response) => {
        listing.waiting--;
        if (err !== 0) listing.err = err;
        else answered(response);
        env.soon();
      },
    });
  }

  private finish(listing: Listing, late: boolean): void {
    if (!this.listings.delete(listing)) return;
    const { err, found, done } = listing;
    if (err !== 0 && !isPatience(err)) done(err, []);
    else if (!late && err === 0) done(0, found);
    else if (found.length > 0) done(E.RD_KAFKA_RESP_ERR__PARTIAL, found);
    else done(E.RD_KAFKA_RESP_ERR__TIMED_OUT, []);
  }
}

/** Only the time for a broker was over. */
function isPatience(err: number): boolean {
  return err === E.RD_KAFKA_RESP_ERR__TIMED_OUT || err === E.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE;
}
