import { describe, expect, it } from 'vitest';
import { Conf, end, markTakenOver, TopicConf } from '../../../src/conf/conf.ts';
import { setProperties } from '../../../src/conf/typed.ts';
import { GONE } from '../../../src/rd/check.ts';

function confWith(values: Record<string, string>): Conf {
  const conf = new Conf();
  for (const [name, value] of Object.entries(values)) expect(conf.set(name, value).errstr).toBe('');
  return conf;
}

function pairs(dump: readonly string[]): Record<string, string> {
  return Object.fromEntries(dump.flatMap((name, i) => (i % 2 === 0 ? [[name, dump[i + 1] ?? '']] : [])));
}

describe('dup', () => {
  it('copies what was set, and that it was set', () => {
    const copy = confWith({ 'client.id': 'me', 'linger.ms': '12555.34567', debug: 'topic,msg' }).dup();

    expect([copy.get('client.id'), copy.get('debug'), copy.value('queue.buffering.max.ms')]).toEqual([
      'me',
      'topic,msg',
      12555.34567,
    ]);
    expect(copy.isModified('client.id')).toBe(true);
    expect(copy.isModified('group.id')).toBe(false);
  });

  it('leaves adjustments behind', () => {
    const conf = new Conf();
    conf.adjust('log_level', 7);

    expect(conf.dup().value('log_level')).toBe(6);
  });

  it('copies the default topic conf, not its reference', () => {
    const conf = confWith({ acks: '1' });
    const copy = conf.dup();
    conf.set('acks', '0');

    expect([conf.get('acks'), copy.get('acks')]).toEqual(['0', '1']);
    expect(copy.topicConf?.owner).toBe(copy);
  });

  it('copies callbacks and opaques as they are', () => {
    const conf = new Conf();
    const opaque = { mine: true };
    conf.setPointer('opaque', opaque);

    expect(conf.dup().pointer('opaque')).toBe(opaque);
  });

  it('leaves out the properties whose names begin with a filter word', () => {
    const copy = confWith({ 'ssl.key.pem': 'k', 'ssl.ca.pem': 'c', 'client.id': 'me' }).dup(['ssl.k', 'cl']);

    expect([copy.get('ssl.key.pem'), copy.get('ssl.ca.pem'), copy.get('client.id')]).toEqual([null, 'c', 'rdkafka']);
  });
});

describe('the default topic conf', () => {
  it('comes with the first topic property, or unknown name', () => {
    const conf = new Conf();
    expect(conf.topicConf).toBeNull();

    conf.set('no.such.name', 'x');

    expect(conf.topicConf).toBeInstanceOf(TopicConf);
  });

  it('is read through the conf, but not before it is there', () => {
    const conf = new Conf();
    expect(conf.get('acks')).toBeNull();

    conf.set('acks', '1');

    expect(conf.get('acks')).toBe('1');
    expect(conf.get('message.timeout.ms')).toBe('300000');
  });

  it('takes names that the global scope has only by itself', () => {
    const conf = confWith({ 'compression.codec': 'gzip' });

    expect(conf.topicConf).toBeNull();
  });

  it('replaces the one before, which can not be used any more', () => {
    const conf = confWith({ acks: '1' });
    const before = conf.topicConf;
    const given = new TopicConf();
    given.set('acks', '0');

    conf.takeTopicConf(given, 'conf_set_default_topic_conf');

    expect(conf.get('acks')).toBe('0');
    expect(conf.topicConfOverwritten).toBe(true);
    expect(given[GONE]).toBe('has been taken over by conf_set_default_topic_conf');
    expect(before?.[GONE]).toBe('has been replaced in its conf');
  });

  it('that had nothing set is replaced without a word', () => {
    const conf = new Conf();
    conf.takeTopicConf(new TopicConf(), 'x');
    conf.takeTopicConf(new TopicConf(), 'x');

    expect(conf.topicConfOverwritten).toBe(false);
  });
});

