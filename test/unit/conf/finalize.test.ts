import { describe, expect, it } from 'vitest';
import { Conf, TopicConf } from '../../../src/conf/conf.ts';
import { type ClientType, type Finalized, finalize, finalizeTopic, type Refused } from '../../../src/conf/finalize.ts';

type Values = Record<string, string>;

function confWith(values: Values): Conf {
  const conf = new Conf();
  for (const [name, value] of Object.entries(values)) expect([name, conf.set(name, value).errstr]).toEqual([name, '']);
  return conf;
}

function errorOf(type: ClientType, conf: Conf): string {
  const result = finalize(conf, type);
  return 'errstr' in result ? result.errstr : '';
}

function ok(result: Finalized | Refused): Finalized {
  if ('errstr' in result) throw new Error(result.errstr);
  return result;
}

const OIDC: Values = { 'sasl.mechanisms': 'OAUTHBEARER', 'sasl.oauthbearer.method': 'oidc' };
const URL = { 'sasl.oauthbearer.token.endpoint.url': 'https://a' };
const CLIENT = { 'sasl.oauthbearer.client.id': 'i', 'sasl.oauthbearer.client.secret': 's' };
const JWT = {
  ...OIDC,
  ...URL,
  'sasl.oauthbearer.grant.type': 'urn:ietf:params:oauth:grant-type:jwt-bearer',
};
const ASSERTION = 'sasl.oauthbearer.assertion';
const KIP_848: Values = { 'group.protocol': 'consumer' };
const IDEMPOTENT: Values = { 'enable.idempotence': 'true' };

