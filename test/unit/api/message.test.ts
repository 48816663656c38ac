import { describe, expect, test } from 'vitest';
import * as headers from '../../../src/api/headers.ts';
import * as api from '../../../src/api/message.ts';
import type { rd_kafka_msg_status_t, rd_kafka_timestamp_type_t } from '../../../src/defs/enums.ts';
import { type Header, HeaderList } from '../../../src/defs/headers.ts';
import { lastHeader, type MessageParts, NO_HEADERS } from '../../../src/defs/message.ts';
import { out } from '../../../src/defs/out.ts';
import type { rd_kafka_headers_t } from '../../../src/defs/types.ts';
import { GONE } from '../../../src/rd/check.ts';

/** The least that both kinds of messages are. */
class PlainMessage implements MessageParts {
  [GONE] = '';
  err = 0;
  rkt = null;
  partition = 0;
  payload: Buffer | null = null;
  key: Buffer | null = null;
  offset = 7;
  _private: any = null;
  topic = 't';
  timestamp = 1234;
  timestampType: rd_kafka_timestamp_type_t = 1;
  brokerId = 3;
  leaderEpoch = 5;
  status: rd_kafka_msg_status_t = 2;
  deliveryCount = 0;
  own: HeaderList | null = null;
  text: string | null = null;
  brokerText: string | null = null;
  destroyed = 0;
  badHeaders = 0;
  get '~type'(): 'rd_kafka_message_t' {
    return 'rd_kafka_message_t';
  }
  get len(): number {
    return this.payload?.length ?? 0;
  }
  get key_len(): number {
    return this.key?.length ?? 0;
  }
  get value(): Buffer | null {
    return this.payload;
  }
  get headers(): readonly Header[] {
    return this.own?.list ?? NO_HEADERS;
  }
  header(name: string): Buffer | null | undefined {
    return lastHeader(this.own, name);
  }
  latencyUs(): number {
    return 42;
  }
  errorText(): string | null {
    return this.text;
  }
  produceErrorText(): string | null {
    return this.brokerText;
  }
  headerList(): HeaderList | null {
    return this.own;
  }
  headerError(): number {
    return this.badHeaders;
  }
  setHeaderList(list: HeaderList | null): void {
    this.own = list;
  }
  destroy(): void {
    this.destroyed++;
  }
  [Symbol.dispose](): void {}
}

function aMessage(fields: Partial<PlainMessage> = {}): PlainMessage {
  return Object.assign(new PlainMessage(), fields);
}

describe('message', () => {
  test('without an error there is no error text', () => {
    const message = aMessage({ text: 'x', brokerText: 'y' });

    expect([api.message_errstr(message), api.message_produce_errstr(message)]).toEqual([null, null]);
  });

  test('an error has its own text or that of its code', () => {
    expect(api.message_errstr(aMessage({ err: -191, text: 'at 7' }))).toBe('at 7');
    expect(api.message_errstr(aMessage({ err: -191 }))).toBe('Broker: End of partition reached');
  });

  test('what the broker wrote about a record stands by itself', () => {
    expect(api.message_produce_errstr(aMessage({ err: 87, brokerText: 'no key' }))).toBe('no key');
    expect(api.message_produce_errstr(aMessage({ err: 87 }))).toBeNull();
  });

  test('an error has no timestamp', () => {
    const type = out<rd_kafka_timestamp_type_t>();

    expect([api.message_timestamp(aMessage(), type), type.value]).toEqual([1234, 1]);
    expect([api.message_timestamp(aMessage({ err: 1 }), type), type.value]).toEqual([-1, 0]);
    expect(api.message_timestamp(aMessage(), null)).toBe(1234);
  });

  test('latency, broker, status, leader epoch and delivery count are read off', () => {
    const message = aMessage();

    expect(api.message_latency(message)).toBe(42);
    expect(api.message_broker_id(message)).toBe(3);
    expect(api.message_status(message)).toBe(2);
    expect(api.message_leader_epoch(message)).toBe(5);
    expect(api.message_delivery_count(message)).toBe(0);
  });

  test('a destroyed message lets go once and refuses to be read', () => {
    const message = aMessage();
    api.message_destroy(message);

    expect(message.destroyed).toBe(1);
    expect(() => api.message_status(message)).toThrow(expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED' }));
    expect(() => api.message_destroy(message)).toThrow('message_destroy: rkmessage has been destroyed');
  });

  test('only messages are messages', () => {
    expect(() => api.message_errstr({ err: 0 } as never)).toThrow(
      'message_errstr: rkmessage must be a rd_kafka_message_t',
    );
  });
});

describe('headers of a message', () => {
  test('no headers are _NOENT, headers that cannot be read _BAD_MSG', () => {
    const hdrsp = out<rd_kafka_headers_t>();

    expect(headers.message_headers(aMessage(), hdrsp)).toBe(-156);
    expect(headers.message_headers(aMessage({ badHeaders: -199 }), hdrsp)).toBe(-199);
    expect(hdrsp.value).toBeUndefined();
  });

  test('set_headers takes the list over: the message has them, the caller not any more', () => {
    const [message, mine, hdrsp] = [aMessage(), headers.headers_new(), out<rd_kafka_headers_t>()];
    headers.header_add(mine, 'a', '1');

    headers.message_set_headers(message, mine);

    expect(() => headers.header_cnt(mine)).toThrow('header_cnt: hdrs was taken over by a message');
    expect(() => mine[Symbol.dispose]()).not.toThrow();
    expect(headers.message_headers(message, hdrsp)).toBe(0);
    expect(headers.header_cnt(hdrsp.value)).toBe(1);
    expect(String(message.header('a'))).toBe('1');
  });

  test('set_headers destroys what was there', () => {
    const [message, old] = [aMessage({ own: new HeaderList() }), out<rd_kafka_headers_t>()];
    headers.message_headers(message, old);

    headers.message_set_headers(message, headers.headers_new());

    expect(() => headers.header_cnt(old.value)).toThrow(TypeError);
  });

  test('detached headers belong to the caller', () => {
    const [message, hdrsp] = [aMessage({ own: new HeaderList() }), out<rd_kafka_headers_t>()];

    expect(headers.message_detach_headers(message, hdrsp)).toBe(0);
    expect(headers.message_detach_headers(message, hdrsp)).toBe(-156);

    headers.header_add(hdrsp.value, 'a', '1');
    expect(headers.header_cnt(hdrsp.value)).toBe(1);
    expect(message.headers).toEqual([]);
  });
});
