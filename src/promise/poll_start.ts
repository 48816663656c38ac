// poll_start of the promise layer: callbacks run from the event loop. @thread app

import { checkHandle } from '../api/check_handle.ts';
import { startServing } from '../app/serve.ts';
import type { rd_kafka_t } from '../defs/types.ts';

/**
 * From here on the callbacks of this handle (delivery reports, errors, commit results, logs; with poll_set_consumer also
 * rebalances) run from the event loop, without any call of poll. Calling it again changes nothing. The process stays
 * alive while messages are on their way. `stop()` (or `using`) ends it. What a callback throws becomes an uncaught
 * exception.
 */
export function poll_start(rk: rd_kafka_t): Disposable & { stop(): void } {
  return startServing(checkHandle('poll_start', rk));
}