describe('finalize refuses', () => {
  it.each<[ClientType, Values, string]>([
    ['producer', { 'ssl.keystore.location': 'x' }, '`ssl.keystore.password`'],
    ['producer', { 'https.ca.pem': 'x', 'https.ca.location': 'y' }, '`https.ca.location` and `https.ca.pem` exclude'],
    ['producer', { 'https.ca.location': '/?/does/!/not/exist!' }, '`https.ca.location` must be a file or folder'],
    ['producer', { ...OIDC, 'enable.sasl.oauthbearer.unsecure.jwt': 'true' }, '`sasl.oauthbearer.method=oidc` exclude'],
    ['producer', OIDC, '`sasl.oauthbearer.token.endpoint.url`'],
    ['producer', { ...OIDC, 'sasl.oauthbearer.metadata.authentication.type': 'azure_imds' }, '`query`'],
    ['producer', { ...OIDC, ...URL }, '`sasl.oauthbearer.client.id`'],
    ['producer', { ...OIDC, ...URL, 'sasl.oauthbearer.client.id': 'i' }, '`sasl.oauthbearer.client.secret`'],
    ['producer', JWT, `\`${ASSERTION}.private.key.file\` or`],
    [
      'producer',
      { ...JWT, [`${ASSERTION}.private.key.file`]: 'f', [`${ASSERTION}.private.key.pem`]: 'p' },
      `\`${ASSERTION}.private.key.file\` and`,
    ],
    ...[
      'private.key.file',
      'private.key.pem',
      'private.key.passphrase',
      'jwt.template.file',
      'claim.sub',
      'claim.aud',
      'claim.iss',
    ].map((name): [ClientType, Values, string] => [
      'producer',
      { ...JWT, [`${ASSERTION}.file`]: 'f', [`${ASSERTION}.${name}`]: 'x' },
      `\`${ASSERTION}.file\` and \`${ASSERTION}.${name}\``,
    ]),
    ...Object.entries({ 'claim.jti.include': 'false', 'claim.exp.seconds': '300', 'claim.nbf.seconds': '60' }).map(
      ([name, value]): [ClientType, Values, string] => [
        'producer',
        { ...JWT, [`${ASSERTION}.file`]: 'f', [`${ASSERTION}.${name}`]: value },
        `\`${ASSERTION}.file\` and \`${ASSERTION}.${name}\``,
      ],
    ),
    [
      'producer',
      { ...OIDC, ...URL, ...CLIENT, 'sasl.oauthbearer.sub.claim.name': '  ' },
      'sub.claim.name` must not be',
    ],
    ['consumer', { 'fetch.min.bytes': '0' }, 'outside the range 1..100000000'],
    ['consumer', { 'fetch.min.bytes': '100000001' }, 'outside the range 1..100000000'],
    ['consumer', { 'max.poll.interval.ms': '1000' }, '`max.poll.interval.ms` must be at least'],
    ['consumer', { ...KIP_848, 'session.timeout.ms': '45000' }, "`session.timeout.ms` can't be set"],
    ['consumer', { ...KIP_848, 'partition.assignment.strategy': 'range' }, "`partition.assignment.strategy` can't"],
    ['consumer', { ...KIP_848, 'group.protocol.type': 'consumer' }, "`group.protocol.type` can't be set"],
    ['consumer', { ...KIP_848, 'heartbeat.interval.ms': '3000' }, "`heartbeat.interval.ms` can't be set"],
    ['consumer', { 'fetch.max.bytes': '999999' }, '`fetch.max.bytes` must be at least `message.max.bytes`'],
    ['consumer', { 'receive.message.max.bytes': '52429311' }, '`receive.message.max.bytes` must be at least'],
    ['producer', { 'transactional.id': 't', 'enable.idempotence': 'false' }, '`transactional.id` needs'],
    ['producer', { 'transactional.id': 't', 'socket.timeout.ms': '60101' }, '`socket.timeout.ms` must be at most'],
    ['producer', { ...IDEMPOTENT, 'max.in.flight': '6' }, '`max.in.flight` must be at most 5'],
    ['producer', { ...IDEMPOTENT, retries: '0' }, '`retries` must be at least 1'],
    ['producer', { ...IDEMPOTENT, 'queue.buffering.backpressure.threshold': '2' }, 'threshold` must be 1'],
    ['producer', { 'enable.gapless.guarantee': 'true' }, '`enable.gapless.guarantee` needs'],
    ['producer', { 'reconnect.backoff.ms': '10001' }, '`reconnect.backoff.max.ms` must be at least'],
    ['producer', { ...IDEMPOTENT, acks: '1' }, '`acks` must be `all`'],
    ['producer', { ...IDEMPOTENT, 'queuing.strategy': 'lifo' }, '`queuing.strategy` must be `fifo`'],
    ['producer', { 'transactional.id': 't', 'message.timeout.ms': '60001' }, '`message.timeout.ms` must be at most'],
    ['producer', { 'linger.ms': '500000', 'message.timeout.ms': '300000' }, '`message.timeout.ms` must be greater'],
    ['consumer', { 'partition.assignment.strategy': 'range,thiswillfail' }, 'strategy: thiswillfail'],
    ['producer', { 'partition.assignment.strategy': 'range,,,' }, 'strategy: '],
    ['consumer', { 'partition.assignment.strategy': 'range,cooperative-sticky' }, 'all eager or all cooperative'],
    ['producer', { 'security.protocol': 'sasl_ssl', 'sasl.mechanisms': 'X' }, 'unsupported SASL mechanism: X'],
    ['producer', { 'security.protocol': 'sasl_ssl' }, 'GSSAPI is not supported'],
    [
      'producer',
      { 'security.protocol': 'sasl_ssl', 'sasl.mechanisms': 'PLAIN' },
      '`sasl.username` and `sasl.password`',
    ],
    [
      'producer',
      { 'security.protocol': 'sasl_ssl', 'sasl.mechanisms': 'SCRAM-SHA-3', 'sasl.username': 'u', 'sasl.password': 'p' },
      'unsupported hash function',
    ],
    ['producer', { 'security.protocol': 'ssl' }, '`security.protocol=ssl` is not supported yet'],
  ])('a %s with %j', (type, values, text) => {
    expect(errorOf(type, confWith(values))).toContain(text);
  });

  it('callbacks that must be there', () => {
    const conf = new Conf();
    conf.setPointer('socket_cb', null);

    expect(errorOf('producer', conf)).toBe('`socket_cb` must be set');
  });

  it('CA certificates in two places', () => {
    const conf = confWith({ 'ssl.ca.pem': 'x' });
    conf.setPointer('ssl_ca', {});

    expect(errorOf('producer', conf)).toContain('exclude `ssl.ca.location`');
  });

  it('unsecured tokens beside a callback for real ones', () => {
    const conf = confWith({ 'sasl.mechanism': 'oauthbearer', 'enable.sasl.oauthbearer.unsecure.jwt': 'true' });
    conf.setPointer('oauthbearer_token_refresh_cb', () => {});

    expect(errorOf('producer', conf)).toContain('`oauthbearer_token_refresh_cb` exclude');
  });

  it.each<[string, string]>([
    ['https.ca.location', 'probe'],
    ['partition.assignment.strategy', ' ,range ,, roundrobin,'],
    ['partition.assignment.strategy', 'cooperative-sticky'],
    ['max.in.flight', '6'],
    ['socket.timeout.ms', '300000'],
  ])('nothing about %s=%s alone', (name, value) => {
    expect(errorOf('producer', confWith({ [name]: value }))).toBe('');
  });

  it('no receive.message.max.bytes that just holds a full fetch', () => {
    expect(errorOf('consumer', confWith({ 'receive.message.max.bytes': '52429312' }))).toBe('');
  });

  it('with _INVALID_ARG, and leaves the conf as it was, to be corrected', () => {
    const conf = confWith({ 'partition.assignment.strategy': 'range,thiswillfail' });

    expect(finalize(conf, 'producer')).toMatchObject({ code: -186 });
    conf.set('partition.assignment.strategy', null);
    expect(errorOf('producer', conf)).toBe('');
    expect(conf.value('allow.auto.create.topics')).toBe(false);
  });
});

