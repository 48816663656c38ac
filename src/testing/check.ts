// Checks of what the testing door is given (api.md, rule 6). @thread app
import { checkSignal } from '../api/check_handle.ts';
import type { ErrorType } from '../defs/enums.ts';
import { errorCode } from '../defs/errors.ts';
import type { Wait } from '../promise/options.ts';
import { checkFunction, checkInt, checkInt32, checkString, typeError } from '../rd/check.ts';
import type { ClusterOptions, Hook, TestContext, Where } from './types.ts';

/** As of `test.mock.num.brokers`. */
const MAX_BROKERS = 10_000;
export const MAX_PARTITIONS = 10_000;
const INT_MAX = 2147483647;
const DEFAULT_TIMEOUT_MS = 10_000;

/** An object with no other keys; undefined counts as an empty one. */
function checkObject<T extends object>(fn: string, param: string, value: T | undefined, keys: readonly string[]): T {
  if (value === undefined) return {} as T;
  const what = `an object { ${keys.join(', ')} }`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw typeError(fn, param, what, value);
  for (const key of Object.keys(value))
    if (!keys.includes(key)) throw new TypeError(`${fn}: ${param} must be ${what}, without ${key}`);
  return value;
}

export interface CheckedOptions {
  readonly brokers: number;
  readonly topics: Readonly<Record<string, number>>;
}

export function checkOptions(fn: string, o: ClusterOptions | undefined): CheckedOptions {
  const { brokers = 1, topics, tls, users } = checkObject(fn, 'o', o, ['brokers', 'topics', 'tls', 'users']);
  checkInt(fn, 'o.brokers', brokers, 1, MAX_BROKERS);
  const checked: Record<string, number> = {};
  if (topics !== undefined) {
    if (typeof topics !== 'object' || topics === null || Array.isArray(topics))
      throw typeError(fn, 'o.topics', 'an object { name: partitions }', topics);
    for (const [name, partitions] of Object.entries(topics)) {
      if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..')
        throw new TypeError(`${fn}: o.topics must have names of topics, and ${JSON.stringify(name)} is none`);
      checked[name] = checkInt(fn, `o.topics.${name}`, partitions, 1, MAX_PARTITIONS);
    }
  }
  if (tls !== undefined && tls !== false)
    throw new Error(`${fn}: o.tls: the mock cluster has no TLS listeners yet, so leave it out`);
  if (users !== undefined)
    throw new Error(`${fn}: o.users: the mock cluster has no SASL listeners yet, so leave it out`);
  return { brokers, topics: checked };
}

function isContext(value: unknown): value is TestContext {
  // vitest's is a function.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const { onTestFinished, after } = value as { onTestFinished?: unknown; after?: unknown };
  return typeof onTestFinished === 'function' || typeof after === 'function';
}

/** The two forms of mock_cluster: with a test context, and without. */
export function checkContext(
  fn: string,
  first: TestContext | ClusterOptions | undefined,
  second: ClusterOptions | undefined,
): { context: TestContext | null; options: CheckedOptions } {
  if (isContext(first)) return { context: first, options: checkOptions(fn, second) };
  if (second !== undefined)
    throw typeError(fn, 't', "a test's context with onTestFinished (vitest) or after (node:test)", first);
  return { context: null, options: checkOptions(fn, first) };
}

export interface SuiteHooks {
  readonly beforeAll: Hook;
  readonly afterEach: Hook;
  readonly afterAll: Hook;
}

const HOOK_NAMES = ['beforeAll', 'afterEach', 'afterAll'] as const;

/** Those given, else the test runner's globals. */
export function checkHooks(fn: string, hooks: SuiteHooks | undefined): SuiteHooks {
  if (hooks !== undefined) {
    if (typeof hooks !== 'object' || hooks === null) throw typeError(fn, 'hooks', 'an object', hooks);
    for (const name of HOOK_NAMES) checkFunction(fn, `hooks.${name}`, hooks[name]);
    return hooks;
  }
  const globals = globalThis as unknown as Partial<SuiteHooks>;
  for (const name of HOOK_NAMES)
    if (typeof globals[name] !== 'function')
      throw new TypeError(
        `${fn}: hooks must be given, { beforeAll, afterEach, afterAll }, since there is no global ${name}: vitest has globals with \`globals: true\`, node:test calls them before, afterEach and after`,
      );
  const { beforeAll, afterEach, afterAll } = globals as SuiteHooks;
  return { beforeAll, afterEach, afterAll };
}

export interface CheckedWait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Throws the signal's reason when it is aborted already. */
export function checkWait(fn: string, w: Wait | undefined): CheckedWait {
  const { timeout_ms, signal } = checkObject(fn, 'w', w, ['timeout_ms', 'signal']);
  const timeoutMs = timeout_ms === undefined ? DEFAULT_TIMEOUT_MS : checkInt32(fn, 'w.timeout_ms', timeout_ms);
  return { timeoutMs, signal: signal === undefined ? undefined : checkSignal(fn, { signal }, 'w') };
}

export interface CheckedWhere {
  readonly where: { readonly broker: number | null; readonly topic: string | null; readonly partition: number | null };
  readonly times: number;
}

export function checkWhere(fn: string, w: Where | undefined): CheckedWhere {
  const { broker, topic, partition, times = 1 } = checkObject(fn, 'w', w, ['broker', 'topic', 'partition', 'times']);
  if (partition !== undefined && topic === undefined)
    throw new TypeError(`${fn}: w.partition is one of w.topic, which must be given, too`);
  return {
    where: {
      broker: broker === undefined ? null : checkBroker(fn, 'w.broker', broker),
      topic: topic === undefined ? null : checkString(fn, 'w.topic', topic),
      partition: partition === undefined ? null : checkPartition(fn, 'w.partition', partition),
    },
    times: times === Number.POSITIVE_INFINITY ? times : checkInt(fn, 'w.times', times, 1, INT_MAX),
  };
}

export function checkBroker(fn: string, param: string, id: number): number {
  return checkInt(fn, param, id, 0, INT_MAX);
}

export function checkPartition(fn: string, param: string, partition: number): number {
  return checkInt(fn, param, partition, 0, INT_MAX);
}

export function checkDelay(fn: string, ms: number): number {
  return checkInt(fn, 'ms', ms, 0, INT_MAX);
}

/** The code of an error that brokers answer. */
export function checkError(fn: string, error: ErrorType): number {
  checkString(fn, 'error', error);
  const code = errorCode(error);
  if (code === undefined)
    throw new TypeError(`${fn}: error must be librdkafka's name of an error, and ${JSON.stringify(error)} is none`);
  if (code === 0 || error.startsWith('_'))
    throw new TypeError(
      `${fn}: error must be one that brokers answer, and ${error} is ${code === 0 ? 'none' : "the client's own: refuse and lose_answer cut a connection"}`,
    );
  return code;
}
