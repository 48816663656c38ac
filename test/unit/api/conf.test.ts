import { describe, expect, it } from 'vitest';
import * as api from '../../../src/api/conf.ts';
import type { Conf } from '../../../src/conf/conf.ts';
import { markTakenOver } from '../../../src/conf/conf.ts';
import { finalize } from '../../../src/conf/finalize.ts';
import { RD_KAFKA_CONF_INVALID, RD_KAFKA_CONF_OK, RD_KAFKA_CONF_UNKNOWN } from '../../../src/defs/enums.ts';
import { out } from '../../../src/defs/out.ts';
import type { rd_kafka_conf_t, rd_kafka_topic_conf_t } from '../../../src/defs/types.ts';

const FUNCTIONS: Readonly<Record<string, unknown>> = { ...api };
const SETTERS = {
  conf_set_background_event_cb: ['event_cb', 'background_event_cb'],
  conf_set_dr_cb: ['dr_cb', 'dr_cb'],
  conf_set_dr_msg_cb: ['dr_msg_cb', 'dr_msg_cb'],
  conf_set_consume_cb: ['consume_cb', 'consume_cb'],
  conf_set_rebalance_cb: ['rebalance_cb', 'rebalance_cb'],
  conf_set_offset_commit_cb: ['offset_commit_cb', 'offset_commit_cb'],
  conf_set_error_cb: ['error_cb', 'error_cb'],
  conf_set_throttle_cb: ['throttle_cb', 'throttle_cb'],
  conf_set_log_cb: ['log_cb', 'log_cb'],
  conf_set_stats_cb: ['stats_cb', 'stats_cb'],
  conf_set_oauthbearer_token_refresh_cb: ['oauthbearer_token_refresh_cb', 'oauthbearer_token_refresh_cb'],
  conf_set_socket_cb: ['socket_cb', 'socket_cb'],
  conf_set_connect_cb: ['connect_cb', 'connect_cb'],
  conf_set_closesocket_cb: ['closesocket_cb', 'closesocket_cb'],
  conf_set_open_cb: ['open_cb', 'open_cb'],
  conf_set_resolve_cb: ['resolve_cb', 'resolve_cb'],
  conf_set_ssl_cert_verify_cb: ['ssl_cert_verify_cb', 'ssl.certificate.verify_cb'],
} as const;

function inside(conf: rd_kafka_conf_t): Conf {
  return conf as unknown as Conf;
}

function getText(conf: rd_kafka_conf_t, name: string): string | null {
  const dest = out<string>();
  return api.conf_get(conf, name, dest) === RD_KAFKA_CONF_OK ? dest.value : null;
}

function topicText(conf: rd_kafka_topic_conf_t, name: string): string | null {
  const dest = out<string>();
  return api.topic_conf_get(conf, name, dest) === RD_KAFKA_CONF_OK ? dest.value : null;
}

describe('conf_set', () => {
  it('gives the code and leaves the reason in errstr', () => {
    const conf = api.conf_new();
    const errstr = out('untouched');

    expect(api.conf_set(conf, 'client.id', 'x', errstr)).toBe(RD_KAFKA_CONF_OK);
    expect(errstr.value).toBe('untouched');
    expect(api.conf_set(conf, 'acks', 'bad', errstr)).toBe(RD_KAFKA_CONF_INVALID);
    expect(errstr.value).toContain('"request.required.acks"');
    expect(api.conf_set(conf, 'nope', 'x', errstr)).toBe(RD_KAFKA_CONF_UNKNOWN);
    expect(errstr.value).toContain('"nope"');
  });

  it('needs no errstr', () => {
    expect(api.conf_set(api.conf_new(), 'nope', 'x', null)).toBe(RD_KAFKA_CONF_UNKNOWN);
    expect(api.topic_conf_set(api.topic_conf_new(), 'nope', 'x')).toBe(RD_KAFKA_CONF_UNKNOWN);
  });

  it('takes null as a value', () => {
    const conf = api.conf_new();
    api.conf_set(conf, 'client.id', 'x');

    expect(api.conf_set(conf, 'client.id', null)).toBe(RD_KAFKA_CONF_OK);
    expect(getText(conf, 'client.id')).toBe('rdkafka');
  });

  // From librdkafka's 0004: canonical numbers, aliases, words that are checked, floats.
  it.each([
    ['topic', 'request.required.acks', '0', '0'],
    ['topic', 'request.required.acks', '-1', '-1'],
    ['topic', 'request.required.acks', '1', '1'],
    ['topic', 'acks', '3', '3'],
    ['topic', 'request.required.acks', '393', '393'],
    ['topic', 'request.required.acks', 'bad', null],
    ['topic', 'request.required.acks', 'all', '-1'],
    ['global', 'request.required.acks', 'all', '-1'],
    ['topic', 'acks', '0', '0'],
    ['global', 'sasl.mechanisms', 'GSSAPI', 'GSSAPI'],
    ['global', 'sasl.mechanisms', 'PLAIN', 'PLAIN'],
    ['global', 'sasl.mechanisms', 'GSSAPI,PLAIN', null],
    ['global', 'sasl.mechanisms', '', null],
    ['global', 'linger.ms', '12555.3', '12555.3'],
    ['global', 'linger.ms', '1500.000', '1500'],
    ['global', 'linger.ms', '0.0001', '0.0001'],
  ])('on a %s conf takes %s=%j as %j', (scope, name, value, expected) => {
    const [conf, topicConf] = [api.conf_new(), api.topic_conf_new()];
    const code = scope === 'global' ? api.conf_set(conf, name, value) : api.topic_conf_set(topicConf, name, value);

    expect(code).toBe(expected === null ? RD_KAFKA_CONF_INVALID : RD_KAFKA_CONF_OK);
    if (expected === null) return;
    expect(scope === 'global' ? getText(conf, name) : topicText(topicConf, name)).toBe(expected);
  });
});

