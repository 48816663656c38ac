// All members of a group in one process, each polled in turn, until everyone has the same share of the partitions and
// nothing changes for `settle` ms; the clock stops at the last change.
import { consumer, finish, nextMessage, rdkafka, subscribe } from './ours.mjs';

const options = JSON.parse(process.argv[2]);
const { topic, members, partitions, strategy, protocol, settle } = options;
const properties = { 'partition.assignment.strategy': strategy, 'group.protocol': protocol };
const LIMIT_MS = 200_000;
const nobody = new Int32Array(new SharedArrayBuffer(4));
const owned = new Map();
let rebalances = 0;
let changed = 0;

function orThrow(error) {
  if (error) throw typeof error === 'number' ? new Error(rdkafka.err2str(error)) : error;
}

function onRebalance(rk, err, list) {
  const cooperative = rdkafka.rebalance_protocol(rk) === 'COOPERATIVE';
  const had = cooperative ? owned.get(rk) : 0;
  if (err === rdkafka.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    orThrow(cooperative ? rdkafka.incremental_assign(rk, list) : rdkafka.assign(rk, list));
    owned.set(rk, had + list.elems.length);
  } else {
    orThrow(cooperative ? rdkafka.incremental_unassign(rk, list) : rdkafka.assign(rk, null));
    owned.set(rk, cooperative ? had - list.elems.length : 0);
  }
  rebalances++;
  changed = performance.now();
}

const start = performance.now();
for (let i = 0; i < members; i++) owned.set(consumer(options, properties, onRebalance), 0);
const rks = [...owned.keys()];
const made = performance.now();
for (const rk of rks) subscribe(rk, topic);
for (let even = false; !even || performance.now() - changed < settle; ) {
  for (const rk of rks) if (nextMessage(rk, 0) !== null) throw new Error('a message in an empty topic');
  even = rks.every((rk) => owned.get(rk) === partitions / members);
  if (performance.now() - made > LIMIT_MS)
    throw new Error(`the group did not become stable: ${[...owned.values()].join(' ')}`);
  Atomics.wait(nobody, 0, 0, 1);
}
const stableMs = changed - made;
const untilStable = rebalances;
const rssMb = process.memoryUsage.rss() / 1048576;
const closing = performance.now();
for (const rk of rks) {
  orThrow(rdkafka.consumer_close(rk));
  rdkafka.destroy(rk);
}
finish({ newMs: made - start, stableMs, closeMs: performance.now() - closing, rebalances: untilStable, rssMb });
