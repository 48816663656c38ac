// From a property's value to its text, as conf_get and the manual show it. @thread any
import type { FlagsRow, ValueRow } from './row_types.ts';

/** C's %g: six digits at most, an exponent where that is shorter. */
export function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : value < 0 ? '-inf' : 'nan';
  if (value === 0) return '0';
  const [mantissa = '', power = '0'] = value.toExponential(5).split('e');
  const exponent = Number(power);
  const trim = (digits: string): string => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits);
  if (exponent >= -4 && exponent < 6) return trim(value.toFixed(5 - exponent));
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${trim(mantissa)}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** The words whose bits are all set, separated by commas; refused ones are left out. */
export function formatFlags(row: FlagsRow, value: number): string {
  return row.values
    .filter(([word, bits]) => (value & bits) === bits && !Object.hasOwn(row.refused ?? {}, word))
    .map(([word]) => word)
    .join(',');
}

/** The text that sets this value, or null where there is none (unset, internal). */
export function formatValue(row: ValueRow, value: unknown): string | null {
  switch (row.type) {
    case 'internal':
      return null;
    case 'pointer':
      return formatPointer(value);
    case 'float':
      return formatFloat(value as number);
    case 'flags':
      return formatFlags(row, value as number);
    default:
      return value === null ? null : String(value);
  }
}

/** C prints an address here; an object has none, so it is said what it is. Never calls into the value. */
function formatPointer(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'function') return value.name ? `[function ${value.name}]` : '[function]';
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return `0x${value.toString(16)}`;
  if (typeof value === 'string') return `[${value}]`;
  return `[${typeof value}]`;
}