describe('conf_get', () => {
  it('leaves dest alone for what is unknown or not set', () => {
    const dest = out('before');

    expect(api.conf_get(api.conf_new(), 'nope', dest)).toBe(RD_KAFKA_CONF_UNKNOWN);
    expect(api.conf_get(api.conf_new(), 'group.id', dest)).toBe(RD_KAFKA_CONF_UNKNOWN);
    expect(dest.value).toBe('before');
  });

  it('tells by its code alone without dest', () => {
    expect(api.conf_get(api.conf_new(), 'client.id', null)).toBe(RD_KAFKA_CONF_OK);
    expect(api.topic_conf_get(api.topic_conf_new(), 'acks', null)).toBe(RD_KAFKA_CONF_OK);
  });
});

describe('the default topic conf', () => {
  it('follows both ways, as in librdkafka’s 0004', () => {
    const conf = api.conf_new();
    expect(api.conf_get_default_topic_conf(conf)).toBeNull();
    api.conf_set(conf, 'message.timeout.ms', '1234');
    const topicConf = api.conf_get_default_topic_conf(conf)!;

    expect([getText(conf, 'message.timeout.ms'), topicText(topicConf, 'message.timeout.ms')]).toEqual(['1234', '1234']);
    api.topic_conf_set(topicConf, 'message.timeout.ms', '4444');
    expect([getText(conf, 'message.timeout.ms'), topicText(topicConf, 'message.timeout.ms')]).toEqual(['4444', '4444']);
  });

  it('that was given can only be used through its conf from then on', () => {
    const [conf, topicConf] = [api.conf_new(), api.topic_conf_new()];
    api.topic_conf_set(topicConf, 'acks', '1');
    api.conf_set_default_topic_conf(conf, topicConf);

    expect(getText(conf, 'acks')).toBe('1');
    expect(() => api.topic_conf_get(topicConf, 'acks', null)).toThrow(
      'topic_conf_get: conf has been taken over by conf_set_default_topic_conf',
    );
  });

  it('is neither destroyed alone nor given to a second conf', () => {
    const conf = api.conf_new();
    api.conf_set(conf, 'acks', '1');
    const own = api.conf_get_default_topic_conf(conf)!;

    expect(() => api.topic_conf_destroy(own)).toThrow('topic_conf_destroy: topic_conf belongs to a conf');
    expect(() => api.conf_set_default_topic_conf(api.conf_new(), own)).toThrow('tconf belongs to a conf already');
    expect(topicText(own, 'acks')).toBe('1');
  });
});

