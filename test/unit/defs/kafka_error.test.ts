import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { KafkaError, kafkaErrorOf } from '../../../src/defs/kafka_error.ts';

describe('KafkaError', () => {
  test('carries code, type and text', () => {
    const error = new KafkaError(-184);

    expect(error).toMatchObject({
      name: 'KafkaError',
      code: -184,
      type: '_QUEUE_FULL',
      fatal: false,
      retriable: false,
    });
    expect(error.message).toBe('Local: No room in the queue');
    expect(error.stack).toContain('KafkaError: Local: No room in the queue');
  });

  test('an empty text is the text of the code, another one stands', () => {
    expect(new KafkaError(3, '').message).toBe('Broker: No such topic or partition');
    expect(new KafkaError(3, 'no topic t').message).toBe('no topic t');
  });

  test('has the flags it is given', () => {
    const error = new KafkaError(-150, 'gone', { fatal: true, txn_requires_abort: true });

    expect([error.fatal, error.retriable, error.txn_requires_abort]).toEqual([true, false, true]);
  });

  test('is an Error, and instanceof holds across copies of the module', async () => {
    vi.resetModules();
    const copy = await import('../../../src/defs/kafka_error.ts');
    expect(copy.KafkaError).not.toBe(KafkaError);

    const error = new copy.KafkaError(-185);

    expect(error).toBeInstanceOf(KafkaError);
    expect(error).toBeInstanceOf(Error);
    expect(new KafkaError(-185)).toBeInstanceOf(copy.KafkaError);
  });

  test('nothing else is an instance, and a subclass is asked for itself', () => {
    class Mine extends KafkaError {}

    expect(new Error('x') instanceof KafkaError).toBe(false);
    expect((null as unknown) instanceof KafkaError).toBe(false);
    expect(new KafkaError(1) instanceof Mine).toBe(false);
    expect(new Mine(1) instanceof Mine).toBe(true);
    expect(new Mine(1) instanceof KafkaError).toBe(true);
  });

  test('prints without inner fields', () => {
    expect(inspect(new KafkaError(-185))).not.toMatch(/Symbol|~type/);
  });

  test('a rejection knows from the table whether it may be tried again', () => {
    expect(kafkaErrorOf(-185).retriable).toBe(true);
    expect(kafkaErrorOf(-186).retriable).toBe(false);
    expect(kafkaErrorOf(-185, null, { retriable: false }).retriable).toBe(false);
  });
});
