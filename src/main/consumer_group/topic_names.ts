// What the topics are called that the group names by ids. Ids that nobody knows (yet) are asked for again.
// @thread main
import type { MetadataResponse } from '../../protocol/messages.ts';
import { retryBackoff } from '../../rd/backoff.ts';
import type { Call, Calls } from '../group/calls.ts';
import type { ConsumerGroupEnv } from './env.ts';
import { topicNames } from './requests.ts';

export class TopicNames {
  private readonly env: ConsumerGroupEnv;
  private readonly calls: Calls;
  private names: Map<string, string> = new Map();
  /** Asked for, and not found: they are waited for no longer. */
  private missing: Set<string> = new Set();
  private call: Call | null = null;
  private retryAt = Number.NEGATIVE_INFINITY;
  private failures = 0;

  constructor(env: ConsumerGroupEnv, calls: Calls) {
    this.env = env;
    this.calls = calls;
  }

  /** The topic's name, undefined while it is not known. */
  of(topicId: string): string | undefined {
    return this.names.get(topicId);
  }

  /** All of `ids` have a name, or have been asked for in vain. */
  settled(ids: Iterable<string>): boolean {
    for (const id of ids) if (!this.names.has(id) && !this.missing.has(id)) return false;
    return true;
  }

  /** Forgets all but `ids`. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.names.keys()) if (!ids.has(id)) this.names.delete(id);
    for (const id of this.missing) if (!ids.has(id)) this.missing.delete(id);
  }

  /** Asks for what is not known of `ids`, when it is time. Returns when to be called next. */
  poll(now: number, ids: Iterable<string>): number {
    const unknown = [...new Set(ids)].filter((id) => !this.names.has(id));
    if (unknown.length === 0 || this.call !== null) return Number.POSITIVE_INFINITY;
    // A new id is worth a question of its own, whatever became of the others.
    const fresh = unknown.some((id) => !this.missing.has(id));
    if (now < this.retryAt && !(fresh && this.failures === 0)) return this.retryAt;
    const request = topicNames(this.env.settings, unknown);
    this.call = this.calls.send(now, { any: true }, request, (at, error, response) => {
      this.call = null;
      this.answered(at, unknown, error === 0 ? response : null);
    });
    return Number.POSITIVE_INFINITY;
  }

  private answered(now: number, asked: readonly string[], response: MetadataResponse | null): void {
    for (const id of asked) this.missing.add(id);
    for (const { topicId, name, errorCode } of response?.topics ?? []) {
      // Of topic.blacklist: as if it could not be seen.
      if (errorCode !== 0 || name === null || name === '' || this.env.ignores(name)) continue;
      if (!this.missing.delete(topicId)) continue;
      this.names.set(topicId, name);
    }
    const { settings, random } = this.env;
    this.failures = response === null || asked.some((id) => !this.names.has(id)) ? this.failures + 1 : 0;
    const { 'retry.backoff.ms': base, 'retry.backoff.max.ms': max } = settings;
    this.retryAt = now + retryBackoff(this.failures, base, max, random);
  }
}
