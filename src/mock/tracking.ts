// The requests that brokers received, kept while tracking is on. @thread mock

/** One request as it came in. */
export interface TrackedRequest {
  /** Broker id. */
  readonly id: number;
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly clientId: string | null;
  /** Microseconds of the monotonic clock, as in librdkafka. */
  readonly timestamp: number;
}

/** A long test that never clears keeps the newest of them only. */
const MAX_TRACKED = 1_000_000;

export class Tracking {
  #on = false;
  #requests: TrackedRequest[] = [];

  /** Starting and stopping both begin with an empty list. */
  start(): void {
    this.#on = true;
    this.#requests = [];
  }

  stop(): void {
    this.#on = false;
    this.#requests = [];
  }

  clear(): void {
    this.#requests = [];
  }

  record(request: TrackedRequest): void {
    if (!this.#on) return;
    if (this.#requests.length >= MAX_TRACKED) this.#requests = this.#requests.slice(MAX_TRACKED / 2);
    this.#requests.push(request);
  }

  requests(): readonly TrackedRequest[] {
    return this.#requests.slice();
  }
}