describe('finalize of a share consumer refuses', () => {
  const share = (values: Values) => {
    const conf = confWith(values);
    conf.isShareConsumer = true;
    return conf;
  };

  it.each([
    ['enable.auto.commit', 'false'],
    ['group.protocol', 'consumer'],
    ['socket.max.fails', '1'],
    ['partition.assignment.strategy', 'range'],
    ['group.instance.id', 'x'],
    ['isolation.level', 'read_committed'],
    ['group.remote.assignor', 'x'],
    ['queued.min.messages', '1'],
    ['queued.max.messages.kbytes', '1'],
    ['fetch.queue.backoff.ms', '1'],
    ['fetch.error.backoff.ms', '1'],
    ['enable.partition.eof', 'true'],
    ['message.copy.max.bytes', '1'],
    ['topic.blacklist', 'x'],
    ['allow.auto.create.topics', 'true'],
    ['auto.offset.reset', 'earliest'],
    ['consume.callback.max.messages', '1'],
  ])('%s', (name, value) => {
    expect(errorOf('consumer', share({ [name]: value }))).toBe(`\`${name}\` can't be set for a share consumer`);
  });

  it.each(['rebalance_cb', 'offset_commit_cb', 'consume_cb'])('%s', (name) => {
    const conf = share({});
    conf.setPointer(name, () => {});

    expect(errorOf('consumer', conf)).toBe(`\`${name}\` can't be set for a share consumer`);
  });

  it('rebalance events', () => {
    expect(errorOf('consumer', share({ enabled_events: '16' }))).toContain('`RD_KAFKA_EVENT_REBALANCE`');
  });

  it('nothing else, and fixes the rest', () => {
    const { settings } = ok(finalize(share({ 'fetch.min.bytes': '2147483647' }), 'consumer'));

    expect(settings).toMatchObject({
      'enable.auto.commit': false,
      'group.protocol': 'consumer',
      'socket.max.fails': 1,
      'connections.max.idle.ms': 540_000,
      'reconnect.backoff.ms': 50,
      'reconnect.backoff.max.ms': 1000,
      'receive.message.max.bytes': 2147483647,
    });
  });
});

