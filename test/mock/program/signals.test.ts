// Signals in a program whose main blocks: where handlers run, what they wake, and when a signal kills all the same.
import { beforeAll, expect, test } from 'vitest';
import { childRunner, type RunChild } from '../../kit/child.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

const INTR = -163;

/** A group consumer `rk` of topic t on a mock cluster `c`, which says `assigned` from inside consumer_poll. */
const CONSUMER = `
  const c = cluster();
  const make = producer(c.bootstrap);
  k.rd_kafka_producev(make, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
  k.rd_kafka_flush(make, 30_000);
  const conf = k.rd_kafka_conf_new();
  const set = (name, value) => { if (k.rd_kafka_conf_set(conf, name, value) !== 0) throw new Error(name); };
  set('bootstrap.servers', c.bootstrap); set('group.id', 'g'); set('auto.offset.reset', 'earliest');
  k.rd_kafka_conf_set_rebalance_cb(conf, (rk, err, list) => {
    const given = err === k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    k.rd_kafka_assign(rk, given ? list : null);
    onRebalance(given, rk);
  });
  let onRebalance = () => {};
  const rk = k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf);
  k.rd_kafka_subscribe(rk, ['t']);
`;

test('a handler runs inside the call that is blocked, which then returns like a timed-out one', async () => {
  const child = run(`program(import.meta.url, () => {
    ${CONSUMER}
    let inside = 0;
    signal('SIGTERM', (name, number) => stdout.write('handler ' + name + ' ' + number + ' inside ' + inside + '\\n'));
    while (k.rd_kafka_consumer_poll(rk, -1) === null);
    // Told by a rebalance that comes while the call waits: it is in there.
    onRebalance = (given) => { if (given) stdout.write('waiting\\n'); };
    k.rd_kafka_unsubscribe(rk);
    k.rd_kafka_subscribe(rk, ['t']);
    inside = 1;
    const message = k.rd_kafka_consumer_poll(rk, -1);
    inside = 0;
    stdout.write('poll ' + message + ' ' + k.rd_kafka_last_error() + ' ' + k.rd_kafka_errno() + '\\n');
    k.rd_kafka_destroy(rk); k.rd_kafka_destroy(make); c.end();
    return 3;
  });`);
  await child.says(/waiting/);

  child.process.kill('SIGTERM');

  expect(await child.ended).toBe(3);
  expect(child.out()).toBe(`waiting\nhandler SIGTERM 15 inside 1\npoll null ${INTR} 4\n`);
});

/** A call that would wait for ever where no broker answers -> what it gives, printed, when a signal comes. */
const BLOCKED: Readonly<Record<string, string>> = {
  'rd_kafka_poll(P, -1)': '0',
  'rd_kafka_flush(P, -1)': '-185',
  "rd_kafka_produce(full, 0, k.RD_KAFKA_MSG_F_BLOCK, 'y', null)": '-1',
  "rd_kafka_producev(F, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('y'), k.RD_KAFKA_V_MSGFLAGS(k.RD_KAFKA_MSG_F_BLOCK))":
    '-163',
  'rd_kafka_produce_batch(full, 0, k.RD_KAFKA_MSG_F_BLOCK, [{}, {}])': '0',
  'rd_kafka_consumer_poll(C, -1)': 'null',
  'rd_kafka_queue_poll(k.rd_kafka_queue_get_consumer(C), -1)': 'null',
  'rd_kafka_queue_poll_callback(k.rd_kafka_queue_get_consumer(C), -1)': '0',
  'rd_kafka_consume(started, 0, -1)': 'null',
  'rd_kafka_consume_batch(started, 0, -1, [], 10)': '0',
  'rd_kafka_consume_callback(started, 0, -1, () => {}, null)': '0',
  'rd_kafka_metadata(P, 1, null, { value: null }, -1)': '-185',
  'rd_kafka_clusterid(P, -1)': 'null',
  "rd_kafka_committed(C, [{ topic: 't', partition: 0 }], -1)": '-185',
  "rd_kafka_commit(C, [{ topic: 't', partition: 0, offset: 1 }], 0)": '-185',
  "rd_kafka_query_watermark_offsets(C, 't', 0, null, null, -1)": '-185',
  "rd_kafka_offsets_for_times(C, [{ topic: 't', partition: 0, offset: 1 }], -1)": '-185',
  'rd_kafka_list_groups(C, null, { value: null }, -1)': '-185',
  'rd_kafka_wait_destroyed(-1)': '-1',
};

