// How Nest's packets lie in Kafka messages: values are JSON, and headers say where an answer goes and what it is. The
// headers are those of Nest's own Kafka transport, so that services of both kinds talk with one another.
import { KafkaHeaders, type WritePacket } from '@nestjs/microservices';
import type { Message } from 'rdkafka-ts';

export const { CORRELATION_ID, REPLY_TOPIC, REPLY_PARTITION } = KafkaHeaders;
const { NEST_ERR, NEST_IS_DISPOSED } = KafkaHeaders;

/** The value of a message; undefined, which JSON does not know, is none. */
export function encoded(data: unknown): string | null {
  return JSON.stringify(data) ?? null;
}

/** What a value says; text that is no JSON, of some other client, is that text. */
export function decoded(value: Buffer | null): unknown {
  return value === null ? undefined : fromText(value.toString());
}

function fromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const textOf = (message: Message, header: string): string | null => message.header(header)?.toString() ?? null;

/** The headers of an answer: an error, the last of its answers, or neither. */
export function answerHeaders(id: string, { err, isDisposed }: WritePacket): [string, string][] {
  const headers: [string, string][] = [[CORRELATION_ID, id]];
  if (err !== undefined && err !== null) headers.push([NEST_ERR, typeof err === 'string' ? err : JSON.stringify(err)]);
  if (isDisposed) headers.push([NEST_IS_DISPOSED, '\0']);
  return headers;
}

export function answerOf(message: Message): WritePacket {
  const err = textOf(message, NEST_ERR);
  if (err !== null) return { err: fromText(err), isDisposed: true };
  return { response: decoded(message.value), isDisposed: message.header(NEST_IS_DISPOSED) !== undefined };
}