describe('dump and dup', () => {
  const GLOBAL = {
    'message.max.bytes': '12345',
    'client.id': 'my id',
    debug: 'topic,metadata,interceptor',
    'topic.blacklist': '__.*',
    'compression.codec': 'gzip',
    'client.dns.lookup': 'resolve_canonical_bootstrap_servers_only',
  };
  const TOPIC = {
    'request.required.acks': '-1',
    'auto.commit.enable': 'false',
    'auto.offset.reset': 'error',
    'offset.store.path': 'my/path',
  };

  it('of a conf give what was set, as in librdkafka’s 0004', () => {
    const conf = api.conf_new();
    for (const [name, value] of Object.entries(GLOBAL)) expect(api.conf_set(conf, name, value)).toBe(RD_KAFKA_CONF_OK);
    api.conf_set(conf, 'auto.offset.reset', 'earliest');
    api.conf_set_dr_cb(conf, () => {});

    const dump = api.conf_dump(conf);

    for (const [name, value] of Object.entries(GLOBAL)) expect(dump[dump.indexOf(name) + 1]).toBe(value);
    expect(api.conf_dump(api.conf_dup(conf))).toEqual(dump);
    api.conf_dump_free(dump);
  });

  it('of a topic conf give what was set, as in librdkafka’s 0004', () => {
    const topicConf = api.topic_conf_new();
    api.topic_conf_set_partitioner_cb(topicConf, () => 0);
    api.topic_conf_set_opaque(topicConf, 0xbeef);
    for (const [name, value] of Object.entries(TOPIC)) api.topic_conf_set(topicConf, name, value);

    const dump = api.topic_conf_dump(topicConf);

    for (const [name, value] of Object.entries(TOPIC)) expect(dump[dump.indexOf(name) + 1]).toBe(value);
    expect(dump[dump.indexOf('opaque') + 1]).toBe('0xbeef');
    expect(api.topic_conf_dump(api.topic_conf_dup(topicConf))).toEqual(dump);
  });

  it('with a filter leave names out by their beginning', () => {
    const conf = api.conf_new();
    api.conf_set(conf, 'client.id', 'x');
    api.conf_set(conf, 'group.id', 'g');

    const copy = api.conf_dup_filter(conf, ['client.']);

    expect([getText(copy, 'client.id'), getText(copy, 'group.id')]).toEqual(['rdkafka', 'g']);
  });
});

describe.each(Object.entries(SETTERS))('%s', (name, [param, property]) => {
  const setter = FUNCTIONS[name] as (conf: rd_kafka_conf_t, callback: unknown) => unknown;

  it('keeps the function and marks the property', () => {
    const conf = api.conf_new();
    const callback = () => 0;
    setter(conf, callback);

    expect(inside(conf).pointer(property)).toBe(callback);
    expect(inside(conf).isModified(property)).toBe(true);
  });

  it('clears with null', () => {
    const conf = api.conf_new();
    setter(conf, () => 0);
    setter(conf, null);

    expect(inside(conf).pointer(property)).toBeNull();
  });

  it('refuses anything else, and has changed nothing', () => {
    const conf = api.conf_new();

    expect(() => setter(conf, 'x')).toThrow(
      new TypeError(`${name}: ${param} must be a function or null, not a string`),
    );
    expect(inside(conf).isModified(property)).toBe(false);
  });
});

describe('the other setters', () => {
  it('conf_set_events takes the sum of event types', () => {
    const conf = api.conf_new();
    api.conf_set_events(conf, 0x1 | 0x40);

    expect(getText(conf, 'enabled_events')).toBe('65');
    expect(() => api.conf_set_events(conf, -1)).toThrow(RangeError);
    expect(() => api.conf_set_events(conf, 1.5)).toThrow(RangeError);
  });

  it.each([
    [true, 'true'],
    [2, 'true'],
    [0, 'false'],
  ])('conf_enable_sasl_queue takes %j as %s', (enable, expected) => {
    const conf = api.conf_new();
    api.conf_enable_sasl_queue(conf, enable);

    expect(getText(conf, 'enable_sasl_queue')).toBe(expected);
  });

  it('the opaques come back as they were given', () => {
    const [conf, topicConf, opaque] = [api.conf_new(), api.topic_conf_new(), {}];
    api.conf_set_opaque(conf, opaque);
    api.topic_conf_set_opaque(topicConf, opaque);
    api.conf_set_engine_callback_data(conf, opaque);
    api.conf_set_default_topic_conf(conf, topicConf);
    const result = finalize(inside(conf), 'producer');

    expect(result).toMatchObject({ callbacks: { opaque }, topicCallbacks: { opaque } });
    expect(inside(conf).pointer('ssl_engine_callback_data')).toBe(opaque);
  });

  it('topic_conf_set_msg_order_cmp keeps its function', () => {
    const topicConf = api.topic_conf_new();
    api.topic_conf_set_msg_order_cmp(topicConf, () => 0);

    expect(topicText(topicConf, 'msg_order_cmp')).toContain('function');
  });

  it('conf_set_ssl_cert copies, replaces, clears and refuses', () => {
    const [conf, errstr] = [api.conf_new(), out<string>('')];
    const bytes = Buffer.from('store');

    expect(api.conf_set_ssl_cert(conf, 2, 0, bytes, errstr)).toBe(RD_KAFKA_CONF_OK);
    bytes.fill(0);
    expect(Buffer.from(inside(conf).pointer('ssl_ca').bytes).toString()).toBe('store');
    expect(api.conf_set_ssl_cert(conf, 2, 2, 'no certificate', errstr)).toBe(RD_KAFKA_CONF_INVALID);
    expect(errstr.value).toContain('failed to read the PEM CA certificate');
    expect(inside(conf).pointer('ssl_ca')).not.toBeNull();
    expect(api.conf_set_ssl_cert(conf, 2, 0, null, errstr)).toBe(RD_KAFKA_CONF_OK);
    expect(inside(conf).pointer('ssl_ca')).toBeNull();
    expect(api.conf_set_ssl_cert(conf, 7 as 2, 0, null, errstr)).toBe(RD_KAFKA_CONF_INVALID);
  });

  it('conf_properties_show writes the manual', () => {
    let text = '';
    api.conf_properties_show({ write: (part) => (text += part) });

    expect(text).toContain('| `bootstrap.servers` |');
    expect(() => api.conf_properties_show({} as { write(text: string): void })).toThrow(TypeError);
  });
});