test('every call that can wait for ever is woken, and says so by last_error', async () => {
  const calls = Object.keys(BLOCKED);
  const child = run(`
    import { createServer } from 'node:net';
    program(import.meta.url, async () => {
      // Takes connections and never answers.
      const server = createServer((socket) => socket.on('error', () => {}));
      await new Promise((done) => server.listen(0, '127.0.0.1', done));
      const silent = '127.0.0.1:' + server.address().port;
      const P = producer(silent), F = producer(silent, null, { 'queue.buffering.max.messages': '1' });
      for (const rk of [P, F]) k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
      const full = k.rd_kafka_topic_new(F, 't', null);
      const consumer = () => {
        const conf = k.rd_kafka_conf_new();
        k.rd_kafka_conf_set(conf, 'bootstrap.servers', silent);
        k.rd_kafka_conf_set(conf, 'group.id', 'g');
        return k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf);
      };
      const C = consumer(), S = consumer();
      k.rd_kafka_subscribe(C, ['t']);
      const started = k.rd_kafka_topic_new(S, 'other', null);
      k.rd_kafka_consume_start(started, 0, k.RD_KAFKA_OFFSET_BEGINNING);
      let came = 0;
      signal('SIGINT', () => { came++; });
      const calls = [${calls.map((call) => `() => k.${call}`).join(', ')}];
      for (const [i, call] of calls.entries()) {
        stdout.write('call ' + i + '\\n');
        const result = call();
        stdout.write('done ' + i + ' ' + result + ' ' + k.rd_kafka_last_error() + ' ' + came + '\\n');
      }
      return 3;
    });`);

  for (let i = 0; i < calls.length; i++) {
    await child.says(new RegExp(`call ${i}\n`));
    child.process.kill('SIGINT');
    await child.says(new RegExp(`done ${i} .*\n`));
  }

  const done = [...child.out().matchAll(/^done \d+ (.*)$/gm)].map(([, rest]) => rest);
  expect(Object.fromEntries(done.map((rest, i) => [calls[i], rest]))).toEqual(
    Object.fromEntries(calls.map((call, i) => [call, `${BLOCKED[call]} ${INTR} ${i + 1}`])),
  );
  expect(await child.ended).toBe(3);
});

/** A consumer of nothing in particular, on no broker. */
const LONELY = `
  const conf = k.rd_kafka_conf_new();
  k.rd_kafka_conf_set(conf, 'bootstrap.servers', '127.0.0.1:1'); k.rd_kafka_conf_set(conf, 'group.id', 'g');
  k.rd_kafka_conf_set(conf, 'log_level', '0');
  const rk = k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf);
`;
/** Until a signal has come that nothing has taken: `process.kill` of oneself comes by the main thread, later. */
const PENDING = `
  const pending = () => { while (!globalThis[Symbol.for('rdkafka-ts')].program.link.pending); };
`;

test('a signal that comes between two calls runs in the next one, which does not begin to wait', async () => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY} ${PENDING}
    let handled = 0;
    signal('SIGINT', () => { handled++; });
    process.kill(process.pid, 'SIGINT');
    pending();
    stdout.write('before ' + handled + '\\n');
    stdout.write(k.rd_kafka_consumer_poll(rk, -1) + ' ' + k.rd_kafka_last_error() + ' ' + handled + '\\n');
  });`);

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe(`before 0\nnull ${INTR} 1\n`);
});

test.each([
  ['rd_kafka_poll(rk, 0)', 'producer("127.0.0.1:1", null, { log_level: "0" })'],
  ["rd_kafka_produce(k.rd_kafka_topic_new(rk, 't', null), 0, 0, 'x', null)", 'producer("127.0.0.1:1")'],
  ["rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'))", 'producer("127.0.0.1:1", null, { log_level: "0" })'],
  ['rd_kafka_flush(rk, 0)', 'producer("127.0.0.1:1", null, { log_level: "0" })'],
])('%s runs the handler of a signal that has come', async (call, make) => {
  const child = run(`program(import.meta.url, () => {
    ${PENDING}
    const rk = ${make};
    let handled = 0;
    signal('SIGINT', () => { handled++; });
    process.kill(process.pid, 'SIGINT');
    pending();
    k.${call};
    return 10 + handled;
  });`);

  expect(await child.ended).toBe(11);
});

test('a consumer that never waits, since there is always a message, runs handlers too', async () => {
  const child = run(`program(import.meta.url, () => {
    ${CONSUMER} ${PENDING}
    for (let i = 0; i < 1000; i++) k.rd_kafka_producev(make, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'), k.RD_KAFKA_V_PARTITION(0));
    k.rd_kafka_flush(make, 30_000);
    let run = true;
    signal('SIGINT', () => { run = false; });
    let got = 0;
    while (got < 10) if (k.rd_kafka_consumer_poll(rk, 30_000)?.partition === 0) got++;
    process.kill(process.pid, 'SIGINT');
    pending();
    const message = k.rd_kafka_consumer_poll(rk, -1);
    return message !== null && !run ? 3 : 4;
  });`);

  expect(await child.ended).toBe(3);
});

test('what a handler throws comes out of the call, and the next call runs the handlers behind it', async () => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY} ${PENDING}
    signal('SIGINT', () => { throw new Error('no more'); });
    signal('SIGTERM', () => stdout.write('SIGTERM\\n'));
    process.kill(process.pid, 'SIGINT'); process.kill(process.pid, 'SIGTERM');
    const { link } = globalThis[Symbol.for('rdkafka-ts')].program;
    while (Atomics.load(link.desk, 0) !== ((1 << 2) | (1 << 15)));
    for (let i = 0; i < 2; i++) {
      try { stdout.write('poll ' + k.rd_kafka_consumer_poll(rk, -1) + '\\n'); }
      catch (error) { stdout.write(error.message + '\\n'); }
    }
  });`);

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('no more\nSIGTERM\npoll null\n');
});

