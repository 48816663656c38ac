// error_cb: what it is called with, how often, and where errors go without it.
import { expect, type TestContext, test } from 'vitest';
import * as k from '../../src/rdkafka.ts';
import * as m from '../../src/rdkafka_mock.ts';
import { aCluster, aConsumer, aProducer, type Config, type TestProducer } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';
import { produceMessages, queueMessages } from '../kit/reports.ts';

interface Told {
  readonly err: string;
  readonly text: string;
  readonly opaque: unknown;
}

interface Listening extends TestProducer {
  readonly told: Told[];
}

const QUICK = { 'reconnect.backoff.ms': 10, 'reconnect.backoff.max.ms': 50, 'retry.backoff.ms': 10 };

function listening(t: TestContext, config: Config): Listening {
  const told: Told[] = [];
  const p = aProducer(t, config, {
    error_cb: (_rk, err, text, opaque) => void told.push({ err: k.rd_kafka_err2name(err), text, opaque }),
    opaque: 'the opaque',
  });
  return { ...p, told };
}

/** Polls until error_cb was called with this. */
function until(p: Listening, err: string): Told {
  pollUntil(
    err,
    () => k.rd_kafka_poll(p.rk, 50),
    () => p.told.some((each) => each.err === err),
  );
  return p.told.find((each) => each.err === err)!;
}

test('a server that refuses the connection is _TRANSPORT, with its name, the reason and the state, and all brokers are down', (t) => {
  const p = listening(t, { 'bootstrap.servers': '127.0.0.1:1', ...QUICK });

  const transport = until(p, '_TRANSPORT');
  const down = until(p, '_ALL_BROKERS_DOWN');

  expect(transport.text).toMatch(
    /^127\.0\.0\.1:1\/bootstrap: Connect to 127\.0\.0\.1:1 failed: connection refused \(after \d+ms in state CONNECT\)$/,
  );
  expect(down).toEqual({ err: '_ALL_BROKERS_DOWN', text: '1/1 brokers are down', opaque: 'the opaque' });
});

test('a host that is not there is _RESOLVE', (t) => {
  const p = listening(t, { 'bootstrap.servers': 'no-such-host.invalid:1', ...QUICK });

  expect(until(p, '_RESOLVE').text).toMatch(
    /^no-such-host\.invalid:1\/bootstrap: Failed to resolve 'no-such-host\.invalid': /,
  );
});

test('however often the connection is tried, the same failure and that all are down are told once', (t) => {
  let tries = 0;
  const told: string[] = [];
  const { rk } = aProducer(
    t,
    { 'bootstrap.servers': '127.0.0.1:1,127.0.0.1:2', ...QUICK, debug: 'broker' },
    {
      error_cb: (_rk, err) => void told.push(k.rd_kafka_err2name(err)),
      log: (_level, _fac, text) => {
        if (text.includes('-> CONNECT ')) tries++;
      },
    },
  );

  pollUntil(
    'ten tries',
    () => k.rd_kafka_poll(rk, 50),
    () => tries >= 10,
  );

  expect(told.sort()).toEqual(['_ALL_BROKERS_DOWN', '_TRANSPORT', '_TRANSPORT']);
});

test('the brokers that metadata has named count, and no bootstrap server that is none of them', (t) => {
  const { bootstrap, mock } = aCluster(t, 2);
  m.rd_kafka_mock_topic_create(mock, 't', 1, 1);
  const p = listening(t, { 'bootstrap.servers': `127.0.0.1:1,${bootstrap}`, ...QUICK });
  produceMessages(p, 't', 0, 0, 1);

  m.rd_kafka_mock_broker_set_down(mock, -1);
  queueMessages(p, 't', 0, 1, 1);

  expect(until(p, '_ALL_BROKERS_DOWN').text).toBe('2/2 brokers are down');
});

test('a fatal error of a producer is _FATAL, with the code and text in rd_kafka_fatal_error', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const p = listening(t, { 'bootstrap.servers': bootstrap, 'enable.idempotence': true });
  const errstr = k.out('');

  k.rd_kafka_test_fatal_error(p.rk, k.RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 'for a test');
  k.rd_kafka_test_fatal_error(p.rk, k.RD_KAFKA_RESP_ERR__FAIL, 'a second one');
  const told = until(p, '_FATAL');

  expect(told.text).toContain('test_fatal_error: for a test');
  expect(k.rd_kafka_fatal_error(p.rk, errstr)).toBe(k.RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  expect(errstr.value).toBe('test_fatal_error: for a test');
  expect(p.told.filter(({ err }) => err === '_FATAL').length).toBe(1);
});

test('a consumer is told by rd_kafka_poll, and by consumer_poll after poll_set_consumer', (t) => {
  const told: string[] = [];
  const [own, forwarded] = [0, 1].map((i) =>
    aConsumer(
      t,
      { 'bootstrap.servers': '127.0.0.1:1', ...QUICK },
      { error_cb: (_rk, err) => void told.push(`${i} ${k.rd_kafka_err2name(err)}`) },
    ),
  ) as [k.rd_kafka_t, k.rd_kafka_t];
  expect(k.rd_kafka_poll_set_consumer(forwarded)).toBe(0);

  pollUntil(
    'both',
    () => {
      k.rd_kafka_poll(own, 10);
      k.rd_kafka_consumer_poll(forwarded, 10);
    },
    () => ['0 _ALL_BROKERS_DOWN', '1 _ALL_BROKERS_DOWN'].every((each) => told.includes(each)),
  );
});

test('without error_cb errors are logged, with the name of the handle', (t) => {
  const lines: string[] = [];
  const { rk } = aProducer(
    t,
    { 'bootstrap.servers': '127.0.0.1:1', ...QUICK },
    { log: (level, fac, text) => void lines.push(`${level} ${fac} ${text}`) },
  );

  const expected = `3 ERROR [thrd:app]: ${k.rd_kafka_name(rk)}: 1/1 brokers are down`;
  pollUntil(
    expected,
    () => k.rd_kafka_poll(rk, 50),
    () => lines.includes(expected),
  );
});