describe('misuse', () => {
  it.each<[string, (conf: rd_kafka_conf_t) => unknown]>([
    ['conf_destroy', (conf) => api.conf_destroy(conf)],
    ['conf_dup', (conf) => api.conf_dup(conf)],
    ['conf_dup_filter', (conf) => api.conf_dup_filter(conf, [])],
    ['conf_set', (conf) => api.conf_set(conf, 'client.id', 'x')],
    ['conf_get', (conf) => api.conf_get(conf, 'client.id', null)],
    ['conf_dump', (conf) => api.conf_dump(conf)],
    ['conf_set_events', (conf) => api.conf_set_events(conf, 1)],
    ['conf_set_opaque', (conf) => api.conf_set_opaque(conf, 1)],
    ['conf_set_ssl_cert', (conf) => api.conf_set_ssl_cert(conf, 0, 0, null)],
    ['conf_get_default_topic_conf', (conf) => api.conf_get_default_topic_conf(conf)],
    ['conf_set_default_topic_conf', (conf) => api.conf_set_default_topic_conf(conf, api.topic_conf_new())],
    ['conf_set_log_cb', (conf) => api.conf_set_log_cb(conf, null)],
  ])('of %s: a conf that is destroyed, taken over, or none', (name, call) => {
    const [destroyed, taken] = [api.conf_new(), api.conf_new()];
    api.conf_destroy(destroyed);
    markTakenOver(inside(taken), 'new');
    const gone = (reason: string) => ({ code: 'ERR_RDKAFKA_DESTROYED', message: `${name}: conf ${reason}` });

    expect(() => call(destroyed)).toThrow(expect.objectContaining(gone('has been destroyed')));
    expect(() => call(taken)).toThrow(expect.objectContaining(gone('has been taken over by new')));
    for (const wrong of [null, undefined, {}, 1, api.topic_conf_new(), { '~type': 'conf' }]) {
      expect(() => call(wrong as rd_kafka_conf_t)).toThrow(TypeError);
    }
  });

  it.each<[string, unknown[]]>([
    ['name must be a string, not null', [null, 'x']],
    ['name must be a string without a NUL', ['a\0', 'x']],
    ['value must be a string or null, not the number 1', ['client.id', 1]],
    ['value must be a string without a NUL', ['client.id', 'x\0y']],
    ['errstr must be an object', ['client.id', 'x', 'y']],
  ])('of conf_set: %s', (text, [name, value, errstr]) => {
    const conf = api.conf_new();
    const call = () => api.conf_set(conf, name as string, value as string, errstr as null);

    expect(call).toThrow(TypeError);
    expect(call).toThrow(`conf_set: ${text}`);
    expect(getText(conf, 'client.id')).toBe('rdkafka');
  });

  it('of a topic conf: destroyed twice, or a conf in its place', () => {
    const topicConf = api.topic_conf_new();
    api.topic_conf_destroy(topicConf);

    expect(() => api.topic_conf_destroy(topicConf)).toThrow('topic_conf_destroy: topic_conf has been destroyed');
    expect(() => api.topic_conf_set(api.conf_new() as never, 'acks', '1')).toThrow('must be a rd_kafka_topic_conf_t');
  });

  it('of a handle’s own conf: it can be read and copied, but neither changed nor destroyed', () => {
    const given = api.conf_new();
    api.conf_set(given, 'acks', '1');
    const result = finalize(inside(given), 'producer');
    if ('errstr' in result) throw new Error(result.errstr);
    const live: rd_kafka_conf_t = result.conf;

    expect(getText(live, 'acks')).toBe('1');
    expect(() => api.conf_set(live, 'acks', '0')).toThrow('conf_set: conf belongs to a handle and can only be read');
    expect(() => api.conf_destroy(live)).toThrow('can only be read');
    expect(() => api.topic_conf_set(api.conf_get_default_topic_conf(live)!, 'acks', '0')).toThrow('can only be read');
    expect(api.conf_set(api.conf_dup(live), 'acks', '0')).toBe(RD_KAFKA_CONF_OK);
  });
});