test('a handler that runs in a call inside a callback ends the call around it as well', async () => {
  const child = run(`program(import.meta.url, () => {
    ${CONSUMER} ${PENDING}
    signal('SIGINT', () => stdout.write('handler\\n'));
    while (k.rd_kafka_consumer_poll(rk, -1) === null);
    onRebalance = (given) => {
      if (!given) return;
      process.kill(process.pid, 'SIGINT');
      pending();
      stdout.write('inside ' + k.rd_kafka_poll(make, -1) + '\\n');
    };
    k.rd_kafka_unsubscribe(rk); k.rd_kafka_subscribe(rk, ['t']);
    stdout.write(k.rd_kafka_consumer_poll(rk, -1) + ' ' + k.rd_kafka_last_error() + '\\n');
  });`);

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe(`handler\ninside 0\nnull ${INTR}\n`);
});

test('consumer_close runs handlers and is not cut short: the group is left', async () => {
  const child = run(`program(import.meta.url, () => {
    ${CONSUMER} ${PENDING}
    let handled = 0;
    signal('SIGINT', () => { handled++; });
    while (k.rd_kafka_consumer_poll(rk, -1) === null);
    onRebalance = () => { process.kill(process.pid, 'SIGINT'); pending(); };
    const closed = k.rd_kafka_consumer_close(rk);
    stdout.write('closed ' + closed + ' ' + handled + ' ' + k.rd_kafka_consumer_closed(rk) + '\\n');
  });`);

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('closed 0 1 1\n');
});

test('destroy runs handlers and is not cut short: every message has its report', async () => {
  const child = run(`program(import.meta.url, () => {
    ${PENDING}
    let reports = 0, handled = 0;
    const rk = producer('127.0.0.1:1', () => { reports++; }, { log_level: '0' });
    signal('SIGINT', () => { handled++; });
    for (let i = 0; i < 1000; i++) k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
    process.kill(process.pid, 'SIGINT');
    pending();
    k.rd_kafka_destroy(rk);
    stdout.write(reports + ' ' + handled + '\\n');
  });`);

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('1000 1\n');
});

test('a handler may destroy the handle whose call it has woken', async () => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY}
    signal('SIGINT', () => { k.rd_kafka_destroy(rk); stdout.write('later: ' + k.rd_kafka_name(rk) + '\\n'); });
    stdout.write('polling\\n');
    stdout.write(k.rd_kafka_consumer_poll(rk, -1) + '\\n');
    try { k.rd_kafka_name(rk); } catch (error) { stdout.write(error.code + '\\n'); }
  });`);
  await child.says(/polling/);

  child.process.kill('SIGINT');

  expect(await child.ended).toBe(0);
  expect(child.out()).toBe('polling\nlater: rdkafka#consumer-1\nnull\nERR_RDKAFKA_DESTROYED\n');
});

test('process.exit in a handler ends the process in the middle of the call', async () => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY}
    signal('SIGINT', () => process.exit(9));
    stdout.write('polling\\n');
    for (;;) k.rd_kafka_consumer_poll(rk, -1);
  });`);
  await child.says(/polling/);

  child.process.kill('SIGINT');

  expect(await child.ended).toBe(9);
});

test('in an event loop handlers run by themselves', async () => {
  const child = run(`program(import.meta.url, async () => {
    const came = new Promise((done) => signal('SIGTERM', done));
    const alive = setInterval(() => {}, 60_000);
    stdout.write('waiting\\n');
    stdout.write((await came) + '\\n');
    clearInterval(alive);
    return 5;
  });`);
  await child.says(/waiting/);

  child.process.kill('SIGTERM');

  expect(await child.ended).toBe(5);
  expect(child.out()).toBe('waiting\nSIGTERM\n');
});

