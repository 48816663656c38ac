// Checks that all chapters of rdkafka_mock.h share, and how a command of theirs is sent. @thread app
import type { MockCluster } from '../app/mock_control.ts';
import { RD_KAFKA_RESP_ERR_NO_ERROR, type rd_kafka_resp_err_t } from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import { KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import type { rd_kafka_mock_cluster_t } from '../defs/mock_types.ts';
import { checkArray, checkBrand, checkInt, checkInt32, checkSize } from '../rd/check.ts';
import { checkSignal, type TwinOptions } from './check_handle.ts';

/** A command whose arguments have been checked. */
export interface MockCall {
  readonly cluster: MockCluster;
  /** Named like the function. */
  readonly command: string;
  readonly args: readonly unknown[];
}

export function checkCluster(fn: string, mcluster: rd_kafka_mock_cluster_t, param = 'mcluster'): MockCluster {
  return checkBrand<MockCluster>(fn, param, mcluster, 'rd_kafka_mock_cluster_t');
}

/** C's `int16_t`: API keys and versions. */
export function checkInt16(fn: string, param: string, value: number): number {
  return checkInt(fn, param, value, -32768, 32767);
}

export function checkApiKey(fn: string, ApiKey: number): number {
  return checkInt16(fn, 'ApiKey', ApiKey);
}

/** Error codes given as an array, or one by one: a copy. */
export function checkErrors(fn: string, errors: readonly number[], param = 'errors'): number[] {
  return Array.from(checkArray(fn, param, errors), (err, i) => checkInt32(fn, `${param}[${i}]`, err));
}

/** A count that stands before variable arguments: exactly `cnt` groups of `size` have to follow it (api.md, rule 10). */
export function checkCount(fn: string, cnt: number, given: readonly unknown[], size = 1): void {
  checkSize(fn, 'cnt', cnt);
  if (given.length === cnt * size) return;
  throw new RangeError(`${fn}: cnt is ${cnt}, so ${cnt * size} arguments must follow it, not ${given.length}`);
}

/** Blocks until the command is done: its error code. A cluster that does not answer gives a code, too. */
export function codeOf({ cluster, command, args }: MockCall): rd_kafka_resp_err_t {
  try {
    return cluster.command(command, ...args) ?? RD_KAFKA_RESP_ERR_NO_ERROR;
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
    throw error;
  }
}

/**
 * Blocks until the command, which has no result, is done; throws a KafkaError when the cluster does not answer. Also for
 * what C calls nonblocking: there it has taken effect on return, and a request must not overtake it to the worker.
 */
export function done({ cluster, command, args }: MockCall): void {
  cluster.command(command, ...args);
}

/** The command as a promise, rejected with the KafkaError of a code other than none. */
export async function settled({ cluster, command, args }: MockCall, o?: TwinOptions): Promise<void> {
  const signal = checkSignal(`${command}_async`, o);
  const err: rd_kafka_resp_err_t = (await cluster.commandAsync(signal, command, ...args)) ?? RD_KAFKA_RESP_ERR_NO_ERROR;
  if (err !== RD_KAFKA_RESP_ERR_NO_ERROR) throw kafkaErrorOf(err, `${command}: ${errorText(err)}`);
}
