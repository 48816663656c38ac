// Errors and delays that tests push: a FIFO stack per API key for the cluster, for a broker and for a partition.
// @thread mock
import { E } from './codes.ts';

/** What happens to one request. */
export interface Fault {
  /** Code to answer, 0 for none; _TRANSPORT cuts the connection and the request is not done. */
  readonly error: number;
  /** Milliseconds by which the answer is held back. */
  readonly rtt: number;
  /** The request is done, then the connection is cut instead of the answer. */
  readonly loseAnswer: boolean;
}

export const NO_FAULT: Fault = { error: E.NONE, rtt: 0, loseAnswer: false };

/** Stacks by API key. A stack stays once it was pushed to, even when it is empty. */
export class FaultStacks {
  readonly #stacks: Map<number, Fault[]> = new Map();

  push(apiKey: number, faults: readonly Fault[]): void {
    const stack = this.#stacks.get(apiKey) ?? [];
    this.#stacks.set(apiKey, stack);
    for (const fault of faults) stack.push(fault);
  }

  /** Takes the oldest fault; NO_FAULT from an empty stack, undefined if there never was one. */
  next(apiKey: number): Fault | undefined {
    const stack = this.#stacks.get(apiKey);
    return stack === undefined ? undefined : (stack.shift() ?? NO_FAULT);
  }

  count(apiKey: number): number {
    return this.#stacks.get(apiKey)?.length ?? 0;
  }

  /** Empties one stack, which stays. */
  clear(apiKey: number): void {
    const stack = this.#stacks.get(apiKey);
    if (stack !== undefined) stack.length = 0;
  }

  /** Forgets all stacks. */
  reset(): void {
    this.#stacks.clear();
  }
}

/** The fault of a request: the broker's stack hides the cluster's, as in librdkafka, even when it is empty. */
export function nextFault(broker: FaultStacks, cluster: FaultStacks, apiKey: number): Fault {
  return broker.next(apiKey) ?? cluster.next(apiKey) ?? NO_FAULT;
}

/** Faults that only carry an error. */
export function errorFaults(errors: readonly number[]): Fault[] {
  return errors.map((error) => ({ error, rtt: 0, loseAnswer: false }));
}