describe('the end', () => {
  it('takes the default topic conf along', () => {
    const conf = confWith({ acks: '1' });
    const topicConf = conf.topicConf;

    end(conf, 'has been destroyed');

    expect([conf[GONE], topicConf?.[GONE]]).toEqual([
      'has been destroyed',
      'belongs to a conf that has been destroyed',
    ]);
  });

  it('says who took the conf over', () => {
    const conf = new Conf();
    markTakenOver(conf, 'new');

    expect(conf[GONE]).toBe('has been taken over by new');
  });

  it('by dispose is silent for what is gone, owned or read-only', () => {
    const conf = confWith({ acks: '1' });
    const topicConf = conf.topicConf;
    topicConf?.[Symbol.dispose]();
    conf[Symbol.dispose]();
    conf[Symbol.dispose]();
    const live = new Conf();
    live.readOnly = 'belongs to a handle';
    live[Symbol.dispose]();

    expect(topicConf?.[GONE]).toBe('belongs to a conf that has been destroyed');
    expect(conf[GONE]).toBe('has been destroyed');
    expect(live[GONE]).toBe('');
  });
});

describe('dump', () => {
  it('has names and texts in turn, without aliases, unset values and Java names', () => {
    const dump = pairs(confWith({ 'bootstrap.servers': 'a:1', 'ssl.key.password': 'secret' }).dump());

    expect(dump).toMatchObject({
      'metadata.broker.list': 'a:1',
      'ssl.key.password': 'secret',
      debug: '',
      log_cb: '[log_print]',
    });
    for (const name of ['bootstrap.servers', 'group.id', 'ssl.truststore.location', 'error_cb', 'interceptors']) {
      expect(dump).not.toHaveProperty([name]);
    }
  });

  it('is the same for a duplicate', () => {
    const conf = confWith({ 'message.max.bytes': '12345', 'client.id': 'my id', debug: 'topic,metadata', acks: '1' });
    conf.setPointer('dr_cb', function report() {});

    expect(conf.dup().dump()).toEqual(conf.dump());
  });

  it('describes callbacks and opaques without calling into them', () => {
    const conf = new Conf();
    conf.setPointer('error_cb', function onError() {});
    const shown = (opaque: unknown) => {
      conf.setPointer('opaque', opaque);
      return conf.get('opaque');
    };

    expect(conf.get('error_cb')).toBe('[function onError]');
    expect([shown(0xbeef), shown({ toString: () => expect.fail() }), shown(undefined)]).toEqual([
      '0xbeef',
      '[object]',
      null,
    ]);
  });

  it('of a topic conf has its own properties', () => {
    const topicConf = new TopicConf();
    topicConf.set('acks', 'all');

    expect(pairs(topicConf.dump())).toMatchObject({
      'request.required.acks': '-1',
      'auto.offset.reset': 'largest',
      partitioner: 'consistent_random',
    });
  });
});

describe('typed properties', () => {
  it('are set as their texts would be', () => {
    const conf = new Conf();

    const result = setProperties(conf, {
      'bootstrap.servers': 'a:1',
      'linger.ms': 2.5,
      'enable.auto.commit': false,
      acks: 'all',
      'auto.offset.reset': 'earliest',
      'client.id': undefined,
    });

    expect(result).toEqual({ code: 0, errstr: '' });
    expect(
      ['linger.ms', 'enable.auto.commit', 'acks', 'auto.offset.reset', 'client.id'].map((name) => conf.get(name)),
    ).toEqual(['2.5', 'false', '-1', 'smallest', 'rdkafka']);
  });

  it('stop at the first that is refused', () => {
    expect(setProperties(new Conf(), { 'socket.timeout.ms': 1 }).code).toBe(-1);
    expect(setProperties(new Conf(), { nope: 1 } as object).code).toBe(-2);
    expect(setProperties(new Conf(), { 'client.id': () => 'x' } as object).errstr).toContain(
      '"client.id" must be a string',
    );
    expect(setProperties(new Conf(), { 'linger.ms': Number.NaN }).code).toBe(-1);
  });
});
