// The one place with state that has identity: what all doors, as ESM and as CommonJS, share in one JavaScript thread.
// @thread app

/** What every copy of the library in this thread sees. Only grows by fields: another copy may be older. */
export interface Registry {
  /** rd_kafka_last_error(); 0 after a call that succeeded. */
  lastError: number;
  /** rd_kafka_errno(). */
  errno: number;
  /** Handles made so far in this thread: the number in `rdkafka#producer-1`. */
  instances: number;
  /** Every handle that is not destroyed yet. */
  readonly handles: Set<object>;
  /** The workers of this thread, by whoever starts them; undefined until the first. */
  workers: unknown;
  /** What rdkafka-ts/program has in this thread; undefined until it is used. */
  program: unknown;
}

const KEY = Symbol.for('rdkafka-ts');

/** Found once, at load: looking it up in each call would cost the hot path. */
const STATE: Registry = found();

function found(): Registry {
  const root = globalThis as { [KEY]?: Registry };
  root[KEY] ??= { lastError: 0, errno: 0, instances: 0, handles: new Set(), workers: undefined, program: undefined };
  return root[KEY];
}

/** The registry of this thread. */
export function registry(): Registry {
  return STATE;
}

/** Sets what last_error() and errno() give; call with 0 after a call that resets them. */
export function setLastError(code: number, errno: number = 0): void {
  STATE.lastError = code;
  STATE.errno = errno;
}

/** The number of the next handle, from 1. */
export function nextInstance(): number {
  return ++STATE.instances;
}
