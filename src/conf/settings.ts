// The frozen, function-free form of a finished conf: each worker gets a structured clone of it. @thread any
import type { Conf, TopicConf } from './conf.ts';
import { PROPERTIES } from './properties.ts';
import type { Property, Scope, ValueRow } from './row_types.ts';
import type { Settings, TopicSettings } from './settings_type.ts';

export type { Properties, Settings, TopicSettings, TopicValues } from './settings_type.ts';

/** True for properties whose value is a plain one and goes into the settings. */
export function isSetting(property: Property): property is Property<Exclude<ValueRow, { readonly type: 'pointer' }>> {
  return !['alias', 'invalid', 'pointer', 'internal'].includes(property.type);
}

/** The value that takes effect: where one is set that has no effect yet, what happens instead. */
export function effectiveValue(property: Property<ValueRow>, value: unknown): unknown {
  return standIn(property, value) ?? value;
}

/** What happens instead of a value that has no effect yet; undefined where the value has effect. */
export function standIn(property: Property<ValueRow>, value: unknown): string | undefined {
  const { yet } = property;
  if (!yet || typeof value !== 'string') return undefined;
  const word = value.split(',').find((part) => Object.hasOwn(yet, part.trim()));
  return word === undefined ? undefined : yet[word.trim()];
}

function collect(scope: Scope, values: readonly unknown[]): Record<string, unknown> {
  const entries = PROPERTIES[scope]
    .filter(isSetting)
    .map((property) => [property.name, effectiveValue(property, values[property.index])] as const);
  return Object.fromEntries(entries);
}

export function settingsOf(conf: Conf): Settings {
  return Object.freeze(collect('global', conf.values)) as unknown as Settings;
}

/** With the codec and its level as they are used: `inherit` is resolved, the level within what the codec knows. */
export function topicSettingsOf(topicConf: TopicConf, settings: Settings): TopicSettings {
  const values = collect('topic', topicConf.values);
  const own = values['compression.codec'] as string;
  const codec = own === 'inherit' ? settings['compression.codec'] : own;
  const level = compressionLevel(codec, values['compression.level'] as number);
  return Object.freeze({
    ...values,
    'compression.codec': codec,
    'compression.level': level,
  }) as unknown as TopicSettings;
}

const BEST_LEVEL: Readonly<Record<string, number>> = { gzip: 9, lz4: 12, zstd: 22 };

function compressionLevel(codec: string, level: number): number {
  const best = BEST_LEVEL[codec];
  return best === undefined ? -1 : Math.min(level, best);
}
