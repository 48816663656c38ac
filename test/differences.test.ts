// docs/differences.md: each row has a test of its own (api.md, section 5).
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** How a row's first cell begins -> file and name (or a part of its text) of a test that would fail without it. */
const TESTS: Readonly<Record<string, readonly [file: string, test: string]>> = {
  'Undefined behaviour': ['test/mock/misuse.test.ts', '$name refuses what is wrong, and the handle delivers'],
  '`F_COPY`': ['test/mock/differences.test.ts', 'a payload may be changed as soon as produce has returned'],
  "A report's `payload`": ['test/mock/producer/callbacks.test.ts', 'what was not read inside the callback says so'],
  '`message_errstr`': ['test/mock/differences.test.ts', 'the text of a report that failed is that of its error'],
  'varargs with format': ['test/unit/api/error.test.ts', 'an own error has its code, name and text and no flags'],
  int64: [
    'test/unit/records/batch.test.ts',
    'a timestamp beyond 2^53 in the header is NaN, an offset beyond it an error',
  ],
  'Thread-safe handles': ['test/mock/differences.test.ts', 'a handle stays with its thread'],
  '`rd_kafka_mem_malloc`': ['test/unit/api/uuid_mem.test.ts', 'gives Buffers of zeros of that size'],
  '`yield`': ['test/mock/producer/callbacks.test.ts', 'yield_ inside a callback ends poll behind it'],
  '`rd_kafka_new` waits': ['test/faults/bad_days.test.ts', 'a worker file that is not there makes the handle fatal'],
  '`destroy` drops reports': ['test/mock/differences.test.ts', 'destroy says in the log how many messages it purges'],
  '`destroy` waits for its threads': ['test/mock/consumer/lifecycle.test.ts', 'ends within its bound'],
  '`produce` with `F_BLOCK`': ['test/mock/producer/basics.test.ts', 'a full queue refuses, or waits with F_BLOCK'],
  'Callbacks only from poll': ['test/mock/producer/callbacks.test.ts', 'poll_start serves reports from the event loop'],
  'What a callback throws': ['test/mock/producer/callbacks.test.ts', 'a callback that throws: poll throws it'],
  'Records for a topic not seen': ['test/mock/producer/basics.test.ts', 'is sent while the app thread sleeps'],
  "A partitioner of the application's": ['test/mock/producer/held.test.ts', 'needs no call of the library when'],
  '`msg_order_cmp` and': ['test/mock/producer/held.test.ts', 'what comes while a batch is under way goes before'],
  'An error that lets a sequence': ['test/unit/broker/sequence.test.ts', 'what may be stored is settled under its old'],
  'A message whose sequence': ['test/unit/broker/sequence.test.ts', 'a refused sequence where nothing before it had'],
  'When a broker has refused': ['test/mock/differences.test.ts', 'a topic that a broker has refused once is tried'],
  'Without `log_cb`': ['test/mock/differences.test.ts', '1000 log lines wait for a call that serves log_cb'],
  '`consumer_close` waits': [
    'test/mock/consumer/faults.test.ts',
    'with every broker down consumer_close and destroy end',
  ],
  'The error of an assigned': ['test/mock/consumer/missing.test.ts', 'that is not there give an error each, once'],
  'A group takes a topic': ['test/unit/main/metadata.test.ts', 'for longer than the propagation time is gone at once'],
  '`_ALL_BROKERS_DOWN` comes again': [
    'test/mock/error_cb.test.ts',
    'the same failure and that all are down are told once',
  ],
  '`cooperative-sticky` keeps': ['test/golden/assignors.test.ts', 'gives every member what Kafka gives it'],
  '`auto.offset.reset` has no': [
    'test/unit/defs/offset_time.test.ts',
    'a duration becomes a timestamp when it is asked',
  ],
  '`offsets_for_times` that fails': [
    'test/mock/consumer/offsets.test.ts',
    'refuses stay timestamps, and the entry says',
  ],
  '`list_groups` gives what': [
    'test/unit/main/list_groups.test.ts',
    'gives the error of a broker, whatever others say',
  ],
  'With `enable.auto.offset.store=true`': [
    'test/mock/consumer/offsets.test.ts',
    'what was handed out counts, whatever was',
  ],
  'With `group.protocol=consumer` a member': [
    'test/unit/main/consumer_group/leave.test.ts',
    'exceeded leaves the group at once, and joins again at the next poll',
  ],
  'With `group.protocol=consumer` the coordinator': [
    'test/unit/main/consumer_group/rebalance.test.ts',
    'is not waited for when others want what it has given up',
  ],
  '`unsubscribe` before the first': [
    'test/unit/main/consumer_group/leave.test.ts',
    'before the first heartbeat is heard leaves nothing behind',
  ],
  '`throttle_cb` hears': [
    'test/faults/throttle.test.ts',
    'that it is over is told by the connection that it was about',
  ],
  'A bootstrap server whose': ['test/mock/client_properties.test.ts', 'is unknown is told and tried by that name'],
  'A full queue (': ['test/mock/0127-fetch_queue_backoff.test.ts', 'a queue of one message is filled again with'],
  'Fetch answers name all': ['test/unit/broker/fetch_session.test.ts', 'the next names only what has moved'],
  '`pause_partitions` drops': [
    'test/mock/consumer/flow.test.ts',
    'hands out what was kept at once, and fetches nothing',
  ],
  '`consume_batch` goes on': [
    'test/unit/app/queue_poll.test.ts',
    'ends early when no more is fetched before some of it',
  ],
  'A message in a `RD_KAFKA_EVENT_FETCH`': [
    'test/unit/app/queue_poll.test.ts',
    'counts as handed out when its event is taken off the queue',
  ],
  'Patterns (`^...` of': ['test/unit/rd/pattern.test.ts', 'does not take ever longer with the length of the text'],
  'A subscribed topic that': ['test/unit/main/group/topics.test.ts', 'does not hold up the others for long, and is'],
  'Calls that block go on when a signal': [
    'test/mock/program/signals.test.ts',
    'a handler runs inside the call that is blocked',
  ],
  '`linger.ms` down to': ['test/mock/differences.test.ts', 'a fraction of a millisecond is taken for linger.ms'],
  'One thread per broker': ['test/mock/producer/lifecycle.test.ts', '50 handles in one process share workers'],
  'One socket for all': ['test/mock/brokers.test.ts', 'connections are made where something is to be said'],
  '`message.copy.max.bytes`': ['test/unit/conf/warnings.test.ts', 'property message.copy.max.bytes has no effect: '],
  '`plugin.library.paths`': ['test/unit/conf/marked.json', 'plugin.library.paths'],
  'Listens with `mock_cluster_new`': ['test/mock/differences.test.ts', 'mock brokers listen where no system gives'],
  '`test.mock.num.brokers`': ['test/mock/api_mock.test.ts', 'is found by handle_mock_cluster'],
  'Heartbeat up to version 5': ['test/mock/cluster/versions.test.ts', 'all versions that ApiVersions advertises'],
  'Metadata up to version 12': ['test/mock/rebootstrap.test.ts', 'a broker that requires it sends the client back'],
  'No CreateTopics': ['test/mock/cluster/kafkajs.test.ts', 'kafkajs creates, lists and deletes topics'],
};

const rows: readonly string[] = read('docs/differences.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| librdkafka |'))
  .map((line) => line.slice(2));

test('each row has its test here, and nothing else has', () => {
  const fits = (row: string): string[] => Object.keys(TESTS).filter((start) => row.startsWith(start));

  expect(rows.filter((row) => fits(row).length !== 1)).toEqual([]);
  expect(Object.keys(TESTS).filter((start) => !rows.some((row) => row.startsWith(start)))).toEqual([]);
});

test('the tests that are named are there', () => {
  const missing = Object.values(TESTS).filter(
    ([file, name]) => !existsSync(new URL(`../${file}`, import.meta.url)) || !read(file).includes(name),
  );

  expect(missing).toEqual([]);
});
