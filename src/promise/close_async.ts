// close_async of the promise layer: the end that a service wants. @thread app
import { checkHandle, signalOf } from '../api/check_handle.ts';
import { CLOSE_MS, type Closed, closeAsync } from '../app/close_async.ts';
import type { Handle } from '../app/handle.ts';
import type { rd_kafka_t } from '../defs/types.ts';
import { checkInt32 } from '../rd/check.ts';
import type { Wait } from './options.ts';

/**
 * Ends a client in order: pulls stop and handlers of `each` come to their end; messages are flushed; what is handled is
 * committed (with enable.auto.commit); the group is left, with the hooks; threads and sockets are closed. Each step is
 * bounded, and all of it settles within `o.timeout_ms` (30000; negative: for as long as it takes) plus a second, whatever
 * brokers do. Gives how many messages were not delivered since it was called (each has had its report, which said so) and
 * which stored offsets are not committed. `o.signal` hurries, one that is aborted already too: the handle is ended without
 * waiting, then it rejects with the reason.
 *
 * What a callback or hook throws meanwhile does not keep the client from its end: then it rejects with the first of these
 * errors.
 *
 * A loop over `messages` or `batches` is waited for until it asks for its next message: inside of such a loop, leave it
 * before, or don't await this. A second call gives the same promise. `await using` does the same.
 */
export function close_async(rk: rd_kafka_t, o?: Wait): Promise<Closed> {
  try {
    const known = rk as unknown as Handle | null | undefined;
    if (known?.['~type'] === 'rd_kafka_t' && known.ending) return known.ending;
    const handle = checkHandle('close_async', rk);
    const { timeout_ms = CLOSE_MS, ...rest } = o ?? {};
    checkInt32('close_async', 'o.timeout_ms', timeout_ms);
    return closeAsync(handle, timeout_ms, signalOf('close_async', o === undefined ? undefined : rest));
  } catch (error) {
    return Promise.reject(error);
  }
}
