// The property table: the only place that knows a property. Rows by theme in properties_*.ts. @thread any
import { CLIENT } from './properties_client.ts';
import { CONSUMER } from './properties_consumer.ts';
import { PRODUCER } from './properties_producer.ts';
import { SECURITY } from './properties_security.ts';
import { TOPIC } from './properties_topic.ts';
import type { AliasRow, Property, Row, Scope, ValueRow } from './row_types.ts';

function place(scope: Scope, rows: readonly Row[]): readonly Property[] {
  return Object.freeze(rows.map((row, index) => Object.freeze({ ...row, scope, index })));
}

/** Rows by scope, in librdkafka's order. */
export const PROPERTIES: Readonly<Record<Scope, readonly Property[]>> = {
  global: place('global', [...CLIENT, ...SECURITY, ...CONSUMER, ...PRODUCER]),
  topic: place('topic', TOPIC),
};

const BY_NAME: Readonly<Record<Scope, ReadonlyMap<string, Property>>> = {
  global: new Map(PROPERTIES.global.map((property) => [property.name, property])),
  topic: new Map(PROPERTIES.topic.map((property) => [property.name, property])),
};

/** The row of exactly that name, case matters; an alias gives the property that it stands for. */
export function findProperty(scope: Scope, name: string): Property<Exclude<Row, AliasRow>> | undefined {
  const property = BY_NAME[scope].get(name);
  return property?.type === 'alias' ? findProperty(scope, property.of) : property;
}

/** True for rows that hold something: no aliases, no Java names. */
export function isValue(property: Property): property is Property<ValueRow> {
  return property.type !== 'alias' && property.type !== 'invalid';
}

/** True for properties that are set by a name and a text. */
export function isSettable(property: Property): boolean {
  const row = property.type === 'alias' ? findProperty(property.scope, property.of) : property;
  return row !== undefined && row.type !== 'pointer' && row.type !== 'internal' && row.type !== 'invalid';
}
