// Typed properties, as producer_new and consumer_new take them, onto a conf. @thread app
import { CONF_INVALID, CONF_OK, type SetResult } from './anyconf.ts';
import type { Conf } from './conf.ts';
import type { Properties } from './settings_type.ts';

/** Sets them in the object's order and stops at the first that is refused; undefined values are skipped. */
export function setProperties(conf: Conf, properties: Properties): SetResult {
  for (const [name, value] of Object.entries(properties) as [string, unknown][]) {
    if (value === undefined) continue;
    const text = textOf(value);
    if (text === undefined) {
      return { code: CONF_INVALID, errstr: `property "${name}" must be a string, number or boolean` };
    }
    const result = conf.set(name, text);
    if (result.code !== CONF_OK) return result;
  }
  return { code: CONF_OK, errstr: '' };
}

/** NUL and NaN are no property's value. */
function textOf(value: unknown): string | null | undefined {
  if (value === null) return null;
  if (typeof value === 'string') return value.includes('\0') ? undefined : value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  return undefined;
}