test('a handler that is set outside main runs in the worker, and only there', async () => {
  const child = run(`
    let run = true;
    signal('SIGINT', () => { stdout.write('handler\\n'); run = false; });
    program(import.meta.url, () => {
      ${LONELY}
      stdout.write('polling\\n');
      while (run) k.rd_kafka_consumer_poll(rk, -1);
      return 5;
    });
    signal('SIGINT', () => stdout.write('of the main thread\\n'));`);
  await child.says(/polling/);

  child.process.kill('SIGINT');

  expect(await child.ended).toBe(5);
  expect(child.out()).toBe('polling\nhandler\n');
});

test('signal gives the handler that was there; null gives the signal back to the system', async () => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY}
    const a = () => {}, b = () => {};
    stdout.write([signal('SIGINT', a), signal('SIGINT', b) === a, signal('SIGINT', null) === b, signal('SIGINT', null)] + '\\n');
    for (;;) k.rd_kafka_consumer_poll(rk, -1);
  });`);
  await child.says(/,true,true,\n/);

  child.process.kill('SIGINT');

  expect(await child.ended).toBe('SIGINT');
});

test.each([
  ["signal('SIGWHAT', () => {})", /TypeError: signal: name must be a signal, not SIGWHAT/],
  ["signal('SIGKILL', () => {})", /TypeError: signal: name: nobody can handle SIGKILL/],
  ["signal('SIGINT')", /^$/],
  ["signal('SIGINT', 1)", /TypeError: signal: handler must be a function or null, not the number 1/],
  ['signal(2, () => {})', /TypeError: signal: name must be a string, not the number 2/],
])('%s is checked', async (call, text) => {
  const child = run(`program(import.meta.url, async () => { ${call}; });`);

  expect(await child.ended).toBe(text.source === '^$' ? 0 : 1);
  expect(child.err()).toMatch(text);
});

test('in a worker that no program started signal throws', async () => {
  const child = run(`
    import { Worker, isMainThread } from 'node:worker_threads';
    if (isMainThread) new Worker(new URL(import.meta.url)); else signal('SIGINT', () => {});`);

  expect(await child.ended).toBe(1);
  expect(child.err()).toMatch(/signals reach the main thread only, and the worker of a program/);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s without a handler kills a blocked program', async (name) => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY}
    stdout.write('polling\\n');
    k.rd_kafka_consumer_poll(rk, -1);
  });`);
  await child.says(/polling/);

  child.process.kill(name);

  expect(await child.ended).toBe(name);
});

/** Calls nothing of the library for ever, or until `also` says otherwise. */
const BUSY = `
  let handled = 0;
  signal('SIGINT', () => { handled++; }); signal('SIGTERM', () => { handled++; }); signal('SIGHUP', () => { handled++; });
  stdout.write('busy\\n');
`;

test('a main that makes no call is ended by the second signal, a second after the first', async () => {
  const child = run(`program(import.meta.url, () => { ${BUSY} for (;;); });`);
  await child.says(/busy/);

  child.process.kill('SIGINT');
  child.process.kill('SIGTERM');

  expect(['SIGINT', 'SIGTERM']).toContain(await child.ended);
});

test('one signal is left to a main that computes for long', async () => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY} ${BUSY}
    for (const end = Date.now() + 2000; Date.now() < end; );
    k.rd_kafka_poll(rk, 0);
    return handled;
  });`);
  await child.says(/busy/);

  child.process.kill('SIGINT');

  expect(await child.ended).toBe(1);
});

test('two signals within a moment, as npm sends them, do not kill a main that is busy for as long', async () => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY} ${BUSY} ${PENDING}
    pending();
    stdout.write('pending\\n');
    for (const end = Date.now() + 100; Date.now() < end; );
    k.rd_kafka_consumer_poll(rk, 0);
    return 7;
  });`);
  await child.says(/busy/);

  child.process.kill('SIGINT');
  await child.says(/pending/);
  child.process.kill('SIGTERM');

  expect(await child.ended).toBe(7);
});

test('SIGHUP, which asks many programs to read their configuration again, never ends one that handles it', async () => {
  const child = run(`program(import.meta.url, () => {
    ${LONELY} ${BUSY} ${PENDING}
    pending();
    stdout.write('pending\\n');
    for (const end = Date.now() + 2000; Date.now() < end; );
    k.rd_kafka_poll(rk, 0);
    return handled;
  });`);
  await child.says(/busy/);

  child.process.kill('SIGHUP');
  await child.says(/pending/);
  child.process.kill('SIGHUP');

  expect(await child.ended).toBe(1);
});
