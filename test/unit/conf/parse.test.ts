import { describe, expect, it } from 'vitest';
import { Conf, TopicConf } from '../../../src/conf/conf.ts';
import { splitPatterns, strtod, strtol } from '../../../src/conf/parse.ts';
import { formatFloat } from '../../../src/conf/text.ts';

function errorOf(name: string, value: string | null): string {
  return new Conf().set(name, value).errstr;
}

describe('numbers', () => {
  it.each([
    ['10', 10],
    [' \t-7', -7],
    ['+5', 5],
    ['0x1F', 31],
    ['010', 8],
    ['08', 0],
    ['12abc', 12],
    ['-0', 0],
    ['99999999999', 99999999999],
    ['abc', undefined],
    ['', undefined],
    ['-', undefined],
    ['\u00a05', undefined],
  ])('strtol(%j) is %j', (text, value) => {
    expect(strtol(text)).toBe(value);
  });

  it.each([
    ['12555.3', 12555.3],
    ['1500.000', 1500],
    ['.5x', 0.5],
    ['1e3', 1000],
    ['1e', 1],
    ['0x1p4', 16],
    ['0x.8', 0.5],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['x', undefined],
    ['', undefined],
  ])('strtod(%j) is %j', (text, value) => {
    expect(strtod(text)).toBe(value);
  });

  it.each([
    [12555.3, '12555.3'],
    [1500, '1500'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [900000, '900000'],
    [1234567, '1.23457e+06'],
    [299999.9, '300000'],
    [0, '0'],
    [-2.5, '-2.5'],
  ])('formats the float %d as %s', (value, text) => {
    expect(formatFloat(value)).toBe(text);
  });

  it('takes a number out of int’s range for out of range, instead of cutting it to 32 bits', () => {
    expect(errorOf('queued.min.messages', '4294967301')).toContain('4294967301');
  });
});

describe('flags', () => {
  it('are added to what is there, or taken away, but never reset', () => {
    const conf = new Conf();
    const seen = ['generic,broker,queue,cgrp', '-broker,+queue,topic', '-all,security,-fetch,+metadata'].map(
      (value) => {
        expect(conf.set('debug', value).code).toBe(0);
        return conf.get('debug');
      },
    );

    expect(seen).toEqual(['generic,broker,queue,cgrp', 'generic,topic,queue,cgrp', 'metadata,security']);
  });

  it('lose blanks in front of a word but not behind it', () => {
    const conf = new Conf();

    expect(conf.set('debug', ' msg, topic').code).toBe(0);
    expect(conf.set('debug', 'msg ,topic').code).toBe(-1);
  });

  it('name the bad word only, and keep what stood before it', () => {
    const conf = new Conf();

    const { code, errstr } = conf.set('debug', 'cgrp,invalid-value,topic');

    expect(code).toBe(-1);
    expect(errstr).toBe('invalid value "invalid-value" for configuration property "debug"');
    expect(conf.get('debug')).toBe('cgrp');
  });

  it('show every context when all are on', () => {
    const conf = new Conf();
    conf.set('debug', 'all');

    expect(conf.get('debug')).toMatch(/^generic,broker,.*,telemetry,all$/);
  });

  it('refuse a feature that this version lacks, with the reason', () => {
    expect(errorOf('builtin.features', 'gzip,sasl_gssapi')).toBe(
      'unsupported value "sasl_gssapi" for configuration property "builtin.features": GSSAPI needs a native Kerberos library',
    );
    expect(errorOf('builtin.features', 'gzip')).toBe('');
  });
});

describe('strings', () => {
  it('lose blanks in front', () => {
    const conf = new Conf();
    conf.set('client.id', '  my id ');

    expect(conf.get('client.id')).toBe('my id ');
  });

  it('keep them where librdkafka does', () => {
    const conf = new Conf();
    conf.set('client.rack', '  r1');

    expect(conf.get('client.rack')).toBe('  r1');
  });

  it('go back to their default when set to nothing', () => {
    const conf = new Conf();
    conf.set('client.id', 'x');

    expect(conf.set('client.id', null).code).toBe(0);
    expect(conf.get('client.id')).toBe('rdkafka');
  });

  it('are refused by their check, an empty one as (null)', () => {
    expect(errorOf('sasl.mechanisms', 'GSSAPI,PLAIN')).toBe(
      'invalid value for configuration property "sasl.mechanisms": GSSAPI,PLAIN',
    );
    expect(errorOf('sasl.mechanisms', '')).toBe('invalid value for configuration property "sasl.mechanisms": (null)');
    expect(errorOf('broker.version.fallback', '0.7.2')).toContain('"broker.version.fallback": 0.7.2');
    expect(errorOf('partitioner', 'Random')).toContain('"partitioner": Random');
  });
});

describe('patterns', () => {
  it('are split at single commas, a double one belongs to the pattern', () => {
    expect(splitPatterns('^a,b{1,,2},c')).toEqual(['^a', 'b{1,2}', 'c']);
  });

  it('are given back as they were set', () => {
    const conf = new Conf();
    conf.set('topic.blacklist', '__.*');

    expect(conf.get('topic.blacklist')).toBe('__.*');
  });

  it('name the one that is no regular expression', () => {
    expect(errorOf('topic.blacklist', 'a,(b')).toBe(
      'invalid pattern "(b" for configuration property "topic.blacklist"',
    );
  });
});

describe('errors', () => {
  it.each([
    ['no.such.property', 'x', 'no configuration property "no.such.property"'],
    ['topic.no.such', 'x', 'no configuration property "no.such"'],
    ['message.max.bytes', '1', 'property "message.max.bytes": value 1 is outside the range 1000..1000000000\n'],
    ['linger.ms', '900001', 'property "queue.buffering.max.ms": value 900001 is outside the range 0..900000\n'],
    ['message.max.bytes', 'x', 'invalid value for configuration property "message.max.bytes"'],
    ['message.max.bytes', '', 'integer property "message.max.bytes" can\'t be empty'],
    ['linger.ms', '', 'float property "queue.buffering.max.ms" can\'t be empty'],
    ['enable.auto.commit', 'x', 'expected a bool for "enable.auto.commit": true or false'],
    ['enable.auto.commit', '', 'bool property "enable.auto.commit" can\'t be empty'],
    ['isolation.level', 'x', 'invalid value "x" for configuration property "isolation.level"'],
    ['isolation.level', '', 'property "isolation.level" can\'t be empty'],
    ['debug', '', 'property "debug" can\'t be empty'],
    ['error_cb', 'x', 'property "error_cb" must be set by its own function'],
    ['interceptors', '1', 'internal property "interceptors" is not settable'],
  ])('conf_set(%j, %j) says what is wrong', (name, value, text) => {
    expect(errorOf(name, value)).toBe(text);
  });

  it('tell an unknown property from a bad value by their code', () => {
    const conf = new Conf();

    expect([conf.set('x', 'y').code, conf.set('acks', 'y').code, conf.set('acks', 'all').code]).toEqual([-2, -1, 0]);
  });

  it('say why a property is refused on this platform', () => {
    const name = process.platform === 'win32' ? 'sasl.kerberos.keytab' : 'ssl.ca.certificate.stores';

    expect(new Conf().set(name, 'x')).toMatchObject({
      code: -1,
      errstr: expect.stringContaining('is unsupported here: '),
    });
  });

  it('point users of the Java client to a document', () => {
    for (const name of ['ssl.truststore.location', 'sasl.jaas.config']) {
      expect(new Conf().set(name, 'abc')).toMatchObject({ code: -1, errstr: expect.stringContaining('http') });
    }
  });
});

describe('names', () => {
  it('matter in case', () => {
    expect(new Conf().set('Client.id', 'x').code).toBe(-2);
  });

  it('lose one leading `topic.` in a topic conf', () => {
    const topicConf = new TopicConf();

    expect(topicConf.set('topic.acks', '1').code).toBe(0);
    expect(topicConf.set('topic.topic.acks', '1').code).toBe(-2);
    expect(topicConf.getText('acks')).toBe('1');
  });

  it('take a blank enum value and change nothing', () => {
    const conf = new Conf();

    expect(conf.set('isolation.level', ' ').code).toBe(0);
    expect(conf.isModified('isolation.level')).toBe(false);
  });
});
