// How long a broker may leave requests without an answer before the connection is given up for it. @thread main|broker
import type { Pending } from './requests.ts';
import type { ConnectionSettings } from './settings.ts';

/** A caller's shorter patience is over, but says nothing of the connection yet. */
const LEAST_MS = 3000;

export class Silence {
  private readonly settings: ConnectionSettings;
  /** Requests whose callers have waited long enough, since take(). */
  late: number;
  /** Requests of this connection that the broker has left without answer for too long. */
  requests: number;
  private news: boolean;
  /** One of them is still being written, and not told before that ends. */
  private stuck: boolean;

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
    this.late = 0;
    this.requests = 0;
    this.news = false;
    this.stuck = false;
  }

  /** How much longer the answer to a request is waited for, whose caller has waited `timeoutMs`; 0 or less: no longer. */
  rest(pending: Pending, timeoutMs: number): number {
    if (pending.settled || !pending.free) return 0;
    return Math.min(LEAST_MS, this.settings['socket.timeout.ms']) - timeoutMs;
  }

  /** That was too long. */
  count(pending: Pending): void {
    this.requests++;
    this.news = true;
    if (!pending.free) this.stuck = true;
  }

  /** What has come since the last call; `news`: something was counted. */
  take(): { late: number; news: boolean } {
    const { late, news } = this;
    this.late = 0;
    this.news = false;
    return { late, news };
  }

  /** The connection is given up. */
  get isTooLong(): boolean {
    const most = this.settings['socket.max.fails'];
    return this.stuck || (most > 0 && this.requests >= most);
  }

  /** The connection has ended. */
  clear(): void {
    this.requests = 0;
    this.stuck = false;
  }
}
