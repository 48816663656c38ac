// The value of a field that is not there.
// @thread any
import { ZERO_UUID } from './reader.ts';
import type { Field } from './schema.ts';

/** A fresh default of `field`: containers are never shared, for whoever decodes owns what he gets. */
export function defaultOf(field: Field): any {
  if (field.default !== undefined) return field.default;
  if (field.array) return [];
  if (field.raw) return new Uint8Array(0);
  switch (field.type) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
      return new Uint8Array(0);
    case 'records':
      return null;
    default:
      return field.fields === null ? 0 : blank(field.fields);
  }
}

/** A struct of defaults. */
export function blank(fields: readonly Field[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of fields) out[field.name] = defaultOf(field);
  return out;
}

/** Whether leaving `value` out says the same as sending it. */
export function isDefault(field: Field, value: any): boolean {
  if (value === undefined) return true;
  if (value === null || field.default === null) return value === defaultOf(field);
  if (field.array) return value.length === 0;
  if (field.fields !== null) return field.fields.every((inner) => isDefault(inner, value[inner.name]));
  if (field.type === 'bytes' || field.raw) return value.length === 0;
  return value === defaultOf(field);
}