describe('finalize adjusts', () => {
  it.each<[ClientType, Values, object]>([
    ['consumer', {}, { 'enable.idempotence': false, 'allow.auto.create.topics': false }],
    ['producer', {}, { 'allow.auto.create.topics': true, 'sticky.partitioning.linger.ms': 10 }],
    ['producer', { 'allow.auto.create.topics': 'false' }, { 'allow.auto.create.topics': false }],
    ['consumer', { 'allow.auto.create.topics': 'true' }, { 'allow.auto.create.topics': true }],
    ['consumer', { 'message.max.bytes': '60000000' }, { 'fetch.max.bytes': 60_000_000 }],
    ['consumer', { 'queued.max.messages.kbytes': '1000' }, { 'fetch.max.bytes': 1_024_000 }],
    ['consumer', { 'fetch.max.bytes': '200000000' }, { 'receive.message.max.bytes': 200_000_512 }],
    [
      'producer',
      { 'transactional.id': 't', 'transaction.timeout.ms': '5000' },
      { 'enable.idempotence': true, 'socket.timeout.ms': 4900 },
    ],
    ['producer', { 'transactional.id': 't', 'transaction.timeout.ms': '1000' }, { 'socket.timeout.ms': 900 }],
    ['producer', IDEMPOTENT, { 'max.in.flight.requests.per.connection': 5, 'message.send.max.retries': 2147483647 }],
    ['producer', { 'linger.ms': '2.4' }, { 'sticky.partitioning.linger.ms': 4 }],
    ['producer', { 'linger.ms': '800000', 'message.timeout.ms': '0' }, { 'sticky.partitioning.linger.ms': 900_000 }],
    ['producer', { 'topic.metadata.refresh.interval.ms': '1000' }, { 'metadata.max.age.ms': 3000 }],
    ['producer', { 'topic.metadata.refresh.interval.ms': '-1' }, { 'metadata.max.age.ms': 900_000 }],
    ['producer', { 'retry.backoff.ms': '250' }, { 'topic.metadata.refresh.fast.interval.ms': 250 }],
    ['producer', { 'bootstrap.servers': 'x.AZURE.com:1' }, { 'connections.max.idle.ms': 230_000 }],
    ['producer', { 'message.timeout.ms': '4' }, { 'queue.buffering.max.ms': 3.9 }],
    ['producer', { debug: 'msg' }, { log_level: 7 }],
    ['producer', { 'test.mock.num.brokers': '1', 'security.protocol': 'ssl' }, { 'security.protocol': 'plaintext' }],
    ['producer', { 'client.software.name': '--a b_c!' }, { 'client.software.name': 'a-b-c' }],
    ['producer', {}, { 'client.software.name': 'rdkafka-ts', 'client.software.version': '2.15.0' }],
  ])('a %s with %j', (type, values, expected) => {
    expect(ok(finalize(confWith(values), type)).settings).toMatchObject(expected);
  });

  it('the default topic of a transactional producer', () => {
    const { topic } = ok(finalize(confWith({ 'transactional.id': 't', acks: 'all' }), 'producer'));

    expect(topic).toMatchObject({
      'message.timeout.ms': 60_000,
      'request.required.acks': -1,
      'queuing.strategy': 'fifo',
    });
  });

  it('the events by the callbacks that are set', () => {
    const conf = new Conf();
    for (const name of ['dr_msg_cb', 'rebalance_cb', 'offset_commit_cb', 'error_cb']) conf.setPointer(name, () => {});

    expect(ok(finalize(conf, 'producer')).settings.enabled_events).toBe(0x1 | 0x10 | 0x20 | 0x8);
  });

  it('the queues of an OIDC client without a callback', () => {
    const conf = confWith({ ...OIDC, ...URL, ...CLIENT });

    expect(ok(finalize(conf, 'producer')).settings).toMatchObject({ enabled_events: 0x200, enable_sasl_queue: true });
  });

  it('a copy that can be asked but not changed, while the given conf keeps its values', () => {
    const conf = confWith({ debug: 'msg' });
    const { conf: live } = ok(finalize(conf, 'producer'));

    expect([live.get('log_level'), conf.get('log_level')]).toEqual(['7', '6']);
    expect(live.readOnly).not.toBe('');
  });

  it('nothing that the user has set to the same effect', () => {
    const values = { 'linger.ms': '123', 'group.id': 'test1', 'enable.auto.commit': 'false' };
    const { conf: live } = ok(finalize(confWith(values), 'consumer'));

    expect(Object.keys(values).map((name) => live.get(name))).toEqual(Object.values(values));
  });
});

describe('message.timeout.ms and linger.ms, each as set or by default', () => {
  it.each([
    [null, null, true],
    ['100', null, true],
    [null, '300000', true],
    ['100', '300000', true],
    ['500000', null, false],
    [null, '10', true],
    ['500000', '10', false],
  ])('linger %s with message timeout %s', (linger, timeout, good) => {
    const conf = confWith(linger ? { 'linger.ms': linger } : {});
    const topicConf = new TopicConf();
    if (timeout) topicConf.set('message.timeout.ms', timeout);
    conf.takeTopicConf(topicConf, 'test');

    expect(errorOf('producer', conf) === '').toBe(good);
  });
});

describe('finalizeTopic', () => {
  const live = (values: Values) => ok(finalize(confWith(values), 'producer')).conf;
  const topicConfWith = (name: string, value: string) => {
    const topicConf = new TopicConf();
    topicConf.set(name, value);
    return topicConf;
  };

  it.each([
    ['acks', '1', false],
    ['acks', 'all', true],
    ['queuing.strategy', 'lifo', false],
  ])('of an idempotent producer with %s=%s', (name, value, good) => {
    const result = finalizeTopic(live(IDEMPOTENT), 'producer', topicConfWith(name, value));

    expect('errstr' in result).toBe(!good);
  });

  it('takes the default topic conf where none is given', () => {
    expect(finalizeTopic(live({ acks: '1' }), 'producer', null)).toMatchObject({
      topic: { 'request.required.acks': 1 },
    });
  });

  it('checks nothing for consumers', () => {
    const topicConf = topicConfWith('message.timeout.ms', '1');

    expect(finalizeTopic(live({ 'linger.ms': '5' }), 'consumer', topicConf)).not.toHaveProperty('errstr');
  });

  it('finds the linger that is too long when there was no default topic conf to find it in', () => {
    const conf = live({ 'linger.ms': '500000' });

    expect(finalizeTopic(conf, 'producer', null)).toMatchObject({
      code: -186,
      errstr: expect.stringContaining('linger.ms'),
    });
  });

  it('leaves the given conf as it was', () => {
    const topicConf = topicConfWith('compression.codec', 'gzip');
    finalizeTopic(live({ 'transactional.id': 't' }), 'producer', topicConf);

    expect(topicConf.getText('message.timeout.ms')).toBe('300000');
  });
});
